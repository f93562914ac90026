use hallpass_model::{
    Operator, OperatorId, OperatorKey, OperatorKeyId, Page, PageRequest, Timestamp,
};

use crate::cursor::{page_of, rows_wanted, start_of};
use crate::rows::{entities, micros, parsed, time};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write, operators};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, operator_id, hint, created_at, expires_at, revoked_at, last_used_at FROM operator_keys ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE operator_id = $1 AND id = $2");
const LIST: &str = select!(
    "WHERE operator_id = $1 AND created_at <= $2 AND (created_at < $2 OR CAST($3 AS TEXT) IS NULL OR id < $3)
     ORDER BY created_at DESC, id DESC LIMIT $4"
);
const FIND_BY_DIGEST: &str =
    "SELECT k.id AS key_id, k.hint, k.created_at AS key_created_at, k.expires_at, k.revoked_at, k.last_used_at,
            o.id, o.name, o.role, o.projects, o.created_at, o.disabled_at
     FROM operator_keys k JOIN operators o ON o.id = k.operator_id
     WHERE k.digest = $1";
const INSERT: &str =
    "INSERT INTO operator_keys (id, operator_id, digest, hint, created_at, expires_at, revoked_at, last_used_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const REVOKE: &str = "UPDATE operator_keys SET revoked_at = $3 WHERE operator_id = $1 AND id = $2 AND revoked_at IS NULL";
const TOUCH: &str = "UPDATE operator_keys SET last_used_at = $2
     WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";

pub(crate) const STATEMENTS: &[&str] = &[FIND, LIST, FIND_BY_DIGEST, INSERT, REVOKE, TOUCH];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    operator_id: String,
    hint: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct RowWithOperator {
    key_id: String,
    hint: String,
    key_created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
    #[sqlx(flatten)]
    operator: operators::Row,
}

impl Read {
    /// The key with this SHA-256 digest and whose it is, in whatever state they are.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_operator_by_key_digest(
        &mut self,
        digest: &[u8; 32],
    ) -> Result<Option<(Operator, OperatorKey)>> {
        fetch_optional!(self, RowWithOperator, FIND_BY_DIGEST, digest.as_slice())?
            .map(RowWithOperator::into_pair)
            .transpose()
    }

    /// Keys of an operator in whatever state, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_operator_keys(
        &mut self,
        operator: OperatorId,
        page: &PageRequest,
    ) -> Result<Page<OperatorKey>> {
        let start = start_of::<OperatorKey>(page)?;
        let rows = fetch_all!(
            self,
            Row,
            LIST,
            operator.to_string(),
            start.at,
            start.id,
            rows_wanted(page)
        )?;
        Ok(page_of(entities(rows)?, page))
    }

    /// The key of an operator with this id.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_operator_key(
        &mut self,
        operator: OperatorId,
        id: OperatorKeyId,
    ) -> Result<Option<OperatorKey>> {
        fetch_optional!(self, Row, FIND, operator.to_string(), id.to_string())?
            .map(OperatorKey::try_from)
            .transpose()
    }
}

impl Write {
    /// Adds a key, known by its SHA-256 digest.
    ///
    /// # Errors
    /// `Conflict` when the id or the digest is taken; `Unavailable`.
    pub async fn insert_operator_key(
        &mut self,
        key: &OperatorKey,
        digest: &[u8; 32],
    ) -> Result<()> {
        execute!(
            self,
            INSERT,
            key.id.to_string(),
            key.operator_id.to_string(),
            digest.as_slice(),
            &key.hint,
            key.created_at.as_micros(),
            micros(key.expires_at),
            micros(key.revoked_at),
            micros(key.last_used_at)
        )?;
        Ok(())
    }

    /// Revokes a key; answers `false` when it is absent or revoked already.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn revoke_operator_key(
        &mut self,
        operator: OperatorId,
        id: OperatorKeyId,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            REVOKE,
            operator.to_string(),
            id.to_string(),
            at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Notes that a key was used; a later use that is noted already stays.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn touch_operator_key(&mut self, id: OperatorKeyId, at: Timestamp) -> Result<()> {
        execute!(self, TOUCH, id.to_string(), at.as_micros())?;
        Ok(())
    }
}

impl TryFrom<Row> for OperatorKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: parsed("operator_keys.id", &row.id)?,
            operator_id: parsed("operator_keys.operator_id", &row.operator_id)?,
            hint: row.hint,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: time(row.expires_at),
            revoked_at: time(row.revoked_at),
            last_used_at: time(row.last_used_at),
        })
    }
}

impl RowWithOperator {
    fn into_pair(self) -> Result<(Operator, OperatorKey)> {
        let operator = Operator::try_from(self.operator)?;
        let key = OperatorKey {
            id: parsed("operator_keys.id", &self.key_id)?,
            operator_id: operator.id,
            hint: self.hint,
            created_at: Timestamp::from_micros(self.key_created_at),
            expires_at: time(self.expires_at),
            revoked_at: time(self.revoked_at),
            last_used_at: time(self.last_used_at),
        };
        Ok((operator, key))
    }
}
