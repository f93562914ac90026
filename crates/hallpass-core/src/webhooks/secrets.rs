//! The secrets of webhooks, sealed for where they stand.

use hallpass_model::{Error, Result, Timestamp, Webhook};
use hallpass_seal::Place;
use hallpass_store::SealedWebhookSecrets;

use crate::Shared;
use crate::standard_webhooks::WebhookSecret;

const TABLE: &str = "webhooks";
const SECRET: &str = "secret";
const FORMER: &str = "former_secret";

pub(super) fn seal(shared: &Shared, webhook: &Webhook, secret: &WebhookSecret) -> Result<Vec<u8>> {
    seal_as(shared, webhook, SECRET, secret)
}

/// What stands in the row after a new secret took the place of the present one.
pub(super) fn rotated(
    shared: &Shared,
    webhook: &Webhook,
    sealed: &SealedWebhookSecrets,
    secret: &WebhookSecret,
    former_until: Option<Timestamp>,
) -> Result<SealedWebhookSecrets> {
    let former = match former_until {
        None => None,
        Some(until) => {
            let former = open_as(shared, webhook, SECRET, &sealed.secret)?;
            Some((seal_as(shared, webhook, FORMER, &former)?, until))
        }
    };
    Ok(SealedWebhookSecrets {
        secret: seal(shared, webhook, secret)?,
        former,
    })
}

/// Every secret that signs at a time, the present one first.
pub(crate) fn open(
    shared: &Shared,
    webhook: &Webhook,
    sealed: &SealedWebhookSecrets,
    now: Timestamp,
) -> Result<Vec<WebhookSecret>> {
    let mut secrets = vec![open_as(shared, webhook, SECRET, &sealed.secret)?];
    if let Some((former, until)) = &sealed.former
        && now < *until
    {
        secrets.push(open_as(shared, webhook, FORMER, former)?);
    }
    Ok(secrets)
}

fn seal_as(
    shared: &Shared,
    webhook: &Webhook,
    field: &str,
    secret: &WebhookSecret,
) -> Result<Vec<u8>> {
    let (row, environment) = names(webhook);
    shared
        .seal
        .seal(&place(&row, &environment, field), secret.expose())
}

fn open_as(
    shared: &Shared,
    webhook: &Webhook,
    field: &str,
    sealed: &[u8],
) -> Result<WebhookSecret> {
    let (row, environment) = names(webhook);
    let opened = shared
        .seal
        .open(&place(&row, &environment, field), sealed)?;
    WebhookSecret::from_bytes(opened.expose().to_vec())
        .ok_or_else(|| Error::internal("a stored webhook secret has the wrong length"))
}

fn names(webhook: &Webhook) -> (String, String) {
    (webhook.id.to_string(), webhook.environment_id.to_string())
}

const fn place<'a>(row: &'a str, environment: &'a str, field: &'a str) -> Place<'a> {
    Place {
        table: TABLE,
        row,
        environment,
        field,
    }
}
