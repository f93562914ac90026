//! What a hostile reader of the pages once found: forms that lack a field or have it twice, changes that were undone
//! unseen, and questions that take long.

use data_encoding::BASE64URL_NOPAD;
use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::desk::{Desk, HOST};
use super::html::between;
use crate::people::signed_in;
use crate::support::Site;

async fn has_been_here(site: &Site, sub: &str) {
    let token = site.world.token(sub);
    site.sdk("GET", "me").bearer(&token).send().await.ok(200);
}

async fn stored(site: &Site, path: &str) -> Value {
    site.environment("GET", path).local().send().await.ok(200)
}

async fn patch(site: &Site, path: &str, body: &Value) {
    let call = site.environment("PATCH", path).local();
    call.json(body).send().await.ok(200);
}

fn version_in(page: &str) -> String {
    between(page, "name=\"version\" value=\"", "\"").to_owned()
}

/// Every field but one, and every field with one of them twice.
fn spoiled<'f>(
    whole: &[(&'f str, &'f str)],
    name: &'f str,
) -> [(&'static str, Vec<(&'f str, &'f str)>); 2] {
    let without = whole.iter().filter(|field| field.0 != name).copied();
    let mut twice = whole.to_vec();
    twice.extend(whole.iter().filter(|field| field.0 == name));
    [("without", without.collect()), ("twice", twice)]
}

on_both_engines! {
    async fn a_search_stops_in_a_crowd_and_can_go_on(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ana", Role::Support).await;
        has_been_here(&site, "needle").await;
        let environment = site.world.environment;
        let crowd = |table: &str, columns: &str, values: &str| format!(
            "INSERT INTO {table} (environment_id, id, version, created_at, updated_at, {columns})
             WITH RECURSIVE crowd (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM crowd WHERE i < 20001)
             SELECT '{environment}', 'id-' || i, 1, 2000000000000000 + i, 0, {values} FROM crowd"
        );
        site.database().tamper(&crowd("connected_users", "sub, metadata", "'crowd-' || i, '{}'")).await;
        let (account, _) = signed_in(&site.world, 1).await;
        site.database().tamper(&crowd("accounts", "profile", "'{}'")).await;
        let id = account.id.to_string();
        for (list, search, href) in [("users", "needle", "/users/needle\"><bdi>"), ("accounts", "person1@", &*format!("/accounts/{id}\""))] {
            let page = desk.get(&desk.place(&format!("/{list}?q={search}"))).await;
            assert_eq!(page.status, 200);
            let page = page.text();
            assert!(page.contains("A search looks at 20,000") && !page.contains(href), "{page}");
            assert!(!page.contains("No user id begins so") && !page.contains("No account is known so"));
            let on = between(&page, &format!("href=\"/dashboard/environments/{environment}/{list}?q="), "\"").replace("&#38;", "&");
            let page = desk.get(&desk.place(&format!("/{list}?q={on}"))).await.text();
            assert!(page.contains(href) && !page.contains("A search looks at"), "{page}");
        }
    }

    async fn fields_of_people_that_are_missing_or_twice_change_nothing(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ana", Role::Member).await;
        has_been_here(&site, "user-1").await;
        let (account, _) = signed_in(&site.world, 1).await;
        let of_account = format!("/accounts/{}", account.id);
        patch(&site, &of_account, &json!({ "role": "editor", "permissions": { "integration:*": ["metadata:read"] } })).await;
        let user_version = version_in(&desk.get(&desk.place("/users/user-1")).await.text());
        let account_version = version_in(&desk.get(&desk.place(&of_account)).await.text());
        let user = [("version", &*user_version), ("metadata", "{\"plan\": \"pro\"}")];
        let settings = [("version", &*account_version), ("role", "boss"), ("permissions", "{}")];
        for (path, form, fields) in [("/users/user-1", "metadata", &user[..]), (&of_account, "settings", &settings)] {
            let before = stored(&site, path).await;
            for (name, _) in fields {
                for (how, sent) in spoiled(fields, name) {
                    let refused = desk.submit(&desk.place(&format!("{path}/{form}")), &sent).await;
                    assert_eq!(refused.status, 400, "{form} {how} {name}");
                    assert!(refused.text().contains("field_missing"));
                    assert_eq!(stored(&site, path).await, before, "{form} {how} {name}");
                }
            }
            let mut odd = fields.to_vec();
            odd[0].1 = "one";
            assert_eq!(desk.submit(&desk.place(&format!("{path}/{form}")), &odd).await.status, 400);
            let done = desk.submit(&desk.place(&format!("{path}/{form}")), fields).await;
            assert_eq!(done.status, 303, "{}", done.text());
        }
    }

    async fn fields_of_origins_that_are_missing_or_twice_change_nothing(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ana", Role::Member).await;
        let path = desk.place("/setup/allowed");
        patch(&site, "", &json!({ "sign_in": { "allowed_origins": ["https://app.acme.com"] }, "settings": { "require_audience": true } })).await;
        let version = version_in(&desk.get(&path).await.text());
        let fields = [
            ("version", &*version), ("allowed_origins", "https://other.acme.com"), ("audiences", "one"), ("own_audience", "yes"),
            ("require_audience", "yes"),
        ];
        let before = stored(&site, "").await;
        for (name, _) in fields {
            for (how, sent) in spoiled(&fields, name) {
                let may_be_left_out = !matches!(name, "version" | "allowed_origins");
                if how == "without" && may_be_left_out {
                    continue;
                }
                let refused = desk.submit(&path, &sent).await;
                assert_eq!(refused.status, 422, "{how} {name}");
                assert!(refused.text().contains("lease send it again"));
                assert_eq!(stored(&site, "").await, before, "{how} {name}");
            }
        }
        assert_eq!(desk.submit(&path, &fields).await.status, 303);
    }

    async fn a_slip_of_the_pen_does_not_undo_what_others_changed(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ana", Role::Member).await;
        let provider = site.trust_with(&json!({ "kind": "auth0", "domain": "acme.eu.auth0.com", "audiences": ["one"] })).await;
        let at_provider = format!("/identity-providers/{provider}");
        let slip = [("domain", "https://wrong/"), ("audiences", "mine"), ("allowed_origins", "no origin"), ("own_audience", "yes")];
        let right = [("domain", "acme.eu.auth0.com"), ("audiences", "mine"), ("allowed_origins", ""), ("own_audience", "yes")];
        for (path, stored_at, others) in [
            (&*format!("/setup/authentication/{provider}"), &*at_provider, json!({ "settings": { "audiences": ["theirs"] } })),
            ("/setup/allowed", "", json!({ "settings": { "audiences": ["theirs"] } })),
        ] {
            let path = desk.place(path);
            let opened = version_in(&desk.get(&path).await.text());
            patch(&site, stored_at, &others).await;
            let before = stored(&site, stored_at).await;
            let with = |version: &str, fields: [(&'static str, &'static str); 4]| {
                let mut all = vec![("version".to_owned(), version.to_owned())];
                all.extend(fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
                all
            };
            // The slip may be met first, or the other's change; never is the change lost from sight.
            let mut version = opened;
            let mut seen = false;
            for fields in [slip, right] {
                let sent = with(&version, fields);
                let sent: Vec<_> = sent.iter().map(|(name, value)| (&**name, &**value)).collect();
                let refused = desk.submit(&path, &sent).await;
                assert!(matches!(refused.status, 412 | 422), "{path}: {}", refused.status);
                assert_eq!(stored(&site, stored_at).await, before);
                version = version_in(&refused.text());
                if refused.text().contains("theirs</bdi>") {
                    seen = true;
                    break;
                }
            }
            assert!(seen, "{path}");
            let sent = with(&version, right);
            let sent: Vec<_> = sent.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(desk.submit(&path, &sent).await.status, 303, "knowingly");
        }
    }

    async fn what_the_form_of_a_provider_does_not_say_stays(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ana", Role::Member).await;
        let provider = site.trust_with(&json!({ "kind": "auth0", "domain": "acme.eu.auth0.com", "audiences": ["one"] })).await;
        let path = desk.place(&format!("/setup/authentication/{provider}"));
        let version = version_in(&desk.get(&path).await.text());
        let wrong = desk.submit(&path, &[("version", &version), ("domain", "https://wrong/")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.text().contains("\none</textarea>"));
        let twice = [("version", &*version), ("domain", "acme.eu.auth0.com"), ("user_claim", "uid"), ("user_claim", "uid")];
        assert_eq!(desk.submit(&path, &twice).await.status, 422);
        assert_eq!(desk.submit(&path, &twice[1..3]).await.status, 422);
        assert_eq!(desk.submit(&path, &twice[..3]).await.status, 303);
        let now = stored(&site, &format!("/identity-providers/{provider}")).await;
        assert_eq!((&now["audiences"], &now["user_claim"]), (&json!(["one"]), &json!("uid")));
    }

    async fn looking_beyond_the_first_keys_makes_none(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ana", Role::Member).await;
        let after = BASE64URL_NOPAD.encode(b"ik|5|x");
        let page = desk.get(&desk.place(&format!("/issuer-keys?after={after}"))).await;
        assert_eq!(page.status, 200);
        assert_eq!(stored(&site, "/issuer-keys").await["items"], json!([]));
    }

    async fn readers_who_read_nothing_take_few_places(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ana", Role::Support).await;
        for number in 0..250 {
            let path = format!("/users/user-{number}/revoke");
            site.environment("POST", &path).local().send().await.ok(200);
        }
        let path = desk.place("/audit.jsonl");
        let mut unread = Vec::new();
        for _ in 0..4 {
            let request = Request::get(&path).header("host", HOST).header("cookie", &desk.cookie);
            let request = request.body(axum::body::Body::empty()).expect("a request");
            let response = site.app.clone().oneshot(request).await.expect("an answer");
            assert_eq!(response.status(), 200);
            unread.push(response);
        }
        let refused = desk.get(&path).await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, "10"));
        assert!(refused.text().contains("export_busy"));
        unread.clear();
        let mut tries = 0;
        while desk.get(&path).await.status == 503 {
            tries += 1;
            assert!(tries < 100, "a place is free again");
        }
        assert!(desk.get(&path).await.text().lines().count() > 250);
    }
}
