use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::views::{ActorView, uuids};
use crate::extract::Support;

/// Whose key was used, and what it may do.
#[derive(Serialize, ToSchema)]
pub(super) struct OperatorMe {
    #[serde(flatten)]
    actor: ActorView,
    /// `admin`, `member` or `support`.
    #[schema(example = "admin")]
    role: &'static str,
    /// What it sees; `null` is every project.
    projects: Option<Vec<Uuid>>,
}

/// Who am I
#[utoipa::path(
    get, path = "/admin/v1/me", tag = "Operators",
    extensions(("x-role" = json!("support"))),
    responses((status = 200, description = "The operator whose key was sent", body = OperatorMe)),
)]
pub(super) async fn read_operator_me(Support(operator): Support) -> Json<OperatorMe> {
    Json(OperatorMe {
        role: operator.role.as_str(),
        projects: operator.projects.as_deref().map(uuids),
        actor: operator.actor.into(),
    })
}
