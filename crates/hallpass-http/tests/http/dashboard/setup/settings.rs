//! Allowed audiences and origins on their page.

use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use super::seat;
use crate::dashboard::html::{between, text_of};
use crate::support::Site;

async fn environment(site: &Site) -> Value {
    site.environment("GET", "").local().send().await.ok(200)
}

on_both_engines! {
    async fn lists_are_saved_line_by_line(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, Role::Member).await;
        let version = desk.hidden("/allowed", "version").await;
        let done = desk.submit("/allowed", &[
            ("version", &version), ("audiences", "api.acme.com\r\n\r\n two \r\n"), ("require_audience", "yes"),
            ("allowed_origins", "https://app.acme.com\r\nhttp://localhost:3000"),
        ]).await;
        let page = desk.follow(&done).await;
        assert_eq!(text_of(&page, "audiences"), "api.acme.com\n two ");
        let stored = environment(&site).await;
        assert_eq!(stored["settings"]["audiences"], json!(["api.acme.com", " two "]));
        assert_eq!(stored["settings"]["aud_mode"], "only_configured");
        assert_eq!(stored["settings"]["require_audience"], true);
        assert_eq!(stored["sign_in"]["allowed_origins"], json!(["https://app.acme.com", "http://localhost:3000"]));
        let me = site.sdk("GET", "me").bearer(&site.world.token("user-1")).send().await;
        me.refused(401, "aud_mismatch");
        let version = desk.hidden("/allowed", "version").await;
        let done = desk.submit("/allowed", &[
            ("version", &version), ("audiences", ""), ("own_audience", "yes"), ("allowed_origins", ""),
        ]).await;
        assert_eq!(done.status, 303, "{}", done.text());
        let stored = environment(&site).await;
        assert_eq!((&stored["settings"]["audiences"], &stored["settings"]["aud_mode"]), (&json!([]), &json!("own_and_configured")));
        assert_eq!(stored["sign_in"]["allowed_origins"], json!([]));
    }

    async fn two_operators_do_not_undo_each_other(database: Database) {
        let site = Site::new(database).await;
        let desk = seat(&site, Role::Member).await;
        let version = desk.hidden("/allowed", "version").await;
        let theirs = json!({ "settings": { "audiences": ["theirs"] }, "sign_in": { "allowed_origins": ["https://theirs.example"] } });
        site.environment("PATCH", "").local().json(&theirs).send().await.ok(200);
        let fields = |version: &str| [
            ("version".to_owned(), version.to_owned()), ("audiences".to_owned(), "mine".to_owned()),
            ("own_audience".to_owned(), "yes".to_owned()), ("allowed_origins".to_owned(), "https://mine.example".to_owned()),
        ];
        let mine = fields(&version);
        let mine: Vec<(&str, &str)> = mine.iter().map(|(name, value)| (&**name, &**value)).collect();
        let page = desk.submit("/allowed", &mine).await.page(412);
        assert_eq!((&*text_of(&page, "audiences"), &*text_of(&page, "allowed_origins")), ("mine", "https://mine.example"));
        assert!(page.contains("<bdi class=\"wrap\">theirs</bdi>") && page.contains("https://theirs.example"), "{page}");
        assert_eq!(environment(&site).await["settings"]["audiences"], json!(["theirs"]));
        let now = between(&page, "name=\"version\" value=\"", "\"").to_owned();
        let again = fields(&now);
        let again: Vec<(&str, &str)> = again.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(desk.submit("/allowed", &again).await.status, 303);
        assert_eq!(environment(&site).await["settings"]["audiences"], json!(["mine"]));
    }
}

#[tokio::test]
async fn faults_name_the_line() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    for (field, text, other, words) in [
        (
            "allowed_origins",
            "https://a.example\nhttps://a.example/path",
            "audiences",
            "Entry 2",
        ),
        ("audiences", "", "allowed_origins", "at least one audience"),
    ] {
        let version = desk.hidden("/allowed", "version").await;
        let own = if field == "audiences" {
            "other"
        } else {
            "own_audience"
        };
        let fields = [
            ("version", &*version),
            (field, text),
            (own, "yes"),
            (other, ""),
        ];
        let page = desk.submit("/allowed", &fields).await.page(422);
        assert_eq!(text_of(&page, field), text);
        assert!(page.contains(words), "{page}");
    }
    assert_eq!(environment(&site).await["version"], 1);
}

#[tokio::test]
async fn an_audience_that_is_no_line_is_left_alone() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    let odd = json!(["two\nlines", "plain"]);
    let patch = json!({ "settings": { "audiences": odd } });
    site.environment("PATCH", "")
        .local()
        .json(&patch)
        .send()
        .await
        .ok(200);
    let page = desk.get("/allowed").await.page(200);
    assert!(
        page.contains("can only be changed through the admin API"),
        "{page}"
    );
    // Browsers do not send what is disabled.
    let version = desk.hidden("/allowed", "version").await;
    let fields = [
        ("version", &*version),
        ("own_audience", "yes"),
        ("allowed_origins", "https://a.example"),
    ];
    assert_eq!(desk.submit("/allowed", &fields).await.status, 303);
    let stored = environment(&site).await;
    assert_eq!(stored["settings"]["audiences"], odd);
    assert_eq!(
        stored["sign_in"]["allowed_origins"],
        json!(["https://a.example"])
    );
}
