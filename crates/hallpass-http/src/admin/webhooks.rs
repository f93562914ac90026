use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::{NewWebhook, WebhookPatch, WebhookTest};
use hallpass_model::{EnvironmentId, Page, Webhook, WebhookId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::views::Listing;
use super::webhook_views::{WebhookView, WebhookWithSecretView};
use super::{answer_created, answer_versioned};
use crate::extract::{Id, IfMatch, Member, NoQuery, StrictJson, StrictQuery, Submission};
use crate::{AppState, Failure};

/// What is to be told, and where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook, example = json!({ "url": "https://app.example/hooks/hallpass", "events": ["user.created"] }))]
pub(super) struct NewBody {
    /// An https address of the open internet, or an endpoint on the server's allow list.
    url: String,
    /// `user.created`, `user.external_wallet_verified`; at least one.
    events: Vec<String>,
    /// Whether it is told anything yet.
    #[serde(default = "yes")]
    #[schema(default = true)]
    enabled: bool,
    /// A header that repeats the signature, for receivers that look for it under a name of their own.
    #[serde(default)]
    signature_header: Option<String>,
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookPatch, example = json!({ "enabled": false }))]
pub(super) struct PatchBody {
    /// Another address; what waits goes there.
    #[serde(default)]
    url: Option<String>,
    /// Other events.
    #[serde(default)]
    events: Option<Vec<String>>,
    /// `false` holds what waits until it is `true` again.
    #[serde(default)]
    enabled: Option<bool>,
    /// Another header that repeats the signature; `null` takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    signature_header: Option<Option<String>>,
}

/// How long the secret so far goes on signing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = WebhookRotation, example = json!({ "overlap_secs": 86400 }))]
pub(super) struct RotationBody {
    /// Seconds from now, at most 30 days; with 0 it stops at once.
    #[schema(default = 86400)]
    overlap_secs: i64,
}

impl Default for RotationBody {
    fn default() -> Self {
        Self {
            overlap_secs: 24 * 60 * 60,
        }
    }
}

/// No members.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookPing)]
pub(super) struct Nothing {}

/// What a ping came to.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookTest)]
pub(super) struct TestView {
    /// Whether the receiver has it: it answered 2xx.
    delivered: bool,
    /// The status of its answer, if one came.
    status: Option<u16>,
    /// Why it failed, for programs.
    code: Option<&'static str>,
    /// Why it failed, for people.
    detail: Option<String>,
    /// Milliseconds that it took.
    took_ms: i64,
    /// What was sent.
    #[schema(value_type = Object)]
    event: Value,
}

/// Add a webhook
///
/// The secret is in this answer and nowhere else. `POST .../test` sends a ping.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/webhooks", tag = "Webhooks",
    extensions(("x-role" = json!("member")), ("x-idempotent" = json!(true))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = NewBody,
    responses(
        (status = 201, description = "Added; `secret` signs what it is told", body = WebhookWithSecretView),
        (status = 200, description = "Added by an earlier request with this idempotency key: `secret_shown`, no secret", body = WebhookWithSecretView),
        (status = 403, description = "`egress_blocked`: the address is not one of the open internet, and not on the server's allow list", body = super::Problem),
        (status = 409, description = "`too_many_webhooks`", body = super::Problem),
        (status = 422, description = "`invalid_webhook`, `egress_url_invalid`, `egress_scheme_not_allowed`, `egress_port_not_allowed`; `pointer` says where", body = super::Problem),
        (status = 503, description = "`master_key_missing` and the like: the secret cannot be sealed", body = super::Problem),
    ),
)]
pub(super) async fn create_webhook(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    new: Submission<NewBody>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(new.idempotency);
    let NewBody {
        url,
        events,
        enabled,
        signature_header,
    } = new.body;
    let new = NewWebhook {
        url,
        events,
        enabled,
        signature_header,
    };
    let webhooks = &app.services.webhooks;
    let created = webhooks.add(&operator, environment, new).await?;
    Ok(answer_created(
        created,
        |made| location(&made.webhook),
        WebhookWithSecretView::from,
    ))
}

/// List webhooks
///
/// All of them, oldest first: an environment has at most 16.
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/webhooks", tag = "Webhooks",
    extensions(("x-role" = json!("member"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    responses((status = 200, description = "Its webhooks, disabled ones included", body = Listing<WebhookView>)),
)]
pub(super) async fn list_webhooks(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Listing<WebhookView>>, Failure> {
    let all = Page {
        items: app.services.webhooks.list(&operator, environment).await?,
        next: None,
    };
    Ok(Listing::of(all, WebhookView::from))
}

/// Read a webhook
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/webhooks/{webhook}", tag = "Webhooks",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("webhook" = uuid::Uuid, Path, description = "The webhook's id"),
    ),
    responses((status = 200, description = "The webhook; `ETag` is its version", body = WebhookView)),
)]
pub(super) async fn read_webhook(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(webhook): Id<WebhookId>,
) -> Result<Response, Failure> {
    let webhooks = &app.services.webhooks;
    let webhook = webhooks.load(&operator, environment, webhook).await?;
    Ok(answer_versioned(
        webhook.version,
        WebhookView::from(webhook),
    ))
}

