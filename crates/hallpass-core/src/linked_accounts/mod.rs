//! Further ways to be the same account. Whoever is signed in proves another identity, and it becomes the account's too,
//! unless it is another's: then nothing changes, and only who has proven to hold it is told so.

mod pending;
mod unlink;

use std::net::IpAddr;
use std::sync::Arc;

use hallpass_model::{
    AccountId, ActorKind, AuditEntry, AuditKind, Challenge, ChallengeId, ChallengePurpose, Error,
    Identity, IdentityKind, Result,
};
use hallpass_store::Write;
use serde_json::{Value, json};

pub(crate) use pending::{find_pending, finish};

use crate::Shared;
use crate::accounts::{Accounts, LinkOutcome, Proof};
use crate::api_keys::AppCaller;
use crate::sessions::SessionCaller;
use crate::sign_in::challenge;
use crate::sign_in::codes::{Codes, Contact};
use crate::sign_in::telegram::{self, TelegramLogin};
use crate::sign_in::wallets::{self, ClaimedWallet, PageFacts, WalletAnswer};
use crate::sign_in_providers::find_oauth;

/// Lists, adds and removes the identities of the account that is signed in.
pub struct LinkedAccounts {
    pub(crate) shared: Arc<Shared>,
}

/// What somebody wants to prove.
pub enum LinkStart {
    /// A mailbox or a phone; a code is sent there.
    Contact {
        /// Which.
        contact: Contact,
        /// Where the request comes from.
        client: Option<IpAddr>,
    },
    /// An external wallet.
    Wallet {
        /// The wallet.
        wallet: ClaimedWallet,
        /// Where the request comes from.
        page: PageFacts,
    },
    /// An account at a service that vouches for people, or at Telegram.
    Service(IdentityKind),
    /// An account at the OIDC issuer that clients know as their own: the oldest one that is enabled.
    CustomOidc,
}

/// What became of it.
#[derive(Debug)]
pub enum LinkStarted {
    /// The proof can come.
    Begun {
        /// Names the attempt.
        id: ChallengeId,
        /// What a wallet has to sign.
        message: Option<String>,
    },
    /// The account has this identity already.
    Conflict,
}

/// The proof.
pub enum LinkProof {
    /// The code that was sent.
    Code(String),
    /// A wallet's signature.
    Wallet {
        /// The wallet.
        wallet: ClaimedWallet,
        /// What it answered.
        answer: WalletAnswer,
    },
    /// What Telegram's widget hands over.
    Telegram(TelegramLogin),
    /// None: the proof comes another way, and somebody asks whether it has come.
    Awaited,
}

/// What became of the proof.
#[derive(Debug)]
pub enum Linked {
    /// The account's identities, with the new one.
    Identities(Vec<Identity>),
    /// The identity is another account's.
    Conflict,
}

impl LinkedAccounts {
    /// The identities of the account that is signed in, oldest first.
    ///
    /// # Errors
    /// `not_signed_in`.
    pub async fn list(&self, caller: &SessionCaller) -> Result<Vec<Identity>> {
        let account = signed_in(caller)?;
        let mut tx = self.shared.store.read().await?;
        Ok(tx
            .list_identities(caller.app.environment(), account)
            .await?)
    }

    /// Begins to link. Whether another account has the identity stays unsaid before the proof.
    ///
    /// # Errors
    /// What is wrong with the wallet or the page; `not_signed_in`.
    pub async fn start(&self, caller: &SessionCaller, what: &LinkStart) -> Result<LinkStarted> {
        let account = signed_in(caller)?;
        let (challenge, message) = match what {
            LinkStart::Contact { contact, client } => {
                return self.start_contact(caller, account, contact, *client).await;
            }
            LinkStart::Wallet { wallet, page } => {
                let (challenge, message) =
                    wallets::prepare(&self.shared, caller, wallet, page, None, Some(account))?;
                (challenge, Some(message))
            }
            LinkStart::Service(kind) => (pending::new(&self.shared, caller, account, kind)?, None),
            LinkStart::CustomOidc => {
                let environment = caller.app.environment();
                let found = find_oauth(&self.shared, environment, "custom_oidc").await?;
                let kind = IdentityKind::Oidc(found.row.handle);
                (pending::new(&self.shared, caller, account, &kind)?, None)
            }
        };
        let mut tx = self.shared.store.write().await?;
        let known = tx.find_identity(
            challenge.environment_id,
            &challenge.identity_kind,
            &challenge.identifier,
        );
        if known
            .await?
            .is_some_and(|known| known.account_id == account)
        {
            return Ok(LinkStarted::Conflict);
        }
        tx.insert_challenge(&challenge).await?;
        tx.commit().await?;
        Ok(LinkStarted::Begun {
            id: challenge.id,
            message,
        })
    }

