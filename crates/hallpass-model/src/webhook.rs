use serde::{Deserialize, Serialize};

use crate::{EnvironmentId, Timestamp, WebhookId};

/// An address that is told of an environment's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// The environment whose events it is told.
    pub environment_id: EnvironmentId,
    /// Where it is.
    pub url: String,
    /// What it is told; at least one.
    pub events: Vec<WebhookEvent>,
    /// How it is told.
    pub settings: WebhookSettings,
    /// Since when every attempt has failed.
    pub failing_since: Option<Timestamp>,
    /// Set while it is told nothing.
    pub disabled_at: Option<Timestamp>,
    /// Who or what disabled it.
    pub disabled_reason: Option<DisabledReason>,
    /// Until when the secret before the present one signs as well.
    pub former_secret_until: Option<Timestamp>,
    /// Raised by every change.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// How a webhook is told; stored as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSettings {
    /// A header that repeats the signature, for receivers that look for it under another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_header: Option<String>,
}

/// What a webhook may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WebhookEvent {
    /// Somebody signed in for the first time.
    #[serde(rename = "user.created")]
    UserCreated,
    /// Somebody proved that an external wallet is theirs.
    #[serde(rename = "user.external_wallet_verified")]
    ExternalWalletVerified,
}

impl WebhookEvent {
    /// Every event.
    pub const ALL: [Self; 2] = [Self::UserCreated, Self::ExternalWalletVerified];

    /// The word used in every surface, in the database and in envelopes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserCreated => "user.created",
            Self::ExternalWalletVerified => "user.external_wallet_verified",
        }
    }

    /// The reverse of [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }
}

/// Who or what disabled a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisabledReason {
    /// An operator.
    Operator,
    /// The receiver, which answered 410.
    Gone,
    /// Hallpass, after days of nothing but failures.
    Failing,
}

impl DisabledReason {
    /// The word used in every surface and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// The reverse of [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Operator, Self::Gone, Self::Failing]
            .into_iter()
            .find(|reason| reason.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_written_alike_everywhere() -> serde_json::Result<()> {
        for event in WebhookEvent::ALL {
            let json = serde_json::to_string(&event)?;
            assert_eq!(json, format!("\"{}\"", event.as_str()));
            assert_eq!(WebhookEvent::from_word(event.as_str()), Some(event));
        }
        assert_eq!(WebhookEvent::from_word("test.ping"), None);
        Ok(())
    }
}
