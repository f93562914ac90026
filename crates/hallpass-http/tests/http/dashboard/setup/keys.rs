//! Signing keys on their page.

use std::time::Duration;

use hallpass_jose::SigningKey;
use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use hallpass_testkit::world::sign_exactly;
use serde_json::{Value, json};

use super::seat;
use crate::dashboard::desk::Desk;
use crate::dashboard::html::{text_of, value_of};
use crate::support::Site;

const KEEP: [(&str, &str); 3] = [
    ("old_keys", "keep"),
    ("keep_for", "15"),
    ("keep_unit", "minutes"),
];

/// Sends the form for a new key; answers the private half.
async fn generate(desk: &Desk<'_>, choice: &[(&str, &str)]) -> String {
    let once = desk.hidden("", "once").await;
    let mut fields = vec![("once", &*once), ("bits", "2048")];
    fields.extend_from_slice(choice);
    let page = desk.submit("/keys", &fields).await.page(200);
    text_of(&page, "private-key")
}

fn token(site: &Site, pem: &str) -> String {
    let key = SigningKey::from_pem(pem).unwrap();
    sign_exactly(
        &key,
        r#"{"alg":"RS256"}"#,
        &site.world.claims("user-1").to_string(),
    )
}

async fn list(site: &Site) -> Vec<Value> {
    let keys = site
        .environment("GET", "/signing-keys")
        .local()
        .send()
        .await
        .ok(200);
    keys["items"].as_array().unwrap().clone()
}

/// The key in use: the clock stands still, so the order of the list says nothing.
async fn active(site: &Site) -> Value {
    let mut keys = list(site).await.into_iter();
    keys.find(|key| key["state"] == "active").unwrap()
}

on_both_engines! {
    async fn a_key_is_shown_once_and_a_reload_makes_no_other(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, Role::Member).await;
        let once = desk.hidden("", "once").await;
        let fields = [("once", &*once), ("bits", "3072"), ("old_keys", "stop")];
        let answer = desk.submit("/keys", &fields).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let page = answer.page(200);
        let pem = text_of(&page, "private-key");
        let base64 = text_of(&page, "private-key-base64");
        let decoded = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap(), pem);
        site.sdk("GET", "me").bearer(&token(&site, &pem)).send().await.ok(200);
        let again = desk.submit("/keys", &fields).await.page(200);
        assert!(again.contains("This key was shown already"), "{again}");
        assert!(!again.contains("PRIVATE KEY") && !again.contains(&base64), "{again}");
        assert_eq!(list(&site).await.len(), 2);
        assert_eq!(active(&site).await["bits"], 3072);
        let overview = desk.get("").await.page(200);
        assert!(!overview.contains("PRIVATE KEY"), "{overview}");
        // The same form with another wish is no reload.
        let other = desk.submit("/keys", &[("once", &once), ("bits", "2048"), ("old_keys", "stop")]).await.page(422);
        assert!(other.contains("This form was sent before"), "{other}");
        assert_eq!(list(&site).await.len(), 2);
    }

    async fn old_keys_stop_or_are_kept_as_chosen(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, Role::Member).await;
        let first = token(&site, &generate(&desk, &[("old_keys", "stop")]).await);
        let me = |token: &str| site.sdk("GET", "me").bearer(token).send();
        me(&site.world.token("user-1")).await.refused(401, "signature_invalid");
        me(&first).await.ok(200);
        let second = token(&site, &generate(&desk, &KEEP).await);
        me(&first).await.ok(200);
        me(&second).await.ok(200);
        let page = desk.get("").await.page(200);
        for state in ["active", "retiring", "revoked"] {
            assert!(page.contains(&format!(">{state}</span>")), "{state}: {page}");
        }
        site.world.clock.advance(Duration::from_secs(15 * 60));
        me(&first).await.refused(401, "signature_invalid");
        me(&second).await.ok(200);
    }
}

