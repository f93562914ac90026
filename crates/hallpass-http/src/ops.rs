use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{AppState, measure};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(read_liveness))
        .routes(routes!(read_readiness))
        .routes(routes!(read_metrics))
}

/// Whether the process runs.
#[derive(Serialize, ToSchema)]
struct Liveness {
    /// Always `true`; a process that cannot say so does not answer.
    ok: bool,
}

/// Whether requests can be served, and what was looked at.
#[derive(Serialize, ToSchema)]
struct ReadinessView {
    /// Whether every check is good.
    ok: bool,
    /// The checks.
    checks: Vec<CheckView>,
}

#[derive(Serialize, ToSchema)]
struct CheckView {
    /// What was looked at.
    name: &'static str,
    /// Whether it is good.
    ok: bool,
    /// What was found.
    detail: String,
}

/// The process runs
///
/// For liveness probes: looks at nothing else.
#[utoipa::path(
    get, path = "/healthz", tag = "Operations",
    responses((status = 200, description = "It does", body = Liveness)),
)]
async fn read_liveness() -> Json<Liveness> {
    Json(Liveness { ok: true })
}

/// Ready for requests
///
/// For readiness probes and load balancers: database, schema and trust state.
#[utoipa::path(
    get, path = "/readyz", tag = "Operations",
    responses(
        (status = 200, description = "Every check is good", body = ReadinessView),
        (status = 503, description = "One is not; its `detail` says why", body = ReadinessView),
    ),
)]
async fn read_readiness(State(app): State<AppState>) -> Response {
    let ready = app.services.health.ready().await;
    let status = if ready.ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let checks = ready.checks.into_iter().map(|check| CheckView {
        name: check.name,
        ok: check.ok,
        detail: check.detail,
    });
    let view = ReadinessView {
        ok: ready.ok,
        checks: checks.collect(),
    };
    (status, Json(view)).into_response()
}

/// Numbers for Prometheus
///
/// Text exposition format. Labels hold route templates, methods, statuses and reasons; never an id.
#[utoipa::path(
    get, path = "/metrics", tag = "Operations",
    responses((status = 200, description = "The numbers", body = String, content_type = "text/plain")),
)]
async fn read_metrics() -> impl IntoResponse {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        measure::exposition().render(),
    )
}
