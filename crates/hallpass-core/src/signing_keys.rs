//! The customer's signing keys: RSA, pinned to RS256, public halves only.
//!
//! An environment has at most one active key. Registering another one revokes every other key, or, with an
//! overlap, lets the active one retire at its end. A public key belongs to one environment for ever.

use std::sync::Arc;

use hallpass_jose as jose;
use hallpass_model::{
    EnvironmentId, Error, KeyOrigin, KeyState, Page, PageRequest, Result, SigningKey, limits,
};
use jose::{Algorithm, KeyError, VerifyingKey};
use serde_json::json;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::Shared;
use crate::actor::{Created, OperatorCaller};
use crate::change::{Change, Record};
use crate::identity_providers::check_no_issuerless;

/// Sizes that can be generated, in bits.
pub const GENERATED_BITS: [u32; 4] = [2048, 3072, 4096, 8192];

/// Generates, imports, lists and revokes signing keys.
pub struct SigningKeys {
    pub(crate) shared: Arc<Shared>,
    /// Whose turn it is to generate: a large pair keeps a processor busy for many seconds.
    pub(crate) turns: Arc<Semaphore>,
}

/// A key and, the first time only, its private half.
pub struct GeneratedKey {
    /// What is kept.
    pub key: SigningKey,
    /// PKCS#8 PEM; `None` when it was shown before.
    pub private_key_pem: Option<Zeroizing<String>>,
}

impl SigningKeys {
    /// Makes a key pair; the private half leaves with the answer and is not kept.
    ///
    /// # Errors
    /// `not_found`, `invalid_bits`, `invalid_overlap`, `too_many_retiring_keys`, `issuerless_conflict`.
    pub async fn generate(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        bits: u32,
        overlap_secs: i64,
    ) -> Result<Created<GeneratedKey>> {
        check_overlap(overlap_secs)?;
        if !GENERATED_BITS.contains(&bits) {
            return Err(
                Error::unprocessable("invalid_bits", "bits is 2048, 3072, 4096 or 8192")
                    .at("/bits"),
            );
        }
        // Making the pair takes up to seconds: look first, and never while holding the only writer.
        if let Some(key) = self.replayed(caller, environment).await? {
            return Ok(Created::Replayed(GeneratedKey {
                key,
                private_key_pem: None,
            }));
        }
        self.load_environment(caller, environment).await?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        let pair = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            jose::SigningKey::generate_rsa(bits)
        })
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)?;
        let private_key_pem = pair.to_pkcs8_pem().map_err(Error::internal)?;
        let created = self
            .register(
                caller,
                environment,
                &pair.verifying_key(),
                KeyOrigin::Generated,
                overlap_secs,
            )
            .await?;
        Ok(match created {
            Created::New(key) => Created::New(GeneratedKey {
                key,
                private_key_pem: Some(private_key_pem),
            }),
            Created::Replayed(key) => Created::Replayed(GeneratedKey {
                key,
                private_key_pem: None,
            }),
        })
    }

    /// Registers a public key: PEM, or a JWK as JSON.
    ///
    /// # Errors
    /// `not_found`, `invalid_public_key`, `private_key_given`, `key_already_used`, `invalid_overlap`,
    /// `too_many_retiring_keys`, `issuerless_conflict`.
    pub async fn import(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        public_key: &str,
        overlap_secs: i64,
    ) -> Result<Created<SigningKey>> {
        check_overlap(overlap_secs)?;
        let key = parse_given_key(public_key)?;
        if let Some(key) = self.replayed(caller, environment).await? {
            return Ok(Created::Replayed(key));
        }
        self.register(caller, environment, &key, KeyOrigin::Imported, overlap_secs)
            .await
    }

    /// Withdraws a key at once. Revoking a revoked key changes nothing.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn revoke(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        kid: &str,
    ) -> Result<SigningKey> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let mut key = change
            .find_signing_key(environment, kid)
            .await?
            .ok_or_else(|| Error::not_found("signing key"))?;
        if key.revoked_at.is_some() {
            return Ok(key);
        }
        let now = change.now;
        change.revoke_signing_key(environment, kid, now).await?;
        key.revoked_at = Some(now);
        change
            .commit(Record {
                action: "signing_key.revoke",
                project: Some(owner.project_id),
                environment: Some(environment),
                target: kid.to_owned(),
                detail: json!({ "fingerprint": key.fingerprint }),
            })
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
    ) -> Result<Page<SigningKey>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        Ok(tx.list_signing_keys(environment, page).await?)
    }

    /// One key.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        kid: &str,
    ) -> Result<SigningKey> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        tx.find_signing_key(environment, kid)
            .await?
            .ok_or_else(|| Error::not_found("signing key"))
    }

    async fn register(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        public: &VerifyingKey,
        origin: KeyOrigin,
        overlap_secs: i64,
    ) -> Result<Created<SigningKey>> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        if let Some(kid) = change.replayed().await? {
            let key = change.find_signing_key(environment, &kid).await?;
            return Ok(Created::Replayed(
                key.ok_or_else(|| Error::not_found("signing key"))?,
            ));
        }
        let key = SigningKey {
            environment_id: environment,
            kid: public.thumbprint(),
            fingerprint: public.fingerprint(),
            bits: public.bits(),
            public_key_pem: public.to_spki_pem(),
            origin,
            created_at: change.now,
            retires_at: None,
            revoked_at: None,
            last_used_at: None,
            use_count: 0,
        };
        if change.is_signing_key_known(&key.kid).await? {
            return Err(already_used());
        }
        check_no_issuerless(&mut change, environment).await?;
        let replaced = retire_others(&mut change, environment, overlap_secs).await?;
        change.insert_signing_key(&key).await.map_err(|error| {
            if error.is_conflict() {
                already_used()
            } else {
                error.into()
            }
        })?;
        change
            .commit(Record {
                action: match origin {
                    KeyOrigin::Generated => "signing_key.generate",
                    KeyOrigin::Imported => "signing_key.import",
                },
                project: Some(owner.project_id),
                environment: Some(environment),
                target: key.kid.clone(),
                detail: json!({ "fingerprint": key.fingerprint, "bits": key.bits, "overlap_secs": overlap_secs, "replaced": replaced }),
            })
            .await?;
        Ok(Created::New(key))
    }

    async fn replayed(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
    ) -> Result<Option<SigningKey>> {
        if caller.idempotency.is_none() {
            return Ok(None);
        }
        let mut change = Change::begin(&self.shared, caller).await?;
        caller.visible_environment(change.find_environment(environment).await?)?;
        match change.replayed().await? {
            Some(kid) => Ok(change.find_signing_key(environment, &kid).await?),
            None => Ok(None),
        }
    }

    async fn load_environment(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
    ) -> Result<()> {
        let mut tx = self.shared.store.read().await?;
        caller
            .visible_environment(tx.find_environment(environment).await?)
            .map(drop)
    }
}

