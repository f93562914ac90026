use hallpass_model::{
    OperatorId, OperatorPasskeyId, OperatorSession, OperatorSessionId, Timestamp,
};

use crate::rows::{entities, micros, parsed, time};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, operator_id, operator_key_id, operator_passkey_id, browser, created_at, renewed_at, expires_at,
                    ends_at, ended_at
             FROM operator_sessions ",
            $rest
        )
    };
}

const FIND_BY_DIGEST: &str = select!("WHERE digest = $1");
const LIST_LIVE: &str = select!(
    "WHERE (CAST($1 AS TEXT) IS NULL OR operator_id = $1) AND ended_at IS NULL AND expires_at > $2 AND ends_at > $2
     ORDER BY created_at DESC, id DESC LIMIT 200"
);
const INSERT: &str =
    "INSERT INTO operator_sessions (id, operator_id, operator_key_id, operator_passkey_id, digest, browser, created_at,
         renewed_at, expires_at, ends_at, ended_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const RENEW: &str = "UPDATE operator_sessions SET renewed_at = $2, expires_at = $3
     WHERE id = $1 AND ended_at IS NULL AND renewed_at < $2 AND expires_at <= $3";
const END_OLDEST: &str = "UPDATE operator_sessions SET ended_at = $3
     WHERE operator_id = $1 AND ended_at IS NULL AND id NOT IN (
         SELECT id FROM operator_sessions WHERE operator_id = $1 AND ended_at IS NULL
         ORDER BY created_at DESC, id DESC LIMIT $2)";
const END: &str = "UPDATE operator_sessions SET ended_at = $3
     WHERE id = $1 AND (CAST($2 AS TEXT) IS NULL OR operator_id = $2) AND ended_at IS NULL";
const END_OF_PASSKEY: &str = "UPDATE operator_sessions SET ended_at = $2
     WHERE operator_passkey_id = $1 AND ended_at IS NULL";
const SWEEP: &str = "DELETE FROM operator_sessions WHERE expires_at < $1";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND_BY_DIGEST,
    LIST_LIVE,
    INSERT,
    RENEW,
    END,
    END_OF_PASSKEY,
    END_OLDEST,
    SWEEP,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    operator_id: String,
    operator_key_id: String,
    operator_passkey_id: Option<String>,
    browser: String,
    created_at: i64,
    renewed_at: i64,
    expires_at: i64,
    ends_at: i64,
    ended_at: Option<i64>,
}

impl Read {
    /// The session whose secret has this digest, in whatever state.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_operator_session_by_digest(
        &mut self,
        digest: &[u8; 32],
    ) -> Result<Option<OperatorSession>> {
        fetch_optional!(self, Row, FIND_BY_DIGEST, digest.as_slice())?
            .map(OperatorSession::try_from)
            .transpose()
    }

    /// The newest 200 sessions that count now: an operator's, or everybody's.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_live_operator_sessions(
        &mut self,
        of: Option<OperatorId>,
        now: Timestamp,
    ) -> Result<Vec<OperatorSession>> {
        let of = of.map(|id| id.to_string());
        entities(fetch_all!(self, Row, LIST_LIVE, of, now.as_micros())?)
    }
}

impl Write {
    /// Adds a session under the digest of its secret.
    ///
    /// # Errors
    /// `Conflict` when id or digest are taken; `Unavailable`.
    pub async fn insert_operator_session(
        &mut self,
        session: &OperatorSession,
        digest: &[u8; 32],
    ) -> Result<()> {
        execute!(
            self,
            INSERT,
            session.id.to_string(),
            session.operator_id.to_string(),
            session.key.to_string(),
            session.passkey.map(|id| id.to_string()),
            digest.as_slice(),
            &session.browser,
            session.created_at.as_micros(),
            session.renewed_at.as_micros(),
            session.expires_at.as_micros(),
            session.ends_at.as_micros(),
            micros(session.ended_at)
        )?;
        Ok(())
    }

    /// Moves a session's end later; never earlier, and not that of an ended one.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn renew_operator_session(
        &mut self,
        id: OperatorSessionId,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            RENEW,
            id.to_string(),
            at.as_micros(),
            expires_at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Ends a session, if it is this operator's where one is named; answers `false` when there is nothing to end.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn end_operator_session(
        &mut self,
        id: OperatorSessionId,
        of: Option<OperatorId>,
        at: Timestamp,
    ) -> Result<bool> {
        let of = of.map(|id| id.to_string());
        let changed = execute!(self, END, id.to_string(), of, at.as_micros())?;
        Ok(changed == 1)
    }

    /// Ends the sessions that a passkey opened; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn end_operator_sessions_of_passkey(
        &mut self,
        passkey: OperatorPasskeyId,
        at: Timestamp,
    ) -> Result<u64> {
        execute!(self, END_OF_PASSKEY, passkey.to_string(), at.as_micros())
    }

    /// Ends all but the newest sessions of an operator; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn end_oldest_operator_sessions(
        &mut self,
        operator: OperatorId,
        kept: u32,
        at: Timestamp,
    ) -> Result<u64> {
        execute!(
            self,
            END_OLDEST,
            operator.to_string(),
            i64::from(kept),
            at.as_micros()
        )
    }

    /// Removes sessions that ran out before a time; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn sweep_operator_sessions(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, SWEEP, before.as_micros())
    }
}

impl TryFrom<Row> for OperatorSession {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let passkey = row.operator_passkey_id.as_deref();
        Ok(Self {
            id: parsed("operator_sessions.id", &row.id)?,
            operator_id: parsed("operator_sessions.operator_id", &row.operator_id)?,
            key: parsed("operator_sessions.operator_key_id", &row.operator_key_id)?,
            passkey: passkey
                .map(|id| parsed("operator_sessions.operator_passkey_id", id))
                .transpose()?,
            browser: row.browser,
            created_at: Timestamp::from_micros(row.created_at),
            renewed_at: Timestamp::from_micros(row.renewed_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            ends_at: Timestamp::from_micros(row.ends_at),
            ended_at: time(row.ended_at),
        })
    }
}
