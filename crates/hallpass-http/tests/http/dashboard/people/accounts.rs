use hallpass_model::{Account, Profile, Role};
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use super::seat;
use crate::dashboard::html::{between, text_of};
use crate::people::signed_in;
use crate::support::Site;

async fn read(site: &Site, account: &Account) -> Value {
    let path = format!("/accounts/{}", account.id);
    site.environment("GET", &path).local().send().await.ok(200)
}

on_both_engines! {
    async fn accounts_are_listed_searched_and_shown(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Support).await;
        assert!(desk.see("/accounts").await.contains("Nobody has signed in yet"));
        let (account, session) = signed_in(&site.world, 1).await;
        let (other, _) = signed_in(&site.world, 2).await;
        let page = desk.see("/accounts").await;
        assert!(page.contains("Person 1") && page.contains("Person 2"));
        let id = account.id.to_string();
        for search in ["person1@", "Person1@EXAMPLE.com", "person1%40example.com", &id[..8], "+PERSON1"] {
            let page = desk.see(&format!("/accounts?q={search}")).await;
            assert!(page.contains(&id) && !page.contains(&other.id.to_string()), "{search}");
        }
        for search in ["erson1", "person1_", "%25"] {
            assert!(desk.see(&format!("/accounts?q={search}")).await.contains("No account is known so"), "{search}");
        }
        let page = desk.see(&format!("/accounts/{id}")).await;
        for shown in ["Person 1", "person1@example.com", &session.id.to_string(), "by <bdi class=\"wrap\">email", "Live"] {
            assert!(page.contains(shown), "{shown}");
        }
        assert!(!page.contains(&format!("/accounts/{id}/")), "support has no forms");
        for action in ["settings", "freeze", "unfreeze", "delete", "sessions/revoke", &format!("sessions/{}/revoke", session.id)] {
            let answer = desk.submit(&format!("/accounts/{id}/{action}"), &[("confirm", "yes")]).await;
            assert_eq!(answer.status, 403, "{action}");
        }
        for nowhere in ["x", "00000000-0000-4000-8000-000000000000"] {
            assert_eq!(desk.get(&format!("/accounts/{nowhere}")).await.status, 404);
        }
    }

    async fn an_account_is_frozen_ended_and_deleted(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Member).await;
        let (account, session) = signed_in(&site.world, 1).await;
        let (other, others) = signed_in(&site.world, 2).await;
        let here = format!("/accounts/{}", account.id);
        assert_eq!(desk.submit(&format!("{here}/sessions/{}/revoke", others.id), &[]).await.status, 404);
        let to = desk.does(&format!("{here}/sessions/{}/revoke", session.id), &[]).await;
        assert!(to.contains(&here), "{to}");
        assert!(desk.see(&here).await.contains("Over"));
        desk.does(&format!("/accounts/{}/sessions/revoke", other.id), &[]).await;
        assert!(!desk.see(&format!("/accounts/{}", other.id)).await.contains("Live"));
        desk.does(&format!("{here}/freeze"), &[]).await;
        assert_eq!(read(&site, &account).await["frozen"], true);
        assert!(desk.see(&here).await.contains("Let in again"));
        desk.does(&format!("{here}/unfreeze"), &[]).await;
        assert_eq!(read(&site, &account).await["frozen"], false);
        let unconfirmed = desk.submit(&format!("{here}/delete"), &[("confirm", "no")]).await;
        assert_eq!(unconfirmed.status, 422);
        assert!(unconfirmed.text().contains("Tick the box"));
        desk.does(&format!("{here}/delete"), &[("confirm", "yes")]).await;
        assert_eq!(desk.get(&here).await.status, 404);
    }

    async fn role_and_permissions_are_edited_by_two_at_once(database: Database) {
        let site = Site::new(database).await;
        let (ana, bob) = (seat(&site, "Ana", Role::Member).await, seat(&site, "Bob", Role::Admin).await);
        let (account, _) = signed_in(&site.world, 1).await;
        let path = format!("/accounts/{}/settings", account.id);
        let claim = "{\"integration:*\": [\"metadata:read\"]}";
        ana.does(&path, &[("version", "1"), ("role", "editor"), ("permissions", claim)]).await;
        let saved = read(&site, &account).await;
        assert_eq!((&saved["role"], &saved["permissions"]), (&json!("editor"), &json!({ "integration:*": ["metadata:read"] })));
        let refused = bob.submit(&path, &[("version", "1"), ("role", "<b>boss"), ("permissions", "")]).await;
        assert_eq!(refused.status, 412);
        let page = refused.text();
        assert!(page.contains("Somebody else saved meanwhile") && page.contains("value=\"&#60;b&#62;boss\""));
        assert!(between(&page, "role=\"alert\"", "</div>").contains("editor"));
        assert_eq!(read(&site, &account).await, saved);
        let version = between(&page, "name=\"version\" value=\"", "\"").to_owned();
        bob.does(&path, &[("version", &version), ("role", "<b>boss"), ("permissions", " ")]).await;
        let changed = read(&site, &account).await;
        assert_eq!((&changed["role"], &changed["permissions"]), (&json!("<b>boss"), &Value::Null));
    }

    async fn what_is_wrong_is_said_at_its_field(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Member).await;
        let (account, _) = signed_in(&site.world, 1).await;
        let path = format!("/accounts/{}/settings", account.id);
        let long = "r".repeat(1024 * 1024);
        for (role, permissions, field, said) in [
            ("editor", "{\"integration:*\": }", "permissions", "Line 1, column 19"),
            ("editor", "{\"nowhere\": []}", "permissions", "At /nowhere:"),
            ("a\u{7}b", "", "role", "control characters"),
            (&*long, "{}", "role", "1 to 100 bytes"),
        ] {
            let refused = desk.submit(&path, &[("version", "1"), ("role", role), ("permissions", permissions)]).await;
            assert_eq!(refused.status, 422, "{said}");
            let page = refused.text();
            let error = between(&page, &format!("id=\"{field}-error\""), "</p>");
            assert!(error.contains(said), "{error}");
            assert_eq!(text_of(&page, "permissions"), permissions);
            assert!(page.contains(&format!("value=\"{role}\"")), "{said}: the role was kept");
        }
        assert_eq!(read(&site, &account).await["version"], 1);
    }

    async fn what_others_say_of_themselves_is_only_text(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Member).await;
        let (account, _) = signed_in(&site.world, 1).await;
        let name = format!("\u{202e}<img src=x onerror=alert(1)>{}", "x".repeat(1024 * 1024));
        let profile = Profile {
            display_name: Some(name.clone()),
            username: Some("</bdi><script>alert(2)</script>".into()),
            picture_url: Some("javascript:alert(3)".into()),
        };
        let mut tx = site.world.store.write().await.expect("a transaction");
        tx.update_account(&Account { profile, ..account.clone() }).await.expect("a change");
        tx.commit().await.expect("a commit");
        for path in ["/accounts", &*format!("/accounts/{}", account.id)] {
            let page = desk.see(path).await;
            assert!(!page.contains("<img") && !page.contains("<script>alert") && !page.contains("href=\"javascript"));
            assert!(page.contains("&#60;img src=x onerror=alert(1)&#62;") && page.contains("(1,048,605 characters)"), "{path}");
        }
        desk.does(&format!("/accounts/{}/freeze", account.id), &[]).await;
        assert!(read(&site, &account).await["display_name"] == name.as_str(), "the name is as it was");
    }
}
