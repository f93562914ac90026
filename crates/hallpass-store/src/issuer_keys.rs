use hallpass_model::{EnvironmentId, IssuerKey, Page, PageRequest, Timestamp};

use crate::cursor::{page_of, rows_wanted, start_of};
use crate::rows::{entities, is_storable, micros, parsed, time, unreadable};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT kid, environment_id, key_index, bits, public_key_pem, created_at, signs_from_at, signs_until_at,
                    published_until_at, token_secs, set_kept_until_at, revoked_at, last_used_at, use_count
             FROM issuer_keys ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND kid = $2");
const LIST: &str = select!(
    "WHERE environment_id = $1 AND created_at <= $2 AND (created_at < $2 OR CAST($3 AS TEXT) IS NULL OR kid < $3)
         AND (CAST($4 AS BIGINT) IS NULL OR key_index = $4)
     ORDER BY created_at DESC, kid DESC LIMIT $5"
);
const LIST_PUBLISHED: &str = select!(
    "WHERE environment_id = $1 AND revoked_at IS NULL AND (published_until_at IS NULL OR published_until_at > $2)
     ORDER BY key_index, signs_from_at, created_at, kid"
);
const HAS_ANY: &str = "SELECT COUNT(*) FROM issuer_keys WHERE environment_id = $1";
const LIST_ENVIRONMENTS: &str = "SELECT DISTINCT environment_id FROM issuer_keys";
const FIND_PRIVATE_KEY: &str =
    "SELECT private_key FROM issuer_keys WHERE environment_id = $1 AND kid = $2";
const INSERT: &str =
    "INSERT INTO issuer_keys (kid, environment_id, key_index, bits, public_key_pem, private_key, created_at, signs_from_at,
         signs_until_at, published_until_at, token_secs, set_kept_until_at, revoked_at, last_used_at, use_count)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
const SET_ENDS: &str = "UPDATE issuer_keys SET signs_until_at = $3, published_until_at = $4
     WHERE environment_id = $1 AND kid = $2 AND revoked_at IS NULL";
const NOTE_TERMS: &str = "UPDATE issuer_keys SET
         token_secs = CASE WHEN token_secs < $2 THEN $2 ELSE token_secs END,
         set_kept_until_at = CASE WHEN set_kept_until_at < $3 THEN $3 ELSE set_kept_until_at END
     WHERE environment_id = $1 AND revoked_at IS NULL AND (published_until_at IS NULL OR published_until_at > $4)";
const REVOKE: &str = "UPDATE issuer_keys SET revoked_at = $3, private_key = NULL
     WHERE environment_id = $1 AND kid = $2 AND revoked_at IS NULL";
const ERASE: &str = "UPDATE issuer_keys SET private_key = NULL WHERE private_key IS NOT NULL AND signs_until_at <= $1";
// SQLite would turn an overflowing sum into a float.
const ADD_USES: &str = "UPDATE issuer_keys SET
         use_count = CASE WHEN use_count > 9223372036854775807 - $3 THEN 9223372036854775807 ELSE use_count + $3 END,
         last_used_at = CASE WHEN last_used_at IS NULL OR last_used_at < $4 THEN $4 ELSE last_used_at END
     WHERE environment_id = $1 AND kid = $2";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    LIST,
    LIST_PUBLISHED,
    HAS_ANY,
    LIST_ENVIRONMENTS,
    FIND_PRIVATE_KEY,
    INSERT,
    SET_ENDS,
    NOTE_TERMS,
    REVOKE,
    ERASE,
    ADD_USES,
];

#[derive(sqlx::FromRow)]
struct Row {
    kid: String,
    environment_id: String,
    key_index: i64,
    bits: i64,
    public_key_pem: String,
    created_at: i64,
    signs_from_at: i64,
    signs_until_at: Option<i64>,
    published_until_at: Option<i64>,
    token_secs: i64,
    set_kept_until_at: i64,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
    use_count: i64,
}