#[tokio::test]
async fn a_choice_that_cannot_be_keeps_what_was_typed() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    for (amount, unit) in [
        ("0", "days"),
        ("many", "days"),
        ("31", "days"),
        ("1", "years"),
    ] {
        let once = desk.hidden("", "once").await;
        let fields = [
            ("once", &*once),
            ("bits", "4096"),
            ("old_keys", "keep"),
            ("keep_for", amount),
            ("keep_unit", unit),
        ];
        let page = desk.submit("/keys", &fields).await.page(422);
        assert_eq!(value_of(&page, "generate-keep-for"), amount);
        assert!(page.contains("id=\"generate-overlap-error\""), "{page}");
        assert!(page.contains("<option value=\"4096\" selected>"), "{page}");
    }
    let once = desk.hidden("", "once").await;
    let page = desk
        .submit(
            "/keys",
            &[("once", &once), ("bits", "1024"), ("old_keys", "stop")],
        )
        .await
        .page(422);
    assert!(page.contains("id=\"generate-bits-error\""), "{page}");
    let page = desk
        .submit("/keys", &[("bits", "2048"), ("old_keys", "stop")])
        .await
        .page(422);
    assert!(page.contains("please send it again"), "{page}");
    // What no form says stops nothing: only the word does.
    let once = desk.hidden("", "once").await;
    desk.submit("/keys", &[("once", &once), ("bits", "2048")])
        .await
        .page(422);
    assert_eq!(list(&site).await.len(), 1);
}

#[tokio::test]
async fn public_keys_are_imported_as_pem_and_as_jwk_and_private_ones_refused() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    let pairs = [(); 2].map(|()| SigningKey::generate_rsa(2048).unwrap());
    let pem = pairs[0].verifying_key().to_spki_pem();
    let jwk = serde_json::to_string(&pairs[1].verifying_key().to_jwk()).unwrap();
    for (pair, text) in pairs.iter().zip([pem.replace('\n', "\r\n"), jwk]) {
        let once = desk.hidden("", "once").await;
        let fields = [
            ("once", &*once),
            ("public_key", &*text),
            ("old_keys", "stop"),
        ];
        let done = desk.submit("/keys/import", &fields).await;
        assert!(desk.follow(&done).await.contains("imported"));
        let again = desk.submit("/keys/import", &fields).await;
        assert_eq!(
            again.status,
            303,
            "a reload is no second import: {}",
            again.text()
        );
        let kid = json!(pair.verifying_key().thumbprint());
        assert_eq!(active(&site).await["kid"], kid);
    }
    let private = pairs[0].to_pkcs8_pem().unwrap();
    for (text, words) in [
        (&**private, "private"),
        ("not a key", "PEM"),
        (&*pem, "was registered"),
        (r#"{"kty":"oct","k":"AAAA"}"#, ""),
    ] {
        let once = desk.hidden("", "once").await;
        let fields = [("once", &*once), ("public_key", text), ("old_keys", "stop")];
        let answer = desk.submit("/keys/import", &fields).await;
        let page = answer.page(if words == "was registered" { 409 } else { 422 });
        assert_eq!(text_of(&page, "public-key"), text);
        assert!(
            page.contains("role=\"alert\"") && page.contains(words),
            "{page}"
        );
    }
    assert_eq!(list(&site).await.len(), 3);
}

#[tokio::test]
async fn a_key_is_looked_at_and_revoked() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    let key = site.world.key.verifying_key();
    let path = format!("/keys/{}", key.thumbprint());
    let page = desk.get(&path).await.page(200);
    assert_eq!(text_of(&page, "public-half"), key.to_spki_pem());
    assert!(page.contains("This is the key in use."), "{page}");
    let done = desk.submit(&format!("{path}/revoke"), &[]).await;
    assert!(desk.follow(&done).await.contains("revoked"));
    let me = site
        .sdk("GET", "me")
        .bearer(&site.world.token("user-1"))
        .send()
        .await;
    me.refused(401, "no_signing_key");
    let page = desk.get(&path).await.page(200);
    assert!(!page.contains("Revoke this key"), "{page}");
    assert_eq!(desk.get("/keys/unknown").await.status, 404);
    // With no key in use there is nothing to ask about the keys so far.
    let page = desk.get("").await.page(200);
    assert!(
        page.contains("No key is in use yet") && !page.contains("type=\"radio\""),
        "{page}"
    );
}
