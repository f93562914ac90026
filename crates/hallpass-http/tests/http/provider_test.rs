//! Testing an identity provider through the admin API.

use std::time::Duration;

use hallpass_model::ProviderKind;
use hallpass_testkit::Database;
use hallpass_testkit::provider::{Behaviour, FakeKey, FakeProvider};
use serde_json::{Value, json};

use crate::identity_providers::{jwks, of};
use crate::paper;
use crate::support::Site;

#[tokio::test]
async fn a_test_shows_keys_and_judges_a_token_without_any_effect() {
    let provider = FakeProvider::of(ProviderKind::Oidc).await;
    let site = Site::beside(Database::sqlite().await, &[&provider]).await;
    let key = site.admin_key().await;
    let call = of(&site, &key);
    let named = provider.key();
    let cannot = FakeKey::rsa("for-encryption").with(json!({ "use": "enc" }));
    provider.publish(&[named.clone(), cannot]);
    let id = site.trust(&provider).await;
    let one = format!("/{id}");
    let test = |body: Value| call("POST", &format!("{one}/test")).json(&body).send();

    let plain = test(json!({})).await;
    assert_eq!(plain.header("cache-control"), "no-store");
    let report = plain.ok(200);
    assert_eq!(
        (&report["fetch"]["ok"], &report["fetch"]["status"]),
        (&json!(true), &json!(200))
    );
    assert_eq!(report.get("token"), None);
    let keys = report["keys"].as_array().expect("keys");
    assert_eq!(
        (&keys[0]["kid"], &keys[0]["usable"]),
        (&json!(named.kid()), &json!(true))
    );
    assert_eq!(keys[0]["algorithms"], json!(["RS256"]));
    assert_eq!(
        (&keys[1]["kid"], &keys[1]["usable"]),
        (&json!("for-encryption"), &json!(false))
    );
    assert!(keys[1]["note"].is_string());
    // Without a body at all, too; an operator's test minds no floor.
    let bodiless = call("POST", &format!("{one}/test")).send().await;
    assert_eq!(bodiless.ok(200)["keys"], report["keys"]);
    assert_eq!(provider.fetches(), 2);

    let good = provider.id_token("never-seen", json!({}));
    let judged = test(json!({ "token": good })).await;
    assert_eq!(
        judged.ok(200)["token"]["accepted"],
        true,
        "{}",
        judged.text()
    );
    let steps = judged.json()["token"]["steps"]
        .as_array()
        .expect("steps")
        .clone();
    assert!(
        steps.len() >= 5 && steps.iter().all(|step| step["ok"] == true),
        "{steps:?}"
    );
    let now = provider.now_secs();
    for (token, reason) in [
        (
            provider.id_token("u", json!({ "aud": "elsewhere" })),
            "aud_mismatch",
        ),
        (
            provider.id_token("u", json!({ "iss": "https://elsewhere.example" })),
            "iss_mismatch",
        ),
        (
            provider.id_token("u", json!({ "iat": now - 9000, "exp": now - 5400 })),
            "token_expired",
        ),
        (
            FakeKey::rsa("stranger").sign(json!({}), &provider.id_claims("u")),
            "unknown_key",
        ),
        (
            FakeKey::rsa("first").sign(json!({}), &provider.id_claims("u")),
            "signature_invalid",
        ),
        (site.world.token("u"), "iss_mismatch"),
        ("hunter2".to_owned(), "malformed"),
    ] {
        let judged = test(json!({ "token": token })).await;
        let verdict = judged.ok(200)["token"].clone();
        assert_eq!(
            (&verdict["accepted"], &verdict["reason"]),
            (&json!(false), &json!(reason)),
            "{verdict}"
        );
        let last = verdict["steps"]
            .as_array()
            .and_then(|steps| steps.last())
            .expect("a step");
        assert_eq!(last["ok"], false, "{verdict}");
        let signature = token.rsplit('.').next().expect("a part");
        assert!(!judged.text().contains(signature), "{}", judged.text());
    }
    // A disabled one can be tested before it is enabled: nothing else is wrong with the token.
    call("PATCH", &one)
        .json(&json!({ "disabled": true }))
        .send()
        .await
        .ok(200);
    let judged = test(json!({ "token": good })).await.ok(200);
    assert_eq!(judged["fetch"]["ok"], true);
    assert_eq!(judged["token"]["accepted"], false);
    assert_eq!(judged["token"]["reason"], "issuer_disabled");
    site.sdk("GET", "me")
        .bearer(&good)
        .send()
        .await
        .refused(401, "issuer_disabled");

    let users = site.environment("GET", "/users").bearer(&key).send().await;
    assert_eq!(users.ok(200)["items"], json!([]), "nobody was made");
    assert_eq!(site.world.services.tokens.remembered_count(), 0);
    let shown = call("GET", &one).send().await.ok(200);
    assert_eq!(shown["version"], 2, "only the disabling counted");
}

