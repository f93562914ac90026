use std::borrow::Cow;

use serde::Serialize;

use super::error::KeyError;
use super::material::{Curve, PublicMaterial};
use crate::algorithm::Algorithm;
use crate::base64url;
use crate::json::{Flaw, elements, scan_object, string_value};
use crate::token::is_acceptable_kid;

/// Longest accepted JWK text, in bytes.
pub const MAX_JWK_BYTES: usize = 64 * 1024;

/// Most values in `key_ops`.
const MAX_KEY_OPS: usize = 16;

/// A public JSON Web Key (RFC 7517), not yet checked to be a usable one: see [`crate::VerifyingKey::from_jwk`].
///
/// Private and symmetric keys have no place in this type; [`Jwk::from_json`] refuses them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// `RSA`, `EC` or `OKP`.
    pub kty: String,
    /// What the key is for; `sig` if anything.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub use_: Option<String>,
    /// What may be done with the key; must include `verify` if present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// The algorithm that the key is pinned to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The name by which tokens refer to the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `P-256`, `P-384` or `Ed25519`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// RSA modulus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// RSA exponent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// First coordinate, or the Ed25519 public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Second coordinate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

impl Jwk {
    /// Reads JSON text of at most [`MAX_JWK_BYTES`]. Members that mean nothing here are skipped.
    ///
    /// # Errors
    /// Not a JSON object, a member twice, a member of the wrong type, or any private or symmetric member.
    pub fn from_json(text: &str) -> Result<Self, KeyError> {
        if text.len() > MAX_JWK_BYTES {
            return Err(KeyError::TooLarge);
        }
        let members = scan_object(text).map_err(|flaw| match flaw {
            Flaw::Syntax | Flaw::TooDeep => KeyError::MalformedJwk,
            Flaw::DuplicateMember => KeyError::DuplicateMember,
        })?;
        // Secrets first: whatever else is wrong, that one was handed out is what its owner must learn.
        for member in &members {
            match &*member.name(text) {
                "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" => {
                    return Err(KeyError::PrivateKeyGiven);
                }
                "k" => return Err(KeyError::SymmetricKey),
                "kty" if string_value(member.value(text)).is_some_and(|kty| kty == "oct") => {
                    return Err(KeyError::SymmetricKey);
                }
                _ => {}
            }
        }
        let mut jwk = Self::default();
        let mut kty = None;
        for member in &members {
            let value = member.value(text);
            match &*member.name(text) {
                "kty" => kty = Some(text_member("kty", value)?),
                "use" => jwk.use_ = Some(text_member("use", value)?),
                "key_ops" => jwk.key_ops = Some(key_ops(value)?),
                "alg" => jwk.alg = Some(text_member("alg", value)?),
                "kid" => {
                    jwk.kid = Some(
                        string_value(value)
                            .ok_or(KeyError::KidMalformed)?
                            .into_owned(),
                    )
                }
                "crv" => jwk.crv = Some(text_member("crv", value)?),
                "n" => jwk.n = Some(text_member("n", value)?),
                "e" => jwk.e = Some(text_member("e", value)?),
                "x" => jwk.x = Some(text_member("x", value)?),
                "y" => jwk.y = Some(text_member("y", value)?),
                _ => {}
            }
        }
        jwk.kty = kty.ok_or(KeyError::MissingMember { name: "kty" })?;
        Ok(jwk)
    }

    pub(super) fn publish(material: &PublicMaterial, algorithm: Algorithm, kid: String) -> Self {
        let mut jwk = Self {
            use_: Some("sig".to_owned()),
            alg: Some(algorithm.as_str().to_owned()),
            kid: Some(kid),
            ..Self::default()
        };
        match material {
            PublicMaterial::Rsa { n, e } => {
                jwk.kty = "RSA".to_owned();
                jwk.n = Some(base64url::encode(n));
                jwk.e = Some(base64url::encode(e));
            }
            PublicMaterial::Ec { curve, x, y } => {
                jwk.kty = "EC".to_owned();
                jwk.crv = Some(curve.name().to_owned());
                jwk.x = Some(base64url::encode(x));
                jwk.y = Some(base64url::encode(y));
            }
            PublicMaterial::Ed25519 { x } => {
                jwk.kty = "OKP".to_owned();
                jwk.crv = Some("Ed25519".to_owned());
                jwk.x = Some(base64url::encode(x));
            }
        }
        jwk
    }

