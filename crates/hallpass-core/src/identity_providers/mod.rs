//! Identity providers: services outside whose tokens an environment takes for user tokens.
//!
//! A token belongs to the provider whose issuer its `iss` equals, so two providers never share an issuer; one
//! without an issuer takes every token that is left, so it stands alone and beside no signing key.

mod derived;
mod patch;
mod settings;
mod test;
mod trusted;

use std::sync::Arc;

use hallpass_model::{
    Environment, EnvironmentId, Error, IdentityProvider, IdentityProviderId, ProjectId,
    ProviderSettings, Result, limits,
};
use serde_json::{Value, json};

pub use derived::ProviderWarning;
use derived::{Derived, derive, warnings};
use patch::patched;
use settings::check;
pub use test::{KeyReport, ProviderTest};
pub(crate) use trusted::{PermissionSource, TrustedProvider};

use crate::actor::{Created, OperatorCaller};
use crate::change::{Change, Record};
use crate::environments::{require_version, version_changed};
use crate::keys::KeysStatus;
use crate::{Shared, names};

/// Adds, changes, tests and removes identity providers.
pub struct IdentityProviders {
    pub(crate) shared: Arc<Shared>,
}

/// A provider, what follows from its settings, and how this process stands with its keys.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderView {
    /// What is stored.
    pub provider: IdentityProvider,
    /// The `iss` values of its tokens; none: they are not told apart by it.
    pub issuers: Vec<String>,
    /// The key set, or the discovery document that names it.
    pub keys_url: String,
    /// What is dangerous about it.
    pub warnings: Vec<ProviderWarning>,
    /// Its keys in the memory of this process.
    pub keys: KeysStatus,
}

/// What to change; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct ProviderPatch {
    /// A merge patch (RFC 7396) of the settings; the kind stays what it is.
    pub settings: Option<Value>,
    /// Whether its tokens are refused.
    pub disabled: Option<bool>,
}

impl IdentityProviders {
    /// Trusts a provider's tokens from the next request on. Fetches nothing yet.
    ///
    /// # Errors
    /// `not_found`, `invalid_provider` and the gate's refusals with a pointer, `issuer_taken`, `issuerless_conflict`,
    /// `too_many_providers`.
    pub async fn add(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        settings: ProviderSettings,
    ) -> Result<Created<ProviderView>> {
        let derived = check(&settings, self.shared.remote.egress())?;
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        if let Some(id) = change.replayed().await? {
            let found = change
                .find_identity_provider(environment, names::replayed(&id)?)
                .await?;
            let found = found.ok_or_else(no_provider)?;
            return Ok(Created::Replayed(self.view(owner.project_id, found)?));
        }
        let others = change.list_identity_providers(environment).await?;
        if others.len() >= limits::IDENTITY_PROVIDERS {
            return Err(Error::conflict(
                "too_many_providers",
                "an environment has at most 16 identity providers; remove one first",
            ));
        }
        check_beside(&mut change, &owner, &derived, &others).await?;
        let provider = IdentityProvider {
            id: IdentityProviderId::from_random(self.shared.rng.bytes()),
            environment_id: environment,
            settings,
            disabled_at: None,
            version: 1,
            created_at: change.now,
            updated_at: change.now,
        };
        change.insert_identity_provider(&provider).await?;
        change
            .commit(Record {
                action: "identity_provider.add",
                project: Some(owner.project_id),
                environment: Some(environment),
                target: provider.id.to_string(),
                detail: json!({ "kind": provider.settings.kind, "settings": provider.settings, "issuers": derived.issuers }),
            })
            .await?;
        Ok(Created::New(self.view(owner.project_id, provider)?))
    }

