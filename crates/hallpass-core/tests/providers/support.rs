//! A world with one provider, and the outcome of its tokens there.

use std::fmt::Debug;
use std::time::Duration;

use hallpass_core::{EnvironmentPatch, KeysStatus, ProviderPatch, ProviderView, Services};
use hallpass_model::{EnvironmentId, Error, IdentityProviderId, ProviderKind, ProviderSettings};
use hallpass_testkit::Database;
use hallpass_testkit::provider::FakeProvider;
use hallpass_testkit::world::World;
use serde_json::{Value, json};

pub const PERMISSIONS: &str = "urn:useparagon:connect:permissions";

/// How long a test waits for something that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Scene {
    pub world: World,
    pub provider: FakeProvider,
    pub id: IdentityProviderId,
    pub database: Database,
}

/// A provider of this kind, added with the settings that fit it.
pub async fn scene(kind: ProviderKind) -> Scene {
    scene_with(kind, json!({})).await
}

/// The same with other settings; `null` takes one away.
pub async fn scene_with(kind: ProviderKind, more: Value) -> Scene {
    scene_of(FakeProvider::of(kind).await, more).await
}

pub async fn scene_of(provider: FakeProvider, more: Value) -> Scene {
    scene_on(Database::sqlite().await, provider, more).await
}

pub async fn scene_on(database: Database, provider: FakeProvider, more: Value) -> Scene {
    let world = World::beside(database.store().clone(), &[&provider]).await;
    let settings = changed(&provider.settings(), more);
    let id = add(&world, &settings).await;
    Scene {
        world,
        provider,
        id,
        database,
    }
}

/// Settings with other members; `null` takes one away.
pub fn changed(settings: &ProviderSettings, more: Value) -> ProviderSettings {
    let mut merged = serde_json::to_value(settings).unwrap();
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            merged.as_object_mut().unwrap().remove(name);
        } else {
            merged[name] = value.clone();
        }
    }
    serde_json::from_value(merged).unwrap()
}

pub async fn add(world: &World, settings: &ProviderSettings) -> IdentityProviderId {
    add_to(world, world.environment, settings).await
}

pub async fn add_to(
    world: &World,
    environment: EnvironmentId,
    settings: &ProviderSettings,
) -> IdentityProviderId {
    let providers = &world.services.identity_providers;
    let added = providers
        .add(&world.admin(), environment, settings.clone())
        .await
        .unwrap();
    added.into_inner().provider.id
}

/// The error of adding settings that must not be taken.
pub async fn refusal_of(world: &World, settings: &ProviderSettings) -> Error {
    let providers = &world.services.identity_providers;
    let added = providers
        .add(&world.admin(), world.environment, settings.clone())
        .await;
    match added {
        Ok(_) => panic!("added: {settings:?}"),
        Err(error) => error,
    }
}

/// Changes settings of the environment; `null` puts one back.
pub async fn set_environment(world: &World, settings: Value) -> Result<(), Error> {
    let patch = EnvironmentPatch {
        name: None,
        settings: Some(settings),
        ..EnvironmentPatch::default()
    };
    let environments = &world.services.environments;
    environments
        .update(&world.admin(), world.environment, patch, None)
        .await
        .map(drop)
}

/// Takes the environment's own keys away, so that only providers are left.
pub async fn without_own_keys(world: &World) {
    let kid = world.key.verifying_key().thumbprint();
    let keys = &world.services.signing_keys;
    keys.revoke(&world.admin(), world.environment, &kid)
        .await
        .unwrap();
}

/// The reason for which a token is refused, or `accepted`.
pub async fn outcome_at(
    services: &Services,
    environment: EnvironmentId,
    token: &str,
) -> &'static str {
    match services.tokens.authenticate(environment, token).await {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

impl Scene {
    pub async fn outcome(&self, token: &str) -> &'static str {
        outcome_at(&self.world.services, self.world.environment, token).await
    }

    /// How an ID token with these claims fares.
    pub async fn outcome_with(&self, more: Value) -> &'static str {
        self.outcome(&self.provider.id_token("user-1", more)).await
    }

    /// How an ID token with exactly this payload fares.
    pub async fn outcome_of_payload(&self, payload: &str) -> &'static str {
        let key = self.provider.key();
        let header = json!({ "alg": key.signing.algorithm().as_str(), "kid": key.kid() });
        self.outcome(&key.sign_exactly(&header.to_string(), payload))
            .await
    }

    /// The error of a token that must be refused.
    pub async fn refusal(&self, token: &str) -> Error {
        let tokens = &self.world.services.tokens;
        match tokens.authenticate(self.world.environment, token).await {
            Ok(_) => panic!("the token was accepted"),
            Err(error) => error,
        }
    }

    /// A token whose key the provider never had; makes a fetch if one may be made.
    pub async fn present_unknown_key(&self) -> &'static str {
        let token = self.provider.key().sign(
            json!({ "kid": "never-there" }),
            &self.provider.id_claims("user-1"),
        );
        self.outcome(&token).await
    }

    pub async fn view(&self) -> ProviderView {
        let providers = &self.world.services.identity_providers;
        providers
            .load(&self.world.admin(), self.world.environment, self.id)
            .await
            .unwrap()
    }

    pub async fn keys(&self) -> KeysStatus {
        self.view().await.keys
    }

    /// State of the keys and why the last fetch failed.
    pub async fn standing(&self) -> (&'static str, Option<&'static str>) {
        let keys = self.keys().await;
        (
            keys.state.as_str(),
            keys.failure.map(|failure| failure.code),
        )
    }

    pub async fn wait_for_standing(&self, state: &'static str, failure: Option<&'static str>) {
        eventually((state, failure), async || self.standing().await).await;
    }

    /// Waits until a fetch from a provider that went down has left this state. Its first fetch may still find a kept
    /// connection, and be broken off on it rather than refused.
    pub async fn wait_until_down(&self, state: &'static str) {
        let reasons = ["egress_connect_failed", "egress_broken_off"];
        eventually(true, async || {
            let (found, failure) = self.standing().await;
            found == state && failure.is_some_and(|code| reasons.contains(&code))
        })
        .await;
    }

    pub async fn patch(&self, patch: ProviderPatch) -> Result<ProviderView, Error> {
        let providers = &self.world.services.identity_providers;
        providers
            .update(
                &self.world.admin(),
                self.world.environment,
                self.id,
                patch,
                None,
            )
            .await
    }

    pub async fn disable(&self, disabled: bool) {
        let patch = ProviderPatch {
            settings: None,
            disabled: Some(disabled),
        };
        self.patch(patch).await.unwrap();
    }

    pub async fn remove(&self) {
        let providers = &self.world.services.identity_providers;
        providers
            .remove(&self.world.admin(), self.world.environment, self.id)
            .await
            .unwrap();
    }

    /// Lets time pass.
    pub fn advance(&self, secs: u64) {
        self.world.clock.advance(Duration::from_secs(secs));
    }
}

/// Waits until something is as it should be.
pub async fn eventually<T: PartialEq + Debug>(expected: T, look: impl AsyncFn() -> T) {
    let last = std::cell::RefCell::new(None);
    let waiting = async {
        loop {
            let seen = look().await;
            if seen == expected {
                return;
            }
            *last.borrow_mut() = Some(seen);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(
        waited.is_ok(),
        "{expected:?} was expected, {:?} stayed",
        last.borrow()
    );
}
