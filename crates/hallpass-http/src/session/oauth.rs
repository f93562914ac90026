//! Signing in with a service that vouches for people: there, back, and the client that waits.
//!
//! A link to `/auth/google` signs in the session that it names. Where the browser holds that session itself, it goes to the service at
//! once. Where it does not, somebody may have sent the link to get their own session signed in as somebody else: then the page says so,
//! names the page that asks, and goes on only when the person does.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use hallpass_core::{OauthEnd, OauthOutcome, OauthStanding, OauthVisit};
use hallpass_model::Error;
use http::header::HOST;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::compat::SessionRefusal;
use super::extract::Visitor;
use super::pages::browser::browser_of;
use super::pages::view::{BackPage, Frame, LeavePage, render};
use super::pages::visit::{Visit, refuse};
use crate::form::Form;
use crate::{AppState, Failure};

/// More than any provider posts.
const MAX_FORM_BYTES: usize = 16 * 1024;
/// What of a posted callback goes on.
const CALLBACK_FIELDS: [&str; 5] = ["state", "code", "error", "iss", "user"];

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(await_oauth_sign_in))
        // Pages are for people; the document describes what programs call.
        .route("/auth/{provider}", get(leave))
        .route("/auth/{provider}/continue", get(leave_confirmed))
        .route(
            "/auth/{provider}/callback",
            get(come_back).post(come_back_by_form),
        )
}

/// Whether a path is that of a visit to a service.
pub(super) fn is_visit(path: &str) -> bool {
    const WORDS: [&str; 6] = [
        "google",
        "twitter",
        "discord",
        "facebook",
        "apple",
        "custom_oidc",
    ];
    let mut steps = path.split('/').skip(1);
    let (first, word, last, more) = (steps.next(), steps.next(), steps.next(), steps.next());
    let is_word = word.is_some_and(|word| WORDS.contains(&word) || word.starts_with("oidc-"));
    first == Some("auth")
        && is_word
        && matches!(last, None | Some("continue" | "callback"))
        && more.is_none()
}

/// Sends the browser to the service, or asks first.
async fn leave(
    State(app): State<AppState>,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    visit: Visit,
) -> Response {
    if let Some(home) = elsewhere(&visit, &headers) {
        let query = query.unwrap_or_default();
        return Redirect::to(&format!("{home}/auth/{word}?{query}")).into_response();
    }
    if visit.is_holder {
        return go(&app, &word, visit).await;
    }
    let providers = &app.services.sign_in_providers;
    let button = match providers.button(visit.app.environment(), &word).await {
        Ok(button) => button,
        Err(error) => return refuse(error),
    };
    let page = LeavePage {
        frame: visit.frame(),
        path: button.path_word,
        service: button.label,
    };
    visit.known(render(StatusCode::OK, &page))
}

/// Sends the browser to the service, because the person said so on our page.
async fn leave_confirmed(
    State(app): State<AppState>,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    visit: Visit,
) -> Response {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    match visit.require_form(&headers, form.get("token")) {
        Ok(()) => go(&app, &word, visit).await,
        Err(error) => refuse(error),
    }
}

async fn go(app: &AppState, word: &str, visit: Visit) -> Response {
    let leaving = OauthVisit {
        app: &visit.app,
        key_text: visit.params.api_key.as_deref().unwrap_or_default(),
        session: &visit.session,
        browser: &visit.browser,
        origin: &visit.place.origin,
        link: visit.params.linked_account,
    };
    match app.services.oauth.begin(&leaving, word).await {
        Ok(url) => visit.known(Redirect::to(&url).into_response()),
        Err(error) => refuse(error),
    }
}

/// Where this server has another address than the one that the browser used. Cookies of the one do not reach the other, and the service
/// sends people back to the configured one.
fn elsewhere(visit: &Visit, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let origin = visit.place.origin.as_str();
    let (_, authority) = origin.split_once("://")?;
    (!authority.eq_ignore_ascii_case(host)).then(|| origin.to_owned())
}

/// Takes the browser back.
async fn come_back(
    State(app): State<AppState>,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let browser = browser_of(&headers, &*app.services.rng);
    let query = query.unwrap_or_default();
    let outcome = app.services.oauth.finish(&browser, &word, &query).await;
    match outcome {
        Ok(outcome) => render(StatusCode::OK, &back_page(outcome)),
        Err(error) => refuse(error),
    }
}

