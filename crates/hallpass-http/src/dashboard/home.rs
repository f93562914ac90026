//! Every project and its environments, and new ones.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use hallpass_core::OperatorCaller;
use hallpass_model::{Error, PageRequest, Project, ProjectId, Role};
use http::StatusCode;
use serde_json::json;

use super::lines::{Lines, shell_word};
use super::seat::{Admin, AtLeast, Member, Seat};
use super::view::{Frame, Section, Way, done, page_with, place};
use super::{Posted, Support};
use crate::extract::Id;
use crate::failure::sentence;
use crate::{AppState, Failure};

#[derive(Template)]
#[template(path = "dashboard/home.html")]
struct HomePage {
    frame: Frame,
    projects: Vec<ProjectCard>,
    may_make_projects: bool,
    typed: String,
    problem: Option<String>,
    lines: Lines,
}

struct ProjectCard {
    id: String,
    name: String,
    environments: Vec<Way>,
    typed: String,
    problem: Option<String>,
    lines: Lines,
}

/// What was typed and is wrong; `None` is the name of a new project.
struct Refused {
    project: Option<ProjectId>,
    typed: String,
    problem: String,
}

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/dashboard", get(show))
        .route("/dashboard/", get(show))
        .route("/dashboard/projects", post(create_project))
        .route(
            "/dashboard/projects/{project}/environments",
            post(create_environment),
        )
}

async fn show(State(app): State<AppState>, seat: Seat<Support>) -> Result<Response, Failure> {
    render(&app, &seat, StatusCode::OK, None).await
}

async fn create_project(
    State(app): State<AppState>,
    posted: Posted<Admin>,
) -> Result<Response, Failure> {
    let name = posted.field("name")?.trim();
    let projects = &app.services.projects;
    match projects.create(&posted.seat.caller, name).await {
        Ok(_) => Ok(done("/dashboard", "project-made")),
        Err(error) => refuse(&app, &posted, None, error).await,
    }
}

async fn create_environment(
    State(app): State<AppState>,
    Id(project): Id<ProjectId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let name = posted.field("name")?.trim();
    let environments = &app.services.environments;
    match environments
        .create(&posted.seat.caller, project, name)
        .await
    {
        Ok(made) => Ok(done(&place(made.into_inner().id, ""), "environment-made")),
        Err(error) => refuse(&app, &posted, Some(project), error).await,
    }
}

/// The page again with what was typed, where that is to be mended.
async fn refuse<R: AtLeast>(
    app: &AppState,
    posted: &Posted<R>,
    project: Option<ProjectId>,
    error: Error,
) -> Result<Response, Failure> {
    if !matches!(error.code(), "name_taken" | "invalid_name") {
        return Err(error.into());
    }
    let refused = Refused {
        project,
        typed: posted.form.get("name").unwrap_or_default().to_owned(),
        problem: sentence(error.message()),
    };
    let status = Failure::from(error).status();
    render(app, &posted.seat, status, Some(refused)).await
}

async fn render<R: AtLeast>(
    app: &AppState,
    seat: &Seat<R>,
    status: StatusCode,
    refused: Option<Refused>,
) -> Result<Response, Failure> {
    let page = PageRequest {
        after: None,
        limit: 200,
    };
    let projects = app.services.projects.list(&seat.caller, &page).await?;
    let mut cards = Vec::new();
    for project in projects.items {
        let refused = refused
            .as_ref()
            .filter(|refused| refused.project == Some(project.id));
        cards.push(card(app, &seat.caller, project, refused).await?);
    }
    let refused = refused.filter(|refused| refused.project.is_none());
    let typed = refused.as_ref().map(|refused| refused.typed.clone());
    let name = typed.clone().unwrap_or_else(|| "My product".to_owned());
    Ok(page_with(
        status,
        &HomePage {
            frame: Frame::outside(seat, Section::Home),
            projects: cards,
            may_make_projects: seat.caller.role == Role::Admin && seat.caller.projects.is_none(),
            typed: typed.unwrap_or_default(),
            problem: refused.map(|refused| refused.problem),
            lines: Lines::new(
                format!("hallpass project create {}", shell_word(&name)),
                "POST",
                "/admin/v1/projects",
                Some(&json!({ "name": name })),
            ),
        },
    ))
}

async fn card(
    app: &AppState,
    caller: &OperatorCaller,
    project: Project,
    refused: Option<&Refused>,
) -> Result<ProjectCard, Failure> {
    let page = PageRequest {
        after: None,
        limit: 200,
    };
    let environments = &app.services.environments;
    let listed = environments.list(caller, project.id, &page).await?;
    let ways = listed.items.into_iter().rev().map(|environment| Way {
        href: place(environment.id, ""),
        label: environment.name,
        is_here: false,
    });
    let typed = refused.map(|refused| refused.typed.clone());
    let name = typed.clone().unwrap_or_else(|| "staging".to_owned());
    Ok(ProjectCard {
        id: project.id.to_string(),
        name: project.name,
        environments: ways.collect(),
        problem: refused.map(|refused| refused.problem.clone()),
        typed: typed.unwrap_or_default(),
        lines: Lines::new(
            format!(
                "hallpass environment create {} --project {}",
                shell_word(&name),
                project.id
            ),
            "POST",
            &format!("/admin/v1/projects/{}/environments", project.id),
            Some(&json!({ "name": name })),
        ),
    })
}
