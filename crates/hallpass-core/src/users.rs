//! Connected users: what the customer's app reads and writes of them, and what operators do to them.
//!
//! Freezing, revoking and deleting raise the trust epoch, so that a remembered token of the user is looked at
//! afresh everywhere. A revocation outlives the user: tokens issued up to then stay refused.

use std::sync::Arc;

use hallpass_model::{
    ConnectedUser, Environment, EnvironmentId, Error, Metadata, Page, PageRequest, Result, Subject,
    Timestamp, limits,
};
use hallpass_permissions::{Permission, TargetSpec};
use serde_json::json;

use crate::actor::OperatorCaller;
use crate::change::{Change, Record};
use crate::environments::require_version;
use crate::tokens::Caller;
use crate::{Shared, metadata};

/// How often a merge is repeated when others change the same metadata at the same time.
const MERGE_TRIES: usize = 20;

/// Reads and changes connected users.
pub struct Users {
    pub(crate) shared: Arc<Shared>,
}

/// What a user's token may see of the user.
#[derive(Debug, Clone, PartialEq)]
pub struct Me {
    /// The token's `sub`.
    pub user_id: Subject,
    /// The metadata; empty without `metadata:read`.
    pub meta: Metadata,
}

/// A user whose tokens were revoked; the user itself may never have been seen.
#[derive(Debug, Clone, PartialEq)]
pub struct RevokedUser {
    /// Whose tokens.
    pub sub: Subject,
    /// Tokens issued up to then are refused.
    pub not_before: Timestamp,
}

