//! Issued tokens and published key sets, as clients, verifiers and operators meet them.

use hallpass_http::HttpSettings;
use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use hallpass_testkit::person::{Person, Signing, publishable_key, signed_in};
use serde_json::{Value, json};

use crate::support::{Call, Site};

async fn person(site: &Site) -> Person {
    let world = &site.world;
    let signing = Signing::by_email("ana@example.com");
    signed_in(&world.services, &world.store, world.environment, signing).await
}

fn jwt(site: &Site, person: &Person) -> Call {
    site.call("POST", "/auth/jwt")
        .header("x-external-api-key", &person.key)
        .header("x-para-structured-errors", "1")
        .header("x-capsule-sid", &person.secret)
}

async fn token(site: &Site, person: &Person) -> Value {
    jwt(site, person)
        .json(&json!({"keyIndex": 0}))
        .send()
        .await
        .ok(200)
}

fn jwks_path(site: &Site) -> String {
    let environment = site.world.environment;
    format!("/environments/{environment}/.well-known/jwks.json")
}

async fn set(site: &Site, sign_in: Value) {
    let path = format!("/admin/v1/environments/{}", site.world.environment);
    let patch = json!({"sign_in": sign_in});
    site.call("PATCH", &path)
        .local()
        .json(&patch)
        .send()
        .await
        .ok(200);
}

