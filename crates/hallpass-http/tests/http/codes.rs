//! Codes as public clients ask for them, and the mails of a demo.

use std::time::Duration;

use hallpass_core::EnvironmentPatch;
use hallpass_model::ApiKeyKind;
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::paper;
use crate::session::api_key;
use crate::support::{Answer, Call, Site};

const ADA: &str = "ada@example.com";

/// A client with a key and, once it was told one, a session value.
struct Client<'s> {
    site: &'s Site,
    key: String,
    value: Option<String>,
}

impl<'s> Client<'s> {
    async fn of(site: &'s Site) -> Self {
        Self {
            site,
            key: api_key(site, ApiKeyKind::Publishable).await,
            value: None,
        }
    }

    fn another(&self) -> Self {
        Self {
            site: self.site,
            key: self.key.clone(),
            value: None,
        }
    }

    fn call(&self, method: &str, path: &str) -> Call {
        let call = self
            .site
            .call(method, path)
            .header("x-external-api-key", &self.key)
            .header("x-para-structured-errors", "1")
            .from("192.0.2.1:4711");
        match &self.value {
            Some(value) => call.header("x-capsule-sid", value),
            None => call,
        }
    }

    /// As every client does: what the answer says of the session is what the next request presents.
    async fn send(&mut self, call: Call) -> Answer {
        let answer = call.send().await;
        if !answer.header("x-capsule-sid").is_empty() {
            self.value = Some(answer.header("x-capsule-sid").to_owned());
        }
        answer
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.send(self.call("POST", path).json(&body)).await
    }

    /// Asks for a code; answers the flow.
    async fn init(&mut self, body: Value) -> String {
        let stage = self.post("/users/init", body).await.ok(200);
        stage["userId"].as_str().expect("a flow").to_owned()
    }
}

async fn set(site: &Site, sign_in: Value) {
    let patch = EnvironmentPatch {
        sign_in: Some(sign_in),
        ..EnvironmentPatch::default()
    };
    let environments = &site.world.services.environments;
    let (admin, environment) = (site.world.admin(), site.world.environment);
    let updated = environments.update(&admin, environment, patch, None);
    updated.await.expect("settings");
}

fn newest(site: &Site, to: &str) -> String {
    let caught = site.world.post.list();
    let code = caught.iter().find(|caught| caught.to == to);
    code.and_then(|caught| caught.code.clone()).expect("a code")
}

