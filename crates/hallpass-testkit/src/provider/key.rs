//! Keys of a provider: what it publishes of them, and tokens made with their private halves.

use std::sync::Arc;

use hallpass_jose::{Algorithm, SigningKey};
use serde_json::{Map, Value, json};

use super::merge;
use crate::pool;

/// A key pair and the JWK that the provider publishes of it.
#[derive(Clone)]
pub struct FakeKey {
    /// The private half.
    pub signing: Arc<SigningKey>,
    jwk: Map<String, Value>,
}

impl FakeKey {
    /// RSA with 2048 bits, published for RS256. No test gets the same pair twice; other tests get it too.
    #[must_use]
    pub fn rsa(kid: &str) -> Self {
        Self::published(pool::next_rsa(), kid)
    }

    /// EC P-256, published for ES256.
    #[must_use]
    pub fn es256(kid: &str) -> Self {
        Self::of(SigningKey::generate_es256(), kid)
    }

    /// Ed25519, published for EdDSA.
    #[must_use]
    pub fn ed25519(kid: &str) -> Self {
        Self::of(SigningKey::generate_ed25519(), kid)
    }

    /// The same pair, published with these members too, or with other values; `null` takes a member away.
    #[must_use]
    pub fn with(mut self, members: Value) -> Self {
        merge(&mut self.jwk, members);
        self
    }

    /// The same pair, published without a `kid`; its tokens name none either.
    #[must_use]
    pub fn without_kid(self) -> Self {
        self.with(json!({ "kid": null }))
    }

    /// The same pair, published without an `alg`.
    #[must_use]
    pub fn without_alg(self) -> Self {
        self.with(json!({ "alg": null }))
    }

    /// The same pair, signing with another algorithm of its type; what is published of it stays.
    ///
    /// # Panics
    /// When keys of this type cannot.
    #[must_use]
    pub fn signing_for(mut self, algorithm: Algorithm) -> Self {
        let pem = self.signing.to_pkcs8_pem().expect("a PEM");
        let signing = SigningKey::from_pem(&pem).expect("our own PEM");
        let signing = signing.with_algorithm(algorithm).expect("of its type");
        self.signing = Arc::new(signing);
        self
    }

    /// What is published.
    #[must_use]
    pub fn jwk(&self) -> Value {
        Value::Object(self.jwk.clone())
    }

    /// The name under which it is published.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.jwk.get("kid").and_then(Value::as_str)
    }

    /// A token with these claims. Its header says `alg`, `typ` and `kid`, and what is merged into it; `null` takes
    /// a member away.
    #[must_use]
    pub fn sign(&self, header: Value, claims: &Value) -> String {
        let mut members = Map::new();
        members.insert("alg".into(), json!(self.signing.algorithm().as_str()));
        members.insert("typ".into(), json!("JWT"));
        if let Some(kid) = self.kid() {
            members.insert("kid".into(), json!(kid));
        }
        merge(&mut members, header);
        self.sign_exactly(&Value::Object(members).to_string(), &claims.to_string())
    }

    /// Signs header and payload as they are, whatever they say.
    #[must_use]
    pub fn sign_exactly(&self, header: &str, payload: &str) -> String {
        crate::world::sign_exactly(&self.signing, header, payload)
    }

    fn of(signing: Result<SigningKey, hallpass_jose::KeyError>, kid: &str) -> Self {
        Self::published(Arc::new(signing.expect("the backend makes a key")), kid)
    }

    fn published(signing: Arc<SigningKey>, kid: &str) -> Self {
        let published = serde_json::to_value(signing.verifying_key().to_jwk()).expect("a JWK");
        let Value::Object(jwk) = published else {
            panic!("a JWK is an object")
        };
        Self { signing, jwk }.with(json!({ "kid": kid }))
    }
}
