use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};
use ripemd::{Digest, Ripemd160};

use crate::hex;

/// The longest address (BIP 173), in characters.
const MAX_ADDRESS_CHARS: usize = 90;

/// Why a text is no address or public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not small bech32 text, or its checksum does not fit.
    #[error("the address is not bech32 text, or its checksum does not fit")]
    Malformed,
    /// Not 20 bytes: modules and contracts have 32, and no key.
    #[error("the address is not one of an account with a key")]
    NotAnAccount,
}

impl AddressError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "address_malformed",
            Self::NotAnAccount => "address_not_an_account",
        }
    }
}

/// An account's address on the chain that its prefix names. Written ([`fmt::Display`]) as bech32.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    text: String,
    account_id: [u8; 20],
}

impl Address {
    /// Reads an address with any prefix.
    ///
    /// # Errors
    /// Another shape, capital letters, a checksum that does not fit, or something that is no account.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > MAX_ADDRESS_CHARS {
            return Err(AddressError::Malformed);
        }
        let read = CheckedHrpstring::new::<Bech32>(text).map_err(|_| AddressError::Malformed)?;
        let bytes: Vec<u8> = read.byte_iter().collect();
        let account_id = bytes.try_into().map_err(|_| AddressError::NotAnAccount)?;
        let address = Self::encode(read.hrp(), account_id).ok_or(AddressError::Malformed)?;
        // Capital letters, and stray bits in the last group, come back in another spelling.
        if address.text != text {
            return Err(AddressError::Malformed);
        }
        Ok(address)
    }

    /// The address of a key on the chain with this prefix.
    ///
    /// # Errors
    /// A prefix that bech32 does not allow, or one with capital letters.
    pub fn new(prefix: &str, key: &PublicKey) -> Result<Self, AddressError> {
        if prefix.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(AddressError::Malformed);
        }
        Hrp::parse(prefix)
            .ok()
            .and_then(|prefix| Self::encode(prefix, key.account_id()))
            .ok_or(AddressError::Malformed)
    }

    fn encode(prefix: Hrp, account_id: [u8; 20]) -> Option<Self> {
        let text = bech32::encode_lower::<Bech32>(prefix, &account_id).ok()?;
        (text.len() <= MAX_ADDRESS_CHARS).then_some(Self { text, account_id })
    }

    /// What stands before the last `1`: the chain's prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.text.rsplit_once('1').map_or("", |(prefix, _)| prefix)
    }

    /// The 20 bytes that are the same on every chain.
    #[must_use]
    pub const fn account_id(&self) -> &[u8; 20] {
        &self.account_id
    }

    /// `0x` and the 20 bytes in small digits, the form in which some clients name the account.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(&self.account_id)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// A compressed secp256k1 key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    compressed: [u8; 33],
}

impl PublicKey {
    /// Reads 66 hexadecimal digits, `0x` in front or not.
    ///
    /// # Errors
    /// Another shape, or no point of the curve.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        // The curve's library reads more forms than the two that wallets use.
        let is_compressed = digits.starts_with("02") || digits.starts_with("03");
        if !is_compressed {
            return Err(AddressError::Malformed);
        }
        let compressed = hex::decode_array(digits).ok_or(AddressError::Malformed)?;
        let key =
            VerifyingKey::from_sec1_bytes(&compressed).map_err(|_| AddressError::Malformed)?;
        Ok(Self { key, compressed })
    }

    /// RIPEMD-160 of SHA-256 of the compressed key.
    #[must_use]
    pub fn account_id(&self) -> [u8; 20] {
        Ripemd160::digest(digest(&SHA256, &self.compressed)).into()
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        let hash = digest(&SHA256, message);
        self.key.verify_prehash(hash.as_ref(), signature).is_ok()
    }
}
