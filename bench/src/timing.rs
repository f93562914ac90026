//! Alternatives are run in turns, in short rounds, so that whatever else the machine does hits all of them alike.

use rustix::time::{ClockId, clock_gettime};

/// One of the things compared: repeats its operation as often as it is told.
pub struct Side<'a> {
    repeat: Box<dyn FnMut(u64) + 'a>,
}

impl<'a> Side<'a> {
    /// A side that runs `repeat(n)` for n operations.
    pub fn new(repeat: impl FnMut(u64) + 'a) -> Self {
        Self {
            repeat: Box::new(repeat),
        }
    }

    /// A side whose operation knows its number; numbers go on from round to round.
    pub fn each(mut operation: impl FnMut(usize) + 'a) -> Self {
        let mut next = 0;
        Self::new(move |times| {
            for _ in 0..times {
                operation(next);
                next = next.wrapping_add(1);
            }
        })
    }
}

/// Nanoseconds per operation of one side, a number for each round.
pub struct Times(Vec<f64>);

/// A median and the range in which the middle four fifths of the rounds lie.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

impl Times {
    pub fn nanos(&self) -> Spread {
        Spread::of(self.0.clone())
    }

    /// How many times as long as `other` this took, judged round by round.
    pub fn over(&self, other: &Times) -> Spread {
        Spread::of(
            self.0
                .iter()
                .zip(&other.0)
                .map(|(one, two)| one / two)
                .collect(),
        )
    }
}

impl Spread {
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        Self {
            median: at(0.5),
            low: at(0.1),
            high: at(0.9),
        }
    }
}

/// Times all sides in `rounds` rounds, each side for a few milliseconds per round, in an order that turns.
pub fn interleaved<const N: usize>(rounds: usize, mut sides: [Side<'_>; N]) -> [Times; N] {
    const SLICE_NANOS: f64 = 4_000_000.0;
    let repeats: Vec<u64> = sides
        .iter_mut()
        .map(|side| repeats_within(side, SLICE_NANOS))
        .collect();
    let mut times = [const { Times(Vec::new()) }; N];
    for round in 0..rounds {
        for turn in 0..N {
            let which = (round + turn) % N;
            let nanos = time(&mut sides[which], repeats[which]);
            times[which].0.push(nanos / repeats[which] as f64);
        }
    }
    times
}

/// How many operations fill the slice; also warms the side up.
fn repeats_within(side: &mut Side<'_>, slice_nanos: f64) -> u64 {
    let mut repeats = 1;
    loop {
        let nanos = time(side, repeats);
        if nanos >= slice_nanos / 4.0 {
            return ((repeats as f64 * slice_nanos / nanos) as u64).max(1);
        }
        repeats *= 4;
    }
}

/// Time that this thread had the processor: others on the same machine cost us turns, not time.
fn time(side: &mut Side<'_>, repeats: u64) -> f64 {
    let before = clock_gettime(ClockId::ThreadCPUTime);
    (side.repeat)(repeats);
    let after = clock_gettime(ClockId::ThreadCPUTime);
    (after.tv_sec - before.tv_sec) as f64 * 1e9 + (after.tv_nsec - before.tv_nsec) as f64
}
