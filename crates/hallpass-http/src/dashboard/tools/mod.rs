//! Pages about tokens: one that makes them, one that takes them apart, one that shows what they may do.
//!
//! The work is done by scripts in the browser, which ask the admin API. So the private key of the generator has no way to
//! the server, and a token that is looked at is in the body of a question and nowhere else.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use hallpass_core::Permission;
use hallpass_model::{AudienceMode, EnvironmentId, EnvironmentSettings};
use serde_json::json;

use super::Support;
use super::lines::{Lines, shell_word};
use super::seat::Seat;
use super::view::{Frame, Section, page, place};
use crate::extract::Id;
use crate::{AppState, Failure};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/dashboard/environments/{environment}/generator",
            get(show_generator),
        )
        .route(
            "/dashboard/environments/{environment}/inspector",
            get(show_inspector),
        )
        .route(
            "/dashboard/environments/{environment}/explorer",
            get(show_explorer),
        )
}

#[derive(Template)]
#[template(path = "dashboard/tools/generator.html")]
struct GeneratorPage {
    frame: Frame,
    lines: Lines,
    explorer: String,
    /// What the environment takes as `aud`; empty if it takes none.
    audience: String,
    /// What it expects as `iss`; empty if it does not look.
    issuer: String,
    /// The longest lifetime in seconds.
    longest: Option<u32>,
    needs_claim: bool,
}

async fn show_generator(
    State(app): State<AppState>,
    seat: Seat<Support>,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, Failure> {
    let frame = Frame::of(&app, &seat, id, Section::Generator).await?;
    let here = frame.here.as_ref().map(|here| &here.environment);
    let settings = here.map_or_else(EnvironmentSettings::default, |here| here.settings.clone());
    let audience = audience_of(id, &settings);
    let mut mint = "hallpass token mint --key private-key.pem --sub user-1 --ttl 1h".to_owned();
    if !audience.is_empty() {
        mint = format!("{mint} --aud {}", shell_word(&audience));
    }
    Ok(page(&GeneratorPage {
        lines: Lines::new(
            mint,
            "POST",
            &check_path(id),
            Some(&json!({ "token": TOKEN })),
        ),
        explorer: place(id, "/explorer"),
        audience,
        issuer: settings.issuer.unwrap_or_default(),
        longest: settings.max_token_lifetime_secs,
        needs_claim: settings.require_permission_claim,
        frame,
    }))
}

#[derive(Template)]
#[template(path = "dashboard/tools/inspector.html")]
struct InspectorPage {
    frame: Frame,
    lines: Lines,
}

async fn show_inspector(
    State(app): State<AppState>,
    seat: Seat<Support>,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, Failure> {
    let frame = Frame::of(&app, &seat, id, Section::Inspector).await?;
    let verify = format!("hallpass token verify --environment {id} \"$TOKEN\"");
    let lines = Lines::new(
        verify,
        "POST",
        &check_path(id),
        Some(&json!({ "token": TOKEN })),
    );
    Ok(page(&InspectorPage { frame, lines }))
}

#[derive(Template)]
#[template(path = "dashboard/tools/explorer.html")]
struct ExplorerPage {
    frame: Frame,
    lines: Lines,
    permissions: [&'static str; 9],
}

async fn show_explorer(
    State(app): State<AppState>,
    seat: Seat<Support>,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, Failure> {
    let frame = Frame::of(&app, &seat, id, Section::Explorer).await?;
    let why = format!(
        "hallpass token why --permission proxy-api --integration slack --token \"$TOKEN\" --environment {id}"
    );
    let question = json!({
        "token": TOKEN,
        "question": { "permission": "proxy-api", "target": { "integration": "slack" } },
    });
    let path = format!("/admin/v1/environments/{id}/explain");
    Ok(page(&ExplorerPage {
        frame,
        lines: Lines::new(why, "POST", &path, Some(&question)),
        permissions: Permission::ALL.map(Permission::as_str),
    }))
}

/// Stands for a token in lines to copy.
const TOKEN: &str = "TOKEN";

fn check_path(environment: EnvironmentId) -> String {
    format!("/admin/v1/environments/{environment}/tokens/check")
}

/// An audience that the environment takes: its own, or the first that it lists.
fn audience_of(environment: EnvironmentId, settings: &EnvironmentSettings) -> String {
    match settings.aud_mode {
        AudienceMode::OwnAndConfigured => format!("useparagon.com/{environment}"),
        AudienceMode::OnlyConfigured => settings.audiences.first().cloned().unwrap_or_default(),
    }
}