/// Takes up what a service posted. The browser left our cookie at home, because another site made it post; it brings it along when it
/// follows the redirect.
async fn come_back_by_form(Path(word): Path<String>, body: Bytes) -> Response {
    if body.len() > MAX_FORM_BYTES || !is_visit(&format!("/auth/{word}")) {
        return refuse(Error::invalid_request(
            "oauth_callback_malformed",
            "the provider sent nothing that can be read; begin again in the app",
        ));
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(&body) {
        if CALLBACK_FIELDS.contains(&&*name) {
            query.append_pair(&name, &value);
        }
    }
    let query = query.finish();
    Redirect::to(&format!("/auth/{word}/callback?{query}")).into_response()
}

fn back_page(outcome: OauthOutcome) -> BackPage {
    let app = outcome.app.unwrap_or_else(|| "the app".to_owned());
    let service = outcome.provider;
    let (step, title, words, advice) = match outcome.end {
        OauthEnd::SignedIn => (
            "done",
            "You are signed in",
            format!("to {app} with {service}"),
            "You can close this window and go back to the app.",
        ),
        OauthEnd::Linked => (
            "done",
            "Your accounts are linked",
            format!("{app} knows you by {service} too"),
            "You can close this window and go back to the app.",
        ),
        OauthEnd::Conflict => (
            "refused",
            "This belongs to another account",
            format!(
                "What {service} says of you leads to another account of {app}, or to two. Nothing was changed."
            ),
            "Sign in the way you did before; there you can link this one, or unlink it.",
        ),
        OauthEnd::Denied => (
            "refused",
            "You are not signed in",
            format!("You did not agree at {service}. Nothing was changed."),
            "Close this window. In the app you can try again, or sign in another way.",
        ),
        OauthEnd::Refused => (
            "refused",
            "You are not signed in",
            format!(
                "{service} did not let you in, or is not set up correctly. Nothing was changed."
            ),
            "Close this window. In the app you can try again, or sign in another way.",
        ),
    };
    BackPage {
        frame: Frame {
            app,
            ..Frame::default()
        },
        step,
        title,
        words,
        advice,
    }
}

/// Wait for a sign-in with a service
///
/// An empty object until somebody has signed in for the session; then who. Errors at the service show on its page only.
#[utoipa::path(
    post, path = "/users/verify-oauth", tag = "Sign-in",
    responses(
        (status = 200, description = "`{}`, or `stage` `done` with `userId`, `auth` and what is shown of the person", body = Object),
        (status = 401, description = "`api_key_invalid`", body = SessionRefusal),
    ),
)]
pub(super) async fn await_oauth_sign_in(
    State(app): State<AppState>,
    Visitor(caller, outgoing): Visitor,
) -> Result<Response, Failure> {
    let standing = app.services.oauth.standing(&caller).await?;
    let body = standing.map_or_else(|| json!({}), done_stage);
    Ok(outgoing.answer(&app, &caller, body))
}

fn done_stage(standing: OauthStanding) -> Value {
    let mut stage = Map::from_iter([
        ("stage".to_owned(), json!("done")),
        ("userId".to_owned(), json!(standing.account.to_string())),
        ("auth".to_owned(), auth_of(&standing)),
        ("authMethods".to_owned(), json!([])),
        ("isNewUser".to_owned(), json!(standing.is_new)),
    ]);
    for (name, value) in [
        ("displayName", standing.profile.display_name),
        ("username", standing.profile.username),
        ("pfpUrl", standing.profile.picture_url),
    ] {
        if let Some(value) = value {
            stage.insert(name.to_owned(), json!(value));
        }
    }
    Value::Object(stage)
}

/// Clients know five sorts of people and break on others. Somebody whom only a service knows, without an address, is `email` for them:
/// with a text like `x:12345`, which nobody can take for an address.
fn auth_of(standing: &OauthStanding) -> Value {
    let login = &standing.login;
    match login.auth_type() {
        "phone" => json!({ "phone": login.shown }),
        "telegram" => json!({ "telegramUserId": login.identifier }),
        "externalWallet" => json!({ "externalWalletAddress": login.shown }),
        _ => json!({ "email": login.shown }),
    }
}

#[cfg(test)]
mod tests {
    use super::is_visit;

    #[test]
    fn visits_are_told_from_what_programs_call() {
        for path in [
            "/auth/google",
            "/auth/twitter/callback",
            "/auth/custom_oidc/continue",
            "/auth/oidc-acme-staff/callback",
        ] {
            assert!(is_visit(path), "{path}");
        }
        for path in [
            "/auth",
            "/auth/jwt",
            "/auth/farcaster/init",
            "/auth/google/other",
            "/auth/google/callback/more",
            "/users/google",
        ] {
            assert!(!is_visit(path), "{path}");
        }
    }
}
