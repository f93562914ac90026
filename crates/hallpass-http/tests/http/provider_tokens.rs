//! Tokens of identity providers on the Connect surface.

use std::time::Duration;

use hallpass_http::HttpSettings;
use hallpass_model::ProviderKind;
use hallpass_testkit::provider::{Behaviour, FakeKey, FakeProvider, KINDS};
use hallpass_testkit::world::World;
use hallpass_testkit::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::support::{Answer, Site};

const CLAIM: &str = "urn:useparagon:connect:permissions";

async fn beside(provider: &FakeProvider) -> Site {
    let site = Site::beside(Database::sqlite().await, &[provider]).await;
    site.trust(provider).await;
    site
}

#[track_caller]
fn is_refused(answer: &Answer, code: &str) {
    answer.refused(401, code);
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, "Bearer error=\"invalid_token\"");
    assert_eq!(answer.header("cache-control"), "no-store");
}

on_both_engines! {
    async fn a_token_of_every_kind_is_let_in_beside_our_own(database: Database) {
        let mut providers = Vec::new();
        for kind in KINDS {
            providers.push(FakeProvider::of(kind).await);
        }
        let site = Site::beside(database, &providers.iter().collect::<Vec<_>>()).await;
        for provider in &providers {
            site.trust(provider).await;
        }
        for provider in &providers {
            let sub = format!("{}|ana", provider.kind().as_str());
            let token = provider.id_token(&sub, json!({}));
            for _ in 0..3 {
                let me = site.sdk("GET", "me").bearer(&token).send().await.ok(200);
                assert_eq!((&me["authenticated"], &me["userId"]), (&json!(true), &json!(sub)));
            }
            let meta = json!({ "meta": { "via": provider.kind().as_str() } });
            let merged = site.sdk("PATCH", "me").bearer(&token).json(&meta).send().await.ok(200);
            assert_eq!(merged["meta"], meta["meta"]);
            assert_eq!(provider.fetches(), 1, "{}", provider.kind().as_str());
        }
        site.sdk("GET", "me").bearer(&site.world.token("of-our-own")).send().await.ok(200);
        let users = site.environment("GET", "/users").local().send().await.ok(200);
        assert_eq!(users["items"].as_array().map(Vec::len), Some(5));
        let listed = site.environment("GET", "/identity-providers").local().send().await.ok(200);
        for provider in listed["items"].as_array().unwrap() {
            let keys = &provider["keys"];
            assert_eq!((&keys["state"], &keys["count"], &keys["failure"]), (&json!("fresh"), &json!(1), &Value::Null), "{provider}");
            assert_eq!(keys["fetched_at"], "2026-01-01T00:00:00Z");
            assert_eq!(keys["usable_until"], "2026-01-02T00:00:00Z");
            assert!(keys["refresh_at"].is_string());
        }
    }
}

#[tokio::test]
async fn one_provider_is_trusted_without_any_key_of_ours() {
    let provider = FakeProvider::of(ProviderKind::Oidc).await;
    let site = Site::beside(Database::sqlite().await, &[&provider]).await;
    let elsewhere = site.world.another_environment("keyless").await;
    let me = format!("/projects/{elsewhere}/sdk/me");
    let token = provider.id_token("ana", json!({}));
    let call = || site.call("GET", &me).bearer(&token).send();
    is_refused(&call().await, "no_signing_key");
    let settings = serde_json::to_value(provider.settings()).expect("JSON");
    let path = format!("/admin/v1/environments/{elsewhere}/identity-providers");
    site.call("POST", &path)
        .local()
        .json(&settings)
        .send()
        .await
        .ok(201);
    call().await.ok(200);
    let ours = site
        .call("GET", &me)
        .bearer(&site.world.token("ana"))
        .send()
        .await;
    assert_eq!(ours.status, 401, "{}", ours.text());
}

