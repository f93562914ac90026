//! Identity providers on their pages.

use hallpass_model::{ProviderKind, Role};
use hallpass_testkit::provider::FakeProvider;
use hallpass_testkit::{Database, on_both_engines};
use serde_json::{Value, json};

use super::seat;
use crate::dashboard::desk::Desk;
use crate::dashboard::html::{between, text_of, value_of};
use crate::support::Site;

async fn list(site: &Site) -> Vec<Value> {
    let all = site
        .environment("GET", "/identity-providers")
        .local()
        .send()
        .await
        .ok(200);
    all["items"].as_array().unwrap().clone()
}

async fn add(desk: &Desk<'_>, kind: &str, fields: &[(&str, &str)]) -> String {
    let path = format!("/authentication/new/{kind}");
    let once = desk.hidden(&path, "once").await;
    let mut all = vec![("once", &*once)];
    all.extend_from_slice(fields);
    let done = desk.submit(&path, &all).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let again = desk.submit(&path, &all).await;
    assert_eq!(
        again.header("location"),
        done.header("location"),
        "a reload adds nothing"
    );
    let place = done.header("location").split('?').next().unwrap();
    format!("/authentication/{}", place.rsplit('/').next().unwrap())
}

on_both_engines! {
    async fn every_kind_is_added_changed_and_removed(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, Role::Member).await;
        let roles = r#"[{"role":"admin","permissions":{"integration:*":true}}]"#;
        for (kind, fields, stored) in [
            (
                "auth0",
                vec![("domain", "acme.eu.auth0.com"), ("audiences", "one\r\n\r\ntwo words\r\n")],
                json!({ "domain": "acme.eu.auth0.com", "audiences": ["one", "two words"] }),
            ),
            ("firebase", vec![("project_id", "acme-prod")], json!({ "project_id": "acme-prod" })),
            (
                "oidc",
                vec![("issuer", "https://id.acme.com"), ("any_audience", "yes"), ("user_claim", "/user/id")],
                json!({ "issuer": "https://id.acme.com", "any_audience": true, "user_claim": "/user/id" }),
            ),
            (
                "jwks",
                vec![
                    ("url", "https://keys.acme.com/jwks"), ("issuer", "https://keys.acme.com"), ("audiences", "app"),
                    ("roles_claim", "roles"), ("role_permissions", roles), ("algorithms", "ES256"),
                ],
                json!({ "url": "https://keys.acme.com/jwks", "algorithms": ["ES256"], "role_permissions": [{ "role": "admin", "permissions": { "integration:*": true } }] }),
            ),
        ] {
            let place = add(&desk, kind, &fields).await;
            let provider = list(&site).await.pop().unwrap();
            assert_eq!(provider["kind"], kind);
            for (name, value) in stored.as_object().unwrap() {
                assert_eq!(&provider[name], value, "{kind}: {name}");
            }
            // What the page shows is what it sends back: saved untouched, nothing changes.
            let page = desk.get(&place).await.page(200);
            let version = desk.hidden(&place, "version").await;
            let mut shown = vec![("version".to_owned(), version)];
            for name in [
                "domain", "custom_domain", "project_id", "url", "issuer", "user_claim", "permissions_claim", "roles_claim",
            ] {
                if page.contains(&format!("id=\"{name}\"")) {
                    shown.push((name.to_owned(), value_of(&page, name)));
                }
            }
            for name in ["audiences", "role_permissions", "token_types", "algorithms"] {
                if page.contains(&format!("id=\"{name}\"")) {
                    shown.push((name.to_owned(), text_of(&page, name)));
                }
            }
            if page.contains("name=\"any_audience\" value=\"yes\" checked") {
                shown.push(("any_audience".to_owned(), "yes".to_owned()));
            }
            let fields: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (&**name, &**value)).collect();
            let done = desk.submit(&place, &fields).await;
            assert!(desk.follow(&done).await.contains("saved"), "{kind}");
            let after = list(&site).await.pop().unwrap();
            assert_eq!(after, provider, "{kind}");
            let state = format!("{place}/state");
            let off = desk.submit(&state, &[("disabled", "yes")]).await;
            assert!(desk.follow(&off).await.contains("The provider was disabled"));
            assert_eq!(list(&site).await.pop().unwrap()["disabled"], true);
            let on = desk.submit(&state, &[("disabled", "no")]).await;
            assert!(desk.follow(&on).await.contains("The provider was enabled"));
            let overview = desk.get("/authentication").await.page(200);
            assert!(overview.contains(&place), "{overview}");
            let gone = desk.submit(&format!("{place}/remove"), &[]).await;
            assert!(desk.follow(&gone).await.contains("removed"));
            assert_eq!(list(&site).await, Vec::<Value>::new());
            assert_eq!(desk.get(&place).await.status, 404);
        }
    }

    async fn somebody_elses_change_is_shown_and_nothing_is_lost(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, Role::Member).await;
        let place = add(&desk, "auth0", &[("domain", "acme.eu.auth0.com"), ("audiences", "one")]).await;
        let before = desk.hidden(&place, "version").await;
        let id = place.rsplit('/').next().unwrap();
        let theirs = site.environment("PATCH", &format!("/identity-providers/{id}")).local();
        theirs.json(&json!({ "settings": { "audiences": ["theirs"], "user_claim": "uid" } })).send().await.ok(200);
        let mine = [("version", &*before), ("domain", "acme.eu.auth0.com"), ("audiences", "mine"), ("user_claim", "")];
        let page = desk.submit(&place, &mine).await.page(412);
        assert_eq!(text_of(&page, "audiences"), "mine");
        assert!(page.contains("somebody else changed this"), "{page}");
        for present in ["theirs", "uid"] {
            assert!(page.contains(&format!("<bdi class=\"wrap\">{present}</bdi>")), "{present}: {page}");
        }
        assert_eq!(list(&site).await[0]["audiences"], json!(["theirs"]));
        // Whoever has seen that may still insist.
        let now = between(&page, "name=\"version\" value=\"", "\"");
        let insisted = [("version", now), ("domain", "acme.eu.auth0.com"), ("audiences", "mine"), ("user_claim", "")];
        let done = desk.submit(&place, &insisted).await;
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(list(&site).await[0]["audiences"], json!(["mine"]));
        let page = desk.submit(&place, &[("domain", "acme.eu.auth0.com")]).await.page(422);
        assert!(page.contains("please send it again"), "no change without a version: {page}");
    }
}

