//! What the signature check itself accepts and should not: encodings outside the field, and points of small order, under
//! which some signatures fit every message. (Its text of zeros is the address of Solana's system program.)

/// `2^255 - 19`, little-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xFF; 32];
    prime[0] = 0xED;
    prime[31] = 0x7F;
    prime
};

/// The `y` of the points of order 8, little-endian. The other points of small order have 0, 1 and -1.
const ORDER_8: [[u8; 32]; 2] = [
    [
        0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98,
        0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53,
        0xFC, 0x05,
    ],
    [
        0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67,
        0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC,
        0x03, 0x7A,
    ],
];

/// Whether the `y` of this encoding lies in the field and is not one of small order.
pub(super) fn is_usable(key: &[u8; 32]) -> bool {
    let mut y = *key;
    // The top bit is the sign of the other coordinate.
    if let Some(last) = y.last_mut() {
        *last &= 0x7F;
    }
    let is_in_field = y.iter().rev().lt(PRIME.iter().rev());
    is_in_field && !has_small_order(&y)
}

fn has_small_order(y: &[u8; 32]) -> bool {
    let [first, rest @ ..] = y;
    let zero_or_one = *first <= 1 && rest.iter().all(|byte| *byte == 0);
    let minus_one = *first == 0xEC && rest.iter().eq(PRIME.iter().skip(1));
    zero_or_one || minus_one || ORDER_8.contains(y)
}
