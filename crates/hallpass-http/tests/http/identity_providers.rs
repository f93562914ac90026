//! Identity providers in the admin API.

use std::time::Duration;

use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::support::{Call, Site};

pub const PATH: &str = "/identity-providers";

pub fn auth0() -> Value {
    json!({ "kind": "auth0", "domain": "acme.eu.auth0.com", "custom_domain": "login.acme.test", "audiences": ["app"] })
}

pub fn firebase(project: &str) -> Value {
    json!({ "kind": "firebase", "project_id": project })
}

pub fn jwks(more: Value) -> Value {
    let mut settings = json!({ "kind": "jwks", "url": "https://keys.example/jwks.json", "issuer": "https://id.example", "audiences": ["app"] });
    for (name, value) in more.as_object().expect("members") {
        settings[name] = value.clone();
    }
    settings
}

/// Calls below an environment's providers, with an operator's key.
pub fn of<'s>(site: &'s Site, key: &'s str) -> impl Fn(&str, &str) -> Call + 's {
    move |method, path| {
        site.environment(method, &format!("{PATH}{path}"))
            .bearer(key)
    }
}

on_both_engines! {
    async fn a_provider_comes_changes_and_goes(database: Database) {
        let site = Site::new(database).await;
        let key = site.operator("ana", Role::Member, Some(vec![site.world.project])).await;
        let call = of(&site, &key);
        assert_eq!(call("GET", "").send().await.ok(200), json!({ "items": [], "next": null }));

        let created = call("POST", "").json(&auth0()).send().await;
        let made = created.ok(201);
        let id = made["id"].as_str().unwrap().to_owned();
        let environment = site.world.environment.to_string();
        assert_eq!(created.header("location"), format!("/admin/v1/environments/{environment}{PATH}/{id}"));
        assert_eq!(made, json!({
            "id": id, "environment_id": environment,
            "kind": "auth0", "domain": "acme.eu.auth0.com", "custom_domain": "login.acme.test", "audiences": ["app"],
            "issuers": ["https://acme.eu.auth0.com/", "https://login.acme.test/"],
            "keys_url": "https://acme.eu.auth0.com/.well-known/jwks.json",
            "disabled": false, "warnings": [],
            "keys": { "state": "unknown", "count": 0, "fetched_at": null, "refresh_at": null, "usable_until": null, "failure": null },
            "version": 1, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        }));
        let one = format!("/{id}");
        let read = call("GET", &one).send().await;
        assert_eq!((read.ok(200), read.header("etag")), (made.clone(), "\"1\""));

        site.world.clock.advance(Duration::from_secs(1));
        let second = call("POST", "").json(&firebase("acme-prod")).send().await.ok(201);
        assert_eq!(call("GET", "").send().await.ok(200)["items"], json!([made, second]), "oldest first");

        let patch = |body: Value| {
            // Rows of one moment are in no order.
            site.world.clock.advance(Duration::from_secs(1));
            call("PATCH", &one).json(&body).send()
        };
        let narrowed = patch(json!({ "settings": { "custom_domain": null, "audiences": ["app", "other"] } })).await;
        let seen = narrowed.ok(200);
        assert_eq!((&seen["issuers"], &seen["audiences"]), (&json!(["https://acme.eu.auth0.com/"]), &json!(["app", "other"])));
        assert_eq!((&seen["version"], &seen["updated_at"], narrowed.header("etag")), (&json!(2), &json!("2026-01-01T00:00:02Z"), "\"2\""));
        assert_eq!(seen.get("custom_domain"), None);
        let disabled = patch(json!({ "disabled": true })).await.ok(200);
        assert_eq!((&disabled["disabled"], &disabled["audiences"]), (&json!(true), &seen["audiences"]));
        assert_eq!(patch(json!({ "disabled": false })).await.ok(200)["disabled"], false);
        let dangerous = patch(json!({ "settings": { "audiences": null, "any_audience": true } })).await.ok(200);
        assert_eq!(dangerous["warnings"][0]["code"], "any_audience");
        assert_eq!(call("GET", &one).send().await.ok(200), dangerous);

        site.world.clock.advance(Duration::from_secs(1));
        assert_eq!(call("DELETE", &one).send().await.ok(204), Value::Null);
        for method in ["GET", "DELETE", "PATCH"] {
            call(method, &one).send().await.refused(404, "not_found");
        }
        call("POST", &format!("{one}/test")).send().await.refused(404, "not_found");
        assert_eq!(call("GET", "").send().await.ok(200)["items"], json!([second]));

        let trail = site.environment("GET", "/audit?kind=change").bearer(&key).send().await.ok(200);
        let of_this: Vec<&str> = trail["items"].as_array().unwrap().iter().filter(|row| row["target"] == id).map(|row| row["action"].as_str().unwrap()).collect();
        let updates = ["identity_provider.update"; 4];
        assert_eq!(of_this, [&["identity_provider.remove"], &updates[..], &["identity_provider.add"]].concat());
    }

    async fn what_belongs_to_others_is_not_there(database: Database) {
        let site = Site::new(database).await;
        let id = site.trust_with(&auth0()).await;
        let world = &site.world;
        let theirs = world.services.projects.create(&world.admin(), "Theirs").await.unwrap().into_inner();
        let stranger = site.operator("stranger", Role::Member, Some(vec![theirs.id])).await;
        let support = site.operator("sam", Role::Support, None).await;
        let admin = site.admin_key().await;
        let next_door = world.another_environment("beta").await;
        let calls = [
            ("POST", String::new(), firebase("x")),
            ("GET", String::new(), Value::Null),
            ("GET", format!("/{id}"), Value::Null),
            ("PATCH", format!("/{id}"), json!({ "disabled": true })),
            ("POST", format!("/{id}/test"), json!({})),
            ("DELETE", format!("/{id}"), Value::Null),
        ];
        for (method, path, body) in &calls {
            let with_body = |call: Call| if body.is_null() { call } else { call.json(body) };
            let call = || with_body(site.environment(method, &format!("{PATH}{path}")));
            call().send().await.refused(401, "credentials_missing");
            call().bearer(&world.token("user-1")).send().await.refused(401, "operator_key_invalid");
            call().bearer(&support).send().await.refused(403, "role_insufficient");
            let refused = call().bearer(&stranger).send().await;
            assert_eq!(refused.refused(404, "not_found").json()["detail"], "no such environment", "{method} {path}");
            if path.is_empty() {
                continue;
            }
            let beside = format!("/admin/v1/environments/{next_door}{PATH}{path}");
            let beside = with_body(site.call(method, &beside).bearer(&admin));
            assert_eq!(beside.send().await.refused(404, "not_found").json()["detail"], "no such identity provider", "{method} {path}");
        }
        for id in ["x", "%00", "00000000-0000-0000-0000-000000000000", &id.to_uppercase()] {
            of(&site, &admin)("GET", &format!("/{id}")).send().await.refused(404, "not_found");
        }
        let listed = of(&site, &admin)("GET", "").send().await.ok(200);
        assert_eq!((&listed["items"][0]["version"], listed["items"].as_array().map(Vec::len)), (&json!(1), Some(1)), "nothing happened");
    }

    async fn row_60_a_repeated_provider_is_recognised_and_a_stale_change_refused(database: Database) {
        let site = Site::new(database).await;
        let key = site.admin_key().await;
        let call = of(&site, &key);
        let post = |body: Value| call("POST", "").header("idempotency-key", "once").json(&body).send();
        let made = post(auth0()).await.ok(201);
        let again = post(auth0()).await;
        assert_eq!((again.ok(200), again.header("location")), (made.clone(), ""));
        post(firebase("other")).await.refused(422, "idempotency_key_reused");
        assert_eq!(call("GET", "").send().await.ok(200)["items"].as_array().map(Vec::len), Some(1));

        let one = format!("/{}", made["id"].as_str().unwrap());
        let patch = |tag: &str| call("PATCH", &one).header("if-match", tag).json(&json!({ "disabled": true })).send();
        assert_eq!(patch("\"1\"").await.ok(200)["version"], 2);
        for stale in ["\"1\"", "\"3\"", "W/\"2\"", "2"] {
            patch(stale).await.refused(412, "version_changed");
        }
        patch("\"1\", \"2\"").await.refused(400, "invalid_if_match");
        assert_eq!(patch("*").await.ok(200)["version"], 2, "nothing is left to change");
        // What was made is what a repetition answers, as it is now.
        assert_eq!(post(auth0()).await.ok(200)["disabled"], true);
        call("DELETE", &one).send().await.ok(204);
        post(auth0()).await.refused(404, "not_found");
    }

    async fn every_token_leads_to_one_place(database: Database) {
        let site = Site::new(database).await;
        let key = site.admin_key().await;
        let call = of(&site, &key);
        let post = |body: Value| call("POST", "").json(&body).send();
        post(auth0()).await.ok(201);
        let same_alias = json!({ "kind": "oidc", "issuer": "https://login.acme.test/", "audiences": ["app"] });
        for taken in [auth0(), same_alias, jwks(json!({ "issuer": "https://acme.eu.auth0.com/" }))] {
            assert_eq!(post(taken).await.refused(409, "issuer_taken").json()["pointer"], "/issuer");
        }
        // To the last slash.
        post(jwks(json!({ "issuer": "https://acme.eu.auth0.com" }))).await.ok(201);
        let nameless = jwks(json!({ "issuer": null }));
        let beside_key = post(nameless.clone()).await;
        assert_eq!(beside_key.refused(409, "issuerless_conflict").json()["pointer"], "/issuer");

        let kid = site.world.key.verifying_key().thumbprint();
        site.environment("DELETE", &format!("/signing-keys/{kid}")).bearer(&key).send().await.ok(200);
        let made = post(nameless.clone()).await.ok(201);
        assert_eq!((&made["issuers"], &made["warnings"][0]["code"]), (&json!([]), &json!("no_issuer")));
        post(nameless).await.refused(409, "issuerless_conflict");
        let generate = site.environment("POST", "/signing-keys").bearer(&key).send().await;
        generate.refused(409, "issuerless_conflict");
        let named = json!({ "settings": { "issuer": "https://named.example" } });
        call("PATCH", &format!("/{}", made["id"].as_str().unwrap())).json(&named).send().await.ok(200);
        site.environment("POST", "/signing-keys").bearer(&key).send().await.ok(201);
    }

    async fn the_seventeenth_provider_is_one_too_many(database: Database) {
        let site = Site::new(database).await;
        for number in 1..=16 {
            site.trust_with(&firebase(&format!("acme-{number}"))).await;
        }
        let call = of(&site, "")("POST", "");
        call.local().json(&firebase("acme-17")).send().await.refused(409, "too_many_providers");
    }
}

