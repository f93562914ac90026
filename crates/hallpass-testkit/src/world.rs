//! A small installation in one process: a project with one environment, a signing key, and a clock that the test
//! sets.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use hallpass_core::{
    Created, MasterKeys, OperatorCaller, Options, Services, SettableClock, Surroundings, SystemRng,
    TextSender,
};
use hallpass_egress::{Egress, EgressOptions};
use hallpass_jose::SigningKey;
use hallpass_mail::{Mailer, Trap};
use hallpass_model::{EnvironmentId, ProjectId, Timestamp};
use hallpass_seal::{KeyRing, MasterKey};
use hallpass_store::Store;
use serde_json::{Value, json};

use crate::pool;
use crate::provider::{FakeProvider, merge};

/// 2026-01-01T00:00:00Z: when every world begins.
pub const BEGINNING: i64 = 1_767_225_600;

/// The installation.
pub struct World {
    /// Its services.
    pub services: Arc<Services>,
    /// Its clock; stands still until told otherwise.
    pub clock: Arc<SettableClock>,
    /// Its database.
    pub store: Store,
    /// Its project.
    pub project: ProjectId,
    /// The project's environment.
    pub environment: EnvironmentId,
    /// The private half of the environment's active key.
    pub key: SigningKey,
    /// What it may call; nothing on this machine, unless told otherwise.
    pub egress: Egress,
    /// The mails and text messages that it sent.
    pub post: Trap,
    options: Options,
}

impl World {
    /// A world over a migrated database.
    pub async fn new(store: Store) -> Self {
        Self::with_options(store, Options::default()).await
    }

    /// The same with other options.
    pub async fn with_options(store: Store, options: Options) -> Self {
        Self::with(store, egress_to(&[]), options).await
    }

    /// The same with another way out.
    pub async fn with_egress(store: Store, egress: Egress) -> Self {
        Self::with(store, egress, Options::default()).await
    }

    /// A world that may call these providers; they tell the time by its clock from now on.
    pub async fn beside(store: Store, providers: &[&FakeProvider]) -> Self {
        let world = Self::with_egress(store, egress_to(providers)).await;
        for provider in providers {
            provider.set_clock(world.clock.clone());
        }
        world
    }

    /// A world with everything that can be chosen.
    pub async fn with(store: Store, egress: Egress, options: Options) -> Self {
        let clock = Arc::new(SettableClock::at(Timestamp::from_secs(BEGINNING)));
        let post = Trap::new(1000);
        let services = Services::start(
            store.clone(),
            clock.clone(),
            Arc::new(SystemRng::new()),
            surroundings(&egress, &post),
            options.clone(),
        )
        .await
        .expect("services start");
        let admin = OperatorCaller::command_line();
        let project = services
            .projects
            .create(&admin, "Acme")
            .await
            .expect("a project")
            .into_inner()
            .id;
        let environment = services
            .environments
            .create(&admin, project, "sandbox")
            .await
            .expect("an environment")
            .into_inner()
            .id;
        let key = import_shared(&services, environment).await;
        Self {
            services,
            clock,
            store,
            project,
            environment,
            key,
            egress,
            post,
            options,
        }
    }

    /// Whoever may do everything.
    #[must_use]
    pub fn admin(&self) -> OperatorCaller {
        OperatorCaller::command_line()
    }

    /// Another node on the same database and clock, with the same way out.
    pub async fn second_node(&self, store: Store) -> Arc<Services> {
        Services::start(
            store,
            self.clock.clone(),
            Arc::new(SystemRng::new()),
            surroundings(&self.egress, &self.post),
            self.options.clone(),
        )
        .await
        .expect("a second node starts")
    }

    /// Generates a key for the environment as an operator would; returns its private half.
    pub async fn rotate(&self, overlap_secs: i64) -> SigningKey {
        rotate(&self.services, self.environment, overlap_secs).await
    }

    /// Makes another environment in the same project.
    pub async fn another_environment(&self, name: &str) -> EnvironmentId {
        self.services
            .environments
            .create(&self.admin(), self.project, name)
            .await
            .expect("an environment")
            .into_inner()
            .id
    }

    /// Claims that are good now, for an hour.
    #[must_use]
    pub fn claims(&self, sub: &str) -> Value {
        use hallpass_core::Clock as _;
        let now = self.clock.now().as_secs();
        json!({ "sub": sub, "iat": now, "exp": now + 3600 })
    }

    /// The same with more, or with other values; `null` takes a claim away.
    #[must_use]
    pub fn claims_with(&self, sub: &str, more: Value) -> Value {
        let mut claims = self.claims(sub);
        if let Value::Object(claims) = &mut claims {
            merge(claims, more);
        }
        claims
    }

    /// A token that is good now, for an hour.
    #[must_use]
    pub fn token(&self, sub: &str) -> String {
        self.sign(&self.claims(sub))
    }

    /// A token with these claims, signed with the active key and its `kid`.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_text(&claims.to_string())
    }

    /// A token with exactly this payload.
    #[must_use]
    pub fn sign_text(&self, payload: &str) -> String {
        let kid = self.key.verifying_key().thumbprint();
        sign_exactly(
            &self.key,
            &json!({ "alg": "RS256", "typ": "JWT", "kid": kid }).to_string(),
            payload,
        )
    }
}

/// A way out, a trap for mails and text messages, and a master key that every node of a test has.
fn surroundings(egress: &Egress, post: &Trap) -> Surroundings {
    Surroundings {
        mailer: Mailer::trap(post.clone()),
        texts: TextSender::trap(post.clone()),
        master_keys: MasterKeys::from_source(|| {
            Ok(Some(KeyRing::new(MasterKey::generate([7; 32]))))
        }),
        ..Surroundings::new(egress.clone())
    }
}

/// Signs header and payload as they are, whatever they say.
#[must_use]
pub fn sign_exactly(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(header.as_bytes()),
        BASE64URL_NOPAD.encode(payload.as_bytes())
    );
    let signature = key.sign_bytes(input.as_bytes()).expect("the backend signs");
    format!("{input}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// A way out that leads to these providers and to no other place on this machine.
#[must_use]
pub fn egress_to(providers: &[&FakeProvider]) -> Egress {
    let allow = providers
        .iter()
        .map(|provider| provider.endpoint().parse().expect("HOST:PORT"))
        .collect();
    let options = EgressOptions {
        allow,
        ..EgressOptions::default()
    };
    Egress::new(options).expect("a way out")
}

/// The first key of a world: brought along, because making one takes longer than most tests.
async fn import_shared(services: &Services, environment: EnvironmentId) -> SigningKey {
    let key = pool::next_rsa();
    let public = key.verifying_key().to_spki_pem();
    services
        .signing_keys
        .import(&OperatorCaller::command_line(), environment, &public, 0)
        .await
        .expect("a key");
    SigningKey::from_pem(&key.to_pkcs8_pem().expect("a PEM")).expect("our own PEM")
}

async fn rotate(services: &Services, environment: EnvironmentId, overlap_secs: i64) -> SigningKey {
    let admin = OperatorCaller::command_line();
    let created = services
        .signing_keys
        .generate(&admin, environment, 2048, overlap_secs)
        .await
        .expect("a key");
    let Created::New(generated) = created else {
        panic!("a new key")
    };
    SigningKey::from_pem(&generated.private_key_pem.expect("shown once")).expect("our own PEM")
}
