//! The message that a wallet signs: made here, kept with its challenge, and verified against what was kept.

use hallpass_identity::wallet::{
    Chain, Expected, MessageFields, MessageTime, PageUri, SignInMessage, cosmos, evm, solana,
};
use hallpass_model::{Error, Result, SessionId, SignInSettings, Timestamp};
use serde::{Deserialize, Serialize};

use super::claimed::ChainAccount;

/// How long a person may take to sign, in seconds.
pub(crate) const MESSAGE_SECS: i64 = 600;

/// What a signature is asked for; it stands in the message, where the person reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    SignIn,
    Link,
}

/// What a wallet answers.
#[derive(Clone, Default)]
pub struct WalletAnswer {
    /// Hexadecimal on EVM, base58 on Solana, base64 on Cosmos.
    pub signature: String,
    /// Cosmos: the compressed public key in hexadecimal digits.
    pub cosmos_public_key: Option<String>,
    /// Cosmos: the bech32 address that the wallet signed for.
    pub cosmos_signer: Option<String>,
}

/// What a message is made from.
pub(crate) struct Request<'a> {
    pub(crate) occasion: Occasion,
    pub(crate) account: &'a ChainAccount,
    pub(crate) page: &'a PageUri,
    /// The network that the client names, if any.
    pub(crate) chain_id: Option<&'a str>,
    pub(crate) session: SessionId,
    pub(crate) nonce: [u8; 16],
    pub(crate) now: Timestamp,
}

/// A message that was handed out, and what a signature over it has to fulfil. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IssuedMessage {
    pub(crate) text: String,
    pub(crate) domain: String,
    pub(crate) uri: String,
    pub(crate) chain_id: String,
    pub(crate) nonce: String,
}

impl IssuedMessage {
    /// # Errors
    /// `chain_id_invalid`.
    pub(crate) fn new(request: &Request<'_>, settings: &SignInSettings) -> Result<Self> {
        let chain = request.account.chain;
        let chain_id = chain_id(chain, request.chain_id);
        let nonce = data_encoding::HEXLOWER.encode(&request.nonce);
        let expiration = MessageTime::new(request.now.plus_secs(MESSAGE_SECS));
        let fields = MessageFields {
            statement: Some(statement(
                request.occasion,
                settings.display_name.as_deref(),
            )),
            expiration_time: Some(expiration.map_err(Error::internal)?),
            request_id: Some(request.session.to_string()),
            ..MessageFields::required(
                chain,
                request.page.domain(),
                &request.account.address,
                request.page.as_str(),
                chain_id,
                &nonce,
                MessageTime::new(request.now).map_err(Error::internal)?,
            )
        };
        let message = SignInMessage::new(fields).map_err(|error| {
            // Everything else was checked before.
            Error::unprocessable("chain_id_invalid", error.to_string()).at("/chainId")
        })?;
        Ok(Self {
            text: message.to_string(),
            domain: request.page.domain().to_owned(),
            uri: request.page.as_str().to_owned(),
            chain_id: chain_id.to_owned(),
            nonce,
        })
    }

    /// Whether the account's owner signed this message, in time and for this session.
    ///
    /// # Errors
    /// 401 with the code of what is wrong.
    pub(crate) fn verify(
        &self,
        account: &ChainAccount,
        session: SessionId,
        now: Timestamp,
        answer: &WalletAnswer,
    ) -> Result<()> {
        let session = session.to_string();
        let expected = Expected {
            domain: &self.domain,
            uri: &self.uri,
            address: &account.address,
            nonce: &self.nonce,
            chain_ids: &[&self.chain_id],
            session: &session,
            now,
        };
        let signature = answer.signature.as_str();
        match account.chain {
            Chain::Ethereum => evm::verify(&self.text, signature, &expected)
                .map(drop)
                .map_err(|error| refused(error.code(), &error)),
            Chain::Solana => solana::verify(&self.text, signature, &expected)
                .map(drop)
                .map_err(|error| refused(error.code(), &error)),
            Chain::Cosmos => self.verify_cosmos(account, answer, &expected),
        }
    }

