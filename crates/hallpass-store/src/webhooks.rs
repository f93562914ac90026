use hallpass_model::{DisabledReason, EnvironmentId, Timestamp, Webhook, WebhookId};

use crate::rows::{entities, json, json_text, micros, parsed, time};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, environment_id, url, events, settings, former_until_at, failing_since_at, disabled_at,
                    disabled_reason, version, created_at, updated_at
             FROM webhooks ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND id = $2");
const LIST: &str = select!("WHERE environment_id = $1 ORDER BY created_at, id LIMIT 64");
const FIND_SECRETS: &str = "SELECT secret, former_secret, former_until_at FROM webhooks WHERE environment_id = $1 AND id = $2";
const INSERT: &str =
    "INSERT INTO webhooks (id, environment_id, url, events, settings, secret, failing_since_at, disabled_at,
         disabled_reason, version, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const UPDATE: &str =
    "UPDATE webhooks SET url = $4, events = $5, settings = $6, failing_since_at = $7, disabled_at = $8,
         disabled_reason = $9, version = $10, updated_at = $11
     WHERE environment_id = $1 AND id = $2 AND version = $3";
const SET_SECRETS: &str =
    "UPDATE webhooks SET secret = $4, former_secret = $5, former_until_at = $6, version = $7, updated_at = $8
     WHERE environment_id = $1 AND id = $2 AND version = $3";
const SET_FAILING: &str = "UPDATE webhooks SET failing_since_at = $3
     WHERE environment_id = $1 AND id = $2 AND failing_since_at IS NULL";
const SET_WORKING: &str = "UPDATE webhooks SET failing_since_at = NULL
     WHERE environment_id = $1 AND id = $2 AND failing_since_at IS NOT NULL";
const DISABLE: &str = "UPDATE webhooks SET disabled_at = $3, disabled_reason = $4, version = version + 1, updated_at = $3
     WHERE environment_id = $1 AND id = $2 AND disabled_at IS NULL";
const DELETE: &str = "DELETE FROM webhooks WHERE environment_id = $1 AND id = $2";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    LIST,
    FIND_SECRETS,
    INSERT,
    UPDATE,
    SET_SECRETS,
    SET_FAILING,
    SET_WORKING,
    DISABLE,
    DELETE,
];

/// The secrets of a webhook, sealed.
pub struct SealedWebhookSecrets {
    /// The one that signs.
    pub secret: Vec<u8>,
    /// The one before it, and until when it signs too.
    pub former: Option<(Vec<u8>, Timestamp)>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    url: String,
    events: String,
    settings: String,
    former_until_at: Option<i64>,
    failing_since_at: Option<i64>,
    disabled_at: Option<i64>,
    disabled_reason: Option<String>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

#[derive(sqlx::FromRow)]
struct SecretsRow {
    secret: Vec<u8>,
    former_secret: Option<Vec<u8>>,
    former_until_at: Option<i64>,
}

impl Read {
    /// A webhook of an environment.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_webhook(
        &mut self,
        environment: EnvironmentId,
        id: WebhookId,
    ) -> Result<Option<Webhook>> {
        fetch_optional!(self, Row, FIND, environment.to_string(), id.to_string())?
            .map(Webhook::try_from)
            .transpose()
    }

    /// The webhooks of an environment, oldest first; there are few.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_webhooks(&mut self, environment: EnvironmentId) -> Result<Vec<Webhook>> {
        entities(fetch_all!(self, Row, LIST, environment.to_string())?)
    }

    /// The sealed secrets of a webhook.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_webhook_secrets(
        &mut self,
        environment: EnvironmentId,
        id: WebhookId,
    ) -> Result<Option<SealedWebhookSecrets>> {
        let row = fetch_optional!(
            self,
            SecretsRow,
            FIND_SECRETS,
            environment.to_string(),
            id.to_string()
        )?;
        Ok(row.map(|row| SealedWebhookSecrets {
            secret: row.secret,
            former: row.former_secret.zip(time(row.former_until_at)),
        }))
    }
}

