//! Settings and bodies of identity providers that are refused, and where their fault is.

use serde_json::{Value, json};

use crate::identity_providers::{firebase, jwks, of};
use crate::support::Site;

/// Status, code, pointer and settings, refused when a provider is added.
const REFUSED: &str = r#"
422 invalid_provider /audiences {"kind":"auth0","domain":"a.auth0.com"}
422 invalid_provider /domain {"kind":"auth0","audiences":["x"]}
422 invalid_provider /domain {"kind":"auth0","domain":"https://a.auth0.com/","audiences":["x"]}
422 invalid_provider /domain {"kind":"auth0","domain":"A.auth0.com","audiences":["x"]}
422 invalid_provider /domain {"kind":"auth0","domain":"a.auth0.com@evil.example","audiences":["x"]}
422 invalid_provider /domain {"kind":"auth0","domain":"evil.example#a.auth0.com","audiences":["x"]}
422 invalid_provider /domain {"kind":"auth0","domain":"127.0.0.1","audiences":["x"]}
422 invalid_provider /domain {"kind":"auth0","domain":"a.auth0.com\r\nX: y","audiences":["x"]}
422 invalid_provider /custom_domain {"kind":"auth0","domain":"a.auth0.com","custom_domain":"evil.example/x","audiences":["x"]}
422 invalid_provider /project_id {"kind":"auth0","domain":"a.auth0.com","audiences":["x"],"project_id":"p"}
422 invalid_provider /project_id {"kind":"firebase"}
422 invalid_provider /project_id {"kind":"firebase","project_id":"a/../b"}
422 invalid_provider /user_claim {"kind":"firebase","project_id":"p","user_claim":"uid"}
422 invalid_provider /token_types {"kind":"firebase","project_id":"p","token_types":["at+jwt"]}
422 invalid_provider /algorithms {"kind":"firebase","project_id":"p","algorithms":["ES256"]}
422 invalid_provider /issuer {"kind":"oidc","audiences":["x"]}
422 invalid_provider /url {"kind":"jwks","issuer":"https://x.example"}
422 invalid_provider /audiences/1 {"kind":"jwks","url":"https://k.example/","audiences":["x",""]}
422 invalid_provider /any_audience {"kind":"jwks","url":"https://k.example/","audiences":["x"],"any_audience":true}
422 invalid_provider /token_types/0 {"kind":"jwks","url":"https://k.example/","audiences":["x"],"token_types":["logout+jwt"]}
422 invalid_provider /token_types {"kind":"jwks","url":"https://k.example/","token_types":["at+jwt"]}
422 invalid_provider /algorithms/1 {"kind":"jwks","url":"https://k.example/","algorithms":["RS256","HS256"]}
422 invalid_provider /algorithms/0 {"kind":"jwks","url":"https://k.example/","algorithms":["none"]}
422 invalid_provider /role_permissions {"kind":"jwks","url":"https://k.example/","roles_claim":"roles"}
422 invalid_provider /role_permissions/1/role {"kind":"jwks","url":"https://k.example/","roles_claim":"r","role_permissions":[{"role":"a","permissions":{}},{"role":"a","permissions":{}}]}
422 invalid_provider /role_permissions/0/permissions/integration:*/1 {"kind":"jwks","url":"https://k.example/","roles_claim":"r","role_permissions":[{"role":"a","permissions":{"integration:*":["proxy-api",7]}}]}
422 invalid_provider /role_permissions/0/permissions {"kind":"jwks","url":"https://k.example/","roles_claim":"r","role_permissions":[{"role":"a","permissions":null}]}
422 invalid_provider /permissions_claim {"kind":"jwks","url":"https://k.example/","permissions_claim":"urn:useparagon:connect:permissions"}
422 invalid_body /permissions_claim {"kind":"jwks","url":"https://k.example/","permissions_claim":"/a~2b"}
403 egress_blocked /url {"kind":"jwks","url":"https://127.0.0.1/jwks"}
403 egress_blocked /url {"kind":"jwks","url":"https://[::1]/jwks"}
403 egress_blocked /url {"kind":"jwks","url":"https://169.254.169.254/latest"}
403 egress_blocked /url {"kind":"jwks","url":"https://0x7f.1/jwks"}
403 egress_blocked /url {"kind":"jwks","url":"https://2130706433/jwks"}
403 egress_blocked /issuer {"kind":"oidc","issuer":"https://10.0.0.1/","audiences":["x"]}
422 egress_scheme_not_allowed /url {"kind":"jwks","url":"http://keys.example/jwks"}
422 egress_scheme_not_allowed /url {"kind":"jwks","url":"file:///etc/passwd"}
422 egress_scheme_not_allowed /url {"kind":"jwks","url":"gopher://keys.example/"}
422 egress_port_not_allowed /url {"kind":"jwks","url":"https://keys.example:22/jwks"}
422 egress_port_not_allowed /url {"kind":"jwks","url":"https://keys.example:6379/jwks"}
422 egress_url_invalid /url {"kind":"jwks","url":"https://me:hunter2@keys.example/"}
422 egress_url_invalid /url {"kind":"jwks","url":"keys.example"}
"#;

