//! SDK setup in the dashboard: signing keys, identity providers, what is allowed, and code that is run as it is shown.

mod code;
mod hostile;
mod keys;
mod providers;
mod settings;

use hallpass_model::Role;

use super::desk::{Desk, encoded};
use crate::support::Site;

/// A new operator in front of the section's pages.
async fn seat(site: &Site, role: Role) -> Desk<'_> {
    Desk::of(site, role.as_str(), role).await.within("/setup")
}

/// Every page of the section, and every address that takes a form, below the section.
const PAGES: [&str; 8] = [
    "",
    "/authentication",
    "/authentication/new/auth0",
    "/authentication/new/firebase",
    "/authentication/new/oidc",
    "/authentication/new/jwks",
    "/allowed",
    "/code",
];
const FORMS: [&str; 9] = [
    "/keys",
    "/keys/import",
    "/keys/x/revoke",
    "/authentication/check",
    "/authentication/new/jwks",
    "/authentication/00000000-0000-4000-8000-000000000000",
    "/authentication/00000000-0000-4000-8000-000000000000/state",
    "/authentication/00000000-0000-4000-8000-000000000000/test",
    "/allowed",
];

#[tokio::test]
async fn the_section_is_for_members() {
    let site = Site::on_sqlite().await;
    let support = seat(&site, Role::Support).await;
    for path in PAGES {
        let refused = support.get(path).await;
        assert_eq!(refused.status, 403, "{path}");
        let nobody = site.call("GET", &support.address(path)).send().await;
        assert_eq!(nobody.status, 303, "{path}");
        assert!(nobody.header("location").starts_with("/dashboard/sign-in"));
    }
    for path in FORMS {
        assert_eq!(support.submit(path, &[]).await.status, 403, "{path}");
        let call = site.call("POST", &support.address(path));
        let nobody = call
            .text("application/x-www-form-urlencoded", "")
            .send()
            .await;
        assert_eq!(nobody.status, 403, "{path}");
    }
    let member = seat(&site, Role::Member).await;
    for path in FORMS {
        let body = encoded(&[("bits", "2048"), ("old_keys", "stop")]);
        let forged = member
            .call("POST", path)
            .text("application/x-www-form-urlencoded", &body);
        assert_eq!(
            forged.send().await.status,
            403,
            "{path}: without the form token"
        );
    }
    let keys = site
        .environment("GET", "/signing-keys")
        .local()
        .send()
        .await
        .ok(200);
    assert_eq!(
        keys["items"].as_array().map(Vec::len),
        Some(1),
        "nothing was made: {keys}"
    );
}

#[tokio::test]
async fn pages_are_small_show_their_lines_and_are_kept_by_nobody() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    for path in PAGES {
        let answer = desk.get(path).await;
        let text = answer.page(200);
        assert!(text.len() < 64 * 1024, "{path}: {} bytes", text.len());
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(text.matches("<h1>").count(), 1, "{path}");
        assert!(
            !text.contains(" style=") && !text.contains("<script>"),
            "{path}"
        );
        let forms = text.matches("/setup").count();
        assert!(forms > 0);
        if path != "/code" {
            assert!(
                text.contains("curl -sS") && text.contains("hallpass "),
                "{path}: {text}"
            );
        }
    }
    assert_eq!(desk.get("/authentication/new/saml").await.status, 404);
    let foreign = "/dashboard/environments/00000000-0000-4000-8000-000000000000/setup";
    assert_eq!(desk.at(foreign).get("").await.status, 404);
}
