//! The sign-in page: a code, a passkey or a service that vouches. The forms work without a script; a script adds passkeys.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use hallpass_core::Contact;
use hallpass_model::{Error, SignInProviderKind};
use http::{HeaderMap, StatusCode};

use super::params::Named;
use super::view::{DonePage, Service, SignInPage, render};
use super::visit::{Visit, refuse};
use crate::failure::sentence;
use crate::form::Form;
use crate::{AppState, Failure};

/// Shows the page. Nothing is sent by looking at it: only a form sends a code.
pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Response> {
    page(&app, &visit, StatusCode::OK, None).await
}

/// Sends a code: again in the flow that the address names, else to the address that the app or the person gave.
pub(super) async fn send(
    State(app): State<AppState>,
    mut visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let form = Form::parse(&body);
    visit
        .require_form(&headers, form.get("token"))
        .map_err(refuse)?;
    let codes = &app.services.codes;
    let (session, client) = (visit.session.id, visit.client);
    let sent = match (visit.params.flow, read_contact(&visit, &form)) {
        (Some(flow), _) => {
            codes
                .resend_on_page(&visit.app, session, flow, client)
                .await
        }
        (None, Ok(contact)) => {
            codes
                .send_on_page(&visit.app, session, contact, client)
                .await
        }
        (None, Err(error)) => Err(error),
    };
    match sent {
        Ok(sent) => {
            visit.params.flow = Some(sent.flow);
            Ok(visit.known(onward("/auth/sign-in", &visit)))
        }
        Err(error) => {
            if error.code() == "code_flow_unknown" {
                visit.params.flow = None;
            }
            retry(&app, &visit, error).await
        }
    }
}

/// Signs in whoever knows the code.
pub(super) async fn check(
    State(app): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let form = Form::parse(&body);
    visit
        .require_form(&headers, form.get("token"))
        .map_err(refuse)?;
    let code = form.get("code").unwrap_or_default();
    let flow = visit.params.flow.ok_or_else(|| refuse(no_flow()))?;
    let codes = &app.services.codes;
    let checked = codes
        .verify_on_page(&visit.app, visit.session.id, flow, code)
        .await;
    if let Err(error) = checked {
        return retry(&app, &visit, error).await;
    }
    let begun = app.services.passkeys.begin_visit(&visit.visitor()).await;
    begun.map_err(refuse)?;
    Ok(visit.known(onward("/auth/sign-in/done", &visit)))
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

/// The address that the app named; only where it named none, the one in the form.
fn read_contact(visit: &Visit, form: &Form) -> Result<Contact, Error> {
    let typed = |name| form.get(name).map(str::trim);
    match (&visit.params.contact, typed("email"), typed("phone")) {
        (Some(Named::Email(email)), ..) => Contact::email(email),
        (Some(Named::Phone(phone)), ..) => Contact::phone(phone),
        (None, Some(email), _) => Contact::email(email),
        (None, None, Some(phone)) => Contact::phone(phone),
        (None, None, None) => Err(no_flow()),
    }
}

fn no_flow() -> Error {
    Error::invalid_request(
        "page_form_empty",
        "no address was typed: open the page again",
    )
}

/// The page again, saying what was wrong; or, where trying again is no use, a page that says so.
async fn retry(app: &AppState, visit: &Visit, error: Error) -> Result<Response, Response> {
    let failure = Failure::from(error);
    let status = failure.status();
    let is_over = matches!(failure.error().code(), "session_over" | "page_form_empty");
    if is_over || (status.is_server_error() && failure.error().retry_after_secs().is_none()) {
        return Err(refuse(failure));
    }
    let problem = sentence(failure.error().message());
    page(app, visit, status, Some(problem)).await
}

async fn page(
    app: &AppState,
    visit: &Visit,
    status: StatusCode,
    problem: Option<String>,
) -> Result<Response, Response> {
    let settings = visit.app.sign_in();
    let named = visit.params.contact.as_ref();
    let pending = match visit.params.flow {
        Some(flow) => {
            let codes = &app.services.codes;
            let found = codes.find_flow(&visit.app, visit.session.id, flow).await;
            found.map_err(refuse)?
        }
        None => None,
    };
    let providers = &app.services.sign_in_providers;
    let buttons = providers.buttons(visit.app.environment()).await;
    let buttons = buttons.map_err(refuse)?.into_iter();
    // Telegram's own widget is a script of theirs: apps show it, this page does not.
    let buttons = buttons.filter(|button| button.kind != SignInProviderKind::Telegram);
    let services = buttons.map(|button| Service {
        path: button.path_word,
        name: button.label,
    });
    let page = SignInPage {
        frame: visit.frame(),
        other_query: visit.query_without_flow(),
        problem,
        elsewhere: !visit.is_holder,
        sent_to: pending.map(|contact| known_to_asker(contact.shown(), named)),
        send_to: named.map(|named| named.address().to_owned()),
        is_fixed: named.is_some(),
        takes_email: settings.email,
        takes_phone: settings.phone,
        passkeys: settings.passkeys,
        services: services.collect(),
    };
    Ok(visit.known(render(status, &page)))
}

/// The address of a code, in full only to whoever knows it already: the handle of a session is no secret.
fn known_to_asker(shown: &str, named: Option<&Named>) -> String {
    if named.is_some_and(|named| named.address().eq_ignore_ascii_case(shown)) {
        return shown.to_owned();
    }
    let first: String = shown.chars().take(2).collect();
    match shown.rsplit_once('@') {
        Some((_, domain)) => format!("{first}\u{2026}@{domain}"),
        None => {
            let last: Vec<char> = shown.chars().rev().take(2).collect();
            let last: String = last.into_iter().rev().collect();
            format!("{first}\u{2026}{last}")
        }
    }
}

pub(in crate::session) fn onward(path: &str, visit: &Visit) -> Response {
    Redirect::to(&format!("{path}?{}", visit.query())).into_response()
}
