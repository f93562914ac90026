//! When a token counts.

use std::time::Duration;

use serde_json::json;

use crate::support::{outcome, outcome_with, set, world};

#[tokio::test]
async fn row_13_14_times_are_numbers_in_range() {
    let (world, _database) = world().await;
    for claim in ["exp", "iat", "nbf"] {
        for bad in [
            "\"1767225600\"",
            "null",
            "true",
            "{}",
            "[]",
            "-1",
            "1e400",
            "\"NaN\"",
            "9223372036854775808",
            "9007199254740992",
            "-0.5",
        ] {
            let mut claims = world.claims("user-1");
            claims[claim] = json!("@");
            let payload = claims.to_string().replace("\"@\"", bad);
            assert_eq!(
                outcome(&world, &world.sign_text(&payload)).await,
                "claim_malformed",
                "{claim}: {bad}"
            );
        }
    }
    let now = world.claims("user-1")["iat"].as_i64().unwrap();
    assert_eq!(
        outcome_with(
            &world,
            json!({ "iat": now as f64 + 0.5, "exp": now as f64 + 10.9 })
        )
        .await,
        "accepted"
    );
}

#[tokio::test]
async fn row_15_missing_and_contradicting_times() {
    let (world, _database) = world().await;
    let now = world.claims("user-1")["iat"].as_i64().unwrap();
    for (more, expected) in [
        (json!({ "exp": null }), "claim_missing"),
        (json!({ "iat": null }), "claim_missing"),
        (json!({ "sub": null }), "claim_missing"),
        (json!({ "exp": now, "iat": now }), "claim_malformed"),
        (json!({ "exp": now - 1, "iat": now }), "claim_malformed"),
        (
            json!({ "nbf": now + 20, "exp": now + 10 }),
            "claim_malformed",
        ),
        (
            json!({ "iat": now + 61, "exp": now + 3600 }),
            "iat_in_future",
        ),
        (json!({ "iat": now + 60, "exp": now + 3600 }), "accepted"),
        (json!({ "nbf": now + 61 }), "token_not_yet_valid"),
        (json!({ "nbf": now + 60 }), "accepted"),
        (
            json!({ "iat": now - 100, "exp": now - 60 }),
            "token_expired",
        ),
        (json!({ "iat": now - 100, "exp": now - 59 }), "accepted"),
    ] {
        assert_eq!(outcome_with(&world, more.clone()).await, expected, "{more}");
    }
    set(&world, json!({ "max_token_lifetime_secs": 600 })).await;
    assert_eq!(
        outcome_with(&world, json!({ "exp": now + 600 })).await,
        "accepted"
    );
    assert_eq!(
        outcome_with(&world, json!({ "exp": now + 601 })).await,
        "lifetime_too_long"
    );
}

#[tokio::test]
async fn row_62_a_clock_set_back_lengthens_nothing() {
    let (world, _database) = world().await;
    let token = world.sign(&world.claims_with("user-1", json!({})));
    assert_eq!(outcome(&world, &token).await, "accepted");
    world.clock.jump_secs(-3600);
    // Remembered: goes on. New ones were issued in our future.
    assert_eq!(outcome(&world, &token).await, "accepted");
    let fresh = world.sign(&json!({ "sub": "user-2", "iat": world.claims("x")["iat"].as_i64().unwrap() + 3600, "exp": 9_000_000_000_i64 }));
    assert_eq!(outcome(&world, &fresh).await, "iat_in_future");
    // An hour and the leeway later its time is over, although the wall clock shows less.
    world.clock.advance(Duration::from_secs(3600 + 61));
    for _ in 0..2 {
        assert_eq!(outcome(&world, &token).await, "token_expired");
    }
}

#[tokio::test]
async fn the_end_is_the_same_cold_and_remembered() {
    let (world, _database) = world().await;
    let (cold, remembered) = (world.token("cold"), world.token("remembered"));
    assert_eq!(outcome(&world, &remembered).await, "accepted");
    world.clock.advance(Duration::from_secs(3600 + 59));
    assert_eq!(outcome(&world, &remembered).await, "accepted");
    assert_eq!(outcome(&world, &cold).await, "accepted");
    world.clock.advance(Duration::from_secs(1));
    for token in [&remembered, &cold] {
        assert_eq!(outcome(&world, token).await, "token_expired");
    }
}