#[tokio::test]
async fn a_test_of_a_server_that_fails_is_an_answer() {
    let provider = FakeProvider::start().await;
    let site = Site::beside(Database::sqlite().await, &[&provider]).await;
    let id = site.trust(&provider).await;
    let token = provider.id_token("u", json!({}));
    for (behaviour, code) in [
        (Behaviour::Status(500), "unexpected_status"),
        (Behaviour::Html, "jwks_malformed"),
        (Behaviour::Reset, "egress_broken_off"),
        (
            Behaviour::Redirect("http://169.254.169.254/".into()),
            "egress_blocked",
        ),
        (Behaviour::Huge(50_000_000), "egress_too_large"),
    ] {
        provider.behave(behaviour.clone());
        let call = of(&site, "")("POST", &format!("/{id}/test")).local();
        let report = call.json(&json!({ "token": token })).send().await.ok(200);
        assert_eq!(
            (&report["fetch"]["ok"], &report["fetch"]["code"]),
            (&json!(false), &json!(code)),
            "{behaviour:?}: {report}"
        );
        assert!(
            report["fetch"]["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
        assert_eq!(report["keys"], json!([]));
        assert_eq!(
            (&report["token"]["accepted"], &report["token"]["reason"]),
            (&json!(false), &json!("keys_unavailable")),
            "{report}"
        );
        let shown = of(&site, "")("GET", &format!("/{id}"))
            .local()
            .send()
            .await
            .ok(200);
        assert_eq!(
            (&shown["keys"]["state"], &shown["keys"]["failure"]["code"]),
            (&json!("unavailable"), &json!(code))
        );
        site.world.clock.advance(Duration::from_secs(31));
    }
    provider.go_down().await;
    let call = of(&site, "")("POST", &format!("/{id}/test")).local();
    let tested = call.send().await.ok(200);
    // A kept connection is broken off; a new one is refused.
    let code = tested["fetch"]["code"].as_str();
    assert!(
        matches!(code, Some("egress_connect_failed" | "egress_broken_off")),
        "{tested}"
    );
    provider.come_up().await;
    provider.behave(Behaviour::Serve);
    site.world.clock.advance(Duration::from_secs(31));
    let call = of(&site, "")("POST", &format!("/{id}/test")).local();
    let report = call.json(&json!({ "token": token })).send().await.ok(200);
    assert_eq!(
        (&report["fetch"]["ok"], &report["token"]["accepted"]),
        (&json!(true), &json!(true)),
        "{report}"
    );
}

#[tokio::test]
async fn nothing_secret_about_providers_is_logged() {
    let provider = FakeProvider::start().await;
    let site = Site::beside(Database::sqlite().await, &[&provider]).await;
    let key = site.admin_key().await;
    let call = of(&site, &key);
    let mut settings = serde_json::to_value(provider.settings()).expect("JSON");
    settings["url"] = json!(provider.url("/.well-known/jwks.json?code=my-secret-code"));
    let id = site.trust_with(&settings).await;
    let token = provider.id_token("my-secret-user", json!({ "note": "my-secret-claim" }));
    let test = |token: &str| {
        call("POST", &format!("/{id}/test"))
            .json(&json!({ "token": token }))
            .send()
    };
    // The suite's paper refuses whatever looks like a token, so sending some is the test.
    for token in [token.as_str(), &token[..token.len() - 9], "my-secret-word"] {
        let answer = test(token).await;
        answer.ok(200);
        assert!(!answer.text().contains(token), "{}", answer.text());
    }
    site.sdk("GET", "me")
        .bearer(&token)
        .header("x-request-id", "with-a-provider")
        .send()
        .await
        .ok(200);
    provider.behave(Behaviour::Status(503));
    site.world.clock.advance(Duration::from_secs(7200));
    let later = provider.id_token("my-secret-user", json!({}));
    let _ = site.sdk("GET", "me").bearer(&later).send().await;
    for body in [
        json!({ "url": "https://u:my-secret-pass@keys.example/" }),
        json!({ "url": "https://127.0.0.1/?my-secret-query" }),
    ] {
        let _ = call("POST", "").json(&jwks(body)).send().await;
    }
    let text = paper::text();
    assert!(text.contains("id=\"with-a-provider\""));
    let template = "/admin/v1/environments/{environment}/identity-providers/{provider}/test";
    assert!(
        text.contains(template),
        "the route is logged as its template"
    );
    assert!(
        text.contains("cannot be fetched"),
        "a failing provider is told of"
    );
    assert!(!text.contains("my-secret"), "{text}");
}
