//! What the pages load: a style sheet, a script, and a second style sheet for the look.

use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::look::Look;

const STYLE: &str = include_str!("../../../assets/pages/page.css");
const SCRIPT: &str = include_str!("../../../assets/pages/page.mjs");

/// Long enough for one visit, short enough for an update.
const KEEP: &str = "public, max-age=300";

pub(super) async fn read_style() -> Response {
    file("text/css; charset=utf-8", STYLE.to_owned())
}

pub(super) async fn read_script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT.to_owned())
}

/// Made from the address alone, so that every value is checked where it is used.
pub(super) async fn read_look(RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut look = Look::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        look.adjust(&name, &value);
    }
    file("text/css; charset=utf-8", look.style_sheet())
}

fn file(kind: &'static str, content: String) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, KEEP)], content).into_response()
}
