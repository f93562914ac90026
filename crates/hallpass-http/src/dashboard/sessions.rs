//! The operator's own place: its sessions (everybody's, for an admin without limits) and its passkeys.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hallpass_model::OperatorSessionId;

use super::seat::Seat;
use super::view::{Frame, Section, done, page};
use super::{Posted, Support};
use crate::extract::Id;
use crate::time::rfc3339;
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
    created_at: String,
    renewed_at: String,
    ends_at: String,
    is_this: bool,
}

struct PasskeyRow {
    id: String,
    name: String,
    created_at: String,
    last_used_at: Option<String>,
}

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/dashboard/sessions", get(show))
        .route("/dashboard/sessions/{operator_session}/end", post(end))
}

async fn show(State(app): State<AppState>, seat: Seat<Support>) -> Result<Response, Failure> {
    let services = &app.services;
    let sessions = services.operator_sessions.list(&seat.caller).await?;
    let passkeys = services.operator_passkeys.list(&seat.caller).await?;
    let sessions = sessions.into_iter().map(|listed| SessionRow {
        id: listed.session.id.to_string(),
        operator: listed.operator_name,
        is_this: listed.session.id == seat.session.id,
        opened_with: match listed.session.key {
            Some(_) => "operator key",
            None => "passkey",
        },
        created_at: rfc3339(listed.session.created_at),
        renewed_at: rfc3339(listed.session.renewed_at),
        ends_at: rfc3339(listed.session.expires_at.min(listed.session.ends_at)),
        browser: listed.session.browser,
    });
    let passkeys = passkeys.into_iter().map(|passkey| PasskeyRow {
        id: passkey.id.to_string(),
        name: passkey.name,
        created_at: rfc3339(passkey.created_at),
        last_used_at: passkey.last_used_at.map(rfc3339),
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
