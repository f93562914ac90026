//! Key sets that identity providers publish, kept fresh beside the requests.
//!
//! A set is fetched when it is first needed, again in the background before it stops being fresh, and once when a token
//! needs a key that is not in it. There is one fetch at a time per project and location and a floor between two of them,
//! whatever tokens say. While fetches fail, the last good set counts for a day; after that, and before the first good
//! one, nothing of this provider can be verified, which is our failing and not the token's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hallpass_egress::Egress;
use hallpass_model::{Error, ProjectId, Result};
use tokio::sync::watch;

use super::KeysStatus;
use super::fetch::{self, FetchReport, Location};
use super::set::KeySet;
use super::source::{NoKeys, Source, Standing};
use crate::Clock;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Tests of one server by one project: so many at once, and another one every so often.
const TESTS_AT_ONCE: u32 = 16;
const TEST_EVERY: Duration = Duration::from_secs(2);
/// Fetches that begin in the background per look.
const STARTS_PER_LOOK: usize = 32;
/// Sets of one project kept that no provider in memory holds; as many as an environment may have providers, twice.
const UNHELD_SOURCES: usize = 32;

/// Every key set of this process.
pub(crate) struct RemoteKeys {
    egress: Egress,
    clock: Arc<dyn Clock>,
    /// By project too: what one project's operators do to a source is no other project's concern.
    sources: Mutex<HashMap<(ProjectId, Location), Arc<Source>>>,
    /// When a project's tests of a server will have leaked away.
    tests: Mutex<HashMap<(ProjectId, String), Duration>>,
}

impl RemoteKeys {
    pub(crate) fn new(egress: Egress, clock: Arc<dyn Clock>) -> Self {
        Self {
            egress,
            clock,
            sources: Mutex::default(),
            tests: Mutex::default(),
        }
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.egress
    }

    /// The source of a location; environments of one project that name the same one share it. Fetches nothing.
    pub(crate) fn source(&self, project: ProjectId, location: &Location) -> Arc<Source> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let source = sources
            .entry((project, location.clone()))
            .or_insert_with(|| Arc::new(Source::new(location.clone(), self.clock.monotonic())));
        Arc::clone(source)
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

    /// Whether the source's server answered lately; if not, what is not in the set may be published all the same.
    ///
    /// # Errors
    /// As [`Self::current`], when the last fetch failed and began less than a minute ago.
    pub(crate) fn require_answering(&self, source: &Source) -> Result<(), NoKeys> {
        let now = self.clock.monotonic();
        if source.read().failed_lately(now) {
            return Err(source.no_keys(now));
        }
        Ok(())
    }

    /// Fetches for an operator, whatever the floor says. Another operator's fetch that began after this was asked is as
    /// good.
    ///
    /// # Errors
    /// `too_many_tests` (429) when a project's operators had one server asked too often.
    pub(crate) async fn fetch_now(
        &self,
        project: ProjectId,
        source: &Arc<Source>,
    ) -> Result<(FetchReport, Arc<KeySet>)> {
        let asked_at = self.clock.monotonic();
        // One that began before may bring what was published before.
        let under_way = open(&source.flight());
        if let Some(landed) = under_way {
            landing(landed).await;
        }
        let landed = {
            let mut flight = source.flight();
            let last = source.read().attempted_at;
            match open(&flight) {
                Some(landed) => Some(landed),
                None if last.is_some_and(|last| last > asked_at) => None,
                None => {
                    self.spend_test(project, source, asked_at)?;
                    Some(self.start(source, &mut flight, self.clock.monotonic()))
                }
            }
        };
        if let Some(landed) = landed {
            landing(landed).await;
        }
        let report = source.report();
        let usable = source.usable(self.clock.monotonic());
        Ok((report, usable.unwrap_or_default()))
    }

    /// A leaky bucket for each project and server: somebody else's users may depend on that server's patience.
    fn spend_test(&self, project: ProjectId, source: &Source, now: Duration) -> Result<()> {
        let mut full_until = self.tests.lock().unwrap_or_else(PoisonError::into_inner);
        full_until.retain(|_, until| *until > now);
        let until = full_until
            .entry((project, source.location.server().to_owned()))
            .or_insert(now);
        let next = *until + TEST_EVERY;
        if let Some(over) = (next - now).checked_sub(TEST_EVERY * TESTS_AT_ONCE)
            && !over.is_zero()
        {
            return Err(Error::too_many_requests(
                "too_many_tests",
                "this server was asked for its keys too often; wait a little",
            )
            .retry_after(over.as_secs() + 1));
        }
        *until = next;
        Ok(())
    }

    /// How this process stands with a location.
    pub(crate) fn status(&self, project: ProjectId, location: &Location) -> KeysStatus {
        let found = {
            let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
            sources.get(&(project, location.clone())).cloned()
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

    /// The sources that are due, and how many fail.
    fn look(&self, now: Duration) -> (Vec<Arc<Source>>, usize) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        forget_unheld(&mut sources, now);
        // The one held here is not enough: what nobody trusts is asked for no more.
        let in_use = |source: &&Arc<Source>| Arc::strong_count(source) > 1 && !source.is_idle(now);
        let in_use = sources.values().filter(in_use);
        let degraded = in_use.clone().filter(|source| source.is_failing()).count();
        let due = in_use.filter(|source| source.is_due(now));
        (
            due.take(STARTS_PER_LOOK).map(Arc::clone).collect(),
            degraded,
        )
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

/// What is trusted is read anew after every change, maybe hours later, so a set that nobody holds is kept for a while; but
/// of each project only a few, and not everything that was ever tried out.
fn forget_unheld(sources: &mut HashMap<(ProjectId, Location), Arc<Source>>, now: Duration) {
    let is_held = |source: &Arc<Source>| Arc::strong_count(source) > 1;
    sources.retain(|_, source| {
        is_held(source) || !source.is_idle(now) || source.usable(now).is_some()
    });
    let mut unheld: HashMap<ProjectId, Vec<Duration>> = HashMap::new();
    for ((project, _), source) in sources.iter().filter(|(_, source)| !is_held(source)) {
        unheld.entry(*project).or_default().push(source.used_at());
    }
    unheld.retain(|_, used_at| used_at.len() > UNHELD_SOURCES);
    for (project, mut used_at) in unheld {
        used_at.sort_unstable_by(|a, b| b.cmp(a));
        let oldest_kept = used_at.get(UNHELD_SOURCES - 1).copied().unwrap_or_default();
        sources.retain(|(of, _), source| {
            *of != project || is_held(source) || source.used_at() >= oldest_kept
        });
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
