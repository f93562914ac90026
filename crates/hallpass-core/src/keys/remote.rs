//! Key sets that identity providers publish, kept fresh beside the requests.
//!
//! A set is fetched when it is first needed, again in the background before it stops being fresh, and once when a token
//! names a key that is not in it. There is one fetch at a time per location and a floor between two of them, whoever
//! asks. While fetches fail, the last good set counts for a day; after that, and before the first good one, nothing
//! of this provider can be verified, which is our failing and not the token's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hallpass_egress::Egress;
use tokio::sync::watch;

use super::KeysStatus;
use super::fetch::{self, FetchReport, Location};
use super::set::KeySet;
use super::source::{NoKeys, Source, Standing};
use crate::Clock;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Every key set of this process.
pub(crate) struct RemoteKeys {
    egress: Egress,
    clock: Arc<dyn Clock>,
    sources: Mutex<HashMap<Location, Arc<Source>>>,
}

impl RemoteKeys {
    pub(crate) fn new(egress: Egress, clock: Arc<dyn Clock>) -> Self {
        Self {
            egress,
            clock,
            sources: Mutex::default(),
        }
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.egress
    }

    /// The source of a location; environments that name the same one share it. Fetches nothing.
    pub(crate) fn source(&self, location: &Location) -> Arc<Source> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = sources.get(location) {
            return Arc::clone(source);
        }
        let source = Arc::new(Source::new(location.clone(), self.clock.monotonic()));
        sources.insert(location.clone(), Arc::clone(&source));
        source
    }

    /// The set to verify with now. Waits for a fetch only if there is nothing better than one.
    pub(crate) async fn current(&self, source: &Arc<Source>) -> Result<Arc<KeySet>, NoKeys> {
        let now = self.clock.monotonic();
        source.note_use(now);
        match source.standing(now) {
            Standing::Fresh(set) => return Ok(set),
            Standing::Stale(set) => {
                // The server was failing a moment ago: nobody waits for it to fail again.
                drop(self.start_or_join(source, now));
                return Ok(set);
            }
            Standing::Due | Standing::Nothing => {
                if let Some(landed) = self.start_or_join(source, now) {
                    landing(landed).await;
                }
            }
        }
        let now = self.clock.monotonic();
        source.usable(now).ok_or_else(|| source.no_keys(now))
    }

    /// The set after `seen`, if a fetch may bring another one; for a token whose key is not in `seen`.
    pub(crate) async fn newer(
        &self,
        source: &Arc<Source>,
        seen: &Arc<KeySet>,
    ) -> Option<Arc<KeySet>> {
        let now = self.clock.monotonic();
        let other = |set: Arc<KeySet>| (!Arc::ptr_eq(&set, seen)).then_some(set);
        if let Some(set) = source.usable(now).and_then(other) {
            return Some(set);
        }
        landing(self.start_or_join(source, now)?).await;
        source.usable(self.clock.monotonic()).and_then(other)
    }

    /// Fetches now, whatever the floor says, unless a fetch is under way already; for operators.
    pub(crate) async fn fetch_now(&self, source: &Arc<Source>) -> (FetchReport, Arc<KeySet>) {
        let landed = {
            let mut flight = source.flight();
            match open(&flight) {
                Some(landed) => landed,
                None => self.start(source, &mut flight, self.clock.monotonic()),
            }
        };
        landing(landed).await;
        let state = source.read();
        let report = state.report.clone().unwrap_or_else(|| FetchReport {
            url: source.location.url().to_owned(),
            ok: false,
            code: Some("internal"),
            detail: "the fetch broke off".to_owned(),
            status: None,
            millis: 0,
            fresh_for_secs: None,
        });
        drop(state);
        let usable = source.usable(self.clock.monotonic());
        (report, usable.unwrap_or_default())
    }

    /// How this process stands with a location.
    pub(crate) fn status(&self, location: &Location) -> KeysStatus {
        let found = {
            let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
            sources.get(location).cloned()
        };
        let now = self.clock.monotonic();
        let wall = self.clock.now();
        found.map_or_else(KeysStatus::unknown, |source| source.status(now, wall))
    }

    /// Refreshes sets before they stop being fresh, for as long as the task lives.
    pub(crate) async fn keep_fresh(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.clock.monotonic();
            let (due, degraded) = self.look(now);
            metrics::gauge!("hallpass_identity_provider_key_sets_degraded").set(degraded as f64);
            for source in due {
                drop(self.start_or_join(&source, now));
            }
        }
    }

    /// The sources that are due, and how many fail. Those that nobody uses and whose set
    /// counts no more are forgotten: what is trusted is read anew after every change, maybe hours later.
    fn look(&self, now: Duration) -> (Vec<Arc<Source>>, usize) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.retain(|_, source| {
            Arc::strong_count(source) > 1 || !source.is_idle(now) || source.usable(now).is_some()
        });
        let degraded = sources
            .values()
            .filter(|source| source.read().failure.is_some())
            .count();
        let due = sources
            .values()
            // The one held here is not enough: what nobody trusts is asked for no more.
            .filter(|source| Arc::strong_count(source) > 1)
            .filter(|source| !source.is_idle(now) && source.is_due(now))
            .map(Arc::clone)
            .collect();
        (due, degraded)
    }

    /// A fetch to wait for: the one under way, or one that begins now if the floor allows.
    fn start_or_join(&self, source: &Arc<Source>, now: Duration) -> Option<watch::Receiver<()>> {
        let mut flight = source.flight();
        if let Some(landed) = open(&flight) {
            return Some(landed);
        }
        if source.read().floor_left(now).is_some() {
            return None;
        }
        Some(self.start(source, &mut flight, now))
    }

    /// A task of its own: whoever asked may hang up, the others still get their answer.
    fn start(
        &self,
        source: &Arc<Source>,
        flight: &mut Option<watch::Receiver<()>>,
        now: Duration,
    ) -> watch::Receiver<()> {
        let (under_way, landed) = watch::channel(());
        *flight = Some(landed.clone());
        source.write().attempted_at = Some(now);
        let (source, egress, clock) = (
            Arc::clone(source),
            self.egress.clone(),
            Arc::clone(&self.clock),
        );
        tokio::spawn(async move {
            let fetched = fetch::fetch(&egress, &source.location).await;
            source.land(fetched, now, &*clock);
            drop(under_way);
        });
        landed
    }
}

/// The fetch that is under way, if one is.
fn open(flight: &Option<watch::Receiver<()>>) -> Option<watch::Receiver<()>> {
    flight
        .as_ref()
        .filter(|landed| landed.has_changed().is_ok())
        .cloned()
}

async fn landing(mut landed: watch::Receiver<()>) {
    // Nothing is ever sent: the channel closes when the fetch has landed.
    while landed.changed().await.is_ok() {}
}
