//! A tenant of Auth0 and the domain that stands for it.

use hallpass_model::ProviderKind;
use hallpass_testkit::provider::JWKS_PATH;
use serde_json::json;

use crate::support::{add, changed, refusal_of, scene, scene_with, without_own_keys};

#[tokio::test]
async fn issuer_and_keys_follow_from_the_domain() {
    let scene = scene(ProviderKind::Auth0).await;
    let view = scene.view().await;
    assert_eq!(view.issuers, ["https://acme.eu.auth0.com/".to_owned()]);
    assert_eq!(view.keys_url, scene.provider.url(JWKS_PATH));
    scene.remove().await;
    let derived = changed(&scene.provider.settings(), json!({ "url": null }));
    let id = add(&scene.world, &derived).await;
    let providers = &scene.world.services.identity_providers;
    let view = providers
        .load(&scene.world.admin(), scene.world.environment, id)
        .await
        .unwrap();
    assert_eq!(
        view.keys_url,
        "https://acme.eu.auth0.com/.well-known/jwks.json"
    );
    assert!(view.warnings.is_empty(), "{:?}", view.warnings);
}

#[tokio::test]
async fn tokens_of_the_custom_domain_are_the_tenants() {
    let scene = scene_with(
        ProviderKind::Auth0,
        json!({ "custom_domain": "login.acme.test" }),
    )
    .await;
    assert_eq!(
        scene.view().await.issuers,
        ["https://acme.eu.auth0.com/", "https://login.acme.test/"]
    );
    without_own_keys(&scene.world).await;
    for (iss, expected) in [
        ("https://acme.eu.auth0.com/", "accepted"),
        ("https://login.acme.test/", "accepted"),
        ("https://login.acme.test", "iss_mismatch"),
        ("https://acme.eu.auth0.com", "iss_mismatch"),
        ("http://login.acme.test/", "iss_mismatch"),
        ("https://LOGIN.acme.test/", "iss_mismatch"),
        ("https://other.eu.auth0.com/", "iss_mismatch"),
        ("https://login.acme.test.evil.example/", "iss_mismatch"),
    ] {
        let outcome = scene.outcome_with(json!({ "iss": iss })).await;
        assert_eq!(outcome, expected, "{iss}");
    }
    assert_eq!(scene.provider.fetches(), 1, "one tenant, one key set");
    // Both names are taken.
    for more in [
        json!({ "domain": "login.acme.test" }),
        json!({ "domain": "other.eu.auth0.com", "custom_domain": "login.acme.test" }),
        json!({ "domain": "other.eu.auth0.com", "custom_domain": "acme.eu.auth0.com" }),
    ] {
        let settings = changed(&scene.provider.settings(), more.clone());
        let refused = refusal_of(&scene.world, &settings).await;
        assert_eq!(refused.code(), "issuer_taken", "{more}");
    }
}

#[tokio::test]
async fn without_a_client_id_nothing_is_added_unless_any_is_good() {
    let scene = scene(ProviderKind::Auth0).await;
    scene.remove().await;
    let none = changed(&scene.provider.settings(), json!({ "audiences": null }));
    let refused = refusal_of(&scene.world, &none).await;
    assert_eq!(
        (refused.code(), refused.pointer()),
        ("invalid_provider", Some("/audiences"))
    );
    let id = add(
        &scene.world,
        &changed(&none, json!({ "any_audience": true })),
    )
    .await;
    let providers = &scene.world.services.identity_providers;
    let (admin, environment) = (scene.world.admin(), scene.world.environment);
    let listed = providers.list(&admin, environment).await.unwrap();
    let loaded = providers.load(&admin, environment, id).await.unwrap();
    let tested = providers.test(&admin, environment, id, None).await.unwrap();
    for warnings in [&listed[0].warnings, &loaded.warnings, &tested.warnings] {
        assert!(
            warnings
                .iter()
                .any(|warning| warning.code == "any_audience"),
            "{warnings:?}"
        );
    }
}

#[tokio::test]
async fn several_apps_of_a_tenant() {
    let scene = scene_with(
        ProviderKind::Auth0,
        json!({ "audiences": ["web-client", "ios-client"] }),
    )
    .await;
    for (aud, expected) in [
        (json!("web-client"), "accepted"),
        (json!("ios-client"), "accepted"),
        (json!("android-client"), "aud_mismatch"),
        (json!(["android-client", "ios-client"]), "accepted"),
    ] {
        assert_eq!(
            scene.outcome_with(json!({ "aud": aud })).await,
            expected,
            "{aud}"
        );
    }
}

#[tokio::test]
async fn domains_are_host_names_and_nothing_else() {
    let scene = scene(ProviderKind::Auth0).await;
    scene.remove().await;
    for member in ["domain", "custom_domain"] {
        for bad in [
            "https://acme.eu.auth0.com",
            "acme.eu.auth0.com/",
            "acme.eu.auth0.com/path",
            "acme.eu.auth0.com:8443",
            "user@acme.eu.auth0.com",
            "ACME.eu.auth0.com",
            "acme..auth0.com",
            "-acme.auth0.com",
            "acme_eu.auth0.com",
            "localhost",
            "127.0.0.1",
            "10.0.0.1",
            "[::1]",
            "acme.eu.auth0.com.",
            "acme.eu.auth0.com\n",
            "acme.eu.auth0.com#x",
            "acme.eu.auth0.com?x",
            " acme.eu.auth0.com",
            "a%2eauth0.com",
            "\u{430}cme.auth0.com",
            "",
        ] {
            let mut more = json!({ member: bad });
            more["url"] = json!(null);
            let refused =
                refusal_of(&scene.world, &changed(&scene.provider.settings(), more)).await;
            let pointer = format!("/{member}");
            assert_eq!(
                (refused.code(), refused.pointer()),
                ("invalid_provider", Some(&*pointer)),
                "{bad:?}"
            );
        }
    }
    for more in [
        json!({ "domain": null }),
        json!({ "issuer": "https://acme.eu.auth0.com/" }),
        json!({ "project_id": "acme" }),
    ] {
        let mut settings = changed(&scene.provider.settings(), more.clone());
        if settings.domain.is_none() {
            settings.url = None;
        }
        let refused = refusal_of(&scene.world, &settings).await;
        assert_eq!(refused.code(), "invalid_provider", "{more}");
    }
}
