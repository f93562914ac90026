//! The document that leads to the keys (OpenID Connect Discovery 1.0 section 4) may lead astray.

use hallpass_model::ProviderKind;
use hallpass_testkit::provider::{Behaviour, DISCOVERY_PATH, FakeProvider, JWKS_PATH};
use serde_json::{Value, json};

use crate::support::{add, changed, scene, scene_of};

#[tokio::test]
async fn the_issuer_leads_to_the_document_and_the_document_to_the_keys() {
    let scene = scene(ProviderKind::Oidc).await;
    scene
        .provider
        .set_discovery(json!({ "jwks_uri": scene.provider.url("/elsewhere/jwks.json") }));
    assert_eq!(
        scene.view().await.keys_url,
        scene.provider.url(DISCOVERY_PATH)
    );
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    assert_eq!(scene.provider.requests_to(DISCOVERY_PATH), 1);
    assert_eq!(scene.provider.requests_to("/elsewhere/jwks.json"), 1);
    assert_eq!(scene.provider.requests().len(), 2);
}

#[tokio::test]
async fn an_issuer_with_a_path_or_a_slash_at_its_end() {
    for path in ["/realms/main", "/", "/realms/main/"] {
        let provider = FakeProvider::of(ProviderKind::Oidc).await;
        provider.set_issuer(&provider.url(path));
        let scene = scene_of(provider, json!({})).await;
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{path}");
        let document = format!("{}{DISCOVERY_PATH}", path.trim_end_matches('/'));
        assert_eq!(scene.provider.requests_to(&document), 1, "{path}");
    }
}

#[tokio::test]
async fn a_document_of_another_issuer_is_refused_whole() {
    let scene = scene(ProviderKind::Oidc).await;
    let own = scene.provider.issuer();
    for other in [
        "https://evil.example".to_owned(),
        format!("{own}/"),
        own.to_uppercase(),
        own.replace("http:", "https:"),
        format!(" {own}"),
        String::new(),
    ] {
        scene.provider.set_discovery(json!({ "issuer": other }));
        scene.advance(31);
        let refused = scene
            .refusal(&scene.provider.id_token("user-1", json!({})))
            .await;
        assert_eq!(refused.code(), "keys_unavailable", "{other}");
        let expected = ("unavailable", Some("issuer_mismatch"));
        assert_eq!(scene.standing().await, expected, "{other}");
        // Nor does it speak for the issuer that it names.
        let outcome = scene.outcome_with(json!({ "iss": other })).await;
        assert_eq!(outcome, "iss_mismatch", "{other}");
    }
    assert_eq!(
        scene.provider.requests_to(JWKS_PATH),
        0,
        "the keys were not even asked for"
    );
    scene.provider.set_discovery(json!({ "issuer": own }));
    scene.advance(31);
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    // Later on, the last good set goes on counting.
    scene
        .provider
        .set_discovery(json!({ "issuer": "https://evil.example" }));
    scene.advance(31);
    assert_eq!(scene.present_unknown_key().await, "keys_unavailable");
    let expected = ("stale", Some("issuer_mismatch"));
    assert_eq!(scene.standing().await, expected);
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
}