on_both_engines! {
    async fn the_way_of_unmodified_clients(database: Database) {
        let site = Site::new(database).await;
        let mut client = Client::of(&site).await;
        let branded = json!({ "email": "Ada@Example.com", "brandColor": "#ff0000", "theme": "dark", "xUrl": null });
        let stage = client.post("/users/init", branded).await.ok(200);
        let flow = stage["userId"].as_str().expect("a flow").to_owned();
        assert_eq!(stage, json!({
            "stage": "verify", "nextStage": "login", "loginAuthMethods": ["PASSWORD"],
            "auth": { "email": "Ada@example.com" }, "userId": flow,
        }));
        assert!(client.value.is_some(), "the session is made here");
        client.call("POST", &format!("/users/{flow}/passwords/key")).json(&json!({ "status": "PENDING" })).send().await.ok(200);

        let wrong = client.post(&format!("/users/{flow}/verify"), json!({ "verificationCode": "000000x" })).await;
        wrong.refused(400, "code_malformed");
        let code = newest(&site, "Ada@example.com");
        let body = json!({ "verificationCode": code, "sessionLookupId": "x" });
        let before = client.value.clone();
        let stage = client.post(&format!("/users/{flow}/verify"), body).await.ok(200);
        let account = stage["userId"].as_str().expect("an account").to_owned();
        assert_ne!(account, flow);
        assert_eq!(stage, json!({
            "stage": "signup", "signupAuthMethods": ["PASSWORD"],
            "auth": { "email": "Ada@example.com" }, "userId": account,
        }));
        assert_ne!(client.value, before, "the secret was exchanged");

        let touch = client.call("POST", "/touch?regenerate=true");
        assert_eq!(client.send(touch).await.ok(200)["isAuthenticated"], true);
        let methods = client.call("GET", "/users/supported-auth-methods/v2?email=Ada%40example.com").send().await.ok(200);
        assert_eq!(methods, json!({ "supportedAuthMethods": [], "hasPasswordWithoutPIN": false }));
        let methods = client.call("GET", "/users/supported-auth-methods?email=nobody%40example.com").send().await.ok(200);
        assert_eq!(methods, json!({ "supportedAuthMethods": [] }));
        let key = client.post(&format!("/users/{account}/passwords/key"), json!({ "status": "PENDING" })).await.ok(200);
        assert!(key["id"].is_string());
        let touch = client.call("POST", "/touch");
        assert_eq!(client.send(touch).await.ok(200)["userId"], account.as_str());

        // The second time: the same calls, the same account, the same answers.
        let mut again = client.another();
        let flow = again.init(json!({ "email": ADA })).await;
        let body = json!({ "verificationCode": newest(&site, ADA) });
        let stage = again.post(&format!("/users/{flow}/verify"), body).await.ok(200);
        assert_eq!((&stage["stage"], &stage["userId"]), (&json!("signup"), &json!(account)));
    }

    async fn a_code_is_worth_nothing_elsewhere_and_nothing_twice(database: Database) {
        let site = Site::new(database).await;
        let (mut owner, mut thief) = (Client::of(&site).await, Client::of(&site).await);
        let flow = owner.init(json!({ "email": ADA })).await;
        let verify = format!("/users/{flow}/verify");
        let body = json!({ "verificationCode": newest(&site, ADA) });
        thief.post(&verify, body.clone()).await.refused(400, "code_flow_unknown");
        thief.post(&format!("/users/{flow}/passwords/key"), json!({})).await.refused(403, "not_own_account");
        thief.post(&format!("/users/{flow}/resend-verification-code"), json!({})).await.refused(400, "code_flow_unknown");
        owner.post(&verify, body.clone()).await.ok(200);
        owner.post(&verify, body).await.refused(400, "code_used_up");
        for path in ["/users/x/verify", "/users/0B5C8F0E-9A55-4A54-8A0C-0D5A4F3C2B1A/verify"] {
            owner.post(path, json!({ "verificationCode": "123456" })).await.refused(404, "not_found");
        }
    }

    async fn a_new_code_and_the_older_paths(database: Database) {
        let site = Site::new(database).await;
        let mut client = Client::of(&site).await;
        for (n, path) in ["verify-email", "verify-identifier"].into_iter().enumerate() {
            let flow = client.init(json!({ "email": ADA })).await;
            let resend = format!("/users/{flow}/resend-verification-code");
            assert_eq!(client.post(&resend, json!({ "type": "EMAIL" })).await.ok(200), json!({}));
            let body = json!({ "verificationCode": newest(&site, ADA) });
            assert_eq!(client.post(&format!("/users/{flow}/{path}"), body).await.ok(200)["stage"], "signup");
            assert_eq!(site.world.post.list().len(), 2 * (n + 1));
            site.world.clock.advance(Duration::from_secs(3601));
            client.value = None;
        }
        let login = json!({ "auth": { "email": ADA }, "authType": "email", "identifier": ADA, "isRecovery": false });
        let sent = client.post("/users/send-login-code", login).await.ok(200);
        let flow = sent["userId"].as_str().expect("a flow").to_owned();
        let body = json!({ "verificationCode": newest(&site, ADA) });
        client.post(&format!("/users/{flow}/verify"), body).await.ok(200);
    }

    async fn too_many_wishes_say_how_long_to_wait(database: Database) {
        let site = Site::new(database).await;
        for _ in 0..5 {
            Client::of(&site).await.init(json!({ "email": ADA })).await;
        }
        let mut client = Client::of(&site).await;
        let refused = client.post("/users/init", json!({ "email": ADA })).await;
        refused.refused(429, "RATE_LIMITED");
        assert_eq!(refused.header("retry-after"), "3600");
        let other = client.call("POST", "/users/init").json(&json!({ "email": "bob@example.com" }));
        other.send().await.ok(200);
    }

    async fn phones_and_hosted_pages_where_they_are_switched_on(database: Database) {
        let site = Site::new(database).await;
        let mut client = Client::of(&site).await;
        let refused = client.post("/users/init", json!({ "phone": "+15551234567" })).await;
        refused.refused(403, "SMS_NOT_ALLOWED");
        set(&site, json!({ "phone": true, "hosted_codes": true })).await;
        let stage = client.post("/users/init", json!({ "phone": "+1 (555) 123-4567" })).await.ok(200);
        assert_eq!(stage["loginAuthMethods"], json!(["BASIC_LOGIN"]));
        assert_eq!(stage["auth"], json!({ "phone": "+15551234567" }));
        assert_eq!(stage["deliveryChannel"], "SMS");
        let flow = stage["userId"].as_str().expect("a flow").to_owned();
        let body = json!({ "verificationCode": newest(&site, "+15551234567") });
        client.post(&format!("/users/{flow}/verify"), body).await.ok(200);
    }
}