    /// Changes settings, or whether its tokens are refused. With `if_match`, only if nobody else did meanwhile. What
    /// changes nothing leaves no trace.
    ///
    /// # Errors
    /// `not_found`, `version_changed` (412), and what [`Self::add`] refuses.
    pub async fn update(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: IdentityProviderId,
        patch: ProviderPatch,
        if_match: Option<i64>,
    ) -> Result<ProviderView> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let found = change.find_identity_provider(environment, id).await?;
        let mut provider = found.ok_or_else(no_provider)?;
        let (before, version) = (provider.clone(), provider.version);
        require_version(version, if_match)?;
        if let Some(settings) = &patch.settings {
            provider.settings = patched(&provider.settings, settings)
                .and_then(|settings| {
                    check(&settings, self.shared.remote.egress())?;
                    Ok(settings)
                })
                .map_err(|error| error.within("/settings"))?;
        }
        if let Some(disabled) = patch.disabled {
            let since = provider.disabled_at.unwrap_or(change.now);
            provider.disabled_at = disabled.then_some(since);
        }
        if provider == before {
            return self.view(owner.project_id, provider);
        }
        let mut others = change.list_identity_providers(environment).await?;
        others.retain(|other| other.id != id);
        let derived = derive(&provider.settings)?;
        check_beside(&mut change, &owner, &derived, &others)
            .await
            .map_err(|error| error.within("/settings"))?;
        provider.version += 1;
        provider.updated_at = change.now;
        if !change.update_identity_provider(&provider, version).await? {
            return Err(version_changed());
        }
        change
            .commit(Record {
                action: "identity_provider.update",
                project: Some(owner.project_id),
                environment: Some(environment),
                target: id.to_string(),
                detail: json!({ "settings": patch.settings, "disabled": patch.disabled }),
            })
            .await?;
        self.view(owner.project_id, provider)
    }

    /// Trusts its tokens no more, from the next request on.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: IdentityProviderId,
    ) -> Result<()> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let found = change.find_identity_provider(environment, id).await?;
        let provider = found.ok_or_else(no_provider)?;
        change.delete_identity_provider(environment, id).await?;
        change
            .commit(Record {
                action: "identity_provider.remove",
                project: Some(owner.project_id),
                environment: Some(environment),
                target: id.to_string(),
                detail: json!({ "kind": provider.settings.kind, "settings": provider.settings }),
            })
            .await
    }

    /// The providers of an environment, oldest first.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn list(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
    ) -> Result<Vec<ProviderView>> {
        let mut tx = self.shared.store.read().await?;
        let owner = caller.visible_environment(tx.find_environment(environment).await?)?;
        let providers = tx.list_identity_providers(environment).await?;
        providers
            .into_iter()
            .map(|provider| self.view(owner.project_id, provider))
            .collect()
    }

    /// One provider.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: IdentityProviderId,
    ) -> Result<ProviderView> {
        let (project, stored) = self.load_stored(caller, environment, id).await?;
        self.view(project, stored)
    }

    async fn load_stored(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: IdentityProviderId,
    ) -> Result<(ProjectId, IdentityProvider)> {
        let mut tx = self.shared.store.read().await?;
        let owner = caller.visible_environment(tx.find_environment(environment).await?)?;
        let found = tx.find_identity_provider(environment, id).await?;
        Ok((owner.project_id, found.ok_or_else(no_provider)?))
    }

    fn view(&self, project: ProjectId, provider: IdentityProvider) -> Result<ProviderView> {
        let derived = derive(&provider.settings)?;
        Ok(ProviderView {
            warnings: warnings(&provider.settings, &derived),
            keys: self.shared.remote.status(project, &derived.location),
            keys_url: derived.location.url().to_owned(),
            issuers: derived.issuers,
            provider,
        })
    }
}

/// Whether a signing key may stand in the environment.
///
/// # Errors
/// `issuerless_conflict` beside a provider without an issuer.
pub(crate) async fn check_no_issuerless(
    change: &mut Change<'_>,
    environment: EnvironmentId,
) -> Result<()> {
    for provider in change.list_identity_providers(environment).await? {
        if derive(&provider.settings)?.issuers.is_empty() {
            return Err(issuerless_conflict());
        }
    }
    Ok(())
}

/// Every token has to lead to one place.
async fn check_beside(
    change: &mut Change<'_>,
    owner: &Environment,
    derived: &Derived,
    others: &[IdentityProvider],
) -> Result<()> {
    if let Some(own) = &owner.settings.issuer
        && derived.issuers.contains(own)
    {
        return Err(own_issuer_taken().at("/issuer"));
    }
    for other in others {
        let other = derive(&other.settings)?;
        if derived
            .issuers
            .iter()
            .any(|issuer| other.issuers.contains(issuer))
        {
            return Err(Error::conflict(
                "issuer_taken",
                "another identity provider of this environment has this issuer; change or remove that one",
            )
            .at("/issuer"));
        }
        if derived.issuers.is_empty() && other.issuers.is_empty() {
            return Err(issuerless_conflict().at("/issuer"));
        }
    }
    if derived.issuers.is_empty() {
        let now = change.now;
        let keys = change.list_unrevoked_signing_keys(owner.id).await?;
        if keys.iter().any(|key| key.state_at(now).is_trusted()) {
            return Err(issuerless_conflict().at("/issuer"));
        }
    }
    Ok(())
}

/// Whether the environment may expect this issuer of the tokens that its own keys made.
///
/// # Errors
/// `issuer_taken` if a provider has it.
pub(crate) async fn check_own_issuer(
    change: &mut Change<'_>,
    environment: &Environment,
) -> Result<()> {
    let Some(own) = &environment.settings.issuer else {
        return Ok(());
    };
    for provider in change.list_identity_providers(environment.id).await? {
        if derive(&provider.settings)?.issuers.contains(own) {
            return Err(own_issuer_taken());
        }
    }
    Ok(())
}

fn own_issuer_taken() -> Error {
    Error::conflict(
        "issuer_taken",
        "tokens of this issuer belong to an identity provider, or to the environment's own keys, not to both",
    )
}

fn issuerless_conflict() -> Error {
    Error::conflict(
        "issuerless_conflict",
        "an identity provider without an issuer stands alone: name its issuer, or revoke the signing keys and remove other such providers",
    )
}

fn no_provider() -> Error {
    Error::not_found("identity provider")
}
