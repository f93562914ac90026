use hallpass_model::Timestamp;

use crate::rows::is_storable;
use crate::transaction::{execute, fetch_optional};
use crate::{Read, Result, Write};

const FIND: &str = "SELECT request_digest, resource, created_at FROM idempotency_keys
     WHERE operator_id = $1 AND idempotency_key = $2";
/// Waits for a transaction that is using the key right now, so that of two requests one is the repetition.
const CLAIM: &str =
    "INSERT INTO idempotency_keys (operator_id, idempotency_key, request_digest, resource, created_at)
     VALUES ($1, $2, $3, '', $4)
     ON CONFLICT (operator_id, idempotency_key) DO NOTHING";
const FINISH: &str =
    "UPDATE idempotency_keys SET resource = $3 WHERE operator_id = $1 AND idempotency_key = $2";
const DELETE_BEFORE: &str = "DELETE FROM idempotency_keys WHERE created_at < $1";

pub(crate) const STATEMENTS: &[&str] = &[FIND, CLAIM, FINISH, DELETE_BEFORE];

/// What an operator made with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentRecord {
    /// Digest of the request; another request with the same key is a mistake.
    pub request_digest: Vec<u8>,
    /// The id of what it made.
    pub resource: String,
    /// When.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    request_digest: Vec<u8>,
    resource: String,
    created_at: i64,
}

impl Read {
    /// What an operator made with this key.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_idempotent(
        &mut self,
        operator_id: &str,
        key: &str,
    ) -> Result<Option<IdempotentRecord>> {
        if !is_storable(key) {
            return Ok(None);
        }
        let found = fetch_optional!(self, Row, FIND, operator_id, key)?;
        Ok(found.map(|row| IdempotentRecord {
            request_digest: row.request_digest,
            resource: row.resource,
            created_at: Timestamp::from_micros(row.created_at),
        }))
    }
}

impl Write {
    /// Takes a key for this transaction; answers whether it was free. Another transaction that holds it is waited for.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn claim_idempotent(
        &mut self,
        operator_id: &str,
        key: &str,
        request_digest: &[u8],
        at: Timestamp,
    ) -> Result<bool> {
        let added = execute!(
            self,
            CLAIM,
            operator_id,
            key,
            request_digest,
            at.as_micros()
        )?;
        Ok(added > 0)
    }

    /// Remembers what was made with a key that was claimed; answers whether it was.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn finish_idempotent(
        &mut self,
        operator_id: &str,
        key: &str,
        resource: &str,
    ) -> Result<bool> {
        Ok(execute!(self, FINISH, operator_id, key, resource)? > 0)
    }

    /// Forgets keys older than a time; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_idempotent_before(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_BEFORE, before.as_micros())
    }
}
