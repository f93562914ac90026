//! What operators see of accounts and do to them.
//!
//! Freezing, deleting and a change of permissions raise the trust epoch, so that a remembered token is looked at afresh
//! everywhere. An account's row is locked before it is read: a sign-in at the same time comes before or after, not between.

use hallpass_model::{
    Account, AccountId, Environment, EnvironmentId, Error, Identity, Page, PageRequest, Result,
    Session, SessionId, Subject, limits,
};
use serde_json::{Value, json};

use super::Accounts;
use crate::actor::OperatorCaller;
use crate::change::{Change, Record};
use crate::environments::{check_permissions, require_version};

/// An account and the ways to be it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountDetail {
    /// The account.
    pub account: Account,
    /// What was proven, oldest first.
    pub identities: Vec<Identity>,
}

/// What to change; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct AccountPatch {
    /// The role that chooses the permissions of issued tokens; `Some(None)` takes it away.
    pub role: Option<Option<String>>,
    /// The permission claim of this account's issued tokens; `Some(None)` takes it away.
    pub permissions: Option<Option<Value>>,
}

impl Accounts {
    /// The accounts of an environment, newest first.
    ///
    /// # Errors
    /// `not_found`, `invalid_cursor`.
    pub async fn list(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<Account>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        Ok(tx.list_accounts(environment, page).await?)
    }

    /// The accounts of an environment whose id begins so, or a mailbox, number, address or name by which they are known;
    /// newest first, among the next 20,000. A page that is not full may have a next one.
    ///
    /// # Errors
    /// `not_found`, `invalid_cursor`.
    pub async fn search(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        beginning: &str,
        page: &PageRequest,
    ) -> Result<Page<Account>> {
        let _turn = self
            .shared
            .searches
            .acquire()
            .await
            .map_err(Error::internal)?;
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        Ok(tx
            .list_accounts_starting(environment, beginning, page, limits::SEARCH_ROWS)
            .await?)
    }

