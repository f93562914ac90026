use axum::extract::State;
use axum::response::Response;
use hallpass_core::IssuedToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::compat::SessionRefusal;
use super::extract::SignedIn;
use crate::extract::Lenient;
use crate::{AppState, Failure};

/// Which key signs.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssueToken {
    /// One of the environment's key indexes.
    #[serde(default)]
    #[schema(default = 0, minimum = 0)]
    key_index: i64,
}

/// A token that attests who is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedToken)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssuedTokenView {
    /// Compact JWS; anybody verifies it with the environment's published keys.
    token: String,
    /// The token's `kid`.
    key_id: String,
}

/// Issue a token
///
/// Attests the account, how it signed in and its wallets. Renews the session.
#[utoipa::path(
    post, path = "/auth/jwt", tag = "Sessions",
    request_body = IssueToken,
    responses(
        (status = 200, description = "The token", body = IssuedTokenView),
        (status = 400, description = "`unknown_key_index`", body = SessionRefusal),
        (status = 403, description = "`not_signed_in`, also without a session; `account_frozen`", body = SessionRefusal),
        (status = 503, description = "`issuer_key_pending`, `master_key_missing`", body = SessionRefusal),
    ),
)]
pub(super) async fn issue_token(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    Lenient(wanted): Lenient<IssueToken>,
) -> Result<Response, Failure> {
    let IssuedToken { token, key_id } = app
        .services
        .issuing
        .issue(&caller, wanted.key_index)
        .await?;
    let caller = app.services.sessions.extend(caller).await?;
    Ok(outgoing.answer(&app, &caller, IssuedTokenView { token, key_id }))
}
