use hallpass_model::{AccountId, EnvironmentId, Page, PageRequest, Session, SessionId, Timestamp};

use crate::cursor::{page_of, rows_wanted, start_of};
use crate::rows::{entities, json, json_text, micros, parsed, time};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, environment_id, rotation_due, account_id, former_account_id, login, wallets, origin, created_at,
                    authenticated_at, renewed_at, expires_at, ends_at, ended_at
             FROM sessions ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND id = $2");
const FIND_BY_DIGEST: &str = select!("WHERE environment_id = $1 AND secret_digest = $2");
const LIST: &str = select!(
    "WHERE environment_id = $1 AND account_id = $2 AND created_at <= $3
         AND (created_at < $3 OR CAST($4 AS TEXT) IS NULL OR id < $4)
     ORDER BY created_at DESC, id DESC LIMIT $5"
);
const COUNT_SIGNED_IN: &str = "SELECT COUNT(*) FROM sessions
     WHERE environment_id = $1 AND account_id IS NOT NULL AND ended_at IS NULL AND expires_at > $2 AND ends_at > $2";
const INSERT: &str =
    "INSERT INTO sessions (id, environment_id, secret_digest, rotation_due, account_id, former_account_id, login, wallets, origin,
         created_at, authenticated_at, renewed_at, expires_at, ends_at, ended_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
// Changes nothing: the row's lock is what the next statements are safe behind.
const LOCK: &str =
    "UPDATE sessions SET rotation_due = rotation_due WHERE environment_id = $1 AND id = $2";
const UPDATE: &str =
    "UPDATE sessions SET rotation_due = $3, account_id = $4, former_account_id = $5, login = $6, wallets = $7,
         authenticated_at = $8, renewed_at = $9, expires_at = $10, ends_at = $11, ended_at = $12
     WHERE environment_id = $1 AND id = $2";
const RENEW: &str = "UPDATE sessions SET renewed_at = $3, expires_at = $4
     WHERE environment_id = $1 AND id = $2 AND ended_at IS NULL AND expires_at < $4";
const ROTATE: &str = "UPDATE sessions SET secret_digest = $4, rotation_due = FALSE
     WHERE environment_id = $1 AND id = $2 AND secret_digest = $3 AND ended_at IS NULL";
const END: &str =
    "UPDATE sessions SET ended_at = $3 WHERE environment_id = $1 AND id = $2 AND ended_at IS NULL";
const END_ALL: &str = "UPDATE sessions SET ended_at = $3
     WHERE environment_id = $1 AND account_id = $2 AND ended_at IS NULL";
// What is ended counts as over at once; who was signed in is remembered longer, because it gives its client quotas.
const SWEEP: &str = "DELETE FROM sessions
     WHERE expires_at < $1 AND (expires_at < $2 OR (account_id IS NULL AND former_account_id IS NULL))";
const DELETE_OF_ACCOUNT: &str =
    "DELETE FROM sessions WHERE environment_id = $1 AND account_id = $2";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    FIND_BY_DIGEST,
    LIST,
    COUNT_SIGNED_IN,
    INSERT,
    LOCK,
    UPDATE,
    RENEW,
    ROTATE,
    END,
    END_ALL,
    SWEEP,
    DELETE_OF_ACCOUNT,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    rotation_due: bool,
    account_id: Option<String>,
    former_account_id: Option<String>,
    login: Option<String>,
    wallets: String,
    origin: Option<String>,
    created_at: i64,
    authenticated_at: Option<i64>,
    renewed_at: i64,
    expires_at: i64,
    ends_at: i64,
    ended_at: Option<i64>,
}

impl Read {
    /// The session of an environment with this public handle, in whatever state.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_session(
        &mut self,
        environment: EnvironmentId,
        id: SessionId,
    ) -> Result<Option<Session>> {
        fetch_optional!(self, Row, FIND, environment.to_string(), id.to_string())?
            .map(Session::try_from)
            .transpose()
    }

    /// The session of an environment whose secret has this digest, in whatever state.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_session_by_digest(
        &mut self,
        environment: EnvironmentId,
        digest: &[u8; 32],
    ) -> Result<Option<Session>> {
        fetch_optional!(
            self,
            Row,
            FIND_BY_DIGEST,
            environment.to_string(),
            digest.as_slice()
        )?
        .map(Session::try_from)
        .transpose()
    }

    /// Sessions of an account, ended ones included while they are kept, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_sessions(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
        page: &PageRequest,
    ) -> Result<Page<Session>> {
        let start = start_of::<Session>(page)?;
        let rows = fetch_all!(
            self,
            Row,
            LIST,
            environment.to_string(),
            account.to_string(),
            start.at,
            start.id,
            rows_wanted(page)
        )?;
        Ok(page_of(entities(rows)?, page))
    }

    /// How many sessions of an environment somebody is signed in to now.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn count_signed_in_sessions(
        &mut self,
        environment: EnvironmentId,
        now: Timestamp,
    ) -> Result<i64> {
        let counted = fetch_optional!(
            self,
            (i64,),
            COUNT_SIGNED_IN,
            environment.to_string(),
            now.as_micros()
        )?;
        Ok(counted.map_or(0, |(count,)| count))
    }
}

