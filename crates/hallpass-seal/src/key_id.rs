use std::fmt;

use data_encoding::HEXLOWER;

use crate::digest::sha256;

const LABEL: &[u8] = b"hallpass-seal key id";

/// The public name of a [`MasterKey`](crate::MasterKey): 8 bytes of a digest, written as 16 hexadecimal digits.
///
/// It is no secret: it stands in front of every sealed value and may be logged. It says nothing about a random key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; Self::BYTES]);

impl KeyId {
    /// Bytes of an id.
    pub const BYTES: usize = 8;

    /// The id that stands in a sealed value (its bytes 1 to 8) or in a database column.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// As it stands in a sealed value.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The first bytes of SHA-256(label || key).
    pub(crate) fn of(key: &[u8; 32]) -> Self {
        let mut id = [0; Self::BYTES];
        for (to, from) in id.iter_mut().zip(sha256(&[LABEL, key])) {
            *to = from;
        }
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({self})")
    }
}
