//! How often codes are sent and guessed, as one pure function of what was sent to an address lately.
//!
//! Two promises pull at each other. Whoever guesses must not get in: less than once in 100 000 for an address and hour,
//! whatever machines and sessions they have. And whoever guesses must not keep the owner out. So wrong answers never lock an
//! address: they make its codes longer. Beyond [`SIX_DIGIT_ANSWERS`] wrong answers the outstanding codes are void and the
//! next ones have nine digits, of which all the answers that are possible in an hour are worth less than one to a short
//! code. And sends are counted apart by where they come from, with a quota of its own for sessions that were signed in
//! to the very account before, which no stranger can use up.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use hallpass_identity::code::CodeLength;
use hallpass_model::Timestamp;

/// How long a code counts.
pub(crate) const CODE_SECS: i64 = 10 * 60;
/// The time in which sends and answers are counted together.
pub(crate) const WINDOW_SECS: i64 = 60 * 60;
/// Codes that were sent since may have been answered within the last hour.
pub(crate) const LOOK_BACK_SECS: i64 = WINDOW_SECS + CODE_SECS;

/// Wrong answers to one code; the last one makes it worthless.
pub(crate) const ANSWERS_PER_CODE: i64 = 3;
/// Wrong answers to short codes of one address; the last one makes all of them worthless.
pub(crate) const SIX_DIGIT_ANSWERS: i64 = 9;
/// Wrong answers to long codes of one address. More than sends allow: a second wall behind the first.
pub(crate) const NINE_DIGIT_ANSWERS: i64 = 500;

/// Sends to one address for one client network.
pub(crate) const SENDS_PER_NETWORK_AND_ADDRESS: usize = 5;
/// The same for a block of networks that one customer of a provider may hold.
pub(crate) const SENDS_PER_BLOCK_AND_ADDRESS: usize = 10;
/// Sends to one address for all strangers together: a mailbox is not to be flooded.
pub(crate) const SENDS_PER_ADDRESS: usize = 30;
/// Sends to one address for sessions that were signed in to its account before.
pub(crate) const SENDS_OF_OWNER: usize = 5;
/// Sends of one client network to whatever addresses.
pub(crate) const SENDS_PER_NETWORK: i64 = 300;

/// Where a request came from, coarsely: an IPv4 `/24` or an IPv6 `/64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientNetwork(IpAddr);

impl ClientNetwork {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(masked_v4(address)),
            IpAddr::V6(address) => IpAddr::V6(masked_v6(address, 64)),
        })
    }

    /// Whether both may be one customer's: the same `/24`, or the same `/48`.
    fn shares_block_with(self, other: Self) -> bool {
        match (self.0, other.0) {
            (IpAddr::V6(own), IpAddr::V6(other)) => masked_v6(own, 48) == masked_v6(other, 48),
            _ => self == other,
        }
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = if self.0.is_ipv4() { 24 } else { 64 };
        write!(f, "{}/{bits}", self.0)
    }
}

impl FromStr for ClientNetwork {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.split('/').next().unwrap_or(text);
        address.parse().map(Self::of)
    }
}

fn masked_v4(address: Ipv4Addr) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(address) & 0xffff_ff00)
}

fn masked_v6(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from(u128::from(address) & (u128::MAX << (128 - bits)))
}

/// One code that was sent to the address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) at: Timestamp,
    pub(crate) network: Option<ClientNetwork>,
    /// A session that was signed in to the address's account before asked for it.
    pub(crate) by_owner: bool,
    pub(crate) length: CodeLength,
    pub(crate) wrong_answers: i64,
    /// It never left: the mail server was not there.
    pub(crate) failed: bool,
}

/// Who asks for a code now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking {
    pub(crate) network: Option<ClientNetwork>,
    pub(crate) by_owner: bool,
    /// What its network was sent within the hour, to whatever addresses.
    pub(crate) network_sends: i64,
}

/// Why no code is sent: too many were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany {
    pub(crate) retry_after_secs: u64,
}

/// What becomes of an answer before anybody looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answering {
    /// It is compared.
    Allowed,
    /// The code is void, whatever the answer: too many were wrong. A new one is longer.
    Void,
}

/// What was sent to one address within [`LOOK_BACK_SECS`].
pub(crate) struct History<'a> {
    sent: &'a [Sent],
    now: Timestamp,
}

impl<'a> History<'a> {
    pub(crate) fn new(sent: &'a [Sent], now: Timestamp) -> Self {
        Self { sent, now }
    }

    /// Whether a code may be sent.
    pub(crate) fn may_send(&self, asking: Asking) -> Result<(), TooMany> {
        if asking.by_owner {
            return self.within(SENDS_OF_OWNER, |sent| sent.by_owner);
        }
        if asking.network_sends >= SENDS_PER_NETWORK {
            return Err(TooMany {
                retry_after_secs: WINDOW_SECS.unsigned_abs(),
            });
        }
        self.within(SENDS_PER_NETWORK_AND_ADDRESS, |sent| {
            !sent.by_owner && sent.network == asking.network
        })?;
        self.within(SENDS_PER_BLOCK_AND_ADDRESS, |sent| {
            let both = sent.network.zip(asking.network);
            !sent.by_owner && both.is_some_and(|(before, now)| before.shares_block_with(now))
        })?;
        self.within(SENDS_PER_ADDRESS, |sent| !sent.by_owner)
    }

    /// How many digits the next code has.
    pub(crate) fn next_length(&self) -> CodeLength {
        if self.wrong_answers(CodeLength::Six) >= SIX_DIGIT_ANSWERS {
            CodeLength::Nine
        } else {
            CodeLength::Six
        }
    }

    /// Whether an answer to a code of this length may be looked at.
    pub(crate) fn may_answer(&self, length: CodeLength) -> Answering {
        let most = match length {
            CodeLength::Six => SIX_DIGIT_ANSWERS,
            CodeLength::Nine => NINE_DIGIT_ANSWERS,
        };
        if self.wrong_answers(length) < most {
            Answering::Allowed
        } else {
            Answering::Void
        }
    }

    fn wrong_answers(&self, length: CodeLength) -> i64 {
        let since = self.now.plus_secs(-LOOK_BACK_SECS);
        let same = self
            .sent
            .iter()
            .filter(|sent| sent.length == length && sent.at > since);
        same.map(|sent| sent.wrong_answers).sum()
    }

    /// Whether fewer than `most` such codes left within the hour; if not, when the first of them that matters is over.
    fn within(&self, most: usize, is_one: impl Fn(&Sent) -> bool) -> Result<(), TooMany> {
        let since = self.now.plus_secs(-WINDOW_SECS);
        let counted = |sent: &&Sent| !sent.failed && sent.at > since && is_one(sent);
        let mut times: Vec<Timestamp> = self
            .sent
            .iter()
            .filter(counted)
            .map(|sent| sent.at)
            .collect();
        if times.len() < most {
            return Ok(());
        }
        times.sort_unstable();
        // Once this one is over, one fewer than `most` are left.
        let hinders = times.get(times.len() - most).copied().unwrap_or(self.now);
        let wait = hinders.plus_secs(WINDOW_SECS).as_micros() - self.now.as_micros();
        Err(TooMany {
            retry_after_secs: wait.max(1).unsigned_abs().div_ceil(1_000_000),
        })
    }
}

#[cfg(test)]
mod tests;
