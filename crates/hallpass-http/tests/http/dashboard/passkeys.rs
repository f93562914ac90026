//! Operators who sign in with a passkey.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hallpass_model::Role;
use hallpass_testkit::authenticator::Authenticator;
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use super::desk::{Desk, HOST, cookie_of, encoded};
use crate::passkeys::{bytes, made_json, used_json};
use crate::support::{Answer, Site};

const ORIGIN: &str = "http://localhost:8080";
const BEGIN: &str = "/dashboard/sign-in/passkey/begin";
const FINISH: &str = "/dashboard/sign-in/passkey";

/// What the sign-in page's script asks, of nobody yet.
async fn ask(site: &Site, path: &str, body: &Value) -> Answer {
    let call = site.call("POST", path).header("host", HOST);
    let call = call.header("sec-fetch-site", "same-origin");
    call.header("accept", "application/json")
        .json(body)
        .send()
        .await
}

async fn make(desk: &Desk<'_>, authenticator: &mut Authenticator) -> Answer {
    let asked = desk
        .ask("POST", "/dashboard/passkeys/begin", &json!({}))
        .await
        .ok(200);
    assert_eq!(asked["rp"]["id"], "localhost");
    let handle = bytes(&asked["user"]["id"]);
    let made = authenticator.register(&bytes(&asked["challenge"]), ORIGIN, &handle);
    let body = json!({ "name": "Laptop", "passkey": made_json(&made) });
    desk.ask("POST", "/dashboard/passkeys", &body).await
}

async fn used(site: &Site, authenticator: &mut Authenticator) -> Value {
    let asked = ask(site, BEGIN, &json!({})).await.ok(200);
    assert_eq!(asked["userVerification"], "required");
    used_json(&authenticator.sign_in(&bytes(&asked["challenge"]), ORIGIN))
}