/// Revokes or retires what the environment trusted so far; returns the kids.
async fn retire_others(
    change: &mut Change<'_>,
    environment: EnvironmentId,
    overlap_secs: i64,
) -> Result<Vec<String>> {
    let now = change.now;
    let trusted: Vec<_> = change.list_unrevoked_signing_keys(environment).await?;
    let kids = |keys: &[SigningKey]| {
        keys.iter()
            .filter(|key| key.state_at(now).is_trusted())
            .map(|key| key.kid.clone())
            .collect()
    };
    if overlap_secs == 0 {
        let replaced = kids(&trusted);
        change.revoke_signing_keys(environment, now).await?;
        return Ok(replaced);
    }
    let (active, others): (Vec<_>, Vec<_>) = trusted
        .into_iter()
        .partition(|key| key.state_at(now) == KeyState::Active);
    let retiring = others
        .iter()
        .filter(|key| key.state_at(now) == KeyState::Retiring)
        .count();
    if retiring + active.len() > limits::RETIRING_KEYS {
        return Err(Error::conflict(
            "too_many_retiring_keys",
            "3 keys are retiring already; revoke one of them, wait for its end, or rotate without overlap",
        ));
    }
    for key in &active {
        change
            .set_signing_key_end(environment, &key.kid, now.plus_secs(overlap_secs))
            .await?;
    }
    Ok(kids(&active))
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

/// Reads a public RSA key that is to be trusted for RS256.
pub(crate) fn parse_public_key(pem: &str) -> Result<VerifyingKey> {
    VerifyingKey::from_pem(pem)
        .and_then(|key| key.with_algorithm(Algorithm::RS256))
        .map_err(refused)
}

/// The same of what an operator brings, which may be a JWK too. One that says it is for something else is not re-dedicated.
fn parse_given_key(text: &str) -> Result<VerifyingKey> {
    if !text.trim_start().starts_with('{') {
        return parse_public_key(text);
    }
    let key = VerifyingKey::from_jwk_json(text).map_err(refused)?;
    if key.algorithm() == Algorithm::RS256 {
        Ok(key)
    } else {
        Err(Error::unprocessable(
            "invalid_public_key",
            "the JWK is for another algorithm than RS256, which signs user tokens",
        )
        .at("/public_key_pem"))
    }
}

fn refused(error: KeyError) -> Error {
    let code = match error {
        KeyError::PrivateKeyGiven => "private_key_given",
        _ => "invalid_public_key",
    };
    Error::unprocessable(code, error.to_string()).at("/public_key_pem")
}

fn already_used() -> Error {
    Error::conflict(
        "key_already_used",
        "this public key is or was registered here or in another environment; generate a fresh pair",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwk_is_the_same_key_as_its_pem() {
        let pair = jose::SigningKey::generate_rsa(2048).unwrap();
        let key = pair.verifying_key();
        let jwk = |more: serde_json::Value| {
            let mut jwk = serde_json::to_value(key.to_jwk()).unwrap();
            for (name, value) in more.as_object().unwrap() {
                jwk[name.as_str()] = value.clone();
            }
            jwk.to_string()
        };
        let thumbprint = |text: &str| parse_given_key(text).map(|key| key.thumbprint());
        assert_eq!(thumbprint(&key.to_spki_pem()).unwrap(), key.thumbprint());
        for plain in [json!({}), json!({ "alg": "RS256", "use": "sig" })] {
            let text = format!("\n {}", jwk(plain));
            assert_eq!(thumbprint(&text).unwrap(), key.thumbprint());
        }
        for (more, code) in [
            (json!({ "alg": "PS256" }), "invalid_public_key"),
            (json!({ "use": "enc" }), "invalid_public_key"),
            (json!({ "kty": "EC" }), "invalid_public_key"),
            (json!({ "d": "AQAB" }), "private_key_given"),
        ] {
            let error = thumbprint(&jwk(more.clone())).unwrap_err();
            assert_eq!(error.code(), code, "{more}");
            assert_eq!(error.pointer(), Some("/public_key_pem"));
        }
    }
}
