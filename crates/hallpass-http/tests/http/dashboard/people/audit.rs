use std::time::Duration;

use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use super::seat;
use crate::dashboard::desk::percent;
use crate::dashboard::html::between;
use crate::support::Site;

/// Lets a user of this name be denied a change of its metadata.
async fn deny(site: &Site, sub: &str) {
    let claims = site
        .world
        .claims_with(sub, json!({ "urn:useparagon:connect:permissions": {} }));
    let token = site.world.sign(&claims);
    let answer = site
        .sdk("PATCH", "me")
        .bearer(&token)
        .json(&json!({ "meta": { "a": 1 } }))
        .send()
        .await;
    answer.refused(403, "7210");
    site.world.services.flush().await;
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

on_both_engines! {
    async fn the_trail_is_filtered_and_leads_on(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Support).await;
        let sub = "org/7 <b>";
        deny(&site, sub).await;
        site.world.clock.advance(Duration::from_secs(1200));
        let path = format!("/users/{}/freeze", percent(sub));
        site.environment("POST", &path).local().send().await.ok(200);
        let all = desk.see("/audit").await;
        assert!(all.contains("user.freeze") && all.contains("decision.deny") && !all.contains("<b>"));
        assert!(all.contains(&format!("/users/{}\"", percent(sub))));
        let page = desk.see("/audit?kind=decision&action=&actor=&from=&until=").await;
        assert!(page.contains("decision.deny") && !page.contains("\"row\"><code>user.freeze<"));
        let environment = site.world.environment;
        let explorer = format!("href=\"/dashboard/environments/{environment}/explorer#permission=metadata%3Awrite\"");
        assert!(page.contains(&explorer), "{page}");
        let page = desk.see(&format!("/audit?actor={}", percent(sub))).await;
        assert!(page.contains("decision.deny") && !page.contains("\"row\"><code>user.freeze<"));
        assert!(page.contains("value=\"org/7 &#60;b&#62;\""));
        // The clock stands at 2026-01-01 00:20.
        for (query, frozen, denied) in [
            ("from=2026-01-01+00:10", true, false),
            ("until=2026-01-01T00:10:00Z", false, true),
            ("from=2026-01-01&until=2026-01-02", true, true),
            ("action=user.freeze", true, false),
            ("action=user", false, false),
        ] {
            let page = desk.see(&format!("/audit?{query}")).await;
            let shown = (page.contains("\"row\"><code>user.freeze<"), page.contains("\"row\"><code>decision.deny<"));
            assert_eq!(shown, (frozen, denied), "{query}");
        }
        assert!(desk.see("/audit?action=none").await.contains("No row is like that"));
        let refused = desk.get("/audit?from=yesterday+%3Cb%3E&kind=all").await;
        assert_eq!(refused.status, 422);
        let page = refused.text();
        assert!(page.contains("id=\"from-error\"") && page.contains("id=\"kind-error\"") && page.contains("value=\"yesterday &#60;b&#62;\""));
    }

    async fn pages_of_the_trail_keep_their_filter(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Support).await;
        for number in 0..60 {
            deny(&site, &format!("user-{number}")).await;
        }
        let page = desk.see("/audit?kind=decision").await;
        assert_eq!(page.matches("\"row\"><code>decision.deny<").count(), 50);
        let environment = site.world.environment;
        let prefix = format!("/dashboard/environments/{environment}");
        let next = between(&page, &format!("<a href=\"{prefix}/audit?kind=decision&#38;after="), "\"").to_owned();
        let page = desk.see(&format!("/audit?kind=decision&after={next}")).await;
        assert_eq!(page.matches("\"row\"><code>decision.deny<").count(), 10);
        assert_eq!(desk.get("/audit?after=x").await.status, 400);
    }

    async fn an_export_is_what_the_admin_api_says(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Support).await;
        for number in 0..450 {
            let path = format!("/users/user-{number}/revoke");
            site.environment("POST", &path).local().send().await.ok(200);
        }
        deny(&site, "<b>\u{2028}\"").await;
        let answer = desk.get("/audit.jsonl").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/jsonl; charset=utf-8");
        let name = format!("attachment; filename=\"audit-{}.jsonl\"", site.world.environment);
        assert_eq!(answer.header("content-disposition"), name);
        let exported = lines(&answer.text());
        let mut listed = Vec::new();
        let mut query = "?limit=200".to_owned();
        loop {
            let page = site.environment("GET", &format!("/audit{query}")).local().send().await.ok(200);
            listed.extend(page["items"].as_array().expect("rows").clone());
            match page["next"].as_str() {
                Some(next) => query = format!("?limit=200&after={next}"),
                None => break,
            }
        }
        assert!(exported.len() > 451);
        assert_eq!(exported, listed);
        let decisions = lines(&desk.get("/audit.jsonl?kind=decision").await.text());
        assert_eq!(decisions.len(), 1);
        assert_eq!(decisions[0]["actor"]["id"], "<b>\u{2028}\"");
        // A bound of one's own; the last line says where to go on.
        let some = lines(&desk.get("/audit.jsonl?action=user.revoke&limit=401").await.text());
        assert_eq!(some.len(), 402);
        let next = some[401]["next"].as_str().expect("more");
        let rest = lines(&desk.get(&format!("/audit.jsonl?action=user.revoke&after={next}")).await.text());
        assert_eq!(rest.len(), 49);
        assert!(rest.iter().all(|row| row["next"].is_null()));
        let whole = lines(&desk.get("/audit.jsonl?action=user.revoke&limit=450").await.text());
        assert_eq!(whole.len(), 450);
        assert_eq!(desk.get("/audit.jsonl?from=x").await.status, 422);
        assert_eq!(desk.get("/audit.jsonl?after=x").await.status, 400);
    }

    async fn a_long_detail_is_cut_in_the_row_and_whole_in_the_export(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Support).await;
        let (account, _) = crate::people::signed_in(&site.world, 1).await;
        let claim: Value = (0..300).map(|n| (format!("integration:i{n}"), json!(["metadata:read"]))).collect::<serde_json::Map<_, _>>().into();
        let patch = json!({ "permissions": claim, "role": "<script>alert(1)</script>" });
        site.environment("PATCH", &format!("/accounts/{}", account.id)).local().json(&patch).send().await.ok(200);
        let page = desk.see("/audit?action=account.update").await;
        assert!(page.contains(" characters)") && !page.contains("<script>alert"));
        assert!(page.contains(&format!("/accounts/{}\"", account.id)));
        let rows = lines(&desk.get("/audit.jsonl?action=account.update").await.text());
        assert_eq!(rows[0]["detail"]["permissions"], claim);
    }
}
