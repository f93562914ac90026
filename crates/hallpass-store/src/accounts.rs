use hallpass_model::{Account, AccountId, EnvironmentId, Page, PageRequest, Timestamp};

use crate::cursor::{End, page_of, rows_before_end, rows_wanted, start_of};
use crate::rows::{entities, is_storable, json, json_text, micros, parsed, time};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, environment_id, profile, role, permissions, version, frozen_at, signed_in_at, created_at, updated_at
             FROM accounts ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND id = $2");
const LIST: &str = select!(
    "WHERE environment_id = $1 AND created_at <= $2 AND (created_at < $2 OR CAST($3 AS TEXT) IS NULL OR id < $3)
     ORDER BY created_at DESC, id DESC LIMIT $4"
);
const WALK_END: &str =
    "SELECT created_at, id FROM accounts
     WHERE environment_id = $1 AND created_at <= $2 AND (created_at < $2 OR CAST($3 AS TEXT) IS NULL OR id < $3)
     ORDER BY created_at DESC, id DESC LIMIT 2 OFFSET $4";
// Why so, and for whom, stands at the users' statements of the same names.
const LIST_STARTING: &str = select!(
    "WHERE environment_id = $1 AND created_at <= $2 AND (created_at < $2 OR CAST($3 AS TEXT) IS NULL OR id < $3)
         AND created_at >= $4 AND (created_at > $4 OR id >= $5)
         AND (SUBSTR(id, 1, LENGTH(CAST($7 AS TEXT))) = $7 OR EXISTS (
             SELECT 1 FROM identities i
             WHERE i.environment_id = accounts.environment_id AND i.account_id = accounts.id
                 AND (SUBSTR(i.shown, 1, LENGTH(CAST($6 AS TEXT))) = $6
                     OR SUBSTR(i.identifier, 1, LENGTH(CAST($7 AS TEXT))) = $7)))
     ORDER BY created_at DESC, id DESC LIMIT $8"
);
const INSERT: &str =
    "INSERT INTO accounts (id, environment_id, profile, role, permissions, version, frozen_at, signed_in_at, created_at,
         updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
// Changes nothing: the row's lock is what the next statements are safe behind.
const LOCK: &str = "UPDATE accounts SET version = version WHERE environment_id = $1 AND id = $2";
const UPDATE: &str =
    "UPDATE accounts SET profile = $3, role = $4, permissions = $5, version = $6, frozen_at = $7, signed_in_at = $8,
         updated_at = $9
     WHERE environment_id = $1 AND id = $2";
const DELETE: &str = "DELETE FROM accounts WHERE environment_id = $1 AND id = $2";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    LIST,
    WALK_END,
    LIST_STARTING,
    INSERT,
    LOCK,
    UPDATE,
    DELETE,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    profile: String,
    role: Option<String>,
    permissions: Option<String>,
    version: i64,
    frozen_at: Option<i64>,
    signed_in_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl Read {
    /// The account of an environment with this id.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_account(
        &mut self,
        environment: EnvironmentId,
        id: AccountId,
    ) -> Result<Option<Account>> {
        fetch_optional!(self, Row, FIND, environment.to_string(), id.to_string())?
            .map(Account::try_from)
            .transpose()
    }

    /// Accounts of an environment, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_accounts(
        &mut self,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<Account>> {
        let start = start_of::<Account>(page)?;
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

    /// Accounts of an environment whose id begins so, or one of their identities: as the person wrote it, or in small
    /// letters as it is kept. Newest first, among the `walked` ones after the cursor; the page may have none and a next one.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_accounts_starting(
        &mut self,
        environment: EnvironmentId,
        beginning: &str,
        page: &PageRequest,
        walked: u32,
    ) -> Result<Page<Account>> {
        let start = start_of::<Account>(page)?;
        if !is_storable(beginning) {
            return Ok(page_of(Vec::new(), page));
        }
        let end = End::of(fetch_all!(
            self,
            (i64, String),
            WALK_END,
            environment.to_string(),
            start.at,
            start.id.clone(),
            rows_before_end(walked)
        )?);
        let (least_at, least_id) = end.least();
        let rows = fetch_all!(
            self,
            Row,
            LIST_STARTING,
            environment.to_string(),
            start.at,
            start.id,
            least_at,
            least_id,
            beginning,
            beginning.to_lowercase(),
            rows_wanted(page)
        )?;
        Ok(end.page_of(entities(rows)?, page))
    }
}

impl Write {
    /// Adds an account.
    ///
    /// # Errors
    /// `Conflict` when its id is taken; `Unavailable`.
    pub async fn insert_account(&mut self, account: &Account) -> Result<()> {
        execute!(
            self,
            INSERT,
            account.id.to_string(),
            account.environment_id.to_string(),
            json_text(&account.profile)?,
            account.role.as_deref(),
            permissions_text(account)?,
            account.version,
            micros(account.frozen_at),
            micros(account.signed_in_at),
            account.created_at.as_micros(),
            account.updated_at.as_micros()
        )?;
        Ok(())
    }

    /// Holds an account's row until the transaction ends; answers whether it exists.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn lock_account(
        &mut self,
        environment: EnvironmentId,
        id: AccountId,
    ) -> Result<bool> {
        Ok(execute!(self, LOCK, environment.to_string(), id.to_string())? == 1)
    }

    /// Writes what may change of an account; lock it before reading it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn update_account(&mut self, account: &Account) -> Result<bool> {
        let changed = execute!(
            self,
            UPDATE,
            account.environment_id.to_string(),
            account.id.to_string(),
            json_text(&account.profile)?,
            account.role.as_deref(),
            permissions_text(account)?,
            account.version,
            micros(account.frozen_at),
            micros(account.signed_in_at),
            account.updated_at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Erases an account that nothing refers to any more; answers whether it existed.
    ///
    /// # Errors
    /// `Conflict` while identities, sessions, passkeys or wallets refer to it; `Unavailable`.
    pub async fn delete_account(
        &mut self,
        environment: EnvironmentId,
        id: AccountId,
    ) -> Result<bool> {
        Ok(execute!(self, DELETE, environment.to_string(), id.to_string())? == 1)
    }
}

fn permissions_text(account: &Account) -> Result<Option<String>> {
    account.permissions.as_ref().map(json_text).transpose()
}

impl TryFrom<Row> for Account {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let permissions = row.permissions.as_deref();
        Ok(Self {
            id: parsed("accounts.id", &row.id)?,
            environment_id: parsed("accounts.environment_id", &row.environment_id)?,
            profile: json("accounts.profile", &row.profile)?,
            role: row.role,
            permissions: permissions
                .map(|text| json("accounts.permissions", text))
                .transpose()?,
            version: row.version,
            frozen_at: time(row.frozen_at),
            signed_in_at: time(row.signed_in_at),
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
