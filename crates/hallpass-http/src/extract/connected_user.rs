use axum::extract::FromRequestParts;
use hallpass_core::Caller;
use hallpass_model::{EnvironmentId, Error};
use http::request::Parts;

use super::Id;
use super::credentials::{self, Offered};
use super::operator::within_budget;
use crate::{AppState, Failure};

/// The user whose token came with the request, verified once.
pub(crate) struct ConnectedUser(pub(crate) Caller);

impl FromRequestParts<AppState> for ConnectedUser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let Id(environment) = Id::<EnvironmentId>::from_request_parts(parts, app).await?;
        // Before any look at the token: whoever calls the wrong environment learns that, and costs nothing.
        if !app.services.tokens.environment_exists(environment).await? {
            return Err(Error::not_found("environment").into());
        }
        let token = match credentials::read(&parts.headers, &parts.uri)? {
            Offered::Nothing => return Err(missing().into()),
            // Some backends leave the scheme out; this surface lets them.
            Offered::Bearer(token) | Offered::Bare(token) => token,
        };
        // The budget is for verifying. A token that is known to be good costs none, so an attacker behind the same proxy
        // shuts out nobody who is in already.
        if let Some(caller) = app.services.tokens.recall(environment, token) {
            return Ok(Self(caller));
        }
        let verified = within_budget(
            parts,
            app,
            app.services.tokens.authenticate(environment, token),
        );
        Ok(Self(verified.await?))
    }
}

fn missing() -> Error {
    Error::unauthenticated(
        "credentials_missing",
        "send the user's token as `Authorization: Bearer <token>`",
    )
}
