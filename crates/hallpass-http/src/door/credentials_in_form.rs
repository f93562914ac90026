use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hallpass_model::Error;
use http::header;
use tokio::sync::Semaphore;

use crate::extract::{collect, elsewhere, holds_access_token};
use crate::{Failure, dashboard};

/// Bytes of a form of the dashboard, where a whole metadata object, a permission claim or a token may stand in a field.
pub(crate) const FORM_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of a form elsewhere that are looked at. No route reads one so large, so a larger one is refused either way.
const OTHER_FORM_BYTES: usize = 64 * 1024;

/// How many large forms are read and answered at once: each may take some ten times its size, and comes before anybody is
/// known.
static LARGE_FORMS: Semaphore = Semaphore::const_new(8);

/// A form with the field `access_token` is refused before anybody asks for credentials, so that the sender learns what is
/// wrong (RFC 6750, section 2.2, is not supported).
pub(crate) async fn refuse_credentials_in_form(request: Request, next: Next) -> Response {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("application/x-www-form-urlencoded")
        });
    if !is_form {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let length = body.size_hint().upper().unwrap_or(u64::MAX);
    let is_large = length > OTHER_FORM_BYTES as u64;
    let turn = if is_large && dashboard::is_page(parts.uri.path()) {
        match LARGE_FORMS.try_acquire() {
            Ok(turn) => Some(turn),
            Err(_) => return busy().into_response(),
        }
    } else {
        None
    };
    let most = if turn.is_some() {
        FORM_BYTES
    } else {
        OTHER_FORM_BYTES
    };
    // The turn ends with the answer, which may hold what was typed.
    match collect(body, most).await {
        Err(failure) => failure.into_response(),
        Ok(form) if holds_access_token(&form) => Failure::from(elsewhere("a form")).into_response(),
        Ok(form) => next.run(Request::from_parts(parts, Body::from(form))).await,
    }
}

fn busy() -> Failure {
    Error::unavailable(
        "too_many_forms",
        "many large forms are being read just now; send it again in a moment",
    )
    .retry_after(1)
    .into()
}
