use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::EnvironmentPatch;
use hallpass_model::{EnvironmentId, ProjectId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::projects::Named;
use super::views::{EnvironmentView, Listing};
use super::{answer_created, answer_versioned};
use crate::extract::{
    Id, IfMatch, Member, PageQuery, StrictJson, StrictQuery, Submission, Support,
};
use crate::{AppState, Failure};

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EnvironmentPatch, example = json!({ "settings": { "require_audience": true } }))]
pub(super) struct PatchBody {
    /// A new name, unique within the project.
    name: Option<String>,
    /// Settings to change, as an RFC 7396 merge patch: `null` puts one back to its default.
    #[schema(value_type = Option<super::views::SettingsView>)]
    settings: Option<Value>,
}

/// Make an environment
#[utoipa::path(
    post, path = "/admin/v1/projects/{project}/environments", tag = "Environments",
    extensions(("x-role" = json!("member")), ("x-idempotent" = json!(true))),
    params(("project" = uuid::Uuid, Path, description = "The project's id")),
    request_body = Named,
    responses(
        (status = 201, description = "Made, with default settings", body = EnvironmentView),
        (status = 200, description = "Made by an earlier request with this idempotency key", body = EnvironmentView),
        (status = 409, description = "`name_taken`", body = super::Problem),
    ),
)]
pub(super) async fn create_environment(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(project): Id<ProjectId>,
    new: Submission<Named>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(new.idempotency);
    let environments = &app.services.environments;
    let created = environments
        .create(&operator, project, &new.body.name)
        .await?;
    Ok(answer_created(
        created,
        |environment| format!("/admin/v1/environments/{}", environment.id),
        EnvironmentView::from,
    ))
}

/// List the environments of a project
#[utoipa::path(
    get, path = "/admin/v1/projects/{project}/environments", tag = "Environments",
    extensions(("x-role" = json!("support"))),
    params(("project" = uuid::Uuid, Path, description = "The project's id"), PageQuery),
    responses((status = 200, description = "Its environments", body = Listing<EnvironmentView>)),
)]
pub(super) async fn list_environments(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(project): Id<ProjectId>,
    StrictQuery(page): StrictQuery<PageQuery>,
) -> Result<Json<Listing<EnvironmentView>>, Failure> {
    let page = page.into_request()?;
    let environments = app
        .services
        .environments
        .list(&operator, project, &page)
        .await?;
    Ok(Listing::of(environments, EnvironmentView::from))
}

/// Read an environment and its settings
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}", tag = "Environments",
    extensions(("x-role" = json!("support"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    responses((status = 200, description = "The environment; `ETag` is its version", body = EnvironmentView)),
)]
pub(super) async fn read_environment(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
) -> Result<Response, Failure> {
    let environment = app
        .services
        .environments
        .load(&operator, environment)
        .await?;
    Ok(answer_versioned(
        environment.version,
        EnvironmentView::from(environment),
    ))
}

/// Change an environment's name or settings
///
/// Tokens are judged by the new settings from the next request on, on other nodes within a second.
#[utoipa::path(
    patch, path = "/admin/v1/environments/{environment}", tag = "Environments",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the change is based on"),
    ),
    request_body = PatchBody,
    responses(
        (status = 200, description = "The environment after the change", body = EnvironmentView),
        (status = 412, description = "`version_changed`: somebody else was faster", body = super::Problem),
        (status = 422, description = "`invalid_settings`; `pointer` says which", body = super::Problem),
    ),
)]
pub(super) async fn update_environment(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    IfMatch(if_match): IfMatch,
    StrictJson(patch): StrictJson<PatchBody>,
) -> Result<Response, Failure> {
    let patch = EnvironmentPatch {
        name: patch.name,
        settings: patch.settings,
    };
    let environments = &app.services.environments;
    let environment = environments
        .update(&operator, environment, patch, if_match)
        .await?;
    Ok(answer_versioned(
        environment.version,
        EnvironmentView::from(environment),
    ))
}
