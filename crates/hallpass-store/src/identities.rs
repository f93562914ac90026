use hallpass_model::{AccountId, EnvironmentId, Identity, IdentityId, IdentityKind, Timestamp};

use crate::rows::{entities, is_storable, json, json_text, parsed};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, environment_id, account_id, kind, identifier, shown, detail, is_primary, created_at
             FROM identities ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND kind = $2 AND identifier = $3");
// Well above what an account may have, so that nothing is ever missing.
const LIST: &str =
    select!("WHERE environment_id = $1 AND account_id = $2 ORDER BY created_at, id LIMIT 256");
const INSERT_IF_ABSENT: &str =
    "INSERT INTO identities (id, environment_id, account_id, kind, identifier, shown, detail, is_primary, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (environment_id, kind, identifier) DO NOTHING";
const SET_DETAIL: &str =
    "UPDATE identities SET shown = $3, detail = $4 WHERE environment_id = $1 AND id = $2";
const DELETE: &str =
    "DELETE FROM identities WHERE environment_id = $1 AND account_id = $2 AND id = $3";
const DELETE_OF_ACCOUNT: &str =
    "DELETE FROM identities WHERE environment_id = $1 AND account_id = $2";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    LIST,
    INSERT_IF_ABSENT,
    SET_DETAIL,
    DELETE,
    DELETE_OF_ACCOUNT,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    account_id: String,
    kind: String,
    identifier: String,
    shown: String,
    detail: String,
    is_primary: bool,
    created_at: i64,
}

impl Read {
    /// The identity of an environment with this spelling.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_identity(
        &mut self,
        environment: EnvironmentId,
        kind: &IdentityKind,
        identifier: &str,
    ) -> Result<Option<Identity>> {
        if !is_storable(identifier) {
            return Ok(None);
        }
        fetch_optional!(
            self,
            Row,
            FIND,
            environment.to_string(),
            kind.to_string(),
            identifier
        )?
        .map(Identity::try_from)
        .transpose()
    }

    /// The identities of an account, oldest first; at most 256.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_identities(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Result<Vec<Identity>> {
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
    /// Adds an identity unless the environment has it already; answers whether it was added.
    ///
    /// # Errors
    /// `Conflict` when its id is taken; `Unavailable`.
    pub async fn insert_identity_if_absent(&mut self, identity: &Identity) -> Result<bool> {
        let added = execute!(
            self,
            INSERT_IF_ABSENT,
            identity.id.to_string(),
            identity.environment_id.to_string(),
            identity.account_id.to_string(),
            identity.kind.to_string(),
            &identity.identifier,
            &identity.shown,
            json_text(&identity.detail)?,
            identity.is_primary,
            identity.created_at.as_micros()
        )?;
        Ok(added == 1)
    }

    /// Writes what the service said last of an identity.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_identity_detail(
        &mut self,
        environment: EnvironmentId,
        id: IdentityId,
        shown: &str,
        detail: &serde_json::Value,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            SET_DETAIL,
            environment.to_string(),
            id.to_string(),
            shown,
            json_text(detail)?
        )?;
        Ok(changed == 1)
    }

    /// Removes an identity of an account; answers whether it was there.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_identity(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
        id: IdentityId,
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

    /// Removes every identity of an account.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_identities_of_account(
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

impl TryFrom<Row> for Identity {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: parsed("identities.id", &row.id)?,
            environment_id: parsed("identities.environment_id", &row.environment_id)?,
            account_id: parsed("identities.account_id", &row.account_id)?,
            kind: parsed("identities.kind", &row.kind)?,
            identifier: row.identifier,
            shown: row.shown,
            detail: json("identities.detail", &row.detail)?,
            is_primary: row.is_primary,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}
