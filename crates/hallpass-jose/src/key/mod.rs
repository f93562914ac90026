//! Public keys: where they come from, what is refused, what they verify.

mod der;
mod ed25519;
mod error;
mod jwk;
mod jwks;
mod material;
mod pem;
mod rsa;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters};
use data_encoding::BASE64_NOPAD;

pub use error::{KeyError, PemFlaw};
pub use jwk::{Jwk, MAX_JWK_BYTES};
pub use jwks::{JwkSet, JwkSetKey, JwksError, MAX_JWKS_BYTES, MAX_JWKS_KEYS, SkippedKey};
pub(crate) use material::{Curve, PublicMaterial};
pub use pem::MAX_PEM_BYTES;
pub(crate) use pem::{PemBlock, encode as encode_pem, parse as parse_pem};
pub use rsa::{MAX_RSA_BITS, MIN_RSA_BITS};

use crate::algorithm::Algorithm;
use crate::base64url;

/// A public key, checked, parsed once and pinned to one algorithm. Cloning shares the parsed key.
#[derive(Clone)]
pub struct VerifyingKey {
    inner: Arc<Inner>,
}

/// The signature was not made with this key over this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub struct SignatureMismatch;

impl VerifyingKey {
    /// Reads one PEM block: `PUBLIC KEY` (SPKI, RFC 5280) or `RSA PUBLIC KEY` (PKCS#1, RFC 8017).
    ///
    /// An RSA key is pinned to RS256, P-256 to ES256, P-384 to ES384, Ed25519 to EdDSA; see [`Self::with_algorithm`].
    ///
    /// # Errors
    /// [`KeyError::PrivateKeyGiven`] if a private half is anywhere in the text, else what is wrong with it.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let material = match parse_pem(text)? {
            PemBlock::PublicKey(der) => PublicMaterial::from_spki(&der)?,
            PemBlock::RsaPublicKey(der) => PublicMaterial::from_pkcs1(&der)?,
            PemBlock::Pkcs8(_) | PemBlock::Pkcs1(_) | PemBlock::OtherPrivate => {
                return Err(KeyError::PrivateKeyGiven);
            }
        };
        Self::from_material(material, None)
    }

    /// Reads a JWK (RFC 7517). Its `alg`, if it has one, pins the key.
    ///
    /// # Errors
    /// The key is not for verifying signatures, or not one that may be trusted with it.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        jwk.check_purpose()?;
        let algorithm = jwk.declared_algorithm()?;
        Self::from_material(jwk.material()?, algorithm)
    }

    /// As [`Self::from_jwk`], from JSON text of at most [`MAX_JWK_BYTES`].
    ///
    /// # Errors
    /// In addition: not JSON, members that occur twice, any private or symmetric member.
    pub fn from_jwk_json(text: &str) -> Result<Self, KeyError> {
        Self::from_jwk(&Jwk::from_json(text)?)
    }

    /// The same key pinned to another algorithm of its type.
    ///
    /// # Errors
    /// [`KeyError::AlgMismatch`] if keys of this type cannot make such signatures.
    pub fn with_algorithm(&self, algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::from_material(self.inner.material.clone(), Some(algorithm))
    }

    /// The only algorithm this key verifies.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.inner.algorithm
    }

    /// The RFC 7638 thumbprint: SHA-256, base64url. Independent of `alg`, `kid` and `use`.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url::encode(
            digest(&SHA256, self.inner.material.thumbprint_input().as_bytes()).as_ref(),
        )
    }

    /// `SHA256:` and the base64 (no padding) SHA-256 of the SPKI DER, for people to compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!(
            "SHA256:{}",
            BASE64_NOPAD.encode(digest(&SHA256, &self.to_spki_der()).as_ref())
        )
    }

    /// Bits of the RSA modulus or of the curve.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.inner.material.bits()
    }

    /// The `SubjectPublicKeyInfo` (RFC 5280) as DER.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        self.inner.material.to_spki()
    }

    /// The `SubjectPublicKeyInfo` as a PEM block labelled `PUBLIC KEY`.
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        encode_pem("PUBLIC KEY", &self.to_spki_der()).to_string()
    }

    /// The key as a JWK with `use`, `alg` and the thumbprint as `kid`.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        Jwk::publish(&self.inner.material, self.algorithm(), self.thumbprint())
    }

    /// Checks a detached signature over any bytes, in the form JWS uses (RFC 7518 section 3).
    ///
    /// # Errors
    /// [`SignatureMismatch`], with no further detail on purpose.
    pub fn verify_signature(
        &self,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureMismatch> {
        self.inner
            .parsed
            .verify_sig(message, signature)
            .map_err(|_| SignatureMismatch)
    }

    pub(crate) fn from_material(
        material: PublicMaterial,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, KeyError> {
        material.check()?;
        let algorithm = algorithm.unwrap_or_else(|| material.default_algorithm());
        let parsed = parse(&material, algorithm)?;
        Ok(Self {
            inner: Arc::new(Inner {
                material,
                algorithm,
                parsed,
            }),
        })
    }
}

/// Equal when they are the same public key pinned to the same algorithm.
impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.inner.algorithm == other.inner.algorithm && self.inner.material == other.inner.material
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm())
            .field("thumbprint", &self.thumbprint())
            .finish()
    }
}

struct Inner {
    material: PublicMaterial,
    algorithm: Algorithm,
    parsed: ParsedPublicKey,
}

/// Hands the key to the backend; its type and the algorithm must belong together.
fn parse(material: &PublicMaterial, algorithm: Algorithm) -> Result<ParsedPublicKey, KeyError> {
    match (material, algorithm) {
        (PublicMaterial::Rsa { n, e }, _) => {
            let parameters = rsa_parameters(algorithm).ok_or(KeyError::AlgMismatch)?;
            PublicKeyComponents { n, e }
                .to_parsed_public_key(parameters)
                .map_err(|_| KeyError::RsaComponents)
        }
        (
            PublicMaterial::Ec {
                curve: Curve::P256, ..
            },
            Algorithm::ES256,
        ) => ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, material.to_spki())
            .map_err(|_| KeyError::PointNotOnCurve),
        (
            PublicMaterial::Ec {
                curve: Curve::P384, ..
            },
            Algorithm::ES384,
        ) => ParsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, material.to_spki())
            .map_err(|_| KeyError::PointNotOnCurve),
        (PublicMaterial::Ed25519 { x }, Algorithm::EdDSA) => {
            ParsedPublicKey::new(&signature::ED25519, x).map_err(|_| KeyError::PointNotOnCurve)
        }
        _ => Err(KeyError::AlgMismatch),
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &signature::RSA_PSS_2048_8192_SHA512,
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA => return None,
    })
}