impl Users {
    /// The user of a token. A valid token is never refused here; without `metadata:read` the metadata is empty.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn read_me(&self, caller: &Caller) -> Result<Me> {
        let mut meta = Metadata::new();
        if caller.filter(&TargetSpec::default(), Permission::MetadataRead) {
            let user = self
                .shared
                .store
                .read()
                .await?
                .find_user(caller.environment(), caller.sub())
                .await?;
            meta = user.map(|user| user.metadata).unwrap_or_default();
        }
        Ok(Me {
            user_id: caller.sub().clone(),
            meta,
        })
    }

    /// Merges into the user's metadata: objects recursively, everything else replaces, `null` is stored.
    ///
    /// # Errors
    /// `insufficient_permission` (403), `metadata_refused` (422) with a pointer into the patch.
    pub async fn merge_metadata(&self, caller: &Caller, patch: Metadata) -> Result<Me> {
        caller.require(Permission::MetadataWrite, &TargetSpec::default())?;
        metadata::check_names(&patch)?;
        for _ in 0..MERGE_TRIES {
            if let Some(meta) = self.try_merge(caller, patch.clone()).await? {
                return Ok(Me {
                    user_id: caller.sub().clone(),
                    meta,
                });
            }
        }
        Err(contended())
    }

    /// `None` when somebody else changed the metadata meanwhile, as can happen on PostgreSQL.
    async fn try_merge(&self, caller: &Caller, patch: Metadata) -> Result<Option<Metadata>> {
        let (environment, sub) = (caller.environment(), caller.sub());
        let mut tx = self.shared.store.write().await?;
        // Deleted since the token was verified: the next call makes the user again, this one has nothing to write to.
        let user = tx
            .find_user(environment, sub)
            .await?
            .ok_or_else(no_such_user)?;
        let mut merged = user.metadata.clone();
        metadata::merge(&mut merged, patch);
        metadata::check_size(&merged)?;
        if merged == user.metadata {
            return Ok(Some(merged));
        }
        let now = self.shared.clock.now();
        if !tx
            .update_user_metadata(environment, sub, &merged, user.version, now)
            .await?
        {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(merged))
    }

    /// The users of an environment, newest first.
    ///
    /// # Errors
    /// `not_found`, `invalid_cursor`.
    pub async fn list(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<ConnectedUser>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        Ok(tx.list_users(environment, page).await?)
    }

    /// The users of an environment whose `sub` begins so, letter for letter, newest first, among the next 20,000. A page
    /// that is not full may have a next one.
    ///
    /// # Errors
    /// `not_found`, `invalid_cursor`.
    pub async fn search(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        beginning: &str,
        page: &PageRequest,
    ) -> Result<Page<ConnectedUser>> {
        let _turn = self
            .shared
            .searches
            .acquire()
            .await
            .map_err(Error::internal)?;
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        Ok(tx
            .list_users_starting(environment, beginning, page, limits::SEARCH_ROWS)
            .await?)
    }

    /// One user.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        sub: &Subject,
    ) -> Result<ConnectedUser> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        tx.find_user(environment, sub)
            .await?
            .ok_or_else(no_such_user)
    }

    /// Refuses the user's tokens (403) until unfrozen.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn freeze(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        sub: &Subject,
    ) -> Result<ConnectedUser> {
        self.set_frozen(caller, environment, sub, true).await
    }

    /// Lets a frozen user in again.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn unfreeze(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        sub: &Subject,
    ) -> Result<ConnectedUser> {
        self.set_frozen(caller, environment, sub, false).await
    }

    /// Refuses every token issued to the user up to now, whether or not the user was seen here.
    ///
    /// # Errors
    /// `not_found` for the environment.
    pub async fn revoke(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        sub: &Subject,
    ) -> Result<RevokedUser> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let now = change.now;
        change.raise_not_before(environment, sub, now).await?;
        change.commit(record("user.revoke", &owner, sub)).await?;
        Ok(RevokedUser {
            sub: sub.clone(),
            not_before: now,
        })
    }

    /// Replaces the user's metadata. With `if_match`, only if nobody else did meanwhile.
    ///
    /// # Errors
    /// `not_found`, `version_changed` (412), `metadata_refused` (422).
    pub async fn replace_metadata(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        sub: &Subject,
        new: Metadata,
        if_match: Option<i64>,
    ) -> Result<ConnectedUser> {
        metadata::check_names(&new)?;
        metadata::check_size(&new)?;
        for _ in 0..MERGE_TRIES {
            let replaced = self
                .try_replace(caller, environment, sub, &new, if_match)
                .await?;
            if let Some(user) = replaced {
                return Ok(user);
            }
        }
        Err(contended())
    }

    /// `None` when somebody else changed the metadata between our look and our write, as can happen on PostgreSQL.
    async fn try_replace(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        sub: &Subject,
        new: &Metadata,
        if_match: Option<i64>,
    ) -> Result<Option<ConnectedUser>> {
        let mut change = Change::begin(&self.shared, caller).await?;
        let owner = caller.visible_environment(change.find_environment(environment).await?)?;
        let mut user = change
            .find_user(environment, sub)
            .await?
            .ok_or_else(no_such_user)?;
        require_version(user.version, if_match)?;
        let now = change.now;
        if !change
            .update_user_metadata(environment, sub, new, user.version, now)
            .await?
        {
            return Ok(None);
        }
        change
            .commit(record("user.replace_metadata", &owner, sub))
            .await?;
        user.version += 1;
        user.updated_at = now;
        user.metadata = new.clone();
        Ok(Some(user))
    }

    /// Erases the user. Tokens issued up to now stay refused; a later one makes a new user.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        sub: &Subject,
    ) -> Result<()> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        if !change.delete_user(environment, sub).await? {
            return Err(no_such_user());
        }
        self.shared.ledger.forget(environment, sub);
        change.delete_decisions_of(environment, sub).await?;
        let now = change.now;
        change.raise_not_before(environment, sub, now).await?;
        change.commit(record("user.delete", &owner, sub)).await
    }

    async fn set_frozen(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        sub: &Subject,
        frozen: bool,
    ) -> Result<ConnectedUser> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let mut user = change
            .find_user(environment, sub)
            .await?
            .ok_or_else(no_such_user)?;
        if user.frozen_at.is_some() == frozen {
            return Ok(user);
        }
        let now = change.now;
        user.frozen_at = frozen.then_some(now);
        user.updated_at = now;
        change
            .set_user_frozen(environment, sub, user.frozen_at, now)
            .await?;
        change
            .commit(record(
                if frozen {
                    "user.freeze"
                } else {
                    "user.unfreeze"
                },
                &owner,
                sub,
            ))
            .await?;
        Ok(user)
    }
}

fn contended() -> Error {
    Error::conflict(
        "metadata_contended",
        "others keep changing this user's metadata; try again",
    )
}

fn no_such_user() -> Error {
    Error::not_found("user")
}

fn record<'a>(action: &'a str, environment: &Environment, sub: &Subject) -> Record<'a> {
    Record {
        action,
        project: Some(environment.project_id),
        environment: Some(environment.id),
        target: sub.to_string(),
        detail: json!({}),
    }
}
