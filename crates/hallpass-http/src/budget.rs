//! How many refused tokens and operator keys one client address may send.
//!
//! A leaky bucket per address: every refusal adds one drop, one drop leaks every `60 / per_minute` seconds, and an address
//! whose bucket is full learns nothing more about what it sends. What is good is let in all the same: verifying costs less
//! than the request around it, and an address may be a whole office. The clock is the caller's, which a general rate
//! limiter would not let us choose.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Addresses remembered at once (about 64 bytes each). Beyond it the emptiest buckets are forgotten first.
const ADDRESSES: usize = 50_000;

/// The budget of all addresses of one listener.
pub(crate) struct FailureBudget {
    /// Time in which one drop leaks; `None` sets no limit.
    leak: Option<Duration>,
    burst: u32,
    /// When each bucket will be empty, on the monotonic clock.
    empty_at: Mutex<HashMap<IpAddr, Duration>>,
}

impl FailureBudget {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            leak: (per_minute > 0).then(|| Duration::from_secs(60) / per_minute),
            burst: per_minute,
            empty_at: Mutex::default(),
        }
    }

    /// Seconds to wait when the address has used up its budget.
    pub(crate) fn exhausted(&self, address: IpAddr, now: Duration) -> Option<u64> {
        let leak = self.leak?;
        let empty_at = *self.buckets().get(&key_of(address))?;
        let full = leak * self.burst.saturating_sub(1);
        let wait = empty_at.checked_sub(now)?.checked_sub(full)?;
        (!wait.is_zero()).then(|| wait.as_secs_f64().ceil().max(1.0) as u64)
    }

    /// Counts one refusal.
    pub(crate) fn spend(&self, address: IpAddr, now: Duration) {
        let Some(leak) = self.leak else { return };
        let mut buckets = self.buckets();
        if buckets.len() >= ADDRESSES {
            forget(&mut buckets, now);
        }
        let empty_at = buckets.entry(key_of(address)).or_insert(now);
        *empty_at = (*empty_at).max(now) + leak;
    }

    fn buckets(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Duration>> {
        self.empty_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One household or machine usually holds a whole /64 of IPv6.
fn key_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(network.into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Drops the empty buckets, and if that is not enough the emptier half of the rest.
fn forget(buckets: &mut HashMap<IpAddr, Duration>, now: Duration) {
    buckets.retain(|_, empty_at| *empty_at > now);
    if buckets.len() < ADDRESSES {
        return;
    }
    let mut ends: Vec<Duration> = buckets.values().copied().collect();
    let middle = ends.len() / 2;
    let (_, median, _) = ends.select_nth_unstable(middle);
    let median = *median;
    let mut spared = ADDRESSES / 2;
    buckets.retain(|_, empty_at| {
        let keep = *empty_at > median || (*empty_at == median && spared > 0);
        spared = spared.saturating_sub(usize::from(keep));
        keep
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn the_sixtieth_refusal_fills_the_bucket_and_it_leaks_one_a_second() {
        let budget = FailureBudget::new(60);
        let mut now = Duration::from_secs(1000);
        for spent in 0..60 {
            assert_eq!(budget.exhausted(A, now), None, "after {spent}");
            budget.spend(A, now);
        }
        assert_eq!(budget.exhausted(A, now), Some(1));
        now += Duration::from_secs(1);
        assert_eq!(budget.exhausted(A, now), None, "one drop leaked");
        budget.spend(A, now);
        assert_eq!(budget.exhausted(A, now), Some(1));
        now += Duration::from_secs(3600);
        for _ in 0..60 {
            assert_eq!(
                budget.exhausted(A, now),
                None,
                "an hour buys one burst, not more"
            );
            budget.spend(A, now);
        }
        assert!(budget.exhausted(A, now).is_some());
    }

    #[test]
    fn addresses_do_not_share_but_a_64_does() {
        let budget = FailureBudget::new(1);
        let now = Duration::ZERO;
        let of = |text: &str| text.parse::<IpAddr>().expect("an address");
        budget.spend(of("2001:db8:0:1::1"), now);
        assert!(budget.exhausted(of("2001:db8:0:1:ffff::9"), now).is_some());
        assert!(budget.exhausted(of("2001:db8:0:2::1"), now).is_none());
        budget.spend(A, now);
        assert!(budget.exhausted(of("::ffff:192.0.2.1"), now).is_some());
        assert!(budget.exhausted(of("192.0.2.2"), now).is_none());
    }

    #[test]
    fn zero_sets_no_limit() {
        let budget = FailureBudget::new(0);
        for _ in 0..1000 {
            budget.spend(A, Duration::ZERO);
        }
        assert_eq!(budget.exhausted(A, Duration::ZERO), None);
    }

    #[test]
    fn a_million_addresses_stay_within_the_cap() {
        let budget = FailureBudget::new(60);
        for n in 0..(ADDRESSES as u32 * 3) {
            budget.spend(IpAddr::V4(n.into()), Duration::ZERO);
        }
        assert!(budget.buckets().len() <= ADDRESSES);
    }
}
