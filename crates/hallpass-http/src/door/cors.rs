use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

/// What a browser asked for. Everything asked is granted: user tokens travel in a header that no other site can add, and
/// no cookie counts here, so the page's origin decides nothing.
pub(super) struct Asked {
    origin: Option<HeaderValue>,
    method: Option<HeaderValue>,
    headers: Option<HeaderValue>,
}

impl Asked {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let find = |name| headers.get(name).cloned();
        Self {
            origin: find(ORIGIN),
            method: find(ACCESS_CONTROL_REQUEST_METHOD),
            headers: find(ACCESS_CONTROL_REQUEST_HEADERS),
        }
    }

    /// The answer to a preflight; no token is needed for it, on any path.
    pub(super) fn answer(&self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        let usual = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            self.method.clone().unwrap_or(usual),
        );
        if let Some(asked) = &self.headers {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
        self.allow_origin(headers);
        headers.insert(
            VARY,
            HeaderValue::from_static(
                "origin, access-control-request-method, access-control-request-headers",
            ),
        );
        response
    }

    /// Lets the page read an answer, refusals included.
    pub(super) fn expose(&self, headers: &mut HeaderMap) {
        self.allow_origin(headers);
        headers.append(VARY, HeaderValue::from_static("origin"));
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("x-request-id, retry-after, www-authenticate"),
        );
    }

    fn allow_origin(&self, headers: &mut HeaderMap) {
        if let Some(origin) = &self.origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    }
}
