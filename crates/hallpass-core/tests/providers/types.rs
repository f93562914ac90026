//! Tokens that are signed well and are something else than a user token.

use hallpass_model::ProviderKind;
use hallpass_testkit::provider::KINDS;
use serde_json::{Value, json};

use crate::support::{Scene, scene, scene_with};

/// How an ID token fares with this in its header and its payload.
async fn outcome(scene: &Scene, header: Value, more: Value) -> &'static str {
    let claims = scene.provider.id_claims_with("user-1", more);
    let token = scene.provider.key().sign(header, &claims);
    scene.outcome(&token).await
}

const BACKCHANNEL: &str = "http://schemas.openid.net/event/backchannel-logout";

#[tokio::test]
async fn row_29_other_kinds_of_tokens() {
    for kind in KINDS {
        let scene = scene(kind).await;
        for typ in ["JWT", "jwt", "application/jwt", "application/JWT"] {
            let outcome = outcome(&scene, json!({ "typ": typ }), json!({})).await;
            assert_eq!(outcome, "accepted", "{kind:?} {typ}");
        }
        let untyped = outcome(&scene, json!({ "typ": null }), json!({})).await;
        assert_eq!(untyped, "accepted");
        for typ in [
            json!("at+jwt"),
            json!("application/at+jwt"),
            json!("logout+jwt"),
            json!("dpop+jwt"),
            json!("secevent+jwt"),
            json!("entity-statement+jwt"),
            json!("session+jwt"),
            json!("webhook"),
            json!("JOSE"),
            json!(""),
            json!(7),
            json!(["JWT"]),
        ] {
            let outcome = outcome(&scene, json!({ "typ": typ }), json!({})).await;
            assert_eq!(outcome, "wrong_type", "{kind:?} {typ}");
        }
        for (what, more) in kinds_that_the_payload_tells() {
            let outcome = outcome(&scene, json!({}), more).await;
            assert_eq!(outcome, "wrong_type", "{kind:?}: {what}");
        }
        for (what, more) in [
            ("an ID token of Cognito", json!({ "token_use": "id" })),
            ("an ID token of Keycloak", json!({ "typ": "ID" })),
            (
                "half a proof is a claim like any other",
                json!({ "htm": "GET" }),
            ),
        ] {
            let outcome = outcome(&scene, json!({}), more).await;
            assert_eq!(outcome, "accepted", "{kind:?}: {what}");
        }
        assert_eq!(scene.provider.fetches(), 1);
    }
}

fn kinds_that_the_payload_tells() -> Vec<(&'static str, Value)> {
    let mut all = marked_access_tokens();
    all.extend(never_user_tokens());
    all
}

fn marked_access_tokens() -> Vec<(&'static str, Value)> {
    vec![
        (
            "an access token of Cognito",
            json!({ "token_use": "access" }),
        ),
        ("an access token of Keycloak", json!({ "typ": "Bearer" })),
    ]
}

fn never_user_tokens() -> Vec<(&'static str, Value)> {
    vec![
        (
            "a logout token",
            json!({ "events": { BACKCHANNEL: {} }, "jti": "1" }),
        ),
        (
            "a security event",
            json!({ "events": { "https://schemas.openid.net/secevent/risc/event-type/account-disabled": {} } }),
        ),
        ("events of the wrong shape", json!({ "events": [] })),
        (
            "a DPoP proof",
            json!({ "htm": "GET", "htu": "https://api.example/", "jti": "1" }),
        ),
        (
            "a token bound to a key",
            json!({ "cnf": { "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
        ),
        (
            "a token bound to a certificate",
            json!({ "cnf": { "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" } }),
        ),
        ("a refresh token of Keycloak", json!({ "typ": "Refresh" })),
        ("an offline token of Keycloak", json!({ "typ": "Offline" })),
        ("a logout token of Keycloak", json!({ "typ": "Logout" })),
        (
            "what is neither ID nor access",
            json!({ "token_use": "refresh" }),
        ),
        ("a mark that is no text", json!({ "token_use": ["access"] })),
        ("a mark that is no text", json!({ "typ": ["Bearer"] })),
    ]
}

#[tokio::test]
async fn row_29_a_listed_type_lets_that_type_in_and_no_other() {
    for kind in [ProviderKind::Auth0, ProviderKind::Oidc, ProviderKind::Jwks] {
        let scene = scene_with(kind, json!({ "token_types": ["at+jwt"] })).await;
        for typ in ["at+jwt", "application/at+jwt", "AT+JWT", "JWT"] {
            let typed = outcome(&scene, json!({ "typ": typ }), json!({})).await;
            assert_eq!(typed, "accepted", "{kind:?} {typ}");
        }
        for (what, more) in marked_access_tokens() {
            let marked = outcome(&scene, json!({}), more).await;
            assert_eq!(marked, "accepted", "{kind:?}: {what}");
        }
        for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt", "xat+jwt"] {
            let typed = outcome(&scene, json!({ "typ": typ }), json!({})).await;
            assert_eq!(typed, "wrong_type", "{kind:?} {typ}");
        }
        for typ in ["at+jwt", "JWT"] {
            for (what, more) in never_user_tokens() {
                let outcome = outcome(&scene, json!({ "typ": typ }), more).await;
                assert_eq!(outcome, "wrong_type", "{kind:?}: {what}");
            }
        }
        // The audience is asked for all the same.
        let elsewhere = json!({ "aud": "https://another-api.example" });
        let foreign = outcome(&scene, json!({ "typ": "at+jwt" }), elsewhere).await;
        assert_eq!(foreign, "aud_mismatch");
    }
}
