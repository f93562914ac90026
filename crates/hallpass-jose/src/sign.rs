//! Private keys: made or read here, used to sign, never shown except by [`SigningKey::to_pkcs8_pem`].

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair,
    RsaSignatureEncoding,
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::json::scan_object;
use crate::key::{
    Curve, KeyError, PemBlock, PemFlaw, PublicMaterial, VerifyingKey, encode_pem, parse_pem,
};
use crate::token::{MAX_TOKEN_BYTES, is_acceptable_kid};

/// A private key with its algorithm. `Debug` shows only the public half; there is no `Serialize`.
pub struct SigningKey {
    pair: Pair,
    public: VerifyingKey,
}

/// What the caller may say in the protected header; `alg` comes from the key.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProtectedHeader<'a> {
    /// The name of the key: 1 to 256 characters U+0020 to U+007E.
    pub kid: Option<&'a str>,
    /// The media type, usually `JWT`.
    pub typ: Option<&'a str>,
}

impl SigningKey {
    /// Makes an RSA key for RS256 with e = 65537.
    ///
    /// # Errors
    /// [`KeyError::GenerateSize`] unless `bits` is 2048, 3072, 4096 or 8192 (the sizes the backend generates).
    pub fn generate_rsa(bits: u32) -> Result<Self, KeyError> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            8192 => KeySize::Rsa8192,
            _ => return Err(KeyError::GenerateSize),
        };
        Self::from_pair(
            Pair::Rsa(Box::new(
                RsaKeyPair::generate(size).map_err(|_| KeyError::GenerateFailed)?,
            )),
            None,
        )
    }

    /// Makes a P-256 key for ES256.
    ///
    /// # Errors
    /// [`KeyError::GenerateFailed`] if the backend fails.
    pub fn generate_es256() -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| KeyError::GenerateFailed)?;
        Self::from_pair(Pair::Es256(Box::new(pair)), None)
    }

    /// Makes an Ed25519 key for EdDSA.
    ///
    /// # Errors
    /// [`KeyError::GenerateFailed`] if the backend fails.
    pub fn generate_ed25519() -> Result<Self, KeyError> {
        Self::from_pair(
            Pair::Ed25519(Box::new(
                Ed25519KeyPair::generate().map_err(|_| KeyError::GenerateFailed)?,
            )),
            None,
        )
    }

    /// Reads one unencrypted PEM block: `PRIVATE KEY` (PKCS#8, RFC 5958) or `RSA PRIVATE KEY` (PKCS#1).
    ///
    /// # Errors
    /// The text or the key is not usable; weak RSA keys are refused as in [`VerifyingKey::from_pem`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        match parse_pem(text)? {
            PemBlock::Pkcs8(der) => Self::from_pair(pair_from_pkcs8(&der)?, None),
            PemBlock::Pkcs1(der) => {
                let pair = RsaKeyPair::from_der(&der).map_err(|_| KeyError::UnusablePrivateKey)?;
                Self::from_pair(Pair::Rsa(Box::new(pair)), None)
            }
            PemBlock::OtherPrivate if text.contains("ENCRYPTED") => {
                Err(KeyError::MalformedPem(PemFlaw::Encrypted))
            }
            PemBlock::OtherPrivate => Err(KeyError::UnusablePrivateKey),
            PemBlock::PublicKey(_) | PemBlock::RsaPublicKey(_) => Err(KeyError::PublicKeyGiven),
        }
    }

    /// The same key for another algorithm of its type: any RS or PS for RSA.
    ///
    /// # Errors
    /// [`KeyError::AlgMismatch`] if keys of this type cannot make such signatures.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::from_pair(self.pair, Some(algorithm))
    }

    /// The private key as a PKCS#8 PEM block; the text is wiped from memory on drop.
    ///
    /// # Errors
    /// [`KeyError::UnusablePrivateKey`] if the backend cannot encode it.
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let refused = |_| KeyError::UnusablePrivateKey;
        match &self.pair {
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(refused)?;
                Ok(encode_pem("PRIVATE KEY", der.as_ref()))
            }
            Pair::Es256(pair) => Ok(encode_pem(
                "PRIVATE KEY",
                pair.to_pkcs8v1().map_err(refused)?.as_ref(),
            )),
            Pair::Ed25519(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(refused)?;
                Ok(encode_pem("PRIVATE KEY", der.as_ref()))
            }
        }
    }

    /// The public half.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    /// The algorithm of the signatures this key makes.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// Signs a JSON object and gives the compact token. The payload's bytes are kept as they are.
    ///
    /// # Errors
    /// What would not be accepted back is not signed: see [`SignError`].
    pub fn sign(
        &self,
        header: &ProtectedHeader<'_>,
        payload_json: &[u8],
    ) -> Result<String, SignError> {
        if header.kid.is_some_and(|kid| !is_acceptable_kid(kid)) {
            return Err(SignError::KidMalformed);
        }
        let payload = std::str::from_utf8(payload_json).map_err(|_| SignError::PayloadMalformed)?;
        scan_object(payload).map_err(|_| SignError::PayloadMalformed)?;
        let header = HeaderJson {
            alg: self.algorithm().as_str(),
            kid: header.kid,
            typ: header.typ,
        };
        let header = serde_json::to_vec(&header).map_err(|_| SignError::Backend)?;
        let mut token = String::with_capacity(header.len() * 4 / 3 + payload.len() * 4 / 3 + 1_400);
        base64url::encode_append(&header, &mut token);
        token.push('.');
        base64url::encode_append(payload_json, &mut token);
        let signature = self.sign_bytes(token.as_bytes())?;
        token.push('.');
        base64url::encode_append(&signature, &mut token);
        if token.len() > MAX_TOKEN_BYTES {
            Err(SignError::TooLarge)
        } else {
            Ok(token)
        }
    }

    /// Signs any bytes and gives the detached signature in the form JWS uses (RFC 7518 section 3).
    ///
    /// # Errors
    /// [`SignError::Backend`] if the backend fails.
    pub fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let failed = |_| SignError::Backend;
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let encoding = rsa_encoding(self.algorithm()).ok_or(SignError::Backend)?;
                pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Pair::Es256(pair) => Ok(pair
                .sign(&SystemRandom::new(), message)
                .map_err(failed)?
                .as_ref()
                .to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(message).map_err(failed)?.as_ref().to_vec()),
        }
    }

    fn from_pair(pair: Pair, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let public = VerifyingKey::from_material(pair.public_material()?, algorithm)?;
        Ok(Self { pair, public })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// `kid` is not a string of 1 to 256 printable ASCII characters.
    #[error("`kid` must be 1 to 256 printable ASCII characters")]
    KidMalformed,
    /// The payload is not one JSON object without repeated members and at most 32 levels deep.
    #[error(
        "the payload must be one JSON object, without repeated members, at most 32 levels deep"
    )]
    PayloadMalformed,
    /// The token would be longer than [`crate::MAX_TOKEN_BYTES`].
    #[error("the token would be longer than 16 KiB and be refused; put less into it")]
    TooLarge,
    /// The crypto backend failed.
    #[error("the signature could not be made")]
    Backend,
}

