use axum::Json;
use axum::extract::State;
use hallpass_model::{EnvironmentId, Subject};
use serde::Serialize;
use utoipa::ToSchema;

use super::views::UserView;
use crate::extract::{Id, Member};
use crate::time::rfc3339;
use crate::{AppState, Failure};

/// From when on a user's tokens count.
#[derive(Serialize, ToSchema)]
pub(super) struct RevokedUser {
    /// Whose tokens.
    sub: String,
    /// Tokens issued up to then are refused.
    not_before: String,
}

/// Freeze a user
///
/// Refuses the user's tokens with 403 until unfrozen.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/users/{sub}/freeze", tag = "Users",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("sub" = String, Path, description = "The token's `sub`, percent-encoded"),
    ),
    responses((status = 200, description = "The user, frozen", body = UserView)),
)]
pub(super) async fn freeze_user(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
) -> Result<Json<UserView>, Failure> {
    let user = app
        .services
        .users
        .freeze(&operator, environment, &sub)
        .await?;
    Ok(Json(user.into()))
}

/// Let a frozen user in again
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/users/{sub}/unfreeze", tag = "Users",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("sub" = String, Path, description = "The token's `sub`, percent-encoded"),
    ),
    responses((status = 200, description = "The user, not frozen", body = UserView)),
)]
pub(super) async fn unfreeze_user(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
) -> Result<Json<UserView>, Failure> {
    let user = app
        .services
        .users
        .unfreeze(&operator, environment, &sub)
        .await?;
    Ok(Json(user.into()))
}

/// Revoke a user's tokens
///
/// Refuses every token issued up to now, whether or not the user was seen here before.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/users/{sub}/revoke", tag = "Users",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("sub" = String, Path, description = "The token's `sub`, percent-encoded"),
    ),
    responses((status = 200, description = "Revoked", body = RevokedUser)),
)]
pub(super) async fn revoke_user(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
) -> Result<Json<RevokedUser>, Failure> {
    let revoked = app
        .services
        .users
        .revoke(&operator, environment, &sub)
        .await?;
    Ok(Json(RevokedUser {
        sub: revoked.sub.to_string(),
        not_before: rfc3339(revoked.not_before),
    }))
}