    /// Whether `use`, `key_ops` and `kid` allow verifying with it.
    pub(super) fn check_purpose(&self) -> Result<(), KeyError> {
        if self.use_.as_deref().is_some_and(|purpose| purpose != "sig") {
            return Err(KeyError::NotForVerification);
        }
        if self
            .key_ops
            .as_ref()
            .is_some_and(|operations| !operations.iter().any(|operation| operation == "verify"))
        {
            return Err(KeyError::NotForVerification);
        }
        if self
            .kid
            .as_deref()
            .is_some_and(|kid| !is_acceptable_kid(kid))
        {
            return Err(KeyError::KidMalformed);
        }
        Ok(())
    }

    pub(super) fn declared_algorithm(&self) -> Result<Option<Algorithm>, KeyError> {
        self.alg
            .as_deref()
            .map(|name| Algorithm::parse(name).ok_or(KeyError::AlgUnsupported))
            .transpose()
    }

    pub(super) fn material(&self) -> Result<PublicMaterial, KeyError> {
        match self.kty.as_str() {
            "RSA" => Ok(PublicMaterial::Rsa {
                n: number("n", self.n.as_ref())?,
                e: number("e", self.e.as_ref())?,
            }),
            "EC" => {
                let curve = match required("crv", self.crv.as_ref())? {
                    "P-256" => Curve::P256,
                    "P-384" => Curve::P384,
                    _ => return Err(KeyError::UnsupportedCurve),
                };
                let (x, y) = (bytes("x", self.x.as_ref())?, bytes("y", self.y.as_ref())?);
                for (name, coordinate) in [("x", &x), ("y", &y)] {
                    if coordinate.len() != curve.field_bytes() {
                        return Err(KeyError::MalformedMember { name });
                    }
                }
                Ok(PublicMaterial::Ec { curve, x, y })
            }
            "OKP" => {
                if required("crv", self.crv.as_ref())? != "Ed25519" {
                    return Err(KeyError::UnsupportedCurve);
                }
                let x = bytes("x", self.x.as_ref())?
                    .try_into()
                    .map_err(|_| KeyError::MalformedMember { name: "x" })?;
                Ok(PublicMaterial::Ed25519 { x })
            }
            "oct" => Err(KeyError::SymmetricKey),
            _ => Err(KeyError::UnsupportedKeyType),
        }
    }
}

fn text_member(name: &'static str, value: &str) -> Result<String, KeyError> {
    string_value(value)
        .map(Cow::into_owned)
        .ok_or(KeyError::MalformedMember { name })
}

/// An array of different strings (RFC 7517 section 4.3).
fn key_ops(value: &str) -> Result<Vec<String>, KeyError> {
    const MALFORMED: KeyError = KeyError::MalformedMember { name: "key_ops" };
    let raw = elements(value, MAX_KEY_OPS).map_err(|_| MALFORMED)?;
    let operations: Vec<String> = raw
        .into_iter()
        .map(|value| text_member("key_ops", value))
        .collect::<Result<_, _>>()?;
    let repeats = operations.iter().enumerate().any(|(at, operation)| {
        operations
            .iter()
            .skip(at + 1)
            .any(|other| other == operation)
    });
    if repeats || operations.len() > MAX_KEY_OPS {
        Err(MALFORMED)
    } else {
        Ok(operations)
    }
}

fn required<'k>(name: &'static str, value: Option<&'k String>) -> Result<&'k str, KeyError> {
    value
        .map(String::as_str)
        .ok_or(KeyError::MissingMember { name })
}

fn bytes(name: &'static str, value: Option<&String>) -> Result<Vec<u8>, KeyError> {
    base64url::decode(required(name, value)?).map_err(|_| KeyError::MalformedMember { name })
}

/// A `Base64urlUInt` (RFC 7518 section 2): at least one byte, the first of them not zero.
fn number(name: &'static str, value: Option<&String>) -> Result<Vec<u8>, KeyError> {
    let digits = bytes(name, value)?;
    match digits.first() {
        None | Some(0) => Err(KeyError::MalformedMember { name }),
        Some(_) => Ok(digits),
    }
}
