//! The wallet that a client says it has, before anybody proved anything.

use hallpass_identity::wallet::{Chain, cosmos};
use hallpass_model::{Error, Result, SignInSettings, WalletType};

/// Bytes of each text that a client says about a wallet.
const TEXT_BYTES: usize = 256;

/// What a client says about a wallet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimedWallet {
    /// `EVM`, `SOLANA`, `COSMOS`, or the name of something that is not taken.
    pub kind: String,
    /// As the client writes it; clients compare it byte by byte later.
    pub address: String,
    /// The bech32 form, where `address` is the hexadecimal one (Cosmos).
    pub address_bech32: Option<String>,
    /// The wallet's name for people, such as `MetaMask`.
    pub provider: Option<String>,
    /// The app shows the wallet and asks for no proof.
    pub is_connection_only: bool,
}

/// An account on a chain, in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainAccount {
    pub(crate) kind: WalletType,
    pub(crate) chain: Chain,
    /// As it stands in a message.
    pub(crate) address: String,
    /// Under which the identity is kept.
    pub(crate) key: String,
}

impl ClaimedWallet {
    /// The account that is meant, if the environment takes wallets of its chain.
    ///
    /// # Errors
    /// `wallet_type_unsupported`, `wallet_type_not_allowed`, `wallet_address_invalid`, `wallet_address_mismatch`,
    /// `wallet_malformed`.
    pub(crate) fn account(&self, settings: &SignInSettings) -> Result<ChainAccount> {
        let provider = self.provider.iter().chain(&self.address_bech32);
        for text in provider.chain([&self.kind, &self.address]) {
            if text.len() > TEXT_BYTES || text.contains(char::is_control) {
                return Err(Error::unprocessable(
                    "wallet_malformed",
                    "texts about a wallet have at most 256 bytes and no control characters",
                )
                .at("/externalWallet"));
            }
        }
        let kind = kind_of(&self.kind)?;
        if !settings.wallet_types.contains(&kind) {
            return Err(Error::forbidden(
                "wallet_type_not_allowed",
                format!(
                    "this environment takes no {} wallets; an operator can add `{}` to its `wallet_types`",
                    kind.as_wire(),
                    kind.identity_kind()
                ),
            ));
        }
        match kind {
            WalletType::Evm => self.plain(kind, Chain::Ethereum),
            WalletType::Solana => self.plain(kind, Chain::Solana),
            WalletType::Cosmos => self.cosmos(),
        }
    }

    fn plain(&self, kind: WalletType, chain: Chain) -> Result<ChainAccount> {
        let read = |form: fn(Chain, &str) -> Option<String>| {
            form(chain, &self.address).ok_or_else(|| invalid_address(chain))
        };
        Ok(ChainAccount {
            kind,
            chain,
            address: read(Chain::canonical_address)?,
            key: read(Chain::account_key)?,
        })
    }

    /// The same key has another bech32 address on every chain of the family. The 20 bytes behind them are the account, so
    /// that a change of the environment's prefix, or of the network in the wallet, does not make another person of anybody.
    fn cosmos(&self) -> Result<ChainAccount> {
        let bech32 = self.address_bech32.as_deref().unwrap_or(&self.address);
        let account = cosmos::Address::parse(bech32).map_err(|_| invalid_address(Chain::Cosmos))?;
        let key = account.to_hex();
        let names_it = self.address == bech32 || self.address.eq_ignore_ascii_case(&key);
        if !names_it {
            return Err(Error::unprocessable(
                "wallet_address_mismatch",
                "`address` and `addressBech32` belong to different accounts",
            )
            .at("/externalWallet/addressBech32"));
        }
        Ok(ChainAccount {
            kind: WalletType::Cosmos,
            chain: Chain::Cosmos,
            address: account.to_string(),
            key,
        })
    }
}

fn kind_of(word: &str) -> Result<WalletType> {
    match word {
        "EVM" => Ok(WalletType::Evm),
        "SOLANA" => Ok(WalletType::Solana),
        "COSMOS" => Ok(WalletType::Cosmos),
        "STELLAR" | "SUI" => Err(Error::unprocessable(
            "wallet_type_unsupported",
            format!(
                "signatures of {word} wallets cannot be verified here; use EVM, SOLANA or COSMOS"
            ),
        )
        .at("/externalWallet/type")),
        _ => Err(Error::unprocessable(
            "wallet_type_unsupported",
            "a wallet's `type` is EVM, SOLANA or COSMOS",
        )
        .at("/externalWallet/type")),
    }
}

