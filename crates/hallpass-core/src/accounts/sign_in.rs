//! From a proof to a signed-in session, in one transaction.

use hallpass_model::{
    Account, AccountId, ActorKind, AuditEntry, AuditKind, Error, Identity, IdentityId,
    IdentityKind, Result, Session, SessionId, Timestamp,
};
use hallpass_store::Write;
use serde_json::json;

use super::{Accounts, Proof};
use crate::api_keys::AppCaller;
use crate::sessions::{SessionCaller, new_secret, sliding_end};
use crate::webhooks::{Event, announce};

/// For whom somebody signs in.
pub(crate) enum Completion<'a> {
    /// For the client that asks: its secret is exchanged in the same transaction.
    Holder(&'a mut SessionCaller),
    /// For a session that was opened elsewhere: its holder's secret is exchanged at the holder's next request.
    Page {
        app: &'a AppCaller,
        session: SessionId,
    },
}

/// What became of a proof.
#[derive(Debug)]
pub(crate) enum SignInOutcome {
    /// Somebody is signed in.
    SignedIn {
        /// Who.
        account: Box<Account>,
        /// The account was made by this.
        is_new: bool,
    },
    /// What was proven belongs to two accounts; nothing was changed.
    Conflict,
}

impl Accounts {
    /// Signs in whom a proof shows, and makes the account if there is none. The caller commits, and drops a holder
    /// whose transaction it does not commit.
    ///
    /// # Errors
    /// `account_frozen` (403), `session_over` (401).
    pub(crate) async fn sign_in(
        &self,
        tx: &mut Write,
        by: Completion<'_>,
        proof: &Proof,
    ) -> Result<SignInOutcome> {
        let now = self.shared.clock.now();
        let (app, id) = match &by {
            Completion::Holder(caller) => (caller.app.clone(), caller.session.id),
            Completion::Page { app, session } => ((*app).clone(), *session),
        };
        let over = || Error::unauthenticated("session_over", "the session is over: begin another");
        tx.lock_session(app.environment(), id).await?;
        let mut session = tx
            .find_session(app.environment(), id)
            .await?
            .filter(|session| session.is_live_at(now))
            .ok_or_else(over)?;
        let Some((mut account, is_new)) = self.find_or_make(tx, &app, proof, now).await? else {
            return Ok(SignInOutcome::Conflict);
        };
        if account.frozen_at.is_some() {
            return Err(Error::forbidden(
                "account_frozen",
                "this account is frozen; whoever runs the app can say why",
            ));
        }
        account.signed_in_at = Some(now);
        merge_profile(&mut account, proof);
        account.updated_at = now;
        tx.update_account(&account).await?;
        bind(&mut session, &app, &account, proof, now);
        match by {
            Completion::Holder(caller) => {
                let (token, digest) = new_secret(&self.shared);
                session.rotation_due = false;
                tx.update_session(&session).await?;
                let rotated = tx
                    .rotate_session(app.environment(), id, &caller.digest(), &digest)
                    .await?;
                if !rotated {
                    return Err(over());
                }
                caller.session = session;
                caller.exchange(token);
            }
            Completion::Page { .. } => {
                session.rotation_due = true;
                tx.update_session(&session).await?;
            }
        }
        metrics::counter!("hallpass_sign_ins_total", "method" => proof.kind.metric()).increment(1);
        Ok(SignInOutcome::SignedIn {
            account: Box::new(account),
            is_new,
        })
    }

    /// The account that the proof belongs to; `None` when it belongs to two.
    async fn find_or_make(
        &self,
        tx: &mut Write,
        app: &AppCaller,
        proof: &Proof,
        now: Timestamp,
    ) -> Result<Option<(Account, bool)>> {
        let environment = app.environment();
        let own = tx
            .find_identity(environment, &proof.kind, &proof.identifier)
            .await?;
        let by_email = match &proof.verified_email {
            Some(email) => {
                tx.find_identity(environment, &IdentityKind::Email, &email.account_key())
                    .await?
            }
            None => None,
        };
        let known = match (&own, &by_email) {
            (Some(own), Some(email)) if own.account_id != email.account_id => return Ok(None),
            (Some(identity), _) | (None, Some(identity)) => Some(identity.account_id),
            (None, None) => None,
        };
        let (account, is_new) = match known {
            Some(id) => (locked(tx, environment, id).await?, false),
            None => (self.make(tx, app, proof, now).await?, true),
        };
        if own.is_none() && !self.add(tx, &account, proof, is_new, now).await? {
            // Somebody else was faster with the same identity: it is theirs, or the same person's other request.
            return self.settle_race(tx, account, is_new, proof).await;
        }
        if let Some(email) = &proof.verified_email
            && by_email.is_none()
        {
            let mailbox = Proof::of(
                IdentityKind::Email,
                email.account_key(),
                email.as_str().to_owned(),
            );
            if !self.add(tx, &account, &mailbox, is_new, now).await? {
                return Err(retry());
            }
        }
        if let Some(identity) = &own {
            tx.set_identity_detail(environment, identity.id, &proof.shown, &proof.detail())
                .await?;
        }
        if is_new {
            self.record_creation(tx, app, &account, proof, now).await?;
        }
        Ok(Some((account, is_new)))
    }

