//! The `jsonwebtoken` crate as a careful application uses it: key parsed once, claims into a struct.

use anyhow::Result;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::Value;

pub struct Peer {
    key: DecodingKey,
    validation: Validation,
}

/// The claims that both sides read.
#[derive(Deserialize)]
#[expect(dead_code, reason = "decoding them is the work that is timed")]
pub struct Claims {
    sub: String,
    iat: i64,
    exp: i64,
    #[serde(rename = "urn:useparagon:connect:permissions")]
    pub permissions: Value,
}

impl Peer {
    pub fn new(public_key_pem: &str) -> Result<Self> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_aud = false;
        Ok(Self {
            key: DecodingKey::from_rsa_pem(public_key_pem.as_bytes())?,
            validation,
        })
    }

    pub fn decode(&self, token: &str) -> Result<Claims> {
        Ok(decode(token, &self.key, &self.validation)?.claims)
    }
}