#[tokio::test]
async fn permissions_come_from_where_the_settings_say() {
    let provider = FakeProvider::start().await;
    let site = Site::beside(Database::sqlite().await, &[&provider]).await;
    let read_only = json!({ "integration:*": ["metadata:read"] });
    let both = json!({ "integration:*": ["metadata:read", "metadata:write"] });
    let mut settings = serde_json::to_value(provider.settings()).expect("JSON");
    settings["permissions_claim"] = json!("/app_metadata/permissions");
    let id = site.trust_with(&settings).await;
    let write = async |claims: Value| {
        let token = provider.id_token("ana", claims);
        let call = site.sdk("PATCH", "me").bearer(&token);
        call.json(&json!({ "meta": {} })).send().await
    };
    let at = |permissions: &Value| json!({ "app_metadata": { "permissions": permissions } });
    write(at(&both)).await.ok(200);
    write(at(&read_only)).await.refused(403, "7210");
    // Its absence is nothing, never everything.
    write(json!({})).await.refused(403, "7210");
    write(json!({ "app_metadata": {} }))
        .await
        .refused(403, "7210");
    write(json!({ CLAIM: both })).await.refused(403, "7210");
    let mut ambiguous = at(&both);
    ambiguous[CLAIM] = both.clone();
    is_refused(&write(ambiguous).await, "permission_claim_ambiguous");
    let malformed = write(at(&json!("all"))).await;
    is_refused(&malformed, "permission_claim_malformed");

    let mapped = json!({ "settings": {
        "permissions_claim": null,
        "roles_claim": "roles",
        "role_permissions": [{ "role": "reader", "permissions": read_only }, { "role": "editor", "permissions": both }],
    } });
    let path = format!("/identity-providers/{id}");
    site.environment("PATCH", &path)
        .local()
        .json(&mapped)
        .send()
        .await
        .ok(200);
    write(json!({ "roles": ["guest", "editor"] })).await.ok(200);
    write(json!({ "roles": "editor" })).await.ok(200);
    // The first in the configured order, not in the token's.
    write(json!({ "roles": ["editor", "reader"] }))
        .await
        .refused(403, "7210");
    for unmapped in [
        json!({ "roles": ["Editor"] }),
        json!({ "roles": [] }),
        json!({}),
    ] {
        write(unmapped).await.refused(403, "7210");
    }
    is_refused(
        &write(json!({ "roles": { "editor": true } })).await,
        "claim_malformed",
    );
}

#[tokio::test]
async fn the_user_is_whom_the_configured_claim_names() {
    let provider = FakeProvider::start().await;
    let site = Site::beside(Database::sqlite().await, &[&provider]).await;
    let mut settings = serde_json::to_value(provider.settings()).expect("JSON");
    settings["user_claim"] = json!("/acme/user_id");
    site.trust_with(&settings).await;
    let me = async |claims: Value| {
        let token = provider.id_token("the-sub", claims);
        site.sdk("GET", "me").bearer(&token).send().await
    };
    let named = me(json!({ "acme": { "user_id": "u-7" } })).await.ok(200);
    assert_eq!(named["userId"], "u-7");
    let missing = me(json!({ "acme": {} })).await;
    is_refused(&missing, "claim_missing");
    assert_eq!(missing.json()["meta"]["pointer"], "/acme/user_id");
    for faulty in [
        json!(7),
        json!(""),
        json!(null),
        json!(["u-7"]),
        json!(" u"),
        json!("x".repeat(256)),
    ] {
        is_refused(
            &me(json!({ "acme": { "user_id": faulty } })).await,
            "claim_malformed",
        );
    }
}