impl Write {
    /// Adds a session under the digest of its secret.
    ///
    /// # Errors
    /// `Conflict` when id or digest are taken; `Unavailable`.
    pub async fn insert_session(&mut self, session: &Session, digest: &[u8; 32]) -> Result<()> {
        execute!(
            self,
            INSERT,
            session.id.to_string(),
            session.environment_id.to_string(),
            digest.as_slice(),
            session.rotation_due,
            session.account_id.map(|id| id.to_string()),
            session.former_account_id.map(|id| id.to_string()),
            login_text(session)?,
            json_text(&session.wallets)?,
            session.origin.as_deref(),
            session.created_at.as_micros(),
            micros(session.authenticated_at),
            session.renewed_at.as_micros(),
            session.expires_at.as_micros(),
            session.ends_at.as_micros(),
            micros(session.ended_at)
        )?;
        Ok(())
    }

    /// Holds a session's row until the transaction ends; answers whether it exists.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn lock_session(
        &mut self,
        environment: EnvironmentId,
        id: SessionId,
    ) -> Result<bool> {
        Ok(execute!(self, LOCK, environment.to_string(), id.to_string())? == 1)
    }

    /// Writes what may change of a session, the secret excepted.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn update_session(&mut self, session: &Session) -> Result<bool> {
        let changed = execute!(
            self,
            UPDATE,
            session.environment_id.to_string(),
            session.id.to_string(),
            session.rotation_due,
            session.account_id.map(|id| id.to_string()),
            session.former_account_id.map(|id| id.to_string()),
            login_text(session)?,
            json_text(&session.wallets)?,
            micros(session.authenticated_at),
            session.renewed_at.as_micros(),
            session.expires_at.as_micros(),
            session.ends_at.as_micros(),
            micros(session.ended_at)
        )?;
        Ok(changed == 1)
    }

    /// Moves a session's end later; never earlier, and not that of an ended one.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn renew_session(
        &mut self,
        environment: EnvironmentId,
        id: SessionId,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            RENEW,
            environment.to_string(),
            id.to_string(),
            at.as_micros(),
            expires_at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Exchanges a session's secret; answers `false` when another request did so first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn rotate_session(
        &mut self,
        environment: EnvironmentId,
        id: SessionId,
        from: &[u8; 32],
        to: &[u8; 32],
    ) -> Result<bool> {
        let changed = execute!(
            self,
            ROTATE,
            environment.to_string(),
            id.to_string(),
            from.as_slice(),
            to.as_slice()
        )?;
        Ok(changed == 1)
    }

    /// Ends a session; answers `false` when it is absent or ended already.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn end_session(
        &mut self,
        environment: EnvironmentId,
        id: SessionId,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            END,
            environment.to_string(),
            id.to_string(),
            at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Ends every session of an account; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn end_sessions(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
        at: Timestamp,
    ) -> Result<u64> {
        execute!(
            self,
            END_ALL,
            environment.to_string(),
            account.to_string(),
            at.as_micros()
        )
    }

    /// Removes sessions that ran out before a time, and those in which somebody was signed in when they ran out before
    /// an earlier one; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn sweep_sessions(
        &mut self,
        strangers_before: Timestamp,
        known_before: Timestamp,
    ) -> Result<u64> {
        execute!(
            self,
            SWEEP,
            strangers_before.as_micros(),
            known_before.as_micros()
        )
    }

    /// Removes an account's sessions.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_sessions_of_account(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Result<u64> {
        execute!(
            self,
            DELETE_OF_ACCOUNT,
            environment.to_string(),
            account.to_string()
        )
    }
}

fn login_text(session: &Session) -> Result<Option<String>> {
    session.login.as_ref().map(json_text).transpose()
}

impl TryFrom<Row> for Session {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let account = row.account_id.as_deref();
        let former = row.former_account_id.as_deref();
        let login = row.login.as_deref();
        Ok(Self {
            id: parsed("sessions.id", &row.id)?,
            environment_id: parsed("sessions.environment_id", &row.environment_id)?,
            rotation_due: row.rotation_due,
            account_id: account
                .map(|id| parsed("sessions.account_id", id))
                .transpose()?,
            former_account_id: former
                .map(|id| parsed("sessions.former_account_id", id))
                .transpose()?,
            login: login.map(|text| json("sessions.login", text)).transpose()?,
            wallets: json("sessions.wallets", &row.wallets)?,
            origin: row.origin,
            created_at: Timestamp::from_micros(row.created_at),
            authenticated_at: time(row.authenticated_at),
            renewed_at: Timestamp::from_micros(row.renewed_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            ends_at: Timestamp::from_micros(row.ends_at),
            ended_at: time(row.ended_at),
        })
    }
}
