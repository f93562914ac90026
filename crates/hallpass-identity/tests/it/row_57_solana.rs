//! Row 57, Solana's equivalents: base58, the malleable half of a signature, keys that are nobody's.

use hallpass_identity::wallet::solana::{self, AddressError, SolanaError};
use hallpass_identity::wallet::{Chain, MessageError, SignInMessage};

use crate::support::{address, chain_id, expected, fields, sign, text};

fn verify(signature: &str) -> Result<(), SolanaError> {
    let (address, ids) = (address(Chain::Solana), [chain_id(Chain::Solana)]);
    let text = text(fields(Chain::Solana));
    solana::verify(&text, signature, &expected(&address, &ids)).map(drop)
}

fn signature_bytes() -> Vec<u8> {
    let signature = sign(Chain::Solana, &text(fields(Chain::Solana))).signature;
    bs58::decode(signature).into_vec().unwrap()
}

fn base58(bytes: &[u8]) -> String {
    bs58::encode(bytes).into_string()
}

#[test]
fn row_57_solana_bad_address() {
    let good = address(Chain::Solana);
    for spelling in [
        String::new(),
        good[3..].to_owned(),
        format!("1{good}"),
        format!("{good} "),
        good.replace(&good[..1], "0"),
        good.replace(&good[..1], "l"),
        base58(&[9; 31]),
        base58(&[9; 33]),
        "z".repeat(100_000),
        address(Chain::Ethereum),
    ] {
        assert_eq!(
            solana::Address::parse(&spelling),
            Err(AddressError::Malformed)
        );
        let mut spoilt = fields(Chain::Solana);
        spoilt.address = spelling;
        let error = SignInMessage::new(spoilt).unwrap_err();
        assert_eq!(error.code(), "message_field_malformed");
        assert_ne!(error, MessageError::Checksum);
    }
}

#[test]
fn row_57_solana_keys_with_which_anybody_signs() {
    // y = 0 (the system program's address), 1, -1 and the two of order 8, with both signs of x; then y = p and p + 1,
    // which are 0 and 1 again.
    let mut minus_one = [0xFF; 32];
    (minus_one[0], minus_one[31]) = (0xEC, 0x7F);
    let (mut prime, mut prime_and_one) = (minus_one, minus_one);
    prime[0] = 0xED;
    prime_and_one[0] = 0xEE;
    let mut one = [0; 32];
    one[0] = 1;
    let order_8 = [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    let order_8 = order_8.map(|text| {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        <[u8; 32]>::try_from(bytes).unwrap()
    });
    for y in [
        [0; 32],
        one,
        minus_one,
        prime,
        prime_and_one,
        order_8[0],
        order_8[1],
    ] {
        let mut other_sign = y;
        other_sign[31] |= 0x80;
        for key in [y, other_sign] {
            assert_eq!(
                solana::Address::from_bytes(key),
                Err(AddressError::UnusableKey)
            );
            assert_eq!(
                solana::Address::parse(&base58(&key)),
                Err(AddressError::UnusableKey)
            );
        }
    }
    assert_eq!(base58(&[0; 32]), "1".repeat(32));
}

#[test]
fn row_57_solana_high_s() {
    // s + L is the same number to the curve; RFC 8032 section 5.1.7 refuses it.
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let order = data_encoding::HEXLOWER.decode(order.as_bytes()).unwrap();
    let mut bytes = signature_bytes();
    let mut carry = 0;
    for (byte, add) in bytes[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xFF).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert_eq!(verify(&base58(&bytes)), Err(SolanaError::WrongSigner));
}

#[test]
fn row_57_solana_each_bit_of_the_signature_counts() {
    let good = signature_bytes();
    assert_eq!(verify(&base58(&good)), Ok(()));
    for bit in 0..512 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify(&base58(&bytes)), Err(SolanaError::WrongSigner));
    }
}

#[test]
fn row_57_solana_signatures_of_another_shape() {
    let bytes = signature_bytes();
    let good = base58(&bytes);
    for text in [
        String::new(),
        good[3..].to_owned(),
        format!("1{good}"),
        format!("{good}\n"),
        good.replace(&good[..1], "O"),
        data_encoding::BASE64.encode(&bytes),
        data_encoding::HEXLOWER.encode(&bytes),
        "z".repeat(100_000),
    ] {
        assert_eq!(
            verify(&text),
            Err(SolanaError::MalformedSignature),
            "{text:.20}"
        );
    }
}

#[test]
fn row_57_solana_a_programs_address_signs_nothing() {
    // The token program: a valid spelling, and a point for which nobody holds the key.
    let program = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
    let mut fields = fields(Chain::Solana);
    fields.address = program.to_owned();
    let text = text(fields);
    let signature = sign(Chain::Solana, &text).signature;
    let ids = [chain_id(Chain::Solana)];
    let error = solana::verify(&text, &signature, &expected(program, &ids)).unwrap_err();
    assert_eq!(error, SolanaError::WrongSigner);
}