on_both_engines! {
    async fn an_operator_makes_a_passkey_and_signs_in_with_it(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ada", Role::Member).await;
        let mut authenticator = Authenticator::es256("localhost");
        make(&desk, &mut authenticator).await.ok(200);
        let answer = used(&site, &mut authenticator).await;
        let signed_in = ask(&site, FINISH, &answer).await;
        signed_in.ok(200);
        let second = Desk::seated(&site, &signed_in).await;
        let page = second.get("/dashboard/sessions").await.text();
        assert!(page.contains("<td>passkey</td>") && page.contains("Laptop"), "{page}");
        // The same answer again is worth nothing.
        ask(&site, FINISH, &answer).await.refused(409, "passkey_expired");
        // Removed, it ends what it opened, and opens nothing more.
        let (_, rest) = page.split_once("/dashboard/passkeys/").expect("a form");
        let id = rest.split_once('/').expect("an id").0;
        let removed = desk.submit(&format!("/dashboard/passkeys/{id}/remove"), &[]).await;
        assert_eq!(removed.status, 303, "{}", removed.text());
        assert_eq!(second.get("/dashboard").await.status, 303);
        assert_eq!(desk.get("/dashboard").await.status, 200, "opened with a key");
        let answer = used(&site, &mut authenticator).await;
        ask(&site, FINISH, &answer).await.refused(403, "passkey_refused");
    }

    async fn a_question_is_for_five_minutes_one_operator_and_one_purpose(database: Database) {
        let site = Site::new(database).await;
        let ada = Desk::of(&site, "Ada", Role::Admin).await;
        let bob = Desk::of(&site, "Bob", Role::Support).await;
        let mut authenticator = Authenticator::es256("localhost");
        let asked = ada.ask("POST", "/dashboard/passkeys/begin", &json!({})).await.ok(200);
        let handle = bytes(&asked["user"]["id"]);
        let made = authenticator.register(&bytes(&asked["challenge"]), ORIGIN, &handle);
        let body = json!({ "name": "Stolen", "passkey": made_json(&made) });
        bob.ask("POST", "/dashboard/passkeys", &body).await.refused(409, "passkey_expired");
        ada.ask("POST", "/dashboard/passkeys", &body).await.ok(200);
        let answer = used(&site, &mut authenticator).await;
        site.world.clock.advance(Duration::from_secs(5 * 60));
        ask(&site, FINISH, &answer).await.refused(409, "passkey_expired");
        // An answer that another page got.
        let asked = ask(&site, BEGIN, &json!({})).await.ok(200);
        let phished = authenticator.sign_in(&bytes(&asked["challenge"]), "https://evil.example");
        ask(&site, FINISH, &used_json(&phished)).await.refused(403, "passkey_refused");
        // A question that nobody asked.
        let made_up = BASE64URL_NOPAD.encode(&[7; 32]);
        let invented = authenticator.sign_in(&bytes(&json!(made_up)), ORIGIN);
        ask(&site, FINISH, &used_json(&invented)).await.refused(409, "passkey_expired");
    }

    async fn row_61_an_operator_who_was_shut_out_has_no_passkey_session(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ada", Role::Admin).await;
        let mut authenticator = Authenticator::es256("localhost");
        make(&desk, &mut authenticator).await.ok(200);
        let answer = used(&site, &mut authenticator).await;
        let signed_in = ask(&site, FINISH, &answer).await;
        let seated = Desk::seated(&site, &signed_in).await;
        assert_eq!(seated.get("/dashboard").await.status, 200);
        let admin = site.world.admin();
        let operators = &site.world.services.operators;
        let id = operators.list(&admin, &Default::default()).await.unwrap().items[0].id;
        let patch = hallpass_core::OperatorPatch { disabled: Some(true), ..Default::default() };
        operators.update(&admin, id, patch).await.unwrap();
        assert_eq!(seated.get("/dashboard").await.status, 303);
        let answer = used(&site, &mut authenticator).await;
        ask(&site, FINISH, &answer).await.refused(403, "passkey_refused");
    }

    async fn a_passkey_ends_with_the_key_by_which_it_was_made(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ada", Role::Admin).await;
        let mut authenticator = Authenticator::es256("localhost");
        make(&desk, &mut authenticator).await.ok(200);
        let answer = used(&site, &mut authenticator).await;
        let signed_in = ask(&site, FINISH, &answer).await;
        let seated = Desk::seated(&site, &signed_in).await;
        // One more, made by the passkey's session: it hangs on the same key.
        let mut second = Authenticator::ed25519("localhost");
        make(&seated, &mut second).await.ok(200);
        let admin = site.world.admin();
        let operators = &site.world.services.operators;
        let id = operators.list(&admin, &Default::default()).await.unwrap().items[0].id;
        let keys = operators.list_keys(&admin, id, &Default::default()).await.unwrap();
        operators.revoke_key(&admin, id, keys.items[0].id).await.unwrap();
        assert_eq!(seated.get("/dashboard").await.status, 303);
        for authenticator in [&mut authenticator, &mut second] {
            let answer = used(&site, authenticator).await;
            ask(&site, FINISH, &answer).await.refused(403, "passkey_refused");
        }
        // Another admin sees what is left, and removes it.
        let other = Desk::of(&site, "Eve", Role::Admin).await;
        let page = other.get("/dashboard/sessions").await.text();
        let gone = page.matches("counts no more").count();
        assert_eq!(gone, 2, "of Ada's: {page}");
        let (_, rest) = page.split_once("/dashboard/passkeys/").expect("a form");
        let path = format!("/dashboard/passkeys/{}/remove", rest.split_once('/').expect("an id").0);
        let member = Desk::of(&site, "Mem", Role::Member).await;
        assert_eq!(member.submit(&path, &[]).await.status, 404);
        assert_eq!(other.submit(&path, &[]).await.status, 303);
    }

    async fn whoever_was_signed_out_while_typing_goes_on_with_a_passkey(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ada", Role::Admin).await;
        let mut authenticator = Authenticator::es256("localhost");
        make(&desk, &mut authenticator).await.ok(200);
        let answer = used(&site, &mut authenticator).await;
        let signed_in = ask(&site, FINISH, &answer).await;
        let kept = encoded(&[("key", ""), ("to", "/dashboard/projects"), ("kept.name", "Typed")]);
        let resume = site.call("POST", "/dashboard/resume").header("host", HOST);
        let resume = resume.header("cookie", &cookie_of(&signed_in)).header("sec-fetch-site", "same-origin");
        let again = resume.text("application/x-www-form-urlencoded", &kept).send().await;
        assert_eq!(again.status, 200, "{}", again.text());
        assert!(again.text().contains("Typed") && again.text().contains("Send it now"));
    }
}
