//! Time and randomness as parameters, so that every expiry test is exact.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use hallpass_model::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock; may be set back.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment of this process; never goes back.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts the monotonic clock at zero.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one home of the machine's clock"
    )]
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one home of the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that stands still until it is told otherwise. For tests.
pub struct SettableClock {
    hands: Mutex<(Timestamp, Duration)>,
}

impl SettableClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            hands: Mutex::new((now, Duration::ZERO)),
        }
    }

    /// Lets time pass: both clocks move.
    pub fn advance(&self, by: Duration) {
        let mut hands = self.hands();
        hands.0 = Timestamp::from_micros(
            hands.0.as_micros() + i64::try_from(by.as_micros()).unwrap_or(i64::MAX),
        );
        hands.1 += by;
    }

    /// Sets the wall clock forward or back; the monotonic clock does not notice.
    pub fn jump_secs(&self, secs: i64) {
        let mut hands = self.hands();
        hands.0 = hands.0.plus_secs(secs);
    }

    fn hands(&self) -> std::sync::MutexGuard<'_, (Timestamp, Duration)> {
        self.hands
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for SettableClock {
    fn now(&self) -> Timestamp {
        self.hands().0
    }

    fn monotonic(&self) -> Duration {
        self.hands().1
    }
}
