//! Which key of a set a token means.

use hallpass_model::ProviderKind;
use hallpass_testkit::provider::{FakeKey, KINDS};
use serde_json::{Value, json};

use crate::support::scene;

#[tokio::test]
async fn row_9_a_kid_is_nothing_but_the_name_of_a_published_key() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let claims = scene.provider.id_claims("user-1");
        let key = scene.provider.key();
        for kid in [
            "../../etc/passwd",
            "' OR 1=1 --",
            "https://evil.example/key",
            "__proto__",
            &"k".repeat(256),
            &format!("{} ", key.kid().unwrap()),
            &key.kid().unwrap().to_uppercase(),
        ] {
            let token = key.sign(json!({ "kid": kid }), &claims);
            assert_eq!(scene.outcome(&token).await, "unknown_key", "{kind:?} {kid}");
        }
        for kid in [
            json!("nul\0"),
            json!(""),
            json!("k".repeat(257)),
            json!("k".repeat(10_000)),
            json!(7),
            json!(["first"]),
            json!({ "kid": "first" }),
            json!(false),
        ] {
            let token = key.sign(json!({ "kid": kid }), &claims);
            assert_eq!(
                scene.outcome(&token).await,
                "kid_malformed",
                "{kind:?} {kid}"
            );
        }
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        assert_eq!(scene.provider.fetches(), 1, "nothing else was fetched");
    }
}

#[tokio::test]
async fn row_10_without_a_kid_exactly_one_key_must_be_eligible() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let (first, second) = (scene.provider.key(), FakeKey::rsa("second"));
        let claims = scene.provider.id_claims("user-1");
        let nameless = |key: &FakeKey| key.sign(json!({ "kid": null }), &claims);
        // Of another type, or for another use: not eligible, so there is one.
        let encryption = FakeKey::rsa("third").with(json!({ "use": "enc" }));
        scene
            .provider
            .publish(&[first.clone(), FakeKey::es256("ec"), encryption.clone()]);
        assert_eq!(scene.outcome(&nameless(&first)).await, "accepted");
        assert_eq!(
            scene.outcome(&nameless(&encryption)).await,
            "signature_invalid"
        );
        scene.provider.publish(&[first.clone(), second.clone()]);
        scene.advance(31);
        assert_eq!(scene.present_unknown_key().await, "unknown_key");
        let claims = scene.provider.id_claims("user-1");
        for key in [&first, &second] {
            let token = key.sign(json!({ "kid": null }), &claims);
            assert_eq!(scene.outcome(&token).await, "unknown_key", "{kind:?}");
            let token = key.sign(json!({}), &claims);
            assert_eq!(scene.outcome(&token).await, "accepted", "{kind:?}");
        }
        // A known kid means that key and no other.
        let token = second.sign(json!({ "kid": first.kid() }), &claims);
        assert_eq!(scene.outcome(&token).await, "signature_invalid");
    }
}

#[tokio::test]
async fn a_key_without_a_name_verifies_tokens_without_one() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let key = FakeKey::rsa("x").without_kid();
        scene.provider.use_only(&key);
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
        // A name that nothing published has is unknown, though there is only one key.
        let claims = scene.provider.id_claims("user-1");
        let token = key.sign(json!({ "kid": "x" }), &claims);
        assert_eq!(scene.outcome(&token).await, "unknown_key", "{kind:?}");
        // Replaced without a name: found after one fetch.
        let next = FakeKey::rsa("y").without_kid();
        scene.provider.use_only(&next);
        scene.advance(31);
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
        let token = key.sign(json!({}), &scene.provider.id_claims("user-1"));
        assert_eq!(scene.outcome(&token).await, "signature_invalid", "{kind:?}");
        assert_eq!(scene.provider.fetches(), 2);
    }
}