fn invalid_address(chain: Chain) -> Error {
    let advice = match chain {
        Chain::Ethereum => {
            "an EVM address is 0x and 40 hexadecimal digits, with its EIP-55 checksum if their case is mixed"
        }
        Chain::Solana => "a Solana address is the base58 text of an Ed25519 public key",
        Chain::Cosmos => {
            "a Cosmos wallet comes with the bech32 address of an account with a key, in `addressBech32` or `address`"
        }
    };
    Error::unprocessable("wallet_address_invalid", advice).at("/externalWallet/address")
}

#[cfg(test)]
mod tests {
    use hallpass_testkit::wallet::TestWallet;

    use super::*;

    fn all() -> SignInSettings {
        SignInSettings {
            wallet_types: vec![WalletType::Evm, WalletType::Solana, WalletType::Cosmos],
            ..SignInSettings::default()
        }
    }

    fn claimed(kind: &str, address: &str) -> ClaimedWallet {
        ClaimedWallet {
            kind: kind.to_owned(),
            address: address.to_owned(),
            ..ClaimedWallet::default()
        }
    }

    fn code(wallet: &ClaimedWallet) -> &'static str {
        wallet
            .account(&all())
            .map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn an_ethereum_account_has_one_key_however_it_is_written() {
        let address = TestWallet::new(Chain::Ethereum).address();
        let small = address.to_lowercase();
        let capital = format!("0x{}", small.trim_start_matches("0x").to_uppercase());
        for spelling in [&address, &small, &capital] {
            let account = claimed("EVM", spelling).account(&all()).unwrap();
            assert_eq!(
                (&account.address, &account.key),
                (&address, &small),
                "{spelling}"
            );
        }
    }

    #[test]
    fn a_cosmos_account_is_the_key_behind_every_prefix() {
        let bech32 = TestWallet::new(Chain::Cosmos).address();
        let hex = cosmos::Address::parse(&bech32).unwrap().to_hex();
        let by_hex = ClaimedWallet {
            address_bech32: Some(bech32.clone()),
            ..claimed("COSMOS", &hex.to_uppercase().replacen("0X", "0x", 1))
        };
        for wallet in [by_hex, claimed("COSMOS", &bech32)] {
            let account = wallet.account(&all()).unwrap();
            assert_eq!((&account.address, &account.key), (&bech32, &hex));
        }
        let other = TestWallet::new(Chain::Cosmos).address();
        let posing = ClaimedWallet {
            address_bech32: Some(other),
            ..claimed("COSMOS", &hex)
        };
        assert_eq!(code(&posing), "wallet_address_mismatch");
        assert_eq!(code(&claimed("COSMOS", &hex)), "wallet_address_invalid");
    }

    #[test]
    fn other_chains_are_refused_with_a_reason() {
        for kind in ["STELLAR", "SUI", "evm", "", "BITCOIN"] {
            assert_eq!(
                code(&claimed(kind, "x")),
                "wallet_type_unsupported",
                "{kind}"
            );
        }
        let address = TestWallet::new(Chain::Solana).address();
        let error = claimed("SOLANA", &address).account(&SignInSettings::default());
        assert_eq!(error.unwrap_err().code(), "wallet_type_not_allowed");
    }

    #[test]
    fn malformed_wallets_are_refused() {
        let address = TestWallet::new(Chain::Ethereum).address();
        let wrong_checksum: String = address
            .chars()
            .rev()
            .enumerate()
            .map(|(at, letter)| match letter {
                'a'..='f' if at < 30 => letter.to_ascii_uppercase(),
                'A'..='F' if at < 30 => letter.to_ascii_lowercase(),
                other => other,
            })
            .collect::<String>()
            .chars()
            .rev()
            .collect();
        for address in [
            "",
            "0x",
            &address[..41],
            &wrong_checksum,
            &format!("{address}\n"),
        ] {
            let expected = if address.ends_with('\n') {
                "wallet_malformed"
            } else {
                "wallet_address_invalid"
            };
            assert_eq!(code(&claimed("EVM", address)), expected, "{address}");
        }
        let long = ClaimedWallet {
            provider: Some("x".repeat(TEXT_BYTES + 1)),
            ..claimed("EVM", &address)
        };
        assert_eq!(code(&long), "wallet_malformed");
    }
}
