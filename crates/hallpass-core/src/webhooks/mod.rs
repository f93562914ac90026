//! Webhooks: addresses that are told of an environment's events, each with a secret that signs what it is told.

mod events;
mod health;
mod secrets;
mod settings;
mod test;

use std::sync::Arc;

use hallpass_model::{
    DisabledReason, Environment, EnvironmentId, Error, Result, Timestamp, Webhook, WebhookId,
    WebhookSettings, limits,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(crate) use events::{Event, announce};
pub(crate) use health::{Standing, note_health, standing};
pub(crate) use test::Budget;
pub use test::WebhookTest;

use crate::actor::{Created, OperatorCaller};
use crate::change::{Change, Record};
use crate::environments::{require_version, version_changed};
use crate::standard_webhooks::WebhookSecret;
use crate::{Shared, names};

/// Adds, changes, tests and removes webhooks.
pub struct Webhooks {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tests: Budget,
}

/// What is to be told, and where.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// An https address, or one that the operator of this server listed.
    pub url: String,
    /// Names of events; at least one.
    pub events: Vec<String>,
    /// Whether it is told anything yet.
    pub enabled: bool,
    /// A header that repeats the signature.
    pub signature_header: Option<String>,
}

/// What to change; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct WebhookPatch {
    /// Another address; what waits goes there.
    pub url: Option<String>,
    /// Other events.
    pub events: Option<Vec<String>>,
    /// Whether it is told anything. What waits is held meanwhile.
    pub enabled: Option<bool>,
    /// Another header that repeats the signature; `Some(None)` takes it away.
    pub signature_header: Option<Option<String>>,
}

/// A webhook and, once, its secret.
pub struct WebhookWithSecret {
    /// What is kept.
    pub webhook: Webhook,
    /// `whsec_...`; `None` when it was shown before.
    pub secret: Option<Zeroizing<String>>,
}

impl Webhooks {
    /// Adds a webhook. Nothing is sent yet.
    ///
    /// # Errors
    /// `not_found`, `invalid_webhook` and the gate's refusals with a pointer, `too_many_webhooks`, `master_key_missing`.
    pub async fn add(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        new: NewWebhook,
    ) -> Result<Created<WebhookWithSecret>> {
        let url = settings::checked_url(&new.url, &self.shared.egress)?;
        let events = settings::checked_events(&new.events)?;
        if let Some(header) = &new.signature_header {
            settings::check_header(header)?;
        }
        let mut change = Change::begin(&self.shared, caller).await?;
        let owner = caller.visible_environment(change.find_environment(environment).await?)?;
        if let Some(id) = change.replayed().await? {
            let webhook = change
                .find_webhook(environment, names::replayed(&id)?)
                .await?;
            return Ok(Created::Replayed(WebhookWithSecret {
                webhook: webhook.ok_or_else(no_webhook)?,
                secret: None,
            }));
        }
        if change.list_webhooks(environment).await?.len() >= limits::WEBHOOKS {
            return Err(Error::conflict(
                "too_many_webhooks",
                "an environment has at most 16 webhooks; remove one first",
            ));
        }
        let webhook = Webhook {
            id: WebhookId::from_random(self.shared.rng.bytes()),
            environment_id: environment,
            url,
            events,
            settings: WebhookSettings {
                signature_header: new.signature_header,
            },
            failing_since: None,
            disabled_at: (!new.enabled).then_some(change.now),
            disabled_reason: (!new.enabled).then_some(DisabledReason::Operator),
            former_secret_until: None,
            version: 1,
            created_at: change.now,
            updated_at: change.now,
        };
        let secret = WebhookSecret::generate(&*self.shared.rng);
        let sealed = secrets::seal(&self.shared, &webhook, &secret)?;
        change.insert_webhook(&webhook, &sealed).await?;
        let detail = json!({ "endpoint": endpoint(&webhook.url), "events": webhook.events });
        change
            .commit(record("webhook.add", &owner, &webhook, detail))
            .await?;
        Ok(Created::New(WebhookWithSecret {
            webhook,
            secret: Some(secret.reveal()),
        }))
    }

    /// Changes what it is told, where, or whether. With `if_match`, only if nobody else did meanwhile. What changes
    /// nothing leaves no trace.
    ///
    /// # Errors
    /// `not_found`, `version_changed` (412), and what [`Self::add`] refuses.
    pub async fn update(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: WebhookId,
        patch: WebhookPatch,
        if_match: Option<i64>,
    ) -> Result<Webhook> {
        let mut change = Change::begin(&self.shared, caller).await?;
        let owner = caller.visible_environment(change.find_environment(environment).await?)?;
        let found = change.find_webhook(environment, id).await?;
        let before = found.ok_or_else(no_webhook)?;
        require_version(before.version, if_match)?;
        let mut webhook = self.patched(&before, patch, change.now)?;
        if webhook == before {
            return Ok(webhook);
        }
        webhook.version += 1;
        webhook.updated_at = change.now;
        if !change.update_webhook(&webhook, before.version).await? {
            return Err(version_changed());
        }
        let (now, target) = (change.now, id.to_string());
        match (before.disabled_at, webhook.disabled_at) {
            (None, Some(_)) => change.hold_deliveries(environment, &target).await?,
            (Some(_), None) => change.resume_deliveries(environment, &target, now).await?,
            _ => 0,
        };
        let detail = json!({
            "endpoint": endpoint(&webhook.url),
            "events": webhook.events,
            "enabled": webhook.disabled_at.is_none(),
            "signature_header": webhook.settings.signature_header,
        });
        change
            .commit(record("webhook.update", &owner, &webhook, detail))
            .await?;
        self.shared.deliveries_due.notify_one();
        Ok(webhook)
    }

