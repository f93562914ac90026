//! Keys by which apps and their backends name an environment. A publishable one ships in front ends and is no secret.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use data_encoding::HEXLOWER;
use hallpass_model::{
    ApiKey, ApiKeyId, ApiKeyKind, Environment, EnvironmentId, Error, ProjectId, Result,
    SignInSettings,
};
use hallpass_seal::token_hash;
use serde_json::json;
use zeroize::Zeroizing;

use crate::actor::{Created, OperatorCaller};
use crate::change::{Change, Record};
use crate::secret_text::SecretText;
use crate::tokens::trust::Snapshot;
use crate::{Shared, names};

/// How secret keys begin.
pub const SECRET_PREFIX: &str = "sk_";
/// Keeps digests of API keys apart from those of other tokens.
const DOMAIN: &str = "api key";

/// Makes API keys and knows apps by them.
pub struct ApiKeys {
    pub(crate) shared: Arc<Shared>,
    pub(crate) known: Arc<KnownKeys>,
}

/// Good keys, each as it was read in one trust epoch of its environment.
#[derive(Default)]
pub(crate) struct KnownKeys(RwLock<HashMap<[u8; 32], (ApiKey, i64)>>);

/// An app, or its backend, that named its environment with a good key.
#[derive(Clone)]
pub struct AppCaller {
    /// Which key it was.
    pub key: ApiKeyId,
    /// What that key is for.
    pub kind: ApiKeyKind,
    /// The page's origin, if a browser said so; an allowed one.
    pub origin: Option<String>,
    pub(crate) snapshot: Arc<Snapshot>,
}

/// What to make.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What it is for.
    pub kind: ApiKeyKind,
    /// What the operator calls it.
    pub name: String,
    /// How a publishable key begins: `dev`, `sandbox`, `beta` or `prod`; left out, by the environment's name.
    pub prefix: Option<String>,
}

/// A key and its text: of a secret one, the first time only.
pub struct NewApiKeyText {
    /// What is kept.
    pub key: ApiKey,
    /// The key itself; `None` for a secret that was shown before.
    pub text: Option<Zeroizing<String>>,
}

impl AppCaller {
    /// The environment that the key names.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        self.snapshot.environment
    }

    /// The environment's project.
    #[must_use]
    pub fn project(&self) -> ProjectId {
        self.snapshot.project
    }

    /// How people sign in there.
    #[must_use]
    pub fn sign_in(&self) -> &SignInSettings {
        &self.snapshot.sign_in
    }
}

