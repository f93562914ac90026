//! What is worth knowing but not worth waiting for: decisions, key uses. Collected in memory and written every
//! two seconds in one transaction; a killed process loses at most the last five seconds of it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hallpass_model::{
    ApiKeyId, AuditEntry, AuditKind, EnvironmentId, OperatorKeyId, Result, Subject, Timestamp,
};
use hallpass_store::Store;

use crate::clock::Clock;

/// How often the ledger is written.
pub(crate) const FLUSH_EVERY: Duration = Duration::from_secs(2);
/// Decisions that wait at most; more are counted and dropped.
const WAITING_DECISIONS: usize = 10_000;
const SWEEP_EVERY_SECS: i64 = 3600;
const SWEEP_ROWS: i64 = 10_000;
const IDEMPOTENCY_SECS: i64 = 24 * 3600;

/// The action of a denied decision.
pub(crate) const DENIED: &str = "decision.deny";

/// How often a key was used; that of the customer's is shared by every cached token that it verified.
#[derive(Debug, Default)]
pub(crate) struct KeyUse {
    uses: AtomicI64,
    last_used_at: AtomicI64,
}

impl KeyUse {
    pub(crate) fn count(&self, now: Timestamp) {
        self.uses.fetch_add(1, Ordering::Relaxed);
        self.last_used_at
            .fetch_max(now.as_micros(), Ordering::Relaxed);
    }
}

/// Which table a key stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum KeyHome {
    Signing,
    Issuer,
}

/// When keys were used last.
#[derive(Default)]
struct LastUses {
    operator_keys: HashMap<OperatorKeyId, Timestamp>,
    api_keys: HashMap<(EnvironmentId, ApiKeyId), Timestamp>,
}

impl LastUses {
    fn is_empty(&self) -> bool {
        self.operator_keys.is_empty() && self.api_keys.is_empty()
    }
}

#[derive(Default)]
struct Waiting {
    decisions: Vec<AuditEntry>,
    /// What the waiting denials say: environment, user, and what was denied.
    denials: HashSet<(Option<EnvironmentId>, Option<String>, String)>,
    last_uses: LastUses,
    keys: HashMap<(KeyHome, EnvironmentId, String), Arc<KeyUse>>,
    swept_at: Option<Timestamp>,
}

#[derive(Default)]
pub(crate) struct Ledger {
    waiting: Mutex<Waiting>,
    /// Decisions older than this are swept.
    pub(crate) keep_decisions_secs: i64,
}

impl Ledger {
    pub(crate) fn new(keep_decisions_secs: i64) -> Self {
        Self {
            waiting: Mutex::default(),
            keep_decisions_secs,
        }
    }

    /// A denial that says the same as one that waits already is not worth another row.
    pub(crate) fn record_decision(&self, entry: AuditEntry) {
        let mut waiting = self.waiting();
        if waiting.decisions.len() >= WAITING_DECISIONS {
            metrics::counter!("hallpass_decisions_not_recorded_total").increment(1);
            return;
        }
        let same = (
            entry.environment_id,
            entry.actor_id.clone(),
            entry.detail.to_string(),
        );
        if entry.action != DENIED || waiting.denials.insert(same) {
            waiting.decisions.push(entry);
        }
    }

    pub(crate) fn operator_key_used(&self, key: OperatorKeyId, now: Timestamp) {
        self.waiting().last_uses.operator_keys.insert(key, now);
    }

    pub(crate) fn api_key_used(&self, environment: EnvironmentId, key: ApiKeyId, now: Timestamp) {
        let mut waiting = self.waiting();
        waiting.last_uses.api_keys.insert((environment, key), now);
    }

    pub(crate) fn uses_of(&self, environment: EnvironmentId, kid: &str) -> Arc<KeyUse> {
        self.uses_at(KeyHome::Signing, environment, kid)
    }

    /// The same of a key that we sign with.
    pub(crate) fn issuer_uses_of(&self, environment: EnvironmentId, kid: &str) -> Arc<KeyUse> {
        self.uses_at(KeyHome::Issuer, environment, kid)
    }

    fn uses_at(&self, home: KeyHome, environment: EnvironmentId, kid: &str) -> Arc<KeyUse> {
        Arc::clone(
            self.waiting()
                .keys
                .entry((home, environment, kid.to_owned()))
                .or_default(),
        )
    }

