use hallpass_model::{AccountId, EnvironmentId, Passkey, PasskeyCredential, PasskeyId, Timestamp};

use crate::rows::{entities, is_storable, json, json_text, micros, parsed, time};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, environment_id, account_id, credential_id, credential, name, created_at, last_used_at
             FROM passkeys ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND account_id = $2 AND id = $3");
const FIND_BY_CREDENTIAL: &str = select!("WHERE environment_id = $1 AND credential_id = $2");
const LIST: &str = select!(
    "WHERE environment_id = $1 AND account_id = $2 ORDER BY created_at DESC, id DESC LIMIT 100"
);
const INSERT: &str =
    "INSERT INTO passkeys (id, environment_id, account_id, credential_id, credential, name, created_at, last_used_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
// Two uses at once both read the same counter; only one of them may write the next.
const NOTE_USE: &str = "UPDATE passkeys SET credential = $4, last_used_at = $5
     WHERE environment_id = $1 AND id = $2 AND credential = $3";
const RENAME: &str =
    "UPDATE passkeys SET name = $4 WHERE environment_id = $1 AND account_id = $2 AND id = $3";
const DELETE: &str =
    "DELETE FROM passkeys WHERE environment_id = $1 AND account_id = $2 AND id = $3";
const DELETE_OF_ACCOUNT: &str =
    "DELETE FROM passkeys WHERE environment_id = $1 AND account_id = $2";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    FIND_BY_CREDENTIAL,
    LIST,
    INSERT,
    NOTE_USE,
    RENAME,
    DELETE,
    DELETE_OF_ACCOUNT,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    account_id: String,
    credential_id: String,
    credential: String,
    name: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl Read {
    /// A passkey of an account.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_passkey(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
        id: PasskeyId,
    ) -> Result<Option<Passkey>> {
        fetch_optional!(
            self,
            Row,
            FIND,
            environment.to_string(),
            account.to_string(),
            id.to_string()
        )?
        .map(Passkey::try_from)
        .transpose()
    }

    /// The passkey of an environment that its device calls this.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_passkey_by_credential(
        &mut self,
        environment: EnvironmentId,
        credential_id: &str,
    ) -> Result<Option<Passkey>> {
        if !is_storable(credential_id) {
            return Ok(None);
        }
        fetch_optional!(
            self,
            Row,
            FIND_BY_CREDENTIAL,
            environment.to_string(),
            credential_id
        )?
        .map(Passkey::try_from)
        .transpose()
    }

    /// The passkeys of an account, newest first; at most 100.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_passkeys(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Result<Vec<Passkey>> {
        let rows = fetch_all!(
            self,
            Row,
            LIST,
            environment.to_string(),
            account.to_string()
        )?;
        entities(rows)
    }
}

impl Write {
    /// Adds a passkey.
    ///
    /// # Errors
    /// `Conflict` when the environment has it already; `Unavailable`.
    pub async fn insert_passkey(&mut self, passkey: &Passkey) -> Result<()> {
        execute!(
            self,
            INSERT,
            passkey.id.to_string(),
            passkey.environment_id.to_string(),
            passkey.account_id.to_string(),
            &passkey.credential_id,
            json_text(&passkey.credential)?,
            &passkey.name,
            passkey.created_at.as_micros(),
            micros(passkey.last_used_at)
        )?;
        Ok(())
    }

    /// Writes what a use changed; answers `false` when another use, or a removal, was first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn note_passkey_use(
        &mut self,
        passkey: &Passkey,
        changed: &PasskeyCredential,
        at: Timestamp,
    ) -> Result<bool> {
        let updated = execute!(
            self,
            NOTE_USE,
            passkey.environment_id.to_string(),
            passkey.id.to_string(),
            json_text(&passkey.credential)?,
            json_text(changed)?,
            at.as_micros()
        )?;
        Ok(updated == 1)
    }

    /// Gives a passkey another name; answers `false` when there is none.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn rename_passkey(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
        id: PasskeyId,
        name: &str,
    ) -> Result<bool> {
        let updated = execute!(
            self,
            RENAME,
            environment.to_string(),
            account.to_string(),
            id.to_string(),
            name
        )?;
        Ok(updated == 1)
    }

    /// Removes a passkey; answers `false` when there is none.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_passkey(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
        id: PasskeyId,
    ) -> Result<bool> {
        let deleted = execute!(
            self,
            DELETE,
            environment.to_string(),
            account.to_string(),
            id.to_string()
        )?;
        Ok(deleted == 1)
    }

    /// Removes an account's passkeys; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_passkeys_of_account(
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

impl TryFrom<Row> for Passkey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: parsed("passkeys.id", &row.id)?,
            environment_id: parsed("passkeys.environment_id", &row.environment_id)?,
            account_id: parsed("passkeys.account_id", &row.account_id)?,
            credential_id: row.credential_id,
            credential: json("passkeys.credential", &row.credential)?,
            name: row.name,
            created_at: Timestamp::from_micros(row.created_at),
            last_used_at: time(row.last_used_at),
        })
    }
}
