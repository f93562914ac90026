//! What the pages load. An update is seen at once: browsers ask each time whether they have the present one.

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::BASE64URL_NOPAD;
use hallpass_model::Error;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

use crate::{AppState, Failure};

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal: $kind:expr),+ $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("../../assets/dashboard/", $name)))),+]
    };
}

const FILES: &[(&str, &str, &str)] = files! {
    "dashboard.css": STYLE,
    "api.mjs": SCRIPT,
    "base.mjs": SCRIPT,
    "passkey.mjs": SCRIPT,
};

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/dashboard/assets/{name}", get(read))
}

async fn read(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let found = FILES.iter().find(|(known, _, _)| *known == name);
    let (_, kind, text) = found.ok_or_else(|| Error::not_found("file"))?;
    let tag = format!(
        "\"{}\"",
        BASE64URL_NOPAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..12])
    );
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.contains(&tag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let fixed = [(CONTENT_TYPE, *kind), (CACHE_CONTROL, "no-cache")];
    Ok((fixed, [(ETAG, tag)], *text).into_response())
}
