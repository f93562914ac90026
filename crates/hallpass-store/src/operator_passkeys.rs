use hallpass_model::{
    OperatorId, OperatorPasskey, OperatorPasskeyId, PasskeyCredential, Timestamp,
};

use crate::rows::{entities, is_storable, json, json_text, micros, parsed, time};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, operator_id, operator_key_id, credential_id, credential, name, created_at, last_used_at FROM operator_passkeys ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE (CAST($1 AS TEXT) IS NULL OR operator_id = $1) AND id = $2");
const FIND_BY_CREDENTIAL: &str = select!("WHERE credential_id = $1");
const LIST: &str = select!(
    "WHERE (CAST($1 AS TEXT) IS NULL OR operator_id = $1) ORDER BY created_at DESC, id DESC LIMIT 200"
);
const INSERT: &str =
    "INSERT INTO operator_passkeys (id, operator_id, operator_key_id, credential_id, credential, name, created_at, last_used_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
// Two uses at once both read the same counter; only one of them may write the next.
const NOTE_USE: &str = "UPDATE operator_passkeys SET credential = $3, last_used_at = $4
     WHERE id = $1 AND credential = $2";
const DELETE: &str = "DELETE FROM operator_passkeys WHERE id = $1";
const ASK: &str =
    "INSERT INTO operator_challenges (digest, operator_id, expires_at) VALUES ($1, $2, $3)";
const CONSUME: &str = "DELETE FROM operator_challenges
     WHERE digest = $1 AND (operator_id = $2 OR (operator_id IS NULL AND CAST($2 AS TEXT) IS NULL)) AND expires_at > $3";
const SWEEP: &str = "DELETE FROM operator_challenges WHERE expires_at < $1";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    FIND_BY_CREDENTIAL,
    LIST,
    INSERT,
    NOTE_USE,
    DELETE,
    ASK,
    CONSUME,
    SWEEP,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    operator_id: String,
    operator_key_id: String,
    credential_id: String,
    credential: String,
    name: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl Read {
    /// A passkey, if it is this operator's where one is named.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_operator_passkey(
        &mut self,
        of: Option<OperatorId>,
        id: OperatorPasskeyId,
    ) -> Result<Option<OperatorPasskey>> {
        let of = of.map(|id| id.to_string());
        fetch_optional!(self, Row, FIND, of, id.to_string())?
            .map(OperatorPasskey::try_from)
            .transpose()
    }

    /// The passkey that an authenticator calls so.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_operator_passkey_by_credential(
        &mut self,
        credential_id: &str,
    ) -> Result<Option<OperatorPasskey>> {
        if !is_storable(credential_id) {
            return Ok(None);
        }
        fetch_optional!(self, Row, FIND_BY_CREDENTIAL, credential_id)?
            .map(OperatorPasskey::try_from)
            .transpose()
    }

    /// The newest 200 passkeys: an operator's, or everybody's.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_operator_passkeys(
        &mut self,
        of: Option<OperatorId>,
    ) -> Result<Vec<OperatorPasskey>> {
        let of = of.map(|id| id.to_string());
        entities(fetch_all!(self, Row, LIST, of)?)
    }
}

impl Write {
    /// Adds a passkey.
    ///
    /// # Errors
    /// `Conflict` when an operator has it already; `Unavailable`.
    pub async fn insert_operator_passkey(&mut self, passkey: &OperatorPasskey) -> Result<()> {
        execute!(
            self,
            INSERT,
            passkey.id.to_string(),
            passkey.operator_id.to_string(),
            passkey.key.to_string(),
            &passkey.credential_id,
            json_text(&passkey.credential)?,
            &passkey.name,
            passkey.created_at.as_micros(),
            micros(passkey.last_used_at)
        )?;
        Ok(())
    }

    /// Notes a use and what it changed; answers `false` when another use did so meanwhile.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn note_operator_passkey_use(
        &mut self,
        passkey: &OperatorPasskey,
        changed: &PasskeyCredential,
        at: Timestamp,
    ) -> Result<bool> {
        let noted = execute!(
            self,
            NOTE_USE,
            passkey.id.to_string(),
            json_text(&passkey.credential)?,
            json_text(changed)?,
            at.as_micros()
        )?;
        Ok(noted == 1)
    }

    /// Removes a passkey; answers `false` when it is not there.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_operator_passkey(&mut self, id: OperatorPasskeyId) -> Result<bool> {
        Ok(execute!(self, DELETE, id.to_string())? == 1)
    }

    /// Remembers a question for whoever may answer it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn insert_operator_challenge(
        &mut self,
        digest: &[u8; 32],
        operator: Option<OperatorId>,
        expires_at: Timestamp,
    ) -> Result<()> {
        let operator = operator.map(|id| id.to_string());
        execute!(
            self,
            ASK,
            digest.as_slice(),
            operator,
            expires_at.as_micros()
        )?;
        Ok(())
    }

    /// Uses a question up; answers `false` when it was answered, ran out or was never asked of them.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn consume_operator_challenge(
        &mut self,
        digest: &[u8; 32],
        operator: Option<OperatorId>,
        now: Timestamp,
    ) -> Result<bool> {
        let operator = operator.map(|id| id.to_string());
        Ok(execute!(self, CONSUME, digest.as_slice(), operator, now.as_micros())? == 1)
    }

    /// Removes questions that ran out before a time; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn sweep_operator_challenges(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, SWEEP, before.as_micros())
    }
}

impl TryFrom<Row> for OperatorPasskey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: parsed("operator_passkeys.id", &row.id)?,
            operator_id: parsed("operator_passkeys.operator_id", &row.operator_id)?,
            key: parsed("operator_passkeys.operator_key_id", &row.operator_key_id)?,
            credential_id: row.credential_id,
            credential: json("operator_passkeys.credential", &row.credential)?,
            name: row.name,
            created_at: Timestamp::from_micros(row.created_at),
            last_used_at: time(row.last_used_at),
        })
    }
}
