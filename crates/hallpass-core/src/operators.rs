//! Operators and their keys. A key is shown once and kept as a SHA-256 digest.

use std::sync::Arc;

use hallpass_model::{
    Error, Operator, OperatorId, OperatorKey, OperatorKeyId, Page, PageRequest, ProjectId, Result,
    Role, limits,
};
use serde_json::json;
use zeroize::Zeroizing;

use crate::actor::{Created, OperatorCaller};
use crate::change::{Change, Record};
use crate::secret_text::SecretText;
use crate::{Shared, names};

/// How operator keys begin.
pub const KEY_PREFIX: &str = "hpo_";

/// Makes and shuts out operators, makes and revokes their keys, recognises them.
pub struct Operators {
    pub(crate) shared: Arc<Shared>,
}

/// Who is to be made.
#[derive(Debug, Clone)]
pub struct NewOperator {
    /// Unique display name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// What it sees; `None` is every project.
    pub projects: Option<Vec<ProjectId>>,
    /// Lifetime of its first key; `None` is unlimited.
    pub expires_in_secs: Option<i64>,
}

/// What to change; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct OperatorPatch {
    /// A new role.
    pub role: Option<Role>,
    /// Other projects; `Some(None)` is every project.
    pub projects: Option<Option<Vec<ProjectId>>>,
    /// Shuts out or lets in again.
    pub disabled: Option<bool>,
}

/// A key and, the first time only, its text.
pub struct NewOperatorKey {
    /// Whose it is.
    pub operator: Operator,
    /// What is kept.
    pub key: OperatorKey,
    /// The key itself; `None` when it was shown before.
    pub secret: Option<Zeroizing<String>>,
}

impl Operators {
    /// Recognises an operator by its key.
    ///
    /// # Errors
    /// `operator_key_invalid` (401), the same for every reason.
    pub async fn authenticate(&self, key: &str) -> Result<OperatorCaller> {
        let digest = SecretText::digest_of(KEY_PREFIX, key).ok_or_else(invalid_key)?;
        let found = self
            .shared
            .store
            .read()
            .await?
            .find_operator_by_key_digest(&digest)
            .await?;
        let (operator, key) = found.ok_or_else(invalid_key)?;
        let now = self.shared.clock.now();
        let expired = key.expires_at.is_some_and(|end| now >= end);
        if expired || key.revoked_at.is_some() || operator.disabled_at.is_some() {
            return Err(invalid_key());
        }
        self.shared.ledger.operator_key_used(key.id, now);
        Ok(OperatorCaller::operator(&operator, key.id))
    }

    /// Makes an operator with a first key.
    ///
    /// # Errors
    /// `name_taken`, `invalid_name`, `invalid_lifetime`, `unknown_project`, `all_projects_needed`.
    pub async fn create(
        &self,
        caller: &OperatorCaller,
        new: NewOperator,
    ) -> Result<Created<NewOperatorKey>> {
        caller.require_all_projects()?;
        names::check(&new.name)?;
        let mut change = Change::begin(&self.shared, caller).await?;
        if let Some(reference) = change.replayed().await? {
            return replay(&mut change, &reference).await.map(Created::Replayed);
        }
        require_projects(&mut change, new.projects.as_deref()).await?;
        let operator = Operator {
            id: OperatorId::from_random(self.shared.rng.bytes()),
            name: new.name,
            role: new.role,
            projects: new.projects,
            created_at: change.now,
            disabled_at: None,
        };
        let (key, secret) = self.make_key(operator.id, new.expires_in_secs)?;
        change
            .insert_operator(&operator)
            .await
            .map_err(names::taken)?;
        change.insert_operator_key(&key, &secret.digest()).await?;
        change
            .commit(record("operator.create", &operator, Some(&key)))
            .await?;
        Ok(Created::New(NewOperatorKey {
            operator,
            key,
            secret: Some(secret.reveal()),
        }))
    }

    /// Changes role, projects, or shuts out.
    ///
    /// # Errors
    /// `not_found`, `unknown_project`, `all_projects_needed`.
    pub async fn update(
        &self,
        caller: &OperatorCaller,
        id: OperatorId,
        patch: OperatorPatch,
    ) -> Result<Operator> {
        caller.require_all_projects()?;
        let mut change = Change::begin(&self.shared, caller).await?;
        // Held before it is read, so that a change made meanwhile by somebody else is not written over.
        change.lock_operator(id).await?;
        let mut operator = change
            .find_operator(id)
            .await?
            .ok_or_else(|| Error::not_found("operator"))?;
        if let Some(projects) = patch.projects {
            require_projects(&mut change, projects.as_deref()).await?;
            operator.projects = projects;
        }
        operator.role = patch.role.unwrap_or(operator.role);
        if let Some(disabled) = patch.disabled {
            operator.disabled_at = disabled.then(|| operator.disabled_at.unwrap_or(change.now));
        }
        change.update_operator(&operator).await?;
        change
            .commit(record("operator.update", &operator, None))
            .await?;
        Ok(operator)
    }

    /// Makes another key for an operator.
    ///
    /// # Errors
    /// `not_found`, `invalid_lifetime`, `all_projects_needed`.
    pub async fn create_key(
        &self,
        caller: &OperatorCaller,
        id: OperatorId,
        expires_in_secs: Option<i64>,
    ) -> Result<Created<NewOperatorKey>> {
        caller.require_all_projects()?;
        let mut change = Change::begin(&self.shared, caller).await?;
        if let Some(reference) = change.replayed().await? {
            return replay(&mut change, &reference).await.map(Created::Replayed);
        }
        let operator = change
            .find_operator(id)
            .await?
            .ok_or_else(|| Error::not_found("operator"))?;
        let (key, secret) = self.make_key(id, expires_in_secs)?;
        change.insert_operator_key(&key, &secret.digest()).await?;
        change
            .commit(record("operator_key.create", &operator, Some(&key)))
            .await?;
        Ok(Created::New(NewOperatorKey {
            operator,
            key,
            secret: Some(secret.reveal()),
        }))
    }

