use std::fmt;

use k256::ecdsa::VerifyingKey;
use sha3::{Digest, Keccak256};

use crate::hex;

/// Why a text is no address or public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `0x` and 40 hexadecimal digits, or no point of the curve.
    #[error("the address or public key is malformed")]
    Malformed,
    /// Digits of both cases that do not spell the EIP-55 checksum.
    #[error("the address does not carry its EIP-55 checksum")]
    Checksum,
}

impl AddressError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "address_malformed",
            Self::Checksum => "address_checksum",
        }
    }
}

/// An account's address. Written ([`fmt::Display`]) with its EIP-55 checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address([u8; 20]);

impl Address {
    /// Reads an address as clients send it: with its checksum, or without one in digits of a single case.
    ///
    /// # Errors
    /// Another shape, or digits of both cases that are not the checksum.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let digits = text.strip_prefix("0x").ok_or(AddressError::Malformed)?;
        let address = Self(hex::decode_array(digits).ok_or(AddressError::Malformed)?);
        let small = digits.bytes().any(|byte| byte.is_ascii_lowercase());
        let capital = digits.bytes().any(|byte| byte.is_ascii_uppercase());
        if small && capital && address.to_string() != text {
            return Err(AddressError::Checksum);
        }
        Ok(address)
    }

    /// Reads an address with its checksum, as it stands in messages.
    ///
    /// # Errors
    /// Another shape, or any other spelling than the one with the checksum.
    pub fn parse_checksummed(text: &str) -> Result<Self, AddressError> {
        let address = Self::parse(text)?;
        if address.to_string() != text {
            return Err(AddressError::Checksum);
        }
        Ok(address)
    }

    /// From its 20 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The spelling under which an account is kept: small digits, whatever the client wrote.
    #[must_use]
    pub fn account_key(&self) -> String {
        hex::encode(&self.0)
    }
}

impl fmt::Display for Address {
    /// A letter is capital where the Keccak-256 hash of the small digits has a high bit in its place.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let small = self.account_key();
        let digits = small.trim_start_matches("0x");
        let hash = Keccak256::digest(digits.as_bytes());
        let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
        out.write_str("0x")?;
        digits.chars().zip(nibbles).try_for_each(|(digit, nibble)| {
            let is_capital = nibble >= 8;
            write!(
                out,
                "{}",
                if is_capital {
                    digit.to_ascii_uppercase()
                } else {
                    digit
                }
            )
        })
    }
}

/// An account's public key: a point of secp256k1 other than infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 64]);

impl PublicKey {
    /// Reads a key in hexadecimal digits, `0x` in front or not: uncompressed (65 bytes, `04...`) or compressed (33 bytes).
    ///
    /// # Errors
    /// Another shape, or no point of the curve.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        // The curve's library reads more forms than these.
        let is_known = match digits.get(..2) {
            Some("04") => digits.len() == 130,
            Some("02" | "03") => digits.len() == 66,
            _ => false,
        };
        if !is_known {
            return Err(AddressError::Malformed);
        }
        hex::decode(digits)
            .and_then(|bytes| VerifyingKey::from_sec1_bytes(&bytes).ok())
            .and_then(|key| Self::from_key(&key))
            .ok_or(AddressError::Malformed)
    }

    pub(super) fn from_key(key: &VerifyingKey) -> Option<Self> {
        let point = key.to_sec1_point(false);
        let coordinates = point.as_bytes().strip_prefix(&[4])?;
        Some(Self(coordinates.try_into().ok()?))
    }

    /// The account that belongs to this key.
    #[must_use]
    pub fn address(&self) -> Address {
        let hash: [u8; 32] = Keccak256::digest(self.0).into();
        let mut address = [0; 20];
        for (to, from) in address.iter_mut().zip(hash.iter().skip(12)) {
            *to = *from;
        }
        Address(address)
    }

    /// `0x04` and both coordinates in small digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        let mut bytes = vec![4];
        bytes.extend_from_slice(&self.0);
        hex::encode(&bytes)
    }
}
