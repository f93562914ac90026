//! Ethereum accounts: EIP-55 addresses and `personal_sign` (EIP-191) over an EIP-4361 message.
//!
//! Accounts with a key of their own only. A contract wallet (ERC-1271, ERC-6492) can be asked on its chain alone, which
//! this server does not do: what can be told apart as such is answered with [`EvmError::ContractWallet`].

mod address;
mod error;
mod signature;

pub use address::{Address, AddressError, PublicKey};
pub use error::EvmError;
pub use signature::{personal_hash, recover};

use super::{Chain, Expected, SignInMessage};

/// Verifies that the expected account signed this very text, and that the text says what it must. Gives the account's
/// public key.
///
/// # Errors
/// What is wrong with the message, with what it says, or with the signature, in this order.
pub fn verify(text: &str, signature: &str, expected: &Expected<'_>) -> Result<PublicKey, EvmError> {
    let message = SignInMessage::parse(Chain::Ethereum, text)?;
    message.check(expected)?;
    let account = Address::parse_checksummed(&message.fields().address)?;
    verify_by(account, text.as_bytes(), signature)
}

/// Verifies that an account signed these bytes, whatever they say.
///
/// # Errors
/// What is wrong with the signature; [`EvmError::WrongSigner`] if it is another account's.
pub fn verify_by(account: Address, message: &[u8], signature: &str) -> Result<PublicKey, EvmError> {
    let signer = recover(message, signature)?;
    if signer.address() != account {
        return Err(EvmError::WrongSigner);
    }
    Ok(signer)
}
