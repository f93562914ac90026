//! The pages about tokens, and what their scripts ask.

mod explain_matrix;

use hallpass_model::Role;
use serde_json::json;

use crate::dashboard::desk::Desk;
use crate::support::Site;

const PAGES: [(&str, &str); 3] = [
    ("/generator", "Token generator"),
    ("/inspector", "Token inspector"),
    ("/explorer", "Permission explorer"),
];

#[tokio::test]
async fn the_pages_are_for_everybody_who_signed_in() {
    let site = Site::on_sqlite().await;
    for role in [Role::Support, Role::Member, Role::Admin] {
        let desk = Desk::of(&site, role.as_str(), role).await;
        for (place, title) in PAGES {
            let page = desk.get(&desk.place(place)).await;
            let html = page.text();
            assert_eq!(page.status, 200, "{html}");
            assert!(html.contains(&format!("<h1>{title}</h1>")), "{html}");
            assert_eq!(page.header("cache-control"), "no-store");
            let policy = page.header("content-security-policy");
            assert!(
                policy.contains("default-src 'none'; script-src 'self'; style-src 'self'"),
                "{policy}"
            );
            assert!(!policy.contains("unsafe"), "{policy}");
            // Every script but those with an address would be refused by that policy.
            for tag in html.split("<script").skip(1) {
                assert!(
                    tag.starts_with(" type=\"module\" src=\"/dashboard/assets/"),
                    "{tag}"
                );
            }
            assert!(!html.contains("style=\"") && !html.contains(" onclick"));
        }
    }
}

#[tokio::test]
async fn nobody_signs_in_first_and_strangers_find_nothing() {
    let site = Site::on_sqlite().await;
    let elsewhere = Desk::seeing(&site, "elsewhere", Role::Admin, Some(vec![])).await;
    for (place, _) in PAGES {
        let path = elsewhere.place(place);
        let nobody = site.call("GET", &path).send().await;
        assert_eq!(nobody.status, 303);
        assert!(nobody.header("location").starts_with("/dashboard/sign-in"));
        assert_eq!(elsewhere.get(&path).await.status, 404, "{place}");
    }
}

#[tokio::test]
async fn every_script_of_the_pages_is_there() {
    let site = Site::on_sqlite().await;
    let mut waiting = vec!["generator.mjs", "inspector.mjs", "explorer.mjs"]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let mut seen = Vec::new();
    let mut bytes = 0;
    while let Some(name) = waiting.pop() {
        if seen.contains(&name) {
            continue;
        }
        let file = site
            .call("GET", &format!("/dashboard/assets/{name}"))
            .send()
            .await;
        assert_eq!(file.status, 200, "{name}");
        assert_eq!(
            file.header("content-type"),
            "text/javascript; charset=utf-8"
        );
        let text = file.text();
        for imported in text.split(" from './").skip(1) {
            let name = imported.split('\'').next().unwrap_or_default();
            waiting.push(name.to_owned());
        }
        for word in ["innerHTML", "localStorage", "sessionStorage", "eval("] {
            assert!(!text.contains(word), "{name} has {word}");
        }
        bytes += text.len();
        seen.push(name);
    }
    assert!(seen.len() > 10, "{seen:?}");
    // All three pages together stay below what one of them may have.
    assert!(bytes < 90_000, "{bytes}");
    let style = site.call("GET", "/dashboard/assets/tools.css").send().await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn the_generator_says_what_the_environment_asks_of_a_token() {
    let site = Site::on_sqlite().await;
    let desk = Desk::of(&site, "somebody", Role::Support).await;
    let environment = site.world.environment;
    let own = format!("data-audience=\"useparagon.com/{environment}\" data-issuer=\"\"");
    let html = desk.get(&desk.place("/generator")).await.text();
    assert!(html.contains(&own), "{html}");
    assert!(!html.contains("data-longest"), "{html}");
    assert!(html.contains("For development only"), "{html}");
    // No form and no name: a browser without the script has nothing to send.
    let main = html.split("<main").nth(1).unwrap_or_default();
    assert!(
        !main.contains("<form") && !main.contains(" name=\""),
        "{main}"
    );
    let settings = json!({ "settings": {
        "aud_mode": "only_configured", "audiences": ["my\"app"], "issuer": "https://me.example",
        "max_token_lifetime_secs": 600, "require_permission_claim": true,
    } });
    site.environment("PATCH", "")
        .local()
        .json(&settings)
        .send()
        .await
        .ok(200);
    let html = desk.get(&desk.place("/generator")).await.text();
    assert!(html.contains("data-issuer=\"https://me.example\" data-longest=\"600\""));
    assert!(html.contains("data-audience=\"my&#34;app\""), "{html}");
    assert!(html.contains("This environment refuses such tokens"));
}

#[tokio::test]
async fn scripts_ask_with_the_session_and_its_token() {
    let site = Site::on_sqlite().await;
    let desk = Desk::of(&site, "somebody", Role::Support).await;
    let path = |rest: &str| format!("/admin/v1/environments/{}{rest}", site.world.environment);
    let claim = json!({ "claim": { "integration:slack": ["events"] } });
    let matrix = desk.ask("POST", &path("/explain/matrix"), &claim).await;
    assert_eq!(matrix.ok(200)["rows"].as_array().map(Vec::len), Some(2));
    let token = json!({ "token": site.world.token("never-seen") });
    let report = desk.ask("POST", &path("/tokens/check"), &token).await;
    assert_eq!(report.ok(200)["accepted"], true);
    let bare = desk
        .call("POST", &path("/explain/matrix"))
        .json(&claim)
        .send()
        .await;
    assert_eq!(bare.status, 403, "{}", bare.text());
}
