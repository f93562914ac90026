//! When an issuer key is published, when it signs, and when both end. Pure: keys, terms and the time in, times out.
//!
//! Each index is a succession. Its last key signs without an end; making a successor sets that end. Three promises
//! decide every time:
//!
//! * A key signs only once nobody can have a key set without it: the sets fetched before it was made have run out.
//!   The very first keys of an environment sign at once, because there was no set to fetch.
//! * A key stays published until the last token it can have signed has ended, [`LEEWAY_SECS`] of a verifier's
//!   tolerance included.
//! * At most [`PUBLISHED_KEYS`] keys of an environment are published at once, because verifiers bound a set.

use hallpass_model::{IssuerKey, SignInSettings, Timestamp};

/// Keys that an environment may publish at once, all indexes together.
pub(crate) const PUBLISHED_KEYS: usize = 128;
/// How far beyond a token's end verifiers may still take it, and how far clocks of nodes may differ.
pub(crate) const LEEWAY_SECS: i64 = 60;
/// What a published key waits beyond the maximal age of a key set before it signs: fetches and other nodes take time.
const MARGIN_SECS: i64 = 30;

/// What the environment's settings say about its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) indexes: u32,
    /// The longest life of a token issued from now on.
    pub(crate) token_secs: i64,
    /// How long a key set fetched from now on may be kept.
    pub(crate) max_age_secs: i64,
    /// How long a key signs; `None`: until somebody rotates.
    pub(crate) rotate_after_secs: Option<i64>,
}

impl From<&SignInSettings> for Terms {
    fn from(settings: &SignInSettings) -> Self {
        Self {
            indexes: settings.issuer_keys,
            token_secs: settings.token_secs(),
            max_age_secs: settings.jwks_max_age_secs,
            rotate_after_secs: settings.rotate_after_secs,
        }
    }
}

/// Changes to an environment's keys. Which key begins is for whoever makes it to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Keys to make.
    pub(crate) begin: Vec<Begin>,
    /// Ends to set, or to take away.
    pub(crate) end: Vec<End>,
}

/// A key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Begin {
    pub(crate) key_index: u32,
    pub(crate) signs_from: Timestamp,
    /// It signs before every verifier can know it.
    pub(crate) is_hasty: bool,
}

/// When a key ends; both open when it goes on after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) kid: String,
    pub(crate) signs_until: Option<Timestamp>,
    pub(crate) published_until: Option<Timestamp>,
}

/// The set is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyPublished {
    /// When enough of it will have left.
    pub(crate) retry_after_secs: i64,
}

impl Plan {
    pub(crate) fn is_empty(&self) -> bool {
        self.begin.is_empty() && self.end.is_empty()
    }
}

/// The keys of an environment that never had one: every index at once.
pub(crate) fn first(terms: &Terms, now: Timestamp) -> Plan {
    let begin = (0..terms.indexes).map(|key_index| Begin {
        key_index,
        signs_from: now,
        is_hasty: false,
    });
    Plan {
        begin: begin.collect(),
        end: Vec::new(),
    }
}

/// A successor for one index, or for every one.
///
/// # Errors
/// [`TooManyPublished`] when the set has no room.
pub(crate) fn rotate(
    keys: &[IssuerKey],
    terms: &Terms,
    index: Option<u32>,
    now: Timestamp,
) -> Result<Plan, TooManyPublished> {
    let mut plan = Plan::default();
    for key_index in (0..terms.indexes).filter(|known| index.is_none_or(|wanted| wanted == *known))
    {
        succeed(&mut plan, keys, terms, key_index, now);
    }
    check_room(&plan, keys, now)?;
    Ok(plan)
}

/// What the settings ask for by now: indexes that are new or gone, keys that have signed for long enough. Keys that
/// find no room are left for later.
pub(crate) fn due(keys: &[IssuerKey], terms: &Terms, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let ready = ready_at(keys, terms, now);
    for key_index in 0..terms.indexes {
        let is_due = match last(keys, key_index).filter(|key| key.signs_until.is_none()) {
            None => true,
            Some(key) => terms
                .rotate_after_secs
                .is_some_and(|secs| key.signs_from.plus_secs(secs) <= ready),
        };
        if is_due {
            succeed(&mut plan, keys, terms, key_index, now);
        }
    }
    if check_room(&plan, keys, now).is_err() {
        plan = Plan::default();
    }
    let gone = |key: &&IssuerKey| key.key_index >= terms.indexes && key.signs_until.is_none();
    for key in unrevoked(keys).filter(gone) {
        plan.end.push(end(key, key.signs_from.max(now), terms));
    }
    plan
}

