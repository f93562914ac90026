//! What Google demands of those who verify Firebase ID tokens.

use hallpass_model::ProviderKind;
use hallpass_testkit::provider::{FIREBASE_PATH, FakeKey};
use serde_json::{Value, json};

use crate::support::{changed, refusal_of, scene};

#[tokio::test]
async fn what_follows_from_the_project_id() {
    let scene = scene(ProviderKind::Firebase).await;
    let view = scene.view().await;
    assert_eq!(
        view.issuers,
        ["https://securetoken.google.com/acme-prod".to_owned()]
    );
    assert_eq!(view.keys_url, scene.provider.url(FIREBASE_PATH));
    scene.remove().await;
    let derived = changed(&scene.provider.settings(), json!({ "url": null }));
    let id = crate::support::add(&scene.world, &derived).await;
    let providers = &scene.world.services.identity_providers;
    let view = providers
        .load(&scene.world.admin(), scene.world.environment, id)
        .await
        .unwrap();
    assert_eq!(
        view.keys_url,
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
    );
    assert!(view.warnings.is_empty(), "{:?}", view.warnings);
}

#[tokio::test]
async fn auth_time_is_there_and_in_the_past() {
    let scene = scene(ProviderKind::Firebase).await;
    let now = scene.provider.now_secs();
    for (auth_time, expected) in [
        (json!(now), "accepted"),
        (json!(0), "accepted"),
        (json!(now - 86_400), "accepted"),
        // Within the leeway that every time has.
        (json!(now + 60), "accepted"),
        (json!(now + 61), "claim_malformed"),
        (json!(now + 3600), "claim_malformed"),
        (Value::Null, "claim_missing"),
        (json!(now.to_string()), "claim_malformed"),
        (json!(-1), "claim_malformed"),
        (json!(true), "claim_malformed"),
        (json!([now]), "claim_malformed"),
        (json!(1e300), "claim_malformed"),
    ] {
        let token = scene
            .provider
            .id_token("user-1", json!({ "auth_time": auth_time }));
        if expected == "accepted" {
            assert_eq!(scene.outcome(&token).await, expected, "{auth_time}");
            continue;
        }
        let refused = scene.refusal(&token).await;
        assert_eq!(
            (refused.code(), refused.pointer()),
            (expected, Some("/auth_time")),
            "{auth_time}"
        );
    }
    let claims = scene.provider.id_claims("user-1").to_string();
    let nulled = claims.replace(&format!("\"auth_time\":{now}"), "\"auth_time\":null");
    assert_ne!(claims, nulled);
    assert_eq!(scene.outcome_of_payload(&nulled).await, "claim_malformed");
}

#[tokio::test]
async fn sub_is_a_uid_of_at_most_128_bytes() {
    let scene = scene(ProviderKind::Firebase).await;
    for (sub, expected) in [
        ("u".repeat(128), "accepted"),
        ("u".repeat(129), "claim_malformed"),
        (String::new(), "claim_malformed"),
        ("\u{e9}".repeat(65), "claim_malformed"),
    ] {
        let token = scene.provider.id_token(&sub, json!({}));
        assert_eq!(scene.outcome(&token).await, expected, "{} bytes", sub.len());
    }
}

#[tokio::test]
async fn issuer_and_audience_are_the_projects() {
    let scene = scene(ProviderKind::Firebase).await;
    crate::support::without_own_keys(&scene.world).await;
    for (more, expected) in [
        (json!({ "aud": "acme-staging" }), "aud_mismatch"),
        (
            json!({ "aud": "https://securetoken.google.com/acme-prod" }),
            "aud_mismatch",
        ),
        (json!({ "aud": ["acme-prod"] }), "accepted"),
        (
            json!({ "iss": "https://securetoken.google.com/acme-staging" }),
            "iss_mismatch",
        ),
        (
            json!({ "iss": "https://securetoken.google.com/acme-prod/" }),
            "iss_mismatch",
        ),
        (
            json!({ "iss": "http://securetoken.google.com/acme-prod" }),
            "iss_mismatch",
        ),
        // Session cookies are another product of the same service.
        (
            json!({ "iss": "https://session.firebase.google.com/acme-prod" }),
            "iss_mismatch",
        ),
    ] {
        assert_eq!(scene.outcome_with(more.clone()).await, expected, "{more}");
    }
}

#[tokio::test]
async fn only_rs256_signs_and_emulator_tokens_are_no_tokens() {
    let scene = scene(ProviderKind::Firebase).await;
    let ec = FakeKey::es256("ec");
    let plain = FakeKey::rsa("plain").without_alg();
    scene
        .provider
        .publish(&[scene.provider.key(), ec.clone(), plain.clone()]);
    let claims = scene.provider.id_claims("user-1");
    assert_eq!(
        scene.outcome(&ec.sign(json!({}), &claims)).await,
        "alg_key_mismatch"
    );
    assert_eq!(
        scene.outcome(&plain.sign(json!({}), &claims)).await,
        "accepted"
    );
    // The emulator signs nothing.
    let unsigned = plain.sign(json!({ "alg": "none", "kid": null }), &claims);
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    let code = scene.refusal(&unsigned).await.code();
    assert_eq!(code, "alg_not_allowed");
}

#[tokio::test]
async fn settings_that_firebase_has_no_use_for_are_refused() {
    let scene = scene(ProviderKind::Firebase).await;
    scene.remove().await;
    for (more, pointer) in [
        (json!({ "project_id": null }), "/project_id"),
        (json!({ "project_id": "" }), "/project_id"),
        (json!({ "project_id": "Acme Prod" }), "/project_id"),
        (json!({ "project_id": "../x" }), "/project_id"),
        (
            json!({ "issuer": "https://securetoken.google.com/other" }),
            "/issuer",
        ),
        (json!({ "audiences": ["other"] }), "/audiences"),
        (json!({ "any_audience": true }), "/any_audience"),
        (json!({ "user_claim": "email" }), "/user_claim"),
        (json!({ "algorithms": ["ES256"] }), "/algorithms"),
        (json!({ "token_types": ["at+jwt"] }), "/token_types"),
        (json!({ "domain": "acme.eu.auth0.com" }), "/domain"),
    ] {
        let settings = changed(&scene.provider.settings(), more.clone());
        let refused = refusal_of(&scene.world, &settings).await;
        assert_eq!(refused.code(), "invalid_provider", "{more}");
        let found = refused.pointer().unwrap();
        assert!(found.starts_with(pointer), "{more}: {found}");
    }
    // Said again, but rightly.
    let settings = changed(
        &scene.provider.settings(),
        json!({ "issuer": "https://securetoken.google.com/acme-prod", "audiences": ["acme-prod"], "algorithms": ["RS256"] }),
    );
    crate::support::add(&scene.world, &settings).await;
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
}
