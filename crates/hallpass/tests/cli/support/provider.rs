use std::sync::Arc;

use hallpass_core::SystemClock;
use hallpass_testkit::provider::{Behaviour, FakeProvider, KINDS};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// An identity provider on loopback that real processes can reach, in step with the machine's clock.
pub struct Provider {
    pub fake: FakeProvider,
    // Ends after whoever runs on it.
    _runtime: Runtime,
}

impl Provider {
    /// One of each kind, in the order of `KINDS`.
    pub fn of_each_kind() -> Vec<Self> {
        KINDS
            .into_iter()
            .map(|kind| Self::start(FakeProvider::of(kind)))
            .collect()
    }

    /// A key set for the audience `app`.
    pub fn jwks() -> Self {
        Self::start(FakeProvider::jwks("app"))
    }

    /// A provider in this mood.
    pub fn behaving(behaviour: Behaviour) -> Self {
        let provider = Self::jwks();
        provider.fake.behave(behaviour);
        provider
    }

    /// A token for `sub` as this provider issues it now.
    pub fn token(&self, sub: &str) -> String {
        self.fake.id_token(sub, json!({}))
    }

    /// A token whose claims differ.
    pub fn token_with(&self, sub: &str, more: Value) -> String {
        self.fake.id_token(sub, more)
    }

    /// `HOST:PORT`.
    pub fn endpoint(&self) -> String {
        self.fake.endpoint()
    }

    /// Where its key set is.
    pub fn keys_url(&self) -> String {
        self.fake.url(self.fake.keys_path())
    }

    fn start(made: impl Future<Output = FakeProvider>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let fake = runtime.block_on(made);
        fake.set_clock(Arc::new(SystemClock::start()));
        Self {
            fake,
            _runtime: runtime,
        }
    }
}
