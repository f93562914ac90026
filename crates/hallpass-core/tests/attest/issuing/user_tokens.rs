//! Issued tokens on the Connect surface: taken only where an environment says so, and only while their session lives.

use std::time::Duration;

use hallpass_core::{Clock as _, Services};
use hallpass_permissions::{Permission, TargetSpec};
use hallpass_testkit::person::{Person, Signing, signed_in};
use hallpass_testkit::world::World;
use hallpass_testkit::{Database, on_both_engines};
use serde_json::json;

use super::support::set;

async fn trusting(database: &Database) -> (World, Person) {
    let world = World::new(database.store().clone()).await;
    set(
        &world,
        world.environment,
        json!({"trust_issued_tokens": true}),
    )
    .await;
    let signing = Signing::by_email("ana@example.com");
    let person = signed_in(&world.services, &world.store, world.environment, signing).await;
    (world, person)
}

async fn outcome(services: &Services, world: &World, token: &str) -> &'static str {
    match services.tokens.authenticate(world.environment, token).await {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

async fn end_session(world: &World, person: &Person) {
    let mut tx = world.store.write().await.unwrap();
    let now = world.clock.now();
    assert!(
        tx.end_session(world.environment, person.session, now)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
}

/// Waits until another node says so; what other nodes promise is a second.
#[expect(
    clippy::disallowed_methods,
    reason = "this measures real time between real connections"
)]
async fn seen_elsewhere(node: &Services, world: &World, token: &str, expected: &str) {
    let started = std::time::Instant::now();
    while outcome(node, world, token).await != expected {
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "not {expected} within a second"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

on_both_engines! {
    async fn row_29_an_issued_token_is_no_user_token_unless_the_environment_says_so(database: Database) {
        let world = World::new(database.store().clone()).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, world.environment, signing).await;
        let token = person.issue(&world.services, 0).await.unwrap().token;
        let refused = world.services.tokens.authenticate(world.environment, &token).await.err().unwrap();
        assert_eq!(refused.code(), "wrong_type");
        assert!(refused.message().contains("trust_issued_tokens"));
        set(&world, world.environment, json!({"trust_issued_tokens": true})).await;
        assert_eq!(outcome(&world.services, &world, &token).await, "accepted");
        set(&world, world.environment, json!({"trust_issued_tokens": false})).await;
        assert_eq!(outcome(&world.services, &world, &token).await, "wrong_type");
    }

    async fn it_names_the_account_and_carries_its_permissions(database: Database) {
        let (world, person) = trusting(&database).await;
        set(&world, world.environment, json!({"issued_permissions": {"integration:slack": true}})).await;
        let token = person.issue(&world.services, 0).await.unwrap().token;
        let caller = world.services.tokens.authenticate(world.environment, &token).await.unwrap();
        assert_eq!(caller.sub().as_str(), person.account.to_string());
        let allowed = |integration: &str| {
            let target: TargetSpec = serde_json::from_value(json!({"integration": integration})).unwrap();
            caller.decide(&target.as_target(), Permission::ProxyApi).allowed
        };
        assert!(allowed("slack"));
        assert!(!allowed("hubspot"));
    }

    async fn row_30_an_ended_session_ends_its_tokens_at_once_remembered_ones_too(database: Database) {
        let (world, person) = trusting(&database).await;
        let node = world.second_node(database.open_again().await).await;
        let token = person.issue(&world.services, 0).await.unwrap().token;
        for services in [&world.services, &node] {
            assert_eq!(outcome(services, &world, &token).await, "accepted");
        }
        end_session(&world, &person).await;
        for services in [&world.services, &node] {
            assert_eq!(outcome(services, &world, &token).await, "session_ended");
        }
    }

    async fn row_30_a_session_that_ran_out_ends_its_tokens(database: Database) {
        let (world, person) = trusting(&database).await;
        let token = person.issue(&world.services, 0).await.unwrap().token;
        assert_eq!(outcome(&world.services, &world, &token).await, "accepted");
        // The leeway is for clocks, not for sessions.
        world.clock.advance(Duration::from_secs(1800));
        assert_eq!(outcome(&world.services, &world, &token).await, "session_ended");
    }

    async fn row_30_a_session_that_is_somebody_elses_now_ends_the_tokens_of_before(database: Database) {
        let (world, person) = trusting(&database).await;
        let token = person.issue(&world.services, 0).await.unwrap().token;
        let other = signed_in(&world.services, &world.store, world.environment, Signing::by_email("bo@example.com")).await;
        let mut tx = world.store.write().await.unwrap();
        let mut session = tx.find_session(world.environment, person.session).await.unwrap().unwrap();
        session.account_id = Some(other.account);
        tx.update_session(&session).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(outcome(&world.services, &world, &token).await, "session_ended");
    }

    async fn row_30_a_frozen_account_is_shut_out_at_once(database: Database) {
        let (world, person) = trusting(&database).await;
        let node = world.second_node(database.open_again().await).await;
        let token = person.issue(&world.services, 0).await.unwrap().token;
        assert_eq!(outcome(&node, &world, &token).await, "accepted");
        let mut tx = world.store.write().await.unwrap();
        let mut account = tx.find_account(world.environment, person.account).await.unwrap().unwrap();
        account.frozen_at = Some(world.clock.now());
        tx.update_account(&account).await.unwrap();
        tx.commit().await.unwrap();
        for services in [&world.services, &node] {
            assert_eq!(outcome(services, &world, &token).await, "user_frozen");
        }
    }

    async fn row_30_a_revoked_issuer_key_ends_its_tokens_everywhere_within_a_second(database: Database) {
        let (world, person) = trusting(&database).await;
        let node = world.second_node(database.open_again().await).await;
        let issued = person.issue(&world.services, 0).await.unwrap();
        let fresh = person.issue(&world.services, 1).await.unwrap();
        seen_elsewhere(&node, &world, &issued.token, "accepted").await;
        let keys = &world.services.issuer_keys;
        keys.revoke(&world.admin(), world.environment, &issued.key_id).await.unwrap();
        assert_eq!(outcome(&world.services, &world, &issued.token).await, "signature_invalid");
        seen_elsewhere(&node, &world, &issued.token, "signature_invalid").await;
        assert_eq!(outcome(&node, &world, &fresh.token).await, "accepted");
    }

    async fn row_28_a_token_of_another_environment_is_refused(database: Database) {
        let (world, _) = trusting(&database).await;
        let beta = world.another_environment("beta").await;
        set(&world, beta, json!({"trust_issued_tokens": true})).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, beta, signing).await;
        let token = person.issue(&world.services, 0).await.unwrap().token;
        assert!(world.services.tokens.authenticate(beta, &token).await.is_ok());
        assert_eq!(outcome(&world.services, &world, &token).await, "signature_invalid");
    }

    async fn the_name_of_an_issuer_key_chooses_that_rule_and_no_other(database: Database) {
        let (world, person) = trusting(&database).await;
        let issued = person.issue(&world.services, 0).await.unwrap();
        // Signed with the customer's own key, which would be good under its own name.
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": issued.key_id}).to_string();
        let forged = hallpass_testkit::world::sign_exactly(&world.key, &header, &world.claims("user-1").to_string());
        assert_eq!(outcome(&world.services, &world, &forged).await, "signature_invalid");
    }

    async fn row_62_a_clock_set_back_lengthens_no_remembered_token(database: Database) {
        let (world, person) = trusting(&database).await;
        set(&world, world.environment, json!({"session_secs": 7200, "jwt_max_secs": 60})).await;
        let token = person.issue(&world.services, 0).await.unwrap().token;
        assert_eq!(outcome(&world.services, &world, &token).await, "accepted");
        world.clock.advance(Duration::from_secs(121));
        world.clock.jump_secs(-3600);
        assert_eq!(outcome(&world.services, &world, &token).await, "token_expired");
    }

    async fn a_report_says_which_key_and_whether_the_session_lives(database: Database) {
        let (world, person) = trusting(&database).await;
        let issued = person.issue(&world.services, 0).await.unwrap();
        let report = world.services.tokens.check(world.environment, &issued.token).await.unwrap();
        assert!(report.accepted);
        let details: Vec<_> = report.steps.iter().map(|step| step.detail.as_str()).collect();
        assert!(details.contains(&&*format!("made by the issuer key {}", issued.key_id)), "{details:?}");
        end_session(&world, &person).await;
        let report = world.services.tokens.check(world.environment, &issued.token).await.unwrap();
        assert_eq!(report.reason, Some("session_ended"));
    }
}
