use crate::{DeliveryId, EnvironmentId, Timestamp};

/// One thing to tell one receiver, until it is told or given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id (version 7, sorts by time).
    pub id: DeliveryId,
    /// The environment whose event it is.
    pub environment_id: EnvironmentId,
    /// What sort of receiver.
    pub target_kind: TargetKind,
    /// The receiver's id.
    pub target_id: String,
    /// The event's id: the same for every receiver and every attempt.
    pub event_id: String,
    /// What happened, as `<noun>.<verb>`.
    pub event_type: String,
    /// The body that is sent, byte for byte.
    pub payload: String,
    /// How far it is.
    pub state: DeliveryState,
    /// Attempts begun.
    pub attempts: u32,
    /// When the next one is due.
    pub next_attempt_at: Timestamp,
    /// While a worker is at it: when others may take it over.
    pub claimed_until: Option<Timestamp>,
    /// What the last attempt came to.
    pub last: Option<DeliveryAttempt>,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When it was told or given up.
    pub finished_at: Option<Timestamp>,
}

/// What an attempt came to. What the receiver wrote is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// The status of its answer, if one came.
    pub status: Option<u16>,
    /// Why it failed.
    pub error: Option<String>,
    /// How long it took.
    pub took_ms: i64,
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// To be tried when it is due.
    Pending,
    /// Waits until its receiver is enabled again.
    Held,
    /// The receiver has it.
    Delivered,
    /// Given up; an operator may have it tried again.
    Dead,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Held, Self::Delivered, Self::Dead];

    /// The word used in every surface and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The reverse of [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What sort of receiver a delivery has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// A webhook of the environment.
    Webhook,
}

impl TargetKind {
    /// The word used in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
        }
    }

    /// The reverse of [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        (word == Self::Webhook.as_str()).then_some(Self::Webhook)
    }
}