    /// Gives a webhook another secret. With an overlap, the one before signs as well until its end; an older one stops
    /// at once.
    ///
    /// # Errors
    /// `not_found`, `invalid_overlap`, `version_changed` (412), `master_key_missing` and the like (503).
    pub async fn rotate_secret(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: WebhookId,
        overlap_secs: i64,
    ) -> Result<Created<WebhookWithSecret>> {
        if !(0..=limits::OVERLAP_SECS).contains(&overlap_secs) {
            return Err(Error::unprocessable(
                "invalid_overlap",
                "overlap_secs is 0 to 2592000 (30 days)",
            )
            .at("/overlap_secs"));
        }
        let mut change = Change::begin(&self.shared, caller).await?;
        let owner = caller.visible_environment(change.find_environment(environment).await?)?;
        let found = change.find_webhook(environment, id).await?;
        let mut webhook = found.ok_or_else(no_webhook)?;
        if change.replayed().await?.is_some() {
            return Ok(Created::Replayed(WebhookWithSecret {
                webhook,
                secret: None,
            }));
        }
        let sealed = change.find_webhook_secrets(environment, id).await?;
        let sealed = sealed.ok_or_else(no_webhook)?;
        let until = (overlap_secs > 0).then(|| change.now.plus_secs(overlap_secs));
        let secret = WebhookSecret::generate(&*self.shared.rng);
        let rotated = secrets::rotated(&self.shared, &webhook, &sealed, &secret, until)?;
        let version = webhook.version;
        webhook.version += 1;
        webhook.updated_at = change.now;
        webhook.former_secret_until = until;
        if !change
            .set_webhook_secrets(&webhook, &rotated, version)
            .await?
        {
            return Err(version_changed());
        }
        let detail = json!({ "overlap_secs": overlap_secs });
        change
            .commit(record("webhook.rotate_secret", &owner, &webhook, detail))
            .await?;
        Ok(Created::New(WebhookWithSecret {
            webhook,
            secret: Some(secret.reveal()),
        }))
    }

    /// Removes a webhook and everything that waits for it.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: WebhookId,
    ) -> Result<()> {
        let mut change = Change::begin(&self.shared, caller).await?;
        let owner = caller.visible_environment(change.find_environment(environment).await?)?;
        let found = change.find_webhook(environment, id).await?;
        let webhook = found.ok_or_else(no_webhook)?;
        change.delete_webhook(environment, id).await?;
        let dropped = change
            .delete_deliveries_to(environment, &id.to_string())
            .await?;
        let detail = json!({ "endpoint": endpoint(&webhook.url), "deliveries_dropped": dropped });
        change
            .commit(record("webhook.remove", &owner, &webhook, detail))
            .await
    }

    /// The webhooks of an environment, oldest first.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn list(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
    ) -> Result<Vec<Webhook>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        Ok(tx.list_webhooks(environment).await?)
    }

    /// One webhook.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: WebhookId,
    ) -> Result<Webhook> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        tx.find_webhook(environment, id)
            .await?
            .ok_or_else(no_webhook)
    }

    fn patched(&self, before: &Webhook, patch: WebhookPatch, now: Timestamp) -> Result<Webhook> {
        let mut webhook = before.clone();
        if let Some(url) = &patch.url {
            webhook.url = settings::checked_url(url, &self.shared.egress)?;
        }
        if let Some(events) = &patch.events {
            webhook.events = settings::checked_events(events)?;
        }
        if let Some(header) = patch.signature_header {
            if let Some(header) = &header {
                settings::check_header(header)?;
            }
            webhook.settings.signature_header = header;
        }
        match (patch.enabled, before.disabled_at) {
            (Some(true), Some(_)) => {
                webhook.disabled_at = None;
                webhook.disabled_reason = None;
                webhook.failing_since = None;
            }
            (Some(false), None) => {
                webhook.disabled_at = Some(now);
                webhook.disabled_reason = Some(DisabledReason::Operator);
            }
            _ => {}
        }
        Ok(webhook)
    }
}

fn no_webhook() -> Error {
    Error::not_found("webhook")
}

/// Scheme, host and port: paths and queries of webhooks are often secrets.
fn endpoint(url: &str) -> String {
    let end = url.find("://").map_or(0, |scheme| scheme + 3);
    let (scheme, rest) = url.split_at(end);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}{host}")
}

fn record<'a>(
    action: &'a str,
    owner: &Environment,
    webhook: &Webhook,
    detail: Value,
) -> Record<'a> {
    Record {
        action,
        project: Some(owner.project_id),
        environment: Some(owner.id),
        target: webhook.id.to_string(),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn the_trail_names_the_host_and_not_what_may_be_secret() {
        for (url, shown) in [
            ("https://a.example/hooks/T0/secret?x=1", "https://a.example"),
            ("https://a.example:8443?x=1", "https://a.example:8443"),
            ("http://[::1]:4000/", "http://[::1]:4000"),
        ] {
            assert_eq!(endpoint(url), shown);
        }
    }
}
