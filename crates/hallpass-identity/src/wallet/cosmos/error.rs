use super::super::{MessageError, Unmet};
use super::AddressError;

/// Why a Cosmos account's proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CosmosError {
    /// The text is no sign-in message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The message does not say what it must.
    #[error(transparent)]
    Unmet(#[from] Unmet),
    /// The address is malformed.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Not the hexadecimal digits of a compressed point of secp256k1.
    #[error("the public key is not a compressed secp256k1 key in hexadecimal digits")]
    MalformedKey,
    /// The key is another account's, or the chain derives addresses in another way.
    #[error("the address does not belong to the public key")]
    OtherKey,
    /// Not the base64 text of 64 bytes.
    #[error("the signature is not the base64 text of 64 bytes")]
    MalformedSignature,
    /// A number in it is zero or not below the order of the curve.
    #[error("a number in the signature is out of range")]
    OutOfRange,
    /// `s` is in the upper half: somebody mirrored the signature.
    #[error("the signature is not in its low-s form")]
    HighS,
    /// Another key signed, or another text was signed.
    #[error("the signature is not this account's signature of this text")]
    WrongSigner,
}

impl CosmosError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Message(error) => error.code(),
            Self::Unmet(error) => error.code(),
            Self::Address(error) => error.code(),
            Self::MalformedKey => "public_key_malformed",
            Self::OtherKey => "public_key_mismatch",
            Self::MalformedSignature => "signature_malformed",
            Self::OutOfRange => "signature_out_of_range",
            Self::HighS => "signature_high_s",
            Self::WrongSigner => "wrong_signer",
        }
    }
}
