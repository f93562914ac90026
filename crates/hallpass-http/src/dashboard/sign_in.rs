//! Signing in to the dashboard, and out again. Whoever was signed out while typing finds what was typed on the page that
//! asks for the key, and sends it again with one button.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hallpass_core::OpenedSession;
use hallpass_model::Error;
use http::header::{SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use super::posted::TOKEN;
use super::seat::Seat;
use super::view::{page, page_with};
use super::{PATH, Posted, Support, cookie, origin};
use crate::door::FORM_BYTES;
use crate::extract::{collect, within_budget};
use crate::failure::sentence;
use crate::form::Form;
use crate::{AppState, Failure};

/// How fields that wait are told from those of the page itself.
const KEPT: &str = "kept.";
/// How much of a field is shown to whoever sends it again.
const SHOWN_CHARS: usize = 200;

#[derive(Template)]
#[template(path = "dashboard/sign_in.html")]
struct SignInPage {
    /// Where to go on.
    to: String,
    problem: Option<String>,
    /// What was typed in a session that is over, under the names that it waits by.
    kept: Vec<(String, String)>,
    action: &'static str,
}

#[derive(Template)]
#[template(path = "dashboard/again.html")]
struct AgainPage {
    to: String,
    form_token: String,
    fields: Vec<KeptField>,
}

struct KeptField {
    name: String,
    value: String,
    shown: String,
}

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/dashboard/sign-in", get(show).post(sign_in))
        .route("/dashboard/resume", post(resume))
        .route("/dashboard/sign-out", post(sign_out))
}

async fn show(Query(query): Query<BTreeMap<String, String>>) -> Response {
    let to = query.get("to").map(String::as_str);
    page(&SignInPage {
        to: own_place(to).to_owned(),
        problem: None,
        kept: Vec::new(),
        action: "/dashboard/sign-in",
    })
}

async fn sign_in(State(app): State<AppState>, request: Request) -> Result<Response, Failure> {
    let (parts, form) = read(request).await?;
    let to = own_place(form.get("to")).to_owned();
    let opened = match open(&app, &parts, &form).await {
        Ok(opened) => opened,
        Err(error) => return refused(error, to, Vec::new(), "/dashboard/sign-in"),
    };
    let mut response = Redirect::to(&to).into_response();
    seat(&app, &parts.headers, &mut response, &opened);
    Ok(response)
}

/// Signs in and shows what waits, for the operator to look at before it is sent.
async fn resume(State(app): State<AppState>, request: Request) -> Result<Response, Failure> {
    let (parts, form) = read(request).await?;
    let to = own_place(form.get("to")).to_owned();
    if form.get("key").is_none_or(str::is_empty)
        && let Some(seat) = Seat::<Support>::of(&parts, &app).await?
    {
        // Signed in with a passkey meanwhile.
        return Ok(page(&again(to, seat.form_token, &form)));
    }
    let opened = match open(&app, &parts, &form).await {
        Ok(opened) => opened,
        Err(error) => {
            let fields = form.fields().iter().cloned();
            let kept = fields.filter(|(name, _)| name.starts_with(KEPT)).collect();
            return refused(error, to, kept, "/dashboard/resume");
        }
    };
    let token = hallpass_core::OperatorSessions::form_token(&opened.secret);
    let mut response = page(&again(to, token, &form));
    seat(&app, &parts.headers, &mut response, &opened);
    Ok(response)
}

fn again(to: String, form_token: String, form: &Form) -> AgainPage {
    let fields = form.fields().iter().filter_map(|(name, value)| {
        Some(KeptField {
            name: name.strip_prefix(KEPT)?.to_owned(),
            shown: beginning(value),
            value: value.clone(),
        })
    });
    AgainPage {
        to,
        form_token,
        fields: fields.collect(),
    }
}

async fn sign_out(
    State(app): State<AppState>,
    headers: HeaderMap,
    posted: Posted<Support>,
) -> Result<Response, Failure> {
    let seat = posted.seat;
    let sessions = &app.services.operator_sessions;
    sessions.end(&seat.caller, seat.session.id).await?;
    let mut response = Redirect::to("/dashboard/sign-in").into_response();
    if let Some(gone) = cookie::clear(origin::is_https(&app, &headers)) {
        response.headers_mut().insert(SET_COOKIE, gone);
    }
    Ok(response)
}

