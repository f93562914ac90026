//! Issuer keys as requests use them: parsed once, and kept for as long as they are published.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hallpass_jose as jose;
use hallpass_model::{EnvironmentId, Error, IssuerKey, Result, Timestamp};
use hallpass_seal::Place;
use hallpass_store::Store;
use jose::VerifyingKey;
use tokio::sync::OnceCell;

use super::plan;
use crate::ledger::{KeyUse, Ledger};
use crate::seal::Seal;
use crate::signing_keys::parse_public_key;

/// The published keys of one environment, as they were when it was read.
pub(crate) struct KeySet {
    /// By index, and then in the order in which they sign.
    pub(crate) keys: Vec<IssuerKey>,
    held: HashMap<String, Arc<HeldKey>>,
    /// Whether there ever was a key: the first ones need not wait.
    pub(crate) has_any: bool,
}

/// One key, with what is made of it once.
pub(crate) struct HeldKey {
    pub(crate) public: VerifyingKey,
    /// Its member of the published set, as JSON.
    pub(crate) jwk: String,
    pub(crate) uses: Arc<KeyUse>,
    private: OnceCell<jose::SigningKey>,
}

/// The keys of every environment that this process has met.
#[derive(Default)]
pub(crate) struct Ring {
    held: Mutex<HashMap<EnvironmentId, HashMap<String, Arc<HeldKey>>>>,
}

impl Ring {
    /// Takes over what is published now; what is not any more is forgotten, private halves included.
    ///
    /// # Errors
    /// `internal` for a stored key that cannot be read.
    pub(crate) fn hold(
        &self,
        environment: EnvironmentId,
        keys: Vec<IssuerKey>,
        has_any: bool,
        ledger: &Ledger,
    ) -> Result<KeySet> {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = all.remove(&environment).unwrap_or_default();
        let mut held = HashMap::with_capacity(keys.len());
        for key in &keys {
            let found = match known.remove(&key.kid) {
                Some(found) => found,
                None => Arc::new(HeldKey::read(environment, key, ledger)?),
            };
            held.insert(key.kid.clone(), found);
        }
        all.insert(environment, held.clone());
        Ok(KeySet {
            keys,
            held,
            has_any,
        })
    }
}

impl KeySet {
    /// A published key by its name.
    pub(crate) fn find(&self, kid: &str, now: Timestamp) -> Option<(&IssuerKey, &Arc<HeldKey>)> {
        let held = self.held.get(kid)?;
        let key = self.keys.iter().find(|key| key.kid == kid)?;
        key.state_at(now).is_published().then_some((key, held))
    }

    /// The key of an index that signs now.
    pub(crate) fn active(
        &self,
        key_index: u32,
        now: Timestamp,
    ) -> Option<(&IssuerKey, &Arc<HeldKey>)> {
        let key = plan::active(&self.keys, key_index, now)?;
        Some((key, self.held.get(&key.kid)?))
    }

    /// What is published now, always in the same order.
    pub(crate) fn published(&self, now: Timestamp) -> impl Iterator<Item = &HeldKey> {
        self.keys
            .iter()
            .filter(move |key| key.state_at(now).is_published())
            .filter_map(|key| self.held.get(&key.kid).map(Arc::as_ref))
    }
}

impl HeldKey {
    fn read(environment: EnvironmentId, key: &IssuerKey, ledger: &Ledger) -> Result<Self> {
        let public = parse_public_key(&key.public_key_pem).map_err(Error::internal)?;
        let jwk = serde_json::to_string(&public.to_jwk()).map_err(Error::internal)?;
        Ok(Self {
            public,
            jwk,
            uses: ledger.issuer_uses_of(environment, &key.kid),
            private: OnceCell::new(),
        })
    }

    /// The private half, opened at its first use.
    ///
    /// # Errors
    /// `master_key_missing`, `master_key_unknown`, `storage_unavailable` (503).
    pub(crate) async fn private(
        &self,
        key: &IssuerKey,
        store: &Store,
        seal: &Seal,
    ) -> Result<&jose::SigningKey> {
        self.private
            .get_or_try_init(|| async {
                let sealed = {
                    let mut tx = store.read().await?;
                    tx.find_issuer_private_key(key.environment_id, &key.kid)
                        .await?
                };
                let sealed = sealed.ok_or_else(|| Error::internal("an active key was erased"))?;
                let environment = key.environment_id.to_string();
                let opened = seal.open(&place(&key.kid, &environment), &sealed)?;
                let pem = std::str::from_utf8(opened.expose()).map_err(Error::internal)?;
                jose::SigningKey::from_pem(pem).map_err(Error::internal)
            })
            .await
    }

    /// The private half, if it was opened already.
    pub(crate) fn opened(&self) -> Option<&jose::SigningKey> {
        self.private.get()
    }
}

/// Where the private half of a key stands.
pub(super) fn place<'a>(kid: &'a str, environment: &'a str) -> Place<'a> {
    Place {
        table: "issuer_keys",
        row: kid,
        environment,
        field: "private_key",
    }
}
