//! API keys over the admin API, and what they open.

use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::support::{Answer, Site};

async fn make(site: &Site, body: Value) -> Answer {
    let call = site.environment("POST", "/api-keys").local();
    call.json(&body).send().await
}

async fn touch(site: &Site, key: &str) -> Answer {
    let call = site
        .call("POST", "/touch")
        .header("x-external-api-key", key);
    call.header("x-para-structured-errors", "1").send().await
}

on_both_engines! {
    async fn keys_are_made_listed_rotated_and_revoked(database: Database) {
        let site = Site::new(database).await;
        let publishable = make(&site, json!({ "kind": "publishable", "name": "web", "prefix": "dev" })).await.ok(201);
        let key = publishable["publishable_key"].as_str().expect("the key").to_owned();
        assert!(key.starts_with("dev_") && publishable.get("secret").is_none());
        assert_eq!((&publishable["state"], publishable.get("secret_shown")), (&json!("active"), None));
        assert_eq!(touch(&site, &key).await.status, 200);

        let secret = make(&site, json!({ "kind": "secret", "name": "backend" })).await;
        assert_eq!(secret.header("cache-control"), "no-store");
        let secret = secret.ok(201);
        let text = secret["secret"].as_str().expect("shown once").to_owned();
        assert!(text.starts_with("sk_") && secret["publishable_key"].is_null());
        let id = secret["id"].as_str().expect("an id").to_owned();

        let listed = site.environment("GET", "/api-keys").local().send().await;
        assert!(!listed.text().contains(&text), "never again");
        assert_eq!(listed.ok(200)["items"].as_array().map(Vec::len), Some(2));

        let rotate = site.environment("POST", &format!("/api-keys/{id}/rotate")).local();
        let rotated = rotate.json(&json!({ "overlap_secs": 60 })).send().await.ok(201);
        assert_eq!((&rotated["kind"], &rotated["name"]), (&secret["kind"], &secret["name"]));
        let old = site.environment("GET", &format!("/api-keys/{id}")).local().send().await.ok(200);
        assert_eq!(old["state"], "ending");

        let id = publishable["id"].as_str().expect("an id");
        let revoked = site.environment("DELETE", &format!("/api-keys/{id}")).local().send().await.ok(200);
        assert_eq!(revoked["state"], "revoked");
        touch(&site, &key).await.refused(401, "api_key_invalid");
    }

    async fn a_key_of_the_wrong_kind_is_refused_with_advice(database: Database) {
        let site = Site::new(database).await;
        let publishable = make(&site, json!({ "kind": "publishable", "name": "web" })).await.ok(201);
        let secret = make(&site, json!({ "kind": "secret", "name": "backend" })).await.ok(201);
        let verify = |key: &Value| {
            site.call("POST", "/sessions/verify")
                .header("x-external-api-key", key.as_str().expect("a key"))
                .header("x-para-structured-errors", "1")
                .json(&json!({ "verificationToken": "0b5c8f0e-9a55-7a54-8a0c-0d5a4f3c2b1a" }))
        };
        let refused = verify(&publishable["publishable_key"]).send().await;
        assert!(refused.refused(403, "secret_key_needed").text().contains("sk_"));
        verify(&secret["secret"]).send().await.refused(403, "session_invalid");
        let on_a_page = verify(&secret["secret"]).header("origin", "https://app.example").send().await;
        assert!(on_a_page.refused(403, "publishable_key_needed").text().contains("revoke"));
    }

    async fn an_unknown_key_is_told_so_in_words_and_counts_against_its_address(database: Database) {
        let site = Site::new(database).await;
        let call = site.call("POST", "/touch").header("x-external-api-key", "dev_nothing").send().await;
        assert_eq!(call.status, 401);
        assert!(call.text().contains("Invalid API key"), "{}", call.text());
        let mut last = 0;
        for _ in 0..400 {
            let call = site.call("POST", "/touch").header("x-external-api-key", "dev_nothing");
            last = call.from("203.0.113.9:4000").send().await.status;
        }
        assert_eq!(last, 429);
    }

    async fn row_59_a_key_is_what_it_says_and_nothing_more(database: Database) {
        let site = Site::new(database).await;
        for (body, code, pointer) in [
            (json!({ "kind": "Secret", "name": "a" }), "invalid_api_key", "/kind"),
            (json!({ "kind": "secret", "name": "" }), "invalid_name", "/name"),
            (json!({ "kind": "publishable", "name": "a", "prefix": "sk" }), "invalid_prefix", "/prefix"),
            (json!({ "kind": "secret", "name": "a", "expires_in_secs": 0 }), "invalid_lifetime", "/expires_in_secs"),
            (json!({ "kind": "secret", "name": "a", "secret": "sk_x" }), "invalid_body", "/secret"),
            (json!({ "kind": "secret", "name": "a", "environment_id": "x" }), "invalid_body", "/environment_id"),
        ] {
            let answer = make(&site, body.clone()).await;
            assert_eq!(answer.refused(422, code).json()["pointer"], pointer, "{body}");
        }
    }
}
