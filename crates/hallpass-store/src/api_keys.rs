use hallpass_model::{ApiKey, ApiKeyId, ApiKeyKind, EnvironmentId, Page, PageRequest, Timestamp};

use crate::cursor::{page_of, rows_wanted, start_of};
use crate::rows::{entities, micros, parsed, time, word};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, environment_id, kind, publishable, hint, name, created_at, retires_at, revoked_at, last_used_at
             FROM api_keys ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND id = $2");
// By its digest alone: the key is what names the environment.
const FIND_BY_DIGEST: &str = select!("WHERE digest = $1");
const LIST: &str = select!(
    "WHERE environment_id = $1 AND created_at <= $2 AND (created_at < $2 OR CAST($3 AS TEXT) IS NULL OR id < $3)
     ORDER BY created_at DESC, id DESC LIMIT $4"
);
const INSERT: &str =
    "INSERT INTO api_keys (id, environment_id, kind, digest, publishable, hint, name, created_at, retires_at, revoked_at,
         last_used_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const SET_END: &str = "UPDATE api_keys SET retires_at = $3 WHERE environment_id = $1 AND id = $2 AND revoked_at IS NULL";
const REVOKE: &str = "UPDATE api_keys SET revoked_at = $3 WHERE environment_id = $1 AND id = $2 AND revoked_at IS NULL";
const SET_USED: &str = "UPDATE api_keys SET last_used_at = $3
     WHERE environment_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    FIND_BY_DIGEST,
    LIST,
    INSERT,
    SET_END,
    REVOKE,
    SET_USED,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    kind: String,
    publishable: Option<String>,
    hint: String,
    name: String,
    created_at: i64,
    retires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl Read {
    /// The API key of an environment with this id.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_api_key(
        &mut self,
        environment: EnvironmentId,
        id: ApiKeyId,
    ) -> Result<Option<ApiKey>> {
        fetch_optional!(self, Row, FIND, environment.to_string(), id.to_string())?
            .map(ApiKey::try_from)
            .transpose()
    }

    /// The API key whose text has this digest, of whatever environment and in whatever state.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_api_key_by_digest(&mut self, digest: &[u8; 32]) -> Result<Option<ApiKey>> {
        fetch_optional!(self, Row, FIND_BY_DIGEST, digest.as_slice())?
            .map(ApiKey::try_from)
            .transpose()
    }

    /// API keys of an environment in whatever state, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_api_keys(
        &mut self,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<ApiKey>> {
        let start = start_of::<ApiKey>(page)?;
        let rows = fetch_all!(
            self,
            Row,
            LIST,
            environment.to_string(),
            start.at,
            start.id,
            rows_wanted(page)
        )?;
        Ok(page_of(entities(rows)?, page))
    }
}

impl Write {
    /// Adds an API key under the digest of its text.
    ///
    /// # Errors
    /// `Conflict` when id or digest are taken; `Unavailable`.
    pub async fn insert_api_key(&mut self, key: &ApiKey, digest: &[u8; 32]) -> Result<()> {
        execute!(
            self,
            INSERT,
            key.id.to_string(),
            key.environment_id.to_string(),
            key.kind.as_str(),
            digest.as_slice(),
            key.publishable.as_deref(),
            &key.hint,
            &key.name,
            key.created_at.as_micros(),
            micros(key.retires_at),
            micros(key.revoked_at),
            micros(key.last_used_at)
        )?;
        Ok(())
    }

    /// Sets when a key retires; answers `false` when it is absent or revoked.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_api_key_end(
        &mut self,
        environment: EnvironmentId,
        id: ApiKeyId,
        retires_at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            SET_END,
            environment.to_string(),
            id.to_string(),
            retires_at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Revokes a key; answers `false` when it is absent or revoked already.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn revoke_api_key(
        &mut self,
        environment: EnvironmentId,
        id: ApiKeyId,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            REVOKE,
            environment.to_string(),
            id.to_string(),
            at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Notes a use; the later one stays.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_api_key_used(
        &mut self,
        environment: EnvironmentId,
        id: ApiKeyId,
        at: Timestamp,
    ) -> Result<()> {
        execute!(
            self,
            SET_USED,
            environment.to_string(),
            id.to_string(),
            at.as_micros()
        )?;
        Ok(())
    }
}

impl TryFrom<Row> for ApiKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: parsed("api_keys.id", &row.id)?,
            environment_id: parsed("api_keys.environment_id", &row.environment_id)?,
            kind: word("api_keys.kind", ApiKeyKind::from_word(&row.kind))?,
            publishable: row.publishable,
            hint: row.hint,
            name: row.name,
            created_at: Timestamp::from_micros(row.created_at),
            retires_at: time(row.retires_at),
            revoked_at: time(row.revoked_at),
            last_used_at: time(row.last_used_at),
        })
    }
}
