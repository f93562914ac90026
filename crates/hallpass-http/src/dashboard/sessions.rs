//! The operator's own place: its sessions (everybody's, for an admin without limits) and its passkeys.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hallpass_model::OperatorSessionId;

use super::seat::Seat;
use super::view::{Frame, Section, done, page};
use super::words::{Moment, utc};
use super::{Posted, Support};
use crate::extract::Id;
use crate::{AppState, Failure};

#[derive(Template)]
#[template(path = "dashboard/sessions.html")]
struct SessionsPage {
    frame: Frame,
    sessions: Vec<SessionRow>,
    passkeys: Vec<PasskeyRow>,
}

struct SessionRow {
    id: String,
    operator: String,
    browser: String,
    opened_with: &'static str,
    /// To tell sessions apart where there is no table to be seen.
    opened: String,
    created_at: Moment,
    renewed_at: Moment,
    ends_at: Moment,
    is_this: bool,
}

struct PasskeyRow {
    id: String,
    name: String,
    /// Whose it is, if it is somebody else's.
    operator: Option<String>,
    counts: bool,
    created_at: Moment,
    last_used_at: Option<Moment>,
}

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/dashboard/sessions", get(show))
        .route("/dashboard/sessions/{operator_session}/end", post(end))
}

async fn show(State(app): State<AppState>, seat: Seat<Support>) -> Result<Response, Failure> {
    let services = &app.services;
    let now = services.clock.now();
    let moment = |at| Moment::new(at, now);
    let sessions = services.operator_sessions.list(&seat.caller).await?;
    let passkeys = services.operator_passkeys.list(&seat.caller).await?;
    let sessions = sessions.into_iter().map(|listed| SessionRow {
        id: listed.session.id.to_string(),
        operator: listed.operator_name,
        is_this: listed.session.id == seat.session.id,
        opened_with: match listed.session.passkey {
            None => "operator key",
            Some(_) => "passkey",
        },
        opened: utc(listed.session.created_at),
        created_at: moment(listed.session.created_at),
        renewed_at: moment(listed.session.renewed_at),
        ends_at: moment(listed.session.expires_at.min(listed.session.ends_at)),
        browser: browser(&listed.session.browser),
    });
    let passkeys = passkeys.into_iter().map(|listed| PasskeyRow {
        id: listed.passkey.id.to_string(),
        name: listed.passkey.name,
        operator: (!listed.is_own).then_some(listed.operator_name),
        counts: listed.counts,
        created_at: moment(listed.passkey.created_at),
        last_used_at: listed.passkey.last_used_at.map(moment),
    });
    Ok(page(&SessionsPage {
        sessions: sessions.collect(),
        passkeys: passkeys.collect(),
        frame: Frame::outside(&seat, Section::Sessions),
    }))
}

async fn end(
    State(app): State<AppState>,
    Id(id): Id<OperatorSessionId>,
    posted: Posted<Support>,
) -> Result<Response, Failure> {
    let seat = posted.seat;
    app.services.operator_sessions.end(&seat.caller, id).await?;
    if id == seat.session.id {
        return Ok(Redirect::to("/dashboard/sign-in").into_response());
    }
    Ok(done("/dashboard/sessions", "session-ended"))
}

/// A browser's name and system, as far as they can be told from what it calls itself.
fn browser(called: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(mark, _)| called.contains(mark));
        found.map(|(_, name)| *name)
    };
    // Each calls itself what those before it are called, too.
    let name = first(&[
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        (None, _) if called.is_empty() => "not said".to_owned(),
        (None, _) => called.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_called_as_people_call_them() {
        for (called, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36 Edg/148.0",
                "Edge on Windows",
            ),
            ("curl/8.0", "curl/8.0"),
            ("", "not said"),
        ] {
            assert_eq!(browser(called), name);
        }
    }
}
