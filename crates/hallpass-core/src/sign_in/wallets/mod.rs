//! Sign-in with a wallet that the person brings along: a message of ours, bound to the session, signed once.

mod claimed;
mod message;
mod page;

use std::sync::Arc;

use hallpass_model::{AccountId, Challenge, ChallengeId, ChallengePurpose, Error, Result};
use serde::{Deserialize, Serialize};

pub use claimed::ClaimedWallet;
pub use message::WalletAnswer;
use message::{IssuedMessage, MESSAGE_SECS, Occasion, Request};
pub use page::PageFacts;

use super::challenge;
use crate::Shared;
use crate::accounts::{Accounts, Completion, Proof, ProvenWallet, SignInOutcome};
use crate::sessions::SessionCaller;

/// Has external wallets sign, and signs in whose they are.
pub struct WalletSignIn {
    pub(crate) shared: Arc<Shared>,
}

/// A message to sign.
#[derive(Debug)]
pub struct WalletOffer {
    /// Names the attempt. Whether the wallet has an account is nobody's business before the proof.
    pub attempt: ChallengeId,
    /// To be signed as it is.
    pub message: String,
}

/// Who has signed in.
#[derive(Debug)]
pub struct WalletLogin {
    /// The account.
    pub account: AccountId,
    /// It was made by this sign-in.
    pub is_new: bool,
}

/// What a challenge keeps of the message that was handed out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OfferState {
    message: IssuedMessage,
    /// Whose the wallet is to be, where it is linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<AccountId>,
}

impl WalletSignIn {
    /// Makes a message for a wallet to sign. It counts once, in this session, for ten minutes.
    ///
    /// # Errors
    /// What is wrong with the wallet ([`ClaimedWallet`]), the page ([`PageFacts`]) or the chain id.
    pub async fn offer(
        &self,
        caller: &SessionCaller,
        wallet: &ClaimedWallet,
        page: &PageFacts,
        chain_id: Option<&str>,
    ) -> Result<WalletOffer> {
        let offered = prepare(&self.shared, caller, wallet, page, chain_id, None)?;
        let mut tx = self.shared.store.write().await?;
        tx.insert_challenge(&offered.0).await?;
        tx.commit().await?;
        Ok(WalletOffer {
            attempt: offered.0.id,
            message: offered.1,
        })
    }

    /// Signs in whose wallet signed the attempt's message. The attempt is used up, whatever comes of it.
    ///
    /// # Errors
    /// `connection_only` (403), `challenge_invalid` (401), what is wrong with the signature (401), `account_frozen` (403).
    pub async fn verify(
        &self,
        caller: &mut SessionCaller,
        attempt: ChallengeId,
        wallet: &ClaimedWallet,
        answer: &WalletAnswer,
    ) -> Result<WalletLogin> {
        if wallet.is_connection_only {
            return Err(Error::forbidden(
                "connection_only",
                "the app says that this wallet is only connected (`isConnectionOnly`): it proves nothing",
            ));
        }
        let (environment, session) = (caller.app.environment(), caller.session.id);
        let challenge = challenge::use_up(
            &self.shared,
            environment,
            Some(session),
            ChallengePurpose::Wallet,
            attempt,
        )
        .await?;
        let proof = prove(&self.shared, caller, &challenge, wallet, answer)?;
        let accounts = Accounts {
            shared: Arc::clone(&self.shared),
        };
        let mut tx = self.shared.store.write().await?;
        let outcome = accounts
            .sign_in(&mut tx, Completion::Holder(caller), &proof)
            .await?;
        let SignInOutcome::SignedIn { account, is_new } = outcome else {
            return Err(Error::internal("a wallet belongs to one account"));
        };
        tx.commit().await?;
        Ok(WalletLogin {
            account: account.id,
            is_new,
        })
    }
}

/// A challenge with a message for this wallet, and the message. To sign in, or to be linked to an account.
///
/// # Errors
/// As [`WalletSignIn::offer`].
pub(crate) fn prepare(
    shared: &Shared,
    caller: &SessionCaller,
    wallet: &ClaimedWallet,
    page: &PageFacts,
    chain_id: Option<&str>,
    link_to: Option<AccountId>,
) -> Result<(Challenge, String)> {
    let settings = caller.app.sign_in();
    let account = wallet.account(settings)?;
    let page = page.origin(settings)?;
    let now = shared.clock.now();
    let (occasion, purpose) = match link_to {
        None => (Occasion::SignIn, ChallengePurpose::Wallet),
        Some(_) => (Occasion::Link, ChallengePurpose::Link),
    };
    let request = Request {
        occasion,
        account: &account,
        page: &page,
        chain_id,
        session: caller.session.id,
        nonce: shared.rng.bytes(),
        now,
    };
    let message = IssuedMessage::new(&request, settings)?;
    let text = message.text.clone();
    let state = OfferState {
        message,
        account: link_to,
    };
    let challenge = Challenge {
        id: ChallengeId::from_random(shared.rng.bytes()),
        environment_id: caller.app.environment(),
        session_id: Some(caller.session.id),
        purpose,
        identity_kind: account.kind.identity_kind(),
        identifier: account.key,
        shown: wallet.address.clone(),
        digest: None,
        state: serde_json::to_value(state).map_err(Error::internal)?,
        client_network: None,
        wrong_answers: 0,
        created_at: now,
        expires_at: now.plus_secs(MESSAGE_SECS),
        consumed_at: None,
    };
    Ok((challenge, text))
}

/// What a signature over a used-up challenge's message proves.
///
/// # Errors
/// `wrong_address` and what is wrong with the signature (401); what is wrong with the wallet.
pub(crate) fn prove(
    shared: &Shared,
    caller: &SessionCaller,
    challenge: &Challenge,
    wallet: &ClaimedWallet,
    answer: &WalletAnswer,
) -> Result<Proof> {
    let account = wallet.account(caller.app.sign_in())?;
    let kind = account.kind.identity_kind();
    if kind != challenge.identity_kind || account.key != challenge.identifier {
        return Err(Error::unauthenticated(
            "wrong_address",
            "the message was made for another wallet",
        ));
    }
    let state: OfferState =
        serde_json::from_value(challenge.state.clone()).map_err(Error::internal)?;
    let now = shared.clock.now();
    state
        .message
        .verify(&account, caller.session.id, now, answer)?;
    Ok(Proof {
        wallet: Some(ProvenWallet {
            address: wallet.address.clone(),
            provider: wallet.provider.clone(),
        }),
        ..Proof::of(kind, account.key, wallet.address.clone())
    })
}
