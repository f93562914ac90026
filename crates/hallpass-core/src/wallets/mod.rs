//! Wallets that the customer's app provisions. A public key is registered with a proof that its holder agrees; the
//! address is derived here. No private key is ever here.

mod key;
mod possession;

use std::sync::Arc;

use hallpass_identity::wallet::{Chain, MessageTime};
use hallpass_model::{
    Account, AccountId, ActorKind, AuditEntry, AuditKind, Challenge, ChallengeId, ChallengePurpose,
    EnvironmentId, Error, Result, SessionId, Timestamp, Wallet, WalletId, WalletType, limits,
};
use hallpass_store::{Read, Write};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::actor::OperatorCaller;
use crate::api_keys::AppCaller;
use crate::sessions::SessionCaller;
use crate::sign_in::challenge;
use crate::{Shared, names};
use key::WalletKey;
use possession::Possession;

/// How long a person may take to sign, in seconds.
const CHALLENGE_SECS: i64 = 600;

/// Registers, lists and removes provisioned wallets.
pub struct Wallets {
    pub(crate) shared: Arc<Shared>,
}

/// Whose wallets are meant, and who acts for them.
#[derive(Clone, Copy)]
pub struct WalletOwner<'a> {
    app: &'a AppCaller,
    account: AccountId,
    /// The session in which the account is signed in; a backend has none.
    session: Option<SessionId>,
}

/// A message by which a key's holder agrees to its registration.
#[derive(Debug)]
pub struct WalletChallenge {
    /// Names the attempt.
    pub id: ChallengeId,
    /// To be signed as it is.
    pub message: String,
    /// The address that follows from the key.
    pub address: String,
    /// From when on the message is worthless.
    pub expires_at: Timestamp,
}

/// What completes an attempt.
pub struct WalletProof {
    /// The attempt.
    pub challenge: ChallengeId,
    /// The signature over its message, as the chain's wallets write it.
    pub signature: String,
    /// What the app calls the wallet.
    pub name: Option<String>,
}

/// What a challenge keeps.
#[derive(Serialize, Deserialize)]
struct State {
    account: AccountId,
    chain: WalletType,
    public_key: String,
    message: String,
}

impl<'a> WalletOwner<'a> {
    /// The account that is signed in.
    ///
    /// # Errors
    /// `not_signed_in` (403).
    pub fn signed_in(caller: &'a SessionCaller) -> Result<Self> {
        let account = caller.session.account_id;
        let signed_out = || Error::forbidden("not_signed_in", "sign in first");
        Ok(Self {
            app: &caller.app,
            account: account.ok_or_else(signed_out)?,
            session: Some(caller.session.id),
        })
    }

    /// An account that a backend names. The surface has asked for a secret key.
    #[must_use]
    pub const fn named(app: &'a AppCaller, account: AccountId) -> Self {
        Self {
            app,
            account,
            session: None,
        }
    }
}

impl Wallets {
    /// Makes the message for a key's holder to sign. It counts once, for this account and key, for ten minutes.
    ///
    /// # Errors
    /// `private_key_given`, `invalid_public_key`, `wallet_type_unsupported`; `not_found`, `account_frozen`.
    pub async fn challenge(
        &self,
        owner: WalletOwner<'_>,
        chain: WalletType,
        public_key: &str,
    ) -> Result<WalletChallenge> {
        let key = WalletKey::parse(chain, public_key)?;
        let now = self.shared.clock.now();
        let expires_at = now.plus_secs(CHALLENGE_SECS);
        let nonce = data_encoding::HEXLOWER.encode(&self.shared.rng.bytes::<16>());
        let settings = owner.app.sign_in();
        let message = Possession {
            app: settings.display_name.as_deref().unwrap_or("This app"),
            key: &key,
            environment: owner.app.environment(),
            account: owner.account,
            nonce: &nonce,
            issued_at: &MessageTime::new(now).map_err(Error::internal)?,
            expires_at: &MessageTime::new(expires_at).map_err(Error::internal)?,
        }
        .to_string();
        let state = State {
            account: owner.account,
            chain,
            public_key: key.public_key,
            message: message.clone(),
        };
        let challenge = Challenge {
            id: ChallengeId::from_random(self.shared.rng.bytes()),
            environment_id: owner.app.environment(),
            session_id: owner.session,
            purpose: ChallengePurpose::WalletPossession,
            identity_kind: chain.identity_kind(),
            identifier: key.account_key,
            shown: key.address.clone(),
            digest: None,
            state: serde_json::to_value(state).map_err(Error::internal)?,
            client_network: None,
            wrong_answers: 0,
            created_at: now,
            expires_at,
            consumed_at: None,
        };
        let mut tx = self.shared.store.write().await?;
        load_account(&mut tx, owner).await?;
        tx.insert_challenge(&challenge).await?;
        tx.commit().await?;
        Ok(WalletChallenge {
            id: challenge.id,
            message,
            address: key.address,
            expires_at,
        })
    }

    /// Registers the key whose holder signed an attempt's message. The attempt is used up, whatever comes of it.
    ///
    /// # Errors
    /// `challenge_invalid` (401), what is wrong with the signature (401), `wallet_taken`, `too_many_wallets`,
    /// `invalid_name`, `account_frozen`.
    pub async fn register(&self, owner: WalletOwner<'_>, proof: &WalletProof) -> Result<Wallet> {
        if let Some(name) = &proof.name {
            key::refuse_private(name, "/name")?;
            names::check(name)?;
        }
        let used = challenge::use_up(
            &self.shared,
            owner.app.environment(),
            owner.session,
            ChallengePurpose::WalletPossession,
            proof.challenge,
        )
        .await?;
        let state: State = serde_json::from_value(used.state).map_err(Error::internal)?;
        if state.account != owner.account {
            return Err(challenge::invalid());
        }
        let key = WalletKey::parse(state.chain, &state.public_key)?;
        key.verify(&state.message, &proof.signature)?;
        self.keep(owner, key, proof.name.clone()).await
    }

