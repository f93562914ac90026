//! The provider changes its keys while everybody goes on calling.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hallpass_model::ProviderKind;
use hallpass_testkit::provider::{FakeKey, FakeProvider};
use hallpass_testkit::{Database, on_both_engines};
use serde_json::json;

use crate::support::{Scene, eventually, scene_on};

const CALLERS: usize = 6;
const ROTATIONS: usize = 5;
/// Good answers between two steps of a rotation, from all callers together.
const CALLS_BETWEEN: usize = 60;
const WEEK_SECS: i64 = 7 * 24 * 3600;

/// What callers send, and what they must hear.
struct Traffic {
    scene: Scene,
    over: AtomicBool,
    good_answers: AtomicUsize,
    refused_withdrawn: AtomicUsize,
    /// A token of the key before, and whether the refresh that dropped that key was seen to be over.
    of_old_key: Mutex<Option<(Vec<String>, bool)>>,
}

impl Traffic {
    /// Sends new tokens, the same token again, and one whose key goes or is gone.
    async fn call(&self, caller: usize) {
        let mut again = self.token(caller, 0);
        let mut n = 1;
        while !self.over.load(Ordering::SeqCst) {
            let new = self.token(caller, n);
            self.expect_good(&new).await;
            // Never more than a rotation old: made before this round, by a key that is still published.
            self.expect_good(&again).await;
            if n % 8 == 0 {
                again = self.token(caller, n);
            }
            self.send_old_one(n).await;
            n += 1;
        }
    }

    fn token(&self, caller: usize, n: usize) -> String {
        let sub = format!("user-{}", caller % 3);
        let exp = self.scene.provider.now_secs() + WEEK_SECS;
        let claims = json!({ "jti": format!("{caller}-{n}"), "exp": exp });
        self.scene.provider.id_token(&sub, claims)
    }

    async fn expect_good(&self, token: &str) {
        let outcome = self.scene.outcome(token).await;
        if outcome != "accepted" {
            // Withdrawn between making it and sending it: what must not be is a key that is still published.
            let still = self.is_published(token);
            assert!(!still, "a valid token was refused: {outcome}");
        }
        self.good_answers.fetch_add(1, Ordering::SeqCst);
    }

    fn is_published(&self, token: &str) -> bool {
        let header = token.split('.').next().unwrap();
        let header = data_encoding::BASE64URL_NOPAD
            .decode(header.as_bytes())
            .unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        let keys = self.scene.provider.key_set();
        let keys = keys["keys"].as_array().unwrap().clone();
        keys.iter().any(|key| key["kid"] == header["kid"])
    }

    async fn send_old_one(&self, n: usize) {
        let Some((tokens, gone)) = self.of_old_key.lock().unwrap().clone() else {
            return;
        };
        let outcome = self.scene.outcome(&tokens[n % tokens.len()]).await;
        if gone {
            assert_eq!(
                outcome, "unknown_key",
                "a token of a withdrawn key was judged"
            );
            self.refused_withdrawn.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Waits until everybody has called a few times more.
    async fn traffic(&self) {
        let so_far = self.good_answers.load(Ordering::SeqCst);
        eventually(true, async || {
            self.good_answers.load(Ordering::SeqCst) >= so_far + CALLS_BETWEEN
        })
        .await;
    }

    async fn refreshed(&self) {
        // Firebase's keys are fresh for an hour, which is the most we believe; others' for five minutes.
        let is_firebase = self.scene.provider.kind() == ProviderKind::Firebase;
        self.scene.advance(if is_firebase { 3000 } else { 250 });
        let now = self.scene.provider.now_secs();
        eventually(now, async || {
            self.scene.keys().await.fetched_at.unwrap().as_secs()
        })
        .await;
    }
}

async fn rotate_under_load(traffic: &Traffic) {
    let provider = &traffic.scene.provider;
    for round in 0..ROTATIONS {
        let (old, next) = (provider.key(), FakeKey::rsa(&format!("key-{round}")));
        traffic.traffic().await;
        provider.publish(&[old.clone(), next.clone()]);
        traffic.traffic().await;
        if round % 2 == 0 {
            // The careful provider waits until everybody knows the next key.
            traffic.refreshed().await;
        } else {
            // The hasty one signs with it at once; the floor is over, so its first token brings the set.
            traffic.scene.advance(31);
        }
        let week = provider.now_secs() + WEEK_SECS;
        let old_tokens: Vec<_> = (0..4)
            .map(|n| provider.id_token(&format!("user-{}", n % 3), json!({ "exp": week, "n": n })))
            .collect();
        provider.sign_with(&next);
        *traffic.of_old_key.lock().unwrap() = Some((old_tokens.clone(), false));
        traffic.traffic().await;
        for token in &old_tokens {
            assert_eq!(
                traffic.scene.outcome(token).await,
                "accepted",
                "still published"
            );
        }
        // Callers forget tokens of the old key before it goes, as sessions do.
        for _ in 0..4 {
            traffic.traffic().await;
        }
        provider.publish(&[next]);
        traffic.refreshed().await;
        // From here on nobody may hear that a token of the old key is good.
        *traffic.of_old_key.lock().unwrap() = Some((old_tokens, true));
        traffic.traffic().await;
        *traffic.of_old_key.lock().unwrap() = None;
    }
}

async fn live_through_rotations(database: Database, kind: ProviderKind) {
    let scene = scene_on(database, FakeProvider::of(kind).await, json!({})).await;
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    let traffic = Arc::new(Traffic {
        scene,
        over: AtomicBool::new(false),
        good_answers: AtomicUsize::new(0),
        refused_withdrawn: AtomicUsize::new(0),
        of_old_key: Mutex::new(None),
    });
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let traffic = Arc::clone(&traffic);
            tokio::spawn(async move { traffic.call(caller).await })
        })
        .collect();
    rotate_under_load(&traffic).await;
    traffic.over.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    let refused = traffic.refused_withdrawn.load(Ordering::SeqCst);
    assert!(refused > 0, "tokens of withdrawn keys were sent");
    let good = traffic.good_answers.load(Ordering::SeqCst);
    assert!(good > ROTATIONS * 7 * CALLS_BETWEEN, "{good}");
}

on_both_engines! {
    async fn no_valid_token_is_refused_and_none_of_a_withdrawn_key_accepted(database: Database) {
        live_through_rotations(database, ProviderKind::Auth0).await;
    }
}

#[test]
fn rotating_keys_of_firebase_under_load() {
    hallpass_testkit::block_on(async {
        live_through_rotations(Database::sqlite().await, ProviderKind::Firebase).await;
    });
}

#[test]
fn rotating_keys_behind_discovery_under_load() {
    hallpass_testkit::block_on(async {
        live_through_rotations(Database::sqlite().await, ProviderKind::Oidc).await;
    });
}
