use axum::Json;
use axum::extract::State;
use hallpass_core::ExplainRequest;
use serde::Serialize;

use crate::docs::schemas::{ExplainBody, Explanation};
use crate::extract::{Explainable, QuestioningUser};
use crate::{AppState, Failure};

/// Why may this token do that, or why not
///
/// Explains the decision for the token of this request, or for another token or bare claim in the body. Asks the
/// evaluator that enforcement asks, and changes nothing: a user who was never seen is not made.
#[utoipa::path(
    post, path = "/projects/{environment}/sdk/explain", tag = "Connect",
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = ExplainBody,
    responses((status = 200, description = "The decision with its reasons", body = Explanation)),
)]
pub(super) async fn explain_own_decision(
    State(app): State<AppState>,
    QuestioningUser(user): QuestioningUser,
    Explainable(request): Explainable<ExplainRequest>,
) -> Result<Json<impl Serialize>, Failure> {
    Ok(Json(app.services.explain.for_caller(&user, request).await?))
}