    /// The account's wallets, oldest first.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn list(&self, owner: WalletOwner<'_>) -> Result<Vec<Wallet>> {
        let mut tx = self.shared.store.read().await?;
        find_account(&mut tx, owner).await?;
        let environment = owner.app.environment();
        Ok(tx.list_account_wallets(environment, owner.account).await?)
    }

    /// The wallets of an account, for operators.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn list_of_account(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Result<Vec<Wallet>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        let found = tx.find_account(environment, account).await?;
        found.ok_or_else(|| Error::not_found("account"))?;
        Ok(tx.list_account_wallets(environment, account).await?)
    }

    /// Takes a wallet off an account. Tokens that were issued before keep naming it until they end.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove(&self, owner: WalletOwner<'_>, id: WalletId) -> Result<Wallet> {
        let absent = || Error::not_found("wallet");
        let environment = owner.app.environment();
        let mut tx = self.shared.store.write().await?;
        let wallet = tx
            .find_wallet(environment, id)
            .await?
            .filter(|wallet| wallet.account_id == owner.account)
            .ok_or_else(absent)?;
        if !tx.delete_wallet(environment, owner.account, id).await? {
            return Err(absent());
        }
        self.record(&mut tx, owner, "wallet.remove", &wallet)
            .await?;
        tx.commit().await?;
        Ok(wallet)
    }

    /// Which wallet of the environment has this address, in any spelling of its chain.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn verify_address(&self, app: &AppCaller, address: &str) -> Result<WalletId> {
        let mut tx = self.shared.store.read().await?;
        for (chain, kind) in [
            (Chain::Ethereum, WalletType::Evm),
            (Chain::Solana, WalletType::Solana),
        ] {
            let Some(key) = chain.account_key(address) else {
                continue;
            };
            let found = tx.find_wallet_by_key(app.environment(), kind, &key);
            if let Some(wallet) = found.await? {
                return Ok(wallet.id);
            }
        }
        Err(Error::not_found("wallet"))
    }

    async fn keep(
        &self,
        owner: WalletOwner<'_>,
        key: WalletKey,
        name: Option<String>,
    ) -> Result<Wallet> {
        let environment = owner.app.environment();
        let mut tx = self.shared.store.write().await?;
        tx.lock_account(environment, owner.account).await?;
        load_account(&mut tx, owner).await?;
        let known = tx.find_wallet_by_key(environment, key.chain, &key.account_key);
        match known.await? {
            Some(wallet) if wallet.account_id == owner.account => return Ok(wallet),
            Some(_) => return Err(taken()),
            None => {}
        }
        let count = tx.count_account_wallets(environment, owner.account).await?;
        if count >= limits::ACCOUNT_WALLETS {
            return Err(Error::conflict(
                "too_many_wallets",
                "an account has at most 20 wallets; remove one first",
            ));
        }
        let wallet = Wallet {
            id: WalletId::from_random(self.shared.rng.bytes()),
            environment_id: environment,
            account_id: owner.account,
            chain: key.chain,
            address: key.address,
            account_key: key.account_key,
            public_key: key.public_key,
            name,
            created_at: self.shared.clock.now(),
        };
        tx.insert_wallet(&wallet).await.map_err(|error| {
            if error.is_conflict() {
                taken()
            } else {
                error.into()
            }
        })?;
        self.record(&mut tx, owner, "wallet.register", &wallet)
            .await?;
        tx.commit().await?;
        Ok(wallet)
    }

    async fn record(
        &self,
        tx: &mut Write,
        owner: WalletOwner<'_>,
        action: &str,
        wallet: &Wallet,
    ) -> Result<()> {
        let now = self.shared.clock.now();
        tx.insert_audit(&AuditEntry {
            id: self.shared.rng.audit_id(now),
            at: now,
            kind: AuditKind::Change,
            actor_kind: ActorKind::User,
            actor_id: Some(owner.account.to_string()),
            actor_name: None,
            project_id: Some(owner.app.project()),
            environment_id: Some(owner.app.environment()),
            action: action.to_owned(),
            target: Some(wallet.id.to_string()),
            detail: json!({
                "account": owner.account,
                "type": wallet.chain,
                "address": wallet.address,
                "by": if owner.session.is_some() { "session" } else { "secret key" },
            }),
            request_id: None,
        })
        .await?;
        Ok(())
    }
}

async fn find_account(tx: &mut Read, owner: WalletOwner<'_>) -> Result<Account> {
    tx.find_account(owner.app.environment(), owner.account)
        .await?
        .ok_or_else(|| Error::not_found("account"))
}

/// The account, unless it is shut out.
async fn load_account(tx: &mut Write, owner: WalletOwner<'_>) -> Result<Account> {
    let account = find_account(tx, owner).await?;
    if account.frozen_at.is_some() {
        return Err(Error::forbidden(
            "account_frozen",
            "this account is frozen; whoever runs the app can say why",
        ));
    }
    Ok(account)
}

fn taken() -> Error {
    Error::conflict(
        "wallet_taken",
        "this address is registered with another account of the environment",
    )
}