#[tokio::test]
async fn each_kind_derives_what_it_can_and_warns() {
    let site = Site::on_sqlite().await;
    let firebase_keys =
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
    for (settings, issuers, keys_url, warnings) in [
        (
            json!({ "kind": "auth0", "domain": "a.auth0.com", "audiences": ["x"] }),
            json!(["https://a.auth0.com/"]),
            "https://a.auth0.com/.well-known/jwks.json",
            json!([]),
        ),
        (
            json!({ "kind": "auth0", "domain": "b.auth0.com", "any_audience": true }),
            json!(["https://b.auth0.com/"]),
            "https://b.auth0.com/.well-known/jwks.json",
            json!(["any_audience"]),
        ),
        (
            firebase("acme"),
            json!(["https://securetoken.google.com/acme"]),
            firebase_keys,
            json!([]),
        ),
        (
            json!({ "kind": "oidc", "issuer": "https://id.example/realms/main" }),
            json!(["https://id.example/realms/main"]),
            "https://id.example/realms/main/.well-known/openid-configuration",
            json!(["no_audience"]),
        ),
        (
            jwks(json!({ "url": "https://keys.example:8443/set?tenant=1", "audiences": [] })),
            json!(["https://id.example"]),
            "https://keys.example:8443/set?tenant=1",
            json!(["no_audience"]),
        ),
    ] {
        let call = of(&site, "")("POST", "").local().json(&settings);
        let made = call.send().await.ok(201);
        assert_eq!(made["issuers"], issuers, "{settings}");
        assert_eq!(made["keys_url"], keys_url, "{settings}");
        let codes: Vec<&Value> = made["warnings"]
            .as_array()
            .expect("warnings")
            .iter()
            .map(|warning| &warning["code"])
            .collect();
        assert_eq!(json!(codes), warnings, "{settings}");
        for (name, value) in settings.as_object().expect("members") {
            let shown = made.get(name).unwrap_or(&Value::Null);
            let left_out = *value == json!([]) && shown.is_null();
            assert!(shown == value || left_out, "{name}: {made}");
        }
    }
}