    /// Withdraws a key at once.
    ///
    /// # Errors
    /// `not_found`, `all_projects_needed`.
    pub async fn revoke_key(
        &self,
        caller: &OperatorCaller,
        id: OperatorId,
        key: OperatorKeyId,
    ) -> Result<OperatorKey> {
        caller.require_all_projects()?;
        let mut change = Change::begin(&self.shared, caller).await?;
        let not_found = || Error::not_found("operator key");
        let operator = change.find_operator(id).await?.ok_or_else(not_found)?;
        let mut key = change
            .find_operator_key(id, key)
            .await?
            .ok_or_else(not_found)?;
        let now = change.now;
        if change.revoke_operator_key(id, key.id, now).await? {
            key.revoked_at = Some(now);
            change
                .commit(record("operator_key.revoke", &operator, Some(&key)))
                .await?;
        }
        Ok(key)
    }

    /// Every operator, newest first.
    ///
    /// # Errors
    /// `invalid_cursor`, `all_projects_needed`.
    pub async fn list(
        &self,
        caller: &OperatorCaller,
        page: &PageRequest,
    ) -> Result<Page<Operator>> {
        caller.require_all_projects()?;
        Ok(self.shared.store.read().await?.list_operators(page).await?)
    }

    /// One operator.
    ///
    /// # Errors
    /// `not_found`, `all_projects_needed`.
    pub async fn load(&self, caller: &OperatorCaller, id: OperatorId) -> Result<Operator> {
        caller.require_all_projects()?;
        self.shared
            .store
            .read()
            .await?
            .find_operator(id)
            .await?
            .ok_or_else(|| Error::not_found("operator"))
    }

    /// The keys of an operator, newest first.
    ///
    /// # Errors
    /// `not_found`, `invalid_cursor`, `all_projects_needed`.
    pub async fn list_keys(
        &self,
        caller: &OperatorCaller,
        id: OperatorId,
        page: &PageRequest,
    ) -> Result<Page<OperatorKey>> {
        caller.require_all_projects()?;
        let mut tx = self.shared.store.read().await?;
        tx.find_operator(id)
            .await?
            .ok_or_else(|| Error::not_found("operator"))?;
        Ok(tx.list_operator_keys(id, page).await?)
    }

    /// Whether nobody can sign in yet.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(self.shared.store.read().await?.count_operators().await? == 0)
    }

    fn make_key(
        &self,
        operator_id: OperatorId,
        expires_in_secs: Option<i64>,
    ) -> Result<(OperatorKey, SecretText)> {
        if expires_in_secs.is_some_and(|secs| secs < 1) {
            return Err(
                Error::unprocessable("invalid_lifetime", "a key lives at least 1 second")
                    .at("/expires_in_secs"),
            );
        }
        let secret = SecretText::generate(KEY_PREFIX, &*self.shared.rng);
        let now = self.shared.clock.now();
        let key = OperatorKey {
            id: OperatorKeyId::from_random(self.shared.rng.bytes()),
            operator_id,
            hint: secret.hint(),
            created_at: now,
            expires_at: expires_in_secs.map(|secs| now.plus_secs(secs)),
            revoked_at: None,
            last_used_at: None,
        };
        Ok((key, secret))
    }
}

async fn require_projects(change: &mut Change<'_>, projects: Option<&[ProjectId]>) -> Result<()> {
    let projects = projects.unwrap_or_default();
    if projects.len() > limits::OPERATOR_PROJECTS {
        return Err(Error::unprocessable(
            "too_many_projects",
            "at most 100 projects; leave it out for all",
        )
        .at("/projects"));
    }
    for (index, project) in projects.iter().enumerate() {
        if change.find_project(*project).await?.is_none() {
            return Err(Error::unprocessable("unknown_project", "no such project")
                .at(format!("/projects/{index}")));
        }
    }
    Ok(())
}

/// An idempotency record of a key names the operator and the key, never the secret.
async fn replay(change: &mut Change<'_>, reference: &str) -> Result<NewOperatorKey> {
    let (operator, key) = reference.split_once('/').unwrap_or((reference, ""));
    let (operator, key) = (names::replayed(operator)?, names::replayed(key)?);
    let not_found = || Error::not_found("operator key");
    Ok(NewOperatorKey {
        operator: change
            .find_operator(operator)
            .await?
            .ok_or_else(not_found)?,
        key: change
            .find_operator_key(operator, key)
            .await?
            .ok_or_else(not_found)?,
        secret: None,
    })
}

fn invalid_key() -> Error {
    Error::unauthenticated(
        "operator_key_invalid",
        "the operator key is unknown, revoked or expired",
    )
}

fn record<'a>(action: &'a str, operator: &Operator, key: Option<&OperatorKey>) -> Record<'a> {
    Record {
        action,
        project: None,
        environment: None,
        target: match key {
            Some(key) => format!("{}/{}", operator.id, key.id),
            None => operator.id.to_string(),
        },
        detail: json!({
            "name": operator.name,
            "role": operator.role.as_str(),
            "projects": operator.projects,
            "disabled": operator.disabled_at.is_some(),
        }),
    }
}
