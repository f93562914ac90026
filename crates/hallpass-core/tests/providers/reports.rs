//! What is said about a token is what happens to it, and saying it has no effect.

use hallpass_testkit::provider::{Behaviour, FakeKey, KINDS};
use serde_json::{Value, json};

use crate::support::{PERMISSIONS, Scene, scene};

/// Tokens good and bad, each with what is wrong with it.
fn samples(scene: &Scene) -> Vec<(&'static str, String)> {
    let provider = &scene.provider;
    let claims = provider.id_claims("user-1");
    let with_header = |header: Value| provider.key().sign(header, &claims);
    let with = |more: Value| provider.id_token("user-1", more);
    vec![
        ("accepted", with(json!({}))),
        ("aud_mismatch", with(json!({ "aud": "other" }))),
        ("aud_mismatch", with(json!({ "aud": null }))),
        (
            "token_expired",
            with(json!({ "iat": 1, "exp": 2, "auth_time": 1 })),
        ),
        ("claim_missing", with(json!({ "sub": null }))),
        ("claim_malformed", with(json!({ "sub": " a" }))),
        (
            "permission_claim_malformed",
            with(json!({ PERMISSIONS: [] })),
        ),
        ("wrong_type", with(json!({ "events": {} }))),
        ("wrong_type", with_header(json!({ "typ": "at+jwt" }))),
        ("unknown_key", with_header(json!({ "kid": "other" }))),
        ("kid_malformed", with_header(json!({ "kid": 7 }))),
        ("alg_key_mismatch", with_header(json!({ "alg": "RS512" }))),
        ("alg_not_allowed", with_header(json!({ "alg": "HS256" }))),
        (
            "header_not_allowed",
            with_header(json!({ "jku": "https://evil.example" })),
        ),
        (
            "signature_invalid",
            FakeKey::rsa(provider.key().kid().unwrap()).sign(json!({}), &claims),
        ),
        (
            "iss_mismatch",
            with(json!({ "iss": "https://evil.example" })),
        ),
    ]
}

#[tokio::test]
async fn a_check_says_what_a_request_is_told() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let tokens = &scene.world.services.tokens;
        let environment = scene.world.environment;
        for (expected, token) in samples(&scene) {
            let report = tokens.check(environment, &token).await.unwrap();
            let said = report.reason.unwrap_or("accepted");
            assert_eq!(said, expected, "{kind:?}");
            assert_eq!(report.accepted, expected == "accepted");
            let failed: Vec<_> = report.steps.iter().filter(|step| !step.ok).collect();
            assert_eq!(failed.len(), usize::from(!report.accepted), "{kind:?}");
            let text = serde_json::to_string(&report).unwrap();
            let signature = token.rsplit('.').next().unwrap();
            assert!(!text.contains(signature), "the token is not echoed");
            let untraced = tokens.authenticate_without_trace(environment, &token).await;
            let untraced = untraced.err().map_or("accepted", |error| error.code());
            assert_eq!(untraced, expected, "{kind:?}");
        }
        assert_eq!(tokens.remembered_count(), 0);
        let users = &scene.world.services.users;
        let (admin, first) = (scene.world.admin(), Default::default());
        let page = users.list(&admin, environment, &first).await.unwrap();
        assert_eq!(page.items.len(), 0, "nobody was made");
        for (expected, token) in samples(&scene) {
            assert_eq!(scene.outcome(&token).await, expected, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_check_says_that_the_keys_are_missing() {
    for kind in KINDS {
        let scene = scene(kind).await;
        scene.provider.behave(Behaviour::Status(503));
        let token = scene.provider.id_token("user-1", json!({}));
        let tokens = &scene.world.services.tokens;
        let report = tokens.check(scene.world.environment, &token).await.unwrap();
        assert_eq!(
            (report.accepted, report.reason),
            (false, Some("keys_unavailable")),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn an_operators_test_is_of_that_provider_alone() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let providers = &scene.world.services.identity_providers;
        let (admin, environment) = (scene.world.admin(), scene.world.environment);
        let own = scene.world.token("user-1");
        let stranger = json!({ "iss": "https://evil.example" });
        let good = scene.provider.id_token("user-1", json!({}));
        let tested = providers.test(&admin, environment, scene.id, Some(&good));
        assert!(tested.await.unwrap().token.unwrap().accepted, "{kind:?}");
        scene.disable(true).await;
        for (token, expected) in [
            (&good, "issuer_disabled"),
            (&own, "iss_mismatch"),
            (&scene.provider.id_token("user-1", stranger), "iss_mismatch"),
            (&"not.a.token".to_owned(), "malformed"),
        ] {
            let tested = providers.test(&admin, environment, scene.id, Some(token));
            let tested = tested.await.unwrap();
            assert!(tested.fetch.ok, "{kind:?}");
            let report = tested.token.unwrap();
            assert_eq!(report.reason, Some(expected), "{kind:?}");
            assert!(!report.accepted, "{kind:?}");
        }
        // Still disabled for everybody else.
        assert_eq!(scene.outcome(&good).await, "issuer_disabled");
        // A set that is refused is reported, and why.
        scene.provider.behave(Behaviour::Html);
        let tested = providers
            .test(&admin, environment, scene.id, None)
            .await
            .unwrap();
        assert!(!tested.fetch.ok && tested.token.is_none(), "{kind:?}");
        assert!(
            tested.fetch.detail.contains("HTML"),
            "{}",
            tested.fetch.detail
        );
    }
}
