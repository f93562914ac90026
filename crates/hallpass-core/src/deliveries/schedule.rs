//! When a delivery that failed is tried again.

use std::time::Duration;

use hallpass_model::{Delivery, DeliveryAttempt, DeliveryState, Timestamp};
use hallpass_store::DeliveryResult;

use super::{Attempted, Outcome};

/// Waits after each attempt that failed; after the last one the delivery is dead. Together a little over three days.
const WAITS_SECS: [u64; 10] = [
    5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
];
/// The most that a receiver may ask us to wait.
const RETRY_AFTER_SECS: u64 = 86_400;
/// Up to a fifth of the wait is added, so that what failed together does not come back together.
const JITTER_DIVISOR: u64 = 5;

/// How a delivery goes on after an attempt. `random` is any number.
pub(crate) fn result_of(
    delivery: &Delivery,
    attempted: &Attempted,
    random: u64,
    now: Timestamp,
) -> DeliveryResult {
    let (state, error, wait) = match &attempted.outcome {
        Outcome::Delivered => (DeliveryState::Delivered, None, None),
        Outcome::Gone => (DeliveryState::Dead, Some("delivery_gone"), None),
        Outcome::Failed {
            code,
            retry_after_secs,
        } => match wait_after(delivery.attempts, *retry_after_secs, random) {
            Some(wait) => (DeliveryState::Pending, Some(*code), Some(wait)),
            None => (DeliveryState::Dead, Some(*code), None),
        },
    };
    let wait = wait.map_or(0, |wait| {
        i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)
    });
    DeliveryResult {
        state,
        next_attempt_at: Timestamp::from_micros(now.as_micros().saturating_add(wait)),
        attempt: DeliveryAttempt {
            status: attempted.status,
            error: error.map(str::to_owned),
            took_ms: attempted.took_ms,
        },
        finished_at: (state != DeliveryState::Pending).then_some(now),
    }
}

/// How long to wait after this many attempts; `None` when they were enough.
///
/// A receiver may ask for longer than the schedule, never for shorter. `random` is any number.
pub(crate) fn wait_after(
    attempts: u32,
    retry_after_secs: Option<u64>,
    random: u64,
) -> Option<Duration> {
    let index = usize::try_from(attempts.checked_sub(1)?).ok()?;
    let scheduled = *WAITS_SECS.get(index)?;
    let asked = retry_after_secs.unwrap_or(0).min(RETRY_AFTER_SECS);
    let wait = Duration::from_secs(scheduled.max(asked));
    let micros = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
    Some(wait + Duration::from_micros(random % (micros / JITTER_DIVISOR + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Option<Duration> {
        Some(Duration::from_secs(secs))
    }

    #[test]
    fn waits_grow_to_a_day_and_end() {
        let waits: Vec<_> = (1..=11)
            .map(|attempts| wait_after(attempts, None, 0))
            .collect();
        let expected = [
            5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
        ];
        let expected: Vec<_> = expected.into_iter().map(secs).chain([None]).collect();
        assert_eq!(waits, expected);
        assert_eq!(wait_after(0, None, 0), None);
        assert_eq!(wait_after(u32::MAX, None, 0), None);
    }

    #[test]
    fn jitter_adds_up_to_a_fifth_and_takes_nothing_away() {
        for attempts in 1..=10 {
            let least = wait_after(attempts, None, 0).expect("a wait");
            let most = least + least / 5;
            let micros = u64::try_from(least.as_micros()).expect("small") / 5;
            assert_eq!(wait_after(attempts, None, micros), Some(most));
            assert_eq!(wait_after(attempts, None, micros + 1), Some(least));
            for random in [1, 12_345, u64::MAX, u64::MAX / 3] {
                let wait = wait_after(attempts, None, random).expect("a wait");
                assert!((least..=most).contains(&wait), "{attempts} {random}");
            }
        }
    }

    #[test]
    fn a_receiver_may_ask_for_longer_but_neither_for_shorter_nor_for_ever() {
        assert_eq!(wait_after(1, Some(120), 0), secs(120));
        assert_eq!(wait_after(3, Some(1), 0), secs(300));
        assert_eq!(wait_after(3, Some(0), 0), secs(300));
        assert_eq!(wait_after(1, Some(u64::MAX), 0), secs(86_400));
        assert_eq!(wait_after(11, Some(5), 0), None);
    }
}