#[tokio::test]
async fn what_is_no_address_is_refused_and_not_sent_anything() {
    let site = Site::on_sqlite().await;
    let mut client = Client::of(&site).await;
    for (body, code) in [
        (json!({}), "INVALID_AUTH"),
        (
            json!({ "email": ADA, "phone": "+15551234567" }),
            "INVALID_AUTH",
        ),
        (json!({ "farcasterUsername": "ada" }), "INVALID_AUTH"),
        (json!({ "email": "" }), "INVALID_EMAIL_FORMAT"),
        (
            json!({ "email": "ada@example.com\r\nBcc: eve@example.com" }),
            "INVALID_EMAIL_FORMAT",
        ),
        (
            json!({ "email": "аda@example.com" }),
            "INVALID_EMAIL_FORMAT",
        ),
        (json!({ "phone": "5551234567" }), "INVALID_PHONE_FORMAT"),
    ] {
        let refused = client.post("/users/init", body.clone()).await;
        refused.refused(400, code);
        assert!(!refused.text().contains("eve"), "{body}");
    }
    let refused = client.post("/users/init", json!({ "email": 7 })).await;
    assert_eq!(refused.status, 422);
    let plain = site
        .call("POST", "/users/init")
        .header("x-external-api-key", &client.key)
        .json(&json!({ "email": "x" }))
        .send()
        .await;
    assert_eq!(plain.status, 400);
    assert!(plain.header("content-type").starts_with("text/plain"));
    assert!(site.world.post.list().is_empty());
}

#[tokio::test]
async fn caught_mails_are_shown_to_this_machine_only() {
    let site = Site::on_sqlite().await;
    set(&site, json!({ "display_name": "<b>Acme</b>" })).await;
    let mut client = Client::of(&site).await;
    for to in [ADA, "bob@example.com"] {
        client.init(json!({ "email": to })).await;
    }
    let read = |from: &str, host: &str| {
        site.call("GET", "/demo/mail")
            .from(from)
            .header("host", host)
    };
    let answer = read("127.0.0.1:1", "127.0.0.1:8080").send().await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let mails = answer.ok(200);
    let tos: Vec<&str> = mails
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|mail| mail["to"].as_str())
        .collect();
    assert_eq!(tos, ["bob@example.com", ADA], "newest first");
    let mail = &mails[0];
    assert_eq!(mail["code"], newest(&site, "bob@example.com"));
    assert_eq!(mail["sent_at"], "2026-01-01T00:00:00Z");
    assert!(mail["id"].is_string() && mail["text"].is_string() && mail["subject"].is_string());

    let page = read("[::1]:1", "localhost:8080")
        .header("accept", "text/html,*/*")
        .send()
        .await;
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text().contains("&lt;b&gt;Acme") && !page.text().contains("<b>Acme"));

    for refused in [
        read("192.0.2.1:1", "127.0.0.1:8080"),
        read("127.0.0.1:1", "evil.example"),
        read("127.0.0.1:1", "localhost.evil.example:80"),
        read("127.0.0.1:1", "127.0.0.1:8080").header("x-forwarded-for", "127.0.0.1"),
        site.call("GET", "/demo/mail").header("host", "localhost"),
    ] {
        assert_eq!(refused.send().await.status, 404);
    }
}

#[tokio::test]
async fn neither_codes_nor_addresses_are_logged() {
    let site = Site::on_sqlite().await;
    let mut client = Client::of(&site).await;
    let to = "very-private-person@example.com";
    let flow = client.init(json!({ "email": to })).await;
    let code = newest(&site, to);
    let body = json!({ "verificationCode": code });
    client
        .post(&format!("/users/{flow}/verify"), body)
        .await
        .ok(200);
    let text = paper::text();
    assert!(!text.contains("very-private-person"), "the address");
    assert!(!text.contains(&format!("\"{code}\"")), "the code");
}