    /// Drops what waits to be written about a user who is being erased.
    pub(crate) fn forget(&self, environment: EnvironmentId, sub: &Subject) {
        self.waiting().decisions.retain(|entry| {
            entry.environment_id != Some(environment)
                || entry.actor_id.as_deref() != Some(sub.as_str())
        });
    }

    /// Writes what waits. What could not be written waits on.
    pub(crate) async fn flush(&self, store: &Store, clock: &dyn Clock) -> Result<()> {
        let now = clock.now();
        let (decisions, last_uses, uses, sweep) = self.take(now);
        if decisions.is_empty() && last_uses.is_empty() && uses.is_empty() && !sweep {
            return Ok(());
        }
        let written = self
            .write(store, now, &decisions, &last_uses, &uses, sweep)
            .await;
        if written.is_err() {
            self.put_back(decisions, last_uses, uses);
        }
        written
    }

    async fn write(
        &self,
        store: &Store,
        now: Timestamp,
        decisions: &[AuditEntry],
        last_uses: &LastUses,
        uses: &[Uses],
        sweep: bool,
    ) -> Result<()> {
        let mut tx = store.write().await?;
        for entry in decisions {
            // A commit whose outcome was never told may have written it already.
            tx.insert_audit_if_absent(entry).await?;
        }
        for (key, at) in &last_uses.operator_keys {
            tx.touch_operator_key(*key, *at).await?;
        }
        for ((environment, key), at) in &last_uses.api_keys {
            tx.set_api_key_used(*environment, *key, *at).await?;
        }
        for used in uses {
            let (environment, kid) = (used.environment, used.kid.as_str());
            let (count, at) = (used.count, used.last_used_at);
            match used.home {
                KeyHome::Signing => tx.add_signing_key_uses(environment, kid, count, at).await?,
                KeyHome::Issuer => tx.add_issuer_key_uses(environment, kid, count, at).await?,
            }
        }
        let mut swept = 0;
        if sweep {
            let before = now.plus_secs(-self.keep_decisions_secs);
            swept = tx
                .delete_audit_before(AuditKind::Decision, before, SWEEP_ROWS)
                .await?;
            tx.delete_idempotent_before(now.plus_secs(-IDEMPOTENCY_SECS))
                .await?;
        }
        tx.commit().await?;
        // A full batch means that there is more: the next flush goes on sweeping.
        if sweep && swept < SWEEP_ROWS.unsigned_abs() {
            self.waiting().swept_at = Some(now);
        }
        Ok(())
    }

    fn take(&self, now: Timestamp) -> (Vec<AuditEntry>, LastUses, Vec<Uses>, bool) {
        let mut waiting = self.waiting();
        let uses = waiting
            .keys
            .iter()
            .filter_map(|((home, environment, kid), key)| {
                let count = key.uses.swap(0, Ordering::Relaxed);
                (count > 0).then(|| Uses {
                    home: *home,
                    environment: *environment,
                    kid: kid.clone(),
                    count,
                    last_used_at: Timestamp::from_micros(key.last_used_at.load(Ordering::Relaxed)),
                    key: Arc::clone(key),
                })
            })
            .collect();
        let sweep = waiting
            .swept_at
            .is_none_or(|at| now >= at.plus_secs(SWEEP_EVERY_SECS));
        waiting.denials.clear();
        (
            std::mem::take(&mut waiting.decisions),
            std::mem::take(&mut waiting.last_uses),
            uses,
            sweep,
        )
    }

    fn put_back(&self, mut decisions: Vec<AuditEntry>, last_uses: LastUses, uses: Vec<Uses>) {
        let mut waiting = self.waiting();
        decisions.append(&mut waiting.decisions);
        decisions.truncate(WAITING_DECISIONS);
        waiting.decisions = decisions;
        for (key, at) in last_uses.operator_keys {
            waiting.last_uses.operator_keys.entry(key).or_insert(at);
        }
        for (key, at) in last_uses.api_keys {
            waiting.last_uses.api_keys.entry(key).or_insert(at);
        }
        for used in uses {
            used.key.uses.fetch_add(used.count, Ordering::Relaxed);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Uses {
    home: KeyHome,
    environment: EnvironmentId,
    kid: String,
    count: i64,
    last_used_at: Timestamp,
    key: Arc<KeyUse>,
}
