//! The surface that apps sign people in with: sessions before anybody is signed in, and how it speaks.

use std::time::Duration;

use hallpass_core::NewApiKey;
use hallpass_http::HttpSettings;
use hallpass_model::ApiKeyKind;
use hallpass_testkit::{Database, on_both_engines};
use serde_json::json;

use crate::support::{Answer, Call, Site};

/// The text of a new API key.
pub async fn api_key(site: &Site, kind: ApiKeyKind) -> String {
    let new = NewApiKey {
        kind,
        name: "test".to_owned(),
        prefix: None,
        expires_in_secs: None,
    };
    let admin = site.world.admin();
    let keys = &site.world.services.api_keys;
    let made = keys.create(&admin, site.world.environment, new).await;
    let text = made.expect("a key").into_inner().text;
    text.expect("shown").to_string()
}

fn touch(site: &Site, key: &str) -> Call {
    site.call("POST", "/touch")
        .header("x-external-api-key", key)
}

/// The secret alone, as it stands in the line.
fn secret(answer: &Answer) -> String {
    let line = answer.header("x-capsule-sid");
    let first = line.split(';').next().unwrap_or_default();
    first.trim_start_matches("capsule.sid=").to_owned()
}

on_both_engines! {
    async fn a_session_is_begun_found_again_and_regenerated(database: Database) {
        let site = Site::new(database).await;
        let key = api_key(&site, ApiKeyKind::Publishable).await;
        assert!(key.starts_with("sandbox_") && key.len() == "sandbox_".len() + 32, "{key}");
        let first = touch(&site, &key).text("application/x-www-form-urlencoded", "").send().await;
        let view = first.ok(200);
        assert_eq!(view["partnerId"], site.world.environment.to_string());
        assert_eq!((&view["isAuthenticated"], &view["supportedWalletTypes"]), (&json!(false), &json!([])));
        assert!(first.header("x-capsule-sid").contains("; Expires="));
        assert!(first.header("set-cookie").contains("HttpOnly; SameSite=Lax"));
        // The whole line, the secret alone and the cookie find the same session.
        let line = first.header("x-capsule-sid").to_owned();
        let cookie = format!("other=1; capsule.sid={}", secret(&first));
        for (name, value) in [("x-capsule-sid", &line), ("x-capsule-sid", &secret(&first)), ("cookie", &cookie)] {
            let again = touch(&site, &key).header(name, value).send().await;
            assert_eq!(again.ok(200)["sessionLookupId"], view["sessionLookupId"]);
        }
        let regenerate = site.call("POST", "/touch?regenerate=true").header("x-external-api-key", &key);
        let rotated = regenerate.header("x-capsule-sid", &line).send().await;
        assert_eq!(rotated.ok(200)["sessionLookupId"], view["sessionLookupId"]);
        assert_ne!(secret(&rotated), secret(&first));
        let old = touch(&site, &key).header("x-capsule-sid", &line).send().await;
        assert_ne!(old.ok(200)["sessionLookupId"], view["sessionLookupId"], "the old secret is worth nothing");
    }

    async fn a_session_runs_out_unless_it_is_used(database: Database) {
        let site = Site::new(database).await;
        let key = api_key(&site, ApiKeyKind::Publishable).await;
        let first = touch(&site, &key).send().await;
        let id = first.ok(200)["sessionLookupId"].clone();
        let line = first.header("x-capsule-sid").to_owned();
        for _ in 0..3 {
            site.world.clock.advance(Duration::from_secs(29 * 60));
            let used = touch(&site, &key).header("x-capsule-sid", &line).send().await;
            assert_eq!(used.ok(200)["sessionLookupId"], id);
            assert_ne!(used.header("x-capsule-sid"), line, "its end has moved");
        }
        site.world.clock.advance(Duration::from_secs(30 * 60));
        let over = touch(&site, &key).header("x-capsule-sid", &line).send().await;
        assert_ne!(over.ok(200)["sessionLookupId"], id);
        site.world.clock.advance(Duration::from_secs(2 * 60 * 60));
        site.world.services.sweep().await.expect("swept");
        let gone = site.world.store.read().await.expect("a transaction")
            .find_session(site.world.environment, id.as_str().expect("an id").parse().expect("a session's id")).await;
        assert_eq!(gone, Ok(None));
    }

    async fn whoever_is_not_signed_in_gets_nothing_and_may_log_out_again_and_again(database: Database) {
        let site = Site::new(database).await;
        let key = api_key(&site, ApiKeyKind::Publishable).await;
        let opened = touch(&site, &key).send().await;
        let line = opened.header("x-capsule-sid").to_owned();
        let id = opened.ok(200)["sessionLookupId"].clone();
        let alive = |line: &str| site.call("POST", "/users/0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a/session/keep-alive")
            .header("x-external-api-key", &key).header("x-para-structured-errors", "1").header("x-capsule-sid", line);
        alive(&line).send().await.refused(403, "not_signed_in");
        for _ in 0..3 {
            let out = site.call("GET", "/logout").header("x-external-api-key", &key).header("x-capsule-sid", &line);
            assert_eq!(out.send().await.ok(200)["success"], true);
        }
        let again = touch(&site, &key).header("x-capsule-sid", &line).send().await;
        assert_ne!(again.ok(200)["sessionLookupId"], id);
        let secret_key = api_key(&site, ApiKeyKind::Secret).await;
        let verify = |key: &str| site.call("POST", "/sessions/verify").header("x-external-api-key", key)
            .header("x-para-structured-errors", "1").json(&json!({ "verificationToken": id }));
        verify(&secret_key).send().await.refused(403, "session_invalid");
        verify(&key).send().await.refused(403, "secret_key_needed");
    }

    async fn a_session_is_nothing_in_another_environment(database: Database) {
        let site = Site::new(database).await;
        let key = api_key(&site, ApiKeyKind::Publishable).await;
        let first = touch(&site, &key).send().await;
        let other = site.world.another_environment("beta").await;
        let new = NewApiKey { kind: ApiKeyKind::Secret, name: "b".into(), prefix: None, expires_in_secs: None };
        let made = site.world.services.api_keys.create(&site.world.admin(), other, new).await;
        let other_key = made.expect("a key").into_inner().text.expect("shown").to_string();
        let there = touch(&site, &other_key).header("x-capsule-sid", first.header("x-capsule-sid")).send().await;
        let view = there.ok(200);
        assert_eq!(view["partnerId"], other.to_string());
        assert_ne!(view["sessionLookupId"], first.ok(200)["sessionLookupId"]);
        let handle = first.ok(200)["sessionLookupId"].as_str().expect("an id").to_owned();
        let look = site.call("GET", &format!("/sessions/{handle}/auth-verified")).header("x-external-api-key", &other_key);
        assert_eq!(look.send().await.status, 404);
        let partner = site.call("GET", &format!("/partners/{}", site.world.environment)).header("x-external-api-key", &other_key);
        assert_eq!(partner.send().await.status, 404);
    }
}

