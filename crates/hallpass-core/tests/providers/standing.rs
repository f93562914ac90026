//! What an operator does to a provider or a user counts at once here, and within a second on other nodes.

use std::sync::Arc;
use std::time::Duration;

use hallpass_core::Services;
use hallpass_model::ProviderKind;
use hallpass_testkit::on_both_engines;
use hallpass_testkit::provider::{FakeProvider, KINDS};
use serde_json::json;

use crate::support::{Scene, add_to, outcome_at, scene, scene_on};

/// What other processes promise; a change has to be seen within it.
const ELSEWHERE: Duration = Duration::from_secs(1);

async fn seen_elsewhere(node: &Arc<Services>, scene: &Scene, token: &str, expected: &str) {
    let look = async {
        while outcome_at(node, scene.world.environment, token).await != expected {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(ELSEWHERE, look).await;
    assert!(waited.is_ok(), "{expected} was not seen within a second");
}

on_both_engines! {
    async fn row_30_a_disabled_issuer_is_refused_everywhere_and_let_in_again(database: Database) {
        let provider = FakeProvider::of(ProviderKind::Auth0).await;
        let scene = scene_on(database, provider, json!({})).await;
        let node = scene.world.second_node(scene.database.open_again().await).await;
        let (cached, other) = (scene.provider.id_token("user-1", json!({})), scene.provider.id_token("user-2", json!({})));
        for _ in 0..2 {
            for services in [&scene.world.services, &node] {
                assert_eq!(outcome_at(services, scene.world.environment, &cached).await, "accepted");
            }
            scene.disable(true).await;
            for token in [&cached, &other] {
                assert_eq!(scene.outcome(token).await, "issuer_disabled");
            }
            seen_elsewhere(&node, &scene, &cached, "issuer_disabled").await;
            assert_eq!(outcome_at(&node, scene.world.environment, &other).await, "issuer_disabled");
            scene.disable(false).await;
            assert_eq!(scene.outcome(&cached).await, "accepted");
            seen_elsewhere(&node, &scene, &cached, "accepted").await;
        }
    }

    async fn row_30_a_removed_provider_is_trusted_nowhere(database: Database) {
        let provider = FakeProvider::of(ProviderKind::Jwks).await;
        let scene = scene_on(database, provider, json!({})).await;
        let node = scene.world.second_node(scene.database.open_again().await).await;
        let token = scene.provider.id_token("user-1", json!({}));
        for services in [&scene.world.services, &node] {
            assert_eq!(outcome_at(services, scene.world.environment, &token).await, "accepted");
        }
        scene.remove().await;
        // What is left is the environment's own key, which did not sign it.
        assert_eq!(scene.outcome(&token).await, "signature_invalid");
        seen_elsewhere(&node, &scene, &token, "signature_invalid").await;
        // Added again, it is trusted again.
        add_to(&scene.world, scene.world.environment, &scene.provider.settings()).await;
        assert_eq!(scene.outcome(&token).await, "accepted");
        seen_elsewhere(&node, &scene, &token, "accepted").await;
    }

    async fn a_provider_removed_here_stays_where_else_it_is_trusted(database: Database) {
        let provider = FakeProvider::of(ProviderKind::Oidc).await;
        let scene = scene_on(database, provider, json!({})).await;
        let beta = scene.world.another_environment("beta").await;
        add_to(&scene.world, beta, &scene.provider.settings()).await;
        let services = &scene.world.services;
        let token = scene.provider.id_token("user-1", json!({}));
        for environment in [scene.world.environment, beta] {
            assert_eq!(outcome_at(services, environment, &token).await, "accepted");
        }
        assert_eq!(scene.provider.fetches(), 1, "one address is fetched once for both");
        scene.remove().await;
        assert_eq!(scene.outcome(&token).await, "signature_invalid");
        let fresh = scene.provider.id_token("user-2", json!({}));
        for token in [&token, &fresh] {
            assert_eq!(outcome_at(services, beta, token).await, "accepted");
        }
        assert_eq!(scene.provider.fetches(), 1);
        // Kept fresh for the environment that still uses it.
        scene.advance(250);
        scene.provider.wait_for_fetches(2).await;
    }
}

#[tokio::test]
async fn row_30_frozen_and_revoked_users_of_every_kind() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let users = &scene.world.services.users;
        let (admin, environment) = (scene.world.admin(), scene.world.environment);
        let (sub, token) = (
            "user-1".parse().unwrap(),
            scene.provider.id_token("user-1", json!({})),
        );
        assert_eq!(scene.outcome(&token).await, "accepted");
        users.freeze(&admin, environment, &sub).await.unwrap();
        assert_eq!(scene.outcome(&token).await, "user_frozen", "{kind:?}");
        users.unfreeze(&admin, environment, &sub).await.unwrap();
        assert_eq!(scene.outcome(&token).await, "accepted", "{kind:?}");
        users.revoke(&admin, environment, &sub).await.unwrap();
        assert_eq!(scene.outcome(&token).await, "token_revoked", "{kind:?}");
        scene.advance(1);
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
    }
}

#[tokio::test]
async fn row_30_a_disabled_provider_keeps_its_issuer_to_itself() {
    for kind in KINDS {
        let scene = scene(kind).await;
        scene.disable(true).await;
        let refused = crate::support::refusal_of(&scene.world, &scene.provider.settings()).await;
        assert_eq!(refused.code(), "issuer_taken", "{kind:?}");
        // No other key of the environment speaks for it meanwhile.
        let claims = scene.provider.id_claims("user-1");
        let own = scene.world.sign(&claims);
        assert_eq!(scene.outcome(&own).await, "issuer_disabled", "{kind:?}");
        assert_eq!(scene.provider.requests().len(), 0);
    }
}

#[tokio::test]
async fn row_30_what_changes_while_the_keys_are_fetched_counts_for_those_who_wait() {
    for change in ["disable", "remove", "freeze", "audience"] {
        let scene = Arc::new(scene(ProviderKind::Auth0).await);
        scene.provider.hold();
        let waiting = tokio::spawn({
            let scene = Arc::clone(&scene);
            async move { scene.outcome_with(json!({})).await }
        });
        scene.provider.wait_for_fetches(1).await;
        let expected = match change {
            "disable" => {
                scene.disable(true).await;
                "issuer_disabled"
            }
            "remove" => {
                scene.remove().await;
                "signature_invalid"
            }
            "freeze" => {
                let users = &scene.world.services.users;
                let (admin, environment) = (scene.world.admin(), scene.world.environment);
                // Seen before, by the environment's own key.
                assert_eq!(
                    scene.outcome(&scene.world.token("user-1")).await,
                    "accepted"
                );
                let sub = "user-1".parse().unwrap();
                users.freeze(&admin, environment, &sub).await.unwrap();
                "user_frozen"
            }
            _ => {
                let patch = hallpass_core::ProviderPatch {
                    settings: Some(json!({ "audiences": ["another-app"] })),
                    disabled: None,
                };
                scene.patch(patch).await.unwrap();
                "aud_mismatch"
            }
        };
        scene.provider.release();
        assert_eq!(waiting.await.unwrap(), expected, "{change}");
    }
}
