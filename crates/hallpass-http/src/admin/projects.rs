use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_model::ProjectId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer_created;
use super::views::{Listing, ProjectView};
use crate::extract::{Admin, Id, Member, PageQuery, StrictJson, StrictQuery, Submission, Support};
use crate::{AppState, Failure};

/// A name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    /// 1 to 100 bytes, unique among its kind.
    #[schema(example = "Acme")]
    pub(super) name: String,
}

/// Make a project
#[utoipa::path(
    post, path = "/admin/v1/projects", tag = "Projects",
    extensions(("x-role" = json!("admin")), ("x-idempotent" = json!(true))),
    request_body = Named,
    responses(
        (status = 201, description = "Made", body = ProjectView),
        (status = 200, description = "Made by an earlier request with this idempotency key", body = ProjectView),
        (status = 409, description = "`name_taken`", body = super::Problem),
    ),
)]
pub(super) async fn create_project(
    State(app): State<AppState>,
    Admin(operator): Admin,
    new: Submission<Named>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(new.idempotency);
    let created = app
        .services
        .projects
        .create(&operator, &new.body.name)
        .await?;
    Ok(answer_created(
        created,
        |project| format!("/admin/v1/projects/{}", project.id),
        ProjectView::from,
    ))
}

/// List projects
#[utoipa::path(
    get, path = "/admin/v1/projects", tag = "Projects",
    extensions(("x-role" = json!("support"))),
    params(PageQuery),
    responses((status = 200, description = "Those the operator sees", body = Listing<ProjectView>)),
)]
pub(super) async fn list_projects(
    State(app): State<AppState>,
    Support(operator): Support,
    StrictQuery(page): StrictQuery<PageQuery>,
) -> Result<Json<Listing<ProjectView>>, Failure> {
    let page = page.into_request()?;
    let projects = app.services.projects.list(&operator, &page).await?;
    Ok(Listing::of(projects, ProjectView::from))
}

/// Read a project
#[utoipa::path(
    get, path = "/admin/v1/projects/{project}", tag = "Projects",
    extensions(("x-role" = json!("support"))),
    params(("project" = uuid::Uuid, Path, description = "The project's id")),
    responses((status = 200, description = "The project", body = ProjectView)),
)]
pub(super) async fn read_project(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(project): Id<ProjectId>,
) -> Result<Json<ProjectView>, Failure> {
    let project = app.services.projects.load(&operator, project).await?;
    Ok(Json(project.into()))
}

/// Rename a project
#[utoipa::path(
    patch, path = "/admin/v1/projects/{project}", tag = "Projects",
    extensions(("x-role" = json!("member"))),
    params(("project" = uuid::Uuid, Path, description = "The project's id")),
    request_body = Named,
    responses(
        (status = 200, description = "The project after the change", body = ProjectView),
        (status = 409, description = "`name_taken`", body = super::Problem),
    ),
)]
pub(super) async fn update_project(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(project): Id<ProjectId>,
    StrictJson(patch): StrictJson<Named>,
) -> Result<Json<ProjectView>, Failure> {
    let projects = &app.services.projects;
    let project = projects.rename(&operator, project, &patch.name).await?;
    Ok(Json(project.into()))
}
