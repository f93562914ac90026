//! What the claims have to say.

use serde_json::json;

use crate::support::{PERMISSIONS, outcome, outcome_with, set, world};

#[tokio::test]
async fn row_16_duplicate_members() {
    let (world, _database) = world().await;
    let good = world.claims("user-1").to_string();
    let rest = good.strip_prefix('{').unwrap();
    for twice in [
        "\"sub\":\"user-2\"",
        "\"exp\":1",
        "\"\\u0073ub\":\"user-2\"",
        "\"a\":{\"b\":1,\"b\":2}",
    ] {
        assert_eq!(
            outcome(&world, &world.sign_text(&format!("{{{twice},{rest}"))).await,
            "duplicate_member",
            "{twice}"
        );
    }
}

#[tokio::test]
async fn row_27_audiences_match_exactly() {
    let (world, _database) = world().await;
    let own = format!("useparagon.com/{}", world.environment);
    for (aud, expected) in [
        (json!(own), "accepted"),
        (json!(["other", own]), "accepted"),
        (json!("other"), "aud_mismatch"),
        (json!(format!("{own}x")), "aud_mismatch"),
        (json!(own[..own.len() - 1]), "aud_mismatch"),
        (json!(own.to_uppercase()), "aud_mismatch"),
        (json!(format!(" {own}")), "aud_mismatch"),
        (json!([]), "claim_malformed"),
        (json!(vec!["x"; 1000]), "aud_mismatch"),
        (json!([7]), "claim_malformed"),
        (json!(7), "claim_malformed"),
    ] {
        assert_eq!(
            outcome_with(&world, json!({ "aud": aud })).await,
            expected,
            "{aud}"
        );
    }
    let payload = world
        .claims_with("user-1", json!({ "aud": "@" }))
        .to_string()
        .replace("\"@\"", "null");
    assert_eq!(
        outcome(&world, &world.sign_text(&payload)).await,
        "claim_malformed"
    );

    set(
        &world,
        json!({ "require_audience": true, "audiences": ["my-api"] }),
    )
    .await;
    assert_eq!(outcome_with(&world, json!({})).await, "aud_mismatch");
    assert_eq!(
        outcome_with(&world, json!({ "aud": "my-api" })).await,
        "accepted"
    );
    assert_eq!(
        outcome_with(&world, json!({ "aud": own })).await,
        "accepted"
    );
    set(&world, json!({ "aud_mode": "only_configured" })).await;
    assert_eq!(
        outcome_with(&world, json!({ "aud": "my-api" })).await,
        "accepted"
    );
    assert_eq!(
        outcome_with(&world, json!({ "aud": own })).await,
        "aud_mismatch"
    );
}

#[tokio::test]
async fn the_issuer_counts_only_where_one_is_set() {
    let (world, _database) = world().await;
    assert_eq!(
        outcome_with(&world, json!({ "iss": "https://anything" })).await,
        "accepted"
    );
    set(&world, json!({ "issuer": "https://auth.example" })).await;
    assert_eq!(
        outcome_with(&world, json!({ "iss": "https://auth.example" })).await,
        "accepted"
    );
    assert_eq!(
        outcome_with(&world, json!({ "iss": "https://auth.example/" })).await,
        "iss_mismatch"
    );
    assert_eq!(outcome_with(&world, json!({})).await, "iss_mismatch");
}

#[tokio::test]
async fn row_31_subjects_that_cannot_name_a_user() {
    let (world, _database) = world().await;
    for sub in [
        json!(""),
        json!(7),
        json!(["a"]),
        json!("x".repeat(256)),
        json!("a\u{0}"),
        json!("a\u{202e}b"),
        json!(" a"),
        json!("a\t"),
    ] {
        assert_eq!(
            outcome_with(&world, json!({ "sub": sub })).await,
            "claim_malformed",
            "{sub}"
        );
    }
    // Compared as bytes: two spellings of one letter are two users.
    for sub in ["\u{e9}", "e\u{301}"] {
        assert_eq!(
            outcome_with(&world, json!({ "sub": sub })).await,
            "accepted"
        );
    }
    let users = world
        .services
        .users
        .list(&world.admin(), world.environment, &Default::default())
        .await
        .unwrap();
    assert_eq!(users.items.len(), 2);
}

#[tokio::test]
async fn row_32_only_an_absent_permission_claim_is_unrestricted() {
    let (world, _database) = world().await;
    for bad in ["\"{}\"", "[]", "7", "true", "false", "null"] {
        let payload = world
            .claims_with("user-1", json!({ PERMISSIONS: "@" }))
            .to_string()
            .replace("\"@\"", bad);
        assert_eq!(
            outcome(&world, &world.sign_text(&payload)).await,
            "permission_claim_malformed",
            "{bad}"
        );
    }
    assert_eq!(
        outcome_with(&world, json!({ PERMISSIONS: {} })).await,
        "accepted"
    );
    assert_eq!(outcome_with(&world, json!({})).await, "accepted");
    set(&world, json!({ "require_permission_claim": true })).await;
    assert_eq!(
        outcome_with(&world, json!({})).await,
        "permission_claim_missing"
    );
    assert_eq!(
        outcome_with(&world, json!({ PERMISSIONS: {} })).await,
        "accepted"
    );
    let stringified = json!({ PERMISSIONS: "{\"integration:*\":true}" });
    assert_eq!(
        outcome_with(&world, stringified.clone()).await,
        "permission_claim_malformed"
    );
    set(&world, json!({ "accept_stringified_permissions": true })).await;
    assert_eq!(outcome_with(&world, stringified).await, "accepted");
}

#[tokio::test]
async fn row_33_a_malformed_scope_is_pointed_at() {
    let (world, _database) = world().await;
    let token = world.sign(&world.claims_with(
        "user-1",
        json!({ PERMISSIONS: { "integration:slack": { "Credential:*": true } } }),
    ));
    let refused = world
        .services
        .tokens
        .authenticate(world.environment, &token)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code(), "permission_claim_malformed");
    assert_eq!(refused.pointer(), Some("/integration:slack/Credential:*"));
}
