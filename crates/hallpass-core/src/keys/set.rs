use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hallpass_jose::{Algorithm, JwkSet, SkippedKey, VerifyingKey};

/// A key set as it was fetched. Keys that two sets share are the same object in both.
#[derive(Default)]
pub(crate) struct KeySet {
    pub(crate) keys: Vec<Arc<RemoteKey>>,
    pub(crate) skipped: Vec<SkippedKey>,
}

/// One published key. What it verified counts for as long as [`Self::counts_at`].
pub(crate) struct RemoteKey {
    pub(crate) kid: Option<String>,
    pub(crate) key: VerifyingKey,
    /// Whether the JWK names its algorithm; if not, the provider's settings may name others for it.
    pub(crate) declares_algorithm: bool,
    withdrawn: AtomicBool,
    lease: Arc<Lease>,
}

/// How long a source's keys are believed without another fetch, and when they were last needed; milliseconds on the
/// monotonic clock.
#[derive(Default)]
pub(crate) struct Lease {
    ends_at_ms: AtomicU64,
    used_at_ms: AtomicU64,
}

impl Lease {
    pub(super) fn end_at(&self, end: Duration) {
        self.ends_at_ms.store(millis(end), Ordering::Release);
    }

    fn has_ended(&self, now: Duration) -> bool {
        millis(now) >= self.ends_at_ms.load(Ordering::Acquire)
    }

    pub(super) fn note_use(&self, now: Duration) {
        /// Every request comes by, on every core: a write each time would have them wait for each other.
        const COARSE_MS: u64 = 1000;
        let now = millis(now);
        if now.saturating_sub(self.used_at_ms.load(Ordering::Relaxed)) >= COARSE_MS {
            self.used_at_ms.store(now, Ordering::Relaxed);
        }
    }

    pub(super) fn used_at(&self) -> Duration {
        Duration::from_millis(self.used_at_ms.load(Ordering::Relaxed))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl KeySet {
    /// The fetched set. Keys of `before` that are in it live on; the others stop counting now.
    pub(super) fn succeed(fetched: &JwkSet, before: &Self, lease: &Arc<Lease>) -> Self {
        let keys: Vec<Arc<RemoteKey>> = fetched
            .keys()
            .iter()
            .map(|new| {
                let same = |old: &&Arc<RemoteKey>| {
                    old.kid.as_deref() == new.kid()
                        && old.key == *new.key()
                        && old.declares_algorithm == new.declares_algorithm()
                };
                before.keys.iter().find(same).map_or_else(
                    || {
                        Arc::new(RemoteKey {
                            kid: new.kid().map(str::to_owned),
                            key: new.key().clone(),
                            declares_algorithm: new.declares_algorithm(),
                            withdrawn: AtomicBool::new(false),
                            lease: Arc::clone(lease),
                        })
                    },
                    Arc::clone,
                )
            })
            .collect();
        for old in &before.keys {
            if !keys.iter().any(|key| Arc::ptr_eq(key, old)) {
                old.withdrawn.store(true, Ordering::Release);
            }
        }
        Self {
            keys,
            skipped: fetched.skipped().to_vec(),
        }
    }

    pub(crate) fn find(&self, kid: &str) -> Option<&Arc<RemoteKey>> {
        self.keys.iter().find(|key| key.kid.as_deref() == Some(kid))
    }
}

impl RemoteKey {
    /// Whether it is still published, as far as we may believe that without asking. Asking this is a use of the key.
    pub(crate) fn counts_at(&self, now: Duration) -> bool {
        self.lease.note_use(now);
        !self.is_withdrawn() && !self.lease.has_ended(now)
    }

    /// Whether a later set has it no more.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Acquire)
    }

    /// The key for tokens with this algorithm; `listed` are the only ones to accept, none listed: what the key is for.
    pub(crate) fn pinned_to(&self, alg: Algorithm, listed: &[Algorithm]) -> Option<VerifyingKey> {
        if !listed.is_empty() && !listed.contains(&alg) {
            return None;
        }
        if self.key.algorithm() == alg {
            return Some(self.key.clone());
        }
        if self.declares_algorithm || listed.is_empty() {
            return None;
        }
        self.key.with_algorithm(alg).ok()
    }
}