impl fmt::Debug for AppCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCaller")
            .field("environment", &self.snapshot.environment)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl ApiKeys {
    /// Knows an app by its key.
    ///
    /// # Errors
    /// `api_key_invalid` (401), the same for every reason; `origin_not_authorized` (403) for a publishable key on a
    /// page that the environment does not list.
    pub async fn authenticate(&self, text: &str, origin: Option<&str>) -> Result<AppCaller> {
        self.shared.trust.require_confirmed()?;
        let digest = token_hash(DOMAIN, text);
        let (key, snapshot) = self.find(&digest).await?.ok_or_else(invalid)?;
        if !key.is_good_at(self.shared.clock.now()) {
            return Err(invalid());
        }
        if key.kind == ApiKeyKind::Publishable
            && origin.is_some_and(|origin| !snapshot.sign_in.allows_origin(origin))
        {
            return Err(Error::forbidden(
                "origin_not_authorized",
                "origin not authorized: add it to the allowed origins of the environment",
            ));
        }
        Ok(AppCaller {
            key: key.id,
            kind: key.kind,
            origin: origin.map(str::to_owned),
            snapshot,
        })
    }

    /// Makes a key.
    ///
    /// # Errors
    /// `not_found`, `invalid_name`, `invalid_prefix`.
    pub async fn create(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        new: NewApiKey,
    ) -> Result<Created<NewApiKeyText>> {
        names::check(&new.name)?;
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        if let Some(id) = change.replayed().await? {
            let key = change
                .find_api_key(environment, names::replayed(&id)?)
                .await?;
            let key = key.ok_or_else(|| Error::not_found("API key"))?;
            let text = key.publishable.clone().map(Zeroizing::new);
            return Ok(Created::Replayed(NewApiKeyText { key, text }));
        }
        let text = self.new_text(&new, &owner)?;
        let publishable = new.kind == ApiKeyKind::Publishable;
        let key = ApiKey {
            id: ApiKeyId::from_random(self.shared.rng.bytes()),
            environment_id: environment,
            kind: new.kind,
            publishable: publishable.then(|| text.to_string()),
            hint: text.chars().take(HINT_CHARS).collect(),
            name: new.name,
            created_at: change.now,
            retires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        change
            .insert_api_key(&key, &token_hash(DOMAIN, &text))
            .await?;
        change
            .commit(record("api_key.create", &owner, &key))
            .await?;
        Ok(Created::New(NewApiKeyText {
            key,
            text: Some(text),
        }))
    }

    fn new_text(&self, new: &NewApiKey, owner: &Environment) -> Result<Zeroizing<String>> {
        if new.kind == ApiKeyKind::Secret {
            return Ok(SecretText::generate(SECRET_PREFIX, &*self.shared.rng).reveal());
        }
        let prefix = match new.prefix.as_deref() {
            None => prefix_of(&owner.name),
            Some(prefix) if PREFIXES.contains(&prefix) => prefix,
            Some(_) => {
                return Err(Error::unprocessable(
                    "invalid_prefix",
                    "a publishable key begins with dev, sandbox, beta or prod",
                )
                .at("/prefix"));
            }
        };
        let random = HEXLOWER.encode(&self.shared.rng.bytes::<16>());
        Ok(Zeroizing::new(format!("{prefix}_{random}")))
    }

    /// A key and what its environment trusts, from memory while nothing there has changed.
    async fn find(&self, digest: &[u8; 32]) -> Result<Option<(ApiKey, Arc<Snapshot>)>> {
        if let Some((key, epoch)) = self.known.find(digest) {
            let snapshot = self.shared.snapshot(key.environment_id).await?;
            if snapshot.epoch == epoch {
                return Ok(Some((key, snapshot)));
            }
        }
        let found = {
            let mut tx = self.shared.store.read().await?;
            tx.find_api_key_by_digest(digest).await?
        };
        let Some(key) = found else {
            self.known.forget(digest);
            return Ok(None);
        };
        let snapshot = self.shared.snapshot(key.environment_id).await?;
        self.known.learn(*digest, key.clone(), snapshot.epoch);
        Ok(Some((key, snapshot)))
    }
}

/// The prefixes by which public clients choose their server.
const PREFIXES: [&str; 4] = ["dev", "sandbox", "beta", "prod"];
const HINT_CHARS: usize = 12;

fn prefix_of(environment: &str) -> &'static str {
    match environment {
        "sandbox" => "sandbox",
        "beta" => "beta",
        "production" => "prod",
        _ => "dev",
    }
}

fn invalid() -> Error {
    Error::unauthenticated(
        "api_key_invalid",
        "Invalid API key: it is unknown, revoked or has retired",
    )
}

fn record<'a>(action: &'a str, owner: &Environment, key: &ApiKey) -> Record<'a> {
    Record {
        action,
        project: Some(owner.project_id),
        environment: Some(owner.id),
        target: key.id.to_string(),
        detail: json!({ "name": key.name, "kind": key.kind.as_str(), "hint": key.hint }),
    }
}

impl KnownKeys {
    fn find(&self, digest: &[u8; 32]) -> Option<(ApiKey, i64)> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(digest).cloned()
    }

    fn learn(&self, digest: [u8; 32], key: ApiKey, epoch: i64) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(digest, (key, epoch));
    }

    fn forget(&self, digest: &[u8; 32]) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.contains_key(digest) {
            drop(known);
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            known.remove(digest);
        }
    }
}
