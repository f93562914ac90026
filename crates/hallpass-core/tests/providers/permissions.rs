//! Where a provider's token says what it may do. What is not said is not allowed, once it is settled where to say it.

use hallpass_core::{Caller, EnvironmentPatch};
use hallpass_model::ProviderKind;
use hallpass_permissions::{Permission, Target};
use hallpass_testkit::provider::KINDS;
use serde_json::{Value, json};

use crate::support::{PERMISSIONS, Scene, scene, scene_with};

async fn caller(scene: &Scene, more: Value) -> Caller {
    let token = scene.provider.id_token("user-1", more);
    let tokens = &scene.world.services.tokens;
    tokens
        .authenticate(scene.world.environment, &token)
        .await
        .unwrap()
}

/// Every permission that the token has on Slack.
async fn allowed(scene: &Scene, more: Value) -> Vec<&'static str> {
    let caller = caller(scene, more).await;
    let here = |permission: &Permission| caller.decide(&slack(), *permission).allowed;
    Permission::ALL
        .into_iter()
        .filter(here)
        .map(Permission::as_str)
        .collect()
}

fn everything() -> Vec<&'static str> {
    Permission::ALL.map(Permission::as_str).to_vec()
}

fn slack() -> Target<'static> {
    Target {
        integration: Some("slack"),
        ..Target::default()
    }
}

/// Sending requests through the proxy, and nothing else.
fn calling() -> Value {
    json!({ "integration:slack": ["proxy-api"] })
}

#[tokio::test]
async fn without_a_configured_place_an_absent_claim_is_unrestricted() {
    for kind in KINDS {
        let scene = scene(kind).await;
        assert_eq!(allowed(&scene, json!({})).await, everything(), "{kind:?}");
        let nothing = allowed(&scene, json!({ PERMISSIONS: {} })).await;
        assert!(nothing.is_empty(), "{kind:?}: {nothing:?}");
        let some = allowed(&scene, json!({ PERMISSIONS: calling() })).await;
        assert_eq!(some, ["proxy-api"], "{kind:?}");
    }
}

#[tokio::test]
async fn a_configured_place_says_everything() {
    for kind in KINDS {
        for (path, place) in [
            ("permissions", json!({ "permissions": "@" })),
            (
                "https://acme.test/permissions",
                json!({ "https://acme.test/permissions": "@" }),
            ),
            (
                "/app_metadata/hallpass",
                json!({ "app_metadata": { "hallpass": "@" } }),
            ),
        ] {
            let scene = scene_with(kind, json!({ "permissions_claim": path })).await;
            let say = |value: Value| replaced(&place, &value);
            let some = allowed(&scene, say(calling())).await;
            assert_eq!(some, ["proxy-api"], "{kind:?} {path}");
            for absent in [
                json!({}),
                json!({ "app_metadata": {} }),
                json!({ "app_metadata": "x" }),
                say(json!({})),
            ] {
                let nothing = allowed(&scene, absent.clone()).await;
                assert!(nothing.is_empty(), "{kind:?} {path} {absent}: {nothing:?}");
            }
            for bad in [json!("{}"), json!([]), json!(7), json!(true)] {
                let outcome = scene.outcome_with(say(bad.clone())).await;
                assert_eq!(
                    outcome, "permission_claim_malformed",
                    "{kind:?} {path} {bad}"
                );
            }
            let outcome = scene.outcome_of_payload(&with_null(&scene, &place)).await;
            assert_eq!(outcome, "permission_claim_malformed", "{kind:?} {path}");
            let mut both = say(calling());
            both[PERMISSIONS] = calling();
            assert_eq!(
                scene.outcome_with(both).await,
                "permission_claim_ambiguous",
                "{kind:?} {path}"
            );
            // Only the configured place counts, even while the claim's own name stands alone.
            let own = allowed(&scene, json!({ PERMISSIONS: calling() })).await;
            assert!(own.is_empty(), "{kind:?} {path}: {own:?}");
        }
    }
}

