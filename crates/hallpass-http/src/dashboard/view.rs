//! What all pages show, and the headers that fence them in.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use hallpass_core::OperatorCaller;
use hallpass_model::{Environment, EnvironmentId, PageRequest, Role};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};

use super::seat::{AtLeast, Seat};
use super::{PATH, notices};
use crate::{AppState, Failure};

/// Own scripts and styles, nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Environments that the switcher offers.
const SWITCHER: u32 = 50;

/// Where in the dashboard a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Home,
    Overview,
    Setup,
    Generator,
    Inspector,
    Explorer,
    Users,
    Accounts,
    IssuerKeys,
    Audit,
    Sessions,
}

/// What all pages show and carry.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// The operator's name.
    pub(super) operator: String,
    /// Its role, as a word.
    pub(super) role: &'static str,
    /// Whether it may change things.
    pub(super) may_change: bool,
    /// What forms of this page carry.
    pub(super) form_token: String,
    /// What was done just before.
    pub(super) notice: Option<&'static str>,
    /// The environment, on the pages of one.
    pub(super) here: Option<Here>,
    /// Where one can go from here.
    pub(super) ways: Vec<Way>,
    /// Which of them is this page.
    pub(super) section: Section,
}

/// An environment and those beside it.
#[derive(Debug, Clone)]
pub(super) struct Here {
    pub(super) environment: Environment,
    pub(super) project: String,
    pub(super) siblings: Vec<Way>,
}

/// A link.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) href: String,
    pub(super) label: String,
    pub(super) is_here: bool,
}

impl Frame {
    /// The frame of a page outside environments.
    pub(super) fn outside<R: AtLeast>(seat: &Seat<R>, section: Section) -> Self {
        Self {
            operator: seat.caller.actor.name.clone().unwrap_or_default(),
            role: seat.caller.role.as_str(),
            may_change: seat.caller.role != Role::Support,
            form_token: seat.form_token.clone(),
            notice: seat.notice,
            here: None,
            ways: Vec::new(),
            section,
        }
    }

    /// The frame of a page of an environment.
    ///
    /// # Errors
    /// `not_found` where the operator does not see it.
    pub(super) async fn of<R: AtLeast>(
        app: &AppState,
        seat: &Seat<R>,
        environment: EnvironmentId,
        section: Section,
    ) -> Result<Self, Failure> {
        let services = &app.services;
        let caller = &seat.caller;
        let environment = services.environments.load(caller, environment).await?;
        let project = services
            .projects
            .load(caller, environment.project_id)
            .await?;
        let page = PageRequest {
            after: None,
            limit: SWITCHER,
        };
        let siblings = services
            .environments
            .list(caller, project.id, &page)
            .await?;
        let mut frame = Self::outside(seat, section);
        frame.ways = ways(caller, environment.id, section);
        frame.here = Some(Here {
            siblings: siblings
                .items
                .into_iter()
                .map(|sibling| Way {
                    href: place(sibling.id, ""),
                    is_here: sibling.id == environment.id,
                    label: sibling.name,
                })
                .collect(),
            project: project.name,
            environment,
        });
        Ok(frame)
    }

    /// The id of the environment, for scripts; empty outside environments.
    pub(super) fn environment_id(&self) -> String {
        let id = self
            .here
            .as_ref()
            .map(|here| here.environment.id.to_string());
        id.unwrap_or_default()
    }
}

/// The address of an environment's page.
pub(super) fn place(environment: EnvironmentId, rest: &str) -> String {
    format!("{PATH}/environments/{environment}{rest}")
}

fn ways(caller: &OperatorCaller, environment: EnvironmentId, here: Section) -> Vec<Way> {
    let all = [
        (Section::Overview, "", "Overview", Role::Support),
        (Section::Setup, "/setup", "SDK setup", Role::Member),
        (
            Section::Generator,
            "/generator",
            "Token generator",
            Role::Support,
        ),
        (
            Section::Inspector,
            "/inspector",
            "Token inspector",
            Role::Support,
        ),
        (
            Section::Explorer,
            "/explorer",
            "Permission explorer",
            Role::Support,
        ),
        (Section::Users, "/users", "Connected users", Role::Support),
        (Section::Accounts, "/accounts", "Accounts", Role::Support),
        (
            Section::IssuerKeys,
            "/issuer-keys",
            "Issuer keys",
            Role::Member,
        ),
        (Section::Audit, "/audit", "Audit", Role::Support),
    ];
    all.into_iter()
        .filter(|(_, _, _, role)| *role == Role::Support || caller.role != Role::Support)
        .map(|(section, path, label, _)| Way {
            href: place(environment, path),
            label: label.to_owned(),
            is_here: section == here,
        })
        .collect()
}

/// A page.
pub(super) fn page(template: &impl Template) -> Response {
    page_with(StatusCode::OK, template)
}

/// A page with a status of its own.
pub(super) fn page_with(status: StatusCode, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        // Without it browsers would not say where our own forms come from.
        (REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Goes on to a page, which says what was done: a word of [`notices`].
pub(super) fn done(to: &str, word: &str) -> Response {
    let sign = if to.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{to}{sign}{}={word}", notices::PARAMETER)).into_response()
}
