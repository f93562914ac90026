use hallpass_model::{
    Challenge, ChallengeId, ChallengePurpose, EnvironmentId, IdentityKind, SessionId, Timestamp,
};

use crate::rows::{entities, is_storable, json, json_text, micros, parsed, time, unreadable, word};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, environment_id, session_id, purpose, identity_kind, identifier, shown, digest, state,
                    client_network, wrong_answers, created_at, expires_at, consumed_at
             FROM challenges ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND id = $2");
const FIND_BY_DIGEST: &str = select!(
    "WHERE environment_id = $1 AND purpose = $2 AND digest = $3 ORDER BY created_at DESC LIMIT 1"
);
const FIND_LATEST: &str = select!(
    "WHERE environment_id = $1 AND session_id = $2 AND purpose = $3 ORDER BY created_at DESC, id DESC LIMIT 1"
);
const LIST_OF_IDENTIFIER: &str = select!(
    "WHERE environment_id = $1 AND identity_kind = $2 AND identifier = $3 AND created_at >= $4
     ORDER BY created_at DESC, id DESC LIMIT 512"
);
const COUNT_CODES_OF_NETWORK: &str = "SELECT COUNT(*) FROM challenges
     WHERE client_network = $1 AND created_at >= $2 AND identity_kind IN ('email', 'phone')";
const INSERT: &str =
    "INSERT INTO challenges (id, environment_id, session_id, purpose, identity_kind, identifier, shown, digest, state,
         client_network, wrong_answers, created_at, expires_at, consumed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
const SET_STATE: &str = "UPDATE challenges SET state = $3
     WHERE environment_id = $1 AND id = $2 AND consumed_at IS NULL";
const COUNT_WRONG_ANSWER: &str = "UPDATE challenges SET wrong_answers = wrong_answers + 1
     WHERE environment_id = $1 AND id = $2 AND consumed_at IS NULL AND wrong_answers < $3";
const CONSUME: &str = "UPDATE challenges SET consumed_at = $3
     WHERE environment_id = $1 AND id = $2 AND consumed_at IS NULL AND expires_at > $3";
const CONSUME_OF_IDENTIFIER: &str = "UPDATE challenges SET consumed_at = $5
     WHERE environment_id = $1 AND identity_kind = $2 AND identifier = $3 AND purpose = $4 AND consumed_at IS NULL";
const SWEEP: &str = "DELETE FROM challenges WHERE expires_at < $1 AND created_at < $1";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    FIND_BY_DIGEST,
    FIND_LATEST,
    LIST_OF_IDENTIFIER,
    COUNT_CODES_OF_NETWORK,
    INSERT,
    SET_STATE,
    COUNT_WRONG_ANSWER,
    CONSUME,
    CONSUME_OF_IDENTIFIER,
    SWEEP,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    session_id: Option<String>,
    purpose: String,
    identity_kind: String,
    identifier: String,
    shown: String,
    digest: Option<Vec<u8>>,
    state: String,
    client_network: Option<String>,
    wrong_answers: i64,
    created_at: i64,
    expires_at: i64,
    consumed_at: Option<i64>,
}

impl Read {
    /// The challenge of an environment with this id, in whatever state.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_challenge(
        &mut self,
        environment: EnvironmentId,
        id: ChallengeId,
    ) -> Result<Option<Challenge>> {
        fetch_optional!(self, Row, FIND, environment.to_string(), id.to_string())?
            .map(Challenge::try_from)
            .transpose()
    }

    /// The newest challenge of an environment with this purpose and digest, in whatever state.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_challenge_by_digest(
        &mut self,
        environment: EnvironmentId,
        purpose: ChallengePurpose,
        digest: &[u8; 32],
    ) -> Result<Option<Challenge>> {
        fetch_optional!(
            self,
            Row,
            FIND_BY_DIGEST,
            environment.to_string(),
            purpose.as_str(),
            digest.as_slice()
        )?
        .map(Challenge::try_from)
        .transpose()
    }

    /// The newest challenge of a session with this purpose, in whatever state.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_latest_challenge(
        &mut self,
        environment: EnvironmentId,
        session: SessionId,
        purpose: ChallengePurpose,
    ) -> Result<Option<Challenge>> {
        fetch_optional!(
            self,
            Row,
            FIND_LATEST,
            environment.to_string(),
            session.to_string(),
            purpose.as_str()
        )?
        .map(Challenge::try_from)
        .transpose()
    }

    /// What was asked to be proven of one identity since a time, newest first; at most 512.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_challenges_of_identifier(
        &mut self,
        environment: EnvironmentId,
        kind: &IdentityKind,
        identifier: &str,
        since: Timestamp,
    ) -> Result<Vec<Challenge>> {
        if !is_storable(identifier) {
            return Ok(Vec::new());
        }
        let rows = fetch_all!(
            self,
            Row,
            LIST_OF_IDENTIFIER,
            environment.to_string(),
            kind.to_string(),
            identifier,
            since.as_micros()
        )?;
        entities(rows)
    }

    /// How many codes a client's network asked for since a time, in every environment.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn count_codes_of_network(&mut self, network: &str, since: Timestamp) -> Result<i64> {
        let found = fetch_optional!(
            self,
            (i64,),
            COUNT_CODES_OF_NETWORK,
            network,
            since.as_micros()
        )?;
        Ok(found.map_or(0, |(count,)| count))
    }
}

