//! What the demo's sandbox needs so that people can sign in: settings, and keys for an app and its backend.

use std::path::Path;

use anyhow::{Context as _, Result};
use hallpass_core::{ApiKeys, Created, EnvironmentPatch, NewApiKey, OperatorCaller, Services};
use hallpass_model::{ApiKeyKind, EnvironmentId, SignInSettings};
use serde_json::json;

use crate::database::with_context;
use crate::files;

/// The keys, found again on the next start.
pub struct Keys {
    /// Begins with `dev_`: unmodified SDKs look for its server at localhost:8080.
    pub publishable: String,
    pub secret: String,
}

const NAME: &str = "Demo";

/// Turns the ways to sign in on, unless somebody has changed a setting already, and makes what keys are missing.
pub async fn prepare(
    services: &Services,
    caller: &OperatorCaller,
    sandbox: EnvironmentId,
    data_dir: &Path,
) -> Result<Keys> {
    let explained = |error| with_context(&error);
    let environment = services.environments.load(caller, sandbox).await;
    if environment.map_err(explained)?.sign_in == SignInSettings::default() {
        let patch = EnvironmentPatch {
            sign_in: Some(json!({
                "display_name": "Hallpass demo",
                "email": true,
                "phone": true,
                "passkeys": true,
                "wallet_types": ["evm", "solana", "cosmos"],
            })),
            ..EnvironmentPatch::default()
        };
        let updated = services.environments.update(caller, sandbox, patch, None);
        updated.await.map_err(explained)?;
    }
    let api_keys = &services.api_keys;
    let publishable = NewApiKey {
        kind: ApiKeyKind::Publishable,
        name: NAME.to_owned(),
        prefix: Some("dev".to_owned()),
        expires_in_secs: None,
    };
    let secret = NewApiKey {
        kind: ApiKeyKind::Secret,
        name: NAME.to_owned(),
        prefix: None,
        expires_in_secs: None,
    };
    let file = |name| data_dir.join(name);
    Ok(Keys {
        publishable: key(
            api_keys,
            caller,
            sandbox,
            publishable,
            &file("publishable-key"),
        )
        .await?,
        secret: key(api_keys, caller, sandbox, secret, &file("secret-key")).await?,
    })
}

/// The key of the last start if it still works, else a new one.
async fn key(
    api_keys: &ApiKeys,
    caller: &OperatorCaller,
    sandbox: EnvironmentId,
    new: NewApiKey,
    file: &Path,
) -> Result<String> {
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    let kept = kept.trim();
    if let Ok(app) = api_keys.authenticate(kept, None).await
        && (app.environment(), app.kind) == (sandbox, new.kind)
    {
        return Ok(kept.to_owned());
    }
    let created = api_keys.create(caller, sandbox, new).await;
    let created = created
        .map_err(|error| with_context(&error))
        .map(Created::into_inner)?;
    let text = created.text.context("a new API key was not shown")?;
    files::replace_secret(file, &format!("{}\n", *text))?;
    Ok(text.to_string())
}
