//! How webhooks and deliveries look from outside.

use hallpass_core::WebhookWithSecret;
use hallpass_model::{Delivery, DisabledReason, Webhook, WebhookEvent};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::time::rfc3339;

/// An address that is told of events.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookView {
    id: Uuid,
    url: String,
    /// What it is told.
    #[schema(example = json!(["user.created"]))]
    events: Vec<&'static str>,
    enabled: bool,
    /// A header that repeats the signature.
    signature_header: Option<String>,
    /// `operator`, `gone` (it answered 410) or `failing` (five days of nothing but failures).
    #[schema(example = "gone")]
    disabled_reason: Option<&'static str>,
    disabled_at: Option<String>,
    /// Since when every attempt has failed.
    failing_since: Option<String>,
    /// Until when the secret before the present one signs as well.
    former_secret_until: Option<String>,
    /// Raised by every change; also the `ETag`.
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: *webhook.id.as_uuid(),
            url: webhook.url,
            events: webhook
                .events
                .iter()
                .map(|event| WebhookEvent::as_str(*event))
                .collect(),
            enabled: webhook.disabled_at.is_none(),
            signature_header: webhook.settings.signature_header,
            disabled_reason: webhook.disabled_reason.map(DisabledReason::as_str),
            disabled_at: webhook.disabled_at.map(rfc3339),
            failing_since: webhook.failing_since.map(rfc3339),
            former_secret_until: webhook.former_secret_until.map(rfc3339),
            version: webhook.version,
            created_at: rfc3339(webhook.created_at),
            updated_at: rfc3339(webhook.updated_at),
        }
    }
}

/// A webhook and, this once, its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub(super) struct WebhookWithSecretView {
    #[serde(flatten)]
    webhook: WebhookView,
    /// `whsec_` and Base64; left out when it was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// `true` when the secret was shown before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    secret_shown: bool,
}

impl From<WebhookWithSecret> for WebhookWithSecretView {
    fn from(with: WebhookWithSecret) -> Self {
        Self {
            webhook: with.webhook.into(),
            secret_shown: with.secret.is_none(),
            secret: with.secret.map(|secret| secret.to_string()),
        }
    }
}

/// One thing to tell one receiver.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(super) struct DeliveryView {
    id: Uuid,
    /// The receiving webhook.
    webhook: String,
    /// The same for every receiver and every attempt; also the header `webhook-id`.
    event_id: String,
    /// What happened.
    #[schema(example = "user.created")]
    event_type: String,
    /// `pending`, `held` (until its webhook is enabled), `delivered` or `dead` (given up).
    #[schema(example = "delivered")]
    state: &'static str,
    /// Attempts begun.
    attempts: u32,
    /// When the next one is due; `null` when none is.
    next_attempt_at: Option<String>,
    /// The status of the last answer, if one came.
    last_status: Option<u16>,
    /// Why the last attempt failed.
    last_error: Option<String>,
    /// Milliseconds that it took.
    last_took_ms: Option<i64>,
    created_at: String,
    /// When it was delivered or given up.
    finished_at: Option<String>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let (status, error, took_ms) = match delivery.last {
            Some(last) => (last.status, last.error, Some(last.took_ms)),
            None => (None, None, None),
        };
        Self {
            id: *delivery.id.as_uuid(),
            webhook: delivery.target_id,
            event_id: delivery.event_id,
            event_type: delivery.event_type,
            next_attempt_at: delivery
                .finished_at
                .is_none()
                .then(|| rfc3339(delivery.next_attempt_at)),
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            last_status: status,
            last_error: error,
            last_took_ms: took_ms,
            created_at: rfc3339(delivery.created_at),
            finished_at: delivery.finished_at.map(rfc3339),
        }
    }
}

/// A delivery with what it says.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryWithEvent)]
pub(super) struct DeliveryWithEventView {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// The body that is sent.
    #[schema(value_type = Object)]
    event: Value,
}

impl From<Delivery> for DeliveryWithEventView {
    fn from(delivery: Delivery) -> Self {
        Self {
            event: serde_json::from_str(&delivery.payload).unwrap_or_default(),
            delivery: delivery.into(),
        }
    }
}
