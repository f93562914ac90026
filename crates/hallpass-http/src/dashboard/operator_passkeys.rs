//! Passkeys of operators in a browser. The ceremonies need a script, so they speak JSON.

use std::net::IpAddr;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use hallpass_core::PagePlace;
use hallpass_model::{Error, OperatorPasskeyId};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::view::done;
use super::{Posted, Support, origin, sign_in};
use crate::ceremony::{self, ANSWER_BYTES, Answer, Made, Nothing, Wish};
use crate::extract::{Client, Id, StrictJson, Support as SupportCaller};
use crate::session::{addressed, host_of};
use crate::{AppState, Failure};

/// A new passkey and its owner's word for it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    passkey: Made,
}

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/dashboard/sign-in/passkey/begin", post(begin_sign_in))
        .route("/dashboard/sign-in/passkey", post(finish_sign_in))
        .route("/dashboard/passkeys/begin", post(begin_registration))
        .route("/dashboard/passkeys", post(finish_registration))
        .route(
            "/dashboard/passkeys/{operator_passkey}/remove",
            post(remove),
        )
}

async fn begin_sign_in(
    State(app): State<AppState>,
    Client(client): Client,
    headers: HeaderMap,
    StrictJson(Nothing {}): StrictJson<Nothing>,
) -> Result<Json<Value>, Failure> {
    origin::require_same(&headers)?;
    within_visits(&app, client)?;
    let question = app.services.operator_passkeys.begin_sign_in().await?;
    let host = place(&app, &headers).host;
    Ok(Json(ceremony::question(
        &question.challenge,
        question.secs,
        &host,
    )))
}

async fn finish_sign_in(
    State(app): State<AppState>,
    Client(client): Client,
    headers: HeaderMap,
    StrictJson(answer): StrictJson<Answer, ANSWER_BYTES>,
) -> Result<Response, Failure> {
    origin::require_same(&headers)?;
    within_visits(&app, client)?;
    let place = place(&app, &headers);
    let browser = sign_in::browser(&headers);
    let passkeys = &app.services.operator_passkeys;
    let opened = passkeys
        .finish_sign_in(&place, &answer.into(), browser)
        .await?;
    let mut response = Json(json!({})).into_response();
    sign_in::seat(&app, &headers, &mut response, &opened);
    Ok(response)
}

async fn begin_registration(
    State(app): State<AppState>,
    SupportCaller(caller): SupportCaller,
    headers: HeaderMap,
    StrictJson(Nothing {}): StrictJson<Nothing>,
) -> Result<Json<Value>, Failure> {
    let passkeys = &app.services.operator_passkeys;
    let invited = passkeys.begin_registration(&caller).await?;
    let host = place(&app, &headers).host;
    Ok(Json(ceremony::invitation(&Wish {
        challenge: &invited.question.challenge,
        secs: invited.question.secs,
        host: &host,
        place_name: "Hallpass",
        user_handle: &invited.user_handle,
        user_name: &invited.user_name,
        known: &invited.known,
    })))
}

async fn finish_registration(
    State(app): State<AppState>,
    SupportCaller(caller): SupportCaller,
    headers: HeaderMap,
    StrictJson(named): StrictJson<Named, ANSWER_BYTES>,
) -> Result<Json<Value>, Failure> {
    let place = place(&app, &headers);
    let passkeys = &app.services.operator_passkeys;
    let made = named.passkey.into();
    let passkey = passkeys
        .finish_registration(&caller, &place, named.name.trim(), &made)
        .await?;
    Ok(Json(json!({ "id": passkey.id.to_string() })))
}

async fn remove(
    State(app): State<AppState>,
    Id(id): Id<OperatorPasskeyId>,
    posted: Posted<Support>,
) -> Result<Response, Failure> {
    let passkeys = &app.services.operator_passkeys;
    passkeys.remove(&posted.seat.caller, id).await?;
    Ok(done("/dashboard/sessions", "passkey-removed"))
}

/// A question and its answer are writes of nobody yet, as a new session of a visitor is.
fn within_visits(app: &AppState, client: Option<IpAddr>) -> Result<(), Error> {
    let Some(address) = client else { return Ok(()) };
    let now = app.services.clock.monotonic();
    if let Some(secs) = app.visits.exhausted(address, now) {
        return Err(Error::too_many_requests(
            "too_many_sessions",
            "too many sign-ins from this address",
        )
        .retry_after(secs));
    }
    app.visits.spend(address, now);
    Ok(())
}

fn place(app: &AppState, headers: &HeaderMap) -> PagePlace {
    let origin = addressed(app, headers);
    PagePlace {
        host: host_of(&origin).to_owned(),
        origin,
        framed_by: None,
    }
}