/// Change, disable or enable a webhook
///
/// What waits for it while it is disabled is held, and goes out when it is enabled again, to the address that it has then.
#[utoipa::path(
    patch, path = "/admin/v1/environments/{environment}/webhooks/{webhook}", tag = "Webhooks",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("webhook" = uuid::Uuid, Path, description = "The webhook's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the change is based on"),
    ),
    request_body = PatchBody,
    responses(
        (status = 200, description = "The webhook after the change", body = WebhookView),
        (status = 403, description = "`egress_blocked`", body = super::Problem),
        (status = 412, description = "`version_changed`: somebody else was faster", body = super::Problem),
        (status = 422, description = "`invalid_webhook`, `egress_url_invalid`, `egress_scheme_not_allowed`, `egress_port_not_allowed`; `pointer` says where", body = super::Problem),
    ),
)]
pub(super) async fn update_webhook(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(webhook): Id<WebhookId>,
    IfMatch(if_match): IfMatch,
    StrictJson(body): StrictJson<PatchBody>,
) -> Result<Response, Failure> {
    let PatchBody {
        url,
        events,
        enabled,
        signature_header,
    } = body;
    let patch = WebhookPatch {
        url,
        events,
        enabled,
        signature_header,
    };
    let webhooks = &app.services.webhooks;
    let webhook = webhooks
        .update(&operator, environment, webhook, patch, if_match)
        .await?;
    Ok(answer_versioned(
        webhook.version,
        WebhookView::from(webhook),
    ))
}

/// Remove a webhook
///
/// What waits for it is dropped, and what it was told is forgotten.
#[utoipa::path(
    delete, path = "/admin/v1/environments/{environment}/webhooks/{webhook}", tag = "Webhooks",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("webhook" = uuid::Uuid, Path, description = "The webhook's id"),
    ),
    responses((status = 204, description = "Removed")),
)]
pub(super) async fn delete_webhook(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(webhook): Id<WebhookId>,
) -> Result<StatusCode, Failure> {
    let webhooks = &app.services.webhooks;
    webhooks.remove(&operator, environment, webhook).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook another secret
///
/// The secret is in this answer and nowhere else. Until the overlap ends, every delivery carries a signature of each of the two.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/webhooks/{webhook}/rotate-secret", tag = "Webhooks",
    extensions(("x-role" = json!("member")), ("x-idempotent" = json!(true))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("webhook" = uuid::Uuid, Path, description = "The webhook's id"),
    ),
    request_body = RotationBody,
    responses(
        (status = 200, description = "The webhook with its secret; for a repetition with the same idempotency key `secret_shown`, no secret", body = WebhookWithSecretView),
        (status = 422, description = "`invalid_overlap`", body = super::Problem),
        (status = 503, description = "`master_key_missing` and the like", body = super::Problem),
    ),
)]
pub(super) async fn rotate_webhook_secret(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(webhook): Id<WebhookId>,
    rotation: Submission<RotationBody>,
) -> Result<Json<WebhookWithSecretView>, Failure> {
    let operator = operator.with_idempotency(rotation.idempotency);
    let webhooks = &app.services.webhooks;
    let rotated = webhooks
        .rotate_secret(&operator, environment, webhook, rotation.body.overlap_secs)
        .await?;
    Ok(Json(rotated.into_inner().into()))
}

/// Test a webhook
///
/// Sends a `test.ping` now, past the queue, also to a disabled webhook. A receiver that fails is an answer like any other.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/webhooks/{webhook}/test", tag = "Webhooks",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("webhook" = uuid::Uuid, Path, description = "The webhook's id"),
    ),
    request_body = Nothing,
    responses(
        (status = 200, description = "What happened, good or bad", body = TestView),
        (status = 429, description = "`too_many_tests`", body = super::Problem),
        (status = 503, description = "`master_key_missing` and the like", body = super::Problem),
    ),
)]
pub(super) async fn test_webhook(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(webhook): Id<WebhookId>,
    StrictJson(Nothing {}): StrictJson<Nothing>,
) -> Result<Json<TestView>, Failure> {
    let webhooks = &app.services.webhooks;
    let test = webhooks.test(&operator, environment, webhook).await?;
    Ok(Json(test.into()))
}

impl From<WebhookTest> for TestView {
    fn from(test: WebhookTest) -> Self {
        Self {
            delivered: test.delivered,
            status: test.status,
            code: test.code,
            detail: test.detail,
            took_ms: test.took_ms,
            event: test.event,
        }
    }
}

const fn yes() -> bool {
    true
}

/// Tells `null` from what was left out.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn location(webhook: &Webhook) -> String {
    let environment = webhook.environment_id;
    format!(
        "/admin/v1/environments/{environment}/webhooks/{}",
        webhook.id
    )
}
