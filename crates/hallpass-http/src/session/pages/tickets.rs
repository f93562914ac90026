use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::visit::place_of;
use crate::session::compat::{KEY_HEADER, SessionRefusal};
use crate::session::extract::SignedIn;
use crate::{AppState, Failure};

/// A link to the page of an account's passkeys.
#[derive(Serialize, ToSchema)]
pub(super) struct PasskeyTicket {
    /// To be opened in the person's browser, once, within five minutes. Whoever has it may change the account's passkeys:
    /// open it at once, and log it nowhere.
    url: String,
}

/// Make a link to the account's passkeys
///
/// For a settings page: on the page behind the link the person makes, renames and removes passkeys, which can only be
/// done on the host that they are for.
#[utoipa::path(
    post, path = "/auth/passkeys/tickets", tag = "Sessions",
    responses(
        (status = 200, description = "The link", body = PasskeyTicket),
        (status = 403, description = "`not_signed_in`, `passkeys_off`", body = SessionRefusal),
    ),
)]
pub(super) async fn issue_passkey_ticket(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let ticket = app.services.passkeys.issue_ticket(&caller).await?;
    let place = place_of(&caller.app, &app, &headers, None);
    let key = headers.get(KEY_HEADER).and_then(|key| key.to_str().ok());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("apiKey", key.unwrap_or_default());
    query.append_pair("sessionId", &caller.session.id.to_string());
    if let Some(origin) = &caller.session.origin {
        query.append_pair("origin", origin);
    }
    query.append_pair("ticket", &ticket);
    let url = format!("{}/auth/passkeys?{}", place.origin, query.finish());
    Ok(outgoing.answer(&app, &caller, PasskeyTicket { url }))
}
