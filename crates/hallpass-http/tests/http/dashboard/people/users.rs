use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use super::seat;
use crate::dashboard::desk::percent;
use crate::dashboard::html::{between, text_of, unescaped};
use crate::support::Site;

/// What a path, a page, a query and a shell trip over.
const HOSTILE: &str = "org/7?a=b#c&<script>alert(1)</script> \"it's\" %2F ..\u{e9}";

async fn has_been_here(site: &Site, sub: &str) {
    let token = site.world.token(sub);
    site.sdk("GET", "me").bearer(&token).send().await.ok(200);
}

async fn metadata_of(site: &Site, sub: &str) -> Value {
    let path = format!("/users/{}", percent(sub));
    site.environment("GET", &path).local().send().await.ok(200)["metadata"].clone()
}

async fn set_metadata(site: &Site, sub: &str, metadata: &Value) {
    let path = format!("/users/{}/metadata", percent(sub));
    site.environment("PUT", &path)
        .local()
        .json(metadata)
        .send()
        .await
        .ok(200);
}

on_both_engines! {
    async fn users_are_listed_searched_and_paged(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Support).await;
        let page = desk.see("/users").await;
        assert!(page.contains("Nobody has been here yet") && page.contains("Make a test token"));
        for number in 0..55 {
            has_been_here(&site, &format!("user-{number:02}")).await;
        }
        has_been_here(&site, "User-00").await;
        let page = desk.see("/users").await;
        assert_eq!(page.matches("<th scope=\"row\"").count(), 50);
        let environment = site.world.environment;
        let older = between(&page, &format!("href=\"/dashboard/environments/{environment}/users?after="), "\"");
        let page = desk.see(&format!("/users?after={older}")).await;
        assert_eq!(page.matches("<th scope=\"row\"").count(), 6);
        let page = desk.see("/users?q=user-0").await;
        assert_eq!(page.matches("<th scope=\"row\"").count(), 10);
        assert!(!page.contains("User-00"));
        let page = desk.see("/users?q=%3Cb%3E").await;
        assert!(page.contains("No user id begins so") && page.contains("value=\"&#60;b&#62;\""));
        assert!(page.contains("/users/%3Cb%3E\">Open the page of exactly"));
        assert_eq!(desk.get("/users?after=x").await.status, 400);
    }

    async fn a_hostile_sub_is_shown_reached_and_left_alone(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Member).await;
        has_been_here(&site, HOSTILE).await;
        let list = desk.see("/users").await;
        assert!(!list.contains("<script>alert"));
        assert!(list.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
        let href = format!("/users/{}", percent(HOSTILE));
        assert!(list.contains(&format!("{href}\"")), "{list}");
        let page = desk.see(&href).await;
        assert!(!page.contains("<script>alert"));
        // A shell reads the line as it is meant.
        let line = format!("hallpass user freeze --environment {} '{}'", site.world.environment, HOSTILE.replace('\'', r"'\''"));
        assert!(unescaped(&page).contains(&line));
        for (action, expected) in [("freeze", true), ("unfreeze", false)] {
            let to = desk.does(&format!("{href}/{action}"), &[]).await;
            assert!(to.contains(&href), "{to}");
            let user = site.environment("GET", &href).local().send().await.ok(200);
            assert_eq!((&user["sub"], &user["frozen"]), (&json!(HOSTILE), &json!(expected)));
        }
        desk.does(&format!("{href}/revoke"), &[]).await;
        let token = site.world.token(HOSTILE);
        site.sdk("GET", "me").bearer(&token).send().await.refused(401, "token_revoked");
        assert!(desk.see(&href).await.contains("Issued up to"));
        let unconfirmed = desk.submit(&format!("{href}/delete"), &[]).await;
        assert_eq!(unconfirmed.status, 422);
        assert!(unconfirmed.text().contains("Tick the box"));
        let to = desk.does(&format!("{href}/delete"), &[("confirm", "yes")]).await;
        assert!(to.contains("/users?"), "{to}");
        let gone = desk.get(&href).await;
        assert_eq!(gone.status, 404);
        assert!(gone.text().contains("This user is not here"));
        // Whoever is not here can be revoked all the same.
        desk.does(&format!("{href}/revoke"), &[]).await;
    }

    async fn of_two_operators_who_edit_at_once_neither_loses_anything(database: Database) {
        let site = Site::new(database).await;
        let (ana, bob) = (seat(&site, "Ana", Role::Member).await, seat(&site, "Bob", Role::Member).await);
        has_been_here(&site, "user-1").await;
        let version = between(&ana.see("/users/user-1").await, "name=\"version\" value=\"", "\"").to_owned();
        let saved = ana.does("/users/user-1/metadata", &[("version", &version), ("metadata", "{\"plan\": \"pro\"}")]).await;
        assert!(saved.contains("metadata-saved"), "{saved}");
        let typed = "{\"plan\": \"free\",\r\n \"note\": \"<b>\"}";
        let refused = bob.submit("/users/user-1/metadata", &[("version", &version), ("metadata", typed)]).await;
        assert_eq!(refused.status, 412);
        let page = refused.text();
        assert_eq!(text_of(&page, "metadata"), typed);
        assert!(page.contains("Somebody else saved meanwhile") && page.contains("&#34;plan&#34;: &#34;pro&#34;"));
        assert_eq!(metadata_of(&site, "user-1").await, json!({ "plan": "pro" }));
        // Now knowingly.
        let version = between(&page, "name=\"version\" value=\"", "\"").to_owned();
        bob.does("/users/user-1/metadata", &[("version", &version), ("metadata", typed)]).await;
        assert_eq!(metadata_of(&site, "user-1").await, json!({ "plan": "free", "note": "<b>" }));
        site.environment("DELETE", "/users/user-1").local().send().await.ok(204);
        let late = ana.submit("/users/user-1/metadata", &[("version", "3"), ("metadata", typed)]).await;
        assert_eq!(late.status, 404);
        assert!(late.text().contains("Somebody deleted this user") && late.text().contains("&#34;note&#34;: &#34;&#60;b&#62;&#34;"));
    }

    async fn what_is_wrong_with_metadata_is_said_beside_what_was_typed(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Member).await;
        has_been_here(&site, "user-1").await;
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(1024 * 1024));
        for (typed, said) in [
            ("{\r\n \"a\": 1,\r\n}", "Line 3, column 1"),
            ("\r\n[]", "one JSON object"),
            ("", "Line 1, column 0"),
            ("{\"a\": 1, \"a\": 2}", "At /a: An object holds this member twice."),
            ("{\"b\": {\"__proto__\": 1}}", "At /b/__proto__:"),
            ("<script>\u{202e}</textarea><script>alert(1)</script>", "This is not JSON. Line 1, column 1"),
            (&*long, "65536 bytes"),
        ] {
            let refused = desk.submit("/users/user-1/metadata", &[("version", "1"), ("metadata", typed)]).await;
            assert_eq!(refused.status, 422, "{said}");
            let page = refused.text();
            assert!(text_of(&page, "metadata") == typed, "{said}: what was typed is not in the field");
            let error = between(&page, "id=\"metadata-error\"", "</p>");
            assert!(error.contains(said), "{error}");
            assert!(page.contains("aria-invalid=\"true\"") && !page.contains("<script>alert"));
        }
        assert_eq!(metadata_of(&site, "user-1").await, json!({}));
    }

    async fn hostile_metadata_is_shown_harmlessly_and_saved_as_it_was(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Member).await;
        has_been_here(&site, "user-1").await;
        let metadata = json!({
            "</textarea><script>alert(1)</script>": "\u{202e}\u{2066}<!--",
            "big": "<&\"'>".repeat(4000),
            "numbers": [1.0, -0.0, 18_446_744_073_709_551_615_u64, 1e300],
            "text": "\r\n\t\u{1F511}\u{0}e\u{301}\u{feff}",
        });
        set_metadata(&site, "user-1", &metadata).await;
        let answer = desk.get("/users/user-1").await;
        let page = answer.text();
        assert!(!page.contains("<script>alert") && !page.contains('\u{202e}') && !page.contains('\u{2066}'));
        assert!(page.contains("\\u202e"));
        let typed = text_of(&page, "metadata");
        let version = between(&page, "name=\"version\" value=\"", "\"").to_owned();
        desk.does("/users/user-1/metadata", &[("version", &version), ("metadata", &typed.replace('\n', "\r\n"))]).await;
        assert_eq!(metadata_of(&site, "user-1").await.to_string(), metadata.to_string());
    }

    async fn support_looks_and_changes_nothing(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, "Ana", Role::Support).await;
        has_been_here(&site, "user-1").await;
        set_metadata(&site, "user-1", &json!({ "plan": "<pro>" })).await;
        let page = desk.see("/users/user-1").await;
        assert!(page.contains("&#60;pro&#62;") && !page.contains("<textarea"));
        assert!(!page.contains("/users/user-1/"));
        for action in ["metadata", "freeze", "unfreeze", "revoke", "delete"] {
            let answer = desk.submit(&format!("/users/user-1/{action}"), &[("confirm", "yes"), ("metadata", "{}")]).await;
            assert_eq!(answer.status, 403, "{action}");
        }
        assert_eq!(metadata_of(&site, "user-1").await, json!({ "plan": "<pro>" }));
        let elsewhere = site.world.another_environment("beta").await;
        let path = format!("/dashboard/environments/{elsewhere}/users/user-1");
        let nobody = site.call("GET", &path).send().await;
        assert_eq!(nobody.status, 303);
        assert!(nobody.header("location").starts_with("/dashboard/sign-in?"));
    }
}
