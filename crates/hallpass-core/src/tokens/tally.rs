//! What became of the tokens that one environment saw, minute by minute over the last hour, in this process. For looking
//! at; nothing is decided by it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use hallpass_model::Timestamp;

/// Minutes that are remembered.
pub const TALLY_MINUTES: usize = 60;

/// Counts of one environment.
#[derive(Default)]
pub(crate) struct Tally {
    minutes: Minutes,
    refused: Mutex<BTreeMap<(i64, &'static str), u64>>,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTally {
    /// Oldest first, [`TALLY_MINUTES`] of them; the last one is still going on.
    pub minutes: Vec<TalliedMinute>,
    /// Refusals of the whole time by their code, the most frequent first.
    pub reasons: Vec<(&'static str, u64)>,
}

/// One minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TalliedMinute {
    /// Tokens let in.
    pub accepted: u64,
    /// Tokens refused.
    pub refused: u64,
}

impl Tally {
    pub(crate) fn accepted(&self, now: Timestamp) {
        self.minutes.count(minute_of(now));
    }

    pub(crate) fn refused(&self, code: &'static str, now: Timestamp) {
        let minute = minute_of(now);
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        // Codes are a closed set, so this stays small.
        *refused.entry((minute, code)).or_default() += 1;
        let oldest = minute - TALLY_MINUTES as i64;
        while let Some(entry) = refused
            .first_entry()
            .filter(|entry| entry.key().0 <= oldest)
        {
            entry.remove();
        }
    }

    pub(crate) fn look(&self, now: Timestamp) -> TokenTally {
        let last = minute_of(now);
        let first = last - TALLY_MINUTES as i64 + 1;
        let mut minutes: Vec<TalliedMinute> = (first..=last)
            .map(|minute| TalliedMinute {
                accepted: self.minutes.read(minute),
                refused: 0,
            })
            .collect();
        let mut reasons = BTreeMap::<&'static str, u64>::new();
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        for ((minute, code), count) in refused.range((first, "")..) {
            let place = usize::try_from(minute - first).unwrap_or(usize::MAX);
            if let Some(minute) = minutes.get_mut(place) {
                minute.refused += count;
                *reasons.entry(code).or_default() += count;
            }
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
        TokenTally { minutes, reasons }
    }
}

/// A ring of counters without a lock: every request with a good token passes here.
struct Minutes([(AtomicI64, AtomicU64); TALLY_MINUTES]);

impl Default for Minutes {
    fn default() -> Self {
        Self(std::array::from_fn(|_| {
            (AtomicI64::new(i64::MIN), AtomicU64::new(0))
        }))
    }
}

impl Minutes {
    fn count(&self, minute: i64) {
        let (stamp, count) = self.slot(minute);
        let seen = stamp.load(Ordering::Relaxed);
        if seen != minute
            && stamp
                .compare_exchange(seen, minute, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            // Whoever turns the minute starts from nothing; a count lost in that moment is not missed.
            count.store(0, Ordering::Relaxed);
        }
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self, minute: i64) -> u64 {
        let (stamp, count) = self.slot(minute);
        if stamp.load(Ordering::Relaxed) == minute {
            count.load(Ordering::Relaxed)
        } else {
            0
        }
    }

    fn slot(&self, minute: i64) -> &(AtomicI64, AtomicU64) {
        let place = minute.rem_euclid(TALLY_MINUTES as i64);
        &self.0[usize::try_from(place).unwrap_or(0)]
    }
}

fn minute_of(time: Timestamp) -> i64 {
    time.as_secs().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_remembered_minute_by_minute() {
        let tally = Tally::default();
        let at = |minutes: i64| Timestamp::from_secs(1_800_000_000 + minutes * 60);
        tally.accepted(at(0));
        tally.accepted(at(59));
        tally.accepted(at(59));
        tally.refused("token_expired", at(0));
        tally.refused("signature_invalid", at(59));
        tally.refused("signature_invalid", at(59));
        let seen = tally.look(at(59));
        assert_eq!(seen.minutes.len(), TALLY_MINUTES);
        let both = |accepted, refused| TalliedMinute { accepted, refused };
        assert_eq!(seen.minutes[0], both(1, 1));
        assert_eq!(seen.minutes[1], both(0, 0));
        assert_eq!(seen.minutes[59], both(2, 2));
        assert_eq!(
            seen.reasons,
            [("signature_invalid", 2), ("token_expired", 1)]
        );
        let later = tally.look(at(60));
        assert_eq!(later.minutes[58], both(2, 2));
        assert_eq!(later.reasons, [("signature_invalid", 2)]);
        tally.accepted(at(60));
        assert_eq!(tally.look(at(60)).minutes[59], both(1, 0));
        assert_eq!(tally.look(at(500)).minutes, vec![both(0, 0); TALLY_MINUTES]);
    }
}
