//! What may be known of a session by its public handle: nothing that identifies anybody.

use axum::Json;
use axum::extract::State;
use hallpass_model::SessionId;
use serde::Serialize;
use utoipa::ToSchema;

use super::compat::SessionRefusal;
use super::extract::App;
use crate::extract::Id;
use crate::{AppState, Failure};

/// Where a session was begun.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionOrigin {
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

/// How somebody signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionLoginMethod {
    /// `email`, `phone`, `telegram`, `externalWallet` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_method: Option<&'static str>,
}

/// Whether somebody is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionStanding {
    auth_verified: bool,
}

/// Read where a session was begun
#[utoipa::path(
    get, path = "/sessions/{session}/origin", tag = "Sessions",
    params(("session" = uuid::Uuid, Path, description = "The session's public handle")),
    responses(
        (status = 200, description = "The origin of its page, if a browser said so", body = SessionOrigin),
        (status = 404, description = "No such session, or not any more", body = SessionRefusal),
    ),
)]
pub(super) async fn read_session_origin(
    State(app): State<AppState>,
    App(caller): App,
    Id(id): Id<SessionId>,
) -> Result<Json<SessionOrigin>, Failure> {
    let session = app.services.sessions.load(&caller, id).await?;
    Ok(Json(SessionOrigin {
        origin: session.origin,
    }))
}

/// Read how somebody signed in
#[utoipa::path(
    get, path = "/sessions/{session}/login-method", tag = "Sessions",
    params(("session" = uuid::Uuid, Path, description = "The session's public handle")),
    responses(
        (status = 200, description = "The method", body = SessionLoginMethod),
        (status = 404, description = "No such session, or not any more", body = SessionRefusal),
    ),
)]
pub(super) async fn read_session_login_method(
    State(app): State<AppState>,
    App(caller): App,
    Id(id): Id<SessionId>,
) -> Result<Json<SessionLoginMethod>, Failure> {
    let session = app.services.sessions.load(&caller, id).await?;
    Ok(Json(SessionLoginMethod {
        login_method: session.login.map(|login| login.auth_type()),
    }))
}

/// Read whether somebody is signed in
#[utoipa::path(
    get, path = "/sessions/{session}/auth-verified", tag = "Sessions",
    params(("session" = uuid::Uuid, Path, description = "The session's public handle")),
    responses(
        (status = 200, description = "Whether", body = SessionStanding),
        (status = 404, description = "No such session, or not any more", body = SessionRefusal),
    ),
)]
pub(super) async fn read_session_standing(
    State(app): State<AppState>,
    App(caller): App,
    Id(id): Id<SessionId>,
) -> Result<Json<SessionStanding>, Failure> {
    let session = app.services.sessions.load(&caller, id).await?;
    Ok(Json(SessionStanding {
        auth_verified: session.is_signed_in(),
    }))
}
