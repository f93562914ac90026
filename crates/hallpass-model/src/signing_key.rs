use crate::{EnvironmentId, Timestamp};

/// The public half of a key that only the customer's backend signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The environment that trusts it.
    pub environment_id: EnvironmentId,
    /// RFC 7638 SHA-256 thumbprint, base64url; unique in the whole installation, for ever.
    pub kid: String,
    /// `SHA256:` and the digest of the SubjectPublicKeyInfo, for people to compare.
    pub fingerprint: String,
    /// Modulus length in bits.
    pub bits: u32,
    /// SubjectPublicKeyInfo as PEM.
    pub public_key_pem: String,
    /// Where it came from.
    pub origin: KeyOrigin,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Set when a rotation with overlap replaced it: trusted until then.
    pub retires_at: Option<Timestamp>,
    /// Set when it was revoked: never trusted again.
    pub revoked_at: Option<Timestamp>,
    /// Last accepted request, up to 5 s late.
    pub last_used_at: Option<Timestamp>,
    /// Requests accepted with it; up to 5 s late.
    pub use_count: i64,
}

impl SigningKey {
    /// Its state at a time.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> KeyState {
        match (self.revoked_at, self.retires_at) {
            (Some(_), _) => KeyState::Revoked,
            (None, None) => KeyState::Active,
            (None, Some(end)) if now < end => KeyState::Retiring,
            (None, Some(_)) => KeyState::Retired,
        }
    }
}

/// The life of a signing key. Only active and retiring ones verify tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// The key to sign with.
    Active,
    /// Replaced, still trusted until its end.
    Retiring,
    /// Its overlap is over.
    Retired,
    /// Withdrawn.
    Revoked,
}

impl KeyState {
    /// The word used in every surface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    /// Whether tokens signed with a key in this state are accepted.
    #[must_use]
    pub const fn is_trusted(self) -> bool {
        matches!(self, Self::Active | Self::Retiring)
    }
}

/// Where a signing key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyOrigin {
    /// Made here; the private half was shown once and not kept.
    Generated,
    /// Brought as a public key.
    Imported,
}

impl KeyOrigin {
    /// The word used in every surface and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Imported => "imported",
        }
    }

    /// The reverse of [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Generated, Self::Imported]
            .into_iter()
            .find(|origin| origin.as_str() == word)
    }
}
