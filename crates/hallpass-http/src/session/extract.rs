use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use hallpass_core::{AppCaller, SessionCaller};
use hallpass_model::{ApiKeyKind, Error, ErrorKind};
use http::header::ORIGIN;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde::Serialize;

use super::compat::{self, KEY_HEADER};
use crate::extract::{client_address, within_budget};
use crate::{AppState, Failure};

/// The app that named its environment with a key of either kind.
pub(crate) struct App(pub(crate) AppCaller);

/// A backend that named its environment with a secret key.
pub(crate) struct SecretApp(pub(crate) AppCaller);

/// A client with a session; it was begun for this request if there was none.
pub(crate) struct Visitor(pub(crate) SessionCaller, pub(crate) Outgoing);

/// A client in whose session somebody is signed in.
pub(crate) struct SignedIn(pub(crate) SessionCaller, pub(crate) Outgoing);

/// What the client will be told of its session, whatever becomes of the request. A secret that was exchanged on the way
/// in must reach the client with a refusal too.
#[derive(Clone, Default)]
pub(crate) struct Outgoing(Arc<Mutex<Option<HeaderValue>>>);

impl Outgoing {
    /// Notes the session as it is now.
    pub(crate) fn note(&self, caller: &SessionCaller, secure: bool) {
        let value = compat::value_of(caller, secure);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = value;
    }

    /// What was noted last.
    pub(crate) fn take(&self) -> Option<HeaderValue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// 200 with the session as it is now.
    pub(crate) fn answer(
        &self,
        app: &AppState,
        caller: &SessionCaller,
        body: impl Serialize,
    ) -> Response {
        self.note(caller, app.settings.is_secure());
        Json(body).into_response()
    }
}

impl FromRequestParts<AppState> for App {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let key = one_header(&parts.headers, &KEY_HEADER)?.ok_or_else(key_missing)?;
        let origin = one_header(&parts.headers, &ORIGIN)?;
        let authentication = app.services.api_keys.authenticate(key, origin);
        Ok(Self(within_budget(parts, app, authentication).await?))
    }
}

impl FromRequestParts<AppState> for SecretApp {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let App(caller) = App::from_request_parts(parts, app).await?;
        if caller.kind == ApiKeyKind::Secret {
            return Ok(Self(caller));
        }
        Err(Error::forbidden(
            "secret_key_needed",
            "this is for backends: send a secret key (sk_...) in x-external-api-key, never one that ships in an app",
        )
        .into())
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let App(caller) = App::from_request_parts(parts, app).await?;
        let caller = opened(parts, app, caller).await?;
        let outgoing = noted(parts, app, &caller);
        Ok(Self(caller, outgoing))
    }
}

/// The client's session. Each new one is a row, so an address that began too many must come with one that counts.
async fn opened(parts: &Parts, app: &AppState, caller: AppCaller) -> Result<SessionCaller, Error> {
    let presented = compat::presented(&parts.headers);
    let sessions = &app.services.sessions;
    let trusted = &app.settings.trusted_proxies;
    let Some(address) = client_address(&parts.extensions, &parts.headers, trusted) else {
        return sessions.open(caller, presented).await;
    };
    let now = app.services.clock.monotonic();
    if let Some(secs) = app.visits.exhausted(address, now) {
        let found = sessions.require(caller, presented).await;
        return found.map_err(|error| match error.kind() {
            ErrorKind::Unauthenticated => Error::too_many_requests(
                "RATE_LIMITED",
                "too many new sessions from this address; try again later",
            )
            .retry_after(secs),
            _ => error,
        });
    }
    let opened = sessions.open(caller, presented).await?;
    if opened.is_fresh {
        app.visits.spend(address, now);
    }
    Ok(opened)
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let App(caller) = App::from_request_parts(parts, app).await?;
        let presented = compat::presented(&parts.headers);
        let sessions = &app.services.sessions;
        let caller = sessions.require_signed_in(caller, presented).await?;
        let outgoing = noted(parts, app, &caller);
        Ok(Self(caller, outgoing))
    }
}

fn noted(parts: &Parts, app: &AppState, caller: &SessionCaller) -> Outgoing {
    let outgoing = parts.extensions.get::<Outgoing>().cloned();
    let outgoing = outgoing.unwrap_or_default();
    outgoing.note(caller, app.settings.is_secure());
    outgoing
}

/// A header that is sent once, if at all.
fn one_header<'h>(
    headers: &'h HeaderMap,
    name: &http::HeaderName,
) -> Result<Option<&'h str>, Error> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let malformed = || {
        Error::invalid_request(
            "invalid_request",
            format!("`{name}` is sent once, in printable ASCII"),
        )
    };
    if values.next().is_some() {
        return Err(malformed());
    }
    value.to_str().map(Some).map_err(|_| malformed())
}

fn key_missing() -> Error {
    Error::unauthenticated(
        "api_key_missing",
        "Invalid API key: send the environment's key as x-external-api-key",
    )
}
