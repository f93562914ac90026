//! Browsers on other origins.

use crate::support::Site;

#[tokio::test]
async fn preflights_are_granted_on_every_path_without_a_token() {
    let site = Site::on_sqlite().await;
    let environment = site.world.environment;
    for path in [
        format!("/projects/{environment}/sdk/me"),
        format!("/projects/{environment}/sdk/proxy/slack/chat.postMessage"),
        "/projects/unknown/sdk/me".to_owned(),
        "/v2/projects/x/sdk/events/trigger".to_owned(),
        "/triggers/connect/x/y/custom-triggers/z".to_owned(),
    ] {
        for method in ["GET", "PATCH", "DELETE", "PROPFIND"] {
            let preflight = site
                .call("OPTIONS", &path)
                .header("origin", "https://app.example")
                .header("access-control-request-method", method)
                .header(
                    "access-control-request-headers",
                    "authorization,content-type,x-paragon-sdk-version,x-odd",
                )
                .send()
                .await;
            assert_eq!(preflight.status, 204, "{path}");
            assert_eq!(
                preflight.header("access-control-allow-origin"),
                "https://app.example"
            );
            assert_eq!(preflight.header("access-control-allow-methods"), method);
            assert_eq!(
                preflight.header("access-control-allow-headers"),
                "authorization,content-type,x-paragon-sdk-version,x-odd"
            );
            assert!(
                preflight.header("vary").contains("origin"),
                "{:?}",
                preflight.headers
            );
            assert!(
                !preflight
                    .headers
                    .contains_key("access-control-allow-credentials")
            );
        }
    }
    let plain = site.sdk("OPTIONS", "me").send().await;
    assert_eq!(plain.status, 204);
    assert_eq!(
        plain.header("access-control-allow-methods"),
        "GET, POST, PUT, PATCH, DELETE"
    );
}

#[tokio::test]
async fn answers_and_refusals_can_be_read_by_the_page() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    let large = vec![b' '; 128 * 1024];
    for (call, status) in [
        (site.sdk("GET", "me").bearer(&token), 200),
        (site.sdk("GET", "me"), 401),
        (site.sdk("GET", "nothing"), 404),
        (site.sdk("PUT", "me"), 405),
        (
            site.sdk("PATCH", "me")
                .bearer(&token)
                .header("content-type", "application/json")
                .body(large.into()),
            413,
        ),
        (
            site.sdk("PATCH", "me")
                .bearer(&token)
                .text("text/plain", "{}"),
            415,
        ),
    ] {
        let answer = call.header("origin", "https://app.example").send().await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "https://app.example"
        );
        assert_eq!(answer.header("vary"), "origin");
        assert!(
            !answer
                .headers
                .contains_key("access-control-allow-credentials")
        );
        for isolating in [
            "cross-origin-opener-policy",
            "x-frame-options",
            "content-security-policy",
        ] {
            assert!(!answer.headers.contains_key(isolating), "{isolating}");
        }
    }
}

#[tokio::test]
async fn the_admin_api_is_not_for_other_origins() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let answer = site
        .call("GET", "/admin/v1/me")
        .bearer(&key)
        .header("origin", "https://app.example")
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
    assert_eq!(answer.header("x-frame-options"), "DENY");
    let preflight = site
        .call("OPTIONS", "/admin/v1/me")
        .header("origin", "https://app.example")
        .send()
        .await;
    preflight.refused(405, "method_not_allowed");
}
