use super::super::{MessageError, Unmet};
use super::AddressError;

/// Why an Ethereum account's proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvmError {
    /// The text is no sign-in message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The message does not say what it must.
    #[error(transparent)]
    Unmet(#[from] Unmet),
    /// The address, or the key, is malformed.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Not `0x` and an even number of hexadecimal digits, or longer than anything sensible.
    #[error("the signature is not hexadecimal text that begins with 0x")]
    NotHex,
    /// Fewer than 65 bytes; the compact form of EIP-2098 is not taken.
    #[error("the signature is shorter than 65 bytes")]
    Length,
    /// More than 65 bytes, or wrapped as ERC-6492: only a contract signs so.
    #[error(
        "signatures of contract wallets (ERC-1271, ERC-6492) are not supported; sign with an account that has its own key"
    )]
    ContractWallet,
    /// The last byte is none of 27, 28, 0 and 1.
    #[error("the recovery byte of the signature is none of 27, 28, 0 and 1")]
    RecoveryByte,
    /// `r` or `s` is zero or not below the order of the curve.
    #[error("a number in the signature is out of range")]
    OutOfRange,
    /// `s` is in the upper half: somebody mirrored the signature (EIP-2).
    #[error("the signature is not in its low-s form")]
    HighS,
    /// There is no key that could have made it.
    #[error("the signature belongs to no key")]
    Unrecoverable,
    /// Another account signed, or another text was signed.
    #[error(
        "the signature is not this account's signature of this text (contract wallets, ERC-1271, are not supported)"
    )]
    WrongSigner,
}

impl EvmError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Message(error) => error.code(),
            Self::Unmet(error) => error.code(),
            Self::Address(error) => error.code(),
            Self::NotHex => "signature_not_hex",
            Self::Length => "signature_length",
            Self::ContractWallet => "contract_wallet_unsupported",
            Self::RecoveryByte => "signature_recovery_byte",
            Self::OutOfRange => "signature_out_of_range",
            Self::HighS => "signature_high_s",
            Self::Unrecoverable => "signature_unrecoverable",
            Self::WrongSigner => "wrong_signer",
        }
    }
}
