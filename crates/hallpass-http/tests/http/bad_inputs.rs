//! Inputs that must not get through, numbered as in the list that the project tests against.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use serde_json::json;

use crate::support::{Call, Site};

/// How much of a body was read, and the most of it that was alive at once.
#[derive(Default)]
struct Meter {
    read: AtomicUsize,
    alive: AtomicUsize,
    peak: AtomicUsize,
}

/// A piece of a body that knows when it is let go.
struct Chunk(Arc<Meter>);

const CHUNK: [u8; 16 * 1024] = [b' '; 16 * 1024];

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &CHUNK
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(CHUNK.len(), Ordering::Relaxed);
    }
}

/// A hundred megabytes, made as they are read.
fn hundred_megabytes(meter: &Arc<Meter>) -> Body {
    let meter = Arc::clone(meter);
    let chunks = (0..100 * 1024 * 1024 / CHUNK.len()).map(move |_| {
        meter.read.fetch_add(CHUNK.len(), Ordering::Relaxed);
        let alive = meter.alive.fetch_add(CHUNK.len(), Ordering::Relaxed) + CHUNK.len();
        meter.peak.fetch_max(alive, Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::from_owner(Chunk(Arc::clone(&meter))))
    });
    Body::from_stream(futures_util::stream::iter(chunks))
}

#[tokio::test]
async fn row_25_a_token_of_a_megabyte_is_refused_and_not_repeated() {
    let site = Site::on_sqlite().await;
    for token in [
        "a".repeat(1024 * 1024),
        format!(
            "{}.{}.{}",
            "a".repeat(6000),
            "b".repeat(6000),
            "c".repeat(6000)
        ),
    ] {
        let refused = site.sdk("GET", "me").bearer(&token).send().await;
        refused.refused(401, "token_too_large");
        assert!(refused.text().len() < 500, "{}", refused.text());
    }
}

#[tokio::test]
async fn row_36_credentials_anywhere_but_in_one_header_are_refused() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    let key = site.admin_key().await;
    let form = |call: Call, body: &str| {
        call.text("application/x-www-form-urlencoded; charset=utf-8", body)
    };
    let in_form = format!("meta=x&access_token={token}");
    let encoded_form = format!("access%5Ftoken={token}");
    for (call, what) in [
        (
            site.sdk("GET", &format!("me?access_token={token}")),
            "query",
        ),
        (
            site.sdk("GET", &format!("me?a=1&%61ccess_token={token}")),
            "encoded query",
        ),
        (
            site.sdk("GET", &format!("me?access_token={token}"))
                .bearer(&token),
            "query and header",
        ),
        (
            site.sdk("GET", "me").bearer(&token).bearer(&token),
            "two equal headers",
        ),
        (
            site.sdk("GET", "me")
                .bearer(&token)
                .header("authorization", "Bearer x"),
            "two headers",
        ),
        (form(site.sdk("PATCH", "me"), &in_form), "form"),
        (
            form(site.sdk("POST", "explain").bearer(&token), &encoded_form),
            "form and header",
        ),
        (
            form(site.sdk("GET", "me").bearer(&token), &in_form),
            "form of a GET",
        ),
        (
            site.call("GET", &format!("/admin/v1/me?access_token={key}")),
            "admin: query",
        ),
        (
            site.call("GET", "/admin/v1/me").bearer(&key).bearer(&key),
            "admin: two headers",
        ),
        (
            form(
                site.call("POST", "/admin/v1/projects"),
                &format!("access_token={key}"),
            ),
            "admin: form",
        ),
    ] {
        let refused = call.send().await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (400, "invalid_request"),
            "{what}: {}",
            refused.text()
        );
        assert!(
            refused
                .header("www-authenticate")
                .starts_with("Bearer error=\"invalid_request\""),
            "{what}"
        );
        assert!(
            !refused.text().contains(&token) && !refused.text().contains(&key),
            "{what}"
        );
    }
    site.sdk("GET", "me?userToken=x&access=1")
        .bearer(&token)
        .send()
        .await
        .ok(200);
    form(site.sdk("PATCH", "me").bearer(&token), "meta=x")
        .send()
        .await
        .refused(415, "unsupported_media_type");
    let cookie = site
        .sdk("GET", "me")
        .header("cookie", &format!("token={token}; access_token={token}"));
    cookie.send().await.refused(401, "credentials_missing");
}

