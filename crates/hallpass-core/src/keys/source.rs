//! The key set of one location: what is known of it, and what it is worth.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use hallpass_model::Timestamp;
use tokio::sync::watch;

use super::fetch::{self, FetchError, FetchReport, FetchedSet, Location};
use super::set::{KeySet, Lease};
use super::status::{KeysFailure, KeysState, KeysStatus};
use crate::Clock;

/// Between the starts of two fetches from one location.
const FLOOR: Duration = Duration::from_secs(30);
/// How long the last good set counts while fetches fail.
const USABLE_FOR: Duration = Duration::from_secs(24 * 3600);
/// How long a failed fetch tells that the server fails, so that nobody waits for the next one. Longer than until the next one
/// has landed.
const FAILURE_TELLS_FOR: Duration = Duration::from_secs(60);
/// A set that nobody asked for so long is not kept fresh any more.
const IDLE_AFTER: Duration = Duration::from_secs(3600);

/// The key set of one location.
pub(crate) struct Source {
    pub(super) location: Location,
    state: RwLock<State>,
    /// Present and open while a fetch is under way.
    flight: Mutex<Option<watch::Receiver<()>>>,
    lease: Arc<Lease>,
}

#[derive(Default)]
pub(super) struct State {
    good: Option<Good>,
    /// When the last fetch began.
    pub(super) attempted_at: Option<Duration>,
    /// Why the last fetch failed; gone with the next good one.
    pub(super) failure: Option<KeysFailure>,
    pub(super) report: Option<FetchReport>,
}

struct Good {
    set: Arc<KeySet>,
    /// When it was asked for: the answer may be as old as that.
    since: Duration,
    fresh_until: Duration,
    fetched_at: Timestamp,
}

/// There is no set that may be believed.
pub(crate) struct NoKeys {
    /// When the next fetch may bring one, in seconds.
    pub(crate) retry_after_secs: u64,
    /// Why the last fetch failed.
    pub(crate) why: &'static str,
}

/// What the set is worth now.
pub(super) enum Standing {
    Fresh(Arc<KeySet>),
    /// Not fresh, because fetching fails.
    Stale(Arc<KeySet>),
    /// Not fresh, because nobody asked for a while: worth a fetch before it is believed.
    Due,
    Nothing,
}

impl Source {
    pub(super) fn new(location: Location, now: Duration) -> Self {
        let lease = Arc::<Lease>::default();
        lease.note_use(now);
        Self {
            location,
            state: RwLock::default(),
            flight: Mutex::default(),
            lease,
        }
    }

    /// Somebody needs the set: it is worth keeping fresh.
    pub(super) fn note_use(&self, now: Duration) {
        self.lease.note_use(now);
    }

    pub(super) fn standing(&self, now: Duration) -> Standing {
        let state = self.read();
        match &state.good {
            Some(good) if now < good.fresh_until => Standing::Fresh(Arc::clone(&good.set)),
            Some(good) if now >= good.usable_until() => Standing::Nothing,
            Some(good) if state.failed_lately(now) => Standing::Stale(Arc::clone(&good.set)),
            Some(_) => Standing::Due,
            None => Standing::Nothing,
        }
    }

    pub(super) fn usable(&self, now: Duration) -> Option<Arc<KeySet>> {
        let state = self.read();
        let good = state.good.as_ref()?;
        (now < good.usable_until()).then(|| Arc::clone(&good.set))
    }

    pub(super) fn no_keys(&self, now: Duration) -> NoKeys {
        let state = self.read();
        let left = state.floor_left(now).unwrap_or_default();
        NoKeys {
            retry_after_secs: left.as_secs() + 1,
            why: state
                .failure
                .as_ref()
                .map_or("not_fetched", |failure| failure.code),
        }
    }

