//! Verified tokens seen again. Keyed by environment and the whole token, so that a hit needs no trust in a hash.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use hallpass_model::{EnvironmentId, SessionId, Subject, Timestamp};
use hallpass_permissions::Claim;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use crate::keys::RemoteKey;
use crate::ledger::KeyUse;

/// What is kept of a verified token.
pub(crate) struct VerifiedUserToken {
    pub(crate) sub: Subject,
    pub(crate) claim: Claim,
    /// The epoch in which it was verified; it counts in no other.
    pub(crate) epoch: i64,
    pub(crate) expires_at_secs: i64,
    /// End by the wall clock: `exp` and leeway, or the end of its key.
    pub(crate) ends_at: Timestamp,
    /// The same end by the monotonic clock, so that a clock set back lengthens nothing.
    pub(crate) ends_at_monotonic: Duration,
    /// Uses of the environment's own key that verified it.
    pub(crate) uses: Option<Arc<KeyUse>>,
    /// The identity provider's key that verified it; the token counts no longer than that does.
    pub(crate) remote_key: Option<Arc<RemoteKey>>,
    /// The session that it was issued in here; looked up at every use.
    pub(crate) session: Option<SessionId>,
}

#[derive(PartialEq, Eq)]
struct Key {
    environment: EnvironmentId,
    token: Box<str>,
}

struct KeyRef<'a> {
    environment: EnvironmentId,
    token: &'a str,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        KeyRef {
            environment: self.environment,
            token: &self.token,
        }
        .hash(state);
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.environment.hash(state);
        self.token.hash(state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.environment == key.environment && *self.token == *key.token
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<VerifiedUserToken>> for Bytes {
    fn weight(&self, key: &Key, token: &Arc<VerifiedUserToken>) -> u64 {
        /// Fixed parts: both structs, the `Arc`, and the cache's own slot.
        const OVERHEAD: usize = 320;
        (OVERHEAD + key.token.len() + token.sub.as_str().len() + token.claim.heap_bytes()) as u64
    }
}

/// A bounded cache of verified tokens.
pub(crate) struct TokenCache {
    cache: Cache<Key, Arc<VerifiedUserToken>, Bytes>,
}

impl TokenCache {
    /// Holds about this many bytes.
    pub(crate) fn with_capacity(bytes: u64) -> Self {
        /// Tokens of the usual size; only a hint for the first allocation.
        const USUAL_BYTES: u64 = 1536;
        let items = usize::try_from(bytes / USUAL_BYTES).unwrap_or(usize::MAX);
        Self {
            cache: Cache::with_weighter(items, bytes, Bytes),
        }
    }

    pub(crate) fn find(
        &self,
        environment: EnvironmentId,
        token: &str,
    ) -> Option<Arc<VerifiedUserToken>> {
        self.cache.get(&KeyRef { environment, token })
    }

    pub(crate) fn insert(
        &self,
        environment: EnvironmentId,
        token: &str,
        verified: Arc<VerifiedUserToken>,
    ) {
        self.cache.insert(
            Key {
                environment,
                token: token.into(),
            },
            verified,
        );
    }

    pub(crate) fn remove(&self, environment: EnvironmentId, token: &str) {
        self.cache.remove(&KeyRef { environment, token });
    }

    pub(crate) fn len(&self) -> usize {
        self.cache.len()
    }
}
