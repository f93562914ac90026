use crate::{EnvironmentId, Timestamp};

/// A key that Hallpass holds, sealed, to sign the tokens that it issues. Its times decide its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerKey {
    /// The environment whose tokens it signs.
    pub environment_id: EnvironmentId,
    /// RFC 7638 SHA-256 thumbprint, base64url.
    pub kid: String,
    /// Which of the environment's rows of keys it belongs to.
    pub key_index: u32,
    /// Modulus length in bits.
    pub bits: u32,
    /// SubjectPublicKeyInfo as PEM.
    pub public_key_pem: String,
    /// When it was made and published.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// When it ends to sign; open until a successor is planned.
    pub signs_until: Option<Timestamp>,
    /// When it leaves the published set.
    pub published_until: Option<Timestamp>,
    /// The longest life that a token signed with it may have, in seconds; settings only ever raise it.
    pub token_secs: i64,
    /// How long others may keep a key set that they fetched under earlier settings.
    pub set_kept_until: Timestamp,
    /// Set when it was withdrawn at once.
    pub revoked_at: Option<Timestamp>,
    /// Last token signed, up to 5 s late.
    pub last_used_at: Option<Timestamp>,
    /// Tokens signed with it, up to 5 s late.
    pub use_count: i64,
}

impl IssuerKey {
    /// Its state at a time.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> IssuerKeyState {
        if self.revoked_at.is_some() {
            return IssuerKeyState::Revoked;
        }
        if self.published_until.is_some_and(|end| now >= end) {
            return IssuerKeyState::Retired;
        }
        if self.signs_until.is_some_and(|end| now >= end) {
            return IssuerKeyState::Retiring;
        }
        if now < self.signs_from {
            return IssuerKeyState::Next;
        }
        IssuerKeyState::Active
    }

    /// When its present state began.
    #[must_use]
    pub fn since(&self, now: Timestamp) -> Timestamp {
        let since = match self.state_at(now) {
            IssuerKeyState::Next => None,
            IssuerKeyState::Active => Some(self.signs_from),
            IssuerKeyState::Retiring => self.signs_until,
            IssuerKeyState::Retired => self.published_until,
            IssuerKeyState::Revoked => self.revoked_at,
        };
        since.unwrap_or(self.created_at)
    }

    /// When its present state ends, where that is known.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state_at(now) {
            IssuerKeyState::Next => Some(self.signs_from),
            IssuerKeyState::Active => self.signs_until,
            IssuerKeyState::Retiring => self.published_until,
            IssuerKeyState::Retired | IssuerKeyState::Revoked => None,
        }
    }
}

/// The life of an issuer key. All but retired and revoked ones are published; only the active one signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssuerKeyState {
    /// Published, so that everybody has it before it signs.
    Next,
    /// Signs.
    Active,
    /// Signs no more; its last tokens are still good.
    Retiring,
    /// Its last token has expired; the private half is erased.
    Retired,
    /// Withdrawn.
    Revoked,
}

impl IssuerKeyState {
    /// The word used in every surface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    /// Whether keys in this state stand in the published set.
    #[must_use]
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Next | Self::Active | Self::Retiring)
    }
}
