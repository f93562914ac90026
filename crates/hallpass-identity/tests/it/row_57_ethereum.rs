//! Row 57, what only Ethereum has: checksummed addresses, recovery bytes, contract wallets.

use data_encoding::HEXLOWER;
use hallpass_identity::wallet::evm::{self, EvmError};
use hallpass_identity::wallet::{Chain, MAX_SIGNATURE_TEXT, MessageError, SignInMessage};

use crate::support::{SEED, address, attempt_text, chain_id, evm_signature, evm_text, expected};
use crate::support::{fields, mirrored, sign, text};

fn verify(signature: &str) -> Result<(), EvmError> {
    let (address, ids) = (address(Chain::Ethereum), [chain_id(Chain::Ethereum)]);
    let text = text(fields(Chain::Ethereum));
    evm::verify(&text, signature, &expected(&address, &ids)).map(drop)
}

fn signature_bytes() -> Vec<u8> {
    let signature = sign(Chain::Ethereum, &text(fields(Chain::Ethereum))).signature;
    HEXLOWER.decode(&signature.as_bytes()[2..]).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", HEXLOWER.encode(bytes))
}

#[test]
fn row_57_bad_checksum_in_the_message() {
    let good = address(Chain::Ethereum);
    let letter = good.rfind(|c: char| c.is_ascii_alphabetic()).unwrap();
    let mut bytes = good.clone().into_bytes();
    bytes[letter] ^= 0x20;
    let flipped = String::from_utf8(bytes).unwrap();
    let capital = format!("0x{}", good[2..].to_ascii_uppercase());
    for spelling in [flipped, good.to_ascii_lowercase(), capital] {
        let mut spoilt = fields(Chain::Ethereum);
        spoilt.address = spelling.clone();
        assert_eq!(SignInMessage::new(spoilt), Err(MessageError::Checksum));
        let text = text(fields(Chain::Ethereum)).replace(&good, &spelling);
        let result = attempt_text(Chain::Ethereum, &text, |_| ());
        assert_eq!(result, Err("address_checksum"), "{spelling}");
    }
}

#[test]
fn row_57_bad_checksum_of_the_account() {
    let good = address(Chain::Ethereum);
    let letter = good.rfind(|c: char| c.is_ascii_alphabetic()).unwrap();
    let mut bytes = good.clone().into_bytes();
    bytes[letter] ^= 0x20;
    let flipped = String::from_utf8(bytes).unwrap();
    assert_eq!(
        evm::Address::parse(&flipped),
        Err(evm::AddressError::Checksum)
    );
    assert_eq!(Chain::Ethereum.account_key(&flipped), None);
    let small = good.to_ascii_lowercase();
    for spelling in [&good, &small] {
        assert_eq!(Chain::Ethereum.account_key(spelling), Some(small.clone()));
    }
}

#[test]
fn row_57_the_account_may_be_expected_without_checksum() {
    let text = text(fields(Chain::Ethereum));
    let (address, ids) = (address(Chain::Ethereum), [chain_id(Chain::Ethereum)]);
    let small = address.to_ascii_lowercase();
    let signature = sign(Chain::Ethereum, &text).signature;
    let key = evm::verify(&text, &signature, &expected(&small, &ids)).unwrap();
    assert_eq!(key.address().to_string(), address);
    assert!(key.to_hex().starts_with("0x04"));
}

#[test]
fn row_57_high_s() {
    let bytes = signature_bytes();
    let high = mirrored(&bytes[..64]);
    for v in [bytes[64], if bytes[64] == 27 { 28 } else { 27 }] {
        assert_eq!(verify(&evm_text(&high, v)), Err(EvmError::HighS));
    }
}

#[test]
fn row_57_recovery_byte_outside_27_28_0_1() {
    let mut bytes = signature_bytes();
    for v in (0..=255).filter(|v| ![0, 1, 27, 28].contains(v)) {
        bytes[64] = v;
        assert_eq!(verify(&hex(&bytes)), Err(EvmError::RecoveryByte), "v = {v}");
    }
}

#[test]
fn row_57_recovery_bytes_27_28_0_1() {
    let text = text(fields(Chain::Ethereum));
    assert_eq!(verify(&evm_signature(&SEED, &text, 27)), Ok(()));
    assert_eq!(verify(&evm_signature(&SEED, &text, 0)), Ok(()));
    let mut bytes = signature_bytes();
    bytes[64] = if signature_bytes()[64] == 27 { 28 } else { 27 };
    assert_eq!(
        verify(&hex(&bytes)),
        Err(EvmError::WrongSigner),
        "the other parity"
    );
}

#[test]
fn row_57_numbers_out_of_range() {
    let order = HEXLOWER
        .decode(b"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
        .unwrap();
    for number in [vec![0; 32], order, vec![0xFF; 32]] {
        for at in [0, 32] {
            let mut bytes = signature_bytes();
            bytes[at..at + 32].copy_from_slice(&number);
            assert_eq!(verify(&hex(&bytes)), Err(EvmError::OutOfRange));
        }
    }
}

#[test]
fn row_57_contract_wallets_are_told_apart() {
    let mut wrapped = vec![0; 31];
    wrapped.extend([0x64, 0x92].repeat(16));
    let two_owners = [signature_bytes(), signature_bytes()].concat();
    let mut wrapped_long = signature_bytes();
    wrapped_long.extend([0x64, 0x92].repeat(16));
    for bytes in [
        wrapped,
        two_owners,
        wrapped_long,
        vec![1; 66],
        vec![0; 4096],
    ] {
        let error = verify(&hex(&bytes)).unwrap_err();
        assert_eq!(error, EvmError::ContractWallet);
        assert_eq!(error.code(), "contract_wallet_unsupported");
        assert!(error.to_string().contains("ERC-1271"));
    }
}

#[test]
fn row_57_a_contracts_owner_is_not_the_contract() {
    // A contract's address, signed for by one of its owners: 65 bytes like any other, but of another account.
    let contract = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2";
    let mut fields = fields(Chain::Ethereum);
    fields.address = contract.to_owned();
    let text = text(fields);
    let signature = sign(Chain::Ethereum, &text).signature;
    let ids = [chain_id(Chain::Ethereum)];
    let error = evm::verify(&text, &signature, &expected(contract, &ids)).unwrap_err();
    assert_eq!(error, EvmError::WrongSigner);
    assert!(error.to_string().contains("ERC-1271"));
}

#[test]
fn row_57_signatures_of_another_shape() {
    let good = sign(Chain::Ethereum, &text(fields(Chain::Ethereum))).signature;
    assert_eq!(verify(&good), Ok(()));
    assert_eq!(
        verify(&good.to_ascii_uppercase().replace("0X", "0x")),
        Ok(())
    );
    for text in [
        String::new(),
        good[2..].to_owned(),
        format!("0X{}", &good[2..]),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{good}0"),
        good.replace('0', "g"),
        format!("0x{}", "00".repeat(MAX_SIGNATURE_TEXT)),
    ] {
        assert_eq!(verify(&text), Err(EvmError::NotHex));
    }
    let compact = &good[..130];
    for text in ["0x", compact] {
        assert_eq!(verify(text), Err(EvmError::Length));
    }
}

#[test]
fn row_57_no_error_repeats_the_signature() {
    let good = sign(Chain::Ethereum, &text(fields(Chain::Ethereum))).signature;
    for text in [&good[2..], &good[..130], &format!("{good}00")] {
        let error = verify(text).unwrap_err();
        let shown = format!("{error} {error:?} {}", error.code());
        assert!(!shown.contains(&good[10..20]));
    }
}
