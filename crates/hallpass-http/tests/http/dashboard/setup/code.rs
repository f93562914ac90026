//! The code that is shown is what is run: here in Rust, in other languages by `e2e/dashboard/check-snippets.mjs`.

use data_encoding::BASE64URL_NOPAD;
use hallpass_model::Role;
use serde_json::{Value, json};

use super::seat;
use crate::dashboard::html::{between, text_of};
use crate::support::Site;

#[expect(
    clippy::disallowed_methods,
    reason = "the code of customers asks the machine for the time"
)]
mod shown {
    include!("../../../../assets/dashboard/snippets/rust.rs");
}

const RUST: &str = include_str!("../../../../assets/dashboard/snippets/rust.rs");
/// As it stands in the file: an environment may have any audience, this one too.
const AUDIENCE: &str = "{{audience}}";

#[tokio::test]
async fn the_code_in_rust_signs_a_token_that_is_accepted() {
    let site = Site::on_sqlite().await;
    let patch = json!({ "settings": { "audiences": [AUDIENCE] } });
    site.environment("PATCH", "")
        .local()
        .json(&patch)
        .send()
        .await
        .ok(200);
    let made = site
        .environment("POST", "/signing-keys")
        .local()
        .json(&json!({}))
        .send()
        .await
        .ok(201);
    let pem = made["private_key_pem"].as_str().unwrap();
    let token = shown::user_token("snippet-rust", pem.as_bytes()).unwrap();
    let claims = BASE64URL_NOPAD
        .decode(token.split('.').nth(1).unwrap().as_bytes())
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    // The code has the machine's time, the world has its own.
    let now = claims["iat"].as_i64().unwrap();
    site.world
        .clock
        .jump_secs(now - hallpass_testkit::world::BEGINNING);
    let me = site.sdk("GET", "me").bearer(&token).send().await.ok(200);
    assert_eq!(
        (&me["authenticated"], &me["userId"]),
        (&json!(true), &json!("snippet-rust"))
    );
}

#[tokio::test]
async fn the_page_shows_the_files_with_the_environments_audience() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    let own = format!("useparagon.com/{}", site.world.environment);
    let page = desk.get("/code").await.page(200);
    assert_eq!(text_of(&page, "code-rust"), RUST.replace(AUDIENCE, &own));
    for language in [
        "node", "python", "rust", "java", "openssl", "go", "ruby", "php", "csharp",
    ] {
        let code = text_of(&page, &format!("code-{language}"));
        assert_eq!(code.matches(&own).count(), 1, "{language}");
        let summary = between(
            &page,
            &format!("<details name=\"language\" id=\"{language}\""),
            "</summary>",
        );
        let is_run = !["go", "ruby", "php", "csharp"].contains(&language);
        assert_eq!(summary.contains(">run by our tests<"), is_run, "{summary}");
        assert_eq!(
            summary.contains(">not run by our tests<"),
            !is_run,
            "{summary}"
        );
    }
}

#[tokio::test]
async fn the_code_keeps_to_the_environments_settings() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    let set = |settings: Value| {
        let call = site.environment("PATCH", "").local();
        call.json(&json!({ "settings": settings })).send()
    };
    let hostile = "it's \"$(x)\" #{y} <b>";
    set(json!({
        "audiences": [hostile, "api.acme.com"], "aud_mode": "only_configured", "max_token_lifetime_secs": 900,
        "issuer": hostile, "require_permission_claim": true,
    }))
    .await
    .ok(200);
    let page = desk.get("/code").await.page(200);
    let expected = RUST
        .replace(AUDIENCE, "api.acme.com")
        .replace("3600", "900");
    assert_eq!(text_of(&page, "code-rust"), expected);
    assert!(page.contains("Add the claim <code>iss</code>"), "{page}");
    assert!(
        page.contains("refuses tokens without permissions"),
        "{page}"
    );
    assert!(!page.contains("<b>"), "{page}");
    set(json!({ "audiences": [hostile] })).await.ok(200);
    let page = desk.get("/code").await.page(200);
    assert!(text_of(&page, "code-python").contains("\"aud\": \"YOUR-AUDIENCE\""));
    assert!(page.contains("None of the audiences"), "{page}");
}
