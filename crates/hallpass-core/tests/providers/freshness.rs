//! When keys are fetched: once at the start, in the background before they are old, and never in a hurry.

use std::sync::Arc;

use hallpass_model::{EnvironmentId, ProviderKind};
use hallpass_testkit::Database;
use hallpass_testkit::provider::{FakeKey, FakeProvider, KINDS};
use hallpass_testkit::world::World;
use serde_json::{Value, json};

use crate::support::{Scene, add, add_to, eventually, outcome_at, scene, scene_of};

const FIREBASE_DAY: &str = "public, max-age=21600, must-revalidate, no-transform";

#[test]
fn a_cold_start_is_one_fetch_for_a_hundred_requests() {
    hallpass_testkit::block_on(async {
        for kind in KINDS {
            let scene = Arc::new(scene(kind).await);
            assert_eq!(scene.standing().await, ("unknown", None));
            assert_eq!(scene.provider.requests().len(), 0, "adding fetches nothing");
            scene.provider.hold();
            let tasks: Vec<_> = (0..100)
                .map(|n| {
                    let scene = Arc::clone(&scene);
                    tokio::spawn(async move {
                        let sub = format!("user-{}", n % 5);
                        let token = scene.provider.id_token(&sub, json!({ "n": n }));
                        scene.outcome(&token).await
                    })
                })
                .collect();
            eventually(1, async || scene.provider.requests().len()).await;
            scene.provider.release();
            for task in tasks {
                assert_eq!(task.await.unwrap(), "accepted", "{kind:?}");
            }
            assert_eq!(scene.provider.fetches(), 1, "{kind:?}");
            assert_eq!(scene.standing().await, ("fresh", None));
        }
    });
}

