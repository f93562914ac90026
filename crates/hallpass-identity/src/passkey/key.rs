//! A passkey's public key: a COSE_Key (RFC 9052, RFC 9053) as the authenticator made it.

use std::fmt;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use data_encoding::BASE64URL_NOPAD;
use hallpass_jose::{Algorithm, VerifyingKey};

use super::PasskeyError;
use super::cbor::{self, Map, Value};

/// The longest key that is looked at: RSA of 8192 bits needs about 1,050 bytes.
const MAX_COSE_BYTES: usize = 1_200;

/// Names of members that every key has.
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;

/// A public key, checked and pinned to one algorithm: ES256, EdDSA (Ed25519) or RS256.
#[derive(Clone)]
pub struct PasskeyKey {
    cose: Vec<u8>,
    key: VerifyingKey,
}

impl PasskeyKey {
    /// Reads a COSE_Key that is the whole input: what [`Self::as_cose`] gave, or an authenticator.
    ///
    /// # Errors
    /// [`PasskeyError::KeyNotAllowed`]: another kind of key, a weak one, or one with members that it does not need.
    pub fn from_cose(cose: &[u8]) -> Result<Self, PasskeyError> {
        if cose.len() > MAX_COSE_BYTES {
            return Err(PasskeyError::KeyNotAllowed);
        }
        let map = cbor::read_map(cose).map_err(|_| PasskeyError::KeyNotAllowed)?;
        let jwk = to_jwk(&map).ok_or(PasskeyError::KeyNotAllowed)?;
        let key = VerifyingKey::from_jwk_json(&jwk).map_err(|_| PasskeyError::KeyNotAllowed)?;
        Ok(Self {
            cose: cose.to_vec(),
            key,
        })
    }

    /// The key as the authenticator made it, for the database.
    #[must_use]
    pub fn as_cose(&self) -> &[u8] {
        &self.cose
    }

    /// The only algorithm that this key verifies.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), PasskeyError> {
        let is_good = if self.algorithm() == Algorithm::ES256 {
            // Authenticators write both numbers as DER, unlike JOSE.
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.key.to_spki_der());
            key.verify(message, signature).is_ok()
        } else {
            self.key.verify_signature(message, signature).is_ok()
        };
        if is_good {
            Ok(())
        } else {
            Err(PasskeyError::WrongSignature)
        }
    }
}

impl fmt::Debug for PasskeyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

impl PartialEq for PasskeyKey {
    fn eq(&self, other: &Self) -> bool {
        self.cose == other.cose
    }
}

impl Eq for PasskeyKey {}

/// The same key as a JWK; the algorithm stands in both, so the two cannot disagree.
fn to_jwk(map: &Map<'_>) -> Option<String> {
    let integer = |name| match map.numbered_member(name) {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    };
    let bytes = |name| match map.numbered_member(name) {
        Some(Value::Bytes(bytes)) => Some(BASE64URL_NOPAD.encode(bytes)),
        _ => None,
    };
    // Whatever else a key says about itself was not asked for; so members are counted.
    match (integer(KEY_TYPE)?, integer(ALGORITHM)?, map.len()) {
        (2, -7, 5) if integer(-1)? == 1 => Some(format!(
            r#"{{"kty":"EC","crv":"P-256","alg":"ES256","x":"{}","y":"{}"}}"#,
            bytes(-2)?,
            bytes(-3)?
        )),
        (1, -8, 4) if integer(-1)? == 6 => Some(format!(
            r#"{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"{}"}}"#,
            bytes(-2)?
        )),
        (3, -257, 4) => Some(format!(
            r#"{{"kty":"RSA","alg":"RS256","n":"{}","e":"{}"}}"#,
            bytes(-1)?,
            bytes(-2)?
        )),
        _ => None,
    }
}
