//! Wallets that sign. Their keys are made at run time and never leave the test.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use data_encoding::{BASE64, HEXLOWER};
pub use hallpass_identity::wallet::Chain;
use hallpass_identity::wallet::{cosmos, evm, solana};
use k256::ecdsa::signature::hazmat::PrehashSigner as _;
use k256::ecdsa::{RecoveryId, Signature, SigningKey};

/// A wallet with one account.
pub struct TestWallet {
    chain: Chain,
    secp256k1: SigningKey,
    ed25519: Ed25519KeyPair,
}

impl TestWallet {
    /// A wallet that nobody has seen.
    #[must_use]
    pub fn new(chain: Chain) -> Self {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).expect("randomness");
        Self {
            chain,
            secp256k1: SigningKey::from_slice(&seed).expect("below the order of the curve"),
            ed25519: Ed25519KeyPair::from_seed_unchecked(&seed).expect("a key"),
        }
    }

    /// Its chain.
    #[must_use]
    pub fn chain(&self) -> Chain {
        self.chain
    }

    /// Its address: with a checksum on Ethereum, with the prefix `cosmos` on Cosmos.
    #[must_use]
    pub fn address(&self) -> String {
        match self.chain {
            Chain::Ethereum => {
                let key = evm::PublicKey::parse(&self.compressed()).expect("a key");
                key.address().to_string()
            }
            Chain::Solana => self.solana_address().to_string(),
            Chain::Cosmos => self.cosmos_address().to_string(),
        }
    }

    /// Its public key: uncompressed with `0x` on Ethereum, base58 on Solana, compressed on Cosmos.
    #[must_use]
    pub fn public_key(&self) -> String {
        match self.chain {
            Chain::Ethereum => {
                let key = evm::PublicKey::parse(&self.compressed()).expect("a key");
                key.to_hex()
            }
            Chain::Solana => self.solana_address().to_string(),
            Chain::Cosmos => self.compressed(),
        }
    }

    /// What such a wallet answers when a page asks it to sign a text.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        match self.chain {
            Chain::Ethereum => {
                let hash = evm::personal_hash(text.as_bytes());
                let (signature, id): (Signature, RecoveryId) =
                    self.secp256k1.sign_prehash_recoverable(&hash);
                let mut bytes = signature.to_bytes().to_vec();
                bytes.push(id.to_byte() + 27);
                format!("0x{}", HEXLOWER.encode(&bytes))
            }
            Chain::Solana => bs58::encode(self.ed25519.sign(text.as_bytes())).into_string(),
            Chain::Cosmos => {
                let document = cosmos::sign_document(&self.cosmos_address(), text.as_bytes());
                let hash =
                    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, document.as_bytes());
                let signature: Signature =
                    self.secp256k1.sign_prehash(hash.as_ref()).expect("signs");
                BASE64.encode(&signature.normalize_s().to_bytes())
            }
        }
    }

    fn compressed(&self) -> String {
        let point = self.secp256k1.verifying_key().to_sec1_point(true);
        HEXLOWER.encode(point.as_bytes())
    }

    fn solana_address(&self) -> solana::Address {
        let key = self.ed25519.public_key().as_ref().try_into();
        solana::Address::from_bytes(key.expect("32 bytes")).expect("an address")
    }

    fn cosmos_address(&self) -> cosmos::Address {
        let key = cosmos::PublicKey::parse(&self.compressed()).expect("a key");
        cosmos::Address::new("cosmos", &key).expect("an address")
    }
}
