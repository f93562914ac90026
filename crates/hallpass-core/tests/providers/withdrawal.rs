//! A key that the provider withdraws stops counting with the refresh that drops it, for remembered tokens too.

use hallpass_model::ProviderKind;
use hallpass_testkit::on_both_engines;
use hallpass_testkit::provider::{FakeKey, FakeProvider, KINDS};
use serde_json::json;

use crate::support::{Scene, eventually, outcome_at, scene, scene_on};

/// Lets the background refresh happen, and waits until it has.
async fn refresh(scene: &Scene) {
    // Old enough for a set that is fresh for an hour as well as for one of five minutes.
    scene.advance(3000);
    let now = scene.provider.now_secs();
    eventually(now, async || {
        scene.keys().await.fetched_at.unwrap().as_secs()
    })
    .await;
}

fn long(scene: &Scene, sub: &str) -> String {
    let exp = scene.provider.now_secs() + 30 * 24 * 3600;
    scene.provider.id_token(sub, json!({ "exp": exp }))
}

#[tokio::test]
async fn row_30_a_withdrawn_key_stops_at_once_for_remembered_tokens_too() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let (old, next) = (scene.provider.key(), FakeKey::rsa("next"));
        let (cached, unseen) = (long(&scene, "user-1"), long(&scene, "user-2"));
        assert_eq!(scene.outcome(&cached).await, "accepted");
        scene.provider.publish(&[old.clone(), next.clone()]);
        scene.provider.sign_with(&next);
        scene.advance(31);
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        assert_eq!(scene.outcome(&cached).await, "accepted", "{kind:?}");
        scene.provider.publish(std::slice::from_ref(&next));
        // Not known here yet.
        assert_eq!(scene.outcome(&cached).await, "accepted", "{kind:?}");
        scene.advance(31);
        assert_eq!(scene.present_unknown_key().await, "unknown_key");
        for token in [&cached, &unseen] {
            assert_eq!(scene.outcome(token).await, "unknown_key", "{kind:?}");
        }
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
        // Published again, it counts again.
        scene.provider.publish(&[next, old]);
        scene.advance(31);
        for token in [&cached, &unseen] {
            assert_eq!(scene.outcome(token).await, "accepted", "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_key_withdrawn_by_a_background_refresh() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let (cached, unseen) = (long(&scene, "user-1"), long(&scene, "user-2"));
        assert_eq!(scene.outcome(&cached).await, "accepted");
        scene.provider.use_only(&FakeKey::rsa("next"));
        refresh(&scene).await;
        for token in [&cached, &unseen] {
            assert_eq!(scene.outcome(token).await, "unknown_key", "{kind:?}");
        }
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
    }
}

#[tokio::test]
async fn other_material_under_the_same_name_is_another_key() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let cached = long(&scene, "user-1");
        assert_eq!(scene.outcome(&cached).await, "accepted");
        let kid = scene.provider.key().kid().unwrap().to_owned();
        scene.provider.use_only(&FakeKey::rsa(&kid));
        // The name is known: no fetch for it.
        assert_eq!(scene.outcome_with(json!({})).await, "signature_invalid");
        assert_eq!(scene.outcome(&cached).await, "accepted");
        refresh(&scene).await;
        assert_eq!(
            scene.outcome(&cached).await,
            "signature_invalid",
            "{kind:?}"
        );
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
    }
}

#[tokio::test]
async fn a_key_that_becomes_one_for_encryption_stops_counting() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let cached = long(&scene, "user-1");
        assert_eq!(scene.outcome(&cached).await, "accepted");
        let turned = scene.provider.key().with(json!({ "use": "enc" }));
        scene.provider.publish(&[turned, FakeKey::rsa("next")]);
        refresh(&scene).await;
        assert_eq!(scene.outcome(&cached).await, "unknown_key", "{kind:?}");
    }
}

/// Whoever calls with one token all day long never needs a key, and relies on the refresh all the same.
#[tokio::test]
async fn a_withdrawn_key_stops_counting_though_only_remembered_tokens_are_sent() {
    let scene = scene(ProviderKind::Jwks).await;
    let cached = long(&scene, "user-1");
    assert_eq!(scene.outcome(&cached).await, "accepted");
    // Far longer than a set is kept fresh that nobody uses.
    for _ in 0..4 {
        refresh(&scene).await;
        assert_eq!(scene.outcome(&cached).await, "accepted");
    }
    assert_eq!(scene.provider.fetches(), 5, "all of them in the background");
    scene.provider.use_only(&FakeKey::rsa("next"));
    refresh(&scene).await;
    assert_eq!(scene.outcome(&cached).await, "unknown_key");
}

#[tokio::test]
async fn after_a_long_silence_a_remembered_token_does_not_outlive_its_key() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let cached = long(&scene, "user-1");
        assert_eq!(scene.outcome(&cached).await, "accepted");
        scene.provider.use_only(&FakeKey::rsa("next"));
        // Nobody calls for so long that the set is not kept fresh any more.
        scene.advance(4 * 3600);
        assert_eq!(scene.outcome(&cached).await, "unknown_key", "{kind:?}");
    }
}

#[tokio::test]
async fn a_failure_of_long_ago_is_no_reason_not_to_ask_again() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let (cached, unseen) = (long(&scene, "user-1"), long(&scene, "user-2"));
        assert_eq!(scene.outcome(&cached).await, "accepted");
        scene.provider.go_down().await;
        scene.advance(31);
        assert_eq!(scene.present_unknown_key().await, "keys_unavailable");
        scene.wait_until_down("stale").await;
        // Back soon, with other keys; but nobody calls for so long that nobody looks either.
        scene.provider.use_only(&FakeKey::rsa("next"));
        scene.advance(4 * 3600);
        scene.provider.come_up().await;
        for token in [&unseen, &cached] {
            assert_eq!(scene.outcome(token).await, "unknown_key", "{kind:?}");
        }
    }
}

on_both_engines! {
    async fn a_withdrawn_key_stops_counting_on_every_node_with_its_own_refresh(database: Database) {
        let provider = FakeProvider::of(ProviderKind::Jwks).await;
        let scene = scene_on(database, provider, json!({})).await;
        let node = scene.world.second_node(scene.database.open_again().await).await;
        let cached = long(&scene, "user-1");
        for services in [&scene.world.services, &node] {
            assert_eq!(outcome_at(services, scene.world.environment, &cached).await, "accepted");
        }
        assert_eq!(scene.provider.fetches(), 2, "each node has keys of its own");
        scene.provider.use_only(&FakeKey::rsa("next"));
        scene.advance(250);
        for services in [&scene.world.services, &node] {
            eventually("unknown_key", async || {
                outcome_at(services, scene.world.environment, &cached).await
            })
            .await;
        }
        let fresh = scene.provider.id_token("user-1", json!({}));
        for services in [&scene.world.services, &node] {
            assert_eq!(outcome_at(services, scene.world.environment, &fresh).await, "accepted");
        }
        assert_eq!(scene.provider.fetches(), 4);
    }
}