    /// A fifth of its time before a set stops being fresh; while fetching fails, as often as the floor allows.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        let state = self.read();
        if state.floor_left(now).is_some() {
            return false;
        }
        match &state.good {
            Some(good) => {
                let lead = good.fresh_until.saturating_sub(good.since) / 5;
                state.failure.is_some() || now + lead >= good.fresh_until
            }
            // Once asked for and never had.
            None => state.failure.is_some(),
        }
    }

    /// What the last fetch was like.
    pub(super) fn report(&self) -> FetchReport {
        self.read().report.clone().unwrap_or_else(|| FetchReport {
            url: fetch::shown(self.location.url()).to_owned(),
            ok: false,
            code: Some("internal"),
            detail: "the fetch broke off".to_owned(),
            status: None,
            millis: 0,
            fresh_for_secs: None,
        })
    }

    pub(super) fn is_failing(&self) -> bool {
        self.read().failure.is_some()
    }

    pub(super) fn used_at(&self) -> Duration {
        self.lease.used_at()
    }

    pub(super) fn is_idle(&self, now: Duration) -> bool {
        now.saturating_sub(self.used_at()) > IDLE_AFTER
    }

    pub(super) fn land(
        &self,
        fetched: Result<FetchedSet, FetchError>,
        began: Duration,
        clock: &dyn Clock,
    ) {
        let now = clock.monotonic();
        let took = u64::try_from(now.saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        let outcome = fetched.as_ref().map_or_else(|error| error.code, |_| "ok");
        metrics::counter!("hallpass_identity_provider_fetches_total", "outcome" => outcome)
            .increment(1);
        match fetched {
            Ok(fetched) => self.land_good(fetched, began, took, clock.now()),
            Err(error) => self.land_failed(error, now, took, clock.now()),
        }
    }

    fn land_good(&self, fetched: FetchedSet, began: Duration, took: u64, at: Timestamp) {
        let mut state = self.write();
        let before = state.good.as_ref().map(|good| Arc::clone(&good.set));
        let set = KeySet::succeed(&fetched.set, &before.unwrap_or_default(), &self.lease);
        if state.failure.take().is_some() {
            tracing::info!(
                url = fetch::shown(self.location.url()),
                "the identity provider's keys can be fetched again"
            );
        }
        state.report = Some(FetchReport {
            url: fetch::shown(self.location.url()).to_owned(),
            ok: true,
            code: None,
            detail: match set.keys.len() {
                1 => "1 usable key".to_owned(),
                count => format!("{count} usable keys"),
            },
            status: Some(fetched.status),
            millis: took,
            fresh_for_secs: Some(fetched.fresh_for.as_secs()),
        });
        let fresh_until = began + fetched.fresh_for;
        self.lease.end_at(fresh_until);
        state.good = Some(Good {
            set: Arc::new(set),
            since: began,
            fresh_until,
            fetched_at: at,
        });
    }

    fn land_failed(&self, error: FetchError, now: Duration, took: u64, at: Timestamp) {
        let usable = self.usable(now).is_some();
        let mut state = self.write();
        if usable && state.failure.is_none() {
            tracing::warn!(
                url = fetch::shown(self.location.url()),
                code = error.code,
                "an identity provider's keys cannot be fetched; the last good set counts for at most a day"
            );
        } else if !usable {
            tracing::error!(
                url = fetch::shown(self.location.url()),
                code = error.code,
                "an identity provider's keys cannot be fetched and its tokens not be verified"
            );
        }
        state.report = Some(FetchReport {
            url: fetch::shown(self.location.url()).to_owned(),
            ok: false,
            code: Some(error.code),
            detail: error.detail.clone(),
            status: error.status,
            millis: took,
            fresh_for_secs: None,
        });
        if let Some(good) = &state.good {
            // What is remembered of these keys' tokens counts on with them.
            let told = good.usable_until().min(now + FAILURE_TELLS_FOR);
            self.lease.end_at(told.max(good.fresh_until));
        }
        state.failure = Some(KeysFailure {
            code: error.code,
            message: error.detail,
            at,
        });
    }

    pub(super) fn status(&self, now: Duration, wall: Timestamp) -> KeysStatus {
        let state = self.read();
        let Some(good) = &state.good else {
            let state_word = match &state.failure {
                Some(_) if self.is_idle(now) => KeysState::Idle,
                Some(_) => KeysState::Unavailable,
                None => KeysState::Unknown,
            };
            return KeysStatus {
                state: state_word,
                failure: state.failure.clone(),
                ..KeysStatus::unknown()
            };
        };
        let at = |then: Duration| {
            let ahead = then.as_micros() as i64 - now.as_micros() as i64;
            Timestamp::from_micros(wall.as_micros().saturating_add(ahead))
        };
        KeysStatus {
            state: if now >= good.usable_until() {
                KeysState::Unavailable
            } else if now >= good.fresh_until && !state.failed_lately(now) {
                KeysState::Idle
            } else if state.failure.is_some() {
                KeysState::Stale
            } else {
                KeysState::Fresh
            },
            count: good.set.keys.len(),
            fetched_at: Some(good.fetched_at),
            refresh_at: Some(at(good.fresh_until)),
            usable_until: Some(at(good.usable_until())),
            failure: state.failure.clone(),
        }
    }

    pub(super) fn flight(&self) -> MutexGuard<'_, Option<watch::Receiver<()>>> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Good {
    fn usable_until(&self) -> Duration {
        self.since + USABLE_FOR
    }
}

impl State {
    /// Whether a fetch now would most likely fail again.
    pub(super) fn failed_lately(&self, now: Duration) -> bool {
        let lately = |attempted_at| now < attempted_at + FAILURE_TELLS_FOR;
        self.failure.is_some() && self.attempted_at.is_some_and(lately)
    }

    /// How long no fetch may begin.
    pub(super) fn floor_left(&self, now: Duration) -> Option<Duration> {
        let over = self.attempted_at? + FLOOR;
        over.checked_sub(now).filter(|left| !left.is_zero())
    }
}
