//! For whom a token was made, and by whom.

use hallpass_model::ProviderKind;
use hallpass_testkit::Database;
use hallpass_testkit::provider::{FakeKey, FakeProvider, KINDS};
use hallpass_testkit::world::World;
use serde_json::{Value, json};

use crate::support::{
    add, add_to, changed, outcome_at, scene, scene_with, set_environment, without_own_keys,
};

#[tokio::test]
async fn row_27_audiences_match_exactly() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let own = scene.provider.audience();
        let environment = format!("useparagon.com/{}", scene.world.environment);
        let mut thousand = vec!["x".to_owned(); 999];
        thousand.push(own.clone());
        for (aud, expected) in [
            (json!(own), "accepted"),
            (json!(["other", own]), "accepted"),
            (json!("other"), "aud_mismatch"),
            (json!(format!("{own}x")), "aud_mismatch"),
            (json!(own[..own.len() - 1]), "aud_mismatch"),
            (json!(own.to_uppercase()), "aud_mismatch"),
            (json!(format!(" {own}")), "aud_mismatch"),
            (json!(format!("{own}/")), "aud_mismatch"),
            // What own-key tokens may say does not help a provider's.
            (json!(environment), "aud_mismatch"),
            (json!(vec!["x"; 1000]), "aud_mismatch"),
            (json!([]), "claim_malformed"),
            (json!([7, own]), "claim_malformed"),
            (json!(7), "claim_malformed"),
            (json!({ "aud": own }), "claim_malformed"),
            // `null` takes the claim away.
            (Value::Null, "aud_mismatch"),
        ] {
            assert_eq!(
                scene.outcome_with(json!({ "aud": aud })).await,
                expected,
                "{kind:?} {aud}"
            );
        }
        // Too many to be looked through, whatever the last one is.
        let outcome = scene.outcome_with(json!({ "aud": thousand })).await;
        assert_ne!(outcome, "accepted", "{kind:?}");
    }
}

#[tokio::test]
async fn row_27_any_audience_accepts_what_others_were_sent() {
    for kind in [ProviderKind::Auth0, ProviderKind::Oidc, ProviderKind::Jwks] {
        let more = json!({ "any_audience": true, "audiences": null });
        let scene = scene_with(kind, more).await;
        for aud in [json!("other"), json!(["a", "b"]), Value::Null] {
            let outcome = scene.outcome_with(json!({ "aud": aud })).await;
            assert_eq!(outcome, "accepted", "{kind:?} {aud}");
        }
        for aud in [json!([]), json!(7)] {
            let outcome = scene.outcome_with(json!({ "aud": aud })).await;
            assert_eq!(outcome, "claim_malformed", "{kind:?} {aud}");
        }
        let warnings = scene.view().await.warnings;
        assert!(
            warnings
                .iter()
                .any(|warning| warning.code == "any_audience"),
            "{warnings:?}"
        );
    }
}

#[tokio::test]
async fn row_27_without_configured_audiences_the_environments_own_rule_holds() {
    for kind in [ProviderKind::Oidc, ProviderKind::Jwks] {
        let scene = scene_with(kind, json!({ "audiences": null })).await;
        let environment = format!("useparagon.com/{}", scene.world.environment);
        for (aud, expected) in [
            (json!(environment), "accepted"),
            (json!(scene.provider.audience()), "aud_mismatch"),
            (Value::Null, "accepted"),
        ] {
            let outcome = scene.outcome_with(json!({ "aud": aud })).await;
            assert_eq!(outcome, expected, "{kind:?} {aud}");
        }
        let warnings = scene.view().await.warnings;
        assert!(
            warnings.iter().any(|warning| warning.code == "no_audience"),
            "{warnings:?}"
        );
    }
}