impl Read {
    /// The issuer key of an environment with this `kid`, in whatever state.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_issuer_key(
        &mut self,
        environment: EnvironmentId,
        kid: &str,
    ) -> Result<Option<IssuerKey>> {
        if !is_storable(kid) {
            return Ok(None);
        }
        fetch_optional!(self, Row, FIND, environment.to_string(), kid)?
            .map(IssuerKey::try_from)
            .transpose()
    }

    /// Issuer keys of an environment, or of one of its indexes, in whatever state, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_issuer_keys(
        &mut self,
        environment: EnvironmentId,
        key_index: Option<u32>,
        page: &PageRequest,
    ) -> Result<Page<IssuerKey>> {
        let start = start_of::<IssuerKey>(page)?;
        let rows = fetch_all!(
            self,
            Row,
            LIST,
            environment.to_string(),
            start.at,
            start.id,
            key_index.map(i64::from),
            rows_wanted(page)
        )?;
        Ok(page_of(entities(rows)?, page))
    }

    /// The keys that are published at a time, by index and then in the order in which they sign.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_published_issuer_keys(
        &mut self,
        environment: EnvironmentId,
        now: Timestamp,
    ) -> Result<Vec<IssuerKey>> {
        let rows = fetch_all!(
            self,
            Row,
            LIST_PUBLISHED,
            environment.to_string(),
            now.as_micros()
        )?;
        entities(rows)
    }

    /// Whether an environment ever had an issuer key.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn has_issuer_keys(&mut self, environment: EnvironmentId) -> Result<bool> {
        let found = fetch_optional!(self, (i64,), HAS_ANY, environment.to_string())?;
        Ok(found.is_some_and(|(count,)| count > 0))
    }

    /// Every environment that ever had an issuer key.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_environments_with_issuer_keys(&mut self) -> Result<Vec<EnvironmentId>> {
        let rows = fetch_all!(self, (String,), LIST_ENVIRONMENTS)?;
        rows.iter()
            .map(|(id,)| parsed("issuer_keys.environment_id", id))
            .collect()
    }

    /// The sealed private half of an issuer key; `None` when there is no such key or that half was erased.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_issuer_private_key(
        &mut self,
        environment: EnvironmentId,
        kid: &str,
    ) -> Result<Option<Vec<u8>>> {
        let found = fetch_optional!(
            self,
            (Option<Vec<u8>>,),
            FIND_PRIVATE_KEY,
            environment.to_string(),
            kid
        )?;
        Ok(found.and_then(|(sealed,)| sealed))
    }
}

impl Write {
    /// Adds an issuer key with its sealed private half.
    ///
    /// # Errors
    /// `Conflict` when the `kid` is taken; `Unavailable`.
    pub async fn insert_issuer_key(&mut self, key: &IssuerKey, sealed: &[u8]) -> Result<()> {
        execute!(
            self,
            INSERT,
            &key.kid,
            key.environment_id.to_string(),
            i64::from(key.key_index),
            i64::from(key.bits),
            &key.public_key_pem,
            sealed,
            key.created_at.as_micros(),
            key.signs_from.as_micros(),
            micros(key.signs_until),
            micros(key.published_until),
            key.token_secs,
            key.set_kept_until.as_micros(),
            micros(key.revoked_at),
            micros(key.last_used_at),
            key.use_count
        )?;
        Ok(())
    }

    /// Sets when a key ends, or that it does not; answers `false` when it is absent or revoked.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_issuer_key_ends(
        &mut self,
        environment: EnvironmentId,
        kid: &str,
        signs_until: Option<Timestamp>,
        published_until: Option<Timestamp>,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            SET_ENDS,
            environment.to_string(),
            kid,
            micros(signs_until),
            micros(published_until)
        )?;
        Ok(changed == 1)
    }

    /// Notes on the published keys what was promised up to now: how long tokens live, and until when key sets are kept.
    /// Promises only ever grow.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn note_issuer_key_terms(
        &mut self,
        environment: EnvironmentId,
        token_secs: i64,
        set_kept_until: Timestamp,
        now: Timestamp,
    ) -> Result<u64> {
        execute!(
            self,
            NOTE_TERMS,
            environment.to_string(),
            token_secs,
            set_kept_until.as_micros(),
            now.as_micros()
        )
    }

    /// Withdraws a key and erases its private half; answers `false` when it is absent or revoked already.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn revoke_issuer_key(
        &mut self,
        environment: EnvironmentId,
        kid: &str,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(self, REVOKE, environment.to_string(), kid, at.as_micros())?;
        Ok(changed == 1)
    }

    /// Erases the private halves of keys whose time to sign ended before a time; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn erase_issuer_private_keys(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, ERASE, before.as_micros())
    }

    /// Adds to a key's use count; the later `last_used_at` stays.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn add_issuer_key_uses(
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

impl TryFrom<Row> for IssuerKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            environment_id: parsed("issuer_keys.environment_id", &row.environment_id)?,
            kid: row.kid,
            key_index: u32::try_from(row.key_index)
                .map_err(|_| unreadable("issuer_keys.key_index"))?,
            bits: u32::try_from(row.bits).map_err(|_| unreadable("issuer_keys.bits"))?,
            public_key_pem: row.public_key_pem,
            created_at: Timestamp::from_micros(row.created_at),
            signs_from: Timestamp::from_micros(row.signs_from_at),
            signs_until: time(row.signs_until_at),
            published_until: time(row.published_until_at),
            token_secs: row.token_secs,
            set_kept_until: Timestamp::from_micros(row.set_kept_until_at),
            revoked_at: time(row.revoked_at),
            last_used_at: time(row.last_used_at),
            use_count: row.use_count,
        })
    }
}
