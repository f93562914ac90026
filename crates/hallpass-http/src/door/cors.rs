use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

/// What a browser asked for. Everything asked is granted: on the Connect surface user tokens travel in a header that no
/// other site can add, and no cookie counts; on the session surface the request itself names an environment, whose allowed
/// origins are checked then. A preflight names none.
pub(super) struct Asked {
    origin: Option<HeaderValue>,
    method: Option<HeaderValue>,
    headers: Option<HeaderValue>,
}

/// For who asks without saying which.
const USUAL_HEADERS: &str = "authorization, content-type, x-external-api-key, x-para-structured-errors, x-para-version, x-capsule-sid, x-partner-id, x-partner-config-override, x-para-capabilities";

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
        let usual_headers = HeaderValue::from_static(USUAL_HEADERS);
        headers.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            self.headers.clone().unwrap_or(usual_headers),
        );
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

    /// The same on the session surface: with cookies, and the session's secret in a header.
    pub(super) fn expose_session(&self, headers: &mut HeaderMap) {
        self.expose(headers);
        self.allow_credentials(headers);
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("x-capsule-sid, x-request-id, retry-after"),
        );
    }

    /// Lets a page send cookies along. Browsers take no `*` then, so without an origin nothing is said.
    pub(super) fn allow_credentials(&self, headers: &mut HeaderMap) {
        if self.origin.is_some() {
            headers.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }

    fn allow_origin(&self, headers: &mut HeaderMap) {
        if let Some(origin) = &self.origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    }
}