    async fn settle_race(
        &self,
        tx: &mut Write,
        account: Account,
        is_new: bool,
        proof: &Proof,
    ) -> Result<Option<(Account, bool)>> {
        let environment = account.environment_id;
        if !is_new {
            return Ok(None);
        }
        tx.delete_account(environment, account.id).await?;
        let identity = tx
            .find_identity(environment, &proof.kind, &proof.identifier)
            .await?
            .ok_or_else(retry)?;
        if proof.verified_email.is_some() {
            return Err(retry());
        }
        let account = locked(tx, environment, identity.account_id).await?;
        Ok(Some((account, false)))
    }

    async fn make(
        &self,
        tx: &mut Write,
        app: &AppCaller,
        proof: &Proof,
        now: Timestamp,
    ) -> Result<Account> {
        let account = Account {
            id: AccountId::from_random(self.shared.rng.bytes()),
            environment_id: app.environment(),
            profile: proof.profile.clone(),
            role: None,
            permissions: None,
            version: 1,
            frozen_at: None,
            signed_in_at: None,
            created_at: now,
            updated_at: now,
        };
        tx.insert_account(&account).await?;
        Ok(account)
    }

    /// Adds what was proven to an account, and tells others of a wallet; `false` when the environment has it already.
    pub(super) async fn add(
        &self,
        tx: &mut Write,
        account: &Account,
        proof: &Proof,
        is_primary: bool,
        now: Timestamp,
    ) -> Result<bool> {
        let identity = Identity {
            id: IdentityId::from_random(self.shared.rng.bytes()),
            environment_id: account.environment_id,
            account_id: account.id,
            kind: proof.kind.clone(),
            identifier: proof.identifier.clone(),
            shown: proof.shown.clone(),
            detail: proof.detail(),
            is_primary,
            created_at: now,
        };
        if !tx.insert_identity_if_absent(&identity).await? {
            return Ok(false);
        }
        if let Some(wallet) = &proof.wallet {
            let event = Event::WalletVerified {
                account: account.id,
                address: &wallet.address,
                provider: wallet.provider.as_deref(),
                verified_at: now,
            };
            announce(tx, &self.shared, account.environment_id, &event).await?;
        }
        Ok(true)
    }

    /// Writes down that the account began, and tells others.
    async fn record_creation(
        &self,
        tx: &mut Write,
        app: &AppCaller,
        account: &Account,
        proof: &Proof,
        now: Timestamp,
    ) -> Result<()> {
        tx.insert_audit(&AuditEntry {
            id: self.shared.rng.audit_id(now),
            at: now,
            kind: AuditKind::Change,
            actor_kind: ActorKind::User,
            actor_id: Some(account.id.to_string()),
            actor_name: None,
            project_id: Some(app.project()),
            environment_id: Some(app.environment()),
            action: "account.create".to_owned(),
            target: Some(account.id.to_string()),
            detail: json!({ "method": proof.kind }),
            request_id: None,
        })
        .await?;
        let event = Event::UserCreated {
            account: account.id,
            created_at: account.created_at,
        };
        announce(tx, &self.shared, app.environment(), &event).await
    }
}

/// The session is the account's from now on.
fn bind(session: &mut Session, app: &AppCaller, account: &Account, proof: &Proof, now: Timestamp) {
    let settings = app.sign_in();
    if session.account_id != Some(account.id) {
        session.wallets.clear();
    }
    if let Some(wallet) = proof.session_wallet() {
        session
            .wallets
            .retain(|known| known.address != wallet.address);
        session.wallets.push(wallet);
    }
    session.account_id = Some(account.id);
    session.former_account_id = Some(account.id);
    session.login = Some(proof.login());
    session.authenticated_at = Some(now);
    session.renewed_at = now;
    session.ends_at = now.plus_secs(settings.session_absolute_secs);
    session.expires_at = sliding_end(settings, now).min(session.ends_at);
}

/// What a service says last is shown; what it leaves out stays.
fn merge_profile(account: &mut Account, proof: &Proof) {
    let (to, from) = (&mut account.profile, &proof.profile);
    for (to, from) in [
        (&mut to.display_name, &from.display_name),
        (&mut to.username, &from.username),
        (&mut to.picture_url, &from.picture_url),
    ] {
        if from.is_some() {
            to.clone_from(from);
        }
    }
}

async fn locked(
    tx: &mut Write,
    environment: hallpass_model::EnvironmentId,
    id: AccountId,
) -> Result<Account> {
    tx.lock_account(environment, id).await?;
    tx.find_account(environment, id)
        .await?
        .ok_or_else(|| Error::internal("an identity's account exists"))
}

/// Two requests met in a way that only the next try can tell apart.
fn retry() -> Error {
    Error::unavailable("try_again", "the same account changed meanwhile; try again").retry_after(1)
}
