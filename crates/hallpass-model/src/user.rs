use crate::{EnvironmentId, Subject, Timestamp, UserId};

/// Metadata of a user: one JSON object.
pub type Metadata = serde_json::Map<String, serde_json::Value>;

/// Who a token's `sub` names, in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectedUser {
    /// The environment.
    pub environment_id: EnvironmentId,
    /// Our id of the user (version 4).
    pub id: UserId,
    /// The token's `sub`.
    pub sub: Subject,
    /// What the customer stores about the user.
    pub metadata: Metadata,
    /// Raised by every change of the metadata; the `ETag` of the admin API.
    pub version: i64,
    /// Set while frozen: tokens are refused with 403.
    pub frozen_at: Option<Timestamp>,
    /// Tokens issued up to then are refused. Outlives the user's deletion.
    pub not_before: Option<Timestamp>,
    /// First seen.
    pub created_at: Timestamp,
    /// Last change of anything above.
    pub updated_at: Timestamp,
}
