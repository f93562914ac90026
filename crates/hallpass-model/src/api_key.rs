use crate::{ApiKeyId, EnvironmentId, Timestamp};

/// A key by which an app or its backend names an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// What it is for.
    pub kind: ApiKeyKind,
    /// The key itself, if it is no secret.
    pub publishable: Option<String>,
    /// Its first characters, to tell keys apart.
    pub hint: String,
    /// What the operator calls it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Set when a rotation with overlap replaced it: good until then.
    pub retires_at: Option<Timestamp>,
    /// Set when it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The last use, up to some seconds late.
    pub last_used_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it is good at a time.
    #[must_use]
    pub fn is_good_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.retires_at.is_none_or(|end| now < end)
    }
}

/// What an API key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApiKeyKind {
    /// Ships in front ends; no secret.
    Publishable,
    /// Stays in backends; kept as a digest.
    Secret,
}

impl ApiKeyKind {
    /// The word used in every surface and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publishable => "publishable",
            Self::Secret => "secret",
        }
    }

    /// The reverse of [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Publishable, Self::Secret]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}