#[tokio::test]
async fn faults_stand_at_their_fields() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    for (kind, fields, member, status) in [
        (
            "auth0",
            vec![("domain", "https://acme.eu.auth0.com/"), ("audiences", "a")],
            "domain",
            422,
        ),
        (
            "auth0",
            vec![("domain", "acme.eu.auth0.com")],
            "audiences",
            422,
        ),
        ("firebase", vec![("project_id", "ACME")], "project_id", 422),
        ("oidc", vec![], "issuer", 422),
        ("oidc", vec![("issuer", "https://127.0.0.1")], "issuer", 403),
        (
            "jwks",
            vec![("url", "gopher://x"), ("issuer", "x")],
            "url",
            422,
        ),
        (
            "jwks",
            vec![
                ("url", "https://a.example/k"),
                ("issuer", "x"),
                ("audiences", "a\n b"),
            ],
            "audiences",
            422,
        ),
        (
            "jwks",
            vec![
                ("url", "https://a.example/k"),
                ("issuer", "x"),
                ("user_claim", "/~2"),
            ],
            "user_claim",
            422,
        ),
        (
            "jwks",
            vec![
                ("url", "https://a.example/k"),
                ("issuer", "x"),
                ("role_permissions", "[{]"),
            ],
            "role_permissions",
            422,
        ),
        ("jwks", vec![("url", "https://a.example/k")], "issuer", 409),
    ] {
        let path = format!("/authentication/new/{kind}");
        let once = desk.hidden(&path, "once").await;
        let mut all = vec![("once", &*once)];
        all.extend_from_slice(&fields);
        let page = desk.submit(&path, &all).await.page(status);
        assert!(
            page.contains(&format!("id=\"{member}-error\"")),
            "{kind}, {member}: {page}"
        );
        for (name, value) in fields {
            let shown = if page.contains(&format!("<textarea id=\"{name}\"")) {
                text_of(&page, name)
            } else {
                value_of(&page, name)
            };
            assert_eq!(shown, value, "{kind}, {name}");
        }
    }
    assert_eq!(list(&site).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_pasted_token_is_judged_line_by_line() {
    let provider = FakeProvider::of(ProviderKind::Oidc).await;
    let site = Site::beside(Database::sqlite().await, &[&provider]).await;
    let desk = seat(&site, Role::Member).await;
    let id = site.trust(&provider).await;
    let test = format!("/authentication/{id}/test");
    let page = desk.submit(&test, &[("token", "")]).await.page(200);
    assert!(
        page.contains("✓ Keys fetched") && !page.contains("id=\"report\""),
        "{page}"
    );
    let good = provider.id_token("user-1", json!({}));
    let bad = provider.id_token("user-1", json!({ "aud": "other" }));
    for path in [&*test, "/authentication/check"] {
        let page = desk
            .submit(path, &[("token", &format!(" {good}\r\n"))])
            .await
            .page(200);
        assert!(
            page.contains("✓ Accepted") && page.contains("✓ passed"),
            "{path}: {page}"
        );
        let page = desk.submit(path, &[("token", &bad)]).await.page(200);
        assert!(
            page.contains("<code>aud_mismatch</code>") && page.contains("✗ failed"),
            "{path}: {page}"
        );
        assert_eq!(text_of(&page, "token"), bad);
    }
    let page = desk
        .submit("/authentication/check", &[("token", "nonsense")])
        .await
        .page(200);
    assert!(page.contains("<code>malformed</code>"), "{page}");
    let users = site
        .environment("GET", "/users")
        .local()
        .send()
        .await
        .ok(200);
    assert_eq!(users["items"], json!([]), "a test makes no user");
}
