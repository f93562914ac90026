//! Code to begin with, with this environment's ids in it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hallpass_model::{AudienceMode, Environment, EnvironmentId};

use super::frame;
use super::shown::{Tab, TabLink, base, tabs};
use super::snippets::{LIFETIME_SECS, SNIPPETS, is_plain};
use crate::dashboard::view::{Frame, Section, page};
use crate::dashboard::{Member, Seat};
use crate::extract::Id;
use crate::{AppState, Failure};

#[derive(Template)]
#[template(path = "dashboard/setup/code.html")]
struct CodePage {
    frame: Frame,
    tabs: Vec<TabLink>,
    base: String,
    environment: String,
    audience: Audience,
    /// The only `iss` that is accepted, which the code does not set.
    issuer: Option<String>,
    requires_permissions: bool,
    snippets: Vec<Shown>,
}

struct Shown {
    id: &'static str,
    label: &'static str,
    file: &'static str,
    is_run: bool,
    text: String,
}

/// What stands in `aud`.
struct Audience {
    text: String,
    /// It has to be put in by hand.
    is_left_out: bool,
}

pub(super) async fn show(
    State(app): State<AppState>,
    seat: Seat<Member>,
    Id(environment): Id<EnvironmentId>,
) -> Result<Response, Failure> {
    let environments = &app.services.environments;
    let environment = environments.load(&seat.caller, environment).await?;
    let frame = frame(&app, &seat, environment.id).await?;
    let settings = &environment.settings;
    let audience = audience(&environment);
    let lifetime = settings
        .max_token_lifetime_secs
        .map_or(LIFETIME_SECS, |longest| longest.min(LIFETIME_SECS));
    let snippets = SNIPPETS.iter().map(|snippet| Shown {
        id: snippet.id,
        label: snippet.label,
        file: snippet.file,
        is_run: snippet.is_run,
        text: snippet.filled(&audience.text, lifetime),
    });
    Ok(page(&CodePage {
        frame,
        tabs: tabs(environment.id, Tab::Code),
        base: base(environment.id),
        environment: environment.id.to_string(),
        snippets: snippets.collect(),
        audience,
        issuer: settings.issuer.clone(),
        requires_permissions: settings.require_permission_claim,
    }))
}

/// The environment's own audience; where that does not count, one that was configured.
fn audience(environment: &Environment) -> Audience {
    let settings = &environment.settings;
    let own = format!("useparagon.com/{}", environment.id);
    if settings.aud_mode == AudienceMode::OwnAndConfigured {
        return Audience {
            text: own,
            is_left_out: false,
        };
    }
    let plain = settings.audiences.iter().find(|one| is_plain(one));
    Audience {
        is_left_out: plain.is_none(),
        text: plain.map_or_else(|| "YOUR-AUDIENCE".to_owned(), Clone::clone),
    }
}
