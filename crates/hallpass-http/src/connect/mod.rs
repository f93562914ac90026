//! What the browser SDK and backends call with a user token.

mod compat;
mod explain;
mod integrations;
mod me;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::AppState;

pub(crate) use compat::{challenge, render};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(me::read_me, me::update_me))
        .routes(routes!(integrations::list_integrations))
        .routes(routes!(integrations::list_integration_metadata))
        .routes(routes!(explain::explain_own_decision))
}
