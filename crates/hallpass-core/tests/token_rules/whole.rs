//! A token from the door to the cache.

use hallpass_core::Options;
use hallpass_model::ErrorKind;
use hallpass_testkit::Database;
use hallpass_testkit::world::World;
use serde_json::json;

use crate::support::{outcome, world};

#[tokio::test]
async fn a_good_token_names_its_user() {
    let (world, _database) = world().await;
    let caller = world
        .services
        .tokens
        .authenticate(world.environment, &world.token("user-1"))
        .await
        .unwrap();
    assert_eq!(caller.sub().as_str(), "user-1");
    assert!(caller.claim().is_absent());
    assert_eq!(world.services.tokens.remembered_count(), 1);
}

#[tokio::test]
async fn checking_a_token_tells_every_step_and_changes_nothing() {
    let (world, _database) = world().await;
    let report = world
        .services
        .tokens
        .check(world.environment, &world.token("user-1"))
        .await
        .unwrap();
    assert!(report.accepted && report.steps.iter().all(|step| step.ok));
    let names: Vec<_> = report.steps.iter().map(|step| step.name).collect();
    assert_eq!(
        names,
        [
            "form",
            "signature",
            "subject",
            "times",
            "audience",
            "permissions",
            "user"
        ]
    );
    let report = world
        .services
        .tokens
        .check(
            world.environment,
            &world.sign(&world.claims_with("user-1", json!({ "exp": null }))),
        )
        .await
        .unwrap();
    assert_eq!(
        (report.accepted, report.reason),
        (false, Some("claim_missing"))
    );
    assert!(!report.steps.last().unwrap().ok);
    let users = world
        .services
        .users
        .list(&world.admin(), world.environment, &Default::default())
        .await
        .unwrap();
    assert!(users.items.is_empty());
    assert_eq!(world.services.tokens.remembered_count(), 0);
}

#[tokio::test]
async fn the_cache_is_bounded_by_bytes() {
    let database = Database::sqlite().await;
    let options = Options {
        token_cache_bytes: 64 * 1024,
        ..Options::default()
    };
    let world = World::with_options(database.store().clone(), options).await;
    for user in 0..200 {
        assert_eq!(
            outcome(&world, &world.token(&format!("user-{user}"))).await,
            "accepted"
        );
    }
    let remembered = world.services.tokens.remembered_count();
    assert!(
        (20..=80).contains(&remembered),
        "{remembered} tokens in 64 KiB"
    );
}

#[tokio::test]
async fn an_unknown_environment_is_not_found_before_the_token_is_read() {
    let (world, _database) = world().await;
    let nowhere = "0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a".parse().unwrap();
    assert!(
        !world
            .services
            .tokens
            .environment_exists(nowhere)
            .await
            .unwrap()
    );
    assert!(
        world
            .services
            .tokens
            .environment_exists(world.environment)
            .await
            .unwrap()
    );
    let refused = world
        .services
        .tokens
        .authenticate(nowhere, "nonsense")
        .await
        .err()
        .unwrap();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
}
