//! A refusal as a page. It shows nothing of what was sent.

use askama::Template;
use axum::response::Response;
use http::header::RETRY_AFTER;

use super::view::page_with;
use crate::Failure;
use crate::failure::sentence;

#[derive(Template)]
#[template(path = "dashboard/refused.html")]
struct RefusedPage<'a> {
    title: &'static str,
    message: String,
    code: &'a str,
    request_id: &'a str,
}

/// Writes the page of a refusal.
pub(crate) fn render(failure: &Failure, request_id: &str) -> Response {
    let error = failure.error();
    let title = match failure.status().as_u16() {
        401 => "Sign in first",
        403 => "This is not for you to do",
        404 => "There is nothing here",
        409 | 412 => "Somebody else was faster",
        503 => "Something is not ready",
        500..=599 => "Something went wrong",
        _ => "This cannot be done",
    };
    let page = RefusedPage {
        title,
        message: sentence(error.message()),
        code: error.code(),
        request_id,
    };
    let mut response = page_with(failure.status(), &page);
    if let Some(secs) = error.retry_after_secs() {
        response.headers_mut().insert(RETRY_AFTER, secs.into());
    }
    response
}