on_both_engines! {
    async fn row_58_what_belongs_to_others_is_not_there(database: Database) {
        let site = Site::new(database).await;
        let world = &site.world;
        let admin = site.admin_key().await;
        site.sdk("GET", "me").bearer(&world.token("user-1")).send().await.ok(200);
        let kid = world.key.verifying_key().thumbprint();
        let elsewhere = world.another_environment("beta").await;
        let theirs = world.services.projects.create(&world.admin(), "Theirs").await.unwrap().into_inner();
        let stranger = site.operator("stranger", Role::Member, Some(vec![theirs.id])).await;
        let (own, other) = (format!("/admin/v1/environments/{}", world.environment), format!("/admin/v1/environments/{elsewhere}"));

        // The key and the user of one environment are unknown in its neighbour, even to an admin.
        for (method, path) in [
            ("GET", format!("signing-keys/{kid}")),
            ("DELETE", format!("signing-keys/{kid}")),
            ("GET", "users/user-1".into()),
            ("POST", "users/user-1/freeze".into()),
            ("DELETE", "users/user-1".into()),
        ] {
            site.call(method, &format!("{other}/{path}")).bearer(&admin).send().await.refused(404, "not_found");
            site.call(method, &format!("{own}/{path}")).bearer(&stranger).send().await.refused(404, "not_found");
        }
        // A stranger cannot tell what exists from what does not.
        let existing = site.call("GET", &own).bearer(&stranger).send().await;
        let absent = site.call("GET", "/admin/v1/environments/0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a").bearer(&stranger).send().await;
        let malformed = site.call("GET", "/admin/v1/environments/..%2F..").bearer(&stranger).send().await;
        for refused in [&existing, &absent, &malformed] {
            refused.refused(404, "not_found");
            assert_eq!(refused.json()["detail"], "no such environment");
        }
        // A good token is no token next door.
        let next_door = site.call("GET", &format!("/projects/{elsewhere}/sdk/me")).bearer(&world.token("user-1"));
        next_door.send().await.refused(401, "no_signing_key");
        // Nothing happened to the user meanwhile.
        let user = site.call("GET", &format!("{own}/users/user-1")).bearer(&admin).send().await.ok(200);
        assert_eq!(user["frozen"], false);
        // What was deleted is not there either.
        site.call("DELETE", &format!("{own}/users/user-1")).bearer(&admin).send().await.ok(204);
        site.call("GET", &format!("{own}/users/user-1")).bearer(&admin).send().await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn row_59_bodies_mean_one_thing_or_nothing() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let project = site.world.project;
    let projects = |body: &str| {
        site.call("POST", "/admin/v1/projects")
            .bearer(&key)
            .text("application/json", body)
    };
    for (body, status, code, pointer) in [
        (
            r#"{"name":"A","owner":"me"}"#,
            422,
            "invalid_body",
            json!("/owner"),
        ),
        (
            r#"{"name":"A","id":"x","created_at":"2026-01-01T00:00:00Z"}"#,
            422,
            "invalid_body",
            json!("/id"),
        ),
        (
            r#"{"name":"A","name":"B"}"#,
            422,
            "duplicate_member",
            json!("/name"),
        ),
        (
            r#"{"name":"A","\u006eame":"B"}"#,
            422,
            "duplicate_member",
            json!("/name"),
        ),
        (r#"{"name":["A"]}"#, 422, "invalid_body", json!("/name")),
        ("{}", 422, "invalid_body", json!("")),
        ("[]", 422, "invalid_body", json!("")),
        ("null", 422, "invalid_body", json!("")),
        (r#"{"name":"A""#, 400, "malformed_json", json!(null)),
        (r#"{"name":"A"}{}"#, 400, "malformed_json", json!(null)),
        (
            "\u{feff}{\"name\":\"A\"}",
            400,
            "malformed_json",
            json!(null),
        ),
        (r#"{"name":""}"#, 422, "invalid_name", json!("/name")),
    ] {
        let refused = projects(body).send().await;
        refused.refused(status, code);
        assert_eq!(refused.json()["pointer"], pointer, "{body}");
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    for media in [
        "text/plain",
        "application/x-ndjson",
        "application/jsonx",
        "application/xml",
    ] {
        let call = site
            .call("POST", "/admin/v1/projects")
            .bearer(&key)
            .text(media, r#"{"name":"A"}"#);
        call.send().await.refused(415, "unsupported_media_type");
    }
    let undeclared = site
        .call("POST", "/admin/v1/projects")
        .bearer(&key)
        .body(r#"{"name":"A"}"#.into());
    undeclared
        .send()
        .await
        .refused(415, "unsupported_media_type");

    // What only the server may set is refused everywhere, not ignored.
    let environment = format!("/admin/v1/environments/{}", site.world.environment);
    for (method, path, body, pointer) in [
        (
            "PATCH",
            environment.clone(),
            json!({ "project_id": project.to_string() }),
            "/project_id",
        ),
        (
            "PATCH",
            environment.clone(),
            json!({ "settings": { "leeway": 3 } }),
            "/settings/leeway",
        ),
        (
            "PATCH",
            environment.clone(),
            json!({ "version": 7 }),
            "/version",
        ),
        (
            "POST",
            format!("{environment}/signing-keys"),
            json!({ "bits": 2048, "kid": "mine" }),
            "/kid",
        ),
        (
            "POST",
            format!("{environment}/signing-keys/import"),
            json!({ "public_key_pem": "x", "use_count": 1 }),
            "/use_count",
        ),
        (
            "POST",
            "/admin/v1/operators".into(),
            json!({ "name": "x", "role": "member", "id": "y" }),
            "/id",
        ),
        (
            "POST",
            format!("{environment}/explain"),
            json!({ "question": { "permission": "events", "owner": 1 } }),
            "/question/owner",
        ),
        (
            "POST",
            format!("{environment}/tokens/check"),
            json!({ "token": "x", "as": "root" }),
            "/as",
        ),
    ] {
        let refused = site
            .call(method, &path)
            .bearer(&key)
            .json(&body)
            .send()
            .await;
        assert_eq!(refused.status, 422, "{path}: {}", refused.text());
        assert_eq!(
            refused.json()["pointer"],
            pointer,
            "{path}: {}",
            refused.text()
        );
    }
    let listed = site
        .call("GET", "/admin/v1/projects?limt=3")
        .bearer(&key)
        .send()
        .await;
    listed.refused(422, "invalid_query");
    // This one comes whole and takes no query at all.
    let listed = site
        .environment("GET", "/identity-providers?limit=3")
        .bearer(&key)
        .send()
        .await;
    listed.refused(422, "invalid_query");
    for query in ["limit=0", "limit=201", "limit=x", "limit=1&limit=2"] {
        let listed = site
            .call("GET", &format!("/admin/v1/projects?{query}"))
            .bearer(&key)
            .send()
            .await;
        listed.refused(422, "invalid_query");
    }
    let cursor = site
        .call("GET", "/admin/v1/projects?after=nonsense")
        .bearer(&key)
        .send()
        .await;
    cursor.refused(400, "invalid_cursor");
    let projects = site
        .call("GET", "/admin/v1/projects")
        .bearer(&key)
        .send()
        .await
        .ok(200);
    assert_eq!(
        projects["items"].as_array().map(Vec::len),
        Some(1),
        "nothing was made"
    );
}

#[tokio::test]
async fn row_59_of_a_hundred_megabytes_nothing_is_kept() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    let key = site.admin_key().await;
    let announced = |call: Call| call.header("content-length", "104857600");
    for call in [
        site.sdk("PATCH", "me").bearer(&token),
        announced(site.sdk("PATCH", "me").bearer(&token)),
        site.sdk("POST", "explain").bearer(&token),
        site.call("POST", "/admin/v1/projects").bearer(&key),
        announced(site.call("POST", "/admin/v1/projects").bearer(&key)),
        site.environment("POST", "/explain").bearer(&key),
    ] {
        let meter = Arc::new(Meter::default());
        let call = call
            .header("content-type", "application/json")
            .body(hundred_megabytes(&meter));
        call.send().await.refused(413, "body_too_large");
        let peak = meter.peak.load(Ordering::Relaxed);
        assert!(
            peak <= 2 * CHUNK.len(),
            "{peak} bytes of the body were held"
        );
    }
    // Nothing at all is read of those without credentials, and of those who ask first.
    let waiting = site
        .sdk("PATCH", "me")
        .bearer(&token)
        .header("expect", "100-continue");
    for (call, status) in [
        (announced(waiting), 413),
        (site.sdk("PATCH", "me"), 401),
        (site.call("POST", "/admin/v1/projects"), 401),
    ] {
        let meter = Arc::new(Meter::default());
        let answer = call
            .header("content-type", "application/json")
            .body(hundred_megabytes(&meter))
            .send()
            .await;
        assert_eq!(answer.status, status);
        assert_eq!(meter.read.load(Ordering::Relaxed), 0);
    }
}

on_both_engines! {
    async fn row_60_a_repeated_request_is_recognised_and_a_stale_one_refused(database: Database) {
        let site = Site::new(database).await;
        let key = site.admin_key().await;
        let environment = format!("/admin/v1/environments/{}", site.world.environment);
        for (path, body, other, secret) in [
            ("/admin/v1/projects".to_owned(), json!({ "name": "B" }), json!({ "name": "C" }), None),
            (format!("/admin/v1/projects/{}/environments", site.world.project), json!({ "name": "qa" }), json!({ "name": "qb" }), None),
            (format!("{environment}/signing-keys"), json!({ "bits": 2048 }), json!({ "bits": 2048, "overlap_secs": 1 }), Some("private_key_pem")),
            ("/admin/v1/operators".to_owned(), json!({ "name": "x", "role": "Support" }), json!({ "name": "y", "role": "support" }), Some("secret")),
        ] {
            let post = |body: &serde_json::Value, name: &str| site.call("POST", &path).bearer(&key).header("idempotency-key", name).json(body);
            let first = post(&body, &path).send().await;
            let made = first.ok(201);
            assert!(first.header("location").starts_with("/admin/v1/"), "{path}");
            let again = post(&body, &path).send().await;
            let mut seen = again.ok(200);
            assert!(again.header("location").is_empty());
            if let Some(secret) = secret {
                assert!(made[secret].as_str().is_some_and(|secret| secret.len() > 20), "{path}");
                assert_eq!(first.header("cache-control"), "no-store");
                assert_eq!((&seen[secret], &seen["secret_shown"]), (&json!(null), &json!(true)), "{path}");
                let shown = made[secret].clone();
                let members = seen.as_object_mut().expect("an object");
                members.remove("secret_shown");
                members.insert(secret.to_owned(), shown);
            }
            assert_eq!(seen, made, "{path}");
            post(&other, &path).send().await.refused(422, "idempotency_key_reused");
        }
        // The same name means nothing to another operator.
        let other = site.operator("other", Role::Admin, None).await;
        let call = site.call("POST", "/admin/v1/projects").bearer(&other).header("idempotency-key", "/admin/v1/projects");
        call.json(&json!({ "name": "D" })).send().await.ok(201);
        for name in ["", "k\u{e9}y", &"k".repeat(256)] {
            let call = site.call("POST", "/admin/v1/projects").bearer(&key).header("idempotency-key", name);
            call.json(&json!({ "name": "E" })).send().await.refused(400, "invalid_idempotency_key");
        }

        // If-Match: the second of two writers who read the same version loses.
        let read = site.call("GET", &environment).bearer(&key).send().await;
        let tag = read.header("etag").to_owned();
        let patch = |tag: &str| site.call("PATCH", &environment).bearer(&key).header("if-match", tag).json(&json!({ "settings": { "leeway_secs": 5 } }));
        let changed = patch(&tag).send().await;
        changed.ok(200);
        assert_ne!(changed.header("etag"), tag);
        for stale in [tag.as_str(), "W/\"2\"", "\"x\"", "2"] {
            patch(stale).send().await.refused(412, "version_changed");
        }
        patch("*").send().await.ok(200);
        site.sdk("GET", "me").bearer(&site.world.token("u")).send().await;
    }
}
