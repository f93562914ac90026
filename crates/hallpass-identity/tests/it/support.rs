//! Three wallets that sign, and the exchange that each test disturbs in one place.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::{BASE64, HEXLOWER};
use hallpass_identity::Timestamp;
use hallpass_identity::wallet::{
    Chain, Expected, MessageFields, MessageTime, SignInMessage, cosmos, evm, solana,
};
use k256::ecdsa::signature::hazmat::PrehashSigner;
use k256::ecdsa::{RecoveryId, Signature, SigningKey};

/// 2026-11-22T10:00:00Z
pub const NOW: Timestamp = Timestamp::from_secs(1_795_341_600);
pub const SEED: [u8; 32] = {
    let mut seed = [0; 32];
    let mut at = 0;
    while at < 32 {
        seed[at] = at as u8 + 1;
        at += 1;
    }
    seed
};

/// What a wallet gives back; only Cosmos wallets give a key.
#[derive(Clone)]
pub struct Signed {
    pub signature: String,
    pub public_key: String,
}

pub fn address(chain: Chain) -> String {
    address_of(chain, &SEED)
}

pub fn address_of(chain: Chain, seed: &[u8; 32]) -> String {
    match chain {
        Chain::Ethereum => evm::PublicKey::parse(&key_hex(seed))
            .unwrap()
            .address()
            .to_string(),
        Chain::Solana => {
            let key = ed25519(seed).public_key().as_ref().try_into().unwrap();
            solana::Address::from_bytes(key).unwrap().to_string()
        }
        Chain::Cosmos => cosmos::Address::new("cosmos", &cosmos_key(seed))
            .unwrap()
            .to_string(),
    }
}

pub fn chain_id(chain: Chain) -> &'static str {
    match chain {
        Chain::Ethereum => "1",
        Chain::Solana => "mainnet",
        Chain::Cosmos => "cosmoshub-4",
    }
}

pub fn fields(chain: Chain) -> MessageFields {
    MessageFields {
        statement: Some("Sign in to the example app.".to_owned()),
        expiration_time: Some(MessageTime::new(NOW.plus_secs(600)).unwrap()),
        request_id: Some("session-1".to_owned()),
        ..MessageFields::required(
            chain,
            "app.example.com",
            &address(chain),
            "https://app.example.com/login",
            chain_id(chain),
            "k3yS0meN0nce42",
            MessageTime::new(NOW).unwrap(),
        )
    }
}

pub fn text(fields: MessageFields) -> String {
    SignInMessage::new(fields).unwrap().to_string()
}

pub fn sign(chain: Chain, text: &str) -> Signed {
    sign_as(chain, &SEED, text)
}

pub fn sign_as(chain: Chain, seed: &[u8; 32], text: &str) -> Signed {
    let signature = match chain {
        Chain::Ethereum => evm_signature(seed, text, 27),
        Chain::Solana => bs58::encode(ed25519(seed).sign(text.as_bytes())).into_string(),
        Chain::Cosmos => {
            let signer = cosmos::Address::parse(&address_of(chain, seed)).unwrap();
            cosmos_signature(seed, &cosmos::sign_document(&signer, text.as_bytes()))
        }
    };
    let public_key = key_hex(seed);
    Signed {
        signature,
        public_key,
    }
}

/// `base` is 27, or 0 for wallets that count from there.
pub fn evm_signature(seed: &[u8; 32], text: &str, base: u8) -> String {
    let hash = evm::personal_hash(text.as_bytes());
    let (signature, id): (Signature, RecoveryId) = secp256k1(seed).sign_prehash_recoverable(&hash);
    evm_text(&signature, id.to_byte() + base)
}

pub fn evm_text(signature: &Signature, v: u8) -> String {
    let mut bytes = signature.to_bytes().to_vec();
    bytes.push(v);
    format!("0x{}", HEXLOWER.encode(&bytes))
}

pub fn cosmos_signature(seed: &[u8; 32], document: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, document.as_bytes());
    let signature: Signature = secp256k1(seed).sign_prehash(hash.as_ref()).unwrap();
    BASE64.encode(&signature.normalize_s().to_bytes())
}

pub fn cosmos_key(seed: &[u8; 32]) -> cosmos::PublicKey {
    cosmos::PublicKey::parse(&key_hex(seed)).unwrap()
}

/// The compressed key.
pub fn key_hex(seed: &[u8; 32]) -> String {
    HEXLOWER.encode(
        secp256k1(seed)
            .verifying_key()
            .to_sec1_point(true)
            .as_bytes(),
    )
}

pub fn secp256k1(seed: &[u8; 32]) -> SigningKey {
    SigningKey::from_slice(seed).unwrap()
}

pub fn ed25519(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).unwrap()
}

/// The other signature of the same text: `n - s` instead of `s`.
pub fn mirrored(signature: &[u8]) -> Signature {
    let signature = Signature::from_slice(signature).unwrap();
    let (r, s) = signature.split_scalars();
    Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap()
}

/// Everything as it should be, to be changed in one place.
pub fn expected<'a>(address: &'a str, chain_ids: &'a [&'a str]) -> Expected<'a> {
    Expected {
        domain: "app.example.com",
        uri: "https://app.example.com/login",
        address,
        nonce: "k3yS0meN0nce42",
        chain_ids,
        session: "session-1",
        now: NOW.plus_secs(300),
    }
}

/// Verifies in the chain's own way; the error as its code.
pub fn verify(
    chain: Chain,
    text: &str,
    signed: &Signed,
    expected: &Expected<'_>,
) -> Result<(), &'static str> {
    let Signed {
        signature,
        public_key,
    } = signed;
    match chain {
        Chain::Ethereum => evm::verify(text, signature, expected)
            .map(drop)
            .map_err(|error| error.code()),
        Chain::Solana => solana::verify(text, signature, expected)
            .map(drop)
            .map_err(|error| error.code()),
        Chain::Cosmos => cosmos::verify(text, signature, public_key, expected)
            .map(drop)
            .map_err(|error| error.code()),
    }
}

/// The whole exchange with a message of these fields, signed by their owner.
pub fn attempt(
    fields: MessageFields,
    disturb: impl FnOnce(&mut Expected<'_>),
) -> Result<(), &'static str> {
    let chain = fields.chain;
    let text = text(fields);
    attempt_text(chain, &text, disturb)
}

/// The same with a text that no builder wrote.
pub fn attempt_text(
    chain: Chain,
    text: &str,
    disturb: impl FnOnce(&mut Expected<'_>),
) -> Result<(), &'static str> {
    let (address, ids) = (address(chain), [chain_id(chain)]);
    let mut expected = expected(&address, &ids);
    disturb(&mut expected);
    verify(chain, text, &sign(chain, text), &expected)
}
