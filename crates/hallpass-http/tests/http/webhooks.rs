//! Webhooks and deliveries over the admin API.

use hallpass_core::Clock as _;
use hallpass_http::HttpSettings;
use hallpass_model::{Delivery, DeliveryId, DeliveryState, EnvironmentId, Role, TargetKind};
use hallpass_testkit::hook::{Hook, Reply};
use hallpass_testkit::world::World;
use hallpass_testkit::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::support::Site;

/// A delivery that was given up, as the queue holds it.
pub fn dead_delivery(
    world: &World,
    environment: EnvironmentId,
    webhook: &str,
    number: u32,
) -> Delivery {
    let now = world.clock.now();
    let mut random = [0; 10];
    random[..4].copy_from_slice(&number.to_be_bytes());
    Delivery {
        id: DeliveryId::from_time_and_random(now.as_secs().unsigned_abs() * 1000, random),
        environment_id: environment,
        target_kind: TargetKind::Webhook,
        target_id: webhook.to_owned(),
        event_id: format!("evt_{number}"),
        event_type: "user.created".to_owned(),
        payload: format!(r#"{{"id":"evt_{number}"}}"#),
        state: DeliveryState::Dead,
        attempts: 11,
        next_attempt_at: now,
        claimed_until: None,
        last: None,
        created_at: now,
        finished_at: Some(now),
    }
}

async fn site(database: Database) -> (Site, Hook) {
    let hook = Hook::new().await;
    let world = World::with_egress(database.store().clone(), hook.egress()).await;
    (Site::of(database, world, HttpSettings::default()), hook)
}

async fn add(site: &Site, url: &str) -> Value {
    let body = json!({ "url": url, "events": ["user.created"] });
    let call = site.environment("POST", "/webhooks").local();
    let answer = call.json(&body).send().await;
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.ok(201)
}

on_both_engines! {
    async fn a_webhook_is_added_changed_tested_and_removed(database: Database) {
        let (site, hook) = site(database).await;
        let added = add(&site, &hook.url("/hook")).await;
        let secret = added["secret"].as_str().expect("shown once").to_owned();
        assert!(secret.starts_with("whsec_"));
        assert_eq!((&added["enabled"], &added["disabled_reason"]), (&json!(true), &Value::Null));
        let id = added["id"].as_str().expect("an id");
        let path = format!("/webhooks/{id}");

        let read = site.environment("GET", &path).local().send().await;
        assert_eq!(read.header("etag"), "\"1\"");
        let read = read.ok(200);
        assert!(read.get("secret").is_none());
        let listed = site.environment("GET", "/webhooks").local().send().await.ok(200);
        assert_eq!(listed, json!({ "items": [read], "next": null }));

        let patch = json!({ "enabled": false, "signature_header": "X-Acme", "events": ["user.external_wallet_verified"] });
        let changed = site.environment("PATCH", &path).local().header("if-match", "\"1\"").json(&patch).send().await;
        assert_eq!(changed.header("etag"), "\"2\"");
        let changed = changed.ok(200);
        assert_eq!(changed["disabled_reason"], "operator");
        assert_eq!(changed["events"], json!(["user.external_wallet_verified"]));
        let stale = site.environment("PATCH", &path).local().header("if-match", "\"1\"").json(&patch).send().await;
        stale.refused(412, "version_changed");
        let cleared = site.environment("PATCH", &path).local().json(&json!({ "signature_header": null })).send().await;
        assert_eq!(cleared.ok(200)["signature_header"], Value::Null);

        let tested = site.environment("POST", &format!("{path}/test")).local().send().await.ok(200);
        assert_eq!((&tested["delivered"], &tested["status"]), (&json!(true), &json!(200)));
        assert_eq!(tested["event"]["type"], "test.ping");
        hook.reply("/hook", Reply::Status(302));
        let tested = site.environment("POST", &format!("{path}/test")).local().send().await.ok(200);
        assert_eq!((&tested["delivered"], &tested["code"]), (&json!(false), &json!("egress_redirect_refused")));

        let rotate = || {
            site.environment("POST", &format!("{path}/rotate-secret"))
                .local()
                .header("idempotency-key", "r1")
                .json(&json!({ "overlap_secs": 60 }))
        };
        let rotated = rotate().send().await.ok(200);
        assert!(rotated["secret"].as_str().is_some_and(|new| new != secret));
        assert!(rotated["former_secret_until"].is_string());
        let again = rotate().send().await.ok(200);
        assert_eq!((again.get("secret"), &again["secret_shown"]), (None, &json!(true)));

        assert_eq!(site.environment("DELETE", &path).local().send().await.status, 204);
        site.environment("GET", &path).local().send().await.refused(404, "not_found");
    }

    async fn deliveries_are_listed_shown_and_tried_again(database: Database) {
        let (site, hook) = site(database).await;
        let added = add(&site, &hook.url("/hook")).await;
        let webhook = added["id"].as_str().expect("an id");
        let world = &site.world;
        let mut tx = world.store.write().await.expect("a transaction");
        for number in 0..3 {
            let delivery = dead_delivery(world, world.environment, webhook, number);
            tx.insert_delivery(&delivery).await.expect("a row");
        }
        tx.commit().await.expect("committed");

        let list = |query: &str| site.environment("GET", &format!("/deliveries{query}")).local();
        let dead = list("?state=dead").send().await.ok(200);
        assert_eq!(dead["items"].as_array().map(Vec::len), Some(3));
        assert!(dead["items"][0].get("event").is_none());
        let page = list("?limit=2").send().await.ok(200);
        let next = page["next"].as_str().expect("more");
        let rest = list(&format!("?limit=2&after={next}")).send().await.ok(200);
        assert_eq!(rest["items"].as_array().map(Vec::len), Some(1));
        list("?state=lost").send().await.refused(422, "invalid_query");
        list("?webhooks=x").send().await.refused(422, "invalid_query");
        let other = add(&site, &hook.url("/other")).await;
        let none = list(&format!("?webhook={}", other["id"].as_str().expect("an id"))).send().await.ok(200);
        assert_eq!(none["items"], json!([]));

        let id = dead["items"][0]["id"].as_str().expect("an id").to_owned();
        let shown = site.environment("GET", &format!("/deliveries/{id}")).local().send().await.ok(200);
        assert_eq!(shown["event"]["id"], shown["event_id"]);
        let support = site.operator("help", Role::Support, None).await;
        let retry = |key: &str| site.environment("POST", &format!("/deliveries/{id}/retry")).bearer(key);
        retry(&support).send().await.refused(403, "role_insufficient");
        let member = site.operator("dev", Role::Member, None).await;
        let retried = retry(&member).send().await.ok(200);
        assert_eq!((&retried["state"], &retried["attempts"]), (&json!("pending"), &json!(0)));
    }

    async fn row_59_a_webhook_is_what_it_says_and_nothing_more(database: Database) {
        let (site, hook) = site(database).await;
        let url = hook.url("/hook");
        for (body, code, pointer) in [
            (json!({ "url": url, "events": ["user.created"], "secret": "whsec_x" }), "invalid_body", "/secret"),
            (json!({ "url": url, "events": ["user.created"], "environment_id": "x" }), "invalid_body", "/environment_id"),
            (json!({ "url": url, "events": "user.created" }), "invalid_body", "/events"),
            (json!({ "url": url, "events": [] }), "invalid_webhook", "/events"),
            (json!({ "url": url, "events": ["test.ping"] }), "invalid_webhook", "/events/0"),
            (json!({ "url": url, "events": ["user.created", "wallet.created"] }), "invalid_webhook", "/events/1"),
            (json!({ "url": 7, "events": ["user.created"] }), "invalid_body", "/url"),
            (json!({ "url": "https://u:p@a.example/", "events": ["user.created"] }), "egress_url_invalid", "/url"),
            (json!({ "url": url, "events": ["user.created"], "signature_header": "Host" }), "invalid_webhook", "/signature_header"),
            (json!({ "url": url, "events": ["user.created"], "enabled": "yes" }), "invalid_body", "/enabled"),
        ] {
            let call = site.environment("POST", "/webhooks").local();
            let answer = call.json(&body).send().await;
            assert_eq!(answer.refused(422, code).json()["pointer"], pointer, "{body}");
        }
        let twice = format!(r#"{{"url":"{url}","url":"{url}","events":["user.created"]}}"#);
        let call = site.environment("POST", "/webhooks").local().text("application/json", &twice);
        call.send().await.refused(422, "duplicate_member");
        let private = json!({ "url": "https://10.0.0.1/", "events": ["user.created"] });
        let call = site.environment("POST", "/webhooks").local().json(&private);
        call.send().await.refused(403, "egress_blocked");
    }

    async fn row_60_an_idempotency_key_makes_one_webhook(database: Database) {
        let (site, hook) = site(database).await;
        let post = |path: &str| {
            let body = json!({ "url": hook.url(path), "events": ["user.created"] });
            site.environment("POST", "/webhooks").local().header("idempotency-key", "w1").json(&body)
        };
        let first = post("/a").send().await.ok(201);
        let again = post("/a").send().await.ok(200);
        assert_eq!(first["id"], again["id"]);
        assert_eq!((again.get("secret"), &again["secret_shown"]), (None, &json!(true)));
        post("/b").send().await.refused(422, "idempotency_key_reused");
    }

    async fn row_56_a_hallpass_refuses_its_own_deliveries_on_every_path(database: Database) {
        let (site, _hook) = site(database).await;
        for path in ["/touch", "/healthz", "/admin/v1/me", "/projects/x/sdk/me", "/nowhere"] {
            let answer = site.call("POST", path).header("hallpass-delivery", "1").send().await;
            assert_eq!(answer.status, 508, "{path}: {}", answer.text());
        }
    }
}
