//! Who vouches for users: the own keys, other services, and how a token fares with all of them.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::{ProviderView, TokenReport};
use hallpass_model::{EnvironmentId, PageRequest, limits};
use serde_json::json;

use super::frame;
use super::provider_fields::{KINDS, label};
use super::shown::{Tab, TabLink, api, base, tabs};
use crate::dashboard::lines::Lines;
use crate::dashboard::view::{Frame, Section, page};
use crate::dashboard::{Member, Posted, Seat};
use crate::extract::Id;
use crate::{AppState, Failure};

#[derive(Template)]
#[template(path = "dashboard/setup/authentication.html")]
struct AuthenticationPage {
    frame: Frame,
    tabs: Vec<TabLink>,
    base: String,
    /// Own keys that count now.
    trusted_keys: usize,
    providers: Vec<ProviderRow>,
    kinds: Vec<KindLink>,
    token: String,
    report: Option<TokenReport>,
    lines: Lines,
}

/// A provider in the list.
pub(super) struct ProviderRow {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) issuers: Vec<String>,
    pub(super) keys_url: String,
    pub(super) is_disabled: bool,
    pub(super) keys_state: &'static str,
    pub(super) keys_label: &'static str,
    pub(super) keys_words: &'static str,
    pub(super) keys_count: usize,
    pub(super) failure: Option<String>,
    pub(super) warnings: Vec<String>,
}

/// A way to another provider.
struct KindLink {
    word: &'static str,
    label: &'static str,
    purpose: &'static str,
}

impl From<&ProviderView> for ProviderRow {
    fn from(view: &ProviderView) -> Self {
        let keys = &view.keys;
        let state = keys.state.as_str();
        Self {
            id: view.provider.id.to_string(),
            kind: label(view.provider.settings.kind),
            issuers: view.issuers.clone(),
            keys_url: view.keys_url.clone(),
            is_disabled: view.provider.disabled_at.is_some(),
            keys_state: state,
            keys_label: if state == "unknown" {
                "not fetched yet"
            } else {
                state
            },
            keys_words: match state {
                "fresh" => "as published",
                "stale" => "an older set: fetching fails",
                "unavailable" => "none that counts: fetching fails",
                _ => "they are fetched when a token needs them",
            },
            keys_count: keys.count,
            failure: keys
                .failure
                .as_ref()
                .map(|failure| format!("{}: {}", failure.code, failure.message)),
            warnings: view
                .warnings
                .iter()
                .map(|warning| warning.message.clone())
                .collect(),
        }
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    seat: Seat<Member>,
    Id(environment): Id<EnvironmentId>,
) -> Result<Response, Failure> {
    let shown = authentication_page(&app, &seat, environment, String::new(), None).await?;
    Ok(page(&shown))
}

/// Tells how a token fares here. The answer is the page; the token is in it and nowhere else.
pub(super) async fn check(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let Posted { seat, form, .. } = posted;
    // The report knows no operators; whether this one sees the environment is asked first.
    let environments = &app.services.environments;
    let environment = environments.load(&seat.caller, environment).await?.id;
    let token = form.get("token").unwrap_or_default().to_owned();
    let report = app.services.tokens.check(environment, token.trim()).await?;
    let shown = authentication_page(&app, &seat, environment, token, Some(report)).await?;
    Ok(page(&shown))
}

async fn authentication_page(
    app: &AppState,
    seat: &Seat<Member>,
    environment: EnvironmentId,
    token: String,
    report: Option<TokenReport>,
) -> Result<AuthenticationPage, Failure> {
    let frame = frame(app, seat, environment).await?;
    let all = PageRequest {
        after: None,
        limit: limits::PAGE_ROWS,
    };
    let keys = &app.services.signing_keys;
    let keys = keys.list(&seat.caller, environment, &all).await?;
    let now = app.services.clock.now();
    let providers = &app.services.identity_providers;
    let providers = providers.list(&seat.caller, environment).await?;
    let cli = format!("hallpass token verify --environment {environment} \"$TOKEN\"");
    let body = json!({ "token": "TOKEN" });
    Ok(AuthenticationPage {
        frame,
        tabs: tabs(environment, Tab::Authentication),
        base: base(environment),
        trusted_keys: keys
            .items
            .iter()
            .filter(|key| key.state_at(now).is_trusted())
            .count(),
        providers: providers.iter().map(ProviderRow::from).collect(),
        kinds: KINDS.into_iter().map(kind_link).collect(),
        token,
        report,
        lines: Lines::new(cli, "POST", &api(environment, "/tokens/check"), Some(&body)),
    })
}

fn kind_link(kind: hallpass_model::ProviderKind) -> KindLink {
    use hallpass_model::ProviderKind;
    KindLink {
        word: kind.as_str(),
        label: label(kind),
        purpose: match kind {
            ProviderKind::Auth0 => "an Auth0 tenant",
            ProviderKind::Firebase => "a Firebase or Identity Platform project",
            ProviderKind::Oidc => "a service with Discovery: Keycloak, Cognito, Entra ID, Okta",
            ProviderKind::Jwks => {
                "anything else that publishes its keys: Supabase, Clerk, your own"
            }
        },
    }
}