    fn verify_cosmos(
        &self,
        account: &ChainAccount,
        answer: &WalletAnswer,
        expected: &Expected<'_>,
    ) -> Result<()> {
        let signer = answer.cosmos_signer.as_deref();
        if signer.is_some_and(|signer| signer != account.address) {
            return Err(Error::unauthenticated(
                "wrong_signer",
                "the wallet signed for another address than the one in the message",
            ));
        }
        let key = answer.cosmos_public_key.as_deref().ok_or_else(|| {
            Error::unauthenticated(
                "public_key_missing",
                "a Cosmos signature comes with `cosmosPublicKeyHex`",
            )
        })?;
        cosmos::verify(&self.text, &answer.signature, key, expected)
            .map(drop)
            .map_err(|error| refused(error.code(), &error))
    }
}

fn refused(code: &'static str, error: &dyn std::error::Error) -> Error {
    Error::unauthenticated(code, error.to_string())
}

/// The network that the client names, else the chain's own main one.
fn chain_id(chain: Chain, given: Option<&str>) -> &str {
    let main = match chain {
        Chain::Ethereum => "1",
        Chain::Solana => "mainnet",
        Chain::Cosmos => "cosmoshub-4",
    };
    given.filter(|given| !given.is_empty()).unwrap_or(main)
}

