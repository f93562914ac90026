//! What each environment trusts, in memory, and whether memory may still be believed.
//!
//! A snapshot carries the epoch it was read in. A change made here raises the known epoch at once; changes by
//! others arrive through the store's watch within a second. A snapshot or a cached token of an older epoch is
//! never used. When no watch has answered for five seconds, nothing is believed at all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hallpass_jose::VerifyingKey;
use hallpass_model::{
    EnvironmentId, EnvironmentSettings, Error, ProjectId, Result, SignInSettings, Timestamp,
};
use hallpass_store::{Store, TrustWatch};
use tokio::time::Instant;

use super::tally::Tally;
use crate::identity_providers::TrustedProvider;
use crate::issuer_keys::{KeySet, Ring};
use crate::keys::remote::RemoteKeys;
use crate::ledger::{KeyUse, Ledger};
use crate::signing_keys::parse_public_key;

/// How long memory is believed without a confirmation.
pub(crate) const CONFIRM_WITHIN: Duration = Duration::from_secs(5);
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// What one environment trusts, read in one epoch.
pub(crate) struct Snapshot {
    pub(crate) environment: EnvironmentId,
    pub(crate) project: ProjectId,
    pub(crate) epoch: i64,
    pub(crate) settings: EnvironmentSettings,
    pub(crate) sign_in: SignInSettings,
    /// Newest first: the active one, then those that retire.
    pub(crate) keys: Vec<TrustedKey>,
    /// Disabled ones included, so that their tokens are refused for that reason.
    pub(crate) providers: Vec<TrustedProvider>,
    /// What it signs issued tokens with.
    pub(crate) issuer_keys: KeySet,
    /// What became of the tokens that it saw.
    pub(crate) tally: Arc<Tally>,
}

/// A key that verifies tokens until its end.
pub(crate) struct TrustedKey {
    pub(crate) kid: String,
    pub(crate) key: VerifyingKey,
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) uses: Arc<KeyUse>,
}

impl TrustedKey {
    pub(crate) fn is_trusted_at(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }
}

#[derive(Default)]
struct Known {
    epoch: i64,
    snapshot: Option<Arc<Snapshot>>,
    /// Outlives the snapshots.
    tally: Arc<Tally>,
}

pub(crate) struct Trust {
    known: RwLock<HashMap<EnvironmentId, Known>>,
    started: Instant,
    /// Milliseconds after `started` up to which the last confirmation holds.
    believed_until_ms: AtomicU64,
}

impl Trust {
    pub(crate) fn new() -> Self {
        Self {
            known: RwLock::default(),
            started: Instant::now(),
            believed_until_ms: AtomicU64::new(0),
        }
    }

    /// # Errors
    /// `trust_state_unknown` (503) when nobody confirmed the epochs lately.
    pub(crate) fn require_confirmed(&self) -> Result<()> {
        if self.is_confirmed() {
            return Ok(());
        }
        Err(Error::unavailable(
            "trust_state_unknown",
            "the database did not confirm for 5 seconds which keys are trusted; try again",
        )
        .retry_after(1))
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        elapsed < self.believed_until_ms.load(Ordering::Acquire)
    }

    /// Waits until the epochs were confirmed once, so that the first request is not refused; gives up after a while.
    pub(crate) async fn first_confirmation(&self) {
        for _ in 0..100 {
            if self.is_confirmed() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Notes that an environment is in this epoch now; older snapshots are dropped.
    pub(crate) fn learn(&self, environment: EnvironmentId, epoch: i64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entry(environment).or_default();
        if epoch > entry.epoch {
            entry.epoch = epoch;
            entry.snapshot = None;
        }
    }

    /// The snapshot of the current epoch, read if need be.
    ///
    /// # Errors
    /// `not_found` for an unknown environment.
    pub(crate) async fn snapshot(
        &self,
        environment: EnvironmentId,
        store: &Store,
        ledger: &Ledger,
        remote: &RemoteKeys,
        ring: &Ring,
        now: Timestamp,
    ) -> Result<Arc<Snapshot>> {
        if let Some(snapshot) = self.current(environment) {
            return Ok(snapshot);
        }
        let mut snapshot = read(environment, store, ledger, remote, ring, now).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entry(environment).or_default();
        snapshot.tally = Arc::clone(&entry.tally);
        let snapshot = Arc::new(snapshot);
        // Somebody may have raised the epoch while we read: then this is good for one request only.
        if snapshot.epoch >= entry.epoch {
            entry.epoch = snapshot.epoch;
            entry.snapshot = Some(Arc::clone(&snapshot));
        }
        Ok(snapshot)
    }

    pub(crate) fn current(&self, environment: EnvironmentId) -> Option<Arc<Snapshot>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&environment)
            .and_then(|known| known.snapshot.clone())
    }

