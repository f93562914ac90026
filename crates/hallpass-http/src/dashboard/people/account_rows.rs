//! What belongs to an account, as rows of its page.

use hallpass_model::{Identity, Session, Timestamp, Wallet, WalletType};

use crate::dashboard::words::{Moment, clipped};

/// How much is shown of what somebody else wrote.
pub(super) const TEXT_CHARS: usize = 300;

pub(super) struct IdentityRow {
    pub(super) kind: String,
    pub(super) shown: String,
    pub(super) is_primary: bool,
    pub(super) proven: Moment,
}

pub(super) struct WalletRow {
    pub(super) name: Option<String>,
    pub(super) chain: &'static str,
    pub(super) address: String,
    pub(super) added: Moment,
}

pub(super) struct SessionRow {
    pub(super) id: String,
    pub(super) is_live: bool,
    pub(super) method: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) began: Moment,
    pub(super) used: Moment,
    /// When it ended, or will unless it is used.
    pub(super) ends: Moment,
}

impl IdentityRow {
    pub(super) fn new(identity: &Identity, now: Timestamp) -> Self {
        Self {
            kind: identity.kind.to_string(),
            shown: clipped(&identity.shown, TEXT_CHARS),
            is_primary: identity.is_primary,
            proven: Moment::new(identity.created_at, now),
        }
    }
}

impl WalletRow {
    pub(super) fn new(wallet: Wallet, now: Timestamp) -> Self {
        Self {
            name: wallet.name.map(|name| clipped(&name, TEXT_CHARS)),
            chain: match wallet.chain {
                WalletType::Evm => "EVM",
                WalletType::Solana => "Solana",
                WalletType::Cosmos => "Cosmos",
            },
            address: wallet.address,
            added: Moment::new(wallet.created_at, now),
        }
    }
}

impl SessionRow {
    pub(super) fn new(session: Session, now: Timestamp) -> Self {
        let is_live = session.is_live_at(now);
        let ends = session
            .ended_at
            .unwrap_or(session.expires_at.min(session.ends_at));
        let method = session
            .login
            .map(|login| login.oauth_method.unwrap_or_else(|| login.kind.to_string()));
        Self {
            id: session.id.to_string(),
            is_live,
            method,
            origin: session.origin.map(|origin| clipped(&origin, TEXT_CHARS)),
            began: Moment::new(session.created_at, now),
            used: Moment::new(session.renewed_at, now),
            ends: Moment::new(ends, now),
        }
    }
}