    /// One account.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: AccountId,
    ) -> Result<AccountDetail> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        let account = tx.find_account(environment, id).await?;
        Ok(AccountDetail {
            account: account.ok_or_else(no_such_account)?,
            identities: tx.list_identities(environment, id).await?,
        })
    }

    /// Shuts the account out until it is let in again: its sessions end, nobody signs in to it.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn freeze(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: AccountId,
    ) -> Result<AccountDetail> {
        self.set_frozen(caller, environment, id, true).await
    }

    /// Lets a frozen account in again; its people sign in anew.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn unfreeze(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: AccountId,
    ) -> Result<AccountDetail> {
        self.set_frozen(caller, environment, id, false).await
    }

    /// Changes role and permissions; counts from the next issued token on.
    ///
    /// # Errors
    /// `not_found`, `version_changed` (412), `invalid_account` (422) with a pointer into the patch.
    pub async fn update(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: AccountId,
        patch: AccountPatch,
        if_match: Option<i64>,
    ) -> Result<AccountDetail> {
        check_patch(&patch)?;
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let mut account = locked(&mut change, environment, id).await?;
        require_version(account.version, if_match)?;
        let detail = json!({ "role": patch.role, "permissions": patch.permissions });
        if let Some(role) = patch.role {
            account.role = role;
        }
        if let Some(permissions) = patch.permissions {
            account.permissions = permissions;
        }
        account.version += 1;
        account.updated_at = change.now;
        change.update_account(&account).await?;
        let identities = change.list_identities(environment, id).await?;
        change
            .commit(record("account.update", &owner, id, detail))
            .await?;
        Ok(AccountDetail {
            account,
            identities,
        })
    }

    /// Erases the account, with its identities, sessions, passkeys and wallets, and what is kept of it as a connected user.
    /// Tokens issued up to now stay refused where they are user tokens; who signs in again is somebody new.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: AccountId,
    ) -> Result<()> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let now = change.now;
        change.end_sessions(environment, id, now).await?;
        locked(&mut change, environment, id).await?;
        change.delete_sessions_of_account(environment, id).await?;
        change.delete_passkeys_of_account(environment, id).await?;
        change.delete_wallets_of_account(environment, id).await?;
        change.delete_identities_of_account(environment, id).await?;
        change.delete_account(environment, id).await?;
        let sub: Subject = id.to_string().parse().map_err(Error::internal)?;
        if change.delete_user(environment, &sub).await? {
            self.shared.ledger.forget(environment, &sub);
            change.delete_decisions_of(environment, &sub).await?;
        }
        change.raise_not_before(environment, &sub, now).await?;
        change
            .commit(record("account.delete", &owner, id, json!({})))
            .await
    }

    /// The sessions of an account, newest first; ended ones too, while they are kept.
    ///
    /// # Errors
    /// `not_found`, `invalid_cursor`.
    pub async fn list_sessions(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: AccountId,
        page: &PageRequest,
    ) -> Result<Page<Session>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        tx.find_account(environment, id)
            .await?
            .ok_or_else(no_such_account)?;
        Ok(tx.list_sessions(environment, id, page).await?)
    }

    /// How many sessions of an environment somebody is signed in to now.
    ///
    /// # Errors
    /// `not_found` where the caller does not see the environment.
    pub async fn count_sessions(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
    ) -> Result<i64> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        let now = self.shared.clock.now();
        Ok(tx.count_signed_in_sessions(environment, now).await?)
    }

    /// Ends one session of an account; tokens that it issued stop counting where they are user tokens.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn revoke_session(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: AccountId,
        session: SessionId,
    ) -> Result<Session> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let found = change.find_session(environment, session).await?;
        let mut found = found
            .filter(|found| found.account_id == Some(id))
            .ok_or_else(|| Error::not_found("session"))?;
        let now = change.now;
        if !change.end_session(environment, session, now).await? {
            return Ok(found);
        }
        found.ended_at = Some(now);
        let detail = json!({ "session": session });
        change
            .commit(record("account.revoke_session", &owner, id, detail))
            .await?;
        Ok(found)
    }

    /// Ends every session of an account; answers how many there were.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn revoke_sessions(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: AccountId,
    ) -> Result<u64> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let now = change.now;
        let before = change.end_sessions(environment, id, now).await?;
        locked(&mut change, environment, id).await?;
        // Those of a sign-in that came between the two.
        let ended = before + change.end_sessions(environment, id, now).await?;
        let detail = json!({ "ended": ended });
        change
            .commit(record("account.revoke_sessions", &owner, id, detail))
            .await?;
        Ok(ended)
    }

    async fn set_frozen(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: AccountId,
        frozen: bool,
    ) -> Result<AccountDetail> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let now = change.now;
        // Sessions before the account, as a sign-in locks them: two that lock in different orders wait for each other.
        if frozen {
            change.end_sessions(environment, id, now).await?;
        }
        let mut account = locked(&mut change, environment, id).await?;
        let identities = change.list_identities(environment, id).await?;
        if account.frozen_at.is_some() == frozen {
            return Ok(AccountDetail {
                account,
                identities,
            });
        }
        account.frozen_at = frozen.then_some(now);
        account.version += 1;
        account.updated_at = now;
        change.update_account(&account).await?;
        if frozen {
            change.end_sessions(environment, id, now).await?;
        }
        let action = if frozen {
            "account.freeze"
        } else {
            "account.unfreeze"
        };
        change.commit(record(action, &owner, id, json!({}))).await?;
        Ok(AccountDetail {
            account,
            identities,
        })
    }
}

async fn locked(
    change: &mut Change<'_>,
    environment: EnvironmentId,
    id: AccountId,
) -> Result<Account> {
    change.lock_account(environment, id).await?;
    let account = change.find_account(environment, id).await?;
    account.ok_or_else(no_such_account)
}

fn check_patch(patch: &AccountPatch) -> Result<()> {
    if let Some(Some(role)) = &patch.role {
        let fits = (1..=limits::NAME_BYTES).contains(&role.len());
        if !fits || role.chars().any(char::is_control) {
            return Err(Error::unprocessable(
                "invalid_account",
                "a role has 1 to 100 bytes and no control characters",
            )
            .at("/role"));
        }
    }
    match &patch.permissions {
        Some(Some(claim)) => check_permissions(claim).map_err(|error| error.within("/permissions")),
        _ => Ok(()),
    }
}

fn no_such_account() -> Error {
    Error::not_found("account")
}

fn record<'a>(
    action: &'a str,
    environment: &Environment,
    id: AccountId,
    detail: Value,
) -> Record<'a> {
    Record {
        action,
        project: Some(environment.project_id),
        environment: Some(environment.id),
        target: id.to_string(),
        detail,
    }
}
