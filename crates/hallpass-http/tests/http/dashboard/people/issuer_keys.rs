use std::time::Duration;

use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use super::seat;
use crate::dashboard::html::{between, unescaped};
use crate::support::Site;

async fn keys(site: &Site) -> Vec<Value> {
    let listed = site
        .environment("GET", "/issuer-keys")
        .local()
        .send()
        .await
        .ok(200);
    listed["items"].as_array().expect("keys").clone()
}

on_both_engines! {
    async fn keys_are_drawn_listed_and_published(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Member).await;
        let page = desk.see("/issuer-keys").await;
        assert!(page.contains("No key yet") && !page.contains("<svg viewBox"));
        assert!(keys(&site).await.is_empty(), "looking makes no keys");
        let to = desk.does("/issuer-keys/rotate", &[("key_index", "")]).await;
        assert!(to.contains("issuer-keys?"), "{to}");
        site.world.clock.advance(Duration::from_secs(1200));
        desk.does("/issuer-keys/rotate", &[("key_index", "1")]).await;
        let page = desk.see("/issuer-keys").await;
        let all = keys(&site).await;
        assert_eq!(all.len(), 3);
        for key in &all {
            let kid = key["kid"].as_str().expect("a kid");
            assert!(page.contains(kid));
            let words = between(&page, "<desc", "</desc>");
            let state = key["state"].as_str().expect("a state");
            assert!(words.contains(&format!("key {}\u{2026}: {state} since", &kid[..8])), "{words}");
        }
        for drawn in ["class=\"phase active\"", "class=\"phase next\"", "class=\"phase retiring\"", "class=\"now\"", "Index 0", "Index 1"] {
            assert!(page.contains(drawn), "{drawn}");
        }
        let environment = site.world.environment;
        let published = site.call("GET", &format!("/environments/{environment}/.well-known/jwks.json")).send().await.ok(200);
        let shown = between(&page, "id=\"set-json\"", "</pre>");
        let shown = shown.split_once('>').expect("its text").1;
        assert_eq!(serde_json::from_str::<Value>(&unescaped(shown)).ok(), Some(published));
        assert!(page.contains(&format!("/environments/{environment}/.well-known/jwks.json")));
        assert!(!page.contains("PRIVATE"));
    }

    async fn a_rotation_that_cannot_be_is_refused_at_its_form(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Member).await;
        desk.does("/issuer-keys/rotate", &[]).await;
        for index in ["2", "-1", "<b>", "99999999999"] {
            let refused = desk.submit("/issuer-keys/rotate", &[("key_index", index)]).await;
            assert_eq!(refused.status, 422, "{index}");
            assert!(refused.text().contains("id=\"rotate-error\"") && !refused.text().contains("<b>"));
        }
        assert_eq!(keys(&site).await.len(), 2);
    }

    async fn a_key_is_withdrawn_when_that_is_confirmed(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Admin).await;
        desk.does("/issuer-keys/rotate", &[]).await;
        let kid = keys(&site).await[0]["kid"].as_str().expect("a kid").to_owned();
        for (fields, said) in [
            (&[("kid", &*kid)][..], "Tick the box"),
            (&[("confirm", "yes")], "Choose a key"),
        ] {
            let unconfirmed = desk.submit("/issuer-keys/revoke", fields).await;
            assert_eq!(unconfirmed.status, 422);
            assert!(unconfirmed.text().contains(said));
            assert_eq!(unconfirmed.text().contains(&format!("value=\"{kid}\" selected")), fields[0].0 == "kid");
        }
        assert!(keys(&site).await.iter().all(|key| key["state"] == json!("active")));
        let to = desk.does("/issuer-keys/revoke", &[("kid", &kid), ("confirm", "yes")]).await;
        assert!(to.contains("hasty"), "{to}");
        let page = desk.see("/issuer-keys").await;
        assert!(page.contains("class=\"cross\"") && page.contains("revoked"));
        assert_eq!(keys(&site).await.len(), 3);
        assert_eq!(desk.submit("/issuer-keys/revoke", &[("kid", "nobody"), ("confirm", "yes")]).await.status, 404);
    }

    async fn support_does_not_see_keys(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Support).await;
        assert_eq!(desk.get("/issuer-keys").await.status, 403);
        assert_eq!(desk.submit("/issuer-keys/rotate", &[]).await.status, 403);
        assert_eq!(desk.submit("/issuer-keys/revoke", &[("confirm", "yes")]).await.status, 403);
        assert!(keys(&site).await.is_empty());
    }
}
