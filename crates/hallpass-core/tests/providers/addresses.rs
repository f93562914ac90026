//! Addresses at which no provider can be, refused when they are written down.

use hallpass_core::ProviderPatch;
use hallpass_model::{ErrorKind, ProviderSettings};
use hallpass_testkit::Database;
use hallpass_testkit::provider::KINDS;
use hallpass_testkit::world::World;
use serde_json::json;

use crate::support::{refusal_of, scene};

/// Addresses that no provider may have, each with its refusal.
fn refused_addresses() -> Vec<(&'static str, ErrorKind, &'static str)> {
    use ErrorKind::{Forbidden, Unprocessable};
    vec![
        (
            "http://keys.example/jwks",
            Unprocessable,
            "egress_scheme_not_allowed",
        ),
        (
            "ftp://keys.example/jwks",
            Unprocessable,
            "egress_scheme_not_allowed",
        ),
        (
            "file:///etc/passwd",
            Unprocessable,
            "egress_scheme_not_allowed",
        ),
        (
            "gopher://keys.example/",
            Unprocessable,
            "egress_scheme_not_allowed",
        ),
        (
            "data:application/json,{}",
            Unprocessable,
            "egress_scheme_not_allowed",
        ),
        (
            "unix:/var/run/docker.sock",
            Unprocessable,
            "egress_scheme_not_allowed",
        ),
        (
            "https://keys.example:22/jwks",
            Unprocessable,
            "egress_port_not_allowed",
        ),
        (
            "https://keys.example:25/jwks",
            Unprocessable,
            "egress_port_not_allowed",
        ),
        (
            "https://keys.example:6379/jwks",
            Unprocessable,
            "egress_port_not_allowed",
        ),
        (
            "https://keys.example:80/jwks",
            Unprocessable,
            "egress_port_not_allowed",
        ),
        (
            "https://user:secret@keys.example/jwks",
            Unprocessable,
            "egress_url_invalid",
        ),
        (
            "https://secret@keys.example/jwks",
            Unprocessable,
            "egress_url_invalid",
        ),
        ("keys.example/jwks", Unprocessable, "egress_url_invalid"),
        ("https://", Unprocessable, "egress_url_invalid"),
        ("//keys.example/jwks", Unprocessable, "egress_url_invalid"),
        ("https://127.0.0.1/jwks", Forbidden, "egress_blocked"),
        ("https://127.1/jwks", Forbidden, "egress_blocked"),
        ("https://2130706433/jwks", Forbidden, "egress_blocked"),
        ("https://0x7f000001/jwks", Forbidden, "egress_blocked"),
        ("https://0177.0.0.1/jwks", Forbidden, "egress_blocked"),
        ("https://0/jwks", Forbidden, "egress_blocked"),
        ("https://[::]/jwks", Forbidden, "egress_blocked"),
        ("https://[::1]/jwks", Forbidden, "egress_blocked"),
        (
            "https://[::ffff:10.0.0.1]/jwks",
            Forbidden,
            "egress_blocked",
        ),
        ("https://[64:ff9b::a00:1]/jwks", Forbidden, "egress_blocked"),
        ("https://[2002:a00:1::]/jwks", Forbidden, "egress_blocked"),
        ("https://[fd00::1]/jwks", Forbidden, "egress_blocked"),
        ("https://[fe80::1]/jwks", Forbidden, "egress_blocked"),
        ("https://10.0.0.1/jwks", Forbidden, "egress_blocked"),
        ("https://172.16.0.1/jwks", Forbidden, "egress_blocked"),
        ("https://192.168.1.1:8443/jwks", Forbidden, "egress_blocked"),
        ("https://100.64.0.1/jwks", Forbidden, "egress_blocked"),
        (
            "https://169.254.169.254/latest/",
            Forbidden,
            "egress_blocked",
        ),
        ("https://224.0.0.1/jwks", Forbidden, "egress_blocked"),
        ("https://127.0.0.1./jwks", Forbidden, "egress_blocked"),
    ]
}

#[tokio::test]
async fn rows_48_and_53_addresses_that_are_refused_when_they_are_set() {
    let database = Database::sqlite().await;
    let world = World::new(database.store().clone()).await;
    for (url, kind, code) in refused_addresses() {
        for settings in [
            json!({ "kind": "jwks", "issuer": "https://issuer.example", "url": url }),
            json!({ "kind": "auth0", "domain": "acme.auth0.com", "audiences": ["a"], "url": url }),
            json!({ "kind": "firebase", "project_id": "acme-prod", "url": url }),
            json!({ "kind": "oidc", "issuer": "https://issuer.example", "url": url }),
            json!({ "kind": "oidc", "issuer": url }),
        ] {
            let parsed: ProviderSettings = serde_json::from_value(settings.clone()).unwrap();
            let refused = refusal_of(&world, &parsed).await;
            assert_eq!((refused.kind(), refused.code()), (kind, code), "{settings}");
            let at_issuer = settings.get("url").is_none();
            let pointer = if at_issuer { "/issuer" } else { "/url" };
            assert_eq!(refused.pointer(), Some(pointer), "{settings}");
            assert!(
                !refused.message().contains("secret"),
                "{}",
                refused.message()
            );
        }
    }
    let providers = &world.services.identity_providers;
    let listed = providers.list(&world.admin(), world.environment).await;
    assert!(listed.unwrap().is_empty());
}

#[tokio::test]
async fn rows_48_and_53_addresses_that_are_refused_when_they_are_changed() {
    for kind in KINDS {
        let scene = scene(kind).await;
        for (url, kind, code) in refused_addresses() {
            let patch = ProviderPatch {
                settings: Some(json!({ "url": url })),
                disabled: None,
            };
            let refused = scene.patch(patch).await.err().unwrap();
            assert_eq!((refused.kind(), refused.code()), (kind, code), "{url}");
            assert_eq!(refused.pointer(), Some("/settings/url"), "{url}");
        }
        assert_eq!(scene.view().await.provider.version, 1, "nothing changed");
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    }
}