#[tokio::test]
async fn roles_give_the_permissions_of_the_first_mapped_one() {
    for kind in KINDS {
        for (path, place) in [
            ("role", json!({ "role": "@" })),
            (
                "/realm_access/roles",
                json!({ "realm_access": { "roles": "@" } }),
            ),
        ] {
            let scene = scene_with(kind, roles_at(path)).await;
            let say = |value: Value| replaced(&place, &value);
            for (roles, expected) in [
                (json!("caller"), vec!["proxy-api"]),
                (json!(["caller"]), vec!["proxy-api"]),
                (json!(["staff", "caller"]), vec!["proxy-api"]),
                // The order of the configuration decides, not the token's.
                (json!(["caller", "sender"]), vec!["events"]),
                (json!(["sender", "caller"]), vec!["events"]),
                // No mapped role is nothing.
                (json!(["staff"]), vec![]),
                (json!("Caller"), vec![]),
                (json!("caller "), vec![]),
                (json!(""), vec![]),
                (json!([]), vec![]),
                (json!(["nothing", "staff"]), vec![]),
            ] {
                let found = allowed(&scene, say(roles.clone())).await;
                assert_eq!(found, expected, "{kind:?} {path} {roles}");
            }
            for absent in [
                json!({}),
                json!({ "realm_access": {} }),
                json!({ "realm_access": [] }),
            ] {
                let nothing = allowed(&scene, absent).await;
                assert!(nothing.is_empty(), "{kind:?} {path}: {nothing:?}");
            }
            for bad in [
                json!(7),
                json!({ "caller": true }),
                json!(["caller", 7]),
                json!([["caller"]]),
                json!(true),
            ] {
                let outcome = scene.outcome_with(say(bad.clone())).await;
                assert_eq!(outcome, "claim_malformed", "{kind:?} {path} {bad}");
            }
            let outcome = scene.outcome_of_payload(&with_null(&scene, &place)).await;
            assert_eq!(outcome, "claim_malformed", "{kind:?} {path}");
            let many: Vec<_> = (0..1000).map(|n| format!("r{n}")).collect();
            let outcome = scene.outcome_with(say(json!(many))).await;
            assert_eq!(outcome, "claim_malformed", "{kind:?} {path}");
            let mut both = say(json!("caller"));
            both[PERMISSIONS] = calling();
            assert_eq!(
                scene.outcome_with(both).await,
                "permission_claim_ambiguous",
                "{kind:?} {path}"
            );
        }
    }
}

#[tokio::test]
async fn an_unrestricted_role_has_to_be_written_down() {
    let scene = scene_with(
        ProviderKind::Jwks,
        json!({
            "roles_claim": "role",
            "role_permissions": [{ "role": "admin", "permissions": { "integration:*": true } }],
        }),
    )
    .await;
    assert_eq!(
        allowed(&scene, json!({ "role": "admin" })).await,
        everything()
    );
    assert!(allowed(&scene, json!({ "role": "user" })).await.is_empty());
}

#[tokio::test]
async fn an_environment_that_requires_permissions_takes_them_from_the_place_too() {
    for kind in KINDS {
        let scene = scene_with(kind, json!({ "permissions_claim": "permissions" })).await;
        let patch = EnvironmentPatch {
            settings: Some(json!({ "require_permission_claim": true })),
            ..Default::default()
        };
        let environments = &scene.world.services.environments;
        environments
            .update(&scene.world.admin(), scene.world.environment, patch, None)
            .await
            .unwrap();
        let outcome = scene.outcome_with(json!({})).await;
        assert_eq!(outcome, "permission_claim_missing", "{kind:?}");
        let some = allowed(&scene, json!({ "permissions": calling() })).await;
        assert_eq!(some, ["proxy-api"], "{kind:?}");
    }
}

#[tokio::test]
async fn a_changed_mapping_counts_for_remembered_tokens() {
    let scene = scene_with(ProviderKind::Jwks, roles_at("role")).await;
    let token = scene
        .provider
        .id_token("user-1", json!({ "role": "caller" }));
    let may_call = async || {
        let tokens = &scene.world.services.tokens;
        let caller = tokens
            .authenticate(scene.world.environment, &token)
            .await
            .unwrap();
        caller.decide(&slack(), Permission::ProxyApi).allowed
    };
    assert!(may_call().await);
    let settings = json!({ "role_permissions": [{ "role": "caller", "permissions": {} }] });
    let patch = hallpass_core::ProviderPatch {
        settings: Some(settings),
        disabled: None,
    };
    scene.patch(patch).await.unwrap();
    assert!(!may_call().await);
}

fn roles_at(path: &str) -> Value {
    json!({
        "roles_claim": path,
        "role_permissions": [
            { "role": "nothing", "permissions": {} },
            { "role": "sender", "permissions": { "integration:slack": ["events"] } },
            { "role": "caller", "permissions": { "integration:slack": ["proxy-api"] } },
        ],
    })
}

fn replaced(place: &Value, value: &Value) -> Value {
    let text = place.to_string().replace("\"@\"", &value.to_string());
    serde_json::from_str(&text).unwrap()
}

/// A good payload with `null` at the place.
fn with_null(scene: &Scene, place: &Value) -> String {
    let mut claims = scene.provider.id_claims("user-1");
    let place = replaced(place, &Value::Null);
    let members = place.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(members);
    claims.to_string()
}
