//! Cosmos accounts: bech32 addresses of secp256k1 keys, and signatures over an ADR-36 document that wraps the message.
//!
//! Chains that derive addresses in Ethereum's way (such as Injective) are not supported: their addresses do not follow
//! from the key as here, and are refused as another account's.

mod address;
mod document;
mod error;

pub use address::{Address, AddressError, PublicKey};
pub use document::sign_document;
pub use error::CosmosError;

use data_encoding::BASE64;
use k256::ecdsa::Signature;

use super::{Chain, Expected, SignInMessage};

/// Verifies that the expected account signed this very text, and that the text says what it must.
///
/// `signature` is base64 of 64 bytes, `public_key` the compressed key in hexadecimal digits, as wallets' `signArbitrary`
/// gives them; [`Expected::address`] is the bech32 one.
///
/// # Errors
/// What is wrong with the message, with what it says, with the key, or with the signature, in this order.
pub fn verify(
    text: &str,
    signature: &str,
    public_key: &str,
    expected: &Expected<'_>,
) -> Result<Address, CosmosError> {
    let message = SignInMessage::parse(Chain::Cosmos, text)?;
    message.check(expected)?;
    let account = Address::parse(&message.fields().address)?;
    verify_by(&account, text.as_bytes(), signature, public_key)?;
    Ok(account)
}

/// Verifies that an account signed these bytes, whatever they say.
///
/// # Errors
/// What is wrong with the key or the signature.
pub fn verify_by(
    account: &Address,
    message: &[u8],
    signature: &str,
    public_key: &str,
) -> Result<(), CosmosError> {
    let key = PublicKey::parse(public_key).map_err(|_| CosmosError::MalformedKey)?;
    if key.account_id() != *account.account_id() {
        return Err(CosmosError::OtherKey);
    }
    let signature = read(signature)?;
    let document = sign_document(account, message);
    if key.verifies(document.as_bytes(), &signature) {
        Ok(())
    } else {
        Err(CosmosError::WrongSigner)
    }
}

fn read(text: &str) -> Result<Signature, CosmosError> {
    // 64 bytes take 88 characters.
    if text.len() != 88 {
        return Err(CosmosError::MalformedSignature);
    }
    let bytes = BASE64.decode(text.as_bytes());
    let bytes = bytes.map_err(|_| CosmosError::MalformedSignature)?;
    if bytes.len() != 64 {
        return Err(CosmosError::MalformedSignature);
    }
    let signature = Signature::from_slice(&bytes).map_err(|_| CosmosError::OutOfRange)?;
    if signature.normalize_s() != signature {
        return Err(CosmosError::HighS);
    }
    Ok(signature)
}
