//! Keys by which apps and their backends name an environment. A publishable one ships in front ends and is no secret.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use data_encoding::HEXLOWER;
use hallpass_model::{
    ApiKey, ApiKeyId, ApiKeyKind, Environment, EnvironmentId, Error, Page, PageRequest, ProjectId,
    Result, SignInSettings, Timestamp, limits,
};
use hallpass_seal::token_hash;
use serde_json::{Value, json};
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
    /// Seconds from now after which it stops working; `None` is never.
    pub expires_in_secs: Option<i64>,
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
    /// page that the environment does not list; `publishable_key_needed` (403) for a secret key on a page.
    pub async fn authenticate(&self, text: &str, origin: Option<&str>) -> Result<AppCaller> {
        self.shared.trust.require_confirmed()?;
        if !is_possible(text) {
            return Err(invalid());
        }
        let digest = token_hash(DOMAIN, text);
        let (key, snapshot) = self.find(&digest).await?.ok_or_else(invalid)?;
        let now = self.shared.clock.now();
        if !key.is_good_at(now) {
            return Err(invalid());
        }
        if let Some(origin) = origin {
            check_origin(key.kind, origin, &snapshot.sign_in)?;
        }
        self.shared
            .ledger
            .api_key_used(key.environment_id, key.id, now);
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
    /// `not_found`, `invalid_name`, `invalid_prefix`, `invalid_lifetime`.
    pub async fn create(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        new: NewApiKey,
    ) -> Result<Created<NewApiKeyText>> {
        names::check(&new.name)?;
        check_lifetime(new.expires_in_secs)?;
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        if let Some(id) = change.replayed().await? {
            return replay(&mut change, environment, &id).await;
        }
        let ends_at = new.expires_in_secs.map(|secs| change.now.plus_secs(secs));
        let (key, text) = self.insert(&mut change, &owner, new, ends_at).await?;
        change
            .commit(record("api_key.create", &owner, &key, json!({})))
            .await?;
        Ok(Created::New(NewApiKeyText {
            key,
            text: Some(text),
        }))
    }

    /// Replaces a key by a new one of the same kind, name and prefix. Without an overlap the old one is revoked at once;
    /// with one it works until then, or until its own end if that is sooner.
    ///
    /// # Errors
    /// `not_found`, `invalid_overlap`, `api_key_ended`.
    pub async fn rotate(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: ApiKeyId,
        overlap_secs: i64,
    ) -> Result<Created<NewApiKeyText>> {
        check_overlap(overlap_secs)?;
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let old = change.find_api_key(environment, id).await?;
        let old = old.ok_or_else(no_key)?;
        if let Some(id) = change.replayed().await? {
            return replay(&mut change, environment, &id).await;
        }
        let now = change.now;
        if !old.is_good_at(now) {
            return Err(Error::conflict(
                "api_key_ended",
                "this key works no more, so there is nothing to rotate; make a new one",
            ));
        }
        if overlap_secs == 0 {
            change.revoke_api_key(environment, id, now).await?;
        } else {
            let end = now.plus_secs(overlap_secs);
            let end = old.retires_at.map_or(end, |own| own.min(end));
            change.set_api_key_end(environment, id, end).await?;
        }
        let new = NewApiKey {
            kind: old.kind,
            name: old.name.clone(),
            prefix: old.publishable.as_deref().and_then(prefix_in),
            expires_in_secs: None,
        };
        let (key, text) = self.insert(&mut change, &owner, new, None).await?;
        let detail = json!({ "replaces": id, "overlap_secs": overlap_secs });
        change
            .commit(record("api_key.rotate", &owner, &key, detail))
            .await?;
        Ok(Created::New(NewApiKeyText {
            key,
            text: Some(text),
        }))
    }

    /// Stops a key at once. Revoking a revoked key changes nothing.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn revoke(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: ApiKeyId,
    ) -> Result<ApiKey> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let found = change.find_api_key(environment, id).await?;
        let mut key = found.ok_or_else(no_key)?;
        let now = change.now;
        if !change.revoke_api_key(environment, id, now).await? {
            return Ok(key);
        }
        key.revoked_at = Some(now);
        change
            .commit(record("api_key.revoke", &owner, &key, json!({})))
            .await?;
        Ok(key)
    }

    /// The keys of an environment, revoked ones included, newest first.
    ///
    /// # Errors
    /// `not_found`, `invalid_cursor`.
    pub async fn list(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<ApiKey>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        Ok(tx.list_api_keys(environment, page).await?)
    }

    /// One key.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: ApiKeyId,
    ) -> Result<ApiKey> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        tx.find_api_key(environment, id).await?.ok_or_else(no_key)
    }

    async fn insert(
        &self,
        change: &mut Change<'_>,
        owner: &Environment,
        new: NewApiKey,
        ends_at: Option<Timestamp>,
    ) -> Result<(ApiKey, Zeroizing<String>)> {
        let text = self.new_text(&new, owner)?;
        let publishable = new.kind == ApiKeyKind::Publishable;
        let key = ApiKey {
            id: ApiKeyId::from_random(self.shared.rng.bytes()),
            environment_id: owner.id,
            kind: new.kind,
            publishable: publishable.then(|| text.to_string()),
            hint: text.chars().take(HINT_CHARS).collect(),
            name: new.name,
            created_at: change.now,
            retires_at: ends_at,
            revoked_at: None,
            last_used_at: None,
        };
        let digest = token_hash(DOMAIN, &text);
        change.insert_api_key(&key, &digest).await?;
        Ok((key, text))
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
        loop {
            let Some((key, epoch)) = self.read(digest).await? else {
                self.known.forget(digest);
                return Ok(None);
            };
            let snapshot = self.shared.snapshot(key.environment_id).await?;
            if snapshot.epoch > epoch {
                // Something changed between the two: perhaps the key was revoked.
                continue;
            }
            if snapshot.epoch == epoch {
                self.known.learn(*digest, key.clone(), epoch);
            }
            return Ok(Some((key, snapshot)));
        }
    }

    /// A key and the epoch that its environment was in at that moment.
    async fn read(&self, digest: &[u8; 32]) -> Result<Option<(ApiKey, i64)>> {
        let mut tx = self.shared.store.read().await?;
        let Some(key) = tx.find_api_key_by_digest(digest).await? else {
            return Ok(None);
        };
        let owner = tx.find_environment(key.environment_id).await?;
        Ok(owner.map(|owner| (key, owner.trust_epoch)))
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

/// The prefix of a publishable key.
fn prefix_in(text: &str) -> Option<String> {
    text.split_once('_').map(|(prefix, _)| prefix.to_owned())
}

/// What cannot be a key costs no look-up.
fn is_possible(text: &str) -> bool {
    if text.starts_with(SECRET_PREFIX) {
        return SecretText::digest_of(SECRET_PREFIX, text).is_some();
    }
    let random = text.split_once('_').map(|(_, random)| random);
    random.is_some_and(|random| {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        random.len() == 32 && random.bytes().all(hex)
    })
}

fn check_origin(kind: ApiKeyKind, origin: &str, settings: &SignInSettings) -> Result<()> {
    match kind {
        ApiKeyKind::Secret => Err(Error::forbidden(
            "publishable_key_needed",
            "a web page sent a secret key: revoke it, because everybody who opens the page can read it, and give the page a publishable key",
        )),
        ApiKeyKind::Publishable if !settings.allows_origin(origin) => Err(Error::forbidden(
            "origin_not_authorized",
            "origin not authorized: add it to the allowed origins of the environment",
        )),
        ApiKeyKind::Publishable => Ok(()),
    }
}

fn check_lifetime(secs: Option<i64>) -> Result<()> {
    if secs.is_some_and(|secs| secs < 1) {
        return Err(
            Error::unprocessable("invalid_lifetime", "a key lives at least 1 second")
                .at("/expires_in_secs"),
        );
    }
    Ok(())
}

fn check_overlap(overlap_secs: i64) -> Result<()> {
    if !(0..=limits::OVERLAP_SECS).contains(&overlap_secs) {
        return Err(Error::unprocessable(
            "invalid_overlap",
            "overlap_secs is 0 to 2592000 (30 days)",
        )
        .at("/overlap_secs"));
    }
    Ok(())
}

/// What an earlier request with the same idempotency key made; a secret is not shown again.
async fn replay(
    change: &mut Change<'_>,
    environment: EnvironmentId,
    id: &str,
) -> Result<Created<NewApiKeyText>> {
    let key = change
        .find_api_key(environment, names::replayed(id)?)
        .await?;
    let key = key.ok_or_else(no_key)?;
    let text = key.publishable.clone().map(Zeroizing::new);
    Ok(Created::Replayed(NewApiKeyText { key, text }))
}

fn no_key() -> Error {
    Error::not_found("API key")
}

fn invalid() -> Error {
    Error::unauthenticated(
        "api_key_invalid",
        "Invalid API key: it is unknown, revoked or has retired",
    )
}

fn record<'a>(action: &'a str, owner: &Environment, key: &ApiKey, mut detail: Value) -> Record<'a> {
    if let Some(detail) = detail.as_object_mut() {
        detail.insert("name".to_owned(), json!(key.name));
        detail.insert("kind".to_owned(), json!(key.kind.as_str()));
        detail.insert("hint".to_owned(), json!(key.hint));
    }
    Record {
        action,
        project: Some(owner.project_id),
        environment: Some(owner.id),
        target: key.id.to_string(),
        detail,
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
