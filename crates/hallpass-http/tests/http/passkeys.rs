//! Passkeys on the hosted page, with an authenticator in software that misbehaves in one place each.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hallpass_testkit::authenticator::{Authenticator, Registration, SignIn};
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::page_visits::{ORIGIN, PAGE_HOST, PAGE_ORIGIN, Visit, key_of_another_environment};
use crate::support::{Answer, Site};

const BEGIN: &str = "/auth/sign-in/passkey/begin";
const FINISH: &str = "/auth/sign-in/passkey";

pub fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("text");
    BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url")
}

pub fn made_json(made: &Registration) -> Value {
    json!({
        "credential_id": BASE64URL_NOPAD.encode(&made.credential_id),
        "client_data": BASE64URL_NOPAD.encode(&made.client_data),
        "attestation_object": BASE64URL_NOPAD.encode(&made.attestation_object),
    })
}

pub fn used_json(used: &SignIn) -> Value {
    let handle = used.user_handle.as_ref();
    json!({
        "credential_id": BASE64URL_NOPAD.encode(&used.credential_id),
        "client_data": BASE64URL_NOPAD.encode(&used.client_data),
        "authenticator_data": BASE64URL_NOPAD.encode(&used.authenticator_data),
        "signature": BASE64URL_NOPAD.encode(&used.signature),
        "user_handle": handle.map(|handle| BASE64URL_NOPAD.encode(handle)),
    })
}

/// Makes a passkey on the page of whoever has just signed in there.
async fn make_passkey(visit: &Visit<'_>, authenticator: &mut Authenticator) -> Answer {
    let asked = visit.ask("/auth/passkeys/begin", &json!({})).await.ok(200);
    assert_eq!(asked["rp"]["id"], PAGE_HOST);
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(
        asked["authenticatorSelection"]["userVerification"],
        "required"
    );
    let handle = bytes(&asked["user"]["id"]);
    let made = authenticator.register(&bytes(&asked["challenge"]), PAGE_ORIGIN, &handle);
    visit.ask("/auth/passkeys", &made_json(&made)).await
}

/// Somebody with an account and a passkey for it.
async fn owner<'a>(site: &'a Site, address: &str) -> (Visit<'a>, Authenticator) {
    let mut visit = Visit::new(site).await;
    visit.sign_in_by_code(address).await;
    let mut authenticator = Authenticator::es256(PAGE_HOST);
    make_passkey(&visit, &mut authenticator).await.ok(200);
    (visit, authenticator)
}

/// Another session of the same app, its page open in another browser.
async fn opened<'a>(other: &Visit<'a>) -> Visit<'a> {
    let mut visit = Visit::of_app(other.site, &other.key).await;
    visit.open("/auth/sign-in").await.page(200);
    visit
}

async fn challenge(visit: &Visit<'_>) -> Vec<u8> {
    let asked = visit.ask(BEGIN, &json!({})).await.ok(200);
    assert_eq!(asked["rpId"], PAGE_HOST);
    assert_eq!(asked["userVerification"], "required");
    bytes(&asked["challenge"])
}