#[tokio::test]
async fn firebase_tokens_keep_firebases_own_rules() {
    let provider = FakeProvider::of(ProviderKind::Firebase).await;
    let site = beside(&provider).await;
    let now = provider.now_secs();
    let me = async |claims: Value| {
        let token = provider.id_token("uid", claims);
        site.sdk("GET", "me").bearer(&token).send().await
    };
    me(json!({ "sub": "x".repeat(128) })).await.ok(200);
    for (claims, code, pointer) in [
        (json!({ "auth_time": null }), "claim_missing", "/auth_time"),
        (
            json!({ "auth_time": now.to_string() }),
            "claim_malformed",
            "/auth_time",
        ),
        (
            json!({ "auth_time": now + 3600 }),
            "claim_malformed",
            "/auth_time",
        ),
        (json!({ "sub": "x".repeat(129) }), "claim_malformed", "/sub"),
        (json!({ "sub": "" }), "claim_malformed", "/sub"),
        (json!({ "aud": "acme-staging" }), "aud_mismatch", "/aud"),
        (json!({ "aud": null }), "aud_mismatch", "/aud"),
        (
            json!({ "exp": now - 3600, "iat": now - 7200 }),
            "token_expired",
            "/exp",
        ),
        (json!({ "iat": null }), "claim_missing", "/iat"),
    ] {
        let refused = me(claims.clone()).await;
        is_refused(&refused, code);
        assert_eq!(refused.json()["meta"]["pointer"], pointer, "{claims}");
    }
    // RS256 and nothing else, whatever the set holds.
    let ec = FakeKey::es256("ec");
    provider.publish(&[provider.key(), ec.clone()]);
    site.world.clock.advance(Duration::from_secs(7200));
    let token = ec.sign(json!({}), &provider.id_claims("uid"));
    let refused = site.sdk("GET", "me").bearer(&token).send().await;
    is_refused(&refused, "alg_key_mismatch");
    me(json!({})).await.ok(200);
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_our_failing_and_cost_nothing() {
    let provider = FakeProvider::start().await;
    let database = Database::sqlite().await;
    let world = World::beside(database.store().clone(), &[&provider]).await;
    let settings = HttpSettings {
        failed_verifications_per_minute: 2,
        ..HttpSettings::default()
    };
    let site = Site::of(database, world, settings);
    site.trust(&provider).await;
    provider.go_down().await;
    let token = provider.id_token("ana", json!({}));
    let call = |token: &str| {
        site.sdk("GET", "me")
            .bearer(token)
            .from("192.0.2.1:1")
            .send()
    };
    for _ in 0..20 {
        let down = call(&token).await;
        down.refused(503, "keys_unavailable");
        let wait: u64 = down.header("retry-after").parse().expect("seconds");
        assert!((1..=31).contains(&wait), "{wait}");
        assert_eq!(
            down.header("www-authenticate"),
            "",
            "the token was not judged"
        );
        assert_eq!(down.header("content-type"), "application/json");
        assert_eq!(down.header("cache-control"), "no-store");
        assert_eq!(
            (&down.json()["status"], down.json()["message"].is_string()),
            (&json!(503), true)
        );
        assert!(
            !down.text().contains(&provider.endpoint()),
            "{}",
            down.text()
        );
    }
    // Questions about the token fare alike, and nobody was made.
    let question = json!({ "question": { "permission": "events" } });
    let explained = site.sdk("POST", "explain").bearer(&token).json(&question);
    explained.send().await.refused(503, "keys_unavailable");
    let users = site.environment("GET", "/users").local().send().await;
    assert_eq!(users.ok(200)["items"], json!([]));
    // Twenty answers of 503 took nothing from the address's budget of two.
    for _ in 0..2 {
        call("nonsense").await.refused(401, "malformed");
    }
    call("nonsense")
        .await
        .refused(429, "too_many_failed_verifications");
    call(&token).await.refused(503, "keys_unavailable");
    // Our own tokens never noticed.
    call(&site.world.token("ana")).await.ok(200);

    provider.come_up().await;
    call(&token).await.refused(503, "keys_unavailable");
    site.world.clock.advance(Duration::from_secs(31));
    call(&token).await.ok(200);
}

#[tokio::test]
async fn a_bad_set_changes_nothing_and_shows() {
    let provider = FakeProvider::start().await;
    let site = beside(&provider).await;
    let call = |token: String| site.sdk("GET", "me").bearer(&token).send();
    call(provider.id_token("ana", json!({}))).await.ok(200);
    provider.behave(Behaviour::Html);
    site.world.clock.advance(Duration::from_secs(2 * 3600));
    call(provider.id_token("ana", json!({}))).await.ok(200);
    provider.wait_for_fetches(2).await;
    let shown = async || {
        let listed = site
            .environment("GET", "/identity-providers")
            .local()
            .send();
        listed.await.ok(200)["items"][0]["keys"].clone()
    };
    let mut keys = shown().await;
    for _ in 0..500 {
        if keys["state"] == "stale" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        keys = shown().await;
    }
    assert_eq!(
        (&keys["state"], &keys["failure"]["code"]),
        (&json!("stale"), &json!("jwks_malformed")),
        "{keys}"
    );
    assert_eq!(keys["fetched_at"], "2026-01-01T00:00:00Z");
    // A day after the last good fetch it counts no more.
    site.world.clock.advance(Duration::from_secs(23 * 3600));
    call(provider.id_token("ana", json!({})))
        .await
        .refused(503, "keys_unavailable");
    assert_eq!(shown().await["state"], "unavailable");
    provider.behave(Behaviour::Serve);
    site.world.clock.advance(Duration::from_secs(31));
    call(provider.id_token("ana", json!({}))).await.ok(200);
    assert_eq!(shown().await["state"], "fresh");
}

#[tokio::test]
async fn fetches_and_degraded_sets_are_counted() {
    let provider = FakeProvider::start().await;
    let site = beside(&provider).await;
    let call = |token: String| site.sdk("GET", "me").bearer(&token).send();
    call(provider.id_token("ana", json!({}))).await.ok(200);
    let failing = FakeProvider::start().await;
    failing.behave(Behaviour::Status(418));
    let other = beside(&failing).await;
    let token = failing.id_token("ana", json!({}));
    other
        .sdk("GET", "me")
        .bearer(&token)
        .send()
        .await
        .refused(503, "keys_unavailable");
    let text = site.call("GET", "/metrics").send().await.text();
    for line in [
        r#"hallpass_identity_provider_fetches_total{outcome="ok"} "#,
        r#"hallpass_identity_provider_fetches_total{outcome="unexpected_status"} "#,
        r#"hallpass_tokens_refused_total{reason="keys_unavailable"} "#,
        "# HELP hallpass_identity_provider_fetches_total ",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    for id in [provider.endpoint(), failing.endpoint()] {
        assert!(!text.contains(&id), "{id} in\n{text}");
    }
    // A node whose provider is down still serves: readiness is about this process.
    other.call("GET", "/readyz").send().await.ok(200);
}

#[tokio::test]
async fn a_provider_that_hangs_holds_up_its_own_tokens_only() {
    let (slow, quick) = (FakeProvider::start().await, FakeProvider::start().await);
    let site = Site::beside(Database::sqlite().await, &[&slow, &quick]).await;
    site.trust(&slow).await;
    site.trust(&quick).await;
    slow.hold();
    let waiting: Vec<_> = (0..50)
        .map(|number| {
            let token = slow.id_token(&format!("user-{number}"), json!({}));
            tokio::spawn(site.sdk("GET", "me").bearer(&token).send())
        })
        .collect();
    // Somebody who hangs up takes nobody's answer along.
    let impatient = slow.id_token("impatient", json!({}));
    let impatient = tokio::spawn(site.sdk("GET", "me").bearer(&impatient).send());
    slow.wait_for_fetches(1).await;
    impatient.abort();
    for number in 0..3 {
        let user = format!("user-{number}");
        for token in [quick.id_token(&user, json!({})), site.world.token(&user)] {
            site.sdk("GET", "me").bearer(&token).send().await.ok(200);
        }
    }
    let key = site.admin_key().await;
    let listed = site.environment("GET", "/identity-providers").bearer(&key);
    let listed = listed.send().await.ok(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    slow.release();
    for request in waiting {
        request.await.expect("it ends").ok(200);
    }
    assert_eq!(slow.fetches(), 1, "one fetch served them all");
}

#[tokio::test]
async fn without_an_issuer_every_token_of_its_keys_counts() {
    let provider = FakeProvider::start().await;
    let site = Site::beside(Database::sqlite().await, &[&provider]).await;
    let keyless = site.world.another_environment("keyless").await;
    let settings = json!({ "kind": "jwks", "url": provider.url("/jwks") });
    let path = format!("/admin/v1/environments/{keyless}/identity-providers");
    let made = site
        .call("POST", &path)
        .local()
        .json(&settings)
        .send()
        .await;
    let warnings = made.ok(201)["warnings"].clone();
    let codes: Vec<&Value> = warnings
        .as_array()
        .expect("warnings")
        .iter()
        .map(|warning| &warning["code"])
        .collect();
    assert_eq!(
        json!(codes),
        json!(["no_audience", "no_issuer", "plain_http"])
    );
    let me = async |claims: Value| {
        let path = format!("/projects/{keyless}/sdk/me");
        let token = provider.id_token("ana", claims);
        site.call("GET", &path).bearer(&token).send().await
    };
    let own = format!("useparagon.com/{keyless}");
    for claims in [
        json!({ "iss": null, "aud": null }),
        json!({ "iss": "https://anybody.example", "aud": null }),
        json!({ "aud": own }),
    ] {
        me(claims).await.ok(200);
    }
    // An audience that is there is still one of this environment's.
    is_refused(&me(json!({ "aud": "elsewhere" })).await, "aud_mismatch");
    is_refused(
        &me(json!({ "iss": 7, "aud": null })).await,
        "claim_malformed",
    );
}

#[tokio::test]
async fn a_provider_disabled_while_its_keys_are_fetched_lets_nobody_in() {
    let provider = FakeProvider::start().await;
    let site = Site::beside(Database::sqlite().await, &[&provider]).await;
    let id = site.trust(&provider).await;
    provider.hold();
    let token = provider.id_token("ana", json!({}));
    let waiting = tokio::spawn(site.sdk("GET", "me").bearer(&token).send());
    provider.wait_for_fetches(1).await;
    let path = format!("/identity-providers/{id}");
    let disable = site.environment("PATCH", &path).local();
    disable
        .json(&json!({ "disabled": true }))
        .send()
        .await
        .ok(200);
    provider.release();
    is_refused(&waiting.await.expect("it ends"), "issuer_disabled");
    let users = site.environment("GET", "/users").local().send().await;
    assert_eq!(users.ok(200)["items"], json!([]));
}

#[tokio::test]
async fn questions_about_a_providers_token_are_answered_like_calls_with_it() {
    let provider = FakeProvider::start().await;
    let site = beside(&provider).await;
    let narrow = provider.id_token(
        "ana",
        json!({ CLAIM: { "integration:*": ["metadata:read"] } }),
    );
    let question = |token: &str| json!({ "token": token, "question": { "permission": "metadata:write", "target": { "integration": "slack" } } });
    let explain = |token: &str| {
        site.environment("POST", "/explain")
            .local()
            .json(&question(token))
            .send()
    };
    let check = |token: &str| {
        site.environment("POST", "/tokens/check")
            .local()
            .json(&json!({ "token": token }))
            .send()
    };
    assert_eq!(explain(&narrow).await.ok(200)["decision"], "deny");
    let good = check(&narrow).await.ok(200);
    assert_eq!(good["accepted"], true, "{good}");
    let named = good["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .any(|step| step["name"] == "provider");
    assert!(named, "{good}");
    let foreign = provider.id_token("ana", json!({ "aud": "elsewhere" }));
    let refused = explain(&foreign).await;
    assert_eq!(
        refused.refused(422, "token_refused").json()["meta"]["reason"],
        "aud_mismatch"
    );
    assert_eq!(check(&foreign).await.ok(200)["reason"], "aud_mismatch");

    provider.go_down().await;
    site.world.clock.advance(Duration::from_secs(25 * 3600));
    let later = provider.id_token("ana", json!({}));
    // Nothing can be said of the token then, neither good nor bad.
    explain(&later).await.refused(503, "keys_unavailable");
    let report = check(&later).await.ok(200);
    assert_eq!(
        (&report["accepted"], &report["reason"]),
        (&json!(false), &json!("keys_unavailable"))
    );
}