/// What follows when a key is withdrawn at once: whoever came before it goes on to where it would have ended. If
/// nobody is left to sign, a fresh key does so at once, whatever verifiers know.
pub(crate) fn revoke(keys: &[IssuerKey], terms: &Terms, kid: &str, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let Some(revoked) = unrevoked(keys).find(|key| key.kid == kid) else {
        return plan;
    };
    let others = || {
        let of_index = |key: &&IssuerKey| key.key_index == revoked.key_index && key.kid != kid;
        unrevoked(keys).filter(of_index)
    };
    let before = others()
        .find(|key| key.signs_until == Some(revoked.signs_from) && now < revoked.signs_from);
    if let Some(before) = before {
        plan.end.push(match revoked.signs_until {
            Some(until) => end(before, until, terms),
            None => End {
                kid: before.kid.clone(),
                signs_until: None,
                published_until: None,
            },
        });
    }
    let goes_on = before.is_some_and(|_| revoked.signs_until.is_none())
        || others().any(|key| key.signs_until.is_none());
    if !goes_on && revoked.key_index < terms.indexes && revoked.signs_until.is_none() {
        plan.begin.push(Begin {
            key_index: revoked.key_index,
            signs_from: now,
            is_hasty: true,
        });
    }
    plan
}

/// The key that signs now.
pub(crate) fn active(keys: &[IssuerKey], key_index: u32, now: Timestamp) -> Option<&IssuerKey> {
    unrevoked(keys).find(|key| {
        key.key_index == key_index
            && key.signs_from <= now
            && key.signs_until.is_none_or(|until| now < until)
    })
}

/// The latest end that a token signed with this key may have.
pub(crate) fn latest_expiry(published_until: Option<Timestamp>) -> Option<Timestamp> {
    published_until.map(|until| until.plus_secs(-LEEWAY_SECS))
}

/// Until when key sets that were fetched under these terms may be kept.
pub(crate) fn set_kept_until(max_age_secs: i64, now: Timestamp) -> Timestamp {
    now.plus_secs(max_age_secs)
}

/// The first moment at which no set without a key made now can be in use.
fn ready_at(keys: &[IssuerKey], terms: &Terms, now: Timestamp) -> Timestamp {
    let kept = keys.iter().map(|key| key.set_kept_until).max();
    set_kept_until(terms.max_age_secs, now)
        .max(kept.unwrap_or(now))
        .plus_secs(MARGIN_SECS)
}

fn succeed(plan: &mut Plan, keys: &[IssuerKey], terms: &Terms, key_index: u32, now: Timestamp) {
    let before = last(keys, key_index);
    let ready = ready_at(keys, terms, now);
    let signs_from = before.map_or(ready, |before| {
        ready
            .max(before.signs_from)
            .max(before.signs_until.unwrap_or(ready))
    });
    plan.begin.push(Begin {
        key_index,
        signs_from,
        is_hasty: false,
    });
    if let Some(before) = before.filter(|before| before.signs_until.is_none()) {
        plan.end.push(end(before, signs_from, terms));
    }
}

fn end(key: &IssuerKey, signs_until: Timestamp, terms: &Terms) -> End {
    let longest = key.token_secs.max(terms.token_secs);
    End {
        kid: key.kid.clone(),
        signs_until: Some(signs_until),
        published_until: Some(signs_until.plus_secs(longest).plus_secs(LEEWAY_SECS)),
    }
}

fn check_room(plan: &Plan, keys: &[IssuerKey], now: Timestamp) -> Result<(), TooManyPublished> {
    let published = keys.iter().filter(|key| key.state_at(now).is_published());
    let mut leaving: Vec<_> = published.clone().map(|key| key.published_until).collect();
    let surplus = (leaving.len() + plan.begin.len()).saturating_sub(PUBLISHED_KEYS);
    let Some(nth) = surplus.checked_sub(1) else {
        return Ok(());
    };
    // Those that stay last come last.
    leaving.sort_by_key(|until| (until.is_none(), *until));
    let left_at = leaving.get(nth).copied().flatten();
    let secs = left_at.map_or(LEEWAY_SECS, |at| {
        // Rounded up: whoever waits this long finds room.
        at.as_micros()
            .saturating_sub(now.as_micros())
            .div_euclid(1_000_000)
            + 1
    });
    Err(TooManyPublished {
        retry_after_secs: secs.max(1),
    })
}

/// The last of an index's succession.
fn last(keys: &[IssuerKey], key_index: u32) -> Option<&IssuerKey> {
    unrevoked(keys)
        .filter(|key| key.key_index == key_index)
        .max_by_key(|key| (key.signs_until.is_none(), key.signs_until, key.signs_from))
}

fn unrevoked(keys: &[IssuerKey]) -> impl Iterator<Item = &IssuerKey> {
    keys.iter().filter(|key| key.revoked_at.is_none())
}

#[cfg(test)]
mod tests;
