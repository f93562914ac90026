use hallpass_model::{
    EnvironmentId, IdentityProvider, IdentityProviderId, ProviderSettings, Timestamp,
};

use crate::rows::{entities, json, json_text, micros, parsed, time, unreadable};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, environment_id, kind, settings, disabled_at, version, created_at, updated_at
             FROM identity_providers ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND id = $2");
// Well above what an environment may have, so that nothing is ever missing.
const LIST: &str = select!("WHERE environment_id = $1 ORDER BY created_at, id LIMIT 64");
const INSERT: &str =
    "INSERT INTO identity_providers (id, environment_id, kind, settings, disabled_at, version, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const UPDATE: &str =
    "UPDATE identity_providers SET kind = $4, settings = $5, disabled_at = $6, version = $7, updated_at = $8
     WHERE environment_id = $1 AND id = $2 AND version = $3";
const DELETE: &str = "DELETE FROM identity_providers WHERE environment_id = $1 AND id = $2";

pub(crate) const STATEMENTS: &[&str] = &[FIND, LIST, INSERT, UPDATE, DELETE];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    kind: String,
    settings: String,
    disabled_at: Option<i64>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl Read {
    /// The identity provider of an environment with this id.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_identity_provider(
        &mut self,
        environment: EnvironmentId,
        id: IdentityProviderId,
    ) -> Result<Option<IdentityProvider>> {
        fetch_optional!(self, Row, FIND, environment.to_string(), id.to_string())?
            .map(IdentityProvider::try_from)
            .transpose()
    }

    /// The identity providers of an environment, disabled ones included, oldest first; at most 64.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_identity_providers(
        &mut self,
        environment: EnvironmentId,
    ) -> Result<Vec<IdentityProvider>> {
        entities(fetch_all!(self, Row, LIST, environment.to_string())?)
    }
}

impl Write {
    /// Adds an identity provider.
    ///
    /// # Errors
    /// `Conflict` when the id is taken; `Unavailable`.
    pub async fn insert_identity_provider(&mut self, provider: &IdentityProvider) -> Result<()> {
        execute!(
            self,
            INSERT,
            provider.id.to_string(),
            provider.environment_id.to_string(),
            provider.settings.kind.as_str(),
            json_text(&provider.settings)?,
            micros(provider.disabled_at),
            provider.version,
            provider.created_at.as_micros(),
            provider.updated_at.as_micros()
        )?;
        Ok(())
    }

    /// Writes settings, `disabled_at`, `version` and `updated_at`, if the stored version is still the expected one.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn update_identity_provider(
        &mut self,
        provider: &IdentityProvider,
        expected_version: i64,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            UPDATE,
            provider.environment_id.to_string(),
            provider.id.to_string(),
            expected_version,
            provider.settings.kind.as_str(),
            json_text(&provider.settings)?,
            micros(provider.disabled_at),
            provider.version,
            provider.updated_at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Deletes an identity provider; answers `false` when the environment has none with this id.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_identity_provider(
        &mut self,
        environment: EnvironmentId,
        id: IdentityProviderId,
    ) -> Result<bool> {
        let deleted = execute!(self, DELETE, environment.to_string(), id.to_string())?;
        Ok(deleted == 1)
    }
}

impl TryFrom<Row> for IdentityProvider {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let settings: ProviderSettings = json("identity_providers.settings", &row.settings)?;
        if settings.kind.as_str() != row.kind {
            return Err(unreadable("identity_providers.kind"));
        }
        Ok(Self {
            id: parsed("identity_providers.id", &row.id)?,
            environment_id: parsed("identity_providers.environment_id", &row.environment_id)?,
            settings,
            disabled_at: time(row.disabled_at),
            version: row.version,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
