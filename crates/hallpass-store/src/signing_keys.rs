use std::cmp::Reverse;

use hallpass_model::{EnvironmentId, KeyOrigin, Page, PageRequest, SigningKey, Timestamp};

use crate::cursor::{page_of, rows_wanted, start_of};
use crate::rows::{entities, is_storable, micros, parsed, time, unreadable, word};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT kid, environment_id, fingerprint, bits, public_key_pem, origin, created_at, retires_at, revoked_at,
                    last_used_at, use_count
             FROM signing_keys ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND kid = $2");
const LIST: &str = select!(
    "WHERE environment_id = $1 AND created_at <= $2 AND (created_at < $2 OR CAST($3 AS TEXT) IS NULL OR kid < $3)
     ORDER BY created_at DESC, kid DESC LIMIT $4"
);
// The order decides which ones the limit drops: those whose overlap ended longest ago.
const LIST_UNREVOKED: &str = select!(
    "WHERE environment_id = $1 AND revoked_at IS NULL
     ORDER BY CASE WHEN retires_at IS NULL THEN 0 ELSE 1 END, retires_at DESC, created_at DESC LIMIT 64"
);
const IS_KNOWN: &str = "SELECT COUNT(*) FROM signing_keys WHERE kid = $1";
const INSERT: &str =
    "INSERT INTO signing_keys (kid, environment_id, fingerprint, bits, public_key_pem, origin, created_at, retires_at,
         revoked_at, last_used_at, use_count)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const SET_END: &str = "UPDATE signing_keys SET retires_at = $3 WHERE environment_id = $1 AND kid = $2 AND revoked_at IS NULL";
const REVOKE: &str = "UPDATE signing_keys SET revoked_at = $3 WHERE environment_id = $1 AND kid = $2 AND revoked_at IS NULL";
const REVOKE_ALL: &str =
    "UPDATE signing_keys SET revoked_at = $2 WHERE environment_id = $1 AND revoked_at IS NULL";
// SQLite would turn an overflowing sum into a float.
const ADD_USES: &str = "UPDATE signing_keys SET
         use_count = CASE WHEN use_count > 9223372036854775807 - $3 THEN 9223372036854775807 ELSE use_count + $3 END,
         last_used_at = CASE WHEN last_used_at IS NULL OR last_used_at < $4 THEN $4 ELSE last_used_at END
     WHERE environment_id = $1 AND kid = $2";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    LIST,
    LIST_UNREVOKED,
    IS_KNOWN,
    INSERT,
    SET_END,
    REVOKE,
    REVOKE_ALL,
    ADD_USES,
];

#[derive(sqlx::FromRow)]
struct Row {
    kid: String,
    environment_id: String,
    fingerprint: String,
    bits: i64,
    public_key_pem: String,
    origin: String,
    created_at: i64,
    retires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
    use_count: i64,
}

impl Read {
    /// The signing key of an environment with this `kid`, in whatever state.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_signing_key(
        &mut self,
        environment: EnvironmentId,
        kid: &str,
    ) -> Result<Option<SigningKey>> {
        if !is_storable(kid) {
            return Ok(None);
        }
        fetch_optional!(self, Row, FIND, environment.to_string(), kid)?
            .map(SigningKey::try_from)
            .transpose()
    }

    /// Signing keys of an environment in whatever state, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_signing_keys(
        &mut self,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<SigningKey>> {
        let start = start_of::<SigningKey>(page)?;
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

    /// The keys that are not revoked, newest first: retired ones included, as only the caller knows the time.
    /// At most 64; beyond that, those that retired longest ago are missing.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_unrevoked_signing_keys(
        &mut self,
        environment: EnvironmentId,
    ) -> Result<Vec<SigningKey>> {
        let rows = fetch_all!(self, Row, LIST_UNREVOKED, environment.to_string())?;
        let mut keys: Vec<SigningKey> = entities(rows)?;
        keys.sort_by(|a, b| Reverse((a.created_at, &a.kid)).cmp(&Reverse((b.created_at, &b.kid))));
        Ok(keys)
    }

    /// Whether any environment ever registered this `kid`.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn is_signing_key_known(&mut self, kid: &str) -> Result<bool> {
        if !is_storable(kid) {
            return Ok(false);
        }
        let found = fetch_optional!(self, (i64,), IS_KNOWN, kid)?;
        Ok(found.is_some_and(|(count,)| count > 0))
    }
}

impl Write {
    /// Registers a signing key.
    ///
    /// # Errors
    /// `Conflict` when any environment ever registered its `kid`; `Unavailable`.
    pub async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<()> {
        execute!(
            self,
            INSERT,
            &key.kid,
            key.environment_id.to_string(),
            &key.fingerprint,
            i64::from(key.bits),
            &key.public_key_pem,
            key.origin.as_str(),
            key.created_at.as_micros(),
            micros(key.retires_at),
            micros(key.revoked_at),
            micros(key.last_used_at),
            key.use_count
        )?;
        Ok(())
    }

    /// Sets when a key retires; answers `false` when it is absent or revoked.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_signing_key_end(
        &mut self,
        environment: EnvironmentId,
        kid: &str,
        retires_at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            SET_END,
            environment.to_string(),
            kid,
            retires_at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Revokes a key; answers `false` when it is absent or revoked already.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn revoke_signing_key(
        &mut self,
        environment: EnvironmentId,
        kid: &str,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(self, REVOKE, environment.to_string(), kid, at.as_micros())?;
        Ok(changed == 1)
    }

    /// Revokes every key of an environment that is not; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn revoke_signing_keys(
        &mut self,
        environment: EnvironmentId,
        at: Timestamp,
    ) -> Result<u64> {
        execute!(self, REVOKE_ALL, environment.to_string(), at.as_micros())
    }

    /// Adds to a key's use count; the later `last_used_at` stays.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn add_signing_key_uses(
        &mut self,
        environment: EnvironmentId,
        kid: &str,
        uses: i64,
        last_used_at: Timestamp,
    ) -> Result<()> {
        execute!(
            self,
            ADD_USES,
            environment.to_string(),
            kid,
            uses,
            last_used_at.as_micros()
        )?;
        Ok(())
    }
}

impl TryFrom<Row> for SigningKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            environment_id: parsed("signing_keys.environment_id", &row.environment_id)?,
            kid: row.kid,
            fingerprint: row.fingerprint,
            bits: u32::try_from(row.bits).map_err(|_| unreadable("signing_keys.bits"))?,
            public_key_pem: row.public_key_pem,
            origin: word("signing_keys.origin", KeyOrigin::from_word(&row.origin))?,
            created_at: Timestamp::from_micros(row.created_at),
            retires_at: time(row.retires_at),
            revoked_at: time(row.revoked_at),
            last_used_at: time(row.last_used_at),
            use_count: row.use_count,
        })
    }
}