    /// What became of the tokens of an environment that is known here.
    pub(crate) fn tally(&self, environment: EnvironmentId) -> Option<Arc<Tally>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&environment)
            .map(|known| Arc::clone(&known.tally))
    }

    /// Whether nothing that is trusted changed since this was read, as far as this process knows.
    pub(crate) fn is_current(&self, snapshot: &Snapshot) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&snapshot.environment);
        known.is_some_and(|known| known.epoch <= snapshot.epoch)
    }

    /// Follows the store for as long as the task lives.
    pub(crate) async fn follow(&self, store: &Store) {
        let mut watch: Option<TrustWatch> = None;
        loop {
            let asked_at = Instant::now();
            let answer = match watch.as_mut() {
                Some(watch) => watch.next().await,
                None => match store.watch_trust().await {
                    Ok(new) => watch.insert(new).next().await,
                    Err(error) => Err(error),
                },
            };
            match answer {
                Ok(raised) => {
                    for (environment, epoch) in raised {
                        self.learn(environment, epoch);
                    }
                    self.confirm(asked_at);
                }
                Err(error) => {
                    tracing::warn!(error = %hallpass_model::Error::from(error), "the trust state could not be confirmed");
                    watch = None;
                    tokio::time::sleep(RETRY_AFTER).await;
                }
            }
        }
    }

    /// An answer is believed from the moment it was asked for, not from when it arrived.
    fn confirm(&self, asked_at: Instant) {
        let until = asked_at.duration_since(self.started) + CONFIRM_WITHIN;
        self.believed_until_ms.fetch_max(
            u64::try_from(until.as_millis()).unwrap_or(u64::MAX),
            Ordering::Release,
        );
    }
}

async fn read(
    environment: EnvironmentId,
    store: &Store,
    ledger: &Ledger,
    remote: &RemoteKeys,
    ring: &Ring,
    now: Timestamp,
) -> Result<Snapshot> {
    let mut tx = store.read().await?;
    // The epoch is read before the keys: keys newer than it only cost another read.
    let found = tx
        .find_environment(environment)
        .await?
        .ok_or_else(|| Error::not_found("environment"))?;
    let mut keys = Vec::new();
    for key in tx.list_unrevoked_signing_keys(environment).await? {
        keys.push(TrustedKey {
            key: parse_public_key(&key.public_key_pem).map_err(Error::internal)?,
            ends_at: key.retires_at,
            uses: ledger.uses_of(environment, &key.kid),
            kid: key.kid,
        });
    }
    let stored = tx.list_identity_providers(environment).await?;
    let providers = stored
        .into_iter()
        .map(|provider| TrustedProvider::new(found.project_id, provider, remote))
        .collect::<Result<_>>()?;
    let issuer_keys = tx.list_published_issuer_keys(environment, now).await?;
    let has_any = !issuer_keys.is_empty() || tx.has_issuer_keys(environment).await?;
    // Active first; a stable sort keeps newest first among those that retire.
    keys.sort_by_key(|key| key.ends_at.is_some());
    Ok(Snapshot {
        environment,
        project: found.project_id,
        epoch: found.trust_epoch,
        settings: found.settings,
        sign_in: found.sign_in,
        keys,
        providers,
        issuer_keys: ring.hold(environment, issuer_keys, has_any, ledger)?,
        tally: Arc::default(),
    })
}
