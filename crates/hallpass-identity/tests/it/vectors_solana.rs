//! RFC 8032 and a signature that other software made.

use data_encoding::HEXLOWER;
use hallpass_identity::wallet::{Chain, Expected, SignInMessage, solana};

use crate::support::NOW;

#[test]
fn rfc_8032_section_7_1() {
    for (key, message, signature) in [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let bytes = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
        let account = solana::Address::from_bytes(bytes(key).try_into().unwrap()).unwrap();
        let signature = bs58::encode(bytes(signature)).into_string();
        let message = bytes(message);
        assert_eq!(solana::verify_by(account, &message, &signature), Ok(()));
        let longer = [&message[..], &[0]].concat();
        assert!(solana::verify_by(account, &longer, &signature).is_err());
        assert_eq!(solana::Address::parse(&account.to_string()), Ok(account));
    }
}

#[test]
fn a_signature_made_with_noble_curves() {
    // @noble/curves ed25519 over the UTF-8 bytes, seed 01 02 ... 20, base58 by @scure/base.
    let address = "9C6hybhQ6Aycep9jaUnP6uL9ZYvDjUp1aSkFWPUFJtpj";
    let text = "app.example.com wants you to sign in with your Solana account:\n9C6hybhQ6Aycep9jaUnP6uL9ZYvDjUp1aSkFWPUFJtpj\n\nSign in to the example app.\n\nURI: https://app.example.com/login\nVersion: 1\nChain ID: mainnet\nNonce: k3yS0meN0nce42\nIssued At: 2026-11-22T10:00:00.000Z\nExpiration Time: 2026-11-22T10:10:00.000Z\nRequest ID: session-1";
    let signature =
        "5wDSFLXcachCKWbJWXygHKNVdTBX2okLzxRUvToEQKSMc2Zy1CbrrbipduyjB3JVmCNWPLzWCHJUuXuHRL9bgXfu";
    let expected = Expected {
        domain: "app.example.com",
        uri: "https://app.example.com/login",
        address,
        nonce: "k3yS0meN0nce42",
        chain_ids: &["mainnet"],
        session: "session-1",
        now: NOW,
    };
    let account = solana::verify(text, signature, &expected).unwrap();
    assert_eq!(account.to_string(), address);
    assert_eq!(
        SignInMessage::parse(Chain::Solana, text)
            .unwrap()
            .to_string(),
        text
    );
    assert_eq!(crate::support::address(Chain::Solana), address);
}