on_both_engines! {
    async fn a_signed_in_client_gets_a_token_and_a_renewed_session(database: Database) {
        let site = Site::new(database).await;
        let person = person(&site).await;
        let answer = jwt(&site, &person).json(&json!({"keyIndex": 1, "more": true})).send().await;
        assert!(answer.header("x-capsule-sid").contains("Expires="));
        let issued = answer.ok(200);
        let keys = site.call("GET", &jwks_path(&site)).send().await.ok(200);
        let kids: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
        assert_eq!(kids[1], &issued["keyId"]);
        // The index may be left out.
        let first = jwt(&site, &person).json(&json!({})).send().await.ok(200);
        assert_eq!(kids[0], &first["keyId"]);
    }

    async fn refusals_say_what_to_do(database: Database) {
        let site = Site::new(database).await;
        let person = person(&site).await;
        let ask = |body: Value| jwt(&site, &person).json(&body);
        ask(json!({"keyIndex": 9})).send().await.refused(400, "unknown_key_index");
        ask(json!({"keyIndex": -1})).send().await.refused(400, "unknown_key_index");
        ask(json!({"keyIndex": "0"})).send().await.refused(422, "invalid_body");
        let without = || {
            site.call("POST", "/auth/jwt")
                .header("x-external-api-key", &person.key)
                .header("x-para-structured-errors", "1")
                .json(&json!({"keyIndex": 0}))
        };
        without().send().await.refused(403, "not_signed_in");
        let opened = site.call("POST", "/touch").header("x-external-api-key", &person.key).send().await;
        let visitor = opened.header("x-capsule-sid").to_owned();
        without().header("x-capsule-sid", &visitor).send().await.refused(403, "not_signed_in");
        assert_eq!(site.call("POST", "/auth/jwt").send().await.status, 401);
    }

    async fn a_key_set_says_how_long_it_may_be_kept_and_by_whom(database: Database) {
        let site = Site::new(database).await;
        let path = jwks_path(&site);
        let answer = site.call("GET", &path).header("origin", "https://any.example").send().await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("set-cookie"), "");
        assert_eq!(answer.header("vary"), "");
        let etag = answer.header("etag").to_owned();
        let body = answer.json();
        for key in body["keys"].as_array().unwrap() {
            let mut members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
            members.sort_unstable();
            assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
            assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&json!("RSA"), &json!("RS256"), &json!("sig")));
        }
        let again = site.call("GET", &path).header("if-none-match", &format!("W/{etag}, \"other\"")).send().await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), etag);
        assert_eq!(again.header("cache-control"), "public, max-age=300");
        let changed = site.environment("POST", "/issuer-keys/rotate").local().json(&json!({})).send().await;
        assert_eq!(changed.ok(200)["items"].as_array().unwrap().len(), 2);
        let other = site.call("GET", &path).header("if-none-match", &etag).send().await;
        assert_eq!(other.ok(200)["keys"].as_array().unwrap().len(), 4);
        set(&site, json!({"jwks_max_age_secs": 5})).await;
        assert_eq!(site.call("GET", &path).send().await.header("cache-control"), "public, max-age=5");
        let unknown = "/environments/00000000-0000-4000-8000-000000000000/.well-known/jwks.json";
        assert_eq!(site.call("GET", unknown).send().await.status, 404);
    }

    async fn a_host_leads_to_its_environment_else_to_the_default_else_nowhere(database: Database) {
        let site = Site::new(database).await;
        let path = "/.well-known/jwks.json";
        let of_host = |host: &str| site.call("GET", path).header("host", host);
        assert_eq!(of_host("auth.example.com").send().await.status, 404);
        set(&site, json!({"hosts": ["auth.example.com"]})).await;
        let expected = site.call("GET", &jwks_path(&site)).send().await.json();
        assert_eq!(of_host("Auth.Example.com:8080").send().await.ok(200), expected);
        assert_eq!(of_host("other.example.com").send().await.status, 404);
        let beta = site.world.another_environment("beta").await;
        let settings = HttpSettings { default_environment: Some(beta), ..HttpSettings::default() };
        let state = hallpass_http::AppState::new(site.world.services.clone(), settings);
        let app = hallpass_http::app(state);
        assert_eq!(of_host("auth.example.com").to(&app).send().await.ok(200), expected);
        let of_default = of_host("localhost:8080").to(&app).send().await.ok(200);
        let own = site.call("GET", &format!("/environments/{beta}/.well-known/jwks.json")).send().await.json();
        assert_eq!(of_default, own);
        assert_ne!(of_default, expected);
    }

    async fn an_issued_token_connects_where_it_is_trusted(database: Database) {
        let site = Site::new(database).await;
        let person = person(&site).await;
        let issued = token(&site, &person).await;
        let issued = issued["token"].as_str().unwrap();
        site.sdk("GET", "me").bearer(issued).send().await.refused(401, "wrong_type");
        set(&site, json!({"trust_issued_tokens": true})).await;
        let me = site.sdk("GET", "me").bearer(issued).send().await.ok(200);
        assert_eq!(me["userId"], person.account.to_string());
        site.call("GET", "/logout")
            .header("x-external-api-key", &person.key)
            .header("x-capsule-sid", &person.secret)
            .send().await.ok(200);
        site.sdk("GET", "me").bearer(issued).send().await.refused(401, "session_ended");
    }

    async fn operators_list_rotate_and_revoke(database: Database) {
        let site = Site::new(database).await;
        let key = site.operator("root", Role::Member, None).await;
        let call = |method: &str, path: &str| site.environment(method, path).bearer(&key);
        assert_eq!(call("GET", "/issuer-keys").send().await.ok(200)["items"], json!([]));
        let made = call("POST", "/issuer-keys/rotate").json(&json!({"key_index": null})).send().await.ok(200);
        assert_eq!(made["items"].as_array().unwrap().len(), 2);
        let next = call("POST", "/issuer-keys/rotate").json(&json!({"key_index": 1})).send().await.ok(200);
        assert_eq!(next["items"][0]["state"], "next");
        let listed = call("GET", "/issuer-keys?key_index=1").send().await.ok(200);
        let mut states: Vec<_> = listed["items"].as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap()).collect();
        states.sort_unstable();
        assert_eq!(states, ["active", "next"]);
        assert!(!listed.to_string().contains("private"));
        call("POST", "/issuer-keys/rotate").json(&json!({"key_index": 2})).send().await.refused(422, "unknown_key_index");
        let kid = made["items"][0]["kid"].as_str().unwrap();
        let revoked = call("DELETE", &format!("/issuer-keys/{kid}")).send().await.ok(200);
        assert_eq!((&revoked["state"], &revoked["successor"]["state"]), (&json!("revoked"), &json!("active")));
        assert!(revoked["warning"].as_str().unwrap().contains("fresh one signs already"));
        call("DELETE", "/issuer-keys/nobody").send().await.refused(404, "not_found");
    }
}

/// Visitors who are nobody in particular learn nothing about other environments' sessions.
#[tokio::test]
async fn a_key_of_another_environment_finds_no_session() {
    let site = Site::on_sqlite().await;
    let person = person(&site).await;
    let beta = site.world.another_environment("beta").await;
    let key = publishable_key(&site.world.services, beta).await;
    let answer = site
        .call("POST", "/auth/jwt")
        .header("x-external-api-key", &key)
        .header("x-para-structured-errors", "1")
        .header("x-capsule-sid", &person.secret)
        .json(&json!({"keyIndex": 0}))
        .send()
        .await;
    answer.refused(403, "not_signed_in");
}
