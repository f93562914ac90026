//! The two ceremonies of passkeys as browsers speak them (W3C Web Authentication, level 2): what a browser is asked, and
//! what it answers, every part as base64url.

use hallpass_core::{MadePasskey, PasskeyAnswer};
use serde::Deserialize;
use serde_json::{Value, json};

/// The widest answer has a key of 8192 bits in it.
pub(crate) const ANSWER_BYTES: usize = 32 * 1024;

/// No fields: a ceremony is begun by an empty object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object without members")]
pub(crate) struct Nothing {}

/// A passkey that signs somebody in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a passkey's answer")]
pub(crate) struct Answer {
    credential_id: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
    user_handle: Option<String>,
}

/// A passkey that was just made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a new passkey")]
pub(crate) struct Made {
    credential_id: String,
    client_data: String,
    attestation_object: String,
}

impl From<Answer> for PasskeyAnswer {
    fn from(answer: Answer) -> Self {
        Self {
            credential_id: answer.credential_id,
            client_data: answer.client_data,
            authenticator_data: answer.authenticator_data,
            signature: answer.signature,
            user_handle: answer.user_handle,
        }
    }
}

impl From<Made> for MadePasskey {
    fn from(made: Made) -> Self {
        Self {
            credential_id: made.credential_id,
            client_data: made.client_data,
            attestation_object: made.attestation_object,
        }
    }
}

/// What a browser is asked to sign somebody in.
pub(crate) fn question(challenge: &str, secs: i64, host: &str) -> Value {
    json!({
        "challenge": challenge,
        "rpId": host,
        "timeout": secs * 1000,
        "userVerification": "required",
    })
}

/// Who wants a new passkey, and where.
pub(crate) struct Wish<'a> {
    pub(crate) challenge: &'a str,
    pub(crate) secs: i64,
    pub(crate) host: &'a str,
    pub(crate) place_name: &'a str,
    pub(crate) user_handle: &'a str,
    pub(crate) user_name: &'a str,
    /// Passkeys that are there already.
    pub(crate) known: &'a [String],
}

/// What a browser is asked to make a new passkey.
pub(crate) fn invitation(wish: &Wish<'_>) -> Value {
    let known = wish.known.iter();
    let known: Vec<Value> = known
        .map(|id| json!({ "type": "public-key", "id": id }))
        .collect();
    // ES256, EdDSA and RS256, the best liked first.
    let kinds = [-7, -8, -257].map(|alg| json!({ "type": "public-key", "alg": alg }));
    json!({
        "challenge": wish.challenge,
        "rp": { "id": wish.host, "name": wish.place_name },
        "user": { "id": wish.user_handle, "name": wish.user_name, "displayName": wish.user_name },
        "pubKeyCredParams": kinds,
        "timeout": wish.secs * 1000,
        "excludeCredentials": known,
        "authenticatorSelection": { "residentKey": "required", "requireResidentKey": true, "userVerification": "required" },
        "attestation": "none",
    })
}
