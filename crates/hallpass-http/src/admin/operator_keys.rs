use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_model::{OperatorId, OperatorKeyId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer_created;
use super::operators::NewKeyView;
use super::views::{Listing, OperatorKeyView};
use crate::extract::{Admin, Id, PageQuery, StrictQuery, Submission};
use crate::{AppState, Failure};

/// How long the key is to work.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyLifetime, example = json!({ "expires_in_secs": 2_592_000 }))]
pub(super) struct Lifetime {
    /// Seconds from now; left out: for ever.
    #[serde(default)]
    expires_in_secs: Option<i64>,
}

/// Make another key for an operator
#[utoipa::path(
    post, path = "/admin/v1/operators/{operator}/keys", tag = "Operators",
    extensions(("x-role" = json!("admin")), ("x-idempotent" = json!(true))),
    params(("operator" = uuid::Uuid, Path, description = "The operator's id")),
    request_body = Lifetime,
    responses(
        (status = 201, description = "Made; `secret` is the key", body = NewKeyView),
        (status = 200, description = "Made by an earlier request with this idempotency key: `secret_shown`, no key", body = NewKeyView),
    ),
)]
pub(super) async fn create_operator_key(
    State(app): State<AppState>,
    Admin(operator): Admin,
    Id(id): Id<OperatorId>,
    new: Submission<Lifetime>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(new.idempotency);
    let operators = &app.services.operators;
    let created = operators
        .create_key(&operator, id, new.body.expires_in_secs)
        .await?;
    Ok(answer_created(
        created,
        |made| format!("/admin/v1/operators/{id}/keys/{}", made.key.id),
        NewKeyView::from,
    ))
}

/// List an operator's keys
#[utoipa::path(
    get, path = "/admin/v1/operators/{operator}/keys", tag = "Operators",
    extensions(("x-role" = json!("admin"))),
    params(("operator" = uuid::Uuid, Path, description = "The operator's id"), PageQuery),
    responses((status = 200, description = "Their keys, without the keys themselves", body = Listing<OperatorKeyView>)),
)]
pub(super) async fn list_operator_keys(
    State(app): State<AppState>,
    Admin(operator): Admin,
    Id(id): Id<OperatorId>,
    StrictQuery(page): StrictQuery<PageQuery>,
) -> Result<Json<Listing<OperatorKeyView>>, Failure> {
    let page = page.into_request()?;
    let keys = app
        .services
        .operators
        .list_keys(&operator, id, &page)
        .await?;
    Ok(Listing::of(keys, OperatorKeyView::from))
}

/// Withdraw an operator's key
#[utoipa::path(
    delete, path = "/admin/v1/operators/{operator}/keys/{key}", tag = "Operators",
    extensions(("x-role" = json!("admin"))),
    params(
        ("operator" = uuid::Uuid, Path, description = "The operator's id"),
        ("key" = uuid::Uuid, Path, description = "The key's id"),
    ),
    responses((status = 200, description = "The key, withdrawn", body = OperatorKeyView)),
)]
pub(super) async fn revoke_operator_key(
    State(app): State<AppState>,
    Admin(operator): Admin,
    Id(id): Id<OperatorId>,
    Id(key): Id<OperatorKeyId>,
) -> Result<Json<OperatorKeyView>, Failure> {
    let key = app
        .services
        .operators
        .revoke_key(&operator, id, key)
        .await?;
    Ok(Json(key.into()))
}
