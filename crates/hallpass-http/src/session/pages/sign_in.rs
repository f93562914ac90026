//! The sign-in page: a code, a passkey or a service that vouches. The forms work without a script; a script adds passkeys.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;

use super::view::{DonePage, Service, SignInPage, render};
use super::visit::{Visit, refuse};
use crate::AppState;

/// Shows the page. Nothing is sent by looking at it: only a form sends a code.
pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Response> {
    page(&app, &visit, StatusCode::OK, None).await
}

/// Says that it is done, to the browser that did it.
pub(super) async fn done(State(app): State<AppState>, visit: Visit) -> Result<Response, Response> {
    if !visit.session.is_signed_in() {
        return Ok(visit.known(onward("/auth/sign-in", &visit)));
    }
    let visited = app.services.passkeys.list(&visit.visitor()).await.ok();
    let wants_passkey = visited
        .as_ref()
        .is_some_and(|(_, passkeys)| passkeys.is_empty());
    let page = DonePage {
        frame: visit.frame(),
        passkeys: wants_passkey && visit.app.sign_in().passkeys,
        who: visited.map(|(who, _)| who),
    };
    Ok(visit.known(render(StatusCode::OK, &page)))
}

/// The page, saying what is wrong if something is.
async fn page(
    app: &AppState,
    visit: &Visit,
    status: StatusCode,
    problem: Option<String>,
) -> Result<Response, Response> {
    let settings = visit.app.sign_in();
    let providers = &app.services.sign_in_providers;
    let buttons = providers.buttons(visit.app.environment()).await;
    let services = buttons.map_err(refuse)?.into_iter().map(|button| Service {
        path: button.path_word,
        name: button.label,
    });
    let page = SignInPage {
        frame: visit.frame(),
        other_query: visit.query_without_flow(),
        problem,
        elsewhere: !visit.is_holder,
        sent_to: None,
        send_to: None,
        is_fixed: false,
        takes_email: false,
        takes_phone: false,
        passkeys: settings.passkeys,
        services: services.collect(),
    };
    Ok(visit.known(render(status, &page)))
}

pub(in crate::session) fn onward(path: &str, visit: &Visit) -> Response {
    Redirect::to(&format!("{path}?{}", visit.query())).into_response()
}
