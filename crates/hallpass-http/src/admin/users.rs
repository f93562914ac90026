use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_model::{EnvironmentId, Metadata, Subject};
use http::StatusCode;

use super::answer_versioned;
use super::views::{Listing, UserView};
use crate::extract::{Id, IfMatch, Member, PageQuery, StrictJson, StrictQuery, Support};
use crate::{AppState, Failure};

/// List users
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/users", tag = "Users",
    extensions(("x-role" = json!("support"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id"), PageQuery),
    responses((status = 200, description = "Its users", body = Listing<UserView>)),
)]
pub(super) async fn list_users(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    StrictQuery(page): StrictQuery<PageQuery>,
) -> Result<Json<Listing<UserView>>, Failure> {
    let page = page.into_request()?;
    let users = app
        .services
        .users
        .list(&operator, environment, &page)
        .await?;
    Ok(Listing::of(users, UserView::from))
}

/// Read a user
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/users/{sub}", tag = "Users",
    extensions(("x-role" = json!("support"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("sub" = String, Path, description = "The token's `sub`, percent-encoded"),
    ),
    responses((status = 200, description = "The user; `ETag` is its version", body = UserView)),
)]
pub(super) async fn read_user(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
) -> Result<Response, Failure> {
    let user = app
        .services
        .users
        .load(&operator, environment, &sub)
        .await?;
    Ok(answer_versioned(user.version, UserView::from(user)))
}

/// Replace a user's metadata
#[utoipa::path(
    put, path = "/admin/v1/environments/{environment}/users/{sub}/metadata", tag = "Users",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("sub" = String, Path, description = "The token's `sub`, percent-encoded"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the change is based on"),
    ),
    request_body(content = Object, description = "The whole metadata: one object of at most 64 KiB and 16 levels", example = json!({ "plan": "pro" })),
    responses(
        (status = 200, description = "The user after the change", body = UserView),
        (status = 412, description = "`version_changed`: somebody else was faster", body = super::Problem),
        (status = 422, description = "`metadata_refused`; `pointer` says where", body = super::Problem),
    ),
)]
pub(super) async fn replace_user_metadata(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
    IfMatch(if_match): IfMatch,
    StrictJson(metadata): StrictJson<Metadata>,
) -> Result<Response, Failure> {
    let users = &app.services.users;
    let user = users
        .replace_metadata(&operator, environment, &sub, metadata, if_match)
        .await?;
    Ok(answer_versioned(user.version, UserView::from(user)))
}

/// Delete a user
///
/// Erases the user and the metadata. Tokens issued up to now stay refused; a newer one makes the user anew.
#[utoipa::path(
    delete, path = "/admin/v1/environments/{environment}/users/{sub}", tag = "Users",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("sub" = String, Path, description = "The token's `sub`, percent-encoded"),
    ),
    responses((status = 204, description = "Erased")),
)]
pub(super) async fn delete_user(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
) -> Result<StatusCode, Failure> {
    app.services
        .users
        .delete(&operator, environment, &sub)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