/// The page for whoever sent a form in a session that is over: 403, and nothing is lost.
pub(super) fn ask_again(path: &str, form: &Form) -> Response {
    let fields = form.fields().iter().filter(|(name, _)| name != TOKEN);
    let kept = fields.map(|(name, value)| (format!("{KEPT}{name}"), value.clone()));
    let page = SignInPage {
        to: own_place(Some(path)).to_owned(),
        problem: Some(
            "Your session has ended. Sign in again; what you typed is kept on this page."
                .to_owned(),
        ),
        kept: kept.collect(),
        action: "/dashboard/resume",
    };
    page_with(StatusCode::FORBIDDEN, &page)
}

/// Gives the browser its session.
pub(super) fn seat(
    app: &AppState,
    headers: &HeaderMap,
    response: &mut Response,
    opened: &OpenedSession,
) {
    if let Some(cookie) = cookie::set(&opened.secret, origin::is_https(app, headers)) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}

/// What a browser calls itself.
pub(super) fn browser(headers: &HeaderMap) -> &str {
    let name = headers.get(USER_AGENT).and_then(|name| name.to_str().ok());
    name.unwrap_or_default()
}

/// A page of this dashboard, never one of somebody else.
pub(super) fn own_place(to: Option<&str>) -> &str {
    let to = to.unwrap_or(PATH);
    let path = to.split(['?', '#']).next().unwrap_or_default();
    let plain = to.bytes().all(|byte| byte.is_ascii_graphic()) && !to.contains('\\');
    // Browsers fold such steps, and would leave the dashboard with them.
    let is_dots = |step: &str| {
        matches!(
            step.to_ascii_lowercase().replace("%2e", ".").as_str(),
            "." | ".."
        )
    };
    let stays = !path.contains("//") && !path.split('/').any(is_dots);
    if plain && stays && super::is_page(path) {
        to
    } else {
        PATH
    }
}

async fn read(request: Request) -> Result<(Parts, Form), Failure> {
    let (parts, body) = request.into_parts();
    origin::require_same(&parts.headers)?;
    let body = collect(body, FORM_BYTES).await?;
    Ok((parts, Form::parse_up_to(&body, FORM_BYTES)))
}

async fn open(app: &AppState, parts: &Parts, form: &Form) -> Result<OpenedSession, Error> {
    let key = form.get("key").unwrap_or_default();
    let sessions = &app.services.operator_sessions;
    within_budget(parts, app, sessions.open(key, browser(&parts.headers))).await
}

fn refused(
    error: Error,
    to: String,
    kept: Vec<(String, String)>,
    action: &'static str,
) -> Result<Response, Failure> {
    let problem = Some(sentence(error.message()));
    let failure = Failure::from(error);
    if failure.status() != StatusCode::UNAUTHORIZED {
        return Err(failure);
    }
    let page = SignInPage {
        to,
        problem,
        kept,
        action,
    };
    Ok(page_with(StatusCode::UNAUTHORIZED, &page))
}

fn beginning(value: &str) -> String {
    let mut letters = value.chars();
    let mut shown: String = letters.by_ref().take(SHOWN_CHARS).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::own_place;

    #[test]
    fn one_comes_back_to_our_own_pages_only() {
        for good in ["/dashboard", "/dashboard/environments/x?a=b#c"] {
            assert_eq!(own_place(Some(good)), good);
        }
        for bad in [
            "",
            "//evil.example",
            "https://evil.example/dashboard",
            "/dashboards",
            "/dashboard//evil.example",
            "/dashboard\\evil",
            "/dashboard/../admin",
            "/dashboard/%2E%2e/auth/google",
            "/dashboard/./x",
            "/dashboard/\r\nx: y",
            "/admin/v1/me",
        ] {
            assert_eq!(own_place(Some(bad)), "/dashboard", "{bad:?}");
        }
        assert_eq!(own_place(None), "/dashboard");
    }
}
