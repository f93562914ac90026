use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha3::{Digest, Keccak256};

use super::super::MAX_SIGNATURE_TEXT;
use super::{EvmError, PublicKey};
use crate::hex;

/// How a signature for a contract that is not deployed yet ends (ERC-6492): this pair of bytes, 16 times.
const ERC_6492_END: [[u8; 2]; 16] = [[0x64, 0x92]; 16];

/// The hash that a wallet signs for a text (EIP-191, version `E`).
#[must_use]
pub fn personal_hash(message: &[u8]) -> [u8; 32] {
    let mut hash = Keccak256::new();
    hash.update(b"\x19Ethereum Signed Message:\n");
    hash.update(message.len().to_string());
    hash.update(message);
    hash.finalize().into()
}

/// The public key whose owner signed these bytes.
///
/// A signature always belongs to *some* key: compare [`PublicKey::address`] with the account in question, as
/// [`super::verify_by`] does.
///
/// # Errors
/// Why the text is no signature of an account with a key.
pub fn recover(message: &[u8], signature: &str) -> Result<PublicKey, EvmError> {
    let (signature, id) = read(signature)?;
    VerifyingKey::recover_from_prehash(&personal_hash(message), &signature, id)
        .ok()
        .and_then(|key| PublicKey::from_key(&key))
        .ok_or(EvmError::Unrecoverable)
}

fn read(text: &str) -> Result<(Signature, RecoveryId), EvmError> {
    if text.len() > MAX_SIGNATURE_TEXT {
        return Err(EvmError::NotHex);
    }
    let bytes = text
        .strip_prefix("0x")
        .and_then(hex::decode)
        .ok_or(EvmError::NotHex)?;
    if bytes.len() > 65 || bytes.ends_with(ERC_6492_END.as_flattened()) {
        return Err(EvmError::ContractWallet);
    }
    let bytes: [u8; 65] = bytes.try_into().map_err(|_| EvmError::Length)?;
    let [numbers @ .., v] = bytes;
    let is_odd = match v {
        0 | 27 => false,
        1 | 28 => true,
        _ => return Err(EvmError::RecoveryByte),
    };
    let signature = Signature::from_slice(&numbers).map_err(|_| EvmError::OutOfRange)?;
    if signature.normalize_s() != signature {
        return Err(EvmError::HighS);
    }
    Ok((signature, RecoveryId::new(is_odd, false)))
}
