use hallpass_model::Timestamp;
use serde::Serialize;

/// Why keys could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysFailure {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// When the fetch ended.
    pub at: Timestamp,
}

/// How this process stands with a provider's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysStatus {
    /// What they are worth now.
    pub state: KeysState,
    /// Usable keys in the set.
    pub count: usize,
    /// When the set was fetched.
    pub fetched_at: Option<Timestamp>,
    /// When it stops being fresh.
    pub refresh_at: Option<Timestamp>,
    /// When it stops counting if no fetch succeeds.
    pub usable_until: Option<Timestamp>,
    /// Why the last fetch failed, if it did.
    pub failure: Option<KeysFailure>,
}

/// See [`KeysStatus::state`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeysState {
    /// Nobody needed them yet.
    Unknown,
    /// Not fresh, because nobody needed them for a while; fetched for the next token.
    Idle,
    /// As published.
    Fresh,
    /// The last good set, while fetching fails.
    Stale,
    /// Nothing that may be believed.
    Unavailable,
}

impl KeysState {
    /// The word used in every surface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Idle => "idle",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Unavailable => "unavailable",
        }
    }
}

impl KeysStatus {
    pub(super) const fn unknown() -> Self {
        Self {
            state: KeysState::Unknown,
            count: 0,
            fetched_at: None,
            refresh_at: None,
            usable_until: None,
            failure: None,
        }
    }
}
