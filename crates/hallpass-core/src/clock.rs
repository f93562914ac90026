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

/// Notices when the wall clock is set back against the monotonic one.
pub(crate) struct SetBackAlarm {
    offset_micros: i64,
}

impl SetBackAlarm {
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        Self {
            offset_micros: offset_micros(clock),
        }
    }

    /// Seconds by which the clock was set back since the last look; slewing by a time service does not count.
    pub(crate) fn look(&mut self, clock: &dyn Clock) -> Option<i64> {
        const TOLERATED_SECS: i64 = 5;
        let offset = offset_micros(clock);
        let secs = (self.offset_micros - offset) / 1_000_000;
        self.offset_micros = offset;
        (secs > TOLERATED_SECS).then_some(secs)
    }
}

fn offset_micros(clock: &dyn Clock) -> i64 {
    let monotonic = i64::try_from(clock.monotonic().as_micros()).unwrap_or(i64::MAX);
    clock.now().as_micros().saturating_sub(monotonic)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_is_noticed_once_and_passing_time_is_not() {
        let clock = SettableClock::at(Timestamp::from_secs(1_000_000));
        let mut alarm = SetBackAlarm::new(&clock);
        clock.advance(Duration::from_secs(3600));
        assert_eq!(alarm.look(&clock), None);
        clock.jump_secs(-5);
        assert_eq!(alarm.look(&clock), None);
        clock.jump_secs(60);
        assert_eq!(alarm.look(&clock), None);
        clock.jump_secs(-3600);
        assert_eq!(alarm.look(&clock), Some(3600));
        assert_eq!(alarm.look(&clock), None);
    }
}
