use serde::{Deserialize, Serialize};

use crate::{AccountId, EnvironmentId, IdentityKind, SessionId, Timestamp};

/// The time during which a client is known; signed in once somebody has proven who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// A public handle: it names the session and opens nothing.
    pub id: SessionId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The secret is exchanged at the holder's next request, because somebody signed in for it elsewhere.
    pub rotation_due: bool,
    /// Who is signed in.
    pub account_id: Option<AccountId>,
    /// Who was signed in before, in this session or in the one that its client had before. Gives quotas, opens nothing.
    pub former_account_id: Option<AccountId>,
    /// How they signed in.
    pub login: Option<Login>,
    /// External wallets whose owner signed in this session.
    pub wallets: Vec<SessionWallet>,
    /// The origin of the page that began it, if a browser said so.
    pub origin: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When somebody signed in.
    pub authenticated_at: Option<Timestamp>,
    /// The last use that counted.
    pub renewed_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// When it ends however much it is used.
    pub ends_at: Timestamp,
    /// Set when it was ended.
    pub ended_at: Option<Timestamp>,
}

impl Session {
    /// Whether it still counts.
    #[must_use]
    pub fn is_live_at(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at && now < self.ends_at
    }

    /// Whether somebody is signed in.
    #[must_use]
    pub const fn is_signed_in(&self) -> bool {
        self.account_id.is_some()
    }
}

/// How somebody signed in: what issued tokens say about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// What was proven.
    pub kind: IdentityKind,
    /// The identity's one spelling.
    pub identifier: String,
    /// As the person or client wrote it.
    pub shown: String,
    /// The service that vouched for a mailbox: `google`, `x` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth_method: Option<String>,
}

impl Login {
    /// As public clients spell what was proven.
    #[must_use]
    pub const fn auth_type(&self) -> &'static str {
        match self.kind {
            IdentityKind::Email => "email",
            IdentityKind::Phone => "phone",
            IdentityKind::Telegram => "telegram",
            IdentityKind::Evm | IdentityKind::Solana | IdentityKind::Cosmos => "externalWallet",
            IdentityKind::Google
            | IdentityKind::X
            | IdentityKind::Discord
            | IdentityKind::Facebook
            | IdentityKind::Apple
            | IdentityKind::Oidc(_) => "customId",
        }
    }
}

/// An external wallet that signed in this session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionWallet {
    /// Which family: `evm`, `solana` or `cosmos`.
    pub kind: IdentityKind,
    /// The address exactly as the client wrote it; clients compare it as text.
    pub address: String,
    /// The wallet's name, as the client said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}
