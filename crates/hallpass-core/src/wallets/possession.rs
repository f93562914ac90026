//! The text by which a key's holder agrees to its registration. It cannot be taken for a sign-in message, nor a sign-in
//! message for it: their first lines differ.

use std::fmt;

use hallpass_identity::wallet::MessageTime;
use hallpass_model::{AccountId, EnvironmentId};

use super::key::WalletKey;

/// What the text says.
pub(crate) struct Possession<'a> {
    /// The app's name or place, for people.
    pub(crate) app: &'a str,
    pub(crate) key: &'a WalletKey,
    pub(crate) environment: EnvironmentId,
    pub(crate) account: AccountId,
    pub(crate) nonce: &'a str,
    pub(crate) issued_at: &'a MessageTime,
    pub(crate) expires_at: &'a MessageTime,
}

impl fmt::Display for Possession<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, key, .. } = self;
        writeln!(
            out,
            "{app} asks for proof that you hold this wallet's key.\n"
        )?;
        writeln!(
            out,
            "Signing moves nothing and costs nothing. It lists the address with your account.\n"
        )?;
        writeln!(out, "Chain: {}", key.chain.as_wire())?;
        writeln!(out, "Address: {}", key.address)?;
        writeln!(out, "Public Key: {}", key.public_key)?;
        writeln!(out, "Account: {}", self.account)?;
        writeln!(out, "Environment: {}", self.environment)?;
        writeln!(out, "Nonce: {}", self.nonce)?;
        writeln!(out, "Issued At: {}", self.issued_at.as_str())?;
        write!(out, "Expiration Time: {}", self.expires_at.as_str())
    }
}

#[cfg(test)]
mod tests {
    use hallpass_identity::wallet::{Chain, SignInMessage};
    use hallpass_model::{Timestamp, WalletType};
    use hallpass_testkit::wallet::TestWallet;

    use super::*;

    fn text(key: &WalletKey, nonce: &str) -> String {
        let now = Timestamp::from_secs(1_795_341_600);
        Possession {
            app: "Acme",
            key,
            environment: EnvironmentId::from_random([1; 16]),
            account: AccountId::from_random([2; 16]),
            nonce,
            issued_at: &MessageTime::new(now).unwrap(),
            expires_at: &MessageTime::new(now.plus_secs(600)).unwrap(),
        }
        .to_string()
    }

    #[test]
    fn the_text_names_everything_that_it_is_bound_to() {
        let wallet = TestWallet::new(Chain::Ethereum);
        let key = WalletKey::parse(WalletType::Evm, &wallet.public_key()).unwrap();
        let text = text(&key, "n0nce");
        for part in [
            wallet.address(),
            wallet.public_key(),
            EnvironmentId::from_random([1; 16]).to_string(),
            AccountId::from_random([2; 16]).to_string(),
            "Chain: EVM".to_owned(),
            "Nonce: n0nce".to_owned(),
            "Expiration Time: 2026-11-22T10:10:00.000Z".to_owned(),
        ] {
            assert!(text.contains(&part), "{part} is not in {text}");
        }
    }

    #[test]
    fn it_is_no_sign_in_message() {
        for (chain, kind) in [
            (Chain::Ethereum, WalletType::Evm),
            (Chain::Solana, WalletType::Solana),
        ] {
            let wallet = TestWallet::new(chain);
            let key = WalletKey::parse(kind, &wallet.public_key()).unwrap();
            assert!(SignInMessage::parse(chain, &text(&key, "n0nce")).is_err());
        }
    }

    #[test]
    fn only_the_keys_holder_can_sign_it() {
        for (chain, kind) in [
            (Chain::Ethereum, WalletType::Evm),
            (Chain::Solana, WalletType::Solana),
        ] {
            let (wallet, stranger) = (TestWallet::new(chain), TestWallet::new(chain));
            let key = WalletKey::parse(kind, &wallet.public_key()).unwrap();
            assert_eq!(key.address, wallet.address());
            let text = text(&key, "n0nce");
            let code = |signature: &str| key.verify(&text, signature).map_err(|error| error.code());
            assert_eq!(code(&wallet.sign(&text)), Ok(()));
            assert_eq!(code(&stranger.sign(&text)), Err("wrong_signer"));
            assert_eq!(
                code(&wallet.sign(&super::tests::text(&key, "another"))),
                Err("wrong_signer")
            );
        }
    }
}