impl Write {
    /// Adds a webhook with its sealed secret.
    ///
    /// # Errors
    /// `Conflict` when the id is taken; `Unavailable`.
    pub async fn insert_webhook(&mut self, webhook: &Webhook, secret: &[u8]) -> Result<()> {
        execute!(
            self,
            INSERT,
            webhook.id.to_string(),
            webhook.environment_id.to_string(),
            &webhook.url,
            json_text(&webhook.events)?,
            json_text(&webhook.settings)?,
            secret,
            micros(webhook.failing_since),
            micros(webhook.disabled_at),
            webhook.disabled_reason.map(DisabledReason::as_str),
            webhook.version,
            webhook.created_at.as_micros(),
            webhook.updated_at.as_micros()
        )?;
        Ok(())
    }

    /// Writes everything but the secrets, if the stored version is still the expected one.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn update_webhook(
        &mut self,
        webhook: &Webhook,
        expected_version: i64,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            UPDATE,
            webhook.environment_id.to_string(),
            webhook.id.to_string(),
            expected_version,
            &webhook.url,
            json_text(&webhook.events)?,
            json_text(&webhook.settings)?,
            micros(webhook.failing_since),
            micros(webhook.disabled_at),
            webhook.disabled_reason.map(DisabledReason::as_str),
            webhook.version,
            webhook.updated_at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Writes the secrets of a webhook, if the stored version is still the expected one.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_webhook_secrets(
        &mut self,
        webhook: &Webhook,
        secrets: &SealedWebhookSecrets,
        expected_version: i64,
    ) -> Result<bool> {
        let (former, until) = match &secrets.former {
            Some((former, until)) => (Some(former.as_slice()), Some(until.as_micros())),
            None => (None, None),
        };
        let changed = execute!(
            self,
            SET_SECRETS,
            webhook.environment_id.to_string(),
            webhook.id.to_string(),
            expected_version,
            secrets.secret.as_slice(),
            former,
            until,
            webhook.version,
            webhook.updated_at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Notes since when a webhook fails, or that it works.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_webhook_failing(
        &mut self,
        environment: EnvironmentId,
        id: WebhookId,
        failing_since: Option<Timestamp>,
    ) -> Result<()> {
        let (environment, id) = (environment.to_string(), id.to_string());
        match failing_since {
            Some(since) => execute!(self, SET_FAILING, environment, id, since.as_micros())?,
            None => execute!(self, SET_WORKING, environment, id)?,
        };
        Ok(())
    }

    /// Disables a webhook; answers `false` when it is absent or disabled already.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn disable_webhook(
        &mut self,
        environment: EnvironmentId,
        id: WebhookId,
        reason: DisabledReason,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            DISABLE,
            environment.to_string(),
            id.to_string(),
            at.as_micros(),
            reason.as_str()
        )?;
        Ok(changed == 1)
    }

    /// Removes a webhook.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_webhook(
        &mut self,
        environment: EnvironmentId,
        id: WebhookId,
    ) -> Result<bool> {
        let changed = execute!(self, DELETE, environment.to_string(), id.to_string())?;
        Ok(changed == 1)
    }
}

impl TryFrom<Row> for Webhook {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let reason = |text: &str| {
            DisabledReason::from_word(text)
                .ok_or_else(|| crate::rows::unreadable("webhooks.disabled_reason"))
        };
        Ok(Self {
            id: parsed("webhooks.id", &row.id)?,
            environment_id: parsed("webhooks.environment_id", &row.environment_id)?,
            url: row.url,
            events: json("webhooks.events", &row.events)?,
            settings: json("webhooks.settings", &row.settings)?,
            failing_since: time(row.failing_since_at),
            disabled_at: time(row.disabled_at),
            disabled_reason: row.disabled_reason.as_deref().map(reason).transpose()?,
            former_secret_until: time(row.former_until_at),
            version: row.version,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
