use axum::Json;
use serde_json::Value;

use crate::extract::ConnectedUser;

/// The integrations of the environment
///
/// Empty until integrations can be set up; the SDK asks for the list when it signs in.
#[utoipa::path(
    get, path = "/projects/{environment}/sdk/integrations", tag = "Connect",
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    responses((status = 200, description = "The integrations", body = Vec<Object>)),
)]
pub(super) async fn list_integrations(ConnectedUser(_): ConnectedUser) -> Json<[Value; 0]> {
    Json([])
}

/// Names and icons of the integrations
///
/// Empty until integrations can be set up.
#[utoipa::path(
    get, path = "/projects/{environment}/sdk/metadata", tag = "Connect",
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    responses((status = 200, description = "Name, colour and icon of each", body = Vec<Object>)),
)]
pub(super) async fn list_integration_metadata(ConnectedUser(_): ConnectedUser) -> Json<[Value; 0]> {
    Json([])
}
