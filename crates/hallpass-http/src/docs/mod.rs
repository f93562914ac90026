//! The OpenAPI document, made from the routes, and the reference page, made from the document.

mod codes;
mod complete;
mod curl;
mod html;
mod page;
pub(crate) mod provider_schemas;
pub(crate) mod schemas;
pub(crate) mod sign_in_schemas;

use axum::Router;
use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::{AppState, HttpSettings, router};

/// The pages need their own style sheet and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The OpenAPI document of every route, as committed in `docs/openapi.json`.
#[must_use]
pub fn openapi() -> Value {
    let (_, document) = router::routes().split_for_parts();
    complete::complete(&document)
}

/// The document and the pages that show it.
pub(crate) fn pages(document: &OpenApi, settings: &HttpSettings) -> Router<AppState> {
    let document = complete::complete(document);
    let reference = page::reference(&document, settings.public_url.as_deref());
    Router::new()
        .route("/", page(page::WELCOME.into()))
        .route("/docs", page(reference.into()))
        .route("/docs/style.css", get(read_style))
        .route(
            "/openapi.json",
            get(async move || axum::Json(document.clone())),
        )
}

fn page(html: Bytes) -> axum::routing::MethodRouter<AppState> {
    get(async move || {
        (
            [
                (CONTENT_TYPE, "text/html; charset=utf-8"),
                (CONTENT_SECURITY_POLICY, PAGE_POLICY),
            ],
            html.clone(),
        )
    })
}

async fn read_style() -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, "text/css; charset=utf-8"),
            (CACHE_CONTROL, "public, max-age=300"),
        ],
        include_str!("../../assets/docs.css"),
    )
}
