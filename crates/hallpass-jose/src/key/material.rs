//! A public key as plain numbers: the common ground of PEM and JWK.

use super::error::KeyError;
use super::{der, rsa};
use crate::algorithm::Algorithm;
use crate::base64url;

const OID_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const OID_EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const OID_P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const OID_P384: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];
const OID_ED25519: &[u8] = &[0x2B, 0x65, 0x70];

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum PublicMaterial {
    /// Big-endian, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// Big-endian, as long as the field.
    Ec {
        curve: Curve,
        x: Vec<u8>,
        y: Vec<u8>,
    },
    /// The encoding of RFC 8032.
    Ed25519 { x: [u8; 32] },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
}

impl Curve {
    pub(crate) fn field_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    /// The `crv` of RFC 7518 section 6.2.1.1.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => OID_P256,
            Self::P384 => OID_P384,
        }
    }
}

impl PublicMaterial {
    /// Reads a `SubjectPublicKeyInfo`, canonical DER only.
    pub(crate) fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        if der::looks_private(spki) {
            return Err(KeyError::PrivateKeyGiven);
        }
        let material = read_spki(spki).ok_or(KeyError::MalformedDer)??;
        // One key, one spelling: what does not come out as it went in was not canonical.
        if material.to_spki() == spki {
            Ok(material)
        } else {
            Err(KeyError::MalformedDer)
        }
    }

    /// Reads an `RSAPublicKey`, canonical DER only.
    pub(crate) fn from_pkcs1(pkcs1: &[u8]) -> Result<Self, KeyError> {
        if der::looks_private(pkcs1) {
            return Err(KeyError::PrivateKeyGiven);
        }
        read_pkcs1(pkcs1).ok_or(KeyError::MalformedDer)
    }

    /// Refuses weak keys; that a point lies on its curve is the backend's check.
    pub(crate) fn check(&self) -> Result<(), KeyError> {
        match self {
            Self::Rsa { n, e } => rsa::check(n, e),
            Self::Ec { .. } => Ok(()),
            Self::Ed25519 { x } => super::ed25519::check(x),
        }
    }

    pub(crate) fn default_algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::RS256,
            Self::Ec {
                curve: Curve::P256, ..
            } => Algorithm::ES256,
            Self::Ec {
                curve: Curve::P384, ..
            } => Algorithm::ES384,
            Self::Ed25519 { .. } => Algorithm::EdDSA,
        }
    }

    pub(crate) fn bits(&self) -> u32 {
        match self {
            Self::Rsa { n, .. } => rsa::bit_length(n),
            Self::Ec {
                curve: Curve::P256, ..
            }
            | Self::Ed25519 { .. } => 256,
            Self::Ec {
                curve: Curve::P384, ..
            } => 384,
        }
    }

    pub(crate) fn to_spki(&self) -> Vec<u8> {
        let (algorithm, key) = match self {
            Self::Rsa { n, e } => {
                let numbers = [der::write_positive(n), der::write_positive(e)].concat();
                (
                    [&*der::write(der::OID, OID_RSA), der::NULL].concat(),
                    der::write(der::SEQUENCE, &numbers),
                )
            }
            Self::Ec { curve, x, y } => {
                let oids = [
                    der::write(der::OID, OID_EC),
                    der::write(der::OID, curve.oid()),
                ]
                .concat();
                (oids, [&[4], &**x, &**y].concat())
            }
            Self::Ed25519 { x } => (der::write(der::OID, OID_ED25519), x.to_vec()),
        };
        let bits = der::write(der::BIT_STRING, &[&[0], &*key].concat());
        der::write(
            der::SEQUENCE,
            &[der::write(der::SEQUENCE, &algorithm), bits].concat(),
        )
    }

    /// What RFC 7638 section 3 hashes: the required members in order, no white space.
    pub(crate) fn thumbprint_input(&self) -> String {
        match self {
            Self::Rsa { n, e } => {
                format!(
                    r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                    base64url::encode(e),
                    base64url::encode(n)
                )
            }
            Self::Ec { curve, x, y } => {
                let (x, y) = (base64url::encode(x), base64url::encode(y));
                format!(
                    r#"{{"crv":"{}","kty":"EC","x":"{x}","y":"{y}"}}"#,
                    curve.name()
                )
            }
            Self::Ed25519 { x } => format!(
                r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
                base64url::encode(x)
            ),
        }
    }
}

/// `None`: not this structure. `Some(Err(_))`: the structure of a key that is not supported.
fn read_spki(spki: &[u8]) -> Option<Result<PublicMaterial, KeyError>> {
    let content = der::read_all(spki, der::SEQUENCE)?;
    let (algorithm, rest) = der::read(content, der::SEQUENCE)?;
    let key = der::read_all(rest, der::BIT_STRING)?.strip_prefix(&[0])?;
    let (oid, parameters) = der::read(algorithm, der::OID)?;
    Some(match oid {
        OID_RSA => Ok(read_pkcs1(key)?),
        OID_EC => {
            let curve = match der::read_all(parameters, der::OID)? {
                OID_P256 => Curve::P256,
                OID_P384 => Curve::P384,
                _ => return Some(Err(KeyError::UnsupportedCurve)),
            };
            let (x, y) = key
                .strip_prefix(&[4])?
                .split_at_checked(curve.field_bytes())?;
            (y.len() == x.len()).then_some(())?;
            Ok(PublicMaterial::Ec {
                curve,
                x: x.to_vec(),
                y: y.to_vec(),
            })
        }
        OID_ED25519 => Ok(PublicMaterial::Ed25519 {
            x: key.try_into().ok()?,
        }),
        _ => Err(KeyError::UnsupportedKeyType),
    })
}

fn read_pkcs1(pkcs1: &[u8]) -> Option<PublicMaterial> {
    let numbers = der::read_all(pkcs1, der::SEQUENCE)?;
    let (n, rest) = der::read_positive(numbers)?;
    let (e, rest) = der::read_positive(rest)?;
    rest.is_empty().then(|| PublicMaterial::Rsa {
        n: n.to_vec(),
        e: e.to_vec(),
    })
}
