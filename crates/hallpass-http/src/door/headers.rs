use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

use crate::surface::Surface;

/// Headers of every answer. What a handler set itself stays.
///
/// The Connect surface gets none that isolate windows or frames: its popups talk to the page that opened them. Pages of
/// the session surface say themselves who may frame them.
pub(super) fn finish(response: &mut Response, surface: Surface, request_id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    default(headers, CACHE_CONTROL, "no-store");
    default(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(headers, REFERRER_POLICY, "no-referrer");
    if !matches!(surface, Surface::Connect | Surface::Session | Surface::Page) {
        default(headers, X_FRAME_OPTIONS, "DENY");
    }
    if surface != Surface::Connect {
        default(
            headers,
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        );
    }
}

fn default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers
        .entry(name)
        .or_insert(HeaderValue::from_static(value));
}
