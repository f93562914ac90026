use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use hallpass_model::Error;
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    AppState, Failure, admin, connect, dashboard, docs, door, measure, ops, post, session,
};

/// Everything this server answers, on one listener. `Host` is not looked at.
pub fn app(state: AppState) -> Router {
    measure::exposition();
    let (router, document) = routes().split_for_parts();
    router
        .merge(docs::pages(&document, &state.settings))
        .merge(post::pages(&state.services))
        .merge(dashboard::pages())
        .fallback(async || Failure::no_such_path())
        .method_not_allowed_fallback(async || method_not_allowed())
        // The last one added is passed first.
        .layer(from_fn(door::refuse_credentials_in_form))
        .layer(from_fn(door::refuse_own_deliveries))
        .layer(from_fn(door::keep_deadline))
        .layer(CatchPanicLayer::custom(door::answer_panic))
        .layer(from_fn_with_state(state.clone(), door::attend))
        .with_state(state)
}

/// Every documented route, and the document that they make together.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(OpenApi::default())
        .merge(connect::routes())
        .merge(admin::routes())
        .merge(session::routes())
        .merge(ops::routes())
}

fn method_not_allowed() -> Failure {
    Failure::with_status(
        StatusCode::METHOD_NOT_ALLOWED,
        Error::invalid_request(
            "method_not_allowed",
            "this path does not take this method; `Allow` names those it takes",
        ),
    )
}
