//! How this surface says no, and the other habits that its clients rely on. They live here and nowhere else:
//!
//! - `code` is a string, always. A 401 or 403 with any code but `7210` makes the browser SDK forget its user, so a token
//!   that lacks a permission is refused with exactly that code, and with the reasons under `meta.decision`.
//! - `meta` is an object, always.
//! - A token may come without the word `Bearer` (see [`crate::extract`]).
//! - Bodies are JSON even for unknown paths; anything else reaches an app as an empty message.

use axum::Json;
use axum::response::{IntoResponse, Response};
use hallpass_model::Error;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Failure;

/// The code by which the SDK knows a refusal that must not log the user out.
const INSUFFICIENT_PERMISSION: &str = "7210";

/// A refusal of the Connect surface.
#[derive(Serialize, ToSchema)]
pub(crate) struct Refusal {
    /// For people.
    message: String,
    /// For programs; `7210` is "the token lacks the permission".
    #[schema(example = "token_expired")]
    code: String,
    /// The HTTP status again.
    #[schema(example = 401)]
    status: u16,
    /// More: `pointer` into the token's payload or the body, `decision` for a denied permission.
    #[schema(value_type = Object)]
    meta: Map<String, Value>,
}

/// Writes a failure in this surface's envelope.
pub(crate) fn render(failure: &Failure) -> Response {
    let (error, status) = (failure.error(), failure.status());
    let refusal = Refusal {
        message: error.message().to_owned(),
        code: code_of(error).to_owned(),
        status: status.as_u16(),
        meta: meta_of(error),
    };
    let mut response = (status, Json(refusal)).into_response();
    let headers = response.headers_mut();
    if let Some(challenge) = challenge(error, status) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(secs) = error.retry_after_secs() {
        headers.insert(header::RETRY_AFTER, secs.into());
    }
    response
}

/// The challenge of RFC 6750, section 3; shared with the admin surface. What is wrong stands in the body.
pub(crate) fn challenge(error: &Error, status: StatusCode) -> Option<HeaderValue> {
    let challenge = match (status, error.code()) {
        (StatusCode::UNAUTHORIZED, "credentials_missing") => "Bearer",
        (StatusCode::UNAUTHORIZED, _) => "Bearer error=\"invalid_token\"",
        (StatusCode::BAD_REQUEST, "invalid_request") => "Bearer error=\"invalid_request\"",
        _ => return None,
    };
    Some(HeaderValue::from_static(challenge))
}

fn code_of(error: &Error) -> &str {
    match error.code() {
        "insufficient_permission" => INSUFFICIENT_PERMISSION,
        code => code,
    }
}

fn meta_of(error: &Error) -> Map<String, Value> {
    let mut meta = match error.meta() {
        Some(Value::Object(meta)) => meta.clone(),
        Some(other) => Map::from_iter([("detail".to_owned(), other.clone())]),
        None => Map::new(),
    };
    if let Some(pointer) = error.pointer() {
        meta.entry("pointer")
            .or_insert_with(|| Value::String(pointer.to_owned()));
    }
    meta
}
