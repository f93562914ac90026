//! What operators see of accounts and do to them.

use hallpass_testkit::on_both_engines;
use serde_json::json;

use crate::people::signed_in;
use crate::support::Site;

on_both_engines! {
    async fn an_account_is_shown_with_the_ways_to_be_it(database: Database) {
        let site = Site::new(database).await;
        let (account, session) = signed_in(&site.world, 1).await;
        signed_in(&site.world, 2).await;
        let list = site.environment("GET", "/accounts").local().send().await.ok(200);
        assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
        let one = format!("/accounts/{}", account.id);
        let shown = site.environment("GET", &one).local().send().await.ok(200);
        assert_eq!(shown["display_name"], "Person 1");
        assert_eq!(shown["identities"][0]["kind"], "email");
        assert_eq!(shown["identities"][0]["shown"], "person1@example.com");
        let sessions = site.environment("GET", &format!("{one}/sessions")).local().send().await.ok(200);
        assert_eq!(sessions["items"][0]["id"], session.id.to_string());
        assert_eq!((&sessions["items"][0]["live"], &sessions["items"][0]["method"]), (&json!(true), &json!("email")));
        assert!(!sessions.to_string().contains("digest"));
    }

    async fn freezing_ends_the_sessions_and_says_so_once(database: Database) {
        let site = Site::new(database).await;
        let (account, _) = signed_in(&site.world, 1).await;
        let one = format!("/accounts/{}", account.id);
        let frozen = site.environment("POST", &format!("{one}/freeze")).local().send().await.ok(200);
        assert_eq!(frozen["frozen"], true);
        let sessions = site.environment("GET", &format!("{one}/sessions")).local().send().await.ok(200);
        assert_eq!(sessions["items"][0]["live"], false);
        let again = site.environment("POST", &format!("{one}/freeze")).local().send().await.ok(200);
        assert_eq!(again["version"], frozen["version"]);
        let free = site.environment("POST", &format!("{one}/unfreeze")).local().send().await.ok(200);
        assert_eq!(free["frozen"], false);
        let trail = site.environment("GET", "/audit").local().send().await.ok(200);
        let actions = trail["items"].as_array().expect("rows").iter().map(|row| row["action"].as_str());
        let frozen = actions.filter(|action| *action == Some("account.freeze")).count();
        assert_eq!(frozen, 1);
    }

    async fn role_and_permissions_change_by_patch_and_version(database: Database) {
        let site = Site::new(database).await;
        let (account, _) = signed_in(&site.world, 1).await;
        let one = format!("/accounts/{}", account.id);
        let patch = async |body, version: &str| {
            let call = site.environment("PATCH", &one).local().header("if-match", version);
            call.json(&body).send().await
        };
        let claim = json!({ "integration:*": ["metadata:read"] });
        let changed = patch(json!({ "role": "editor", "permissions": claim }), "\"1\"").await.ok(200);
        assert_eq!((&changed["role"], &changed["permissions"]), (&json!("editor"), &claim));
        assert_eq!(patch(json!({ "role": "x" }), "\"1\"").await.status, 412);
        let taken = patch(json!({ "role": null, "permissions": null }), "\"2\"").await.ok(200);
        assert_eq!((&taken["role"], &taken["permissions"]), (&json!(null), &json!(null)));
        for (body, pointer) in [
            (json!({ "role": "" }), "/role"),
            (json!({ "role": "a\nb" }), "/role"),
            (json!({ "permissions": { "nowhere": [] } }), "/permissions/nowhere"),
            (json!({ "owner": 1 }), "/owner"),
        ] {
            let refused = patch(body, "\"3\"").await.ok(422);
            assert_eq!(refused["pointer"], pointer, "{refused}");
        }
    }

    async fn a_deleted_account_leaves_nothing_and_its_address_is_free(database: Database) {
        let site = Site::new(database).await;
        let (account, _) = signed_in(&site.world, 1).await;
        let one = format!("/accounts/{}", account.id);
        let gone = site.environment("DELETE", &one).local().send().await;
        assert_eq!(gone.status, 204);
        for path in [one.clone(), format!("{one}/sessions")] {
            assert_eq!(site.environment("GET", &path).local().send().await.status, 404);
        }
        assert_eq!(site.environment("DELETE", &one).local().send().await.status, 404);
        let mut tx = site.world.store.read().await.expect("a transaction");
        let kind = hallpass_model::IdentityKind::Email;
        let found = tx.find_identity(site.world.environment, &kind, "person1@example.com").await;
        assert!(found.expect("an answer").is_none());
    }

    async fn sessions_end_one_by_one_or_all(database: Database) {
        let site = Site::new(database).await;
        let (account, session) = signed_in(&site.world, 1).await;
        let (other, others) = signed_in(&site.world, 2).await;
        let sessions = format!("/accounts/{}/sessions", account.id);
        // Another account's session is not there.
        let foreign = format!("{sessions}/{}", others.id);
        assert_eq!(site.environment("DELETE", &foreign).local().send().await.status, 404);
        let ended = site.environment("DELETE", &format!("{sessions}/{}", session.id)).local().send().await.ok(200);
        assert_eq!(ended["live"], false);
        let all = format!("/accounts/{}/sessions", other.id);
        let ended = site.environment("DELETE", &all).local().send().await.ok(200);
        assert_eq!(ended["ended"], 1);
        let ended = site.environment("DELETE", &all).local().send().await.ok(200);
        assert_eq!(ended["ended"], 0);
    }

    async fn another_environments_account_is_not_there(database: Database) {
        let site = Site::new(database).await;
        let (account, _) = signed_in(&site.world, 1).await;
        let elsewhere = site.world.another_environment("beta").await;
        let one = format!("/admin/v1/environments/{elsewhere}/accounts/{}", account.id);
        for (method, path) in [
            ("GET", one.clone()),
            ("PATCH", one.clone()),
            ("DELETE", one.clone()),
            ("POST", format!("{one}/freeze")),
            ("GET", format!("{one}/sessions")),
            ("DELETE", format!("{one}/sessions")),
        ] {
            let answer = site.call(method, &path).local().send().await;
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    }
}
