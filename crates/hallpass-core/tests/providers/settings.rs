//! Settings that contradict themselves or mean nothing are refused where they stand.

use hallpass_core::ProviderPatch;
use hallpass_model::{ErrorKind, ProviderKind, ProviderSettings};
use hallpass_testkit::Database;
use hallpass_testkit::provider::FakeProvider;
use hallpass_testkit::world::World;
use serde_json::{Value, json};

use crate::support::{add, changed, refusal_of, scene, without_own_keys};

fn settings(json: Value) -> ProviderSettings {
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn settings_that_mean_nothing_are_refused_where_they_stand() {
    let database = Database::sqlite().await;
    let world = World::new(database.store().clone()).await;
    let base = json!({ "kind": "jwks", "url": "https://keys.example/jwks", "issuer": "https://issuer.example" });
    let many = |count: usize| (0..count).map(|n| format!("v{n}")).collect::<Vec<_>>();
    let role = |role: &str, permissions: Value| json!({ "role": role, "permissions": permissions });
    for (more, pointer) in [
        (json!({ "url": null }), "/url"),
        (json!({ "url": "" }), "/url"),
        (
            json!({ "url": format!("https://keys.example/{}", "x".repeat(512)) }),
            "/url",
        ),
        (json!({ "url": "https://keys.example/\n" }), "/url"),
        (json!({ "issuer": "" }), "/issuer"),
        (json!({ "issuer": "x".repeat(513) }), "/issuer"),
        (json!({ "issuer": "https://a\u{0}" }), "/issuer"),
        (json!({ "domain": "acme.auth0.com" }), "/domain"),
        (
            json!({ "custom_domain": "acme.auth0.com" }),
            "/custom_domain",
        ),
        (json!({ "project_id": "acme" }), "/project_id"),
        (json!({ "audiences": many(17) }), "/audiences"),
        (json!({ "audiences": ["a", ""] }), "/audiences/1"),
        (json!({ "audiences": ["x".repeat(2000)] }), "/audiences/0"),
        (
            json!({ "audiences": ["a"], "any_audience": true }),
            "/any_audience",
        ),
        (json!({ "token_types": ["at+jwt"] }), "/token_types"),
        (
            json!({ "token_types": ["logout+jwt"], "audiences": ["a"] }),
            "/token_types/0",
        ),
        (
            json!({ "token_types": ["at+jwt", "DPoP+JWT"], "audiences": ["a"] }),
            "/token_types/1",
        ),
        (
            json!({ "token_types": ["application/secevent+jwt"], "audiences": ["a"] }),
            "/token_types/0",
        ),
        (
            json!({ "token_types": ["a b"], "audiences": ["a"] }),
            "/token_types/0",
        ),
        (json!({ "token_types": many(9), "audiences": ["a"] }), ""),
        (json!({ "algorithms": ["none"] }), "/algorithms/0"),
        (json!({ "algorithms": ["RS256", "HS256"] }), "/algorithms/1"),
        (json!({ "algorithms": ["rs256"] }), "/algorithms/0"),
        (
            json!({ "permissions_claim": "urn:useparagon:connect:permissions" }),
            "/permissions_claim",
        ),
        (
            json!({ "permissions_claim": "/urn:useparagon:connect:permissions/x" }),
            "/permissions_claim",
        ),
        (
            json!({ "roles_claim": "urn:useparagon:connect:permissions", "role_permissions": [role("a", json!({}))] }),
            "/roles_claim",
        ),
        (
            json!({ "roles_claim": "/urn:useparagon:connect:permissions/roles", "role_permissions": [role("a", json!({}))] }),
            "/roles_claim",
        ),
        (
            json!({ "permissions_claim": "p", "roles_claim": "r", "role_permissions": [role("a", json!({}))] }),
            "/roles_claim",
        ),
        (json!({ "roles_claim": "r" }), "/role_permissions"),
        (
            json!({ "role_permissions": [role("a", json!({}))] }),
            "/role_permissions",
        ),
        (
            json!({ "roles_claim": "r", "role_permissions": [role("", json!({}))] }),
            "/role_permissions/0/role",
        ),
        (
            json!({ "roles_claim": "r", "role_permissions": [role("a", json!({})), role("a", json!({}))] }),
            "/role_permissions/1/role",
        ),
        (
            json!({ "roles_claim": "r", "role_permissions": [role("a", json!("{}"))] }),
            "/role_permissions/0/permissions",
        ),
        (
            json!({ "roles_claim": "r", "role_permissions": [role("a", json!({ "integration:": true }))] }),
            "/role_permissions/0/permissions/integration:",
        ),
        (
            json!({ "roles_claim": "r", "role_permissions": many(65).iter().map(|name| role(name, json!({}))).collect::<Vec<_>>() }),
            "/role_permissions",
        ),
    ] {
        let mut merged = base.clone();
        for (name, value) in more.as_object().unwrap() {
            merged[name] = value.clone();
        }
        let refused = refusal_of(&world, &settings(merged)).await;
        assert_eq!(
            (refused.kind(), refused.code(), refused.pointer()),
            (ErrorKind::Unprocessable, "invalid_provider", Some(pointer)),
            "{more}"
        );
    }
}

#[tokio::test]
async fn a_patch_says_where_it_is_wrong_and_changes_nothing() {
    let scene = scene(ProviderKind::Jwks).await;
    for (patch, pointer) in [
        (json!({ "kind": "oidc" }), "/settings/kind"),
        (json!({ "kind": null }), "/settings/kind"),
        (json!({ "audience": "a" }), "/settings/audience"),
        (json!({ "audience": null }), "/settings/audience"),
        (json!({ "audiences": "a" }), "/settings/audiences"),
        (json!({ "any_audience": "yes" }), "/settings/any_audience"),
        (json!({ "user_claim": "/a~" }), "/settings/user_claim"),
        (json!({ "url": null }), "/settings/url"),
        (json!({ "algorithms": ["x"] }), "/settings/algorithms/0"),
        (json!([]), "/settings"),
        (json!("x"), "/settings"),
    ] {
        let wrong = ProviderPatch {
            settings: Some(patch.clone()),
            disabled: Some(true),
        };
        let refused = scene.patch(wrong).await.err().unwrap();
        assert_eq!(
            (refused.kind(), refused.code(), refused.pointer()),
            (ErrorKind::Unprocessable, "invalid_provider", Some(pointer)),
            "{patch}"
        );
    }
    assert_eq!(scene.view().await.provider.version, 1);
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    let patch = ProviderPatch {
        settings: Some(json!({ "kind": "jwks", "audiences": null, "any_audience": true })),
        disabled: None,
    };
    let view = scene.patch(patch).await.unwrap();
    assert_eq!(view.provider.settings.audiences, Vec::<String>::new());
    assert!(view.provider.settings.any_audience);
}

#[tokio::test]
async fn what_works_and_is_dangerous_is_said_everywhere() {
    let database = Database::sqlite().await;
    let provider = FakeProvider::of(ProviderKind::Jwks).await;
    let world = World::beside(database.store().clone(), &[&provider]).await;
    without_own_keys(&world).await;
    let bare = changed(
        &provider.settings(),
        json!({ "issuer": null, "audiences": null }),
    );
    let id = add(&world, &bare).await;
    let providers = &world.services.identity_providers;
    let (admin, environment) = (world.admin(), world.environment);
    let expected = ["no_audience", "no_issuer", "plain_http"];
    let loaded = providers.load(&admin, environment, id).await.unwrap();
    let listed = providers.list(&admin, environment).await.unwrap();
    let tested = providers.test(&admin, environment, id, None).await.unwrap();
    for warnings in [&loaded.warnings, &listed[0].warnings, &tested.warnings] {
        let mut codes: Vec<_> = warnings.iter().map(|warning| warning.code).collect();
        codes.sort_unstable();
        assert_eq!(codes, expected);
        assert!(warnings.iter().all(|warning| warning.message.len() > 20));
    }
}

#[tokio::test]
async fn the_name_of_the_permission_claim_is_free_below_another_claim() {
    let scene = scene(ProviderKind::Jwks).await;
    for claim in [
        "/app/urn:useparagon:connect:permissions",
        "urn:useparagon:connect:permissions2",
    ] {
        let patch = ProviderPatch {
            settings: Some(json!({ "permissions_claim": claim })),
            disabled: None,
        };
        scene.patch(patch).await.unwrap();
    }
}
