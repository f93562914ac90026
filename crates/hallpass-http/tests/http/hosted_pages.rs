//! The hosted sign-in page: whom it signs in, for which session, and what it refuses.

use hallpass_testkit::on_both_engines;
use serde_json::json;

use crate::page_visits::{ORIGIN, Visit, key_of_another_environment, set_sign_in};
use crate::support::Site;

const ENDED: &str = "This sign-in has ended";
const NOT_OURS: &str = "This form was not made for your browser";

on_both_engines! {
    async fn a_code_signs_in_the_one_session_that_the_page_was_opened_for(database: Database) {
        let site = Site::new(database).await;
        let mut visit = Visit::new(&site).await;
        let mut other = Visit::of_app(&site, &visit.key).await;
        let before = visit.line.clone();
        visit.sign_in_by_code("ada@example.com").await;
        assert!(visit.is_signed_in().await);
        assert!(!other.is_signed_in().await);
        let secret = |line: &str| line.split(';').next().unwrap().to_owned();
        assert_ne!(secret(&visit.line), secret(&before), "the secret is exchanged");
        visit.line = before;
        assert!(!visit.is_signed_in().await, "the old one is worth nothing");
        let done = other.beside(&visit);
        let text = done.call("GET", "/auth/sign-in/done").send().await.page(200);
        assert!(text.contains("You are signed in") && !text.contains("ada@example.com"), "{text}");
    }

    async fn a_code_that_was_sent_by_the_app_is_typed_and_no_second_one_is_sent(database: Database) {
        let site = Site::new(database).await;
        set_sign_in(&site, json!({ "hosted_codes": true })).await;
        let mut visit = Visit::new(&site).await;
        let call = site.call("POST", "/users/init").header("x-external-api-key", &visit.key);
        let call = call.header("x-capsule-sid", &visit.line).header("origin", ORIGIN);
        let stage = call.json(&json!({ "email": "ada@example.com" })).send().await.ok(200);
        assert_eq!(stage["loginAuthMethods"], json!(["BASIC_LOGIN"]));
        let flow = stage["userId"].as_str().unwrap();
        visit.more = format!("&userId={flow}&email=ada%40example.com");
        let text = visit.open("/auth/otp").await.page(200);
        assert!(text.contains("We sent a code to <strong>ada@example.com</strong>"), "{text}");
        assert_eq!(site.world.post.list().len(), 1);
        let code = visit.code_to("ada@example.com");
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let refused = visit.submit("/auth/sign-in/code", &format!("code={wrong}")).await.page(400);
        assert!(refused.contains("The code is wrong"), "{refused}");
        assert!(!visit.is_signed_in().await);
        let checked = visit.submit("/auth/sign-in/code", &format!("code={code}")).await;
        assert_eq!(checked.status, 303, "{}", checked.text());
        assert!(visit.is_signed_in().await);
    }

    async fn forms_of_other_sites_browsers_and_sessions_are_refused(database: Database) {
        let site = Site::new(database).await;
        let mut visit = Visit::new(&site).await;
        visit.open("/auth/sign-in").await.page(200);
        let mut stranger = Visit::of_app(&site, &visit.key).await;
        stranger.open("/auth/sign-in").await.page(200);
        let stolen = Visit { token: stranger.token.clone(), ..visit.beside(&visit) };
        let foreign_session = visit.beside(&stranger);
        let no_cookie = Visit { cookie: None, ..visit.beside(&visit) };
        let no_token = Visit { token: String::new(), ..visit.beside(&visit) };
        for forged in [stolen, foreign_session, no_cookie, no_token] {
            for path in ["/auth/sign-in/send", "/auth/sign-in/code", "/auth/passkeys/open"] {
                let text = forged.submit(path, "email=ada%40example.com&code=1").await.page(403);
                assert!(text.contains(NOT_OURS), "{text}");
            }
            let refused = forged.ask("/auth/sign-in/passkey/begin", &json!({})).await;
            refused.refused(403, "form_not_ours");
        }
        let body = format!("token={}&email=ada%40example.com", visit.token);
        let call = visit.call("POST", "/auth/sign-in/send").header("sec-fetch-site", "cross-site");
        let text = call.text("application/x-www-form-urlencoded", &body).send().await.page(403);
        assert!(text.contains(NOT_OURS), "{text}");
        assert!(site.world.post.list().is_empty(), "no code was sent");
    }

    async fn a_session_that_ended_or_is_not_the_apps_is_a_clear_page(database: Database) {
        let site = Site::new(database).await;
        let mut visit = Visit::new(&site).await;
        visit.open("/auth/sign-in").await.page(200);
        let foreign_key = key_of_another_environment(&site).await;
        let foreign = Visit { key: foreign_key, ..visit.beside(&visit) };
        let text = foreign.call("GET", "/auth/sign-in").send().await.page(404);
        assert!(text.contains(ENDED), "{text}");
        let call = site.call("GET", "/logout").header("x-external-api-key", &visit.key);
        call.header("x-capsule-sid", &visit.line).send().await.ok(200);
        let gone = visit.open("/auth/sign-in").await.page(404);
        assert_eq!(gone, text, "one that ended looks like one that never was");
        let form = visit.submit("/auth/sign-in/send", "email=ada%40example.com").await.page(404);
        assert!(form.contains(ENDED), "{form}");
        assert!(site.world.post.list().is_empty());
    }

    async fn only_the_page_that_began_the_session_may_frame_it(database: Database) {
        let site = Site::new(database).await;
        let mut visit = Visit::new(&site).await;
        let own = visit.open("/auth/sign-in").await;
        let ends_with = |policy: &str, end: &str| assert!(policy.ends_with(end), "{policy}");
        ends_with(own.header("content-security-policy"), "frame-ancestors https://app.example.com");
        assert_eq!(own.header("x-frame-options"), "");
        // A session of no browser: what its address says of an origin is only said.
        let opened = site.call("POST", "/touch").header("x-external-api-key", &visit.key).send().await;
        visit.session = opened.ok(200)["sessionLookupId"].as_str().unwrap().to_owned();
        let said = visit.open("/auth/sign-in").await;
        said.page(200);
        ends_with(said.header("content-security-policy"), "frame-ancestors 'none'");
        assert_eq!(said.header("x-frame-options"), "DENY");
        set_sign_in(&site, json!({ "allowed_origins": ["https://app.example.com"] })).await;
        let listed = visit.open("/auth/sign-in").await;
        ends_with(listed.header("content-security-policy"), "frame-ancestors https://app.example.com");
        set_sign_in(&site, json!({ "allowed_origins": ["https://other.example.com"] })).await;
        let text = visit.open("/auth/sign-in").await.page(403);
        assert!(text.contains("This page may not ask for a sign-in"), "{text}");
    }

    async fn an_origin_that_did_not_begin_the_session_is_refused(database: Database) {
        let site = Site::new(database).await;
        let visit = Visit::new(&site).await;
        let address = visit.address("/auth/sign-in").replace("app.example.com", "evil.example.com");
        let text = site.call("GET", &address).send().await.page(403);
        assert!(text.contains("Another page asks for this sign-in than the one that began it."), "{text}");
        assert!(!text.contains("evil"), "{text}");
    }

    async fn hostile_text_in_every_parameter_renders_harmlessly(database: Database) {
        let site = Site::new(database).await;
        set_sign_in(&site, json!({ "display_name": "<b>\"Acme\"</b>", "phone": true })).await;
        let hostile = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%27%0D%0Ax%3A%20y%7B%7B7*7%7D%7D";
        let visit = Visit::new(&site).await;
        let plain = format!("apiKey={}&sessionId={}", visit.key, visit.session);
        let names = [
            "email", "phone", "countryCode", "userId", "linkedAccountId", "ticket", "origin", "partnerId",
            "encryptionKey", "pregenIds", "authInfo", "portalFont", "portalThemeMode", "portalAccentColor",
            "portalForegroundColor", "portalBackgroundColor", "portalBorderRadius", "other",
        ];
        for path in ["/auth/otp", "/auth/sign-in", "/auth/passkeys", "/auth/sign-in/done"] {
            for name in names {
                let address = format!("{path}?{plain}&{name}={hostile}");
                let answer = site.call("GET", &address).send().await;
                assert!(answer.status < 500, "{name}: {}", answer.text());
                if answer.status == 303 {
                    continue;
                }
                let status = answer.status;
                let text = answer.page(status);
                assert!(!text.contains("alert(1)</script>") && !text.contains("\"Acme\"</b>"), "{name}: {text}");
                assert_eq!(answer.header("x"), "");
            }
        }
        for name in ["apiKey", "sessionId"] {
            let address = format!("/auth/sign-in?{name}={hostile}");
            let text = site.call("GET", &address).send().await.page(400);
            assert!(!text.contains("alert(1)"), "{text}");
        }
    }
}

