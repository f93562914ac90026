//! The Connect surface: what the SDK reads, and how it is refused.

use hallpass_testkit::on_both_engines;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Site};

const CLAIM: &str = "urn:useparagon:connect:permissions";

/// What a client sees of a refusal, without what changes from run to run.
fn shape(answer: &Answer) -> Value {
    json!({
        "status": answer.status,
        "type": answer.header("content-type"),
        "challenge": answer.header("www-authenticate"),
        "cache": answer.header("cache-control"),
        "body": answer.json(),
    })
}

on_both_engines! {
    async fn the_sdk_signs_in_and_keeps_metadata(database: Database) {
        let site = Site::new(database).await;
        let token = site.world.token("user-1");
        let me = site.sdk("GET", "me").bearer(&token).send().await.ok(200);
        let environment = site.world.environment.to_string();
        assert_eq!(me["project"]["id"], environment);
        insta::assert_snapshot!("me", format!("{me:#}").replace(&environment, "[environment]"));
        for path in ["integrations", "metadata"] {
            assert_eq!(site.sdk("GET", path).bearer(&token).send().await.ok(200), json!([]));
        }
        let patch = |meta: Value| site.sdk("PATCH", "me").bearer(&token).json(&json!({ "meta": meta }));
        patch(json!({ "Name": "Ana", "address": { "city": "Oslo", "tags": [1, 2] } })).send().await.ok(200);
        let merged = patch(json!({ "address": { "zip": null, "tags": [3] } })).send().await.ok(200);
        let expected = json!({ "Name": "Ana", "address": { "city": "Oslo", "tags": [3], "zip": null } });
        assert_eq!(merged["meta"], expected);
        let again = site.sdk("GET", "me").bearer(&token).send().await.ok(200);
        assert_eq!(again, merged);
    }
}

#[tokio::test]
async fn refusals_have_the_envelope_that_the_sdk_reads() {
    let site = Site::on_sqlite().await;
    let world = &site.world;
    let sign = |more| world.sign(&world.claims_with("user-1", more));
    let no_credentials = site.sdk("GET", "me").send().await;
    insta::assert_json_snapshot!("no_credentials", shape(&no_credentials));
    let another_scheme = site
        .sdk("GET", "me")
        .header("authorization", "Basic eDp5")
        .send()
        .await;
    assert_eq!(shape(&another_scheme), shape(&no_credentials));

    let expired = sign(json!({ "iat": 1_700_000_000, "exp": 1_700_003_600 }));
    insta::assert_json_snapshot!(
        "expired",
        shape(&site.sdk("GET", "me").bearer(&expired).send().await)
    );
    insta::assert_json_snapshot!(
        "garbage",
        shape(&site.sdk("GET", "me").bearer("garbage").send().await)
    );
    let stringified = sign(json!({ CLAIM: "{}" }));
    insta::assert_json_snapshot!(
        "claim_malformed",
        shape(&site.sdk("GET", "me").bearer(&stringified).send().await)
    );

    let narrow = sign(json!({ CLAIM: ["metadata:read"] }));
    let refused = site
        .sdk("PATCH", "me")
        .bearer(&narrow)
        .json(&json!({ "meta": {} }))
        .send()
        .await;
    refused.refused(401, "permission_claim_malformed");
    let narrow = sign(json!({ CLAIM: { "integration:*": ["metadata:read"] } }));
    let refused = site
        .sdk("PATCH", "me")
        .bearer(&narrow)
        .json(&json!({ "meta": {} }))
        .send()
        .await;
    insta::assert_json_snapshot!("insufficient_permission", shape(&refused));

    insta::assert_json_snapshot!(
        "unknown_path",
        shape(&site.sdk("GET", "nothing/here").send().await)
    );
    insta::assert_json_snapshot!(
        "method_not_allowed",
        shape(&site.sdk("PUT", "me").send().await)
    );
    let unknown_field = site
        .sdk("PATCH", "me")
        .bearer(&world.token("user-1"))
        .json(&json!({ "meta": {}, "owner": 1 }));
    insta::assert_json_snapshot!("unknown_field", shape(&unknown_field.send().await));
}

#[tokio::test]
async fn an_unknown_environment_is_answered_before_the_token_is_looked_at() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    for id in [
        "0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a",
        "not-an-id",
        "%00",
        "0B5C8F0E-9A55-4A54-8A0C-0D5A4F3C2B1A",
    ] {
        for path in ["sdk/me", "sdk/integrations", "sdk/metadata", "sdk/nothing"] {
            let path = format!("/projects/{id}/{path}");
            for call in [
                site.call("GET", &path),
                site.call("GET", &path).bearer(&token),
                site.call("GET", &path).bearer("x"),
            ] {
                call.send().await.refused(404, "not_found");
            }
        }
    }
}

