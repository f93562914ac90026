//! Passkeys: made by whoever has just signed in, and used instead of a code.
//!
//! Both happen on the hosted page, because a passkey belongs to the host name that it was made on. A ceremony is one
//! question with one answer: a challenge bound to the session and to the browser that asked, consumed before the answer is
//! looked at. A session's handle in an address is no right to anything: making, renaming and removing need a *visit*,
//! which a browser has for ten minutes after it signed somebody in, or after it brought a ticket that the session's holder
//! had asked for.

mod asked;
mod visit;

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use hallpass_identity::passkey::PasskeyError;
use hallpass_model::{
    Account, AccountId, ActorKind, AuditEntry, AuditKind, ChallengePurpose, Error, IdentityKind,
    Passkey, PasskeyCredential, PasskeyId, Result, Session, SessionId, limits,
};
use hallpass_store::{Read, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use asked::{MadePasskey, PasskeyAnswer};
pub(crate) use asked::{challenge_in, decode, refused, verify_answer, verify_made};
use visit::CEREMONY_SECS;

use super::PageBrowser;
use crate::accounts::{Accounts, Completion, Proof, SignInOutcome};
use crate::api_keys::AppCaller;
use crate::{Shared, names};

/// Passkeys of accounts.
pub struct Passkeys {
    pub(crate) shared: Arc<Shared>,
}

/// A hosted page in a browser, for one session.
#[derive(Debug, Clone, Copy)]
pub struct PageVisitor<'a> {
    /// The app that asks.
    pub app: &'a AppCaller,
    /// The session that the page was opened for.
    pub session: SessionId,
    /// Who sits in front of it.
    pub browser: &'a PageBrowser,
}

/// Where a hosted page is, as its browser sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagePlace {
    /// Scheme, host and port.
    pub origin: String,
    /// The host name alone.
    pub host: String,
    /// The origin that may show the page in a frame.
    pub framed_by: Option<String>,
}

/// What a browser is asked when somebody wants to sign in.
#[derive(Debug, Clone)]
pub struct PasskeyQuestion {
    /// Random, as base64url.
    pub challenge: String,
    /// How long there is to answer.
    pub secs: i64,
}

/// What a browser is asked when somebody wants a new passkey.
#[derive(Debug, Clone)]
pub struct PasskeyInvitation {
    /// Random, as base64url.
    pub challenge: String,
    /// How long there is to answer.
    pub secs: i64,
    /// What the passkey is to say of its account, as base64url.
    pub user_handle: String,
    /// The account for people.
    pub user_name: String,
    /// What the account has already, so that a device is not asked twice.
    pub known: Vec<String>,
}

impl Passkeys {
    /// Asks a browser to sign somebody in with a passkey.
    ///
    /// # Errors
    /// `session_ended`, `passkeys_off`.
    pub async fn begin_sign_in(
        &self,
        visitor: &PageVisitor<'_>,
        place: &PagePlace,
    ) -> Result<PasskeyQuestion> {
        check_on(visitor)?;
        let mut tx = self.shared.store.write().await?;
        self.load_session(&mut tx, visitor).await?;
        let purpose = ChallengePurpose::PasskeySignIn;
        let challenge = self.ask(&mut tx, visitor, purpose, place).await?;
        tx.commit().await?;
        Ok(PasskeyQuestion {
            challenge,
            secs: CEREMONY_SECS,
        })
    }

