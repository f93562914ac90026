//! The bytes of a sealed value: `version (1) || key id (8) || nonce (24) || ciphertext || tag (16)`.

use std::fmt;

use crate::aead::{NONCE_BYTES, TAG_BYTES};
use crate::error::OpenError;
use crate::key_id::KeyId;

/// The longest text that is sealed: 1 MiB.
pub const MAX_PLAINTEXT_BYTES: usize = 1 << 20;

/// How much longer a sealed value is than its text. Its length tells the text's length; pad what must not tell.
pub const SEALED_OVERHEAD_BYTES: usize = 1 + KeyId::BYTES + NONCE_BYTES + TAG_BYTES;

/// The only format there is so far.
pub(crate) const VERSION: u8 = 1;

/// A sealed value, fit to be stored where anyone may read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    key: KeyId,
    bytes: Vec<u8>,
}

impl Sealed {
    /// The key that it was sealed with.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key
    }

    /// What to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What to store, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// `bytes` begins with the header that [`Sealed::header`] wrote.
    pub(crate) fn from_parts(key: KeyId, bytes: Vec<u8>) -> Self {
        Self { key, bytes }
    }

    /// The beginning of a value with room for a text of `text_bytes`, so that filling it never moves the text.
    pub(crate) fn header(key: KeyId, nonce: &[u8; NONCE_BYTES], text_bytes: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SEALED_OVERHEAD_BYTES + text_bytes);
        bytes.push(VERSION);
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(nonce);
        bytes
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sealed")
            .field("key", &self.key)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// The key that a stored value was sealed with, as its header says.
///
/// Proves nothing about the rest of the value.
///
/// # Errors
///
/// [`OpenError::UnknownVersion`] and [`OpenError::Damaged`], as far as the header shows it.
pub fn key_id_of(sealed: &[u8]) -> Result<KeyId, OpenError> {
    UnverifiedSealed::parse(sealed).map(|sealed| sealed.key)
}

/// A stored value taken apart. Nothing of it is authenticated yet.
pub(crate) struct UnverifiedSealed<'a> {
    pub(crate) key: KeyId,
    pub(crate) nonce: &'a [u8; NONCE_BYTES],
    pub(crate) ciphertext: &'a [u8],
    pub(crate) tag: &'a [u8; TAG_BYTES],
}

impl<'a> UnverifiedSealed<'a> {
    pub(crate) fn parse(sealed: &'a [u8]) -> Result<Self, OpenError> {
        // The version first: another one may have another shape.
        let (version, rest) = sealed.split_first().ok_or(OpenError::Damaged)?;
        if *version != VERSION {
            return Err(OpenError::UnknownVersion(*version));
        }
        if sealed.len() > SEALED_OVERHEAD_BYTES + MAX_PLAINTEXT_BYTES {
            return Err(OpenError::Damaged);
        }
        Self::split(rest).ok_or(OpenError::Damaged)
    }

    fn split(rest: &'a [u8]) -> Option<Self> {
        let (key, rest) = rest.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (ciphertext, tag) = rest.split_last_chunk()?;
        Some(Self {
            key: KeyId::from_bytes(*key),
            nonce,
            ciphertext,
            tag,
        })
    }
}