impl SignError {
    /// The stable, machine-readable reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KidMalformed => "kid_malformed",
            Self::PayloadMalformed => "payload_malformed",
            Self::TooLarge => "token_too_large",
            Self::Backend => "sign_failed",
        }
    }
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Es256(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl Pair {
    fn public_material(&self) -> Result<PublicMaterial, KeyError> {
        match self {
            Self::Rsa(pair) => PublicMaterial::from_pkcs1(pair.public_key().as_ref()),
            Self::Es256(pair) => {
                let point = pair
                    .public_key()
                    .as_ref()
                    .strip_prefix(&[4])
                    .ok_or(KeyError::UnusablePrivateKey)?;
                let (x, y) = point
                    .split_at_checked(Curve::P256.field_bytes())
                    .ok_or(KeyError::UnusablePrivateKey)?;
                Ok(PublicMaterial::Ec {
                    curve: Curve::P256,
                    x: x.to_vec(),
                    y: y.to_vec(),
                })
            }
            Self::Ed25519(pair) => {
                let x = pair
                    .public_key()
                    .as_ref()
                    .try_into()
                    .map_err(|_| KeyError::UnusablePrivateKey)?;
                Ok(PublicMaterial::Ed25519 { x })
            }
        }
    }
}

#[derive(Serialize)]
struct HeaderJson<'a> {
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'a str>,
}

/// The backend's parsers each know one type; the first that takes the key decides.
fn pair_from_pkcs8(der: &[u8]) -> Result<Pair, KeyError> {
    if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
        return Ok(Pair::Rsa(Box::new(pair)));
    }
    if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
        return Ok(Pair::Es256(Box::new(pair)));
    }
    let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyError::UnusablePrivateKey)?;
    Ok(Pair::Ed25519(Box::new(pair)))
}

fn rsa_encoding(algorithm: Algorithm) -> Option<&'static RsaSignatureEncoding> {
    Some(match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_SHA512,
        Algorithm::PS256 => &RSA_PSS_SHA256,
        Algorithm::PS384 => &RSA_PSS_SHA384,
        Algorithm::PS512 => &RSA_PSS_SHA512,
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA => return None,
    })
}
