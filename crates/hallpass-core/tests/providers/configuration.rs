//! What an operator cannot set up, and what it says.

use hallpass_core::{Created, IdempotencyKey, NewOperator, OperatorCaller, ProviderPatch};
use hallpass_model::{ErrorKind, ProviderKind, ProviderSettings, Role};
use hallpass_testkit::world::World;
use hallpass_testkit::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::support::{
    add, add_to, changed, outcome_at, refusal_of, scene, set_environment, without_own_keys,
};

fn settings(json: Value) -> ProviderSettings {
    serde_json::from_value(json).unwrap()
}

fn public_jwks(issuer: Option<&str>) -> ProviderSettings {
    let settings = settings(json!({ "kind": "jwks", "url": "https://keys.example/jwks.json" }));
    changed(&settings, json!({ "issuer": issuer }))
}

async fn world(database: &Database) -> World {
    World::new(database.store().clone()).await
}

on_both_engines! {
    async fn two_providers_never_have_one_issuer(database: Database) {
        let world = world(&database).await;
        let first = settings(json!({ "kind": "oidc", "issuer": "https://acme.eu.auth0.com/" }));
        add(&world, &first).await;
        for second in [
            first.clone(),
            public_jwks(Some("https://acme.eu.auth0.com/")),
            settings(json!({ "kind": "auth0", "domain": "acme.eu.auth0.com", "audiences": ["a"] })),
            settings(json!({ "kind": "auth0", "domain": "b.auth0.com", "custom_domain": "acme.eu.auth0.com", "audiences": ["a"] })),
        ] {
            let refused = refusal_of(&world, &second).await;
            assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "issuer_taken"), "{second:?}");
        }
        // Another spelling is another issuer, and another environment another matter.
        add(&world, &public_jwks(Some("https://acme.eu.auth0.com"))).await;
        let beta = world.another_environment("beta").await;
        add_to(&world, beta, &first).await;
    }

    async fn the_environments_own_issuer_is_no_providers(database: Database) {
        let world = world(&database).await;
        let (admin, environment) = (world.admin(), world.environment);
        let providers = &world.services.identity_providers;
        set_environment(&world, json!({ "issuer": "https://own.example" })).await.unwrap();
        for same in [
            public_jwks(Some("https://own.example")),
            settings(json!({ "kind": "oidc", "issuer": "https://own.example" })),
        ] {
            let refused = refusal_of(&world, &same).await;
            assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "issuer_taken"));
            assert_eq!(refused.pointer(), Some("/issuer"));
        }
        // Another spelling is another issuer, and another environment another matter.
        let id = add(&world, &public_jwks(Some("https://own.example/"))).await;
        let beta = world.another_environment("beta").await;
        add_to(&world, beta, &public_jwks(Some("https://own.example"))).await;
        let take = ProviderPatch { settings: Some(json!({ "issuer": "https://own.example" })), disabled: None };
        let refused = providers.update(&admin, environment, id, take.clone(), None).await.err().unwrap();
        assert_eq!((refused.code(), refused.pointer()), ("issuer_taken", Some("/settings/issuer")));
        // The other way round; a disabled provider has its issuer too.
        for disabled in [false, true] {
            let patch = ProviderPatch { settings: None, disabled: Some(disabled) };
            providers.update(&admin, environment, id, patch, None).await.unwrap();
            let taken = json!({ "issuer": "https://own.example/" });
            let refused = set_environment(&world, taken).await.err().unwrap();
            assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "issuer_taken"));
            assert_eq!(refused.pointer(), Some("/settings/issuer"));
        }
        let own = world.claims_with("user-1", json!({ "iss": "https://own.example" }));
        assert_eq!(outcome_at(&world.services, environment, &world.sign(&own)).await, "accepted");
        set_environment(&world, json!({ "issuer": null })).await.unwrap();
        providers.update(&admin, environment, id, take, None).await.unwrap();
        // Neither domain of an Auth0 tenant.
        let tenant = settings(json!({
            "kind": "auth0", "domain": "acme.eu.auth0.com", "custom_domain": "login.acme.com", "audiences": ["a"],
        }));
        add(&world, &tenant).await;
        for taken in ["https://acme.eu.auth0.com/", "https://login.acme.com/"] {
            let refused = set_environment(&world, json!({ "issuer": taken })).await.err().unwrap();
            assert_eq!(refused.code(), "issuer_taken", "{taken}");
        }
        set_environment(&world, json!({ "leeway_secs": 5 })).await.unwrap();
    }

    async fn a_provider_without_an_issuer_stands_alone(database: Database) {
        let world = world(&database).await;
        let (admin, environment) = (world.admin(), world.environment);
        let refused = refusal_of(&world, &public_jwks(None)).await;
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "issuerless_conflict"));
        without_own_keys(&world).await;
        let id = add(&world, &public_jwks(None)).await;
        let another = settings(json!({ "kind": "jwks", "url": "https://other.example/jwks.json" }));
        let refused = refusal_of(&world, &another).await;
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "issuerless_conflict"));
        // An own key beside it: neither made nor brought.
        let keys = &world.services.signing_keys;
        let refused = keys.generate(&admin, environment, 2048, 0).await.err().unwrap();
        assert_eq!(refused.code(), "issuerless_conflict");
        let pem = hallpass_jose::SigningKey::generate_rsa(2048).unwrap().verifying_key().to_spki_pem();
        let refused = keys.import(&admin, environment, &pem, 0).await.err().unwrap();
        assert_eq!(refused.code(), "issuerless_conflict");
        // Disabled, it still stands there.
        let providers = &world.services.identity_providers;
        let disable = ProviderPatch { settings: None, disabled: Some(true) };
        providers.update(&admin, environment, id, disable, None).await.unwrap();
        assert_eq!(refusal_of(&world, &another).await.code(), "issuerless_conflict");
        // Those with an issuer stand beside it, and it may get one.
        let named = add(&world, &public_jwks(Some("https://issuer.example"))).await;
        let take_away = ProviderPatch { settings: Some(json!({ "issuer": null })), disabled: None };
        let refused = providers.update(&admin, environment, named, take_away.clone(), None).await.err().unwrap();
        assert_eq!(refused.code(), "issuerless_conflict");
        let give = ProviderPatch { settings: Some(json!({ "issuer": "https://issuer.example" })), disabled: None };
        let refused = providers.update(&admin, environment, id, give, None).await.err().unwrap();
        assert_eq!(refused.code(), "issuer_taken");
        let give = ProviderPatch { settings: Some(json!({ "issuer": "https://second.example" })), disabled: None };
        providers.update(&admin, environment, id, give, None).await.unwrap();
        keys.generate(&admin, environment, 2048, 0).await.unwrap();
        let refused = providers.update(&admin, environment, named, take_away, None).await.err().unwrap();
        assert_eq!(refused.code(), "issuerless_conflict");
    }

    async fn a_key_that_retires_is_a_key(database: Database) {
        let world = world(&database).await;
        world.rotate(3600).await;
        let keys = world.services.signing_keys.list(&world.admin(), world.environment, &Default::default()).await.unwrap();
        let active = keys.items.iter().find(|key| key.retires_at.is_none() && key.revoked_at.is_none()).unwrap();
        world.services.signing_keys.revoke(&world.admin(), world.environment, &active.kid).await.unwrap();
        assert_eq!(refusal_of(&world, &public_jwks(None)).await.code(), "issuerless_conflict");
        world.clock.advance(std::time::Duration::from_secs(3600));
        add(&world, &public_jwks(None)).await;
    }

    async fn sixteen_providers_are_the_most(database: Database) {
        let world = world(&database).await;
        let issuer = |n: usize| public_jwks(Some(&format!("https://issuer-{n}.example")));
        let mut ids = Vec::new();
        for n in 0..16 {
            ids.push(add(&world, &issuer(n)).await);
        }
        let refused = refusal_of(&world, &issuer(16)).await;
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "too_many_providers"));
        let providers = &world.services.identity_providers;
        let listed = providers.list(&world.admin(), world.environment).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|view| view.provider.id).collect();
        // Made in one and the same moment of a clock that stands still.
        let (mut listed, mut expected) = (listed, ids.clone());
        listed.sort();
        expected.sort();
        assert_eq!(listed, expected);
        providers.remove(&world.admin(), world.environment, ids[3]).await.unwrap();
        add(&world, &issuer(16)).await;
    }

    async fn who_adds_at_the_same_time_does_not_get_around_the_rules(database: Database) {
        let world = std::sync::Arc::new(world(&database).await);
        without_own_keys(&world).await;
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let world = std::sync::Arc::clone(&world);
                tokio::spawn(async move {
                    let providers = &world.services.identity_providers;
                    let added = providers.add(&world.admin(), world.environment, public_jwks(None)).await;
                    added.map(drop).map_err(|error| error.code())
                })
            })
            .collect();
        let mut added = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => added += 1,
                Err(code) => assert_eq!(code, "issuerless_conflict"),
            }
        }
        assert_eq!(added, 1);
    }

    async fn row_58_the_providers_of_other_projects_are_not_there(database: Database) {
        let world = world(&database).await;
        let (admin, environment) = (world.admin(), world.environment);
        let id = add(&world, &public_jwks(Some("https://issuer.example"))).await;
        let own = world.services.projects.create(&admin, "Own").await.unwrap().into_inner();
        let stranger = OperatorCaller { projects: Some(vec![own.id]), ..world.admin() };
        let providers = &world.services.identity_providers;
        let patch = ProviderPatch { settings: None, disabled: Some(true) };
        for refused in [
            providers.add(&stranger, environment, public_jwks(Some("https://b.example"))).await.map(drop),
            providers.update(&stranger, environment, id, patch, None).await.map(drop),
            providers.remove(&stranger, environment, id).await,
            providers.list(&stranger, environment).await.map(drop),
            providers.load(&stranger, environment, id).await.map(drop),
            providers.test(&stranger, environment, id, None).await.map(drop),
        ] {
            assert_eq!(refused.err().unwrap().code(), "not_found");
        }
        let listed = providers.list(&admin, environment).await.unwrap();
        assert_eq!((listed.len(), listed[0].provider.version), (1, 1));
    }

    async fn row_60_a_repeated_request_adds_nothing_twice(database: Database) {
        let world = world(&database).await;
        let new = NewOperator { name: "ana".into(), role: Role::Admin, projects: None, expires_in_secs: None };
        let made = world.services.operators.create(&world.admin(), new).await.unwrap().into_inner();
        let caller = world.services.operators.authenticate(&made.secret.unwrap()).await.unwrap();
        let repeated = |request: u8| caller.clone().with_idempotency(Some(IdempotencyKey {
            key: "k1".into(),
            request_digest: [request; 32],
        }));
        let providers = &world.services.identity_providers;
        let settings = public_jwks(Some("https://issuer.example"));
        let first = providers.add(&repeated(1), world.environment, settings.clone()).await.unwrap();
        let again = providers.add(&repeated(1), world.environment, settings.clone()).await.unwrap();
        assert!(matches!((&first, &again), (Created::New(a), Created::Replayed(b)) if a == b));
        let refused = providers.add(&repeated(2), world.environment, settings.clone()).await.err().unwrap();
        assert_eq!(refused.code(), "idempotency_key_reused");
        assert_eq!(providers.list(&caller, world.environment).await.unwrap().len(), 1);
    }

    async fn changes_are_audited_and_versions_respected(database: Database) {
        let world = world(&database).await;
        let (admin, environment) = (world.admin(), world.environment);
        let id = add(&world, &public_jwks(Some("https://issuer.example"))).await;
        let providers = &world.services.identity_providers;
        let patch = ProviderPatch { settings: Some(json!({ "audiences": ["app"] })), disabled: None };
        let view = providers.update(&admin, environment, id, patch.clone(), Some(1)).await.unwrap();
        assert_eq!((view.provider.version, &*view.provider.settings.audiences), (2, &["app".to_owned()][..]));
        let refused = providers.update(&admin, environment, id, patch, Some(1)).await.err().unwrap();
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::PreconditionFailed, "version_changed"));
        let disable = ProviderPatch { settings: None, disabled: Some(true) };
        let view = providers.update(&admin, environment, id, disable.clone(), None).await.unwrap();
        let since = view.provider.disabled_at.unwrap();
        world.clock.advance(std::time::Duration::from_secs(5));
        let view = providers.update(&admin, environment, id, disable, None).await.unwrap();
        assert_eq!(view.provider.disabled_at, Some(since), "disabled since the first time");
        assert_eq!(view.provider.version, 3, "what changes nothing is no change");
        providers.remove(&admin, environment, id).await.unwrap();
        let gone = providers.load(&admin, environment, id).await.err().unwrap();
        assert_eq!(gone.code(), "not_found");
        assert_eq!(providers.remove(&admin, environment, id).await.err().unwrap().code(), "not_found");
        let query = hallpass_core::AuditQuery::default();
        let rows = world.services.audit.list(&admin, query, &Default::default()).await.unwrap();
        let mut actions: Vec<_> = rows.items.iter()
            .filter(|row| row.target.as_deref() == Some(&*id.to_string()))
            .map(|row| row.action.as_str())
            .collect();
        actions.sort_unstable();
        assert_eq!(actions, [
            "identity_provider.add",
            "identity_provider.remove",
            "identity_provider.update",
            "identity_provider.update",
        ]);
    }
}

#[tokio::test]
async fn a_provider_of_another_environment_is_not_found() {
    let scene = scene(ProviderKind::Jwks).await;
    let beta = scene.world.another_environment("beta").await;
    let providers = &scene.world.services.identity_providers;
    let admin = scene.world.admin();
    let patch = ProviderPatch::default();
    for code in [
        providers.load(&admin, beta, scene.id).await.map(drop),
        providers.remove(&admin, beta, scene.id).await,
        providers
            .update(&admin, beta, scene.id, patch, None)
            .await
            .map(drop),
        providers.test(&admin, beta, scene.id, None).await.map(drop),
    ] {
        assert_eq!(code.err().unwrap().code(), "not_found");
    }
    assert_eq!(providers.list(&admin, beta).await.unwrap().len(), 0);
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    assert_eq!(scene.provider.fetches(), 1, "nobody else made a fetch");
}
