use axum::Json;
use axum::extract::State;
use hallpass_core::{ExplainRequest, MatrixRequest};
use hallpass_model::EnvironmentId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::docs::schemas::{ExplainBody, Explanation, Matrix, MatrixBody, TokenReport};
use crate::extract::{Explainable, Id, StrictJson, Support};
use crate::{AppState, Failure};

/// A token to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenToCheck {
    /// The token. It is not kept, logged or counted.
    token: String,
}

/// Why may a token do that, or why not
///
/// For a token, a bare claim, or (with neither) a token without the claim. Asks the evaluator that enforcement asks.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/explain", tag = "Tokens",
    extensions(("x-role" = json!("support"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = ExplainBody,
    responses(
        (status = 200, description = "The decision with its reasons", body = Explanation),
        (status = 422, description = "`token_refused`, `permission_claim_malformed`, `unknown_call`, `call_needs_target`, `no_permission_needed`, `one_of_two`", body = super::Problem),
        (status = 503, description = "`keys_unavailable`: the keys of the token's identity provider could not be fetched", body = super::Problem),
    ),
)]
pub(super) async fn explain_decision(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    Explainable(request): Explainable<ExplainRequest>,
) -> Result<Json<impl Serialize>, Failure> {
    let explain = &app.services.explain;
    Ok(Json(
        explain
            .for_operator(&operator, environment, request)
            .await?,
    ))
}

/// What may a token do, and what not
///
/// The decision for every permission on up to 64 targets, or on everything that the claim itself speaks of. Each is the
/// one that `explain` gives reasons for.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/explain/matrix", tag = "Tokens",
    extensions(("x-role" = json!("support"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = MatrixBody,
    responses(
        (status = 200, description = "The decisions, and remarks on the claim", body = Matrix),
        (status = 422, description = "`token_refused`, `permission_claim_malformed`, `too_many_targets`, `invalid_target`, `one_of_two`", body = super::Problem),
        (status = 503, description = "`keys_unavailable`: the keys of the token's identity provider could not be fetched", body = super::Problem),
    ),
)]
pub(super) async fn explain_matrix(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    Explainable(request): Explainable<MatrixRequest>,
) -> Result<Json<impl Serialize>, Failure> {
    let explain = &app.services.explain;
    Ok(Json(explain.matrix(&operator, environment, request).await?))
}

/// Check a token step by step
///
/// Tells what a request with the token would meet, without any effect: no user is made, nothing is counted.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/tokens/check", tag = "Tokens",
    extensions(("x-role" = json!("support"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = TokenToCheck,
    responses((status = 200, description = "The steps; the last one is what failed, if one did", body = TokenReport)),
)]
pub(super) async fn check_token(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    StrictJson(body): StrictJson<TokenToCheck>,
) -> Result<Json<impl Serialize>, Failure> {
    // The report knows no operators; whether this one sees the environment is asked first.
    let environment = app
        .services
        .environments
        .load(&operator, environment)
        .await?;
    Ok(Json(
        app.services
            .tokens
            .check(environment.id, &body.token)
            .await?,
    ))
}
