//! The promises of the plan, kept in worlds made of chance: operators who rotate and change their minds, verifiers
//! who keep a key set exactly as long as its headers allow, tokens that are presented until their last moment.

use hallpass_model::{EnvironmentId, IssuerKeyState};
use proptest::prelude::*;

use super::*;

const BEGINNING: i64 = 1_767_225_600;

fn terms() -> Terms {
    Terms {
        indexes: 1,
        token_secs: 60,
        max_age_secs: 5,
        rotate_after_secs: None,
    }
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(BEGINNING + secs)
}

/// An environment's keys as the database would hold them.
struct Keys {
    all: Vec<IssuerKey>,
    terms: Terms,
}

impl Keys {
    fn new(terms: Terms) -> Self {
        let mut keys = Self {
            all: Vec::new(),
            terms,
        };
        keys.carry_out(&first(&terms, at(0)), at(0));
        keys
    }

    fn carry_out(&mut self, plan: &Plan, now: Timestamp) {
        for end in &plan.end {
            let key = self.all.iter_mut().find(|key| key.kid == end.kid);
            let key = key.expect("an end is of a key that is there");
            (key.signs_until, key.published_until) = (end.signs_until, end.published_until);
        }
        let kept = self.all.iter().map(|key| key.set_kept_until).max();
        for begin in &plan.begin {
            self.all.push(IssuerKey {
                environment_id: EnvironmentId::from_random([7; 16]),
                kid: format!("key-{}", self.all.len()),
                key_index: begin.key_index,
                bits: 2048,
                public_key_pem: String::new(),
                created_at: now,
                signs_from: begin.signs_from,
                signs_until: None,
                published_until: None,
                token_secs: self.terms.token_secs,
                set_kept_until: kept.unwrap_or(now),
                revoked_at: None,
                last_used_at: None,
                use_count: 0,
            });
        }
    }

    fn rotate(&mut self, index: Option<u32>, now: Timestamp) -> Result<(), TooManyPublished> {
        let plan = rotate(&self.published(now), &self.terms, index, now)?;
        self.carry_out(&plan, now);
        Ok(())
    }

    fn keep_up(&mut self, now: Timestamp) {
        let plan = due(&self.published(now), &self.terms, now);
        self.carry_out(&plan, now);
    }

    fn revoke(&mut self, kid: &str, now: Timestamp) -> Plan {
        let plan = revoke(&self.published(now), &self.terms, kid, now);
        self.carry_out(&plan, now);
        let key = self.all.iter_mut().find(|key| key.kid == kid);
        key.expect("a key that is there").revoked_at = Some(now);
        plan
    }

    /// New terms, and the note of what was promised under the old ones.
    fn change(&mut self, terms: Terms, now: Timestamp) {
        let kept = set_kept_until(self.terms.max_age_secs, now);
        let longest = self.terms.token_secs.max(terms.token_secs);
        for key in &mut self.all {
            key.token_secs = key.token_secs.max(longest);
            key.set_kept_until = key.set_kept_until.max(kept);
        }
        self.terms = terms;
    }

    /// What a snapshot holds.
    fn published(&self, now: Timestamp) -> Vec<IssuerKey> {
        let published = |key: &&IssuerKey| key.state_at(now).is_published();
        self.all.iter().filter(published).cloned().collect()
    }

    fn kids(&self, now: Timestamp) -> Vec<String> {
        self.published(now).into_iter().map(|key| key.kid).collect()
    }
}

#[test]
fn the_first_keys_sign_at_once_and_every_index_has_one() {
    let keys = Keys::new(Terms {
        indexes: 3,
        ..terms()
    });
    for index in 0..3 {
        let key = active(&keys.all, index, at(0)).expect("a key that signs");
        assert_eq!(key.state_at(at(0)), IssuerKeyState::Active);
    }
    assert!(active(&keys.all, 3, at(0)).is_none());
}

#[test]
fn a_successor_waits_for_the_key_sets_without_it_and_the_key_before_outlives_its_tokens() {
    let mut keys = Keys::new(terms());
    keys.rotate(None, at(100)).expect("there is room");
    let [before, next] = keys.all.as_slice() else {
        panic!("two keys")
    };
    assert_eq!(next.signs_from, at(100 + 5 + 30));
    assert_eq!(before.signs_until, Some(next.signs_from));
    assert_eq!(before.published_until, Some(at(135 + 60 + 60)));
    let states = |secs| [before.state_at(at(secs)), next.state_at(at(secs))];
    use IssuerKeyState::{Active, Next, Retired, Retiring};
    assert_eq!(states(134), [Active, Next]);
    assert_eq!(states(135), [Retiring, Active]);
    assert_eq!(states(254), [Retiring, Active]);
    assert_eq!(states(255), [Retired, Active]);
}