impl Write {
    /// Adds a challenge.
    ///
    /// # Errors
    /// `Conflict` when its id is taken; `Unavailable`.
    pub async fn insert_challenge(&mut self, challenge: &Challenge) -> Result<()> {
        execute!(
            self,
            INSERT,
            challenge.id.to_string(),
            challenge.environment_id.to_string(),
            challenge.session_id.map(|id| id.to_string()),
            challenge.purpose.as_str(),
            challenge.identity_kind.to_string(),
            &challenge.identifier,
            &challenge.shown,
            challenge.digest.as_ref().map(<[u8; 32]>::as_slice),
            json_text(&challenge.state)?,
            challenge.client_network.as_deref(),
            challenge.wrong_answers,
            challenge.created_at.as_micros(),
            challenge.expires_at.as_micros(),
            micros(challenge.consumed_at)
        )?;
        Ok(())
    }

    /// Writes what the method needs to know later, unless the challenge was used.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_challenge_state(
        &mut self,
        environment: EnvironmentId,
        id: ChallengeId,
        state: &serde_json::Value,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            SET_STATE,
            environment.to_string(),
            id.to_string(),
            json_text(state)?
        )?;
        Ok(changed == 1)
    }

    /// Counts a wrong answer, up to `most`; `false` when there were as many already or the challenge was used.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn count_wrong_answer(
        &mut self,
        environment: EnvironmentId,
        id: ChallengeId,
        most: i64,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            COUNT_WRONG_ANSWER,
            environment.to_string(),
            id.to_string(),
            most
        )?;
        Ok(changed == 1)
    }

    /// Uses a challenge up; `false` when it was used before or has expired. Of many at once, one succeeds.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn consume_challenge(
        &mut self,
        environment: EnvironmentId,
        id: ChallengeId,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            CONSUME,
            environment.to_string(),
            id.to_string(),
            at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Makes every open challenge for one identity and purpose worthless; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn consume_challenges_of_identifier(
        &mut self,
        environment: EnvironmentId,
        kind: &IdentityKind,
        identifier: &str,
        purpose: ChallengePurpose,
        at: Timestamp,
    ) -> Result<u64> {
        execute!(
            self,
            CONSUME_OF_IDENTIFIER,
            environment.to_string(),
            kind.to_string(),
            identifier,
            purpose.as_str(),
            at.as_micros()
        )
    }

    /// Removes challenges that were made and ran out before a time; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn sweep_challenges(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, SWEEP, before.as_micros())
    }
}

impl TryFrom<Row> for Challenge {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let session = row.session_id.as_deref();
        let digest = row.digest.map(<[u8; 32]>::try_from).transpose();
        Ok(Self {
            id: parsed("challenges.id", &row.id)?,
            environment_id: parsed("challenges.environment_id", &row.environment_id)?,
            session_id: session
                .map(|id| parsed("challenges.session_id", id))
                .transpose()?,
            purpose: word(
                "challenges.purpose",
                ChallengePurpose::from_word(&row.purpose),
            )?,
            identity_kind: parsed("challenges.identity_kind", &row.identity_kind)?,
            identifier: row.identifier,
            shown: row.shown,
            digest: digest.map_err(|_| unreadable("challenges.digest"))?,
            state: json("challenges.state", &row.state)?,
            client_network: row.client_network,
            wrong_answers: row.wrong_answers,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            consumed_at: time(row.consumed_at),
        })
    }
}