#[tokio::test]
async fn row_23_documents_that_are_none() {
    let scene = scene(ProviderKind::Oidc).await;
    let own = scene.provider.issuer();
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    for (name, behaviour, code) in [
        ("a page for people", Behaviour::Html, "discovery_malformed"),
        (
            "truncated",
            Behaviour::body(r#"{"issuer":"#),
            "discovery_malformed",
        ),
        (
            "no key set",
            Behaviour::body(json!({ "issuer": own }).to_string()),
            "discovery_malformed",
        ),
        (
            "a key set that is no address",
            Behaviour::body(json!({ "issuer": own, "jwks_uri": 7 }).to_string()),
            "discovery_malformed",
        ),
        ("50 MB", Behaviour::Huge(50_000_000), "egress_too_large"),
        ("404", Behaviour::Status(404), "unexpected_status"),
        (
            "a redirect to http",
            Behaviour::Redirect("http://keys.example/".into()),
            "egress_scheme_not_allowed",
        ),
        ("an answer cut off", Behaviour::CutOff, "egress_broken_off"),
        ("a reset", Behaviour::Reset, "egress_broken_off"),
    ] {
        scene.provider.behave_at(DISCOVERY_PATH, behaviour.clone());
        if behaviour == Behaviour::Reset {
            scene.provider.behave(behaviour);
        }
        scene.advance(31);
        let unknown = scene.present_unknown_key().await;
        assert_eq!(unknown, "keys_unavailable", "{name}");
        let (state, failure) = scene.standing().await;
        assert_eq!(state, "stale", "{name}");
        let failure = failure.unwrap();
        assert!(
            failure == code || name == "a reset" && failure.starts_with("egress_"),
            "{name}: {failure}"
        );
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{name}");
    }
}

#[tokio::test]
async fn row_48_the_documents_address_of_the_keys_is_checked_like_any_other() {
    let scene = scene(ProviderKind::Oidc).await;
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    let fetches = scene.provider.fetches();
    let own = scene.provider.origin();
    let port = scene.provider.address().port();
    for (jwks_uri, code) in [
        (
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "egress_blocked",
        ),
        (
            "https://169.254.169.254/latest/meta-data/".to_owned(),
            "egress_blocked",
        ),
        ("https://127.0.0.1/jwks.json".to_owned(), "egress_blocked"),
        ("https://[::1]/jwks.json".to_owned(), "egress_blocked"),
        ("https://10.0.0.1/jwks.json".to_owned(), "egress_blocked"),
        ("https://2130706433/jwks.json".to_owned(), "egress_blocked"),
        ("https://0x7f.1/jwks.json".to_owned(), "egress_blocked"),
        (
            "https://[::ffff:127.0.0.1]/jwks.json".to_owned(),
            "egress_blocked",
        ),
        (
            "https://keys.example:22/jwks.json".to_owned(),
            "egress_port_not_allowed",
        ),
        (
            format!("http://127.0.0.1:{}/jwks.json", port ^ 1),
            "egress_blocked",
        ),
        (
            "http://keys.example/jwks.json".to_owned(),
            "egress_scheme_not_allowed",
        ),
        ("file:///etc/passwd".to_owned(), "egress_scheme_not_allowed"),
        (
            "data:application/json,{\"keys\":[]}".to_owned(),
            "egress_scheme_not_allowed",
        ),
        (
            own.replace("http://", "http://user:secret@") + "/jwks.json",
            "egress_url_invalid",
        ),
        ("/jwks.json".to_owned(), "egress_url_invalid"),
        (String::new(), "egress_url_invalid"),
    ] {
        scene
            .provider
            .set_discovery(json!({ "jwks_uri": jwks_uri }));
        scene.advance(31);
        assert_eq!(
            scene.present_unknown_key().await,
            "keys_unavailable",
            "{jwks_uri}"
        );
        let keys = scene.keys().await;
        let failure = keys.failure.unwrap();
        assert_eq!(failure.code, code, "{jwks_uri}");
        assert!(!failure.message.contains("secret"), "{}", failure.message);
        assert_eq!(
            scene.outcome_with(json!({})).await,
            "accepted",
            "{jwks_uri}"
        );
    }
    assert_eq!(scene.provider.fetches(), fetches);
}

#[tokio::test]
async fn the_documents_own_address_stands_for_the_issuer() {
    let scene = scene(ProviderKind::Oidc).await;
    scene.remove().await;
    for url in [scene.provider.origin(), scene.provider.url(DISCOVERY_PATH)] {
        let settings = changed(
            &scene.provider.settings(),
            json!({ "issuer": null, "url": url }),
        );
        let id = add(&scene.world, &settings).await;
        let providers = &scene.world.services.identity_providers;
        let (admin, environment) = (scene.world.admin(), scene.world.environment);
        let view = providers.load(&admin, environment, id).await.unwrap();
        assert_eq!(view.issuers, [scene.provider.origin()], "{url}");
        assert_eq!(view.keys_url, scene.provider.url(DISCOVERY_PATH), "{url}");
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{url}");
        providers.remove(&admin, environment, id).await.unwrap();
    }
}

#[tokio::test]
async fn requests_are_plain_and_carry_nothing() {
    let scene = scene(ProviderKind::Oidc).await;
    scene.provider.set_header("Set-Cookie", "session=1; Path=/");
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    scene.advance(31);
    assert_eq!(scene.present_unknown_key().await, "unknown_key");
    let requests = scene.provider.requests();
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert_eq!(request.method, "GET");
        for (name, value) in &request.headers {
            assert!(
                !["cookie", "authorization", "referer"].contains(&&**name),
                "{name}: {value}"
            );
        }
    }
    assert_eq!(scene.keys().await.count, 1);
    let _: Value = scene.provider.key_set();
}