/// What the person reads. The app's name only where the layout can hold it.
fn statement(occasion: Occasion, app: Option<&str>) -> String {
    let is_plain = |name: &&str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b" -._".contains(&byte))
    };
    match (occasion, app.filter(is_plain)) {
        (Occasion::SignIn, Some(app)) => format!("Sign in to {app}."),
        (Occasion::SignIn, None) => "Sign in with this wallet.".to_owned(),
        (Occasion::Link, Some(app)) => {
            format!("Link this wallet to your account at {app}. It can be used to sign in there.")
        }
        (Occasion::Link, None) => {
            "Link this wallet to your account. It can be used to sign in there.".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use hallpass_model::WalletType;
    use hallpass_testkit::wallet::TestWallet;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_341_600);

    struct Exchange {
        wallet: TestWallet,
        account: ChainAccount,
        session: SessionId,
        issued: IssuedMessage,
    }

    fn account(wallet: &TestWallet) -> ChainAccount {
        let kind = match wallet.chain() {
            Chain::Ethereum => WalletType::Evm,
            Chain::Solana => WalletType::Solana,
            Chain::Cosmos => WalletType::Cosmos,
        };
        ChainAccount {
            kind,
            chain: wallet.chain(),
            address: wallet.address(),
            key: wallet.address(),
        }
    }

    fn issue(
        account: &ChainAccount,
        session: SessionId,
        chain_id: Option<&str>,
        app: Option<&str>,
    ) -> Result<IssuedMessage> {
        let page = PageUri::parse("https://app.example").unwrap();
        let settings = SignInSettings {
            display_name: app.map(str::to_owned),
            ..SignInSettings::default()
        };
        let request = Request {
            occasion: Occasion::SignIn,
            account,
            page: &page,
            chain_id,
            session,
            nonce: [7; 16],
            now: NOW,
        };
        IssuedMessage::new(&request, &settings)
    }

    impl Exchange {
        fn on(chain: Chain) -> Self {
            let wallet = TestWallet::new(chain);
            let account = account(&wallet);
            let session = SessionId::from_random([1; 16]);
            let issued = issue(&account, session, None, Some("Acme")).unwrap();
            Self {
                wallet,
                account,
                session,
                issued,
            }
        }

        fn answer(&self) -> WalletAnswer {
            WalletAnswer {
                signature: self.wallet.sign(&self.issued.text),
                cosmos_public_key: Some(self.wallet.public_key()),
                cosmos_signer: None,
            }
        }

        fn verify(&self, session: SessionId, secs: i64, answer: &WalletAnswer) -> &'static str {
            let verified = self
                .issued
                .verify(&self.account, session, NOW.plus_secs(secs), answer);
            verified.map_or_else(|error| error.code(), |()| "ok")
        }
    }

    #[test]
    fn the_owners_signature_counts_until_the_message_expires() {
        for chain in Chain::ALL {
            let exchange = Exchange::on(chain);
            let answer = exchange.answer();
            assert_eq!(exchange.verify(exchange.session, 0, &answer), "ok");
            assert_eq!(
                exchange.verify(exchange.session, MESSAGE_SECS - 1, &answer),
                "ok"
            );
            assert_eq!(
                exchange.verify(exchange.session, MESSAGE_SECS, &answer),
                "expired"
            );
        }
    }

    #[test]
    fn the_message_names_page_account_session_and_nonce() {
        let exchange = Exchange::on(Chain::Ethereum);
        let text = &exchange.issued.text;
        for part in [
            "app.example wants you to sign in with your Ethereum account:\n".to_owned(),
            exchange.account.address.clone(),
            "Sign in to Acme.".to_owned(),
            "URI: https://app.example\n".to_owned(),
            "Chain ID: 1\n".to_owned(),
            format!("Nonce: {}\n", "07".repeat(16)),
            format!("Request ID: {}", exchange.session),
        ] {
            assert!(text.contains(&part), "{part} is not in {text}");
        }
    }

    #[test]
    fn another_session_another_account_and_another_text_are_refused() {
        for chain in Chain::ALL {
            let exchange = Exchange::on(chain);
            let answer = exchange.answer();
            let other = SessionId::from_random([2; 16]);
            assert_eq!(exchange.verify(other, 0, &answer), "wrong_session");
            let stranger = TestWallet::new(chain);
            let forged = WalletAnswer {
                signature: stranger.sign(&exchange.issued.text),
                ..answer.clone()
            };
            assert_eq!(
                exchange.verify(exchange.session, 0, &forged),
                "wrong_signer"
            );
            let foreign = exchange.issued.text.replace("app.example", "evil.example");
            let phished = WalletAnswer {
                signature: exchange.wallet.sign(&foreign),
                ..answer.clone()
            };
            assert_eq!(
                exchange.verify(exchange.session, 0, &phished),
                "wrong_signer"
            );
        }
    }

    #[test]
    fn a_cosmos_answer_brings_its_key_and_no_other_signer() {
        let exchange = Exchange::on(Chain::Cosmos);
        let answer = exchange.answer();
        let keyless = WalletAnswer {
            cosmos_public_key: None,
            ..answer.clone()
        };
        assert_eq!(
            exchange.verify(exchange.session, 0, &keyless),
            "public_key_missing"
        );
        let other = WalletAnswer {
            cosmos_signer: Some(TestWallet::new(Chain::Cosmos).address()),
            ..answer.clone()
        };
        assert_eq!(exchange.verify(exchange.session, 0, &other), "wrong_signer");
        let named = WalletAnswer {
            cosmos_signer: Some(exchange.account.address.clone()),
            ..answer
        };
        assert_eq!(exchange.verify(exchange.session, 0, &named), "ok");
    }

    #[test]
    fn networks_are_named_in_the_chains_own_way() {
        let account = account(&TestWallet::new(Chain::Ethereum));
        let session = SessionId::from_random([1; 16]);
        let with = |id| issue(&account, session, id, None);
        assert_eq!(with(Some("137")).unwrap().chain_id, "137");
        assert_eq!(with(Some("")).unwrap().chain_id, "1");
        for id in ["0x1", "-1", "1\nNonce: 1", &"1".repeat(65)] {
            assert_eq!(
                with(Some(id)).unwrap_err().code(),
                "chain_id_invalid",
                "{id:?}"
            );
        }
    }

    #[test]
    fn an_apps_name_cannot_write_lines_of_its_own() {
        let account = account(&TestWallet::new(Chain::Ethereum));
        let session = SessionId::from_random([1; 16]);
        for app in ["Acme\nURI: https://evil.example", "Äcme", "", "<b>"] {
            let text = issue(&account, session, None, Some(app)).unwrap().text;
            assert!(
                text.contains("\n\nSign in with this wallet.\n\nURI: "),
                "{text}"
            );
        }
    }
}
