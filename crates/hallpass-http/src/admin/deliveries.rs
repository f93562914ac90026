use axum::Json;
use axum::extract::State;
use hallpass_core::DeliveryQuery;
use hallpass_model::{DeliveryId, DeliveryState, EnvironmentId, Error, WebhookId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::views::Listing;
use super::webhook_views::{DeliveryView, DeliveryWithEventView};
use crate::extract::{Id, Member, PageQuery, StrictJson, StrictQuery, Support};
use crate::{AppState, Failure};

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryParams {
    /// To this webhook.
    #[param(value_type = Option<uuid::Uuid>)]
    webhook: Option<WebhookId>,
    /// `pending`, `held`, `delivered` or `dead`.
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many rows; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// No members.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeliveryRetry)]
pub(super) struct Nothing {}

/// List deliveries
///
/// Newest first. What is over is kept for 30 days.
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/deliveries", tag = "Webhooks",
    extensions(("x-role" = json!("support"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id"), DeliveryParams),
    responses((status = 200, description = "The deliveries, without what they say", body = Listing<DeliveryView>)),
)]
pub(super) async fn list_deliveries(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    StrictQuery(params): StrictQuery<DeliveryParams>,
) -> Result<Json<Listing<DeliveryView>>, Failure> {
    let state = match params.state.as_deref() {
        None => None,
        Some(word) => Some(DeliveryState::from_word(word).ok_or_else(|| {
            Error::unprocessable(
                "invalid_query",
                "`state` is pending, held, delivered or dead",
            )
            .at("/state")
        })?),
    };
    let page = PageQuery {
        after: params.after,
        limit: params.limit,
    };
    let page = page.into_request()?;
    let query = DeliveryQuery {
        webhook: params.webhook,
        state,
    };
    let deliveries = &app.services.deliveries;
    let found = deliveries
        .list(&operator, environment, &query, &page)
        .await?;
    Ok(Listing::of(found, DeliveryView::from))
}

/// Read a delivery
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/deliveries/{delivery}", tag = "Webhooks",
    extensions(("x-role" = json!("support"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("delivery" = uuid::Uuid, Path, description = "The delivery's id"),
    ),
    responses((status = 200, description = "The delivery with what it says", body = DeliveryWithEventView)),
)]
pub(super) async fn read_delivery(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    Id(delivery): Id<DeliveryId>,
) -> Result<Json<DeliveryWithEventView>, Failure> {
    let deliveries = &app.services.deliveries;
    let delivery = deliveries.load(&operator, environment, delivery).await?;
    Ok(Json(delivery.into()))
}

/// Try a dead delivery again
///
/// From the beginning of the schedule, with the same event id.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/deliveries/{delivery}/retry", tag = "Webhooks",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("delivery" = uuid::Uuid, Path, description = "The delivery's id"),
    ),
    request_body = Nothing,
    responses(
        (status = 200, description = "The delivery, pending", body = DeliveryWithEventView),
        (status = 409, description = "`delivery_not_dead`", body = super::Problem),
    ),
)]
pub(super) async fn retry_delivery(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(delivery): Id<DeliveryId>,
    StrictJson(Nothing {}): StrictJson<Nothing>,
) -> Result<Json<DeliveryWithEventView>, Failure> {
    let deliveries = &app.services.deliveries;
    let delivery = deliveries.retry(&operator, environment, delivery).await?;
    Ok(Json(delivery.into()))
}
