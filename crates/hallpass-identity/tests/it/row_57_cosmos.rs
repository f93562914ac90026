//! Row 57, the Cosmos equivalents: bech32, the key beside the signature, what the document binds.

use data_encoding::{BASE64, HEXLOWER};
use hallpass_identity::wallet::cosmos::{self, AddressError, CosmosError};
use hallpass_identity::wallet::{Chain, SignInMessage};

use crate::support::{SEED, address, address_of, chain_id, cosmos_key, cosmos_signature, expected};
use crate::support::{Signed, fields, mirrored, secp256k1, sign, sign_as, text};

fn verify(signed: &Signed) -> Result<(), CosmosError> {
    let (address, ids) = (address(Chain::Cosmos), [chain_id(Chain::Cosmos)]);
    let text = text(fields(Chain::Cosmos));
    cosmos::verify(
        &text,
        &signed.signature,
        &signed.public_key,
        &expected(&address, &ids),
    )
    .map(drop)
}

fn good() -> Signed {
    sign(Chain::Cosmos, &text(fields(Chain::Cosmos)))
}

fn with_signature(signature: String) -> Signed {
    Signed {
        signature,
        ..good()
    }
}

#[test]
fn row_57_cosmos_bad_address() {
    let good = address(Chain::Cosmos);
    let last = if good.ends_with('q') { "p" } else { "q" };
    for spelling in [
        String::new(),
        format!("{}{last}", &good[..good.len() - 1]),
        good.replace("cosmos1", "osmo1"),
        good.to_ascii_uppercase(),
        good.replace("cosmos1", "Cosmos1"),
        format!("{good} "),
        format!("{good}q"),
        // Bech32m, the other checksum (BIP 350).
        "a1lqfn3a".to_owned(),
        "q".repeat(100_000),
    ] {
        assert_eq!(
            cosmos::Address::parse(&spelling),
            Err(AddressError::Malformed),
            "{spelling:.60}"
        );
        let mut spoilt = fields(Chain::Cosmos);
        spoilt.address = spelling;
        let error = SignInMessage::new(spoilt).unwrap_err();
        assert_eq!(error.code(), "message_field_malformed");
    }
    let hrp = bech32::Hrp::parse("cosmos").unwrap();
    let module = bech32::encode::<bech32::Bech32>(hrp, &[5; 32]).unwrap();
    assert_eq!(
        cosmos::Address::parse(&module),
        Err(AddressError::NotAnAccount)
    );
}

#[test]
fn row_57_cosmos_the_prefix_belongs_to_the_account() {
    let osmosis = cosmos::Address::new("osmo", &cosmos_key(&SEED)).unwrap();
    let mut fields = fields(Chain::Cosmos);
    fields.address = osmosis.to_string();
    let text = text(fields);
    let (address, ids) = (address(Chain::Cosmos), [chain_id(Chain::Cosmos)]);
    let signed = sign(Chain::Cosmos, &text);
    let result = cosmos::verify(
        &text,
        &signed.signature,
        &signed.public_key,
        &expected(&address, &ids),
    );
    assert_eq!(result.unwrap_err().code(), "wrong_address");
}

#[test]
fn row_57_cosmos_the_document_names_the_signer() {
    // The right key over a document with the same account's name on another chain.
    let other = cosmos::Address::new("osmo", &cosmos_key(&SEED)).unwrap();
    let text = text(fields(Chain::Cosmos));
    let document = cosmos::sign_document(&other, text.as_bytes());
    let result = verify(&with_signature(cosmos_signature(&SEED, &document)));
    assert_eq!(result, Err(CosmosError::WrongSigner));
}

#[test]
fn row_57_cosmos_only_a_wrapped_message_counts() {
    // A wallet's signature over the bare text could be one over a transaction.
    let bare = cosmos_signature(&SEED, &text(fields(Chain::Cosmos)));
    assert_eq!(verify(&with_signature(bare)), Err(CosmosError::WrongSigner));
}

#[test]
fn row_57_cosmos_somebody_elses_key() {
    let text = text(fields(Chain::Cosmos));
    let stranger = sign_as(Chain::Cosmos, &[7; 32], &text);
    assert_ne!(address_of(Chain::Cosmos, &[7; 32]), address(Chain::Cosmos));
    assert_eq!(verify(&stranger), Err(CosmosError::OtherKey));
    let mixed = Signed {
        public_key: good().public_key,
        ..stranger
    };
    assert_eq!(verify(&mixed), Err(CosmosError::WrongSigner));
}

#[test]
fn row_57_cosmos_keys_of_another_shape() {
    let key = good().public_key;
    let whole = secp256k1(&SEED).verifying_key().to_sec1_point(false);
    for public_key in [
        String::new(),
        key[2..].to_owned(),
        format!("{key}00"),
        format!("05{}", &key[2..]),
        format!("02{}", "ff".repeat(32)),
        format!(" {key}"),
        HEXLOWER.encode(whole.as_bytes()),
        BASE64.encode(&HEXLOWER.decode(key.as_bytes()).unwrap()),
        "0".repeat(100_000),
    ] {
        let signed = Signed {
            public_key,
            ..good()
        };
        assert_eq!(verify(&signed), Err(CosmosError::MalformedKey));
    }
    let signed = Signed {
        public_key: format!("0x{}", key.to_ascii_uppercase()),
        ..good()
    };
    assert_eq!(verify(&signed), Ok(()));
}

#[test]
fn row_57_cosmos_high_s() {
    let bytes = BASE64.decode(good().signature.as_bytes()).unwrap();
    let high = BASE64.encode(&mirrored(&bytes).to_bytes());
    assert_eq!(verify(&with_signature(high)), Err(CosmosError::HighS));
}

#[test]
fn row_57_cosmos_numbers_out_of_range() {
    for (at, value) in [(0, 0x00), (32, 0x00), (0, 0xFF), (32, 0xFF)] {
        let mut bytes = BASE64.decode(good().signature.as_bytes()).unwrap();
        bytes[at..at + 32].fill(value);
        let result = verify(&with_signature(BASE64.encode(&bytes)));
        assert_eq!(result, Err(CosmosError::OutOfRange));
    }
}

#[test]
fn row_57_cosmos_signatures_of_another_shape() {
    let text = good().signature;
    let bytes = BASE64.decode(text.as_bytes()).unwrap();
    for signature in [
        String::new(),
        text[..86].to_owned(),
        text.replace("==", "=A"),
        format!("{}B==", &text[..85]),
        format!("{text}\n"),
        HEXLOWER.encode(&bytes),
        BASE64.encode(&bytes[..63]),
        BASE64.encode(&[&bytes[..], &[0]].concat()),
        BASE64.encode(&[&bytes[..], &[0, 0]].concat()),
        "A".repeat(100_000),
    ] {
        let result = verify(&with_signature(signature.clone()));
        assert_eq!(
            result,
            Err(CosmosError::MalformedSignature),
            "{signature:.100}"
        );
    }
}
