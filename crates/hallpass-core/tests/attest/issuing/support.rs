//! Verifiers as they are out there: they fetch a key set, keep it as long as its headers allow, and not a moment less.

use hallpass_core::{Clock as _, EnvironmentPatch, Services};
use hallpass_jose::{Jwk, UnverifiedToken, VerifyingKey};
use hallpass_model::{EnvironmentId, Timestamp};
use hallpass_testkit::world::World;
use serde_json::Value;

/// What a verifier keeps.
#[derive(Default)]
pub struct Verifier {
    keys: Vec<(String, VerifyingKey)>,
    until: Option<Timestamp>,
}

impl Verifier {
    /// Fetches only when the kept set may not be used any more.
    pub async fn look(&mut self, services: &Services, environment: EnvironmentId, now: Timestamp) {
        if self.until.is_some_and(|until| now <= until) {
            return;
        }
        let published = services.issuer_keys.published(environment).await.unwrap();
        let set: Value = serde_json::from_str(&published.json).unwrap();
        let keys = set["keys"].as_array().unwrap().iter().map(|jwk| {
            let jwk = Jwk::from_json(&jwk.to_string()).unwrap();
            let kid = jwk.kid.clone().unwrap();
            (kid, VerifyingKey::from_jwk(&jwk).unwrap())
        });
        self.keys = keys.collect();
        self.until = Some(now.plus_secs(published.max_age_secs));
    }

    pub fn knows(&self, kid: &str) -> bool {
        self.keys.iter().any(|(known, _)| known == kid)
    }

    pub fn verifies(&self, token: &str) -> bool {
        let parsed = UnverifiedToken::parse(token).unwrap();
        let kid = parsed.header().kid.clone().unwrap();
        self.keys
            .iter()
            .filter(|(known, _)| *known == *kid)
            .any(|(_, key)| parsed.verify(key).is_ok())
    }
}

/// The kids that are published now.
pub async fn published(services: &Services, environment: EnvironmentId) -> Vec<String> {
    let published = services.issuer_keys.published(environment).await.unwrap();
    let set: Value = serde_json::from_str(&published.json).unwrap();
    let kids = set["keys"].as_array().unwrap().iter();
    kids.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// Changes how people sign in.
pub async fn set(world: &World, environment: EnvironmentId, sign_in: Value) {
    let patch = EnvironmentPatch {
        sign_in: Some(sign_in),
        ..Default::default()
    };
    world
        .services
        .environments
        .update(&world.admin(), environment, patch, None)
        .await
        .unwrap();
}

/// What a token says, unverified.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    let json = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes());
    serde_json::from_slice(&json.unwrap()).unwrap()
}

pub fn now(world: &World) -> Timestamp {
    world.clock.now()
}
