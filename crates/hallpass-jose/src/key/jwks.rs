use std::collections::HashSet;

use super::error::KeyError;
use super::jwk::Jwk;
use super::{MAX_JWK_BYTES, VerifyingKey};
use crate::json::{Flaw, elements, scan_object, string_value};
use crate::token::is_acceptable_kid;

/// Longest accepted JWKS text, in bytes.
pub const MAX_JWKS_BYTES: usize = 512 * 1024;
/// Most keys in a set.
pub const MAX_JWKS_KEYS: usize = 100;

/// The usable keys of a JWK Set (RFC 7517 section 5).
#[derive(Clone, Debug, Default)]
pub struct JwkSet {
    keys: Vec<JwkSetKey>,
    skipped: Vec<SkippedKey>,
}

/// One usable key of a set.
#[derive(Clone, Debug)]
pub struct JwkSetKey {
    kid: Option<String>,
    declares_algorithm: bool,
    key: VerifyingKey,
}

/// A key of the set that cannot verify tokens here: encryption keys, unknown types, weak keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its `kid`, if it has an acceptable one.
    pub kid: Option<String>,
    /// Why it was left out.
    pub reason: KeyError,
}

impl JwkSet {
    /// Reads JSON text of at most [`MAX_JWKS_BYTES`] with at most [`MAX_JWKS_KEYS`] keys.
    ///
    /// Keys that are not meant for verifying, not supported or not fit are left out and listed in [`Self::skipped`].
    ///
    /// # Errors
    /// The set as a whole is not to be trusted: malformed, repeated members or `kid`s, too many keys, or one that is
    /// private or symmetric.
    pub fn from_json(text: &str) -> Result<Self, JwksError> {
        if text.len() > MAX_JWKS_BYTES {
            return Err(JwksError::TooLarge);
        }
        let members = scan_object(text)?;
        let keys = members
            .iter()
            .find(|member| member.name(text) == "keys")
            .ok_or(JwksError::NoKeys)?;
        let keys = elements(keys.value(text), MAX_JWKS_KEYS)?;
        if keys.len() > MAX_JWKS_KEYS {
            return Err(JwksError::TooManyKeys);
        }
        let mut set = Self::default();
        let mut kids = HashSet::new();
        for text in keys {
            let kid = find_kid(text)?;
            if let Some(kid) = &kid
                && !kids.insert(kid.clone())
            {
                return Err(JwksError::DuplicateKid);
            }
            set.add(text, kid)?;
        }
        Ok(set)
    }

    /// The usable keys, in the set's order.
    #[must_use]
    pub fn keys(&self) -> &[JwkSetKey] {
        &self.keys
    }

    /// The usable key of this name.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&JwkSetKey> {
        self.keys.iter().find(|key| key.kid() == Some(kid))
    }

    /// What was left out, and why.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    fn add(&mut self, text: &str, kid: Option<String>) -> Result<(), JwksError> {
        let read = Jwk::from_json(text).and_then(|jwk| Ok((VerifyingKey::from_jwk(&jwk)?, jwk)));
        match read {
            Ok((key, jwk)) => self.keys.push(JwkSetKey {
                kid: jwk.kid,
                declares_algorithm: jwk.alg.is_some(),
                key,
            }),
            Err(KeyError::PrivateKeyGiven) => return Err(JwksError::PrivateKeyGiven),
            Err(KeyError::SymmetricKey) => return Err(JwksError::SymmetricKey),
            Err(KeyError::DuplicateMember) => return Err(JwksError::DuplicateMember),
            Err(reason) => self.skipped.push(SkippedKey {
                kid: kid.filter(|kid| is_acceptable_kid(kid)),
                reason,
            }),
        }
        Ok(())
    }
}

impl JwkSetKey {
    /// The name by which tokens refer to it.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether the JWK itself names its algorithm; if not, the key has the default of its type.
    #[must_use]
    pub fn declares_algorithm(&self) -> bool {
        self.declares_algorithm
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }
}

/// Why a JWK Set is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// Longer than [`MAX_JWKS_BYTES`].
    #[error("the key set is longer than 512 KiB")]
    TooLarge,
    /// Not JSON of the right shape.
    #[error("the key set is not a JSON object with an array of objects in `keys`")]
    Malformed,
    /// A member occurs twice in one object.
    #[error("a member occurs twice in one object of the key set")]
    DuplicateMember,
    /// There is no member `keys`.
    #[error("the key set has no member `keys`; is this the address of a JWKS document?")]
    NoKeys,
    /// More than [`MAX_JWKS_KEYS`] keys.
    #[error("the key set holds more than 100 keys")]
    TooManyKeys,
    /// Two keys have the same `kid`.
    #[error("two keys of the set have the same `kid`")]
    DuplicateKid,
    /// One of the keys carries its private half.
    #[error("the key set publishes a private key; its owner must replace that key")]
    PrivateKeyGiven,
    /// One of the keys is a shared secret.
    #[error("the key set publishes a shared secret; only public keys belong there")]
    SymmetricKey,
}

impl JwksError {
    /// The stable, machine-readable reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "jwks_too_large",
            Self::Malformed => "jwks_malformed",
            Self::DuplicateMember => "duplicate_member",
            Self::NoKeys => "jwks_no_keys",
            Self::TooManyKeys => "jwks_too_many_keys",
            Self::DuplicateKid => "jwks_duplicate_kid",
            Self::PrivateKeyGiven => "private_key_given",
            Self::SymmetricKey => "symmetric_key",
        }
    }
}

impl From<Flaw> for JwksError {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Syntax | Flaw::TooDeep => Self::Malformed,
            Flaw::DuplicateMember => Self::DuplicateMember,
        }
    }
}

/// The `kid` of one element, usable key or not; also refuses elements that are no objects or too long for a key.
fn find_kid(text: &str) -> Result<Option<String>, JwksError> {
    if text.len() > MAX_JWK_BYTES {
        return Err(JwksError::TooLarge);
    }
    let members = scan_object(text)?;
    let kid = members.iter().find(|member| member.name(text) == "kid");
    Ok(kid
        .and_then(|member| string_value(member.value(text)))
        .map(|kid| kid.into_owned()))
}
