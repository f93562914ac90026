//! Solana accounts: the address is the Ed25519 public key (RFC 8032) in base58, and signs the message's bytes as they are.

use std::fmt;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

use super::{Chain, Expected, MessageError, SignInMessage, Unmet};

mod point;

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not the base58 text of 32 bytes.
    #[error("the address is not the base58 text of 32 bytes")]
    Malformed,
    /// The bytes are no usable public key: outside the field, or of small order, under which anybody can sign.
    #[error("the address is not a public key that can sign")]
    UnusableKey,
}

impl AddressError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "address_malformed",
            Self::UnusableKey => "address_unusable",
        }
    }
}

/// Why a Solana account's proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SolanaError {
    /// The text is no sign-in message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The message does not say what it must.
    #[error(transparent)]
    Unmet(#[from] Unmet),
    /// The address is malformed.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Not the base58 text of 64 bytes.
    #[error("the signature is not the base58 text of 64 bytes")]
    MalformedSignature,
    /// Another key signed, or another text was signed.
    #[error("the signature is not this account's signature of this text")]
    WrongSigner,
}

impl SolanaError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Message(error) => error.code(),
            Self::Unmet(error) => error.code(),
            Self::Address(error) => error.code(),
            Self::MalformedSignature => "signature_malformed",
            Self::WrongSigner => "wrong_signer",
        }
    }
}

/// An account's address, which is its public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address([u8; 32]);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Another shape, or a key with which no single person can sign. Addresses of programs pass: no signature fits them.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        Self::from_bytes(base58(text).ok_or(AddressError::Malformed)?)
    }

    /// From the public key's 32 bytes.
    ///
    /// # Errors
    /// A key with which no single person can sign.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, AddressError> {
        if !point::is_usable(&bytes) {
            return Err(AddressError::UnusableKey);
        }
        Ok(Self(bytes))
    }

    /// The public key's 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&bs58::encode(self.0).into_string())
    }
}

/// Verifies that the expected account signed this very text, and that the text says what it must.
///
/// # Errors
/// What is wrong with the message, with what it says, or with the signature, in this order.
pub fn verify(
    text: &str,
    signature: &str,
    expected: &Expected<'_>,
) -> Result<Address, SolanaError> {
    let message = SignInMessage::parse(Chain::Solana, text)?;
    message.check(expected)?;
    let account = Address::parse(&message.fields().address)?;
    verify_by(account, text.as_bytes(), signature)?;
    Ok(account)
}

/// Verifies that an account signed these bytes, whatever they say.
///
/// # Errors
/// What is wrong with the signature.
pub fn verify_by(account: Address, message: &[u8], signature: &str) -> Result<(), SolanaError> {
    let signature: [u8; 64] = base58(signature).ok_or(SolanaError::MalformedSignature)?;
    UnparsedPublicKey::new(&ED25519, &account.0)
        .verify(message, &signature)
        .map_err(|_| SolanaError::WrongSigner)
}

/// Reads exactly `N` bytes. Base58 has one spelling for each; its cost grows with the square of the length, hence the
/// bound before.
fn base58<const N: usize>(text: &str) -> Option<[u8; N]> {
    // 256 < 58^1.37: no text of N bytes is longer.
    if text.len() > (N * 11).div_ceil(8) {
        return None;
    }
    bs58::decode(text).into_vec().ok()?.try_into().ok()
}
