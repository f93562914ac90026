//! What happens to tokens when an operator changes something: in the same process, and on another node.

#![expect(
    clippy::print_stdout,
    reason = "measured times are shown with --nocapture"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use hallpass_core::{EnvironmentPatch, Services};
use hallpass_jose::SigningKey;
use hallpass_model::{KeyState, Subject};
use hallpass_testkit::world::{World, sign_exactly};
use hallpass_testkit::{Database, on_both_engines};
use serde_json::json;

/// What other processes promise; a change has to be seen within it.
const ELSEWHERE: Duration = Duration::from_secs(1);

async fn outcome(services: &Services, world: &World, token: &str) -> &'static str {
    match services.tokens.authenticate(world.environment, token).await {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

fn signed_by(key: &SigningKey, world: &World) -> String {
    sign_exactly(
        key,
        r#"{"alg":"RS256"}"#,
        &world.claims("user-1").to_string(),
    )
}

fn user() -> Subject {
    "user-1".parse().unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this measures real time between real connections"
)]
async fn seen_elsewhere(
    node: &Arc<Services>,
    world: &World,
    token: &str,
    expected: &str,
) -> Duration {
    let started = Instant::now();
    loop {
        let seen = outcome(node, world, token).await;
        if seen == expected {
            return started.elapsed();
        }
        assert!(
            started.elapsed() < ELSEWHERE,
            "the other node still says {seen} after {:?}",
            started.elapsed()
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

on_both_engines! {
    async fn a_rotation_without_overlap_revokes_every_other_key(database: Database) {
        let world = World::new(database.store().clone()).await;
        let node = world.second_node(database.open_again().await).await;
        let first = world.token("user-1");
        let second_key = world.rotate(3600).await;
        let second = signed_by(&second_key, &world);
        for services in [&world.services, &node] {
            seen_elsewhere(services, &world, &second, "accepted").await;
            assert_eq!(outcome(services, &world, &first).await, "accepted");
        }
        let third_key = world.rotate(0).await;
        // Here: the next request. There: at most a second. Cached or not makes no difference.
        for token in [&first, &second] {
            assert_eq!(outcome(&world.services, &world, token).await, "signature_invalid");
            let took = seen_elsewhere(&node, &world, token, "signature_invalid").await;
            println!("rotation seen by the other node after {took:?}");
        }
        assert_eq!(outcome(&node, &world, &signed_by(&third_key, &world)).await, "accepted");
        let keys = world.services.signing_keys.list(&world.admin(), world.environment, &Default::default()).await.unwrap();
        let now = hallpass_core::Clock::now(&*world.clock);
        let mut states: Vec<_> = keys.items.iter().map(|key| key.state_at(now).as_str()).collect();
        states.sort_unstable();
        assert_eq!(states, ["active", "revoked", "revoked"]);
    }

    async fn an_overlap_ends_by_itself(database: Database) {
        let world = World::new(database.store().clone()).await;
        let node = world.second_node(database.open_again().await).await;
        let long_lived = world.sign(&world.claims_with("user-1", json!({ "exp": world.claims("x")["iat"].as_i64().unwrap() + 86_400 })));
        world.rotate(600).await;
        for services in [&world.services, &node] {
            assert_eq!(outcome(services, &world, &long_lived).await, "accepted");
        }
        world.clock.advance(Duration::from_secs(599));
        assert_eq!(outcome(&world.services, &world, &long_lived).await, "accepted");
        world.clock.advance(Duration::from_secs(1));
        // The token itself is good for a day; its key is not.
        for services in [&world.services, &node] {
            assert_eq!(outcome(services, &world, &long_lived).await, "signature_invalid");
        }
    }

    async fn at_most_three_keys_retire_at_a_time(database: Database) {
        let world = World::new(database.store().clone()).await;
        let mut keys = vec![world.key.to_pkcs8_pem().unwrap()];
        for _ in 0..3 {
            keys.push(world.rotate(3600).await.to_pkcs8_pem().unwrap());
        }
        let refused = world.services.signing_keys.generate(&world.admin(), world.environment, 2048, 3600).await.err().unwrap();
        assert_eq!(refused.code(), "too_many_retiring_keys");
        for pem in &keys {
            let key = SigningKey::from_pem(pem).unwrap();
            assert_eq!(outcome(&world.services, &world, &signed_by(&key, &world)).await, "accepted");
        }
        world.clock.advance(Duration::from_secs(3600));
        world.rotate(3600).await;
    }

    async fn a_revoked_key_stops_at_once(database: Database) {
        let world = World::new(database.store().clone()).await;
        let node = world.second_node(database.open_again().await).await;
        let token = world.token("user-1");
        assert_eq!(outcome(&node, &world, &token).await, "accepted");
        let kid = world.key.verifying_key().thumbprint();
        world.services.signing_keys.revoke(&world.admin(), world.environment, &kid).await.unwrap();
        assert_eq!(outcome(&world.services, &world, &token).await, "no_signing_key");
        let took = seen_elsewhere(&node, &world, &token, "no_signing_key").await;
        println!("key revocation seen by the other node after {took:?}");
        // Again changes nothing.
        world.services.signing_keys.revoke(&world.admin(), world.environment, &kid).await.unwrap();
    }

    async fn row_30_a_frozen_user_is_refused_everywhere_and_let_in_again(database: Database) {
        let world = World::new(database.store().clone()).await;
        let node = world.second_node(database.open_again().await).await;
        let (token, other) = (world.token("user-1"), world.token("user-2"));
        for services in [&world.services, &node] {
            assert_eq!(outcome(services, &world, &token).await, "accepted");
        }
        world.services.users.freeze(&world.admin(), world.environment, &user()).await.unwrap();
        assert_eq!(outcome(&world.services, &world, &token).await, "user_frozen");
        let took = seen_elsewhere(&node, &world, &token, "user_frozen").await;
        println!("freeze seen by the other node after {took:?}");
        assert_eq!(outcome(&node, &world, &other).await, "accepted");
        world.services.users.unfreeze(&world.admin(), world.environment, &user()).await.unwrap();
        assert_eq!(outcome(&world.services, &world, &token).await, "accepted");
        seen_elsewhere(&node, &world, &token, "accepted").await;
    }

    async fn row_30_a_revoked_user_needs_a_newer_token(database: Database) {
        let world = World::new(database.store().clone()).await;
        let node = world.second_node(database.open_again().await).await;
        let token = world.token("user-1");
        assert_eq!(outcome(&node, &world, &token).await, "accepted");
        world.services.users.revoke(&world.admin(), world.environment, &user()).await.unwrap();
        assert_eq!(outcome(&world.services, &world, &token).await, "token_revoked");
        let took = seen_elsewhere(&node, &world, &token, "token_revoked").await;
        println!("revocation seen by the other node after {took:?}");
        // Issued in the same second: refused too.
        assert_eq!(outcome(&node, &world, &world.token("user-1")).await, "token_revoked");
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(outcome(&node, &world, &world.token("user-1")).await, "accepted");
        // A user who was never seen can be revoked too.
        let unseen: Subject = "unseen".parse().unwrap();
        world.services.users.revoke(&world.admin(), world.environment, &unseen).await.unwrap();
        assert_eq!(outcome(&world.services, &world, &world.token("unseen")).await, "token_revoked");
    }

    async fn a_deleted_user_is_erased_but_its_tokens_stay_refused(database: Database) {
        let world = World::new(database.store().clone()).await;
        let token = world.token("user-1");
        let caller = world.services.tokens.authenticate(world.environment, &token).await.unwrap();
        let meta = json!({ "Name": "Ana" }).as_object().unwrap().clone();
        world.services.users.merge_metadata(&caller, meta).await.unwrap();
        world.services.users.delete(&world.admin(), world.environment, &user()).await.unwrap();
        assert_eq!(outcome(&world.services, &world, &token).await, "token_revoked");
        let gone = world.services.users.load(&world.admin(), world.environment, &user()).await.err().unwrap();
        assert_eq!(gone.code(), "not_found");
        world.clock.advance(Duration::from_secs(1));
        let caller = world.services.tokens.authenticate(world.environment, &world.token("user-1")).await.unwrap();
        assert!(world.services.users.read_me(&caller).await.unwrap().meta.is_empty());
    }

    async fn changed_settings_count_for_remembered_tokens(database: Database) {
        let world = World::new(database.store().clone()).await;
        let node = world.second_node(database.open_again().await).await;
        let token = world.token("user-1");
        for services in [&world.services, &node] {
            assert_eq!(outcome(services, &world, &token).await, "accepted");
        }
        let patch = EnvironmentPatch { settings: Some(json!({ "require_audience": true })), ..Default::default() };
        world.services.environments.update(&world.admin(), world.environment, patch, None).await.unwrap();
        assert_eq!(outcome(&world.services, &world, &token).await, "aud_mismatch");
        let took = seen_elsewhere(&node, &world, &token, "aud_mismatch").await;
        println!("settings seen by the other node after {took:?}");
    }

    async fn a_public_key_belongs_to_one_environment_for_ever(database: Database) {
        let world = World::new(database.store().clone()).await;
        let admin = world.admin();
        let pem = world.key.verifying_key().to_spki_pem();
        let beta = world.another_environment("beta").await;
        for environment in [world.environment, beta] {
            let refused = world.services.signing_keys.import(&admin, environment, &pem, 0).await.err().unwrap();
            assert_eq!(refused.code(), "key_already_used");
        }
        // A refused import changes nothing: the key still counts.
        assert_eq!(outcome(&world.services, &world, &world.token("user-1")).await, "accepted");
        let kid = world.key.verifying_key().thumbprint();
        world.services.signing_keys.revoke(&admin, world.environment, &kid).await.unwrap();
        let refused = world.services.signing_keys.import(&admin, world.environment, &pem, 0).await.err().unwrap();
        assert_eq!(refused.code(), "key_already_used");
    }

    async fn uses_are_counted_and_written(database: Database) {
        let world = World::new(database.store().clone()).await;
        let kid = world.key.verifying_key().thumbprint();
        let token = world.token("user-1");
        for _ in 0..5 {
            assert_eq!(outcome(&world.services, &world, &token).await, "accepted");
        }
        world.services.flush().await;
        world.services.flush().await;
        let key = world.services.signing_keys.load(&world.admin(), world.environment, &kid).await.unwrap();
        assert_eq!(key.use_count, 5);
        assert_eq!(key.last_used_at, Some(hallpass_core::Clock::now(&*world.clock)));
    }

    async fn rotations_at_the_same_time_leave_one_active_key(database: Database) {
        let world = Arc::new(World::new(database.store().clone()).await);
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { world.rotate(0).await.verifying_key().thumbprint() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let keys = world.services.signing_keys.list(&world.admin(), world.environment, &Default::default()).await.unwrap();
        let now = hallpass_core::Clock::now(&*world.clock);
        let active = keys.items.iter().filter(|key| key.state_at(now) == KeyState::Active).count();
        assert_eq!((keys.items.len(), active), (5, 1));
    }

    async fn many_first_sights_at_once_make_one_user(database: Database) {
        let world = Arc::new(World::new(database.store().clone()).await);
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (world, token) = (Arc::clone(&world), world.token("user-1"));
                tokio::spawn(async move { outcome(&world.services, &world, &token).await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), "accepted");
        }
        let users = world.services.users.list(&world.admin(), world.environment, &Default::default()).await.unwrap();
        assert_eq!(users.items.len(), 1);
    }
}

#[test]
fn a_database_that_stops_answering_makes_the_trust_state_unknown() {
    hallpass_testkit::block_on(async {
        let database = Database::postgres().await;
        let world = World::new(database.store().clone()).await;
        let token = world.token("user-1");
        assert_eq!(outcome(&world.services, &world, &token).await, "accepted");
        database.shut_out().await;
        // Who was never seen cannot be written down, and is not let in on a guess.
        let unseen = world.token("user-2");
        for _ in 0..3 {
            assert_eq!(
                outcome(&world.services, &world, &unseen).await,
                "storage_unavailable"
            );
        }
        // Remembered tokens are believed for a moment, then nothing is.
        let mut last = outcome(&world.services, &world, &token).await;
        for _ in 0..80 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            last = outcome(&world.services, &world, &token).await;
            if last == "trust_state_unknown" {
                break;
            }
        }
        assert_eq!(last, "trust_state_unknown");
        assert!(!world.services.health.ready().await.ok);
        database.let_in().await;
        for _ in 0..80 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            last = outcome(&world.services, &world, &token).await;
            if last == "accepted" {
                break;
            }
        }
        assert_eq!(last, "accepted");
    });
}