/// The same for what a provider of kind `jwks` is changed to.
const REFUSED_CHANGES: &str = r#"
422 invalid_provider /settings/kind {"kind":"oidc"}
422 invalid_provider /settings/url {"url":null}
422 invalid_provider /settings/owner {"owner":1}
422 invalid_provider /settings/owner {"owner":null}
422 invalid_provider /settings/domain {"domain":"a.auth0.com"}
422 invalid_provider /settings/audiences {"audiences":"app"}
422 invalid_provider /settings/audiences/0 {"audiences":[""]}
403 egress_blocked /settings/url {"url":"https://127.1/"}
422 invalid_provider /settings []
422 invalid_provider /settings "x"
409 issuer_taken /settings/issuer {"issuer":"https://securetoken.google.com/acme"}
409 issuerless_conflict /settings/issuer {"issuer":null}
"#;

/// Bodies that do not mean one thing. `$F` stands for a good beginning, `-` for no pointer.
const AMBIGUOUS: &str = r#"
422 invalid_body /owner POST {$F,"owner":"me"}
422 invalid_body /environment_id POST {$F,"environment_id":"x"}
422 invalid_body /disabled POST {$F,"disabled":true}
422 invalid_body /issuers POST {$F,"issuers":[]}
422 invalid_body /version POST {$F,"version":7}
422 duplicate_member /project_id POST {$F,"project_id":"q"}
422 duplicate_member /kind POST {$F,"\u006bind":"oidc"}
422 invalid_body /kind POST {"kind":"saml"}
422 invalid_body /kind POST {"kind":"Auth0"}
422 invalid_body /kind POST {"kind":{"auth0":null}}
422 invalid_body "" POST {}
422 invalid_body "" POST ["firebase"]
422 invalid_body /role_permissions/0 POST {$F,"role_permissions":[["admin",{}]]}
422 invalid_body /role_permissions/0/x POST {$F,"role_permissions":[{"role":"a","permissions":{},"x":1}]}
422 duplicate_member /role_permissions/0/permissions/a POST {$F,"role_permissions":[{"role":"a","permissions":{"a":1,"a":2}}]}
422 invalid_body /audiences POST {$F,"audiences":{}}
422 invalid_body /any_audience POST {$F,"any_audience":"hunter2"}
422 invalid_body /user_claim POST {$F,"user_claim":""}
400 malformed_json - POST {$F
422 invalid_body /kind PATCH {"kind":"oidc"}
422 invalid_body /id PATCH {"id":"x"}
422 invalid_body /disabled PATCH {"disabled":"hunter2"}
422 duplicate_member /settings/issuer PATCH {"settings":{"issuer":"a","issuer":"b"}}
422 invalid_body /version PATCH {"settings":{"issuer":"https://new.example"},"disabled":true,"version":9}
422 invalid_body "" PATCH [null,true]
422 invalid_provider /settings/role_permissions PATCH {"settings":{"roles_claim":"r","role_permissions":[["admin",{}]]}}
422 invalid_provider /settings/role_permissions PATCH {"settings":{"roles_claim":"r","role_permissions":[{"role":"a","permissions":{},"x":1}]}}
422 invalid_provider /settings/audiences PATCH {"settings":{"audiences":"hunter2"}}
422 invalid_provider /settings/any_audience PATCH {"settings":{"any_audience":"hunter2"}}
422 invalid_provider /settings/user_claim PATCH {"settings":{"user_claim":["hunter2"]}}
422 invalid_body /token TEST {"token":7}
422 invalid_body /tokens TEST {"tokens":"hunter2"}
422 invalid_body "" TEST ["hunter2"]
"#;

/// Status, code and pointer, and the rest of the line.
fn lines(table: &str) -> impl Iterator<Item = (u16, &str, Value, &str)> {
    table.lines().filter(|line| !line.is_empty()).map(|line| {
        let mut parts = line.splitn(4, ' ');
        let mut part = || parts.next().expect("four parts");
        let (status, code) = (part().parse().expect("a status"), part());
        let pointer = match part() {
            "-" => Value::Null,
            pointer => json!(pointer.trim_matches('"')),
        };
        (status, code, pointer, part())
    })
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused_with_their_place() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let call = of(&site, &key);
    for (status, code, pointer, settings) in lines(REFUSED) {
        let post = call("POST", "").text("application/json", settings);
        let refused = post.send().await;
        let seen = (refused.status, &*refused.code());
        assert_eq!(seen, (status, code), "{settings}: {}", refused.text());
        assert_eq!(refused.json()["pointer"], pointer, "{settings}");
        assert!(!refused.text().contains("hunter2"), "{}", refused.text());
    }
    let listed = call("GET", "").send().await.ok(200);
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn changes_that_cannot_be_are_refused_with_their_place() {
    let site = Site::on_sqlite().await;
    site.trust_with(&firebase("acme")).await;
    let id = site.trust_with(&jwks(json!({}))).await;
    let one = format!("/{id}");
    for (status, code, pointer, settings) in lines(REFUSED_CHANGES) {
        let body = format!(r#"{{"settings":{settings}}}"#);
        let patch = of(&site, "")("PATCH", &one).local();
        let refused = patch.text("application/json", &body).send().await;
        let seen = (refused.status, &*refused.code());
        assert_eq!(seen, (status, code), "{settings}: {}", refused.text());
        assert_eq!(refused.json()["pointer"], pointer, "{settings}");
    }
    let read = of(&site, "")("GET", &one).local().send().await.ok(200);
    assert_eq!(read["version"], 1, "nothing was changed");
}

#[tokio::test]
async fn row_59_bodies_about_providers_mean_one_thing_or_nothing() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let call = of(&site, &key);
    let id = site.trust_with(&jwks(json!({}))).await;
    for (status, code, pointer, rest) in lines(AMBIGUOUS) {
        let (method, body) = rest.split_once(' ').expect("a method");
        let (method, path) = match method {
            "TEST" => ("POST", format!("/{id}/test")),
            "PATCH" => ("PATCH", format!("/{id}")),
            _ => ("POST", String::new()),
        };
        let body = body.replace("$F", r#""kind":"firebase","project_id":"p""#);
        let sent = call(method, &path).text("application/json", &body).send();
        let refused = sent.await;
        let seen = (refused.status, &*refused.code());
        assert_eq!(seen, (status, code), "{body}: {}", refused.text());
        assert_eq!(refused.json()["pointer"], pointer, "{body}");
        for word in [
            "hunter2",
            "struct",
            "enum",
            "variant",
            "ProviderKind",
            "Settings",
            "RolePermissions",
        ] {
            assert!(!refused.text().contains(word), "{word}: {}", refused.text());
        }
    }
    let plain = call("POST", "").text("text/plain", &firebase("p").to_string());
    let plain = plain.send().await;
    plain.refused(415, "unsupported_media_type");
    let listed = call("GET", "").send().await.ok(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["items"][0]["version"], 1, "nothing was changed");
}
