//! Pinging a webhook, to see what happens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hallpass_model::{EnvironmentId, Error, Result, WebhookId};
use serde_json::Value;

use super::events::{self, Data, Envelope};
use super::{Webhooks, secrets};
use crate::actor::OperatorCaller;
use crate::deliveries::{self, Outcome, Receiver};

/// A leaky bucket for each webhook: somebody else may own the server behind it.
const EVERY: Duration = Duration::from_secs(10);
const AT_ONCE: u32 = 5;

/// What a ping came to.
#[derive(Debug, Clone)]
pub struct WebhookTest {
    /// Whether the receiver has it.
    pub delivered: bool,
    /// The status of its answer, if one came.
    pub status: Option<u16>,
    /// Why it failed, for programs.
    pub code: Option<&'static str>,
    /// Why it failed, for people.
    pub detail: Option<String>,
    /// How long it took.
    pub took_ms: i64,
    /// What was sent.
    pub event: Value,
}

/// How far into the future each webhook's tests are used up.
#[derive(Default)]
pub(crate) struct Budget(Mutex<HashMap<WebhookId, Duration>>);

impl Budget {
    fn spend(&self, webhook: WebhookId, now: Duration) -> Result<()> {
        let mut full_until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        full_until.retain(|_, until| *until > now);
        let until = full_until.entry(webhook).or_insert(now);
        let next = *until + EVERY;
        if let Some(over) = (next - now).checked_sub(EVERY * AT_ONCE)
            && !over.is_zero()
        {
            return Err(Error::too_many_requests(
                "too_many_tests",
                "this webhook was tested too often; wait a little",
            )
            .retry_after(over.as_secs() + 1));
        }
        *until = next;
        Ok(())
    }
}

impl Webhooks {
    /// Sends a ping now, past the queue, also to a disabled webhook. Nothing that is stored changes.
    ///
    /// # Errors
    /// `not_found`, `too_many_tests` (429), `master_key_missing` and the like (503). A receiver that fails is no error.
    pub async fn test(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: WebhookId,
    ) -> Result<WebhookTest> {
        let (webhook, sealed) = {
            let mut tx = self.shared.store.read().await?;
            caller.visible_environment(tx.find_environment(environment).await?)?;
            let webhook = tx.find_webhook(environment, id).await?;
            let sealed = tx.find_webhook_secrets(environment, id).await?;
            webhook.zip(sealed).ok_or_else(super::no_webhook)?
        };
        let now = self.shared.clock.now();
        let receiver = Receiver {
            secrets: secrets::open(&self.shared, &webhook, &sealed, now)?,
            url: webhook.url,
            signature_header: webhook.settings.signature_header,
        };
        self.tests.spend(id, self.shared.clock.monotonic())?;
        let event_id = events::event_id(&*self.shared.rng);
        let envelope = Envelope {
            id: &event_id,
            event_type: events::PING,
            created_at: events::iso8601(now),
            data: Data::Ping {
                test: true,
                message: "Hallpass can reach this webhook",
            },
        };
        let payload = envelope.to_text()?;
        let attempted = deliveries::send(&self.shared, &receiver, &event_id, &payload).await;
        Ok(WebhookTest {
            delivered: attempted.outcome == Outcome::Delivered,
            status: attempted.status,
            code: match attempted.outcome {
                Outcome::Delivered => None,
                Outcome::Gone => Some("delivery_gone"),
                Outcome::Failed { code, .. } => Some(code),
            },
            detail: attempted.detail,
            took_ms: attempted.took_ms,
            event: envelope.to_value()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_tested_five_times_and_then_every_ten_seconds() {
        let (budget, webhook) = (Budget::default(), WebhookId::from_random([1; 16]));
        let at = |secs| budget.spend(webhook, Duration::from_secs(secs));
        for _ in 0..5 {
            assert!(at(100).is_ok());
        }
        let refused = at(100).expect_err("a sixth");
        assert_eq!(refused.code(), "too_many_tests");
        assert_eq!(refused.retry_after_secs(), Some(11));
        assert!(at(109).is_err());
        assert!(at(110).is_ok());
        assert!(at(110).is_err());
        let other = WebhookId::from_random([2; 16]);
        assert!(budget.spend(other, Duration::from_secs(110)).is_ok());
    }
}
