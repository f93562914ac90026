//! `token mint`: what a customer's backend does with its private key, for trying things out.

use std::path::Path;

use anyhow::{Result, anyhow};
use hallpass_jose::{KeyError, ProtectedHeader, SigningKey};
use hallpass_model::{Subject, Timestamp};
use hallpass_permissions::{CLAIM, Claim};
use serde_json::{Map, Value};

use super::now;
use crate::cli::MintArgs;
use crate::exit::{Exit, FAILED};
use crate::files;
use crate::ui::{Ui, span};

/// What a token shall say.
pub struct Order<'a> {
    pub sub: &'a Subject,
    pub issued_at: Timestamp,
    pub ttl_secs: i64,
    pub audience: Option<&'a str>,
    /// The claim as JSON text; checked by [`sign`].
    pub permissions: Option<&'a str>,
}

pub fn run(args: &MintArgs, ui: &Ui) -> Result<()> {
    let pem = files::read_text(&args.key)?;
    let key = SigningKey::from_pem(&pem).map_err(|error| unusable(&args.key, error))?;
    let permissions = args
        .permissions
        .as_deref()
        .map(files::json_or_file)
        .transpose()?;
    let order = Order {
        sub: &args.sub,
        issued_at: now(),
        ttl_secs: args.ttl.0,
        audience: args.aud.as_deref(),
        permissions: permissions.as_deref(),
    };
    let (token, claim) = sign(&key, &order)?;
    remark(&claim, args.ttl.0, ui);
    ui.line(token);
    Ok(())
}

/// Signs a token, unless its permission claim would be refused. Also answers the compiled claim.
pub fn sign(key: &SigningKey, order: &Order<'_>) -> Result<(String, Claim)> {
    let issued_at = order.issued_at.as_secs();
    let expires_at = issued_at
        .checked_add(order.ttl_secs)
        .filter(|end| *end > issued_at && *end < (1 << 53));
    let expires_at = expires_at.ok_or_else(|| {
        Exit::usage("--ttl must be at least 1s and end before the year 285 million")
    })?;
    let mut payload = Map::new();
    payload.insert("sub".to_owned(), order.sub.as_str().into());
    payload.insert("iat".to_owned(), issued_at.into());
    payload.insert("exp".to_owned(), expires_at.into());
    if let Some(audience) = order.audience {
        payload.insert("aud".to_owned(), audience.into());
    }
    let claim = match order.permissions {
        None => Claim::absent(),
        Some(text) => {
            let claim = Claim::parse(text).map_err(|fault| {
                let pointer = if fault.pointer.is_empty() { "the claim itself" } else { &fault.pointer };
                let message = format!("the permission claim is malformed: {fault}\n  where: {pointer}\n  no token was made; a server would refuse it");
                anyhow::Error::from(Exit { code: FAILED, message })
            })?;
            payload.insert(CLAIM.to_owned(), serde_json::from_str::<Value>(text)?);
            claim
        }
    };
    let kid = key.verifying_key().thumbprint();
    let header = ProtectedHeader {
        kid: Some(&kid),
        typ: Some("JWT"),
    };
    let token = key.sign(&header, Value::from(payload).to_string().as_bytes())?;
    Ok((token, claim))
}

fn unusable(path: &Path, error: KeyError) -> anyhow::Error {
    let path = path.display();
    match error {
        KeyError::RsaTooSmall { bits } => {
            anyhow!("{path} is too short: RSA of {bits} bits; 2048 to 8192 are needed")
        }
        // The library does not say more: mostly the key is too short.
        KeyError::UnusablePrivateKey => {
            anyhow!("{path} is unusable: RSA of 2048 to 8192 bits is needed, or P-256, or Ed25519")
        }
        error => anyhow!(error).context(format!("{path} is no usable private key")),
    }
}

/// What will surprise whoever uses the token.
fn remark(claim: &Claim, ttl_secs: i64, ui: &Ui) {
    for lint in claim.lints() {
        ui.note(format!(
            "{} {} at {}: {}",
            ui.paint.warn("remark:"),
            lint.code,
            lint.pointer,
            lint.message
        ));
    }
    for unknown in claim.unknown_permissions() {
        let (name, pointer) = (unknown.name(), claim.unknown_pointer(unknown));
        ui.note(format!(
            "{} `{name}` at {pointer} is no permission and grants nothing",
            ui.paint.warn("remark:")
        ));
    }
    const DAY_SECS: i64 = 86_400;
    if ttl_secs > DAY_SECS {
        let length = span(ttl_secs);
        ui.note(format!(
            "{} {length} is long for a token that can be copied; an hour is usual",
            ui.paint.warn("remark:")
        ));
    }
}
