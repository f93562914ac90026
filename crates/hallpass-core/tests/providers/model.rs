//! Hundreds of random days in the life of a provider, against the rules of freshness written down a second time.

use std::collections::BTreeMap;

use hallpass_model::ProviderKind;
use hallpass_testkit::provider::{Behaviour, FakeKey};
use serde_json::json;

use crate::support::{Scene, scene};

const FLOOR_SECS: i64 = 30;
const DAY_SECS: i64 = 24 * 3600;
const STEPS: usize = 250;
const TEN_YEARS_SECS: i64 = 10 * 365 * DAY_SECS;

/// What must be known here of the provider's keys.
struct Model {
    attempted_at: Option<i64>,
    /// Whether that one failed.
    failed: bool,
    /// When the last good set was fetched, and which keys were in it.
    good: Option<(i64, Vec<usize>)>,
}

impl Model {
    /// A token of an unknown key was sent: the set is fetched if the floor allows.
    fn ask(&mut self, now: i64, served: Option<&[usize]>) {
        if self.attempted_at.is_some_and(|at| now < at + FLOOR_SECS) {
            return;
        }
        self.attempted_at = Some(now);
        self.failed = served.is_none();
        if let Some(keys) = served {
            self.good = Some((now, keys.to_vec()));
        }
    }

    /// How a well-made token of a key fares; `None` is a key that never was.
    fn outcome(&self, now: i64, key: Option<usize>) -> &'static str {
        match &self.good {
            Some((at, keys)) if now < at + DAY_SECS => match key {
                Some(key) if keys.contains(&key) => "accepted",
                // Nobody can say whether it is published by now.
                _ if self.failed => "keys_unavailable",
                _ => "unknown_key",
            },
            _ => "keys_unavailable",
        }
    }
}

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[tokio::test]
async fn every_day_is_as_the_rules_say_jwks() {
    live(ProviderKind::Jwks, 0x9E37_79B9_7F4A_7C15).await;
}

#[tokio::test]
async fn every_day_is_as_the_rules_say_oidc() {
    live(ProviderKind::Oidc, 0xD1B5_4A32_D192_ED03).await;
}

#[tokio::test]
async fn every_day_is_as_the_rules_say_firebase() {
    live(ProviderKind::Firebase, 0x2545_F491_4F6C_DD1D).await;
}

async fn live(kind: ProviderKind, seed: u64) {
    let scene = scene(kind).await;
    let provider = &scene.provider;
    let mut dice = Dice(seed);
    let keys: Vec<_> = (0..4).map(|n| FakeKey::rsa(&format!("k{n}"))).collect();
    let kept: Vec<_> = keys.iter().map(|key| long_lived(&scene, key)).collect();
    let mut model = Model {
        attempted_at: None,
        failed: false,
        good: None,
    };
    let mut heard = BTreeMap::new();
    let mut published = vec![0];
    let (mut good, mut up) = (true, true);
    provider.publish(&keys[..1]);
    for step in 0..STEPS {
        match dice.below(8) {
            0..=2 => {
                published = (0..keys.len()).filter(|_| dice.below(2) == 0).collect();
                let chosen: Vec<_> = published.iter().map(|n| keys[*n].clone()).collect();
                provider.publish(&chosen);
            }
            3 => {
                good = !good;
                provider.behave_at(provider.keys_path(), mood(good, &mut dice, &keys));
            }
            4 => {
                up = !up;
                if up {
                    provider.come_up().await;
                } else {
                    provider.go_down().await;
                }
            }
            _ => {}
        }
        let pauses = [
            0, 1, 15, 29, 30, 31, 59, 240, 301, 3599, 7200, 40_000, 86_399, 86_400,
        ];
        scene.advance(pauses[dice.below(pauses.len())]);
        let now = provider.now_secs();
        let served = (good && up).then_some(&*published);
        // First of all somebody with an unknown key: from then on it is settled what is known.
        model.ask(now, served);
        let context = format!("{kind:?}, step {step}: {published:?}, good {good}, up {up}");
        let unknown = scene.present_unknown_key().await;
        assert_eq!(unknown, model.outcome(now, None), "{context}");
        for (n, key) in keys.iter().enumerate() {
            let expected = model.outcome(now, Some(n));
            let new = key.sign(json!({}), &provider.id_claims("user-1"));
            for (what, token) in [("new", &new), ("remembered", &new), ("kept", &kept[n])] {
                let outcome = scene.outcome(token).await;
                assert_eq!(outcome, expected, "{context}: k{n}, {what}");
            }
            *heard.entry(expected).or_insert(0) += 1;
        }
    }
    // Every sort of day was among them.
    assert!(
        heard.len() == 3 && heard.values().all(|times| *times > 20),
        "{heard:?}"
    );
}

fn mood(good: bool, dice: &mut Dice, keys: &[FakeKey]) -> Behaviour {
    if good {
        return Behaviour::Serve;
    }
    match dice.below(4) {
        0 => Behaviour::Status(500),
        1 => Behaviour::Html,
        2 => Behaviour::body("{\"keys\":["),
        _ => Behaviour::body(json!({ "keys": [keys[0].jwk(), keys[0].jwk()] }).to_string()),
    }
}

fn long_lived(scene: &Scene, key: &FakeKey) -> String {
    let exp = scene.provider.now_secs() + TEN_YEARS_SECS;
    let claims = scene
        .provider
        .id_claims_with("user-2", json!({ "exp": exp }));
    key.sign(json!({}), &claims)
}
