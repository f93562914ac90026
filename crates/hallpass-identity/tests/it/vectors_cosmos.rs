//! ADR-36 documents and signatures that other software made, and bech32 of several chains.

use hallpass_identity::wallet::{Chain, Expected, SignInMessage, cosmos};

use crate::support::{NOW, SEED, cosmos_key};

// All by @cosmjs/amino with the private key 01 02 ... 20: `Secp256k1Wallet`, `serializeSignDoc`, `signAmino`.
const ADDRESS: &str = "cosmos1tp7fhly84qm6q4hhzmp0nh5frtdugmysu2r4sf";
const KEY: &str = "0284bf7562262bbd6940085748f3be6afa52ae317155181ece31b66351ccffa4b0";
const TEXT: &str = "app.example.com wants you to sign in with your Cosmos account:\ncosmos1tp7fhly84qm6q4hhzmp0nh5frtdugmysu2r4sf\n\nSign in to the example app.\n\nURI: https://app.example.com/login\nVersion: 1\nChain ID: cosmoshub-4\nNonce: k3yS0meN0nce42\nIssued At: 2026-11-22T10:00:00.000Z\nExpiration Time: 2026-11-22T10:10:00.000Z\nRequest ID: session-1";
const SIGNATURE: &str =
    "cv3806hfN2gRhBnFapgixs1YhW8c67bN3rjly2NjrJRSWmHMtHQBhdTtXM0Xfv7D/kTmm72jhoIlR8kRfeyAeg==";

#[test]
fn adr_36_a_message_signed_with_cosmjs() {
    let expected = Expected {
        domain: "app.example.com",
        uri: "https://app.example.com/login",
        address: ADDRESS,
        nonce: "k3yS0meN0nce42",
        chain_ids: &["cosmoshub-4"],
        session: "session-1",
        now: NOW,
    };
    let account = cosmos::verify(TEXT, SIGNATURE, KEY, &expected).unwrap();
    assert_eq!(account.to_string(), ADDRESS);
    assert_eq!(account.prefix(), "cosmos");
    assert_eq!(
        account.to_hex(),
        "0x587c9bfc87a837a056f716c2f9de891adbc46c90"
    );
    assert_eq!(
        SignInMessage::parse(Chain::Cosmos, TEXT)
            .unwrap()
            .to_string(),
        TEXT
    );
}

#[test]
fn adr_36_the_document_is_amino_json() {
    let signer = cosmos::Address::parse(ADDRESS).unwrap();
    assert_eq!(
        cosmos::sign_document(&signer, b"hello <world> & \"you\""),
        r#"{"account_number":"0","chain_id":"","fee":{"amount":[],"gas":"0"},"memo":"","msgs":[{"type":"sign/MsgSignData","value":{"data":"aGVsbG8gPHdvcmxkPiAmICJ5b3Ui","signer":"cosmos1tp7fhly84qm6q4hhzmp0nh5frtdugmysu2r4sf"}}],"sequence":"0"}"#
    );
    let document = cosmos::sign_document(&signer, TEXT.as_bytes());
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, document.as_bytes());
    assert_eq!(
        data_encoding::HEXLOWER.encode(hash.as_ref()),
        "a1b56baeec358a836f23a1bf78205dd3a6d15ecef72659d5a60c701c148a49dd"
    );
}

#[test]
fn addresses_of_one_key_on_several_chains() {
    for (prefix, address) in [
        ("cosmos", ADDRESS),
        ("osmo", "osmo1tp7fhly84qm6q4hhzmp0nh5frtdugmys53s9xm"),
        ("juno", "juno1tp7fhly84qm6q4hhzmp0nh5frtdugmys2cqwh4"),
    ] {
        let made = cosmos::Address::new(prefix, &cosmos_key(&SEED)).unwrap();
        assert_eq!(made.to_string(), address);
        assert_eq!(cosmos::Address::parse(address), Ok(made));
    }
    assert_eq!(cosmos::PublicKey::parse(KEY), Ok(cosmos_key(&SEED)));
    for prefix in [
        "",
        "Cosmos",
        "co smos",
        "c\u{f6}smos",
        &"c".repeat(84),
        &"c".repeat(60),
    ] {
        assert!(
            cosmos::Address::new(prefix, &cosmos_key(&SEED)).is_err(),
            "{prefix}"
        );
    }
}

#[test]
fn bip_173_texts_that_are_no_bech32() {
    for text in [
        "pzry9x0s0muk",
        "1pzry9x0s0muk",
        "x1b4n0q5v",
        "li1dgmt3",
        "A1G7SGD8",
        "10a06t8",
        "1qzzfhee",
        "a12UEL5L",
    ] {
        let result = cosmos::Address::parse(text);
        assert_eq!(result, Err(cosmos::AddressError::Malformed), "{text}");
    }
}
