use std::time::Duration;

use axum::Json;
use axum::extract::State;
use hallpass_core::{Rotation, SealKey, SealStatus};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::Admin;
use crate::{AppState, Failure};

/// Well below the deadline of a request.
const ROTATE_AT_MOST: Duration = Duration::from_secs(15);

/// Which master keys there are, and how many secrets each has sealed.
#[derive(Serialize, ToSchema)]
#[schema(as = Seal)]
pub(super) struct SealView {
    /// The key that seals; `null` while this server has none.
    #[schema(example = "3f0c9b1d2e4a5f60")]
    current: Option<String>,
    /// Why it has none: `master_key_missing` or `master_key_unreadable`.
    fault: Option<&'static str>,
    /// A rotation to this key has begun and has not ended.
    rotating_to: Option<String>,
    /// Secrets that the current key has not sealed.
    remaining: i64,
    keys: Vec<SealKeyView>,
}

/// A master key, by its public name, and what it sealed.
#[derive(Serialize, ToSchema)]
#[schema(as = SealKey)]
pub(super) struct SealKeyView {
    #[schema(example = "3f0c9b1d2e4a5f60")]
    id: String,
    /// `current` seals and opens, `former` only opens, `unknown` was not given to this server.
    #[schema(example = "current")]
    state: &'static str,
    /// How many secrets are sealed with it.
    values: i64,
    /// It opens nothing that is left: it may be removed from its place.
    removable: bool,
}

/// How far a change of the master key came.
#[derive(Serialize, ToSchema)]
#[schema(as = SealRotation)]
pub(super) struct RotationView {
    /// Everything that can be opened is sealed with the current key. Otherwise call again.
    done: bool,
    /// Secrets that this call has sealed again.
    resealed: u64,
    /// Secrets that no key of this server opens, or that are damaged. They stay as they are.
    unreadable: u64,
    /// Afterwards.
    seal: SealView,
}

/// Look at the master key
///
/// Names keys, shows none.
#[utoipa::path(
    get, path = "/admin/v1/seal", tag = "Master key",
    extensions(("x-role" = json!("admin"))),
    responses((status = 200, description = "The keys and what each has sealed", body = SealView)),
)]
pub(super) async fn read_seal(
    State(app): State<AppState>,
    Admin(operator): Admin,
) -> Result<Json<SealView>, Failure> {
    Ok(Json(app.services.sealing.status(&operator).await?.into()))
}

/// Seal everything with the current master key
///
/// Works for at most about 20 seconds; call again until `done`. What is sealed again stays so, whatever happens in between.
#[utoipa::path(
    post, path = "/admin/v1/seal/rotate", tag = "Master key",
    extensions(("x-role" = json!("admin"))),
    responses(
        (status = 200, description = "How far it came", body = RotationView),
        (status = 503, description = "`master_key_missing`, `master_key_unreadable`, `master_key_unknown`", body = super::Problem),
    ),
)]
pub(super) async fn rotate_seal(
    State(app): State<AppState>,
    Admin(operator): Admin,
) -> Result<Json<RotationView>, Failure> {
    let rotation = app
        .services
        .sealing
        .rotate(&operator, ROTATE_AT_MOST)
        .await?;
    Ok(Json(rotation.into()))
}

impl From<SealStatus> for SealView {
    fn from(status: SealStatus) -> Self {
        Self {
            current: status.current.map(|id| id.to_string()),
            fault: status.fault,
            rotating_to: status.rotating_to.map(|id| id.to_string()),
            remaining: status.remaining(),
            keys: status.keys.into_iter().map(SealKeyView::from).collect(),
        }
    }
}

impl From<SealKey> for SealKeyView {
    fn from(key: SealKey) -> Self {
        Self {
            id: key.id.to_string(),
            state: key.state.as_str(),
            values: key.values,
            removable: key.removable,
        }
    }
}

impl From<Rotation> for RotationView {
    fn from(rotation: Rotation) -> Self {
        Self {
            done: rotation.done,
            resealed: rotation.resealed,
            unreadable: rotation.unreadable,
            seal: rotation.status.into(),
        }
    }
}
