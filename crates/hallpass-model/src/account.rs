use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AccountId, EnvironmentId, IdentityId, Timestamp};

/// A person who signs in at Hallpass itself, in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its id; `sub` and `data.userId` of issued tokens.
    pub id: AccountId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// What is shown of the person.
    pub profile: Profile,
    /// Chooses the permissions of issued tokens; the operator's word.
    pub role: Option<String>,
    /// The permission claim of this account's issued tokens; beats the role's.
    pub permissions: Option<Value>,
    /// Raised by every change of the operator's.
    pub version: i64,
    /// Set while shut out: no sign-in, no token, no session.
    pub frozen_at: Option<Timestamp>,
    /// The last sign-in.
    pub signed_in_at: Option<Timestamp>,
    /// The first one.
    pub created_at: Timestamp,
    /// Last change of anything above.
    pub updated_at: Timestamp,
}

/// What a service, or the person, says about the person. Shown, never believed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// A handle at the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture_url: Option<String>,
}

/// One way to be an account: proven, and in one environment no two accounts have the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// Whose it is.
    pub account_id: AccountId,
    /// What sort of proof it stands for.
    pub kind: IdentityKind,
    /// The one spelling under which it is kept.
    pub identifier: String,
    /// As the person or client wrote it.
    pub shown: String,
    /// What the service said about the person, and what else belongs to the kind.
    pub detail: Value,
    /// The account began with it.
    pub is_primary: bool,
    /// When it was first proven.
    pub created_at: Timestamp,
}

/// What sort of proof an identity stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IdentityKind {
    /// A mailbox.
    Email,
    /// A phone that receives texts.
    Phone,
    /// A Google account.
    Google,
    /// An account at X, once Twitter.
    X,
    /// A Discord account.
    Discord,
    /// A Facebook account.
    Facebook,
    /// An Apple account.
    Apple,
    /// An account at an OIDC issuer, by the handle of its settings.
    Oidc(String),
    /// A Telegram account.
    Telegram,
    /// An Ethereum account.
    Evm,
    /// A Solana account.
    Solana,
    /// A Cosmos account.
    Cosmos,
}

/// No such kind of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected email, phone, google, x, discord, facebook, apple, oidc:HANDLE, telegram, evm, solana or cosmos"
)]
pub struct UnknownKind;

const PLAIN: [IdentityKind; 11] = [
    IdentityKind::Email,
    IdentityKind::Phone,
    IdentityKind::Google,
    IdentityKind::X,
    IdentityKind::Discord,
    IdentityKind::Facebook,
    IdentityKind::Apple,
    IdentityKind::Telegram,
    IdentityKind::Evm,
    IdentityKind::Solana,
    IdentityKind::Cosmos,
];

impl IdentityKind {
    /// Whether an external wallet proves it.
    #[must_use]
    pub const fn is_wallet(&self) -> bool {
        matches!(self, Self::Evm | Self::Solana | Self::Cosmos)
    }

    /// Its word without a handle, for labels of metrics.
    #[must_use]
    pub const fn metric(&self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Google => "google",
            Self::X => "x",
            Self::Discord => "discord",
            Self::Facebook => "facebook",
            Self::Apple => "apple",
            Self::Oidc(_) => "oidc",
            Self::Telegram => "telegram",
            Self::Evm => "evm",
            Self::Solana => "solana",
            Self::Cosmos => "cosmos",
        }
    }
}

impl fmt::Display for IdentityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oidc(handle) => write!(f, "oidc:{handle}"),
            other => f.write_str(other.metric()),
        }
    }
}

impl FromStr for IdentityKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        match text.strip_prefix("oidc:") {
            Some("") => Err(UnknownKind),
            Some(handle) => Ok(Self::Oidc(handle.to_owned())),
            None => PLAIN
                .into_iter()
                .find(|kind| kind.metric() == text)
                .ok_or(UnknownKind),
        }
    }
}

impl Serialize for IdentityKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IdentityKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_word_that_is_read_back() {
        for kind in PLAIN.into_iter().chain([IdentityKind::Oidc("acme".into())]) {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for other in ["", "oidc", "oidc:", "Email", "twitter"] {
            assert_eq!(other.parse::<IdentityKind>(), Err(UnknownKind), "{other}");
        }
    }
}