#[tokio::test]
async fn rows_7_and_8_keys_and_addresses_in_the_header_are_never_used_or_fetched() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let attacker = FakeKey::rsa(scene.provider.key().kid().unwrap());
        let claims = scene.provider.id_claims("user-1");
        let elsewhere = scene.provider.url("/attacker.json");
        for header in [
            json!({ "jwk": attacker.jwk() }),
            json!({ "jku": elsewhere }),
            json!({ "x5u": elsewhere }),
            json!({ "x5c": ["MIIB"] }),
        ] {
            let token = attacker.sign(header.clone(), &claims);
            assert_eq!(
                scene.outcome(&token).await,
                "header_not_allowed",
                "{kind:?} {header}"
            );
        }
        assert_eq!(scene.provider.requests().len(), 0, "{kind:?}");
        for header in [json!({ "x5t": "AAAA" }), json!({ "x5t#S256": "AAAA" })] {
            let token = scene.provider.key().sign(header, &claims);
            assert_eq!(scene.outcome(&token).await, "accepted", "{kind:?}");
        }
    }
}

#[tokio::test]
async fn row_22_keys_for_other_purposes_verify_nothing() {
    for kind in KINDS {
        let scene = scene(kind).await;
        for (index, members) in [
            json!({ "use": "enc" }),
            json!({ "use": "SIG" }),
            json!({ "key_ops": ["sign"] }),
            json!({ "key_ops": [] }),
            json!({ "alg": "RSA-OAEP-256" }),
        ]
        .into_iter()
        .enumerate()
        {
            let key = FakeKey::rsa(&format!("key-{index}")).with(members.clone());
            scene
                .provider
                .publish(&[FakeKey::es256("good"), key.clone()]);
            scene.advance(31);
            let token = key.sign(Value::Object(Default::default()), &{
                scene.provider.id_claims("user-1")
            });
            assert_eq!(
                scene.outcome(&token).await,
                "unknown_key",
                "{kind:?} {members}"
            );
            assert_eq!(scene.standing().await, ("fresh", None));
        }
    }
}

#[tokio::test]
async fn a_key_put_in_the_place_of_another_under_its_name_is_found_after_one_fetch() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let kid = scene.provider.key().kid().unwrap().to_owned();
        let old = scene.provider.key();
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        scene.provider.use_only(&FakeKey::rsa(&kid));
        scene.advance(29);
        let outcome = scene.outcome_with(json!({})).await;
        assert_eq!(outcome, "signature_invalid", "{kind:?}");
        assert_eq!(scene.provider.fetches(), 1, "{kind:?}: the floor counts");
        scene.advance(1);
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
        let token = old.sign(json!({}), &scene.provider.id_claims("user-1"));
        assert_eq!(scene.outcome(&token).await, "signature_invalid", "{kind:?}");
        assert_eq!(scene.provider.fetches(), 2, "{kind:?}");
    }
}

#[tokio::test]
async fn a_key_of_another_type_under_the_same_name_is_found_after_one_fetch() {
    for kind in [ProviderKind::Auth0, ProviderKind::Oidc, ProviderKind::Jwks] {
        let scene = scene(kind).await;
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        for (fetches, next) in [(2, FakeKey::es256("first")), (3, FakeKey::rsa("first"))] {
            scene.provider.use_only(&next);
            let outcome = scene.outcome_with(json!({})).await;
            assert_eq!(outcome, "alg_key_mismatch", "{kind:?}");
            scene.advance(30);
            assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
            assert_eq!(scene.provider.fetches(), fetches, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn row_26_a_flood_of_bad_signatures_under_a_known_name_is_one_fetch_at_a_time() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let attacker = FakeKey::rsa(scene.provider.key().kid().unwrap());
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        for fetches in 1..4 {
            for n in 0..20 {
                let claims = scene.provider.id_claims_with("user-1", json!({ "n": n }));
                let token = attacker.sign(json!({}), &claims);
                assert_eq!(scene.outcome(&token).await, "signature_invalid");
            }
            assert_eq!(scene.provider.fetches(), fetches, "{kind:?}");
            scene.advance(30);
        }
    }
}