#[tokio::test]
async fn issuers_match_to_the_byte() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let own = scene.provider.issuer();
        let other_slash = match own.strip_suffix('/') {
            Some(bare) => bare.to_owned(),
            None => format!("{own}/"),
        };
        for iss in [
            other_slash,
            own.to_uppercase(),
            format!(" {own}"),
            format!("{own}x"),
            "https://evil.example/".to_owned(),
            String::new(),
        ] {
            let token = scene.provider.id_token("user-1", json!({ "iss": iss }));
            let code = scene.refusal(&token).await.code();
            // It is nobody's token, for the environment's own key did not make it either.
            assert_eq!(code, "iss_mismatch", "{kind:?} {iss}");
        }
        let absent = scene.provider.id_token("user-1", json!({ "iss": null }));
        assert_eq!(scene.refusal(&absent).await.code(), "signature_invalid");
        for iss in [json!(7), json!([own]), json!(false)] {
            let outcome = scene.outcome_with(json!({ "iss": iss })).await;
            assert_ne!(outcome, "accepted", "{kind:?} {iss}");
        }
        without_own_keys(&scene.world).await;
        let stranger = json!({ "iss": "https://evil.example/" });
        assert_eq!(scene.outcome_with(stranger).await, "iss_mismatch");
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        assert_eq!(scene.provider.fetches(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn row_28_the_same_kid_in_another_environment() {
    for kind in KINDS {
        let (here, there) = (FakeProvider::of(kind).await, FakeProvider::of(kind).await);
        let database = Database::sqlite().await;
        let world = World::beside(database.store().clone(), &[&here, &there]).await;
        let beta = world.another_environment("beta").await;
        // One issuer and one audience: only the keys differ, and they have the same name.
        there.use_only(&FakeKey::rsa(here.key().kid().unwrap()));
        if kind == ProviderKind::Jwks {
            there.set_issuer(&here.issuer());
        }
        add(&world, &here.settings()).await;
        add_to(&world, beta, &there.settings()).await;
        let (from_here, from_there) = (
            here.id_token("user-1", json!({})),
            there.id_token("user-1", json!({})),
        );
        for _ in 0..2 {
            let services = &world.services;
            assert_eq!(
                outcome_at(services, world.environment, &from_here).await,
                "accepted"
            );
            assert_eq!(outcome_at(services, beta, &from_there).await, "accepted");
            for (environment, token) in [(beta, &from_here), (world.environment, &from_there)] {
                let outcome = outcome_at(services, environment, token).await;
                // Discovery names the issuer, and the fakes' origins differ.
                let expected = match kind {
                    ProviderKind::Oidc => "iss_mismatch",
                    _ => "signature_invalid",
                };
                assert_eq!(outcome, expected, "{kind:?}");
            }
        }
    }
}

#[tokio::test]
async fn own_keys_and_several_providers_stand_side_by_side() {
    let fakes = [
        FakeProvider::of(ProviderKind::Auth0).await,
        FakeProvider::of(ProviderKind::Firebase).await,
        FakeProvider::of(ProviderKind::Oidc).await,
        FakeProvider::of(ProviderKind::Jwks).await,
    ];
    let database = Database::sqlite().await;
    let world = World::beside(database.store().clone(), &fakes.each_ref()).await;
    for fake in &fakes {
        add(&world, &fake.settings()).await;
    }
    let services = &world.services;
    for fake in &fakes {
        let token = fake.id_token("user-1", json!({}));
        assert_eq!(
            outcome_at(services, world.environment, &token).await,
            "accepted"
        );
        // Nobody signs for another one's issuer.
        for other in &fakes {
            if other.kind() == fake.kind() {
                continue;
            }
            let forged = other.key().sign(
                json!({ "kid": fake.key().kid() }),
                &fake.id_claims("user-1"),
            );
            assert_eq!(
                outcome_at(services, world.environment, &forged).await,
                "signature_invalid"
            );
        }
        // Not even the environment's own key does.
        let claims = fake.id_claims("user-1");
        let code = outcome_at(services, world.environment, &world.sign(&claims)).await;
        assert_eq!(code, "unknown_key");
    }
    let own = world.token("user-1");
    assert_eq!(
        outcome_at(services, world.environment, &own).await,
        "accepted"
    );
}

#[tokio::test]
async fn one_provider_without_an_issuer_takes_every_token_that_is_left() {
    let jwks = FakeProvider::of(ProviderKind::Jwks).await;
    let auth0 = FakeProvider::of(ProviderKind::Auth0).await;
    let database = Database::sqlite().await;
    let world = World::beside(database.store().clone(), &[&jwks, &auth0]).await;
    without_own_keys(&world).await;
    let issuerless = changed(&jwks.settings(), json!({ "issuer": null }));
    let id = add(&world, &issuerless).await;
    add(&world, &auth0.settings()).await;
    let services = &world.services;
    for iss in [
        json!("https://whoever.example"),
        Value::Null,
        json!(jwks.issuer()),
    ] {
        let token = jwks.id_token("user-1", json!({ "iss": iss }));
        let outcome = outcome_at(services, world.environment, &token).await;
        assert_eq!(outcome, "accepted", "{iss}");
    }
    // An issuer that another provider has is that provider's alone.
    let token = jwks.id_token("user-1", json!({ "iss": auth0.issuer() }));
    let outcome = outcome_at(services, world.environment, &token).await;
    assert_eq!(outcome, "signature_invalid");
    let token = auth0.id_token("user-1", json!({ "aud": auth0.audience() }));
    let outcome = outcome_at(services, world.environment, &token).await;
    assert_eq!(outcome, "accepted");
    let view = services
        .identity_providers
        .load(&world.admin(), world.environment, id)
        .await
        .unwrap();
    assert!(
        view.warnings
            .iter()
            .any(|warning| warning.code == "no_issuer"),
        "{:?}",
        view.warnings
    );
    assert_eq!(view.issuers, Vec::<String>::new());
}

#[tokio::test]
async fn row_27_any_audience_is_still_an_audience_where_the_environment_requires_one() {
    for kind in [ProviderKind::Auth0, ProviderKind::Oidc, ProviderKind::Jwks] {
        let more = json!({ "any_audience": true, "audiences": null });
        let scene = scene_with(kind, more).await;
        for (required, without) in [(false, "accepted"), (true, "aud_mismatch")] {
            set_environment(&scene.world, json!({ "require_audience": required }))
                .await
                .unwrap();
            let outcome = scene.outcome_with(json!({ "aud": null })).await;
            assert_eq!(outcome, without, "{kind:?}");
            for aud in [json!("other"), json!(["a", "b"])] {
                let outcome = scene.outcome_with(json!({ "aud": aud })).await;
                assert_eq!(outcome, "accepted", "{kind:?} {aud}");
            }
        }
    }
}