#[tokio::test]
async fn a_bare_token_is_accepted_here_and_only_here() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    site.sdk("GET", "me")
        .header("authorization", &token)
        .send()
        .await
        .ok(200);
    site.sdk("GET", "me")
        .header("authorization", &format!("bearer {token}"))
        .send()
        .await
        .ok(200);
    let key = site.admin_key().await;
    let bare = site
        .call("GET", "/admin/v1/me")
        .header("authorization", &key)
        .send()
        .await;
    bare.refused(401, "credentials_missing");
    site.call("GET", "/admin/v1/me")
        .bearer(&key)
        .send()
        .await
        .ok(200);
}

#[tokio::test]
async fn json_is_announced_without_a_body_by_the_sdk() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    for (method, path, status) in [
        ("GET", "me", 200),
        ("GET", "integrations", 200),
        ("POST", "workflows/x", 404),
        ("DELETE", "integrations/x", 404),
    ] {
        let call = site
            .sdk(method, path)
            .bearer(&token)
            .header("content-type", "application/json");
        assert_eq!(call.send().await.status, status, "{method} {path}");
    }
    let empty = site
        .sdk("PATCH", "me")
        .bearer(&token)
        .header("content-type", "application/json");
    empty.send().await.refused(422, "invalid_body");
}

#[tokio::test]
async fn metadata_faults_are_pointed_at_from_the_body() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    let patch = |meta: &str| {
        site.sdk("PATCH", "me")
            .bearer(&token)
            .text("application/json", &format!(r#"{{"meta":{meta}}}"#))
    };
    let deep = format!("{}1{}", r#"{"a":"#.repeat(17), "}".repeat(17));
    let large = json!({ "a": "x".repeat(64 * 1024) }).to_string();
    for (meta, status, code, pointer) in [
        (
            r#"{"a":{"__proto__":1}}"#,
            422,
            "metadata_refused",
            "/meta/a/__proto__",
        ),
        (
            r#"{"a":[{"constructor":1}]}"#,
            422,
            "metadata_refused",
            "/meta/a/0/constructor",
        ),
        (r#"{"a":1,"a":2}"#, 422, "duplicate_member", "/meta/a"),
        (
            r#"{"a":[{"b":{"c":1,"c":2}}]}"#,
            422,
            "duplicate_member",
            "/meta/a/0/b/c",
        ),
        (r#""text""#, 422, "invalid_body", "/meta"),
        (deep.as_str(), 422, "metadata_refused", "/meta"),
        (large.as_str(), 422, "metadata_refused", "/meta"),
    ] {
        let refused = patch(meta).send().await;
        refused.refused(status, code);
        assert_eq!(
            refused.json()["meta"]["pointer"],
            pointer,
            "{}",
            refused.text()
        );
    }
    let me = site.sdk("GET", "me").bearer(&token).send().await.ok(200);
    assert_eq!(me["meta"], json!({}), "nothing was stored");
}

#[tokio::test]
async fn host_names_and_methods_are_taken_as_they_come() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    for host in [
        "zeus.example.test",
        "api.example.test:8443",
        "proxy.localhost",
        "[::1]:80",
    ] {
        site.sdk("GET", "me")
            .header("host", host)
            .bearer(&token)
            .send()
            .await
            .ok(200);
    }
    let head = site.sdk("HEAD", "me").bearer(&token).send().await;
    assert_eq!(head.status, 200);
    let odd = site
        .sdk(
            Method::from_bytes(b"BREW").expect("a method").as_str(),
            "me",
        )
        .send()
        .await;
    assert_eq!(
        odd.refused(405, "method_not_allowed").header("allow"),
        "GET,HEAD,PATCH"
    );
}

#[tokio::test]
async fn a_question_makes_no_user_and_a_sign_in_does() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let token = site.world.token("never-seen");
    let user = || site.environment("GET", "/users/never-seen").bearer(&key);
    let question = json!({ "question": { "permission": "events" } });
    for _ in 0..2 {
        let explained = site.sdk("POST", "explain").bearer(&token).json(&question);
        explained.send().await.ok(200);
        user().send().await.refused(404, "not_found");
    }
    let remembered = || site.world.services.tokens.remembered_count();
    assert_eq!(remembered(), 0);
    site.sdk("GET", "me").bearer(&token).send().await.ok(200);
    assert_eq!(remembered(), 1);
    user().send().await.ok(200);
    // Whoever is known by now is explained to as before; a refused token still is refused.
    let explained = site.sdk("POST", "explain").bearer(&token).json(&question);
    explained.send().await.ok(200);
    let refused = site.sdk("POST", "explain").bearer("x").json(&question);
    refused.send().await.refused(401, "malformed");
}
