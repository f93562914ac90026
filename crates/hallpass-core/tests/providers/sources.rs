//! Whose key sets are whose: what one project does to its providers is no other project's concern, and nothing that was
//! ever tried out is kept for good.

use std::sync::Arc;

use hallpass_core::ProviderPatch;
use hallpass_model::{EnvironmentId, ErrorKind, IdentityProviderId, ProviderKind};
use hallpass_testkit::Database;
use hallpass_testkit::provider::{Behaviour, FakeKey, FakeProvider, JWKS_PATH, KINDS};
use hallpass_testkit::world::World;
use serde_json::json;

use crate::support::{Scene, add_to, changed, eventually, outcome_at, scene};

/// How often a project's operators may have one server asked at once, and how long each of those takes to be made up for.
const TESTS_AT_ONCE: usize = 16;
const TEST_EVERY_SECS: u64 = 2;
/// More addresses than are remembered.
const TRIED: usize = 40;

/// An environment of another project, which has the same provider.
async fn another_project(scene: &Scene) -> (EnvironmentId, IdentityProviderId) {
    let (services, admin) = (&scene.world.services, scene.world.admin());
    let project = services.projects.create(&admin, "Mallory").await.unwrap();
    let project = project.into_inner().id;
    let environment = services
        .environments
        .create(&admin, project, "sandbox")
        .await
        .unwrap()
        .into_inner()
        .id;
    let id = add_to(&scene.world, environment, &scene.provider.settings()).await;
    (environment, id)
}

#[tokio::test]
async fn what_another_projects_operators_try_out_delays_nobody_here() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let (elsewhere, their_id) = another_project(&scene).await;
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        scene.advance(31);
        // The service has enough of whoever asks so often.
        scene.provider.behave(Behaviour::Status(429));
        let providers = &scene.world.services.identity_providers;
        let tested = providers
            .test(&scene.world.admin(), elsewhere, their_id, None)
            .await
            .unwrap();
        assert_eq!((tested.fetch.ok, tested.fetch.status), (false, Some(429)));
        assert_eq!(scene.standing().await, ("fresh", None), "{kind:?}");
        // The floor is not spent either: a new key is found at once.
        scene.provider.behave(Behaviour::Serve);
        let next = FakeKey::rsa("next");
        scene
            .provider
            .publish(&[scene.provider.key(), next.clone()]);
        let token = next.sign(json!({}), &scene.provider.id_claims("user-1"));
        assert_eq!(scene.outcome(&token).await, "accepted", "{kind:?}");
    }
}

#[tokio::test]
async fn environments_of_one_project_share_what_was_fetched_and_projects_do_not() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let beta = scene.world.another_environment("beta").await;
        add_to(&scene.world, beta, &scene.provider.settings()).await;
        let (elsewhere, _) = another_project(&scene).await;
        let token = scene.provider.id_token("user-1", json!({}));
        let services = &scene.world.services;
        for (environment, fetches) in [(scene.world.environment, 1), (beta, 1), (elsewhere, 2)] {
            let outcome = outcome_at(services, environment, &token).await;
            assert_eq!(outcome, "accepted", "{kind:?}");
            assert_eq!(scene.provider.fetches(), fetches, "{kind:?}");
        }
    }
}

/// Tests until no more may be; how many were made.
async fn test_until_refused(scene: &Scene) -> usize {
    let providers = &scene.world.services.identity_providers;
    let (admin, environment) = (scene.world.admin(), scene.world.environment);
    let before = scene.provider.fetches();
    for made in 0..=TESTS_AT_ONCE {
        match providers.test(&admin, environment, scene.id, None).await {
            Ok(tested) => assert!(tested.fetch.ok, "{:?}", tested.fetch),
            Err(refused) => {
                assert_eq!(refused.kind(), ErrorKind::TooManyRequests);
                assert_eq!(refused.code(), "too_many_tests");
                assert_eq!(scene.provider.fetches(), before + made);
                return made;
            }
        }
    }
    panic!("more tests than may be made at once");
}

#[tokio::test]
async fn operators_who_ask_all_the_time_are_told_to_wait() {
    let scene = scene(ProviderKind::Jwks).await;
    let (elsewhere, their_id) = another_project(&scene).await;
    assert_eq!(test_until_refused(&scene).await, TESTS_AT_ONCE);
    assert_eq!(test_until_refused(&scene).await, 0);
    // Another address at the same server is the same server.
    move_to(&scene, &scene.provider.url(&format!("{JWKS_PATH}?again"))).await;
    assert_eq!(test_until_refused(&scene).await, 0);
    // Another project has its own patience to spend.
    let providers = &scene.world.services.identity_providers;
    let admin = scene.world.admin();
    let tested = providers.test(&admin, elsewhere, their_id, None).await;
    assert!(tested.unwrap().fetch.ok);
    scene.advance(TEST_EVERY_SECS);
    assert_eq!(test_until_refused(&scene).await, 1);
    scene.advance(3 * TEST_EVERY_SECS);
    assert_eq!(test_until_refused(&scene).await, 3);
    scene.advance(86_400);
    assert_eq!(test_until_refused(&scene).await, TESTS_AT_ONCE);
    // Users wait for none of it.
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
}

#[tokio::test]
async fn an_operators_test_is_newer_than_the_question() {
    for kind in KINDS {
        let scene = Arc::new(scene(kind).await);
        scene.provider.hold();
        let user = tokio::spawn({
            let scene = Arc::clone(&scene);
            async move { scene.outcome_with(json!({})).await }
        });
        eventually(1, async || scene.provider.requests().len()).await;
        let tested = tokio::spawn({
            let scene = Arc::clone(&scene);
            async move {
                let providers = &scene.world.services.identity_providers;
                let (admin, environment) = (scene.world.admin(), scene.world.environment);
                providers.test(&admin, environment, scene.id, None).await
            }
        });
        scene.provider.release();
        assert_eq!(user.await.unwrap(), "accepted", "{kind:?}");
        assert!(tested.await.unwrap().unwrap().fetch.ok, "{kind:?}");
        assert_eq!(
            scene.provider.fetches(),
            2,
            "{kind:?}: the first began before"
        );
    }
}

