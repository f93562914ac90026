use serde::{Deserialize, Serialize};

use crate::{AccountId, EnvironmentId, PasskeyId, Timestamp};

/// A key in a person's device that signs them in on the hosted page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// Whom it signs in.
    pub account_id: AccountId,
    /// How the device names it, as base64url.
    pub credential_id: String,
    /// What the device said about it.
    pub credential: PasskeyCredential,
    /// The person's word for it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last signed somebody in.
    pub last_used_at: Option<Timestamp>,
}

/// The half of a passkey that we hold: public, and what is needed to check the other half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyCredential {
    /// The public key as the device wrote it (COSE), as base64url.
    pub public_key: String,
    /// Raised by every use; 0 for devices that do not count.
    pub counter: u32,
    /// There is a copy of it, for example in the person's other devices.
    pub is_synced: bool,
}