#[tokio::test]
async fn who_hangs_up_does_not_take_the_fetch_along() {
    let scene = Arc::new(scene(ProviderKind::Jwks).await);
    scene.provider.hold();
    let token = scene.provider.id_token("user-1", json!({}));
    let first = tokio::spawn({
        let (scene, token) = (Arc::clone(&scene), token.clone());
        async move { scene.outcome(&token).await }
    });
    scene.provider.wait_for_fetches(1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    scene.provider.release();
    assert_eq!(scene.outcome(&token).await, "accepted");
    assert_eq!(scene.provider.fetches(), 1);
}

#[tokio::test]
async fn max_age_is_honoured_between_a_minute_and_an_hour() {
    for kind in KINDS {
        for (cache_control, secs) in [
            (Some("max-age=600"), 600),
            (Some("public, max-age=15, must-revalidate"), 60),
            (Some("max-age=0"), 60),
            (Some("no-store"), 60),
            (Some(FIREBASE_DAY), 3600),
            (None, 300),
        ] {
            let provider = FakeProvider::of(kind).await;
            provider.remove_header("Cache-Control");
            if let Some(value) = cache_control {
                provider.set_header("Cache-Control", value);
            }
            let scene = scene_of(provider, json!({})).await;
            assert_eq!(scene.outcome_with(json!({})).await, "accepted");
            assert_eq!(fresh_secs(&scene).await, secs, "{kind:?} {cache_control:?}");
        }
    }
}

async fn fresh_secs(scene: &Scene) -> i64 {
    let keys = scene.keys().await;
    keys.refresh_at.unwrap().as_secs() - keys.fetched_at.unwrap().as_secs()
}

#[tokio::test]
async fn refreshed_in_the_background_before_it_is_old() {
    for kind in KINDS {
        let provider = FakeProvider::of(kind).await;
        provider.set_header("Cache-Control", "max-age=600");
        let scene = scene_of(provider, json!({})).await;
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        let next = FakeKey::rsa("next");
        scene
            .provider
            .publish(&[scene.provider.key(), next.clone()]);
        for round in 2..4 {
            // Not old yet: nobody waits for this fetch.
            scene.advance(540);
            scene.provider.wait_for_fetches(round).await;
            let now = scene.provider.now_secs();
            eventually(now, async || {
                scene.keys().await.fetched_at.unwrap().as_secs()
            })
            .await;
        }
        assert_eq!(scene.keys().await.count, 2, "{kind:?}");
        scene.provider.hold();
        let token = next.sign(json!({}), &scene.provider.id_claims("user-1"));
        assert_eq!(scene.outcome(&token).await, "accepted", "{kind:?}");
        scene.provider.release();
        assert_eq!(scene.provider.fetches(), 3, "{kind:?}");
    }
}

#[tokio::test]
async fn thirty_seconds_lie_between_two_fetches() {
    for kind in KINDS {
        let scene = scene(kind).await;
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        let next = FakeKey::rsa("next");
        scene
            .provider
            .publish(&[scene.provider.key(), next.clone()]);
        let outcome = async || {
            let token = next.sign(json!({}), &scene.provider.id_claims("user-1"));
            scene.outcome(&token).await
        };
        scene.advance(29);
        assert_eq!(outcome().await, "unknown_key", "{kind:?}");
        assert_eq!(scene.provider.fetches(), 1, "{kind:?}");
        scene.advance(1);
        assert_eq!(outcome().await, "accepted", "{kind:?}");
        assert_eq!(scene.provider.fetches(), 2, "{kind:?}");
        // A fetch that fails counts as one.
        scene
            .provider
            .behave(hallpass_testkit::provider::Behaviour::Status(500));
        scene.advance(30);
        let before = scene.provider.requests().len();
        for _ in 0..3 {
            assert_eq!(scene.present_unknown_key().await, "keys_unavailable");
        }
        assert_eq!(scene.provider.requests().len(), before + 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_clock_set_back_or_forward_changes_nothing_about_the_floor() {
    let scene = scene(ProviderKind::Jwks).await;
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    for secs in [-86_400, 2 * 86_400] {
        scene.world.clock.jump_secs(secs);
        assert_eq!(scene.present_unknown_key().await, "unknown_key");
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{secs}");
    }
    assert_eq!(scene.provider.fetches(), 1);
}

#[tokio::test]
async fn after_a_long_silence_the_first_token_waits_for_new_keys() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let old = scene.provider.key();
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        // Two hours in which nobody calls.
        scene.provider.use_only(&FakeKey::rsa("next"));
        scene.advance(7200);
        let token = old.sign(json!({}), &scene.provider.id_claims("user-1"));
        assert_eq!(scene.outcome(&token).await, "unknown_key", "{kind:?}");
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
        assert_eq!(scene.provider.fetches(), 2, "{kind:?}");
    }
}

/// A second provider, whose background refreshes tell that the first one's turn came too.
async fn beside_another(kind: ProviderKind) -> (Scene, FakeProvider, EnvironmentId) {
    let (provider, other) = (
        FakeProvider::of(kind).await,
        FakeProvider::jwks("app").await,
    );
    let database = Database::sqlite().await;
    let world = World::beside(database.store().clone(), &[&provider, &other]).await;
    let id = add(&world, &provider.settings()).await;
    let beta = world.another_environment("beta").await;
    add_to(&world, beta, &other.settings()).await;
    let scene = Scene {
        world,
        provider,
        id,
        database,
    };
    (scene, other, beta)
}

#[tokio::test]
async fn nobody_is_asked_any_more_after_being_removed() {
    for kind in KINDS {
        let (scene, other, beta) = beside_another(kind).await;
        let services = &scene.world.services;
        let tick = other.id_token("user-1", json!({}));
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        assert_eq!(outcome_at(services, beta, &tick).await, "accepted");
        scene.remove().await;
        // Somebody calls, and what is trusted is read anew.
        assert_eq!(
            scene.outcome(&scene.world.token("user-1")).await,
            "accepted"
        );
        let before = scene.provider.requests().len();
        for round in 2..5 {
            scene.advance(1000);
            other.wait_for_fetches(round).await;
            assert_eq!(outcome_at(services, beta, &tick).await, "accepted");
        }
        assert_eq!(scene.provider.requests().len(), before, "{kind:?}");
    }
}

#[tokio::test]
async fn a_good_set_outlives_a_change_that_nobody_noticed_yet() {
    for kind in KINDS {
        let (scene, other, beta) = beside_another(kind).await;
        let services = &scene.world.services;
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        // What is trusted has to be read anew, by whoever calls next.
        scene.disable(true).await;
        scene.disable(false).await;
        scene.advance(2 * 3600);
        scene.provider.go_down().await;
        for round in 1..3 {
            let tick = other.id_token("user-1", json!({}));
            assert_eq!(outcome_at(services, beta, &tick).await, "accepted");
            other.wait_for_fetches(round).await;
            scene.advance(250);
        }
        other.wait_for_fetches(3).await;
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
    }
}

#[tokio::test]
async fn an_operators_test_fetches_now_and_reports() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let enc = FakeKey::es256("enc").with(json!({ "use": "enc" }));
        scene.provider.publish(&[scene.provider.key(), enc]);
        let providers = &scene.world.services.identity_providers;
        let (admin, environment) = (scene.world.admin(), scene.world.environment);
        let good = scene.provider.id_token("user-1", json!({}));
        let bad = scene.provider.id_token("user-1", json!({ "aud": "other" }));
        let tested = providers
            .test(&admin, environment, scene.id, Some(&good))
            .await
            .unwrap();
        assert!(tested.fetch.ok, "{:?}", tested.fetch);
        assert_eq!(tested.fetch.status, Some(200));
        let usable: Vec<_> = tested
            .keys
            .iter()
            .map(|key| (key.kid.as_deref(), key.usable))
            .collect();
        let own = scene.provider.key();
        assert_eq!(
            usable,
            [(own.kid(), true), (Some("enc"), false)],
            "{kind:?}"
        );
        let report = tested.token.unwrap();
        assert!(report.accepted, "{kind:?}: {report:?}");
        assert!(report.steps.iter().all(|step| step.ok));
        let tested = providers
            .test(&admin, environment, scene.id, Some(&bad))
            .await
            .unwrap();
        let report = tested.token.unwrap();
        assert_eq!(
            (report.accepted, report.reason),
            (false, Some("aud_mismatch"))
        );
        let text = serde_json::to_string(&report).unwrap();
        assert!(
            !text.contains(bad.rsplit('.').next().unwrap()),
            "the token is not echoed"
        );
        // Nothing of it made a user or was remembered.
        let users = &scene.world.services.users;
        let users = users
            .list(&admin, environment, &Default::default())
            .await
            .unwrap();
        assert_eq!(users.items.len(), 0, "{kind:?}");
        assert_eq!(scene.world.services.tokens.remembered_count(), 0);
        scene.provider.go_down().await;
        let tested = providers
            .test(&admin, environment, scene.id, Some(&good))
            .await
            .unwrap();
        assert!(!tested.fetch.ok);
        let code = tested.fetch.code;
        assert!(
            matches!(code, Some("egress_connect_failed" | "egress_broken_off")),
            "{code:?}"
        );
        let _: Value = serde_json::to_value(&tested).unwrap();
        // The set that was good goes on counting.
        assert_eq!(scene.outcome(&good).await, "accepted", "{kind:?}");
    }
}
