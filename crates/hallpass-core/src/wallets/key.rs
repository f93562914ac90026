//! A public key that somebody hands in, and the address that follows from it.

use hallpass_identity::wallet::{evm, solana};
use hallpass_model::{Error, Result, WalletType};

/// Characters of the longest text that is looked at.
const KEY_TEXT_BYTES: usize = 256;

/// A public key, its address, and the spelling under which the address is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WalletKey {
    pub(crate) chain: WalletType,
    /// `0x04...` on EVM, base58 on Solana.
    pub(crate) public_key: String,
    pub(crate) address: String,
    pub(crate) account_key: String,
}

impl WalletKey {
    /// Reads a public key.
    ///
    /// # Errors
    /// `private_key_given`, `invalid_public_key`, `wallet_type_unsupported`. What was given is never repeated.
    pub(crate) fn parse(chain: WalletType, text: &str) -> Result<Self> {
        refuse_private(text, "/public_key")?;
        if text.len() > KEY_TEXT_BYTES {
            return Err(invalid(chain));
        }
        match chain {
            WalletType::Evm => {
                let key = evm::PublicKey::parse(text).map_err(|_| invalid(chain))?;
                Ok(Self {
                    chain,
                    public_key: key.to_hex(),
                    address: key.address().to_string(),
                    account_key: key.address().account_key(),
                })
            }
            WalletType::Solana => {
                let address = solana::Address::parse(text).map_err(|_| invalid(chain))?;
                Ok(Self {
                    chain,
                    public_key: address.to_string(),
                    address: address.to_string(),
                    account_key: address.to_string(),
                })
            }
            WalletType::Cosmos => Err(Error::unprocessable(
                "wallet_type_unsupported",
                "keys of EVM and SOLANA wallets can be registered; Cosmos wallets sign in as external ones",
            )
            .at("/type")),
        }
    }

    /// Whether the key's holder signed these bytes.
    ///
    /// # Errors
    /// 401 with the code of what is wrong.
    pub(crate) fn verify(&self, message: &str, signature: &str) -> Result<()> {
        match self.chain {
            WalletType::Evm => {
                let account = evm::Address::parse(&self.address).map_err(Error::internal)?;
                evm::verify_by(account, message.as_bytes(), signature)
                    .map(drop)
                    .map_err(|error| Error::unauthenticated(error.code(), error.to_string()))
            }
            WalletType::Solana => {
                let account = solana::Address::parse(&self.address).map_err(Error::internal)?;
                solana::verify_by(account, message.as_bytes(), signature)
                    .map_err(|error| Error::unauthenticated(error.code(), error.to_string()))
            }
            WalletType::Cosmos => Err(Error::internal("no Cosmos key is registered")),
        }
    }
}

/// Refuses what looks like a private half or a recovery phrase: whoever sends one here has to hear it, and to make a new
/// key. It is neither kept nor repeated.
///
/// A seed of 32 bytes in base58 cannot be told from a Solana address. It is no point of the curve half of the time, and
/// the proof of possession fails for the rest.
pub(crate) fn refuse_private(text: &str, pointer: &str) -> Result<()> {
    if !looks_private(text) {
        return Ok(());
    }
    Err(Error::unprocessable(
        "private_key_given",
        "this looks like a private key or a recovery phrase; it was not kept, but it has left its place: make a new one, and send the public key only",
    )
    .at(pointer))
}

fn looks_private(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_alphanumeric = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let has_start = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
    let words = text.split_ascii_whitespace();
    let are_words = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b' ')
    };
    text.contains("PRIVATE KEY")
        // The byte list of a key file, a JWK.
        || has_start(&["[", "{", "xprv", "yprv", "zprv", "tprv"])
        // 32 bytes are a scalar or a seed, 64 a seed with its public key.
        || (is_hex && matches!(digits.len(), 64 | 128))
        || (is_alphanumeric && matches!(text.len(), 86..=88) && !is_hex)
        // Bitcoin's wallet import format.
        || (is_alphanumeric && matches!(text.len(), 51 | 52) && has_start(&["5", "K", "L", "9", "c"]))
        || (matches!(words.count(), 12 | 15 | 18 | 21 | 24) && are_words(text))
}

fn invalid(chain: WalletType) -> Error {
    let advice = match chain {
        WalletType::Solana => {
            "the public key of a SOLANA wallet is 32 bytes in base58, the same text as its address"
        }
        _ => {
            "the public key of an EVM wallet is 65 bytes (04...) or 33 bytes (02... or 03...) in hexadecimal digits, a point of secp256k1"
        }
    };
    Error::unprocessable("invalid_public_key", advice).at("/public_key")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public key of the private key 1: the curve's generator.
    const GENERATOR: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    fn code(chain: WalletType, text: &str) -> &'static str {
        match WalletKey::parse(chain, text) {
            Ok(_) => "ok",
            Err(error) => {
                assert!(
                    text.len() < 8 || !error.message().contains(text),
                    "{text} is repeated"
                );
                error.code()
            }
        }
    }

    #[test]
    fn the_address_follows_from_the_key() {
        let key = WalletKey::parse(WalletType::Evm, GENERATOR).unwrap();
        assert_eq!(key.address, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
        assert_eq!(
            key.account_key,
            "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
        );
        assert!(
            key.public_key.starts_with("0x0479be667e"),
            "{}",
            key.public_key
        );
        assert_eq!(
            WalletKey::parse(WalletType::Evm, &key.public_key).unwrap(),
            key
        );
        // The public key of the first test of RFC 8032.
        let text = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z";
        let key = WalletKey::parse(WalletType::Solana, text).unwrap();
        assert_eq!((&*key.address, &*key.public_key), (text, text));
    }

    #[test]
    fn private_keys_in_every_dress_are_refused() {
        let phrase = "abandon ".repeat(11) + "about";
        let file = format!("[{}]", vec!["7"; 64].join(","));
        let hex = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
        for text in [
            hex,
            &format!("0x{hex}"),
            &format!(" {hex}\n"),
            &hex.to_uppercase(),
            &hex.repeat(2),
            &phrase,
            &file,
            r#"{"kty":"OKP","d":"x"}"#,
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN EC PRIVATE KEY-----\nMHQ",
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
            "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn",
            "4Z7cXSyeFR8wNGMVXUE1TwtKn5D5Vu7FzEv69dokLv7KrQk7h6pu4LF8ZRR9yQBhc7uSM6RTTZtU1fmaxiNrxXrs",
        ] {
            for chain in [WalletType::Evm, WalletType::Solana, WalletType::Cosmos] {
                assert_eq!(code(chain, text), "private_key_given", "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_key_of_the_chain_is_refused() {
        for text in [
            "",
            "0x",
            "04",
            &GENERATOR[..64],
            "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        ] {
            let expected = if text.len() == 64 {
                "private_key_given"
            } else {
                "invalid_public_key"
            };
            assert_eq!(code(WalletType::Evm, text), expected, "{text}");
        }
        let off_curve = format!("04{}", "0".repeat(128));
        assert_eq!(code(WalletType::Evm, &off_curve), "invalid_public_key");
        assert_eq!(
            code(WalletType::Evm, &"z".repeat(1_000_000)),
            "invalid_public_key"
        );
        // The identity point: anybody signs under it.
        let weak = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM";
        for text in ["", "1", weak, GENERATOR, "0OIl"] {
            assert_eq!(
                code(WalletType::Solana, text),
                "invalid_public_key",
                "{text}"
            );
        }
        assert_eq!(
            code(WalletType::Cosmos, GENERATOR),
            "wallet_type_unsupported"
        );
    }
}
