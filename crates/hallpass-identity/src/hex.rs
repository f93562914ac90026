//! Hexadecimal text of the wallets' world: `0x` in front, either case of digits.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

/// Reads digits of either case; `None` for an odd number of them or anything else.
pub(crate) fn decode(digits: &str) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()
}

/// Reads exactly `N` bytes.
pub(crate) fn decode_array<const N: usize>(digits: &str) -> Option<[u8; N]> {
    if digits.len() != N.saturating_mul(2) {
        return None;
    }
    decode(digits)?.try_into().ok()
}

/// `0x` and small digits.
pub(crate) fn encode(bytes: &[u8]) -> String {
    format!("0x{}", HEXLOWER.encode(bytes))
}
