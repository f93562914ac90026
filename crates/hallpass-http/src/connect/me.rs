use axum::Json;
use axum::extract::State;
use hallpass_core::Me;
use hallpass_model::{EnvironmentId, Metadata, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::compat::Refusal;
use crate::extract::{ConnectedUser, StrictJson};
use crate::{AppState, Failure};

/// Metadata and the braces around it.
const PATCH_BYTES: usize = limits::METADATA_BYTES + 4 * 1024;

/// What the SDK may show; nothing of it is held back here.
const FEATURES: [&str; 9] = [
    "byo",
    "dfm",
    "headless-cp",
    "th-api",
    "monitoring",
    "rbac",
    "user-metadata",
    "whitelabel",
    "workflow-permissions",
];

/// The user a token names, as the SDK wants to see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConnectUser)]
pub(super) struct UserView {
    /// Always `true`.
    authenticated: bool,
    /// The token's `sub`.
    #[schema(example = "user-1")]
    user_id: String,
    /// The user's metadata; `{}` unless the token carries `metadata:read`.
    #[schema(value_type = Object)]
    meta: Metadata,
    /// Always empty for now.
    #[schema(value_type = Vec<Object>)]
    resources: [Value; 0],
    /// The environment, in the SDK's words.
    project: ProjectView,
    /// One entry per integration of the environment; there are none yet.
    #[schema(value_type = Object)]
    integrations: Map<String, Value>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConnectProject)]
struct ProjectView {
    /// The environment's id.
    #[schema(value_type = uuid::Uuid)]
    id: EnvironmentId,
    billing_plan: &'static str,
    /// Every feature the SDK knows.
    #[schema(value_type = Vec<String>)]
    accessible_features: [&'static str; 9],
}

/// Metadata to merge: objects merge, everything else replaces, `null` is stored.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "meta": { "Name": "Ana", "plan": "pro" } }))]
pub(super) struct MetadataPatch {
    #[schema(value_type = Object)]
    meta: Metadata,
}

/// The user of the token
///
/// The SDK calls this to sign in. The user is made on first sight. Without `metadata:read` the answer is the same, with
/// `meta: {}`.
#[utoipa::path(
    get, path = "/projects/{environment}/sdk/me", tag = "Connect",
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    responses(
        (status = 200, description = "The user", body = UserView),
        (status = 401, description = "No token, or a refused one; `code` is the reason", body = Refusal),
        (status = 403, description = "`user_frozen`", body = Refusal),
        (status = 404, description = "No such environment", body = Refusal),
        (status = 503, description = "`keys_unavailable`: the keys of the token's identity provider could not be fetched", body = Refusal),
    ),
)]
pub(super) async fn read_me(
    State(app): State<AppState>,
    ConnectedUser(user): ConnectedUser,
) -> Result<Json<UserView>, Failure> {
    let me = app.services.users.read_me(&user).await?;
    Ok(Json(view(user.environment(), me)))
}

/// Change the user's metadata
///
/// Needs `metadata:write`. Merges deeply; at most 64 KiB and 16 levels after the merge.
#[utoipa::path(
    patch, path = "/projects/{environment}/sdk/me", tag = "Connect",
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = MetadataPatch,
    responses(
        (status = 200, description = "The user after the change", body = UserView),
        (status = 403, description = "`7210`: the token lacks `metadata:write`; `meta.decision` explains", body = Refusal),
        (status = 422, description = "`metadata_refused` or a body of another shape; `meta.pointer` says where", body = Refusal),
    ),
)]
pub(super) async fn update_me(
    State(app): State<AppState>,
    ConnectedUser(user): ConnectedUser,
    StrictJson(patch): StrictJson<MetadataPatch, PATCH_BYTES>,
) -> Result<Json<UserView>, Failure> {
    let merged = app.services.users.merge_metadata(&user, patch.meta).await;
    let me = merged.map_err(|error| error.within("/meta"))?;
    Ok(Json(view(user.environment(), me)))
}

fn view(environment: EnvironmentId, me: Me) -> UserView {
    UserView {
        authenticated: true,
        user_id: me.user_id.to_string(),
        meta: me.meta,
        resources: [],
        project: ProjectView {
            id: environment,
            billing_plan: "connect_enterprise",
            accessible_features: FEATURES,
        },
        integrations: Map::new(),
    }
}
