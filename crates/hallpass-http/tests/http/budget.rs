//! Addresses that keep sending refused credentials.

use std::time::Duration;

use hallpass_http::HttpSettings;
use hallpass_testkit::Database;
use serde_json::json;

use crate::support::{Answer, Site};

async fn site(per_minute: u32, proxies: &[&str]) -> Site {
    let settings = HttpSettings {
        trusted_proxies: proxies
            .iter()
            .map(|range| range.parse().expect("a range"))
            .collect(),
        failed_verifications_per_minute: per_minute,
        public_url: None,
        ..HttpSettings::default()
    };
    Site::with_settings(Database::sqlite().await, settings).await
}

fn is_turned_away(answer: &Answer, secs: &str) {
    answer.refused(429, "too_many_failed_verifications");
    assert_eq!(answer.header("retry-after"), secs);
}

#[tokio::test]
async fn after_sixty_refused_tokens_reasons_are_no_longer_told() {
    let site = site(60, &[]).await;
    let good = site.world.token("user-1");
    let call = |token: &str, from: &str| site.sdk("GET", "me").bearer(token).from(from);
    for _ in 0..200 {
        call(&good, "192.0.2.1:1000").send().await.ok(200);
        site.sdk("GET", "me")
            .from("192.0.2.1:1000")
            .send()
            .await
            .refused(401, "credentials_missing");
    }
    for _ in 0..60 {
        call("nonsense", "192.0.2.1:1000")
            .send()
            .await
            .refused(401, "malformed");
    }
    // A further refusal tells no reason; whoever is good goes on, known or not.
    let refused = call("nonsense", "192.0.2.1:2000").send().await;
    is_turned_away(&refused, "1");
    assert_eq!(refused.json()["status"], 429);
    let unseen = site.world.token("user-2");
    for token in [&good, &unseen] {
        call(token, "192.0.2.1:2000").send().await.ok(200);
    }
    call("nonsense", "192.0.2.2:1000")
        .send()
        .await
        .refused(401, "malformed");
    site.world.clock.advance(Duration::from_secs(1));
    call("nonsense", "192.0.2.1:1000")
        .send()
        .await
        .refused(401, "malformed");
    is_turned_away(&call("nonsense", "192.0.2.1:1000").send().await, "1");
}

#[tokio::test]
async fn operator_keys_and_tokens_share_the_budget() {
    let site = site(2, &[]).await;
    let key = site.admin_key().await;
    let me = |key: &str| {
        site.call("GET", "/admin/v1/me")
            .bearer(key)
            .from("[2001:db8::1]:5")
    };
    me("hpo_guess")
        .send()
        .await
        .refused(401, "operator_key_invalid");
    site.sdk("GET", "me")
        .bearer("x")
        .from("[2001:db8::2]:5")
        .send()
        .await
        .refused(401, "malformed");
    let refused = me("hpo_guess").send().await;
    is_turned_away(&refused, "30");
    me(&key).send().await.ok(200);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    // A frozen user's token is good; being refused with it costs nothing.
    let token = site.world.token("frozen");
    site.sdk("GET", "me")
        .bearer(&token)
        .from("192.0.2.1:1")
        .send()
        .await
        .ok(200);
    site.environment("POST", "/users/frozen/freeze")
        .local()
        .json(&json!({}))
        .send()
        .await
        .ok(200);
    for _ in 0..5 {
        site.sdk("GET", "me")
            .bearer(&token)
            .from("192.0.2.1:1")
            .send()
            .await
            .refused(403, "user_frozen");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_client_is_counted_and_others_cannot_pretend() {
    let site = site(1, &["10.0.0.0/8"]).await;
    let good = site.world.token("user-1");
    let call = |token: &str, from: &str, forwarded: &str| {
        site.sdk("GET", "me")
            .bearer(token)
            .from(from)
            .header("x-forwarded-for", forwarded)
    };
    call("x", "10.0.0.1:1", "203.0.113.1")
        .send()
        .await
        .refused(401, "malformed");
    is_turned_away(&call("x", "10.0.0.2:1", "203.0.113.1").send().await, "60");
    is_turned_away(
        &call("x", "10.0.0.2:1", "8.8.8.8, 203.0.113.1, 10.9.9.9")
            .send()
            .await,
        "60",
    );
    call("x", "10.0.0.1:1", "203.0.113.2")
        .send()
        .await
        .refused(401, "malformed");
    // Not a proxy of ours: what it says about others is not believed.
    call("x", "198.51.100.1:1", "203.0.113.9")
        .send()
        .await
        .refused(401, "malformed");
    is_turned_away(
        &call("x", "198.51.100.1:1", "203.0.113.10").send().await,
        "60",
    );
    call(&good, "10.0.0.1:1", "203.0.113.9")
        .send()
        .await
        .ok(200);
}

#[tokio::test]
async fn a_budget_of_zero_sets_no_limit() {
    let site = site(0, &[]).await;
    for _ in 0..100 {
        site.sdk("GET", "me")
            .bearer("x")
            .from("192.0.2.1:1")
            .send()
            .await
            .refused(401, "malformed");
    }
}