#[test]
fn rotations_queue_and_are_refused_when_the_set_is_full() {
    let mut keys = Keys::new(terms());
    let mut refused = None;
    for second in 1..=200 {
        if let Err(error) = keys.rotate(None, at(second)) {
            refused = Some((second, error.retry_after_secs));
            break;
        }
        assert!(keys.published(at(second)).len() <= PUBLISHED_KEYS);
    }
    // The first key is published until 36 + 120.
    let (second, retry_after) = refused.expect("156 keys cannot be published");
    assert_eq!((second, retry_after), (128, 29));
    assert!(keys.rotate(None, at(second + retry_after)).is_ok());
}

#[test]
fn a_new_index_waits_and_one_that_is_gone_ends() {
    let mut keys = Keys::new(terms());
    keys.change(
        Terms {
            indexes: 2,
            ..terms()
        },
        at(10),
    );
    keys.keep_up(at(10));
    assert!(active(&keys.all, 1, at(44)).is_none());
    assert!(active(&keys.all, 1, at(45)).is_some());
    keys.change(terms(), at(100));
    keys.keep_up(at(100));
    assert!(active(&keys.all, 1, at(100)).is_none());
    assert!(active(&keys.all, 0, at(100)).is_some());
    assert_eq!(keys.published(at(219)).len(), 2);
    assert_eq!(keys.published(at(220)).len(), 1);
    assert_eq!(
        due(&keys.published(at(220)), &keys.terms, at(220)),
        Plan::default()
    );
}

#[test]
fn a_key_that_signed_for_long_enough_gets_a_successor_just_in_time() {
    let mut keys = Keys::new(Terms {
        rotate_after_secs: Some(3600),
        ..terms()
    });
    keys.keep_up(at(3564));
    assert_eq!(keys.all.len(), 1);
    keys.keep_up(at(3565));
    assert_eq!(keys.all.len(), 2);
    assert_eq!(keys.all[1].signs_from, at(3600));
    keys.keep_up(at(3566));
    assert_eq!(keys.all.len(), 2);
}

#[test]
fn lowering_the_maximal_age_does_not_shorten_what_was_promised() {
    let mut keys = Keys::new(Terms {
        max_age_secs: 300,
        ..terms()
    });
    keys.change(terms(), at(10));
    keys.rotate(None, at(11)).expect("there is room");
    assert_eq!(keys.all[1].signs_from, at(10 + 300 + 30));
}

#[test]
fn lowering_the_life_of_tokens_does_not_shorten_what_was_promised() {
    let mut keys = Keys::new(Terms {
        token_secs: 86_400,
        ..terms()
    });
    keys.change(terms(), at(10));
    keys.rotate(None, at(11)).expect("there is room");
    assert_eq!(keys.all[0].published_until, Some(at(46 + 86_400 + 60)));
}

#[test]
fn whoever_comes_before_a_revoked_successor_goes_on() {
    let mut keys = Keys::new(terms());
    keys.rotate(None, at(1)).expect("there is room");
    keys.rotate(None, at(2)).expect("there is room");
    keys.revoke("key-1", at(3));
    assert_eq!(keys.all[0].signs_until, Some(keys.all[2].signs_from));
    let plan = keys.revoke("key-2", at(4));
    assert!(plan.begin.is_empty());
    assert_eq!(
        (keys.all[0].signs_until, keys.all[0].published_until),
        (None, None)
    );
}

#[test]
fn a_revoked_key_that_signs_leaves_it_to_its_successor_or_to_a_fresh_key() {
    let mut keys = Keys::new(terms());
    keys.rotate(None, at(1)).expect("there is room");
    let plan = keys.revoke("key-0", at(10));
    assert!(plan.is_empty());
    // The successor keeps its promise: nobody can be without it.
    assert!(active(&keys.all, 0, at(35)).is_none());
    assert!(active(&keys.all, 0, at(36)).is_some());
    let plan = keys.revoke("key-1", at(40));
    assert_eq!(
        plan.begin,
        [Begin {
            key_index: 0,
            signs_from: at(40),
            is_hasty: true
        }]
    );
    assert!(active(&keys.all, 0, at(40)).is_some());
}

#[test]
fn revoking_a_key_that_signs_no_more_changes_nothing_else() {
    let mut keys = Keys::new(terms());
    keys.rotate(None, at(1)).expect("there is room");
    assert!(keys.revoke("key-0", at(50)).is_empty());
    assert!(active(&keys.all, 0, at(50)).is_some());
}

/// What happens in a world.
#[derive(Debug, Clone)]
enum Event {
    Wait(i64),
    Rotate(Option<u32>),
    KeepUp,
    Change(Terms),
    Fetch(usize),
    Issue(u32),
}

fn event() -> impl Strategy<Value = Event> {
    let change = (
        1u32..=3,
        1i64..=120,
        1i64..=60,
        proptest::option::of(1i64..=90),
    );
    prop_oneof![
        8 => (0i64..=40).prop_map(Event::Wait),
        6 => proptest::option::of(0u32..3).prop_map(Event::Rotate),
        3 => Just(Event::KeepUp),
        1 => change.prop_map(|(indexes, token_secs, max_age_secs, rotate_after_secs)| {
            Event::Change(Terms { indexes, token_secs, max_age_secs, rotate_after_secs })
        }),
        5 => (0usize..4).prop_map(Event::Fetch),
        8 => (0u32..3).prop_map(Event::Issue),
    ]
}

