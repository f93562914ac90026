use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::EnvironmentPatch;
use hallpass_model::{EnvironmentId, EnvironmentSettings, Error, ProjectId};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::projects::Named;
use super::views::{EnvironmentView, Listing};
use super::{answer_created, answer_versioned};
use crate::extract::{
    Id, IfMatch, Member, PageQuery, StrictJson, StrictQuery, Submission, Support,
};
use crate::{AppState, Failure};

/// What to change; what is left out stays. Settings may also stand beside `name` instead of inside `settings`.
#[derive(Deserialize, ToSchema)]
#[schema(as = EnvironmentPatch, example = json!({ "settings": { "require_audience": true } }))]
pub(super) struct PatchBody {
    /// A new name, unique within the project.
    name: Option<String>,
    /// Settings to change, as an RFC 7396 merge patch: `null` puts one back to its default.
    #[schema(value_type = Option<super::views::SettingsView>)]
    settings: Option<Value>,
    /// How people sign in, as a merge patch too.
    #[schema(value_type = Option<super::sign_in_view::SignInView>)]
    sign_in: Option<Value>,
    #[serde(flatten)]
    #[schema(ignore)]
    beside: Map<String, Value>,
}

impl PatchBody {
    fn into_patch(self) -> Result<EnvironmentPatch, Error> {
        let Self {
            name,
            settings,
            sign_in,
            beside,
        } = self;
        let known =
            serde_json::to_value(EnvironmentSettings::default()).map_err(Error::internal)?;
        if let Some(unknown) = beside.keys().find(|name| known.get(name).is_none()) {
            let pointer = format!("/{}", unknown.replace('~', "~0").replace('/', "~1"));
            return Err(Error::unprocessable("invalid_body", "unknown member").at(pointer));
        }
        let settings = match (settings, beside.is_empty()) {
            (settings, true) => settings,
            (None, false) => Some(Value::Object(beside)),
            (Some(_), false) => {
                return Err(Error::unprocessable(
                    "invalid_body",
                    "settings stand inside `settings` or beside it, not both",
                )
                .at("/settings"));
            }
        };
        Ok(EnvironmentPatch {
            name,
            settings,
            sign_in,
        })
    }
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
    let environments = &app.services.environments;
    let environment = environments
        .update(&operator, environment, patch.into_patch()?, if_match)
        .await?;
    Ok(answer_versioned(
        environment.version,
        EnvironmentView::from(environment),
    ))
}