    /// Takes the proof, or tells whether it has come.
    ///
    /// # Errors
    /// `challenge_invalid` (401), `link_pending` (409), what is wrong with the proof, `not_signed_in`.
    pub async fn verify(
        &self,
        caller: &SessionCaller,
        id: ChallengeId,
        proof: &LinkProof,
    ) -> Result<Linked> {
        let account = signed_in(caller)?;
        match proof {
            LinkProof::Awaited => pending::outcome(self, caller, account, id).await,
            LinkProof::Code(typed) => {
                let proof = self.codes().check_for_link(caller, id, typed).await?;
                self.complete(caller, account, &proof).await
            }
            LinkProof::Wallet { wallet, answer } => {
                let used = self.use_up(caller, account, id).await?;
                if !used.identity_kind.is_wallet() {
                    return Err(challenge::invalid());
                }
                let proof = wallets::prove(&self.shared, caller, &used, wallet, answer)?;
                self.complete(caller, account, &proof).await
            }
            LinkProof::Telegram(login) => {
                let used = self.use_up(caller, account, id).await?;
                if used.identity_kind != IdentityKind::Telegram {
                    return Err(challenge::invalid());
                }
                let (environment, session) = (caller.app.environment(), caller.session.id);
                let proof = telegram::prove(&self.shared, environment, session, login).await?;
                self.complete(caller, account, &proof).await
            }
        }
    }

    async fn start_contact(
        &self,
        caller: &SessionCaller,
        account: AccountId,
        contact: &Contact,
        client: Option<IpAddr>,
    ) -> Result<LinkStarted> {
        let known = {
            let mut tx = self.shared.store.read().await?;
            tx.find_identity(
                caller.app.environment(),
                &contact.kind(),
                &contact.identifier(),
            )
            .await?
        };
        if known.is_some_and(|known| known.account_id == account) {
            return Ok(LinkStarted::Conflict);
        }
        let codes = self.codes();
        let id = codes.send_for_link(caller, contact.clone(), client).await?;
        Ok(LinkStarted::Begun { id, message: None })
    }

    fn codes(&self) -> Codes {
        Codes {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Uses up a link that this account began in this session.
    async fn use_up(
        &self,
        caller: &SessionCaller,
        account: AccountId,
        id: ChallengeId,
    ) -> Result<Challenge> {
        let used = challenge::use_up(
            &self.shared,
            caller.app.environment(),
            Some(caller.session.id),
            ChallengePurpose::Link,
            id,
        )
        .await?;
        let began = used.state.get("account").and_then(Value::as_str);
        if began != Some(&*account.to_string()) {
            return Err(challenge::invalid());
        }
        Ok(used)
    }

    async fn complete(
        &self,
        caller: &SessionCaller,
        account: AccountId,
        proof: &Proof,
    ) -> Result<Linked> {
        let mut tx = self.shared.store.write().await?;
        if let LinkOutcome::Conflict =
            link(&self.shared, &mut tx, &caller.app, account, proof).await?
        {
            return Ok(Linked::Conflict);
        }
        let identities = tx
            .list_identities(caller.app.environment(), account)
            .await?;
        tx.commit().await?;
        Ok(Linked::Identities(identities))
    }
}

/// Links and writes it down. The caller commits.
async fn link(
    shared: &Arc<Shared>,
    tx: &mut Write,
    app: &AppCaller,
    account: AccountId,
    proof: &Proof,
) -> Result<LinkOutcome> {
    let accounts = Accounts {
        shared: Arc::clone(shared),
    };
    let outcome = accounts.link(tx, app.environment(), account, proof).await?;
    if let LinkOutcome::Linked(identity) = &outcome {
        record(shared, tx, app, "account.link", identity).await?;
    }
    Ok(outcome)
}

async fn record(
    shared: &Shared,
    tx: &mut Write,
    app: &AppCaller,
    action: &str,
    identity: &Identity,
) -> Result<()> {
    let now = shared.clock.now();
    let account = identity.account_id.to_string();
    tx.insert_audit(&AuditEntry {
        id: shared.rng.audit_id(now),
        at: now,
        kind: AuditKind::Change,
        actor_kind: ActorKind::User,
        actor_id: Some(account.clone()),
        actor_name: None,
        project_id: Some(app.project()),
        environment_id: Some(app.environment()),
        action: action.to_owned(),
        target: Some(account),
        detail: json!({ "identity": identity.id, "method": identity.kind }),
        request_id: None,
    })
    .await?;
    Ok(())
}

fn signed_in(caller: &SessionCaller) -> Result<AccountId> {
    let account = caller.session.account_id;
    account.ok_or_else(|| Error::forbidden("not_signed_in", "sign in first"))
}

/// A wallet, a mailbox and so on under which nobody could sign in here would be no way back.
fn can_sign_in(identity: &Identity, app: &AppCaller) -> bool {
    let settings = app.sign_in();
    match identity.kind {
        IdentityKind::Email => settings.email,
        IdentityKind::Phone => settings.phone,
        IdentityKind::Evm | IdentityKind::Solana | IdentityKind::Cosmos => settings
            .wallet_types
            .iter()
            .any(|family| family.identity_kind() == identity.kind),
        _ => true,
    }
}
