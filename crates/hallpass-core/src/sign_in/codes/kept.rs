//! What is kept of a code: everything but the code.
//!
//! The digest is keyed, or anybody with a copy of the database had the code after a million tries. The key is random for each
//! code and stands sealed beside it: every node with the master key can compare, and nothing outlives the ten minutes.

use data_encoding::BASE64;
use hallpass_identity::code::CodeLength;
use hallpass_model::{
    Challenge, ChallengeId, ChallengePurpose, EnvironmentId, Error, Result, SessionId,
};
use hallpass_seal::{Place, code_hash};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Shared;
use crate::sign_in::limits::Sent;

/// The `state` of a code's challenge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CodeState {
    /// The first challenge of the flow.
    pub(super) flow: ChallengeId,
    /// 6 or 9.
    pub(super) digits: u8,
    /// A session that was signed in to the address's account before asked for it.
    #[serde(default)]
    pub(super) by_owner: bool,
    /// It never left.
    #[serde(default)]
    pub(super) failed: bool,
    /// What keys the digest, sealed, in Base64.
    pub(super) key: String,
}

/// What a code is good for: the digest holds all of it.
pub(super) struct Binding<'a> {
    pub(super) environment: EnvironmentId,
    pub(super) session: SessionId,
    pub(super) challenge: ChallengeId,
    pub(super) purpose: ChallengePurpose,
    pub(super) identifier: &'a str,
}

impl Binding<'_> {
    pub(super) fn digest(&self, key: &[u8; 32], code: &str) -> [u8; 32] {
        let (environment, session) = (self.environment.to_string(), self.session.to_string());
        let challenge = self.challenge.to_string();
        code_hash(
            key,
            &[
                self.purpose.as_str().as_bytes(),
                environment.as_bytes(),
                session.as_bytes(),
                challenge.as_bytes(),
                self.identifier.as_bytes(),
                code.as_bytes(),
            ],
        )
    }

    pub(super) fn seal_key(&self, shared: &Shared, key: &[u8; 32]) -> Result<String> {
        let (row, environment) = (self.challenge.to_string(), self.environment.to_string());
        let sealed = shared.seal.seal(&place(&row, &environment), key)?;
        Ok(BASE64.encode(&sealed))
    }

    pub(super) fn open_key(&self, shared: &Shared, state: &CodeState) -> Result<[u8; 32]> {
        let (row, environment) = (self.challenge.to_string(), self.environment.to_string());
        let sealed = BASE64
            .decode(state.key.as_bytes())
            .map_err(Error::internal)?;
        let key = shared.seal.open(&place(&row, &environment), &sealed)?;
        <[u8; 32]>::try_from(key.expose())
            .map_err(|_| Error::internal("the key of a code has 32 bytes"))
    }
}

fn place<'a>(row: &'a str, environment: &'a str) -> Place<'a> {
    Place {
        table: "challenges",
        row,
        environment,
        field: "state.key",
    }
}

impl CodeState {
    /// `None` for a challenge that is no code.
    pub(super) fn of(challenge: &Challenge) -> Option<Self> {
        CodeState::deserialize(&challenge.state).ok()
    }

    pub(super) fn to_json(&self) -> Result<Value> {
        serde_json::to_value(self).map_err(Error::internal)
    }

    pub(super) const fn length(&self) -> CodeLength {
        if self.digits == 9 {
            CodeLength::Nine
        } else {
            CodeLength::Six
        }
    }
}

/// The codes among the challenges of an address, as the limits see them.
pub(super) fn sent(challenges: &[Challenge]) -> Vec<Sent> {
    let one = |challenge: &Challenge| {
        let state = CodeState::of(challenge)?;
        let network = challenge.client_network.as_deref();
        Some(Sent {
            at: challenge.created_at,
            network: network.and_then(|text| text.parse().ok()),
            by_owner: state.by_owner,
            length: state.length(),
            wrong_answers: challenge.wrong_answers,
            failed: state.failed,
        })
    };
    challenges.iter().filter_map(one).collect()
}