    /// Signs somebody in with the passkey that answered, and gives this browser a visit.
    ///
    /// # Errors
    /// `passkey_expired` when the question was answered, left too long or never asked; `passkey_refused` with the reason;
    /// `session_ended`, and what refuses any sign-in.
    pub async fn finish_sign_in(
        &self,
        visitor: &PageVisitor<'_>,
        answer: &PasskeyAnswer,
    ) -> Result<()> {
        check_on(visitor)?;
        let asked = self
            .consume(
                visitor,
                ChallengePurpose::PasskeySignIn,
                &answer.client_data,
            )
            .await?;
        let mut tx = self.shared.store.write().await?;
        self.load_session(&mut tx, visitor).await?;
        let passkey = tx
            .find_passkey_by_credential(visitor.app.environment(), &answer.credential_id)
            .await?
            .ok_or_else(unknown_passkey)?;
        let changed = asked.verify(answer, &passkey)?;
        let now = self.shared.clock.now();
        // A second use at the same moment has read the same counter.
        if !tx.note_passkey_use(&passkey, &changed, now).await? {
            return Err(refused(PasskeyError::CounterWentBack));
        }
        let proof = proof_for(&mut tx, &passkey).await?;
        let by = Completion::Page {
            app: visitor.app,
            session: visitor.session,
        };
        let accounts = Accounts {
            shared: Arc::clone(&self.shared),
        };
        match accounts.sign_in(&mut tx, by, &proof).await? {
            SignInOutcome::SignedIn { account, .. } if account.id == passkey.account_id => {}
            SignInOutcome::SignedIn { .. } | SignInOutcome::Conflict => {
                return Err(Error::internal("a passkey signs in its own account"));
            }
        }
        self.grant_visit(&mut tx, visitor, passkey.account_id)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Asks a browser for a new passkey of the account that it visits.
    ///
    /// # Errors
    /// `visit_over`, `passkeys_off`, `too_many_passkeys`.
    pub async fn begin_registration(
        &self,
        visitor: &PageVisitor<'_>,
        place: &PagePlace,
    ) -> Result<PasskeyInvitation> {
        check_on(visitor)?;
        let mut tx = self.shared.store.write().await?;
        let (account, session) = self.visited(&mut tx, visitor).await?;
        let known = tx.list_passkeys(account.environment_id, account.id).await?;
        check_room(&known)?;
        let purpose = ChallengePurpose::PasskeyRegister;
        let challenge = self.ask(&mut tx, visitor, purpose, place).await?;
        tx.commit().await?;
        Ok(PasskeyInvitation {
            challenge,
            secs: CEREMONY_SECS,
            user_handle: BASE64URL_NOPAD.encode(account.id.as_uuid().as_bytes()),
            user_name: name_of(&session, &account),
            known: known
                .into_iter()
                .map(|passkey| passkey.credential_id)
                .collect(),
        })
    }

    /// Keeps a new passkey for the account that the browser visits.
    ///
    /// # Errors
    /// `visit_over`, `passkey_expired`, `passkey_refused`, `passkey_known`, `too_many_passkeys`.
    pub async fn finish_registration(
        &self,
        visitor: &PageVisitor<'_>,
        made: &MadePasskey,
    ) -> Result<Passkey> {
        check_on(visitor)?;
        let asked = self
            .consume(
                visitor,
                ChallengePurpose::PasskeyRegister,
                &made.client_data,
            )
            .await?;
        let verified = asked.verify_new(made)?;
        let mut tx = self.shared.store.write().await?;
        let (account, _) = self.visited(&mut tx, visitor).await?;
        // Two at once would both find room.
        tx.lock_account(account.environment_id, account.id).await?;
        let known = tx.list_passkeys(account.environment_id, account.id).await?;
        check_room(&known)?;
        let passkey = Passkey {
            id: PasskeyId::from_random(self.shared.rng.bytes()),
            environment_id: account.environment_id,
            account_id: account.id,
            credential_id: BASE64URL_NOPAD.encode(&verified.credential_id),
            credential: PasskeyCredential {
                public_key: BASE64URL_NOPAD.encode(verified.key.as_cose()),
                counter: verified.counter,
                is_synced: verified.is_synced,
            },
            name: free_name(&known),
            created_at: self.shared.clock.now(),
            last_used_at: None,
        };
        tx.insert_passkey(&passkey).await.map_err(|error| {
            if error.is_conflict() {
                Error::conflict("passkey_known", "this passkey is known here already")
            } else {
                error.into()
            }
        })?;
        let detail = json!({ "passkey": passkey.id.to_string(), "name": passkey.name });
        self.record(&mut tx, visitor, account.id, "passkey.create", detail)
            .await?;
        tx.commit().await?;
        Ok(passkey)
    }

    /// The account that the browser visits and its passkeys, newest first; with it how the account is called.
    ///
    /// # Errors
    /// `visit_over`.
    pub async fn list(&self, visitor: &PageVisitor<'_>) -> Result<(String, Vec<Passkey>)> {
        let mut tx = self.shared.store.read().await?;
        let (account, session) = self.visited(&mut tx, visitor).await?;
        let passkeys = tx.list_passkeys(account.environment_id, account.id).await?;
        Ok((name_of(&session, &account), passkeys))
    }

    /// Gives a passkey another name.
    ///
    /// # Errors
    /// `visit_over`, `invalid_name`, `not_found`.
    pub async fn rename(&self, visitor: &PageVisitor<'_>, id: PasskeyId, name: &str) -> Result<()> {
        names::check(name)?;
        let mut tx = self.shared.store.write().await?;
        let (account, _) = self.visited(&mut tx, visitor).await?;
        if !tx
            .rename_passkey(account.environment_id, account.id, id, name)
            .await?
        {
            return Err(Error::not_found("passkey"));
        }
        let detail = json!({ "passkey": id.to_string(), "name": name });
        self.record(&mut tx, visitor, account.id, "passkey.update", detail)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Removes a passkey: it signs nobody in any more. The device keeps its half and has to be told by its owner.
    ///
    /// # Errors
    /// `visit_over`, `not_found`.
    pub async fn remove(&self, visitor: &PageVisitor<'_>, id: PasskeyId) -> Result<()> {
        let mut tx = self.shared.store.write().await?;
        let (account, _) = self.visited(&mut tx, visitor).await?;
        if !tx
            .delete_passkey(account.environment_id, account.id, id)
            .await?
        {
            return Err(Error::not_found("passkey"));
        }
        let detail = json!({ "passkey": id.to_string() });
        self.record(&mut tx, visitor, account.id, "passkey.remove", detail)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn record(
        &self,
        tx: &mut Write,
        visitor: &PageVisitor<'_>,
        account: AccountId,
        action: &str,
        detail: Value,
    ) -> Result<()> {
        let now = self.shared.clock.now();
        let entry = AuditEntry {
            id: self.shared.rng.audit_id(now),
            at: now,
            kind: AuditKind::Change,
            actor_kind: ActorKind::User,
            actor_id: Some(account.to_string()),
            actor_name: None,
            project_id: Some(visitor.app.project()),
            environment_id: Some(visitor.app.environment()),
            action: action.to_owned(),
            target: Some(account.to_string()),
            detail,
            request_id: None,
        };
        Ok(tx.insert_audit(&entry).await?)
    }
}

/// The account that a passkey stands for, as a proof of the identity that it is best known by.
async fn proof_for(tx: &mut Read, passkey: &Passkey) -> Result<Proof> {
    let (environment, account) = (passkey.environment_id, passkey.account_id);
    let owner = tx.find_account(environment, account).await?;
    let owner = owner.ok_or_else(unknown_passkey)?;
    let mut identities = tx.list_identities(environment, account).await?;
    identities.sort_by_key(|identity| {
        (
            identity.kind != IdentityKind::Email,
            !identity.is_primary,
            identity.created_at,
        )
    });
    let identity = identities.into_iter().next().ok_or_else(unknown_passkey)?;
    Ok(Proof {
        profile: owner.profile,
        ..Proof::of(identity.kind, identity.identifier, identity.shown)
    })
}

fn check_on(visitor: &PageVisitor<'_>) -> Result<()> {
    if visitor.app.sign_in().passkeys {
        return Ok(());
    }
    Err(passkeys_off())
}

fn check_room(known: &[Passkey]) -> Result<()> {
    if known.len() < limits::PASSKEYS {
        return Ok(());
    }
    Err(Error::conflict(
        "too_many_passkeys",
        "an account has at most 20 passkeys: remove one that you no longer use",
    ))
}

/// `Passkey 1` and so on; the first that is free.
fn free_name(known: &[Passkey]) -> String {
    let names = (1..).map(|number| format!("Passkey {number}"));
    let mut free = names.filter(|name| known.iter().all(|passkey| passkey.name != *name));
    free.next().unwrap_or_default()
}

/// How the account is called, for its owner.
fn name_of(session: &Session, account: &Account) -> String {
    let login = session.login.as_ref().map(|login| login.shown.clone());
    let name = account.profile.display_name.clone();
    login.or(name).unwrap_or_else(|| account.id.to_string())
}

/// The same words for one that never was, one that was removed, and one of another environment.
fn unknown_passkey() -> Error {
    Error::forbidden(
        "passkey_refused",
        "this passkey is not known here: it may have been removed, or be for another app",
    )
}

fn passkeys_off() -> Error {
    Error::forbidden(
        "passkeys_off",
        "this app does not sign people in with passkeys",
    )
}
