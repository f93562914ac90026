//! A world on SQLite and the outcome of a token in it.

use hallpass_core::EnvironmentPatch;
use hallpass_testkit::Database;
use hallpass_testkit::world::World;
use serde_json::Value;

pub const PERMISSIONS: &str = "urn:useparagon:connect:permissions";

pub async fn world() -> (World, Database) {
    let database = Database::sqlite().await;
    (World::new(database.store().clone()).await, database)
}

/// The reason for which a token is refused, or `accepted`.
pub async fn outcome(world: &World, token: &str) -> &'static str {
    match world
        .services
        .tokens
        .authenticate(world.environment, token)
        .await
    {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

pub async fn outcome_with(world: &World, more: Value) -> &'static str {
    outcome(world, &world.sign(&world.claims_with("user-1", more))).await
}

pub async fn set(world: &World, settings: Value) {
    let patch = EnvironmentPatch {
        settings: Some(settings),
        ..Default::default()
    };
    world
        .services
        .environments
        .update(&world.admin(), world.environment, patch, None)
        .await
        .unwrap();
}