on_both_engines! {
    async fn a_passkey_signs_in_its_account_in_the_one_session(database: Database) {
        let site = Site::new(database).await;
        let (mut first, mut authenticator) = owner(&site, "ada@example.com").await;
        let account = first.touch().await["userId"].clone();
        let mut visit = opened(&first).await;
        let mut other = opened(&first).await;
        let used = authenticator.sign_in(&challenge(&visit).await, PAGE_ORIGIN);
        visit.ask(FINISH, &used_json(&used)).await.ok(200);
        let session = visit.touch().await;
        assert_eq!((&session["isAuthenticated"], &session["userId"]), (&json!(true), &account));
        assert!(!other.is_signed_in().await);
        let text = visit.call("GET", "/auth/sign-in/done").send().await.page(200);
        assert!(text.contains("ada@example.com"), "{text}");
    }

    async fn an_answer_counts_once_and_for_the_session_and_browser_that_asked(database: Database) {
        let site = Site::new(database).await;
        let (first, mut authenticator) = owner(&site, "ada@example.com").await;
        let visit = opened(&first).await;
        let mut other = opened(&first).await;
        let used = authenticator.sign_in(&challenge(&visit).await, PAGE_ORIGIN);
        // The other session has asked too: its own question is no help to the thief of an answer.
        challenge(&other).await;
        let replayed = other.ask(FINISH, &used_json(&used)).await;
        replayed.refused(409, "passkey_expired");
        let mut thief = opened(&first).await;
        thief.session.clone_from(&visit.session);
        thief.open("/auth/sign-in").await.page(200);
        thief.ask(FINISH, &used_json(&used)).await.refused(409, "passkey_expired");
        visit.ask(FINISH, &used_json(&used)).await.ok(200);
        visit.ask(FINISH, &used_json(&used)).await.refused(409, "passkey_expired");
        assert!(!other.is_signed_in().await);
    }

    async fn a_wrong_answer_uses_up_the_question(database: Database) {
        let site = Site::new(database).await;
        let (first, mut authenticator) = owner(&site, "ada@example.com").await;
        let mut visit = opened(&first).await;
        let asked = challenge(&visit).await;
        let wrong = authenticator.sign_in(&asked, "https://evil.example");
        visit.ask(FINISH, &used_json(&wrong)).await.refused(403, "passkey_refused");
        let right = authenticator.sign_in(&asked, PAGE_ORIGIN);
        visit.ask(FINISH, &used_json(&right)).await.refused(409, "passkey_expired");
        let asked = challenge(&visit).await;
        site.world.clock.advance(Duration::from_secs(5 * 60));
        let late = authenticator.sign_in(&asked, PAGE_ORIGIN);
        visit.ask(FINISH, &used_json(&late)).await.refused(409, "passkey_expired");
        assert!(!visit.is_signed_in().await);
    }

    async fn what_does_not_fit_is_refused_and_signs_nobody_in(database: Database) {
        let site = Site::new(database).await;
        let (first, mut authenticator) = owner(&site, "ada@example.com").await;
        let (_, stranger) = owner(&site, "eve@example.com").await;
        let mut visit = opened(&first).await;
        let handle = authenticator.user_handle.clone();
        for disturbed in ["origin", "challenge", "host", "handle", "no handle", "flags", "key", "unknown"] {
            let mut asked = challenge(&visit).await;
            let mut origin = PAGE_ORIGIN;
            let mut flags = authenticator.flags;
            match disturbed {
                "origin" => origin = "http://localhost:8081",
                "challenge" => asked[0] ^= 1,
                "host" => authenticator.host = "example.com".into(),
                "handle" => authenticator.user_handle.clone_from(&stranger.user_handle),
                "no handle" => authenticator.user_handle = None,
                "flags" => flags = 0b001,
                _ => {}
            }
            std::mem::swap(&mut authenticator.flags, &mut flags);
            let mut used = authenticator.sign_in(&asked, origin);
            std::mem::swap(&mut authenticator.flags, &mut flags);
            match disturbed {
                "key" => used.credential_id.clone_from(&stranger.credential_id),
                "unknown" => used.credential_id = vec![7; 20],
                _ => {}
            }
            authenticator.host = PAGE_HOST.into();
            authenticator.user_handle.clone_from(&handle);
            let refused = visit.ask(FINISH, &used_json(&used)).await;
            let expected = match disturbed {
                "challenge" => (409, "passkey_expired"),
                _ => (403, "passkey_refused"),
            };
            assert_eq!((refused.status, &*refused.code()), expected, "{disturbed}");
            assert!(!visit.is_signed_in().await, "{disturbed}");
        }
        let used = authenticator.sign_in(&challenge(&visit).await, PAGE_ORIGIN);
        visit.ask(FINISH, &used_json(&used)).await.ok(200);
    }

    async fn a_counter_that_goes_back_signs_nobody_in(database: Database) {
        let site = Site::new(database).await;
        let (first, mut authenticator) = owner(&site, "ada@example.com").await;
        // What the device says next is one more than what it has counted.
        for (counted, accepted) in [(5, true), (5, false), (2, false), (0, false), (6, true)] {
            let mut visit = opened(&first).await;
            authenticator.counter = counted;
            let used = authenticator.sign_in(&challenge(&visit).await, PAGE_ORIGIN);
            let answer = visit.ask(FINISH, &used_json(&used)).await;
            assert_eq!(answer.status == 200, accepted, "{counted}: {}", answer.text());
            assert_eq!(visit.is_signed_in().await, accepted, "{counted}");
        }
    }

    async fn a_passkey_of_another_environment_is_unknown(database: Database) {
        let site = Site::new(database).await;
        let (_, mut authenticator) = owner(&site, "ada@example.com").await;
        let key = key_of_another_environment(&site).await;
        let mut visit = Visit::of_app(&site, &key).await;
        visit.open("/auth/sign-in").await.page(200);
        let used = authenticator.sign_in(&challenge(&visit).await, PAGE_ORIGIN);
        let refused = visit.ask(FINISH, &used_json(&used)).await;
        refused.refused(403, "passkey_refused");
        assert!(refused.text().contains("not known here"), "{}", refused.text());
        assert!(!visit.is_signed_in().await);
    }

    async fn passkeys_are_made_by_whoever_signed_in_and_by_nobody_else(database: Database) {
        let site = Site::new(database).await;
        let mut visit = Visit::new(&site).await;
        visit.sign_in_by_code("ada@example.com").await;
        // Another browser at the page of the same session, and this one at the page of another.
        let mut thief = Visit::of_app(&site, &visit.key).await;
        let own = thief.session.clone();
        thief.session.clone_from(&visit.session);
        thief.open("/auth/sign-in").await.page(200);
        thief.ask("/auth/passkeys/begin", &json!({})).await.refused(403, "visit_over");
        thief.session = own;
        thief.open("/auth/sign-in").await.page(200);
        thief.ask("/auth/passkeys/begin", &json!({})).await.refused(403, "visit_over");
        let mut authenticator = Authenticator::ed25519(PAGE_HOST);
        make_passkey(&visit, &mut authenticator).await.ok(200);
        make_passkey(&visit, &mut authenticator).await.refused(409, "passkey_known");
        site.world.clock.advance(Duration::from_secs(10 * 60));
        visit.touch().await;
        visit.ask("/auth/passkeys/begin", &json!({})).await.refused(403, "visit_over");
    }

    async fn an_account_has_at_most_twenty(database: Database) {
        let site = Site::new(database).await;
        let mut visit = Visit::new(&site).await;
        visit.sign_in_by_code("ada@example.com").await;
        for _ in 0..20 {
            make_passkey(&visit, &mut Authenticator::ed25519(PAGE_HOST)).await.ok(200);
        }
        let refused = visit.ask("/auth/passkeys/begin", &json!({})).await;
        refused.refused(409, "too_many_passkeys");
    }

    async fn a_passkey_is_renamed_and_removed_on_its_page(database: Database) {
        let site = Site::new(database).await;
        let (mut visit, mut authenticator) = owner(&site, "ada@example.com").await;
        let text = visit.open("/auth/passkeys").await.page(200);
        assert!(text.contains("value=\"Passkey 1\"") && text.contains("ada@example.com"), "{text}");
        let (_, rest) = text.split_once("/auth/passkeys/").expect("a form");
        let id = rest.split('/').next().expect("an id").to_owned();
        let rename = format!("/auth/passkeys/{id}/name");
        let bad = visit.submit(&rename, "name=").await.page(422);
        assert!(bad.contains("A name has 1 to 100 bytes"), "{bad}");
        assert_eq!(visit.submit(&rename, "name=%3Ci%3ELaptop").await.status, 303);
        let text = visit.open("/auth/passkeys").await.page(200);
        assert!(text.contains("&#60;i&#62;Laptop") && !text.contains("<i>"), "{text}");
        let (stranger, _) = owner(&site, "eve@example.com").await;
        let remove = format!("/auth/passkeys/{id}/remove");
        stranger.submit(&remove, "").await.page(404);
        assert_eq!(visit.submit(&remove, "").await.status, 303);
        visit.submit(&remove, "").await.page(404);
        let mut later = opened(&visit).await;
        let used = authenticator.sign_in(&challenge(&later).await, PAGE_ORIGIN);
        later.ask(FINISH, &used_json(&used)).await.refused(403, "passkey_refused");
        assert!(!later.is_signed_in().await);
    }

    async fn a_ticket_opens_the_passkeys_once_and_in_the_session_that_asked(database: Database) {
        let site = Site::new(database).await;
        let mut visit = Visit::new(&site).await;
        ask_for_ticket(&visit).await.refused(403, "not_signed_in");
        visit.sign_in_by_code("ada@example.com").await;
        visit.touch().await;
        let url = ask_for_ticket(&visit).await.ok(200)["url"].as_str().unwrap().to_owned();
        let ticket = url.split("ticket=").nth(1).expect("a ticket").to_owned();
        assert!(url.starts_with("http://localhost:8080/auth/passkeys?apiKey="), "{url}");
        let mut stranger = opened(&visit).await;
        stranger.more = format!("&ticket={ticket}");
        stranger.open("/auth/passkeys").await.page(403);
        stranger.submit("/auth/passkeys/open", &format!("ticket={ticket}")).await.page(403);
        let mut browser = opened(&visit).await;
        browser.session.clone_from(&visit.session);
        browser.more = format!("&ticket={ticket}");
        let text = browser.open("/auth/passkeys").await.page(200);
        assert!(text.contains("Manage your passkeys?") && text.contains("ada@example.com"), "{text}");
        browser.more = String::new();
        browser.open("/auth/passkeys").await.page(403);
        browser.open("/auth/sign-in").await.page(200);
        let taken = browser.submit("/auth/passkeys/open", &format!("ticket={ticket}")).await;
        assert_eq!(taken.status, 303, "{}", taken.text());
        browser.open("/auth/passkeys").await.page(200);
        make_passkey(&browser, &mut Authenticator::es256(PAGE_HOST)).await.ok(200);
        browser.submit("/auth/passkeys/open", &format!("ticket={ticket}")).await.page(403);
    }

    async fn a_frozen_account_is_not_signed_in_by_its_passkey(database: Database) {
        let site = Site::new(database).await;
        let (mut first, mut authenticator) = owner(&site, "ada@example.com").await;
        let account = first.touch().await["userId"].as_str().unwrap().to_owned();
        let mut visit = opened(&first).await;
        freeze(&site, &account).await;
        let used = authenticator.sign_in(&challenge(&visit).await, PAGE_ORIGIN);
        visit.ask(FINISH, &used_json(&used)).await.refused(403, "account_frozen");
        first.ask("/auth/passkeys/begin", &json!({})).await.refused(403, "visit_over");
        assert!(!visit.is_signed_in().await);
    }
}

async fn ask_for_ticket(visit: &Visit<'_>) -> Answer {
    let call = visit.site.call("POST", "/auth/passkeys/tickets");
    let call = call
        .header("origin", ORIGIN)
        .header("host", "localhost:8080");
    let call = call
        .header("x-external-api-key", &visit.key)
        .header("x-para-structured-errors", "1");
    call.header("x-capsule-sid", &visit.line).send().await
}

/// Freezes the account in the database, as an operator's command does.
async fn freeze(site: &Site, account: &str) {
    let id = account.parse().expect("an id");
    let mut tx = site
        .database()
        .store()
        .write()
        .await
        .expect("a transaction");
    let found = tx.find_account(site.world.environment, id).await;
    let mut account = found.expect("read").expect("an account");
    account.frozen_at = Some(account.created_at);
    tx.update_account(&account).await.expect("written");
    tx.commit().await.expect("committed");
}
