use axum::extract::FromRequestParts;
use hallpass_core::Caller;
use hallpass_model::{EnvironmentId, Error};
use http::request::Parts;

use super::Id;
use super::credentials::{self, Offered};
use super::operator::within_budget;
use crate::{AppState, Failure};

/// The user whose token came with the request, verified once, and made on first sight.
pub(crate) struct ConnectedUser(pub(crate) Caller);

/// As [`ConnectedUser`], for questions: nobody is made, and no token is newly remembered.
pub(crate) struct QuestioningUser(pub(crate) Caller);

impl FromRequestParts<AppState> for ConnectedUser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let environment = existing_environment(parts, app).await?;
        let token = offered(parts)?;
        let tokens = &app.services.tokens;
        let verified = within_budget(parts, app, tokens.authenticate(environment, token));
        Ok(Self(verified.await?))
    }
}

impl FromRequestParts<AppState> for QuestioningUser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let environment = existing_environment(parts, app).await?;
        let token = offered(parts)?;
        let verification = app
            .services
            .tokens
            .authenticate_without_trace(environment, token);
        Ok(Self(within_budget(parts, app, verification).await?))
    }
}

/// Looked up before the token: whoever calls the wrong environment learns that, and costs nothing.
async fn existing_environment(parts: &mut Parts, app: &AppState) -> Result<EnvironmentId, Failure> {
    let Id(environment) = Id::<EnvironmentId>::from_request_parts(parts, app).await?;
    if !app.services.tokens.environment_exists(environment).await? {
        return Err(Error::not_found("environment").into());
    }
    Ok(environment)
}

fn offered(parts: &Parts) -> Result<&str, Error> {
    match credentials::read(&parts.headers, &parts.uri)? {
        Offered::Nothing => Err(missing()),
        // Some backends leave the scheme out; this surface lets them.
        Offered::Bearer(token) | Offered::Bare(token) => Ok(token),
    }
}

fn missing() -> Error {
    Error::unauthenticated(
        "credentials_missing",
        "send the user's token as `Authorization: Bearer <token>`",
    )
}
