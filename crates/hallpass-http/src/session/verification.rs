use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_model::Error;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::compat::SessionRefusal;
use super::extract::{SecretApp, SignedIn};
use super::sessions::Done;
use crate::extract::Lenient;
use crate::{AppState, Failure};

/// A session that a backend asks about.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifySession {
    /// `sessionLookupId` of the session.
    verification_token: String,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifiedSession {
    /// `email`, `phone`, `telegram`, `externalWallet` and so on.
    auth_type: &'static str,
    /// The mailbox, number or address.
    identifier: String,
    /// The service that vouched for the mailbox.
    #[serde(skip_serializing_if = "Option::is_none", rename = "oAuthMethod")]
    oauth_method: Option<String>,
}

/// Verify a session
///
/// For backends that do not verify issued tokens. Needs a secret key.
#[utoipa::path(
    post, path = "/sessions/verify", tag = "Sessions", request_body = VerifySession,
    responses(
        (status = 200, description = "Somebody is signed in", body = VerifiedSession),
        (status = 403, description = "`session_invalid`: nobody is, or not any more; `secret_key_needed`", body = SessionRefusal),
    ),
)]
pub(super) async fn verify_session(
    State(app): State<AppState>,
    SecretApp(caller): SecretApp,
    Lenient(body): Lenient<VerifySession>,
) -> Result<Json<VerifiedSession>, Failure> {
    let invalid = || {
        Error::forbidden(
            "session_invalid",
            "the verification token is of no session in which somebody is signed in",
        )
    };
    let id = body.verification_token.parse().map_err(|_| invalid())?;
    let session = app.services.sessions.load(&caller, id).await;
    let session = session.map_err(|error| match error.kind() {
        hallpass_model::ErrorKind::NotFound => invalid(),
        _ => error,
    })?;
    let login = session.login.ok_or_else(invalid)?;
    Ok(Json(VerifiedSession {
        auth_type: login.auth_type(),
        identifier: login.shown,
        oauth_method: login.oauth_method,
    }))
}

/// Confirm the session for the portal
#[utoipa::path(
    post, path = "/sessions/portal-verification", tag = "Sessions",
    responses(
        (status = 200, description = "Somebody is signed in", body = Done),
        (status = 403, description = "`not_signed_in`", body = SessionRefusal),
    ),
)]
pub(super) async fn verify_portal_session(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
) -> Response {
    outgoing.answer(&app, &caller, Done::YES)
}
