use hallpass_model::{EnvironmentId, SignInProvider, SignInProviderId, Timestamp};

use crate::rows::{entities, is_storable, json, json_text, micros, parsed, time};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, environment_id, handle, settings, secret, disabled_at, removed_at, version, created_at, updated_at
             FROM sign_in_providers ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND id = $2 AND removed_at IS NULL");
const FIND_BY_HANDLE: &str = select!("WHERE environment_id = $1 AND handle = $2");
// Well above what an environment may have, so that nothing is ever missing.
const LIST: &str =
    select!("WHERE environment_id = $1 AND removed_at IS NULL ORDER BY created_at, id LIMIT 64");
const INSERT: &str =
    "INSERT INTO sign_in_providers (id, environment_id, handle, settings, secret, disabled_at, removed_at, version, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const UPDATE: &str =
    "UPDATE sign_in_providers SET settings = $4, secret = $5, disabled_at = $6, removed_at = $7, version = $8, updated_at = $9
     WHERE environment_id = $1 AND id = $2 AND version = $3";

pub(crate) const STATEMENTS: &[&str] = &[FIND, FIND_BY_HANDLE, LIST, INSERT, UPDATE];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    handle: String,
    settings: String,
    secret: Option<Vec<u8>>,
    disabled_at: Option<i64>,
    removed_at: Option<i64>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl Read {
    /// The sign-in provider of an environment with this id, unless it was removed.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_sign_in_provider(
        &mut self,
        environment: EnvironmentId,
        id: SignInProviderId,
    ) -> Result<Option<SignInProvider>> {
        fetch_optional!(self, Row, FIND, environment.to_string(), id.to_string())?
            .map(SignInProvider::try_from)
            .transpose()
    }

    /// The sign-in provider that has, or had, this handle in an environment.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_sign_in_provider_by_handle(
        &mut self,
        environment: EnvironmentId,
        handle: &str,
    ) -> Result<Option<SignInProvider>> {
        if !is_storable(handle) {
            return Ok(None);
        }
        fetch_optional!(self, Row, FIND_BY_HANDLE, environment.to_string(), handle)?
            .map(SignInProvider::try_from)
            .transpose()
    }

    /// The sign-in providers of an environment, disabled ones included, oldest first; at most 64.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_sign_in_providers(
        &mut self,
        environment: EnvironmentId,
    ) -> Result<Vec<SignInProvider>> {
        entities(fetch_all!(self, Row, LIST, environment.to_string())?)
    }
}

impl Write {
    /// Adds a sign-in provider.
    ///
    /// # Errors
    /// `Conflict` when its id or handle is taken; `Unavailable`.
    pub async fn insert_sign_in_provider(&mut self, provider: &SignInProvider) -> Result<()> {
        execute!(
            self,
            INSERT,
            provider.id.to_string(),
            provider.environment_id.to_string(),
            &provider.handle,
            json_text(&provider.settings)?,
            provider.sealed_secret.as_deref(),
            micros(provider.disabled_at),
            micros(provider.removed_at),
            provider.version,
            provider.created_at.as_micros(),
            provider.updated_at.as_micros()
        )?;
        Ok(())
    }

    /// Writes everything but handle and `created_at`, if the stored version is still the expected one.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn update_sign_in_provider(
        &mut self,
        provider: &SignInProvider,
        expected_version: i64,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            UPDATE,
            provider.environment_id.to_string(),
            provider.id.to_string(),
            expected_version,
            json_text(&provider.settings)?,
            provider.sealed_secret.as_deref(),
            micros(provider.disabled_at),
            micros(provider.removed_at),
            provider.version,
            provider.updated_at.as_micros()
        )?;
        Ok(changed == 1)
    }
}

impl TryFrom<Row> for SignInProvider {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: parsed("sign_in_providers.id", &row.id)?,
            environment_id: parsed("sign_in_providers.environment_id", &row.environment_id)?,
            handle: row.handle,
            settings: json("sign_in_providers.settings", &row.settings)?,
            sealed_secret: row.secret,
            disabled_at: time(row.disabled_at),
            removed_at: time(row.removed_at),
            version: row.version,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
