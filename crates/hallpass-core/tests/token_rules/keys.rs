//! Whose signature counts, and on what kind of token.

use hallpass_jose::SigningKey;
use hallpass_testkit::world::sign_exactly;
use serde_json::json;

use crate::support::{outcome, world};

#[tokio::test]
async fn row_10_a_kid_is_only_a_hint() {
    let (mut world, _database) = world().await;
    let new = world.rotate(3600).await;
    let old = std::mem::replace(&mut world.key, new);
    let payload = world.claims("user-1").to_string();
    let new_kid = world.key.verifying_key().thumbprint();
    let old_kid = old.verifying_key().thumbprint();
    for (key, kid, expected) in [
        (&world.key, None, "accepted"),
        (&old, None, "accepted"),
        (&world.key, Some("constant"), "accepted"),
        (&old, Some("constant"), "accepted"),
        (&world.key, Some(new_kid.as_str()), "accepted"),
        (&old, Some(old_kid.as_str()), "accepted"),
        // A known kid means that key and no other.
        (&old, Some(new_kid.as_str()), "signature_invalid"),
    ] {
        let header = match kid {
            Some(kid) => json!({ "alg": "RS256", "kid": kid }),
            None => json!({ "alg": "RS256" }),
        };
        assert_eq!(
            outcome(&world, &sign_exactly(key, &header.to_string(), &payload)).await,
            expected,
            "{kid:?}"
        );
    }
}

#[tokio::test]
async fn row_9_a_hostile_kid_is_never_more_than_a_hint() {
    let (world, _database) = world().await;
    let payload = world.claims("user-1").to_string();
    for kid in [
        "../../etc/passwd",
        "' OR 1=1 --",
        "https://evil.example/key",
        &"k".repeat(256),
    ] {
        let header = json!({ "alg": "RS256", "kid": kid }).to_string();
        assert_eq!(
            outcome(&world, &sign_exactly(&world.key, &header, &payload)).await,
            "accepted",
            "{kid}"
        );
    }
    for kid in [
        json!("nul\0"),
        json!(""),
        json!("k".repeat(257)),
        json!(7),
        json!(["a"]),
        json!(null),
        json!("é"),
    ] {
        let header = json!({ "alg": "RS256", "kid": kid }).to_string();
        assert_eq!(
            outcome(&world, &sign_exactly(&world.key, &header, &payload)).await,
            "kid_malformed",
            "{kid}"
        );
    }
}

#[tokio::test]
async fn row_28_a_token_of_another_environment() {
    let (world, _database) = world().await;
    let other = world.another_environment("beta").await;
    let refused = world
        .services
        .tokens
        .authenticate(other, &world.token("user-1"))
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code(), "no_signing_key");
    let own = world
        .services
        .signing_keys
        .generate(&world.admin(), other, 2048, 0)
        .await
        .unwrap()
        .into_inner();
    // The same kid text does not help: keys are looked up inside the environment only.
    let header = json!({ "alg": "RS256", "kid": own.key.kid }).to_string();
    let token = sign_exactly(&world.key, &header, &world.claims("user-1").to_string());
    for token in [token, world.token("user-1")] {
        let refused = world
            .services
            .tokens
            .authenticate(other, &token)
            .await
            .err()
            .unwrap();
        assert_eq!(refused.code(), "signature_invalid");
    }
    // Remembering it in its own environment does not let it into another one.
    assert_eq!(outcome(&world, &world.token("user-1")).await, "accepted");
    assert!(
        world
            .services
            .tokens
            .authenticate(other, &world.token("user-1"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn row_29_other_kinds_of_tokens() {
    let (world, _database) = world().await;
    let payload = world.claims("user-1").to_string();
    for (typ, expected) in [
        ("JWT", "accepted"),
        ("jwt", "accepted"),
        ("application/jwt", "accepted"),
        ("at+jwt", "wrong_type"),
        ("logout+jwt", "wrong_type"),
        ("dpop+jwt", "wrong_type"),
        ("secevent+jwt", "wrong_type"),
        ("", "wrong_type"),
    ] {
        let header = json!({ "alg": "RS256", "typ": typ }).to_string();
        assert_eq!(
            outcome(&world, &sign_exactly(&world.key, &header, &payload)).await,
            expected,
            "{typ}"
        );
    }
    let header = json!({ "alg": "RS256", "typ": 7 }).to_string();
    assert_eq!(
        outcome(&world, &sign_exactly(&world.key, &header, &payload)).await,
        "wrong_type"
    );
}

#[tokio::test]
async fn row_5_other_algorithms_are_not_the_keys() {
    let (world, _database) = world().await;
    let payload = world.claims("user-1").to_string();
    for alg in ["RS384", "RS512", "PS256", "ES256", "EdDSA"] {
        let header = json!({ "alg": alg }).to_string();
        assert_eq!(
            outcome(&world, &sign_exactly(&world.key, &header, &payload)).await,
            "alg_key_mismatch",
            "{alg}"
        );
    }
    for alg in ["none", "None", "", "HS256", "RS257"] {
        let header = json!({ "alg": alg }).to_string();
        assert_eq!(
            outcome(&world, &sign_exactly(&world.key, &header, &payload)).await,
            "alg_not_allowed",
            "{alg}"
        );
    }
}

#[tokio::test]
async fn a_key_made_elsewhere_is_not_trusted() {
    let (world, _database) = world().await;
    let stranger = SigningKey::generate_rsa(2048).unwrap();
    let header =
        json!({ "alg": "RS256", "kid": world.key.verifying_key().thumbprint() }).to_string();
    let token = sign_exactly(&stranger, &header, &world.claims("user-1").to_string());
    assert_eq!(outcome(&world, &token).await, "signature_invalid");
}
