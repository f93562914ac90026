//! What webhooks are told, and the envelope around it.

use hallpass_model::{AccountId, EnvironmentId, Error, Result, Timestamp, Webhook, WebhookEvent};
use hallpass_store::Write;
use serde::Serialize;
use serde_json::Value;
use uuid::Builder;

use crate::Shared;
use crate::deliveries::{self, NewDelivery};
use crate::rng::Rng;

/// The ping of a test; no webhook can ask for it.
pub(super) const PING: &str = "test.ping";

/// Something that happened in an environment.
#[derive(Debug, Clone)]
pub(crate) enum Event<'a> {
    /// Somebody signed in for the first time.
    UserCreated {
        account: AccountId,
        created_at: Timestamp,
    },
    /// Somebody proved that an external wallet is theirs.
    WalletVerified {
        account: AccountId,
        /// As the client wrote it.
        address: &'a str,
        /// The wallet's name, as the client said.
        provider: Option<&'a str>,
        verified_at: Timestamp,
    },
}

/// What is sent. The order of members is part of what receivers may have come to like.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) event_type: &'a str,
    pub(super) created_at: String,
    pub(super) data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(super) enum Data<'a> {
    UserCreated {
        user_id: AccountId,
        user_created_at: String,
    },
    WalletVerified {
        user_id: AccountId,
        wallet_address: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        wallet_provider: Option<&'a str>,
        verified_at: String,
    },
    Ping {
        test: bool,
        message: &'static str,
    },
}

/// Enqueues an event for every webhook of the environment that asked for it: it is told if, and only if, the
/// transaction commits.
pub(crate) async fn announce(
    tx: &mut Write,
    shared: &Shared,
    environment: EnvironmentId,
    event: &Event<'_>,
) -> Result<()> {
    let kind = event.kind();
    let webhooks = tx.list_webhooks(environment).await?;
    let asked =
        |webhook: &&Webhook| webhook.disabled_at.is_none() && webhook.events.contains(&kind);
    let targets: Vec<_> = webhooks.iter().filter(asked).collect();
    if targets.is_empty() {
        return Ok(());
    }
    let now = shared.clock.now();
    let id = event_id(&*shared.rng);
    let payload = event.envelope(&id, now).to_text()?;
    for webhook in targets {
        let new = NewDelivery::to_webhook(webhook, &id, kind.as_str(), &payload);
        deliveries::enqueue(tx, shared, new).await?;
    }
    Ok(())
}

/// The same id names an event at every receiver and every attempt.
pub(super) fn event_id(rng: &dyn Rng) -> String {
    format!(
        "evt_{}",
        Builder::from_random_bytes(rng.bytes()).into_uuid()
    )
}

/// As JavaScript writes times.
pub(super) fn iso8601(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_microsecond(time.as_micros()).unwrap_or_default();
    format!("{time:.3}")
}

impl Event<'_> {
    const fn kind(&self) -> WebhookEvent {
        match self {
            Self::UserCreated { .. } => WebhookEvent::UserCreated,
            Self::WalletVerified { .. } => WebhookEvent::ExternalWalletVerified,
        }
    }

    fn envelope<'a>(&'a self, id: &'a str, now: Timestamp) -> Envelope<'a> {
        let data = match self {
            Self::UserCreated {
                account,
                created_at,
            } => Data::UserCreated {
                user_id: *account,
                user_created_at: iso8601(*created_at),
            },
            Self::WalletVerified {
                account,
                address,
                provider,
                verified_at,
            } => Data::WalletVerified {
                user_id: *account,
                wallet_address: address,
                wallet_provider: *provider,
                verified_at: iso8601(*verified_at),
            },
        };
        Envelope {
            id,
            event_type: self.kind().as_str(),
            created_at: iso8601(now),
            data,
        }
    }
}

impl Envelope<'_> {
    pub(super) fn to_text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    pub(super) fn to_value(&self) -> Result<Value> {
        serde_json::to_value(self).map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_123_456);

    #[test]
    fn envelopes_say_exactly_what_is_promised() {
        let account = AccountId::from_random([7; 16]);
        let created = Event::UserCreated {
            account,
            created_at: NOW,
        };
        assert_eq!(
            created.envelope("evt_1", NOW).to_text().expect("JSON"),
            r#"{"id":"evt_1","type":"user.created","createdAt":"2026-01-01T00:00:00.123Z","data":{"userId":"07070707-0707-4707-8707-070707070707","userCreatedAt":"2026-01-01T00:00:00.123Z"}}"#
        );
        let verified = |provider| Event::WalletVerified {
            account,
            address: "0xAb",
            provider,
            verified_at: Timestamp::from_secs(0),
        };
        assert_eq!(
            verified(Some("MetaMask"))
                .envelope("evt_2", NOW)
                .to_text()
                .expect("JSON"),
            r#"{"id":"evt_2","type":"user.external_wallet_verified","createdAt":"2026-01-01T00:00:00.123Z","data":{"userId":"07070707-0707-4707-8707-070707070707","walletAddress":"0xAb","walletProvider":"MetaMask","verifiedAt":"1970-01-01T00:00:00.000Z"}}"#
        );
        let without = verified(None);
        let without = without.envelope("evt_3", NOW).to_value().expect("JSON");
        assert_eq!(without["data"].get("walletProvider"), None);
    }

    #[test]
    fn an_event_has_an_id_of_its_own() {
        let rng = crate::rng::SystemRng::new();
        let id = event_id(&rng);
        assert!(id.starts_with("evt_") && id.len() == 40, "{id}");
        assert_ne!(id, event_id(&rng));
    }
}