#[tokio::test]
async fn the_page_is_small_and_its_parts_are_what_they_say() {
    let site = Site::on_sqlite().await;
    let mut visit = Visit::new(&site).await;
    let page = visit.open("/auth/sign-in").await.page(200);
    let mut bytes = page.len();
    for (path, kind) in [
        ("/auth/assets/page.css", "text/css; charset=utf-8"),
        ("/auth/assets/page.mjs", "text/javascript; charset=utf-8"),
        (
            "/auth/assets/look.css?portalThemeMode=dark&portalAccentColor=%230b5fa5",
            "text/css; charset=utf-8",
        ),
    ] {
        let answer = site.call("GET", path).send().await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, kind),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        bytes += answer.body.len();
    }
    assert!(bytes < 30 * 1024, "{bytes} bytes");
}

#[tokio::test]
async fn the_page_warns_who_did_not_begin_the_session_in_this_browser() {
    let site = Site::on_sqlite().await;
    let visit = Visit::new(&site).await;
    let warning = "This was not begun in this browser";
    let text = visit.call("GET", "/auth/sign-in").send().await.page(200);
    assert!(text.contains(warning), "{text}");
    let holder = visit.line.split(';').next().unwrap().to_owned();
    let call = visit.call("GET", "/auth/sign-in").header("cookie", &holder);
    let text = call.send().await.page(200);
    assert!(!text.contains(warning), "{text}");
    assert!(text.contains("https://app.example.com"), "{text}");
}

#[tokio::test]
async fn methods_that_are_off_are_neither_shown_nor_taken() {
    let site = Site::on_sqlite().await;
    set_sign_in(&site, json!({ "passkeys": false, "email": false })).await;
    let mut visit = Visit::new(&site).await;
    let text = visit.open("/auth/sign-in").await.page(200);
    assert!(
        !text.contains("id=\"passkey\"") && !text.contains("id=\"email\""),
        "{text}"
    );
    let refused = visit.ask("/auth/sign-in/passkey/begin", &json!({})).await;
    refused.refused(403, "passkeys_off");
    visit
        .submit("/auth/sign-in/send", "email=ada%40example.com")
        .await
        .page(403);
    assert!(site.world.post.list().is_empty());
}

#[tokio::test]
async fn the_cookie_is_the_pages_own() {
    let site = Site::on_sqlite().await;
    let visit = Visit::new(&site).await;
    let answer = visit.call("GET", "/auth/sign-in").send().await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.ends_with("; Path=/auth; Max-Age=3600; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    set_sign_in(&site, json!({ "portal_url": "https://auth.example.com" })).await;
    let answer = visit.call("GET", "/auth/sign-in").send().await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=None; Secure; Partitioned"),
        "{cookie}"
    );
}
