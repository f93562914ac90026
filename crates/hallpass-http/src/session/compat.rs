//! How this surface speaks, for clients that cannot be changed:
//!
//! - Success is 200, never 201 or 204.
//! - A refusal is JSON `{message, code, data}` for callers that say `x-para-structured-errors: 1`; older ones read plain
//!   text and break on JSON.
//! - The session's secret travels in `x-capsule-sid`, both ways, as a cookie's line: clients read `Expires=` in it. What
//!   comes back may be that line, or the secret alone.

use axum::response::{IntoResponse, Response};
use hallpass_core::SessionCaller;
use hallpass_model::Timestamp;
use http::header::{COOKIE, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::Failure;
use crate::time::http_date;

/// Carries the session's secret.
pub(crate) const SESSION_HEADER: HeaderName = HeaderName::from_static("x-capsule-sid");
/// Names the app.
pub(crate) const KEY_HEADER: HeaderName = HeaderName::from_static("x-external-api-key");
/// The caller reads refusals as JSON.
const STRUCTURED_HEADER: HeaderName = HeaderName::from_static("x-para-structured-errors");
const COOKIE_NAME: &str = "capsule.sid";

/// A refusal of the session surface.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionRefusal {
    /// For people.
    message: String,
    /// For programs.
    #[schema(example = "not_signed_in")]
    code: String,
    /// More, such as `pointer` into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}

/// Whether the caller reads refusals as JSON.
pub(crate) fn wants_structure(headers: &HeaderMap) -> bool {
    headers
        .get(STRUCTURED_HEADER)
        .is_some_and(|value| value == "1")
}

/// Writes a failure as the caller reads it.
pub(crate) fn render(failure: &Failure, structured: bool) -> Response {
    let error = failure.error();
    let mut response = if structured {
        let refusal = SessionRefusal {
            message: error.message().to_owned(),
            code: error.code().to_owned(),
            data: data_of(error),
        };
        (failure.status(), axum::Json(refusal)).into_response()
    } else {
        (failure.status(), error.message().to_owned()).into_response()
    };
    if let Some(secs) = error.retry_after_secs() {
        response.headers_mut().insert(RETRY_AFTER, secs.into());
    }
    response
}

fn data_of(error: &hallpass_model::Error) -> Option<Value> {
    let mut data = match error.meta() {
        Some(Value::Object(meta)) => meta.clone(),
        Some(other) => serde_json::Map::from_iter([("detail".to_owned(), other.clone())]),
        None => serde_json::Map::new(),
    };
    if let Some(pointer) = error.pointer() {
        data.insert("pointer".to_owned(), pointer.into());
    }
    (!data.is_empty()).then_some(Value::Object(data))
}

/// The secret that the request presents: in the header, else in the cookie.
pub(crate) fn presented(headers: &HeaderMap) -> Option<&str> {
    if let Some(value) = headers.get(SESSION_HEADER) {
        return value.to_str().ok().map(secret_in);
    }
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE_NAME).then_some(value))
}

/// A cookie's line or the bare secret.
fn secret_in(text: &str) -> &str {
    let first = text.split(';').next().unwrap_or_default().trim();
    match first.split_once('=') {
        Some((COOKIE_NAME, secret)) => secret,
        _ => first,
    }
}

/// What the client keeps of its session.
pub(crate) fn value_of(caller: &SessionCaller, secure: bool) -> Option<HeaderValue> {
    line(caller.token(), caller.session.expires_at, secure)
}

/// Tells the client of its session: in the header for every client, in a cookie for browsers.
pub(crate) fn hand_out(headers: &mut HeaderMap, value: HeaderValue) {
    headers.insert(SESSION_HEADER, value.clone());
    headers.append(SET_COOKIE, value);
}

fn line(token: &str, expires_at: Timestamp, secure: bool) -> Option<HeaderValue> {
    let expires = http_date(expires_at);
    let secure = if secure { "; Secure" } else { "" };
    let line =
        format!("{COOKIE_NAME}={token}; Path=/; Expires={expires}; HttpOnly; SameSite=Lax{secure}");
    let mut value = HeaderValue::from_str(&line).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_found_in_a_line_alone_or_in_a_cookie() {
        for (name, text, expected) in [
            ("x-capsule-sid", "hps_a", Some("hps_a")),
            (
                "x-capsule-sid",
                "capsule.sid=hps_a; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                Some("hps_a"),
            ),
            ("cookie", "a=b; capsule.sid=hps_a; c=d", Some("hps_a")),
            ("cookie", "xcapsule.sid=hps_a", None),
            ("other", "hps_a", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(text),
            );
            assert_eq!(presented(&headers), expected, "{name}: {text}");
        }
        let mut both = HeaderMap::new();
        both.insert(SESSION_HEADER, HeaderValue::from_static("hps_header"));
        both.insert(COOKIE, HeaderValue::from_static("capsule.sid=hps_cookie"));
        assert_eq!(presented(&both), Some("hps_header"));
    }

    #[test]
    fn the_line_reads_like_a_cookie_with_an_end() {
        let line = line("hps_a", Timestamp::from_secs(1_795_334_400), true);
        assert_eq!(
            line.as_ref().and_then(|line| line.to_str().ok()),
            Some(
                "capsule.sid=hps_a; Path=/; Expires=Sun, 22 Nov 2026 08:00:00 GMT; HttpOnly; SameSite=Lax; Secure"
            )
        );
    }
}