/// Looks for the keys at this address from now on.
async fn move_to(scene: &Scene, url: &str) {
    let patch = ProviderPatch {
        settings: Some(json!({ "url": url })),
        disabled: None,
    };
    scene.patch(patch).await.unwrap();
}

#[tokio::test]
async fn of_the_addresses_that_were_tried_out_the_latest_are_remembered() {
    let scene = scene(ProviderKind::Jwks).await;
    let world = &scene.world;
    let providers = &world.services.identity_providers;
    let (admin, environment) = (world.admin(), world.environment);
    let url = |n: usize| scene.provider.url(&format!("{JWKS_PATH}?n={n}"));
    for n in 0..TRIED {
        move_to(&scene, &url(n)).await;
        let tested = providers
            .test(&admin, environment, scene.id, None)
            .await
            .unwrap();
        assert!(tested.fetch.ok, "{:?}", tested.fetch);
        assert_eq!(scene.standing().await, ("fresh", None));
        scene.advance(TEST_EVERY_SECS);
    }
    move_to(&scene, &url(0)).await;
    scene.wait_for_standing("unknown", None).await;
    move_to(&scene, &url(TRIED - 1)).await;
    assert_eq!(scene.standing().await, ("fresh", None));
}

#[tokio::test]
async fn a_key_set_in_use_is_kept_however_many_others_are_tried_out() {
    let scene = scene(ProviderKind::Jwks).await;
    let world = &scene.world;
    let beta = world.another_environment("beta").await;
    let (services, admin) = (&world.services, world.admin());
    let providers = &services.identity_providers;
    // The oldest of all.
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    let mut settings = scene.provider.settings();
    settings.url = Some(scene.provider.url(&format!("{JWKS_PATH}?other")));
    let other = add_to(world, beta, &settings).await;
    for n in 0..TRIED {
        scene.advance(TEST_EVERY_SECS);
        let patch = ProviderPatch {
            settings: Some(json!({ "url": scene.provider.url(&format!("{JWKS_PATH}?other={n}")) })),
            disabled: None,
        };
        providers
            .update(&admin, beta, other, patch, None)
            .await
            .unwrap();
        providers.test(&admin, beta, other, None).await.unwrap();
    }
    let last = providers.load(&admin, beta, other).await.unwrap();
    assert_eq!(last.keys.state.as_str(), "fresh");
    // The first of those is forgotten, so somebody has looked.
    eventually("unknown", async || {
        let patch = ProviderPatch {
            settings: Some(json!({ "url": scene.provider.url(&format!("{JWKS_PATH}?other=0")) })),
            disabled: None,
        };
        let view = providers.update(&admin, beta, other, patch, None).await;
        view.unwrap().keys.state.as_str()
    })
    .await;
    assert_eq!(scene.standing().await, ("fresh", None));
    let fetches = scene.provider.fetches();
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    assert_eq!(scene.provider.fetches(), fetches);
}

#[tokio::test]
async fn an_address_in_other_spellings_is_one_address() {
    let database = Database::sqlite().await;
    let provider = FakeProvider::jwks("app").await;
    let world = World::beside(database.store().clone(), &[&provider]).await;
    let token = provider.id_token("user-1", json!({}));
    let address = provider.address();
    let canonical = provider.url(JWKS_PATH);
    for (n, url) in [
        canonical.clone(),
        format!("{canonical}#0"),
        format!("{canonical}#"),
        format!("HTTP://{address}{JWKS_PATH}"),
        format!("http://127.1:{}{JWKS_PATH}", address.port()),
        format!("http://{address}/.well-known/../.well-known/./jwks.json"),
    ]
    .into_iter()
    .enumerate()
    {
        let environment = world.another_environment(&format!("spelling-{n}")).await;
        let settings = changed(&provider.settings(), json!({ "url": url }));
        let id = add_to(&world, environment, &settings).await;
        let outcome = outcome_at(&world.services, environment, &token).await;
        assert_eq!(outcome, "accepted", "{url}");
        assert_eq!(provider.fetches(), 1, "{url}");
        let providers = &world.services.identity_providers;
        let view = providers
            .load(&world.admin(), environment, id)
            .await
            .unwrap();
        assert_eq!(view.keys_url, canonical, "{url}");
        let codes: Vec<_> = view.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, ["plain_http"], "{url}");
    }
}

#[tokio::test]
async fn an_issuer_in_another_spelling_is_another_issuer_at_the_same_address() {
    let scene = scene(ProviderKind::Oidc).await;
    let issuer = scene.provider.issuer();
    let shouted = issuer.replace("http://", "HTTP://");
    let beta = scene.world.another_environment("beta").await;
    let settings = changed(&scene.provider.settings(), json!({ "issuer": shouted }));
    add_to(&scene.world, beta, &settings).await;
    let providers = &scene.world.services.identity_providers;
    let listed = providers.list(&scene.world.admin(), beta).await.unwrap();
    assert_eq!(listed[0].issuers, [shouted.as_str()], "as it was written");
    assert_eq!(listed[0].keys_url, scene.view().await.keys_url);
    // The document names the issuer in its own spelling, and that is not this one.
    let tested = providers
        .test(&scene.world.admin(), beta, listed[0].provider.id, None)
        .await
        .unwrap();
    assert_eq!(tested.fetch.code, Some("issuer_mismatch"));
}
