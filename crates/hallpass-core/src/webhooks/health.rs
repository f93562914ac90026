//! What deliveries to a webhook need of it, and what they tell about it.

use std::collections::BTreeMap;

use hallpass_model::{
    ActorKind, AuditEntry, AuditKind, Delivery, DisabledReason, EnvironmentId, Error, Result,
    Timestamp, WebhookId,
};
use hallpass_store::Write;
use serde_json::json;

use super::secrets;
use crate::Shared;
use crate::deliveries::{Outcome, Receiver};

/// After so long of nothing but failures a webhook is disabled.
const FAILING_SECS: i64 = 5 * 24 * 3600;

/// Whether a webhook can be told something.
pub(crate) enum Standing {
    /// With everything that takes.
    Ready(Receiver),
    /// Until it is enabled again.
    Disabled,
    /// It was removed.
    Gone,
}

/// What the deliveries of one webhook that ended together came to.
#[derive(Default)]
struct Health {
    delivered: bool,
    gone: bool,
}

/// Looks up the receiver of a delivery.
///
/// # Errors
/// `storage_unavailable`; `master_key_missing` and the like when the secret cannot be opened.
pub(crate) async fn standing(shared: &Shared, delivery: &Delivery) -> Result<Standing> {
    let Ok(id) = delivery.target_id.parse::<WebhookId>() else {
        return Ok(Standing::Gone);
    };
    let environment = delivery.environment_id;
    let (webhook, sealed) = {
        let mut tx = shared.store.read().await?;
        let webhook = tx.find_webhook(environment, id).await?;
        (webhook, tx.find_webhook_secrets(environment, id).await?)
    };
    let (Some(webhook), Some(sealed)) = (webhook, sealed) else {
        return Ok(Standing::Gone);
    };
    if webhook.disabled_at.is_some() {
        return Ok(Standing::Disabled);
    }
    Ok(Standing::Ready(Receiver {
        secrets: secrets::open(shared, &webhook, &sealed, shared.clock.now())?,
        url: webhook.url,
        signature_header: webhook.settings.signature_header,
    }))
}

/// Notes which webhooks work and which fail; disables those that asked for nothing more, and those that have failed for
/// days.
pub(crate) async fn note_health<'a>(
    tx: &mut Write,
    shared: &Shared,
    attempts: impl Iterator<Item = (&'a Delivery, &'a Outcome)>,
    now: Timestamp,
) -> Result<()> {
    // In one order, so that two workers do not wait for each other.
    let mut seen: BTreeMap<(WebhookId, EnvironmentId), Health> = BTreeMap::new();
    for (delivery, outcome) in attempts {
        let Ok(id) = delivery.target_id.parse() else {
            continue;
        };
        let health = seen.entry((id, delivery.environment_id)).or_default();
        health.delivered |= *outcome == Outcome::Delivered;
        health.gone |= *outcome == Outcome::Gone;
    }
    for ((id, environment), health) in seen {
        if health.gone {
            disable(tx, shared, environment, id, DisabledReason::Gone, now).await?;
        } else if health.delivered {
            tx.set_webhook_failing(environment, id, None).await?;
        } else {
            tx.set_webhook_failing(environment, id, Some(now)).await?;
            let webhook = tx.find_webhook(environment, id).await?;
            let since = webhook.and_then(|webhook| webhook.failing_since);
            if since.is_some_and(|since| since.plus_secs(FAILING_SECS) <= now) {
                disable(tx, shared, environment, id, DisabledReason::Failing, now).await?;
            }
        }
    }
    Ok(())
}

async fn disable(
    tx: &mut Write,
    shared: &Shared,
    environment: EnvironmentId,
    id: WebhookId,
    reason: DisabledReason,
    now: Timestamp,
) -> Result<()> {
    if !tx.disable_webhook(environment, id, reason, now).await? {
        return Ok(());
    }
    tx.hold_deliveries(environment, &id.to_string()).await?;
    let owner = tx.find_environment(environment).await?;
    let owner = owner.ok_or_else(|| Error::internal("a webhook has an environment"))?;
    tracing::warn!(webhook = %id, reason = reason.as_str(), "a webhook was disabled");
    let entry = AuditEntry {
        id: shared.rng.audit_id(now),
        at: now,
        kind: AuditKind::Change,
        actor_kind: ActorKind::System,
        actor_id: None,
        actor_name: None,
        project_id: Some(owner.project_id),
        environment_id: Some(environment),
        action: "webhook.disable".to_owned(),
        target: Some(id.to_string()),
        detail: json!({ "reason": reason.as_str() }),
        request_id: None,
    };
    Ok(tx.insert_audit(&entry).await?)
}
