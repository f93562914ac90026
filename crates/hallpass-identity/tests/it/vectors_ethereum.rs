//! Published vectors, and signatures that other software made.

use hallpass_identity::wallet::evm::{self, Address, AddressError};
use hallpass_identity::wallet::{Chain, Expected, SignInMessage};

use crate::support::NOW;

#[test]
fn eip_55_test_cases() {
    for text in [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ] {
        let address = Address::parse_checksummed(text).unwrap();
        assert_eq!(address.to_string(), text);
        let capital = format!("0x{}", text[2..].to_ascii_uppercase());
        for spelling in [text.to_ascii_lowercase(), capital] {
            assert_eq!(Address::parse(&spelling), Ok(address));
            assert_eq!(address.account_key(), text.to_ascii_lowercase());
            let canonical = Chain::Ethereum.canonical_address(&spelling);
            assert_eq!(canonical.as_deref(), Some(text));
        }
    }
}

#[test]
fn eip_55_every_other_mixture_of_cases_is_refused() {
    let text = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    for at in 2..text.len() {
        let mut bytes = text.as_bytes().to_vec();
        if bytes[at].is_ascii_alphabetic() {
            bytes[at] ^= 0x20;
            let flipped = String::from_utf8(bytes).unwrap();
            assert_eq!(Address::parse(&flipped), Err(AddressError::Checksum));
        }
    }
}

#[test]
fn eip_191_the_example_of_web3_js() {
    // From the documentation of web3.eth.accounts: hash and signature of "Some data".
    let hash = data_encoding::HEXLOWER.encode(&evm::personal_hash(b"Some data"));
    assert_eq!(
        hash,
        "1da44b586eb0729ff70a73c326926f6ed5a25f5b056e7f47fbc6e58d86871655"
    );
    let signature = "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c";
    let key = evm::recover(b"Some data", signature).unwrap();
    assert_eq!(
        key.address().to_string(),
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
    );
}

#[test]
fn eip_191_the_length_is_in_bytes() {
    // Made with viem by the first account of the phrase "test test ... junk", over text with two- and three-byte letters.
    let signature = "0xf2afe32ff15b05e50358409f1b81e5c0df806af0262e60dd22bfc33af17d83463432b436ec900d08f9f735a86c3c410b3b8edb626d9b3f3a7e4343848953a4f81b";
    let key = evm::recover("Gr\u{fc}\u{df}e, \u{4e16}\u{754c}".as_bytes(), signature).unwrap();
    assert_eq!(
        key.address().to_string(),
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    );
    assert_eq!(
        key.to_hex(),
        "0x048318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed753547f11ca8696646f2f3acb08e31016afac23e630c5d11f59f61fef57b0d2aa5"
    );
    assert_eq!(evm::PublicKey::parse(&key.to_hex()), Ok(key));
}

#[test]
fn eip_4361_a_message_and_signature_made_with_viem() {
    let text = "app.example.com:8443 wants you to sign in with your Ethereum account:\n0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n\nSign in to the example app.\n\nURI: https://app.example.com:8443/login\nVersion: 1\nChain ID: 137\nNonce: k3yS0meN0nce42\nIssued At: 2026-11-22T10:00:00.000Z\nExpiration Time: 2026-11-22T10:10:00.000Z\nNot Before: 2026-11-22T09:59:00.000Z\nRequest ID: 0199a8b0-0000-7000-8000-000000000001\nResources:\n- https://app.example.com/terms\n- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/";
    let signature = "0x668365211bbf02fd1ba285095b3b4a4db30eebe4233bb8c6b95bd921720f53df3c44eab2b936027737b24689db89f52de4bcc2a43d33a08cba2177f7c2f79da91c";
    let expected = Expected {
        domain: "app.example.com:8443",
        uri: "https://app.example.com:8443/login",
        address: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        nonce: "k3yS0meN0nce42",
        chain_ids: &["1", "137"],
        session: "0199a8b0-0000-7000-8000-000000000001",
        now: NOW,
    };
    let key = evm::verify(text, signature, &expected).unwrap();
    assert_eq!(key.address().account_key(), expected.address);
    assert_eq!(
        SignInMessage::parse(Chain::Ethereum, text)
            .unwrap()
            .to_string(),
        text
    );
}

#[test]
fn eip_4361_signatures_from_the_siwe_test_suite() {
    // spruceid/siwe, test/verification_positive.json; the last one counts its recovery byte from 0.
    for (domain, address, statement, uri, nonce, times, signature) in [
        (
            "login.xyz",
            "0x9D85ca56217D2bb651b00f15e694EB7E713637D4",
            "Sign-In With Ethereum Example Statement",
            "https://login.xyz",
            "bTyXgcQxn2htgkjJn",
            "2022-01-27T17:09:38.578Z\nExpiration Time: 2100-01-07T14:31:43.952Z",
            "0xdc35c7f8ba2720df052e0092556456127f00f7707eaa8e3bbff7e56774e7f2e05a093cfc9e02964c33d86e8e066e221b7d153d27e5a2e97ccd5ca7d3f2ce06cb1b",
        ),
        (
            "login.xyz",
            "0xE6D3Aa1F561A215E5eb1f02Ba8705385F03fCaFB",
            "Sign-In With Ethereum Example Statement",
            "https://login.xyz",
            "lx2nx4so",
            "2022-01-05T14:27:30.883Z\nNot Before: 2100-01-07T14:31:43.952Z",
            "0xc2539ace78f13c7eb8c0852d38d269a6f97bebd9f7872097d2e3137b541f8bf50176062a46eeea83086bd2721423fb5755a932ff6ccc046ed482d14e4576042f1c",
        ),
        (
            "www.tally.xyz",
            "0xc95EB884FE852e241D409234bfC7045CB9E31BD7",
            "Sign in with Ethereum to Tally",
            "https://tally.xyz",
            "15050747",
            "2022-06-30T14:08:51.382Z",
            "0x8c46b6eb8505939892d8e9b075f89f8277321b17b993151f37810cdda38cce6f4a85909d2b53e6a14629c74c0ac38bf4becde78ee5b2529812bf6cceaf7b2a2501",
        ),
    ] {
        let text = format!(
            "{domain} wants you to sign in with your Ethereum account:\n{address}\n\n{statement}\n\nURI: {uri}\nVersion: 1\nChain ID: 1\nNonce: {nonce}\nIssued At: {times}"
        );
        let message = SignInMessage::parse(Chain::Ethereum, &text).unwrap();
        let account = Address::parse_checksummed(&message.fields().address).unwrap();
        assert!(
            evm::verify_by(account, text.as_bytes(), signature).is_ok(),
            "{nonce}"
        );
    }
}

#[test]
fn public_keys_in_both_forms() {
    let whole = "0x048318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed753547f11ca8696646f2f3acb08e31016afac23e630c5d11f59f61fef57b0d2aa5";
    let key = evm::PublicKey::parse(whole).unwrap();
    let compressed = format!("03{}", &whole[4..68]);
    assert_eq!(evm::PublicKey::parse(&compressed), Ok(key));
    let off_curve = format!("{}4", &whole[..whole.len() - 1]);
    for text in [
        "",
        "0x",
        "00",
        &whole[..130],
        &off_curve,
        &format!("0x06{}", &whole[4..]),
        &format!("05{}", &whole[4..68]),
    ] {
        assert_eq!(
            evm::PublicKey::parse(text),
            Err(AddressError::Malformed),
            "{text}"
        );
    }
}
