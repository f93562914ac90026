use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::Failure;
use crate::connect::challenge;

/// A refusal, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `urn:hallpass:problem:<code>`, stable.
    #[schema(example = "urn:hallpass:problem:not_found")]
    r#type: String,
    /// The code in words.
    #[schema(example = "Not found")]
    title: String,
    /// The HTTP status again.
    #[schema(example = 404)]
    status: u16,
    /// What went wrong and what to do, for people.
    detail: String,
    /// For programs; see the list of codes.
    #[schema(example = "not_found")]
    code: String,
    /// Where in the body, as an RFC 6901 pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// More for programs, where there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    meta: Option<Value>,
    /// The path that was called.
    instance: String,
    /// The request's id, as in the log and in `X-Request-Id`.
    request_id: String,
}

/// Writes a failure as a problem.
pub(crate) fn render(failure: &Failure, request_id: &str, path: &str) -> Response {
    let (error, status) = (failure.error(), failure.status());
    let problem = Problem {
        r#type: format!("urn:hallpass:problem:{}", error.code()),
        title: title_of(error.code()),
        status: status.as_u16(),
        detail: error.message().to_owned(),
        code: error.code().to_owned(),
        pointer: error.pointer().map(str::to_owned),
        meta: error.meta().cloned(),
        instance: path.to_owned(),
        request_id: request_id.to_owned(),
    };
    let mut response = (status, Json(problem)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if let Some(challenge) = challenge(error, status) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(secs) = error.retry_after_secs() {
        headers.insert(header::RETRY_AFTER, secs.into());
    }
    response
}

fn title_of(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_ascii_uppercase().to_string() + chars.as_str(),
        None => words,
    }
}
