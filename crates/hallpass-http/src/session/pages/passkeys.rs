//! Passkeys in a browser: signing in with one, and the page where their owner makes, renames and removes them. The
//! ceremonies need a script, so they speak JSON; the rest are forms.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hallpass_model::{Error, Passkey, PasskeyId};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::sign_in::onward;
use super::view::{ConfirmPage, PasskeyRow, PasskeysPage, render};
use super::visit::{Visit, refuse};
use crate::ceremony::{self, ANSWER_BYTES, Answer, Made, Nothing, Wish};
use crate::extract::StrictJson;
use crate::failure::sentence;
use crate::form::Form;
use crate::time::rfc3339;
use crate::{AppState, Failure};

/// Carries the form's token where there is no form.
const TOKEN_HEADER: &str = "x-hallpass-form";

/// A refusal for the page's script.
pub(super) struct Refused(Failure);

impl<E: Into<Failure>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error = self.0.error();
        tracing::info!(code = error.code(), context = ?error.context().map(ToString::to_string), "a passkey was refused");
        let body = json!({ "code": error.code(), "message": sentence(error.message()) });
        (self.0.status(), Json(body)).into_response()
    }
}

pub(super) async fn begin_sign_in(
    State(app): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
    StrictJson(Nothing {}): StrictJson<Nothing>,
) -> Result<Json<Value>, Refused> {
    require_script(&visit, &headers)?;
    let passkeys = &app.services.passkeys;
    let question = passkeys
        .begin_sign_in(&visit.visitor(), &visit.place)
        .await?;
    let host = &visit.place.host;
    Ok(Json(ceremony::question(
        &question.challenge,
        question.secs,
        host,
    )))
}

pub(super) async fn finish_sign_in(
    State(app): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
    StrictJson(answer): StrictJson<Answer, ANSWER_BYTES>,
) -> Result<Json<Value>, Refused> {
    require_script(&visit, &headers)?;
    let passkeys = &app.services.passkeys;
    passkeys
        .finish_sign_in(&visit.visitor(), &answer.into())
        .await?;
    Ok(Json(json!({})))
}

pub(super) async fn begin_registration(
    State(app): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
    StrictJson(Nothing {}): StrictJson<Nothing>,
) -> Result<Json<Value>, Refused> {
    require_script(&visit, &headers)?;
    let passkeys = &app.services.passkeys;
    let invitation = passkeys
        .begin_registration(&visit.visitor(), &visit.place)
        .await?;
    let name = visit.app.sign_in().display_name.clone();
    Ok(Json(ceremony::invitation(&Wish {
        challenge: &invitation.challenge,
        secs: invitation.secs,
        host: &visit.place.host,
        place_name: name.as_deref().unwrap_or(&visit.place.host),
        user_handle: &invitation.user_handle,
        user_name: &invitation.user_name,
        known: &invitation.known,
    })))
}

pub(super) async fn finish_registration(
    State(app): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
    StrictJson(made): StrictJson<Made, ANSWER_BYTES>,
) -> Result<Json<Value>, Refused> {
    require_script(&visit, &headers)?;
    let passkeys = &app.services.passkeys;
    let passkey = passkeys
        .finish_registration(&visit.visitor(), &made.into())
        .await?;
    Ok(Json(
        json!({ "id": passkey.id.to_string(), "name": passkey.name }),
    ))
}

/// The passkeys of the account that this browser visits; with a ticket, the question whether to go on.
pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Response> {
    let passkeys = &app.services.passkeys;
    if let Some(ticket) = &visit.params.ticket {
        let who = passkeys.look_at_ticket(&visit.visitor(), ticket).await;
        let page = ConfirmPage {
            frame: visit.frame(),
            who: who.map_err(refuse)?,
            ticket: ticket.clone(),
        };
        return Ok(visit.known(render(StatusCode::OK, &page)));
    }
    list(&app, &visit, StatusCode::OK, None).await
}

/// Takes the ticket.
pub(super) async fn open(
    State(app): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let form = Form::parse(&body);
    visit
        .require_form(&headers, form.get("token"))
        .map_err(refuse)?;
    let ticket = form.get("ticket").unwrap_or_default();
    let taken = app
        .services
        .passkeys
        .take_ticket(&visit.visitor(), ticket)
        .await;
    taken.map_err(refuse)?;
    Ok(visit.known(onward("/auth/passkeys", &visit)))
}

pub(super) async fn rename(
    State(app): State<AppState>,
    Path(id): Path<String>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let form = Form::parse(&body);
    visit
        .require_form(&headers, form.get("token"))
        .map_err(refuse)?;
    let name = form.get("name").unwrap_or_default().trim();
    let id = parse(&id).map_err(refuse)?;
    let renamed = app
        .services
        .passkeys
        .rename(&visit.visitor(), id, name)
        .await;
    changed(&app, &visit, renamed).await
}

pub(super) async fn remove(
    State(app): State<AppState>,
    Path(id): Path<String>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let form = Form::parse(&body);
    visit
        .require_form(&headers, form.get("token"))
        .map_err(refuse)?;
    let id = parse(&id).map_err(refuse)?;
    let removed = app.services.passkeys.remove(&visit.visitor(), id).await;
    changed(&app, &visit, removed).await
}

async fn changed(
    app: &AppState,
    visit: &Visit,
    outcome: Result<(), Error>,
) -> Result<Response, Response> {
    match outcome {
        Ok(()) => Ok(visit.known(onward("/auth/passkeys", visit))),
        Err(error) if matches!(error.code(), "invalid_name" | "not_found") => {
            let failure = Failure::from(error);
            let problem = sentence(failure.error().message());
            list(app, visit, failure.status(), Some(problem)).await
        }
        Err(error) => Err(refuse(error)),
    }
}

async fn list(
    app: &AppState,
    visit: &Visit,
    status: StatusCode,
    problem: Option<String>,
) -> Result<Response, Response> {
    let listed = app.services.passkeys.list(&visit.visitor()).await;
    let (who, passkeys) = listed.map_err(refuse)?;
    let page = PasskeysPage {
        frame: visit.frame(),
        who: Some(who),
        problem,
        passkeys: passkeys.iter().map(row).collect(),
    };
    Ok(visit.known(render(status, &page)))
}

fn row(passkey: &Passkey) -> PasskeyRow {
    let day = |time| rfc3339(time).chars().take(10).collect::<String>();
    let made = day(passkey.created_at);
    let used = match passkey.last_used_at {
        Some(time) => format!("Made {made}, last used {}", day(time)),
        None => format!("Made {made}, not used yet"),
    };
    PasskeyRow {
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        used,
    }
}

fn parse(id: &str) -> Result<PasskeyId, Error> {
    id.parse().map_err(|_| Error::not_found("passkey"))
}

fn require_script(visit: &Visit, headers: &HeaderMap) -> Result<(), Error> {
    let token = headers
        .get(TOKEN_HEADER)
        .and_then(|token| token.to_str().ok());
    visit.require_form(headers, token)
}