#[tokio::test]
async fn refusals_are_json_for_those_who_say_so_and_text_for_the_others() {
    let site = Site::on_sqlite().await;
    let structured = touch(&site, "sandbox_0").header("x-para-structured-errors", "1");
    let refusal = structured.send().await;
    refusal.refused(401, "api_key_invalid");
    assert!(
        refusal
            .header("content-type")
            .starts_with("application/json")
    );
    let plain = touch(&site, "sandbox_0").send().await;
    assert_eq!(plain.status, 401);
    assert!(plain.header("content-type").starts_with("text/plain"));
    assert!(
        plain.text().starts_with("Invalid API key"),
        "{}",
        plain.text()
    );
    let none = site.call("POST", "/touch").send().await;
    assert_eq!(none.status, 401);
    let custody = site
        .call("POST", "/users/x/wallets/y/messages/sign")
        .send()
        .await;
    assert_eq!(custody.status, 501);
    assert!(custody.text().contains("MPC"));
}

#[tokio::test]
async fn pages_of_allowed_origins_may_read_and_others_are_told_why_not() {
    let site = Site::on_sqlite().await;
    let key = api_key(&site, ApiKeyKind::Publishable).await;
    let origins = json!({ "sign_in": { "allowed_origins": ["https://app.example"] } });
    site.environment("PATCH", "")
        .local()
        .json(&origins)
        .send()
        .await
        .ok(200);
    let asked = "content-type,x-capsule-sid,x-external-api-key,x-para-structured-errors";
    let preflight = site
        .call("OPTIONS", "/touch")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", asked);
    let granted = preflight.send().await;
    assert_eq!(granted.status, 204);
    assert_eq!(granted.header("access-control-allow-headers"), asked);
    assert_eq!(granted.header("access-control-allow-credentials"), "true");
    let good = touch(&site, &key)
        .header("origin", "https://app.example")
        .send()
        .await;
    good.ok(200);
    assert_eq!(
        good.header("access-control-allow-origin"),
        "https://app.example"
    );
    assert_eq!(good.header("access-control-allow-credentials"), "true");
    assert!(
        good.header("access-control-expose-headers")
            .contains("x-capsule-sid")
    );
    for other in [
        "https://app.example.evil",
        "https://evil.example",
        "http://app.example",
        "null",
    ] {
        let refused = touch(&site, &key).header("origin", other).send().await;
        assert_eq!(refused.status, 403, "{other}");
        assert!(refused.text().contains("origin not authorized"));
        assert_eq!(refused.header("access-control-allow-origin"), other);
        assert_eq!(refused.header("x-capsule-sid"), "", "no session was begun");
    }
    touch(&site, &key).send().await.ok(200);
}

#[tokio::test]
async fn an_address_begins_so_many_sessions_and_keeps_those_it_has() {
    let settings = HttpSettings {
        new_sessions_per_minute: 3,
        ..HttpSettings::default()
    };
    let site = Site::with_settings(Database::sqlite().await, settings).await;
    let key = api_key(&site, ApiKeyKind::Publishable).await;
    let visit = || touch(&site, &key).from("192.0.2.1:5000");
    let first = visit().send().await;
    for _ in 0..2 {
        visit().send().await.ok(200);
    }
    let refused = visit().header("x-para-structured-errors", "1").send().await;
    refused.refused(429, "RATE_LIMITED");
    assert!(!refused.header("retry-after").is_empty());
    let known = visit().header("x-capsule-sid", first.header("x-capsule-sid"));
    assert_eq!(
        known.send().await.ok(200)["sessionLookupId"],
        first.ok(200)["sessionLookupId"]
    );
    touch(&site, &key)
        .from("192.0.2.2:5000")
        .send()
        .await
        .ok(200);
    site.world.clock.advance(Duration::from_secs(20));
    visit().send().await.ok(200);
}
