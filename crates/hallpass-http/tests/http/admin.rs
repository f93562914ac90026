//! The admin API: what it makes, lists, changes and tells.

use std::time::Duration;

use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::support::Site;

on_both_engines! {
    async fn projects_and_environments_are_made_listed_and_changed(database: Database) {
        let site = Site::new(database).await;
        let key = site.admin_key().await;
        let created = site.call("POST", "/admin/v1/projects").bearer(&key).json(&json!({ "name": "Second" })).send().await;
        let project = created.ok(201);
        let path = created.header("location").to_owned();
        assert_eq!(path, format!("/admin/v1/projects/{}", project["id"].as_str().unwrap()));
        assert_eq!(project["created_at"], "2026-01-01T00:00:00Z");
        assert_eq!(site.call("GET", &path).bearer(&key).send().await.ok(200), project);
        let taken = site.call("POST", "/admin/v1/projects").bearer(&key).json(&json!({ "name": "Second" })).send().await;
        taken.refused(409, "name_taken");
        site.world.clock.advance(Duration::from_secs(1));
        let renamed = site.call("PATCH", &path).bearer(&key).json(&json!({ "name": "2nd" })).send().await.ok(200);
        assert_eq!((&renamed["name"], &renamed["updated_at"]), (&json!("2nd"), &json!("2026-01-01T00:00:01Z")));

        let below = format!("{path}/environments");
        let created = site.call("POST", &below).bearer(&key).json(&json!({ "name": "qa" })).send().await;
        let environment = created.ok(201);
        let path = created.header("location").to_owned();
        assert_eq!(environment["settings"]["leeway_secs"], 60);
        let patch = json!({ "name": "test", "settings": { "audiences": ["me"], "aud_mode": "only_configured", "issuer": "https://issuer.example" } });
        let changed = site.call("PATCH", &path).bearer(&key).json(&patch).send().await;
        let seen = changed.ok(200);
        assert_eq!((&seen["name"], &seen["settings"]["aud_mode"], &seen["version"]), (&json!("test"), &json!("only_configured"), &json!(2)));
        assert_eq!(changed.header("etag"), "\"2\"");
        let reset = site.call("PATCH", &path).bearer(&key).text("application/merge-patch+json", r#"{"settings":{"issuer":null}}"#);
        assert_eq!(reset.send().await.ok(200)["settings"]["issuer"], Value::Null);
        let beside = site.call("PATCH", &path).bearer(&key).json(&json!({ "leeway_secs": 7 })).send().await.ok(200);
        assert_eq!((&beside["settings"]["leeway_secs"], &beside["name"]), (&json!(7), &json!("test")));
        for (faulty, pointer) in [
            (json!({ "owner": "me" }), "/owner"),
            (json!({ "leeway_secs": 1, "settings": {} }), "/settings"),
        ] {
            let refused = site.call("PATCH", &path).bearer(&key).json(&faulty).send().await;
            assert_eq!(refused.refused(422, "invalid_body").json()["pointer"], pointer);
        }
        let faulty = site.call("PATCH", &path).bearer(&key).json(&json!({ "settings": { "leeway_secs": 301 } })).send().await;
        assert_eq!(faulty.refused(422, "invalid_settings").json()["pointer"], "/settings/leeway_secs");
        let listed = site.call("GET", &below).bearer(&key).send().await.ok(200);
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    }

    async fn lists_are_paged_by_cursor_without_gaps_or_repetition(database: Database) {
        let site = Site::new(database).await;
        let key = site.admin_key().await;
        let mut made = vec![];
        for n in 0..7 {
            site.world.clock.advance(Duration::from_secs(1));
            let name = format!("p{n}");
            site.call("POST", "/admin/v1/projects").bearer(&key).json(&json!({ "name": name })).send().await.ok(201);
            made.insert(0, name);
        }
        made.push("Acme".into());
        let (mut seen, mut query) = (vec![], "limit=3".to_owned());
        for _ in 0..10 {
            let page = site.call("GET", &format!("/admin/v1/projects?{query}")).bearer(&key).send().await.ok(200);
            let items = page["items"].as_array().expect("items");
            assert!(items.len() <= 3);
            seen.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => query = format!("limit=3&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen, made);
    }

    async fn signing_keys_rotate_and_are_never_used_twice(database: Database) {
        let site = Site::new(database).await;
        let key = site.admin_key().await;
        let old_kid = site.world.key.verifying_key().thumbprint();
        let old_token = site.world.token("user-1");
        let generated = site.environment("POST", "/signing-keys").bearer(&key).json(&json!({ "bits": 2048, "overlap_secs": 60 })).send().await;
        let new = generated.ok(201);
        assert_eq!(generated.header("cache-control"), "no-store");
        for member in ["kid", "fingerprint", "state", "private_key_pem"] {
            assert!(new[member].is_string(), "{member}");
        }
        assert!(new["private_key_pem"].as_str().unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
        let listed = site.environment("GET", "/signing-keys").bearer(&key).send().await;
        assert!(!listed.text().contains("PRIVATE"));
        let states: Vec<Value> = listed.json()["items"].as_array().unwrap().iter().map(|key| json!([key["kid"], key["state"]])).collect();
        assert_eq!(json!(states).as_array().unwrap().len(), 2);
        assert!(states.contains(&json!([old_kid, "retiring"])) && states.contains(&json!([new["kid"], "active"])));
        site.sdk("GET", "me").bearer(&old_token).send().await.ok(200);
        let revoked = site.environment("DELETE", &format!("/signing-keys/{old_kid}")).bearer(&key).send().await.ok(200);
        assert_eq!(revoked["state"], "revoked");
        site.sdk("GET", "me").bearer(&old_token).send().await.refused(401, "signature_invalid");

        let import = |pem: &Value| site.environment("POST", "/signing-keys/import").bearer(&key).json(&json!({ "public_key_pem": pem }));
        import(&new["public_key_pem"]).send().await.refused(409, "key_already_used");
        let private = import(&new["private_key_pem"]).send().await;
        private.refused(422, "private_key_given");
        assert!(!private.text().contains("BEGIN"));
        // Without a body: 2048 bits, no overlap.
        let plain = site.environment("POST", "/signing-keys").bearer(&key).send().await.ok(201);
        let read = site.environment("GET", &format!("/signing-keys/{}", plain["kid"].as_str().unwrap())).bearer(&key).send().await.ok(200);
        assert_eq!((&read["bits"], &read["state"], &read["origin"]), (&json!(2048), &json!("active"), &json!("generated")));
    }

    async fn users_are_frozen_revoked_rewritten_and_erased(database: Database) {
        let site = Site::new(database).await;
        let world = &site.world;
        let key = site.admin_key().await;
        let sub = "org/7: \u{e9}%?#";
        let path = "/users/org%2F7%3A%20%C3%A9%25%3F%23";
        let token = world.token(sub);
        site.sdk("GET", "me").bearer(&token).send().await.ok(200);
        let read = site.environment("GET", path).bearer(&key).send().await;
        assert_eq!(read.ok(200)["sub"], sub);
        let tag = read.header("etag").to_owned();

        assert_eq!(site.environment("POST", &format!("{path}/freeze")).bearer(&key).send().await.ok(200)["frozen"], true);
        site.sdk("GET", "me").bearer(&token).send().await.refused(403, "user_frozen");
        assert_eq!(site.environment("POST", &format!("{path}/unfreeze")).bearer(&key).send().await.ok(200)["frozen"], false);
        site.sdk("GET", "me").bearer(&token).send().await.ok(200);

        let put = |tag: &str| site.environment("PUT", &format!("{path}/metadata")).bearer(&key).header("if-match", tag).json(&json!({ "plan": "pro" }));
        let changed = put(&tag).send().await;
        assert_eq!(changed.ok(200)["metadata"], json!({ "plan": "pro" }));
        put(&tag).send().await.refused(412, "version_changed");
        let refused = site.environment("PUT", &format!("{path}/metadata")).bearer(&key).json(&json!({ "a": { "prototype": 1 } })).send().await;
        assert_eq!(refused.refused(422, "metadata_refused").json()["pointer"], "/a/prototype");
        assert_eq!(site.sdk("GET", "me").bearer(&token).send().await.ok(200)["meta"], json!({ "plan": "pro" }));

        let revoked = site.environment("POST", &format!("{path}/revoke")).bearer(&key).send().await.ok(200);
        assert_eq!((&revoked["sub"], &revoked["not_before"]), (&json!(sub), &json!("2026-01-01T00:00:00Z")));
        site.sdk("GET", "me").bearer(&token).send().await.refused(401, "token_revoked");
        world.clock.advance(Duration::from_secs(1));
        let fresh = world.token(sub);
        site.sdk("GET", "me").bearer(&fresh).send().await.ok(200);
        assert_eq!(site.environment("DELETE", path).bearer(&key).send().await.status, 204);
        site.environment("GET", path).bearer(&key).send().await.refused(404, "not_found");
        site.sdk("GET", "me").bearer(&fresh).send().await.refused(401, "token_revoked");
        let never_seen = site.environment("POST", "/users/nobody/revoke").bearer(&key).send().await.ok(200);
        assert_eq!(never_seen["sub"], "nobody");
        site.environment("POST", "/users/%20/revoke").bearer(&key).send().await.refused(404, "not_found");
    }

    async fn operators_and_their_keys_come_and_go(database: Database) {
        let site = Site::new(database).await;
        let admin = site.admin_key().await;
        let project = site.world.project.to_string();
        let created = site.call("POST", "/admin/v1/operators").bearer(&admin).json(&json!({ "name": "ana", "role": "Member", "projects": [project] })).send().await;
        let made = created.ok(201);
        let path = created.header("location").to_owned();
        let key = made["secret"].as_str().unwrap();
        assert!(key.starts_with("hpo_"));
        let me = site.call("GET", "/admin/v1/me").bearer(key).send().await.ok(200);
        assert_eq!((&me["kind"], &me["name"], &me["role"], &me["projects"]), (&json!("operator"), &json!("ana"), &json!("member"), &json!([project])));
        assert!(!site.call("GET", &path).bearer(&admin).send().await.text().contains(key));

        let patched = site.call("PATCH", &path).bearer(&admin).json(&json!({ "role": "support", "projects": null })).send().await.ok(200);
        assert_eq!((&patched["role"], &patched["projects"]), (&json!("support"), &Value::Null));
        let second = site.call("POST", &format!("{path}/keys")).bearer(&admin).json(&json!({ "expires_in_secs": 60 })).send().await;
        let second_key = second.ok(201)["secret"].as_str().unwrap().to_owned();
        assert_eq!(second.json()["key"]["expires_at"], "2026-01-01T00:01:00Z");
        site.call("GET", "/admin/v1/me").bearer(&second_key).send().await.ok(200);
        let location = second.header("location").to_owned();
        let revoked = site.call("DELETE", &location).bearer(&admin).send().await.ok(200);
        assert!(revoked["revoked_at"].is_string());
        site.call("GET", "/admin/v1/me").bearer(&second_key).send().await.refused(401, "operator_key_invalid");
        let keys = site.call("GET", &format!("{path}/keys")).bearer(&admin).send().await.ok(200);
        assert_eq!(keys["items"].as_array().map(Vec::len), Some(2));
        site.call("PATCH", &path).bearer(&admin).json(&json!({ "disabled": true })).send().await.ok(200);
        site.call("GET", "/admin/v1/me").bearer(key).send().await.refused(401, "operator_key_invalid");
        let role = site.call("POST", "/admin/v1/operators").bearer(&admin).json(&json!({ "name": "b", "role": "root" })).send().await;
        assert_eq!(role.refused(422, "invalid_body").json()["pointer"], "/role");
    }

    async fn the_audit_trail_names_operator_and_request(database: Database) {
        let site = Site::new(database).await;
        let admin = site.admin_key().await;
        site.environment("PATCH", "").bearer(&admin).header("x-request-id", "deploy-7").json(&json!({ "settings": { "leeway_secs": 5 } })).send().await.ok(200);
        let audit = site.environment("GET", "/audit?action=environment.update&kind=change").bearer(&admin).send().await.ok(200);
        let row = &audit["items"][0];
        assert_eq!((&row["actor"]["kind"], &row["actor"]["name"], &row["request_id"]), (&json!("operator"), &json!("root"), &json!("deploy-7")));
        let actor = row["actor"]["id"].as_str().unwrap();
        let environment = site.world.environment;
        let all = site.call("GET", &format!("/admin/v1/audit?actor={actor}&environment={environment}")).bearer(&admin).send().await.ok(200);
        assert_eq!(all["items"], audit["items"]);
        let none = site.call("GET", "/admin/v1/audit?until=2026-01-01T00:00:00Z").bearer(&admin).send().await.ok(200);
        assert_eq!(none["items"], json!([]));
        let since = site.call("GET", "/admin/v1/audit?from=2026-01-01T01:00:00%2B01:00&limit=200").bearer(&admin).send().await.ok(200);
        assert!(since["items"].as_array().unwrap().len() >= 4);
        for query in ["kind=x", "from=yesterday", "actor_id=x", "environment=x"] {
            assert_eq!(site.call("GET", &format!("/admin/v1/audit?{query}")).bearer(&admin).send().await.status, 422, "{query}");
        }
        site.environment("GET", &format!("/audit?environment={environment}")).bearer(&admin).send().await.refused(422, "invalid_query");
    }
}

#[tokio::test]
async fn problems_say_what_where_and_which_request() {
    let site = Site::on_sqlite().await;
    let support = site.operator("sam", Role::Support, None).await;
    let refused = site
        .call("POST", "/admin/v1/projects?x=secret")
        .bearer(&support)
        .header("x-request-id", "abc-1")
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.header("x-request-id"), "abc-1");
    insta::assert_json_snapshot!("role_insufficient", refused.json());
    let nobody = site
        .call("GET", "/admin/v1/me")
        .header("x-request-id", "abc-2")
        .send()
        .await;
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    insta::assert_json_snapshot!("no_operator_key", nobody.json());
    let wrong = site
        .call("GET", "/admin/v1/me")
        .bearer("hpo_nonsense")
        .send()
        .await;
    wrong.refused(401, "operator_key_invalid");
    assert!(
        wrong
            .header("www-authenticate")
            .starts_with("Bearer error=\"invalid_token\"")
    );
    let made_up = site
        .call("GET", "/admin/v1/nothing")
        .header("x-request-id", "a b\"c")
        .send()
        .await;
    made_up.refused(404, "not_found");
    let id = made_up.header("x-request-id");
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
    assert_eq!(made_up.json()["request_id"], id);
}

#[tokio::test]
async fn this_process_needs_no_key_and_nobody_else_can_claim_to_be_it() {
    let site = Site::on_sqlite().await;
    let me = site
        .call("GET", "/admin/v1/me")
        .local()
        .send()
        .await
        .ok(200);
    assert_eq!(
        (&me["kind"], &me["role"]),
        (&json!("command_line"), &json!("admin"))
    );
    for name in [
        "localoperator",
        "x-local-operator",
        "x-forwarded-user",
        "local",
    ] {
        site.call("GET", "/admin/v1/me")
            .header(name, "true")
            .send()
            .await
            .refused(401, "credentials_missing");
    }
}
