//! The life of issuer keys as operators and nodes see it.

use std::sync::Arc;
use std::time::Duration;

use hallpass_core::{OperatorCaller, Options, Services, Surroundings, SystemRng};
use hallpass_model::{EnvironmentId, IssuerKey, IssuerKeyState, PageRequest};
use hallpass_testkit::on_both_engines;
use hallpass_testkit::person::{Signing, signed_in};
use hallpass_testkit::world::World;
use serde_json::json;

use super::support::{Verifier, claims, now, published, set};

async fn list(services: &Services, environment: EnvironmentId) -> Vec<IssuerKey> {
    let admin = OperatorCaller::command_line();
    let page = PageRequest {
        after: None,
        limit: 200,
    };
    let keys = services.issuer_keys.list(&admin, environment, None, &page);
    keys.await.unwrap().items
}

fn states(keys: &[IssuerKey], world: &World) -> Vec<(u32, IssuerKeyState)> {
    let mut states: Vec<_> = keys
        .iter()
        .map(|key| (key.key_index, key.state_at(now(world))))
        .collect();
    states.sort_by_key(|(index, state)| (*index, *state as u8));
    states
}

on_both_engines! {
    async fn the_first_fetch_makes_the_first_keys_and_they_sign_at_once(database: Database) {
        let world = World::new(database.store().clone()).await;
        let kids = published(&world.services, world.environment).await;
        assert_eq!(kids.len(), 2);
        assert_eq!(published(&world.services, world.environment).await, kids);
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, world.environment, signing).await;
        for (index, kid) in kids.iter().enumerate() {
            let issued = person.issue(&world.services, i64::try_from(index).unwrap()).await.unwrap();
            assert_eq!(issued.key_id, *kid);
        }
    }

    async fn environments_never_share_a_key_and_a_beta_token_fails_in_production(database: Database) {
        let world = World::new(database.store().clone()).await;
        let (beta, production) = (world.another_environment("beta").await, world.another_environment("production").await);
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, beta, signing).await;
        let token = person.issue(&world.services, 0).await.unwrap().token;
        let (mut own, mut other) = (Verifier::default(), Verifier::default());
        own.look(&world.services, beta, now(&world)).await;
        other.look(&world.services, production, now(&world)).await;
        assert!(own.verifies(&token));
        assert!(!other.verifies(&token));
        let (ours, theirs) = (published(&world.services, beta).await, published(&world.services, production).await);
        assert!(ours.iter().all(|kid| !theirs.contains(kid)));
    }

    async fn two_nodes_that_begin_at_once_make_one_set(database: Database) {
        let world = World::new(database.store().clone()).await;
        let node = world.second_node(database.open_again().await).await;
        let (here, there) = tokio::join!(
            published(&world.services, world.environment),
            published(&node, world.environment),
        );
        assert_eq!(list(&node, world.environment).await.len(), 2);
        assert_eq!(here, there);
    }

    async fn a_rotation_shows_next_active_and_retiring_in_turn(database: Database) {
        use IssuerKeyState::{Active, Next, Retired, Retiring};
        let world = World::new(database.store().clone()).await;
        let environment = world.environment;
        let admin = world.admin();
        set(&world, environment, json!({"session_secs": 60, "jwks_max_age_secs": 5})).await;
        let keys = &world.services.issuer_keys;
        assert_eq!(keys.rotate(&admin, environment, None).await.unwrap().len(), 2);
        let made = keys.rotate(&admin, environment, Some(1)).await.unwrap();
        let [made] = made.as_slice() else { panic!("one key") };
        assert_eq!(made.key_index, 1);
        let seen = async || states(&list(&world.services, environment).await, &world);
        assert_eq!(seen().await, [(0, Active), (1, Next), (1, Active)]);
        world.clock.advance(Duration::from_secs(35));
        assert_eq!(seen().await, [(0, Active), (1, Active), (1, Retiring)]);
        assert_eq!(published(&world.services, environment).await.len(), 3);
        world.clock.advance(Duration::from_secs(120));
        assert_eq!(seen().await, [(0, Active), (1, Active), (1, Retired)]);
        assert_eq!(published(&world.services, environment).await.len(), 2);
        let refused = keys.rotate(&admin, environment, Some(2)).await.err().unwrap();
        assert_eq!((refused.code(), refused.pointer()), ("unknown_key_index", Some("/key_index")));
    }

    async fn the_schedule_rotates_once_however_many_nodes_there_are(database: Database) {
        let world = World::new(database.store().clone()).await;
        let node = world.second_node(database.open_again().await).await;
        set(&world, world.environment, json!({"rotate_after_secs": 3600, "issuer_keys": 1})).await;
        published(&world.services, world.environment).await;
        world.clock.advance(Duration::from_secs(3600));
        for _ in 0..2 {
            let (here, there) = tokio::join!(world.services.issuer_keys.keep_up(), node.issuer_keys.keep_up());
            here.unwrap();
            there.unwrap();
        }
        assert_eq!(list(&node, world.environment).await.len(), 2);
    }

    async fn the_private_half_is_sealed_and_erased_once_nobody_needs_it(database: Database) {
        let world = World::new(database.store().clone()).await;
        let environment = world.environment;
        set(&world, environment, json!({"issuer_keys": 1})).await;
        let kid = published(&world.services, environment).await.remove(0);
        let stored = async || {
            let mut tx = world.store.read().await.unwrap();
            tx.find_issuer_private_key(environment, &kid).await.unwrap()
        };
        let sealed = stored().await.unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("PRIVATE"));
        world.services.issuer_keys.rotate(&world.admin(), environment, None).await.unwrap();
        world.services.issuer_keys.keep_up().await.unwrap();
        assert!(stored().await.is_some());
        world.clock.advance(Duration::from_secs(330 + 60));
        world.services.issuer_keys.keep_up().await.unwrap();
        assert!(stored().await.is_none());
        // Its tokens are still good: the public half stays.
        assert!(published(&world.services, environment).await.contains(&kid));
    }

    async fn a_new_index_is_published_first_and_says_when_it_signs(database: Database) {
        let world = World::new(database.store().clone()).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, world.environment, signing).await;
        person.issue(&world.services, 0).await.unwrap();
        set(&world, world.environment, json!({"issuer_keys": 3})).await;
        let refused = person.issue(&world.services, 2).await.err().unwrap();
        assert_eq!((refused.code(), refused.retry_after_secs()), ("issuer_key_pending", Some(331)));
        assert_eq!(published(&world.services, world.environment).await.len(), 3);
        world.clock.advance(Duration::from_secs(331));
        assert!(person.issue(&world.services, 2).await.is_ok());
    }

    async fn a_revoked_key_is_gone_at_once_and_somebody_signs_in_its_place(database: Database) {
        let world = World::new(database.store().clone()).await;
        let environment = world.environment;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, environment, signing).await;
        let first = person.issue(&world.services, 0).await.unwrap();
        let keys = &world.services.issuer_keys;
        let revoked = keys.revoke(&world.admin(), environment, &first.key_id).await.unwrap();
        let fresh = revoked.hasty_successor.unwrap();
        assert_eq!(revoked.key.state_at(now(&world)), IssuerKeyState::Revoked);
        let kids = published(&world.services, environment).await;
        assert!(!kids.contains(&first.key_id));
        assert!(kids.contains(&fresh.kid));
        assert_eq!(person.issue(&world.services, 0).await.unwrap().key_id, fresh.kid);
        // Twice changes nothing.
        let again = keys.revoke(&world.admin(), environment, &first.key_id).await.unwrap();
        assert!(again.hasty_successor.is_none());
        assert_eq!(list(&world.services, environment).await.len(), 3);
        // With a successor, that one takes over, at its own time.
        let next = keys.rotate(&world.admin(), environment, Some(0)).await.unwrap().remove(0);
        let revoked = keys.revoke(&world.admin(), environment, &fresh.kid).await.unwrap();
        assert!(revoked.hasty_successor.is_none());
        let refused = person.issue(&world.services, 0).await.err().unwrap();
        assert_eq!(refused.code(), "issuer_key_pending");
        world.clock.advance(Duration::from_secs(330));
        assert_eq!(person.issue(&world.services, 0).await.unwrap().key_id, next.kid);
        let unknown = keys.revoke(&world.admin(), environment, "nobody").await.err().unwrap();
        assert_eq!(unknown.code(), "not_found");
    }

    async fn without_a_master_key_nothing_is_signed_and_a_key_can_still_be_revoked(database: Database) {
        let world = World::new(database.store().clone()).await;
        let environment = world.environment;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, environment, signing).await;
        let kid = published(&world.services, environment).await.remove(0);
        let keyless = Services::start(
            database.open_again().await,
            world.clock.clone(),
            Arc::new(SystemRng::new()),
            Surroundings::new(world.egress.clone()),
            Options::default(),
        )
        .await
        .unwrap();
        let beta = world.another_environment("beta").await;
        let set = keyless.issuer_keys.published(beta).await.unwrap();
        assert_eq!((set.json.as_str(), set.max_age_secs), (r#"{"keys":[]}"#, 0));
        let refused = person.issue(&keyless, 0).await.err().unwrap();
        assert_eq!(refused.code(), "master_key_missing");
        let revoked = keyless.issuer_keys.revoke(&world.admin(), environment, &kid).await.unwrap();
        assert!(revoked.hasty_successor.is_none());
        assert!(!published(&keyless, environment).await.contains(&kid));
    }

    async fn another_node_signs_with_the_same_keys(database: Database) {
        let world = World::new(database.store().clone()).await;
        let node = world.second_node(database.open_again().await).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, world.environment, signing).await;
        let here = person.issue(&world.services, 0).await.unwrap();
        let there = person.issue(&node, 0).await.unwrap();
        assert_eq!(here.key_id, there.key_id);
        let mut verifier = Verifier::default();
        verifier.look(&node, world.environment, now(&world)).await;
        assert!(verifier.verifies(&here.token) && verifier.verifies(&there.token));
    }

    async fn signatures_are_counted_and_every_change_is_in_the_audit_trail(database: Database) {
        let world = World::new(database.store().clone()).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, world.environment, signing).await;
        for _ in 0..3 {
            person.issue(&world.services, 0).await.unwrap();
        }
        world.services.flush().await;
        let keys = list(&world.services, world.environment).await;
        let uses: Vec<_> = keys.iter().map(|key| (key.key_index, key.use_count)).collect();
        assert!(uses.contains(&(0, 3)) && uses.contains(&(1, 0)), "{uses:?}");
        let admin = world.admin();
        world.clock.advance(Duration::from_secs(1));
        world.services.issuer_keys.rotate(&admin, world.environment, Some(0)).await.unwrap();
        world.clock.advance(Duration::from_secs(1));
        world.services.issuer_keys.revoke(&admin, world.environment, &keys[0].kid).await.unwrap();
        let page = PageRequest::default();
        let query = hallpass_core::AuditQuery::default();
        let trail = world.services.audit.list(&admin, query, &page).await.unwrap();
        let of_keys: Vec<_> = trail
            .items
            .iter()
            .filter(|entry| entry.action.starts_with("issuer_key."))
            .map(|entry| (entry.action.as_str(), entry.actor_kind.as_str()))
            .collect();
        assert_eq!(
            of_keys,
            [("issuer_key.revoke", "command_line"), ("issuer_key.rotate", "command_line"), ("issuer_key.rotate", "system")]
        );
    }

    async fn lowering_a_length_shortens_no_promise(database: Database) {
        let world = World::new(database.store().clone()).await;
        let environment = world.environment;
        set(&world, environment, json!({"session_secs": 86400, "issuer_keys": 1})).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, environment, signing).await;
        let token = person.issue(&world.services, 0).await.unwrap().token;
        set(&world, environment, json!({"session_secs": 60, "jwks_max_age_secs": 5})).await;
        world.services.issuer_keys.rotate(&world.admin(), environment, None).await.unwrap();
        world.clock.advance(Duration::from_secs(86_400 + 59));
        let mut verifier = Verifier::default();
        verifier.look(&world.services, environment, now(&world)).await;
        assert!(verifier.verifies(&token));
        assert_eq!(claims(&token)["exp"], now(&world).as_secs() - 59);
    }
}