/// A verifier's key set and the last moment at which it may be used.
#[derive(Clone)]
struct Kept {
    kids: Vec<String>,
    until: Timestamp,
}

struct Issued {
    kid: String,
    issued: Timestamp,
    exp: Timestamp,
}

/// At any moment every good token has its key in every set that a verifier may be using, one fetched now included.
fn check(keys: &Keys, verifiers: &[Option<Kept>], tokens: &[Issued], now: Timestamp) {
    assert!(keys.published(now).len() <= PUBLISHED_KEYS);
    let fresh = keys.kids(now);
    for token in tokens {
        if now < token.issued || now >= token.exp.plus_secs(LEEWAY_SECS) {
            continue;
        }
        assert!(fresh.contains(&token.kid), "{} left too early", token.kid);
        for kept in verifiers.iter().flatten().filter(|kept| now <= kept.until) {
            assert!(
                kept.kids.contains(&token.kid),
                "{} signed too early",
                token.kid
            );
        }
    }
    for index in 0..3 {
        let signing = |key: &&IssuerKey| {
            key.key_index == index && key.state_at(now) == IssuerKeyState::Active
        };
        assert!(keys.all.iter().filter(signing).count() <= 1);
    }
}

proptest! {
    // Worlds are large: each of them is checked at every second.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_good_token_is_ever_refused(
        start in (1u32..=3, 1i64..=120, 1i64..=60),
        events in proptest::collection::vec(event(), 1..120),
    ) {
        let (indexes, token_secs, max_age_secs) = start;
        let mut keys = Keys::new(Terms { indexes, token_secs, max_age_secs, rotate_after_secs: None });
        let mut verifiers = vec![None; 4];
        let mut tokens = Vec::new();
        let mut now = at(0);
        for event in events {
            match event {
                Event::Wait(secs) => {
                    // Every moment counts, not only the last.
                    for _ in 0..secs {
                        now = now.plus_secs(1);
                        check(&keys, &verifiers, &tokens, now);
                    }
                }
                Event::Rotate(index) => {
                    let _room_or_not = keys.rotate(index, now);
                }
                Event::KeepUp => keys.keep_up(now),
                Event::Change(terms) => keys.change(terms, now),
                Event::Fetch(verifier) => {
                    verifiers[verifier] = Some(Kept {
                        kids: keys.kids(now),
                        until: set_kept_until(keys.terms.max_age_secs, now),
                    });
                }
                Event::Issue(index) => {
                    let published = keys.published(now);
                    if index < keys.terms.indexes
                        && let Some(key) = active(&published, index, now)
                    {
                        prop_assert_eq!(key.state_at(now), IssuerKeyState::Active);
                        let wanted = now.plus_secs(keys.terms.token_secs);
                        let exp = latest_expiry(key.published_until).map_or(wanted, |end| end.min(wanted));
                        prop_assert!(exp > now);
                        tokens.push(Issued { kid: key.kid.clone(), issued: now, exp });
                    }
                }
            }
            check(&keys, &verifiers, &tokens, now);
        }
    }

    #[test]
    fn whoever_waits_as_told_finds_room(
        indexes in 1u32..=8,
        token_secs in 1i64..=200,
        pauses in proptest::collection::vec(0i64..=3, 200..400),
    ) {
        let mut keys = Keys::new(Terms { indexes, token_secs, ..terms() });
        let mut now = at(0);
        for pause in pauses {
            now = now.plus_secs(pause);
            if let Err(full) = keys.rotate(None, now) {
                now = now.plus_secs(full.retry_after_secs);
                prop_assert!(keys.rotate(None, now).is_ok());
            }
            prop_assert!(keys.published(now).len() <= PUBLISHED_KEYS);
        }
    }

    #[test]
    fn after_any_withdrawal_somebody_signs_again_within_a_lead(
        rotations in 0usize..5,
        revocations in proptest::collection::vec((0usize..8, 0i64..50), 1..6),
    ) {
        let mut keys = Keys::new(terms());
        let mut now = at(0);
        for _ in 0..rotations {
            now = now.plus_secs(7);
            prop_assert!(keys.rotate(None, now).is_ok());
        }
        for (which, pause) in revocations {
            now = now.plus_secs(pause);
            let kids = keys.kids(now);
            let kid = kids[which % kids.len()].clone();
            keys.revoke(&kid, now);
            prop_assert!(!keys.kids(now).contains(&kid));
            let lead = now.plus_secs(keys.terms.max_age_secs + MARGIN_SECS);
            prop_assert!(active(&keys.all, 0, lead).is_some());
            for second in 0..200 {
                let signing = |key: &&IssuerKey| key.state_at(now.plus_secs(second)) == IssuerKeyState::Active;
                prop_assert!(keys.all.iter().filter(signing).count() <= 1);
            }
        }
    }
}
