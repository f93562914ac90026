//! Sign-in providers: services outside that vouch for people who sign in at Hallpass.
//!
//! Identities are kept under the provider's kind, or under an OIDC provider's handle, and its own name for the person. So a handle never
//! goes to another issuer, not even after a removal: the other issuer's people would be taken for the first one's.

mod check;
mod enabled;
mod patch;

use std::sync::Arc;

use hallpass_model::{
    EnvironmentId, Error, Result, SignInProvider, SignInProviderId, SignInProviderKind,
    SignInProviderSettings, limits,
};
use hallpass_seal::SecretText;
use serde::Serialize;
use serde_json::{Value, json};

use check::{check, check_secret, issuer_of};
pub use enabled::SignInProviderButton;
pub(crate) use enabled::{OauthProvider, bot_token_of, find_oauth, path_word};
use patch::patched;

use crate::actor::{Created, OperatorCaller};
use crate::change::{Change, Record};
use crate::environments::{require_version, version_changed};
use crate::{Shared, names};

/// Adds, changes and removes sign-in providers.
pub struct SignInProviders {
    pub(crate) shared: Arc<Shared>,
}

/// A provider, and what follows from its settings. The secret is never part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInProviderView {
    /// What is stored.
    pub provider: SignInProvider,
    /// Where the service sends people back to, on each host of this server: to be registered there. None for Telegram.
    pub callback_path: Option<String>,
    /// What is dangerous about it.
    pub warnings: Vec<SignInProviderWarning>,
}

/// Something that works and is dangerous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignInProviderWarning {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// A provider to add.
pub struct NewSignInProvider {
    /// Its name in addresses; left out, the word of its kind. Only OIDC providers may choose.
    pub handle: Option<String>,
    /// Its settings.
    pub settings: SignInProviderSettings,
    /// The client secret, Apple's private key or the bot's token.
    pub secret: Option<String>,
}

/// What to change; what is left out stays.
#[derive(Default)]
pub struct SignInProviderPatch {
    /// A merge patch (RFC 7396) of the settings; the kind stays what it is.
    pub settings: Option<Value>,
    /// Another secret.
    pub secret: Option<String>,
    /// Whether nobody signs in with it.
    pub disabled: Option<bool>,
}

impl SignInProviders {
    /// Lets people sign in with a provider. Fetches nothing yet.
    ///
    /// # Errors
    /// `not_found`, `invalid_provider` and the gate's refusals with a pointer, `handle_taken`, `handle_used`, `too_many_providers`,
    /// `master_key_missing`.
    pub async fn add(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        new: NewSignInProvider,
    ) -> Result<Created<SignInProviderView>> {
        let checked =
            check(&new.settings, &self.shared.egress).map_err(|error| error.within("/settings"))?;
        let handle = check::handle(&new)?;
        let secret = check_secret(&checked, new.secret.map(SecretText::new))?;
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        if let Some(id) = change.replayed().await? {
            let found = change
                .find_sign_in_provider(environment, names::replayed(&id)?)
                .await?;
            return Ok(Created::Replayed(view(found.ok_or_else(no_provider)?)));
        }
        if change.list_sign_in_providers(environment).await?.len() >= limits::SIGN_IN_PROVIDERS {
            return Err(Error::conflict(
                "too_many_providers",
                "an environment has at most 32 sign-in providers; remove one first",
            ));
        }
        let former = change
            .find_sign_in_provider_by_handle(environment, &handle)
            .await?;
        let mut provider = SignInProvider {
            id: SignInProviderId::from_random(self.shared.rng.bytes()),
            environment_id: environment,
            handle,
            settings: new.settings,
            sealed_secret: None,
            disabled_at: None,
            removed_at: None,
            version: 1,
            created_at: change.now,
            updated_at: change.now,
        };
        if let Some(former) = &former {
            check_return(former, &provider.settings)?;
            provider.id = former.id;
            provider.created_at = former.created_at;
            provider.version = former.version + 1;
        }
        provider.sealed_secret = self.sealed(&provider, secret.as_ref())?;
        match &former {
            None => change.insert_sign_in_provider(&provider).await?,
            Some(former) => {
                if !change
                    .update_sign_in_provider(&provider, former.version)
                    .await?
                {
                    return Err(version_changed());
                }
            }
        }
        change
            .commit(Record {
                action: "sign_in_provider.add",
                project: Some(owner.project_id),
                environment: Some(environment),
                target: provider.id.to_string(),
                detail: json!({ "handle": provider.handle, "settings": provider.settings }),
            })
            .await?;
        Ok(Created::New(view(provider)))
    }

    /// Changes settings, the secret, or whether people may sign in with it. With `if_match`, only if nobody else did meanwhile. What
    /// changes nothing leaves no trace.
    ///
    /// # Errors
    /// `not_found`, `version_changed` (412), `issuer_fixed`, and what [`Self::add`] refuses.
    pub async fn update(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: SignInProviderId,
        patch: SignInProviderPatch,
        if_match: Option<i64>,
    ) -> Result<SignInProviderView> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let found = change.find_sign_in_provider(environment, id).await?;
        let mut provider = found.ok_or_else(no_provider)?;
        let (before, version) = (provider.clone(), provider.version);
        require_version(version, if_match)?;
        let mut checked = check(&provider.settings, &self.shared.egress)?;
        if let Some(settings) = &patch.settings {
            let within = |error: Error| error.within("/settings");
            provider.settings = patched(&provider.settings, settings).map_err(within)?;
            checked = check(&provider.settings, &self.shared.egress).map_err(within)?;
            if issuer_of(&provider.settings) != issuer_of(&before.settings) {
                return Err(Error::conflict(
                    "issuer_fixed",
                    "people are known by this provider's handle and issuer, so the issuer stays; add another provider",
                )
                .at("/settings/issuer"));
            }
        }
        let secret_changed = patch.secret.is_some();
        if secret_changed {
            let secret = check_secret(&checked, patch.secret.map(SecretText::new))?;
            provider.sealed_secret = self.sealed(&provider, secret.as_ref())?;
        } else if !checked.takes_secret() {
            provider.sealed_secret = None;
        } else if provider.sealed_secret.is_none() {
            check_secret(&checked, None)?;
        }
        if let Some(disabled) = patch.disabled {
            let since = provider.disabled_at.unwrap_or(change.now);
            provider.disabled_at = disabled.then_some(since);
        }
        if provider == before {
            return Ok(view(provider));
        }
        provider.version += 1;
        provider.updated_at = change.now;
        if !change.update_sign_in_provider(&provider, version).await? {
            return Err(version_changed());
        }
        change
            .commit(Record {
                action: "sign_in_provider.update",
                project: Some(owner.project_id),
                environment: Some(environment),
                target: id.to_string(),
                detail: json!({ "settings": patch.settings, "disabled": patch.disabled, "secret_changed": secret_changed }),
            })
            .await?;
        Ok(view(provider))
    }

    /// Ends signing in with it, and forgets its secret. Who signed in stays signed in; their accounts stay theirs, and are theirs again
    /// when the provider is added again.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: SignInProviderId,
    ) -> Result<()> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let found = change.find_sign_in_provider(environment, id).await?;
        let mut provider = found.ok_or_else(no_provider)?;
        let version = provider.version;
        provider.sealed_secret = None;
        provider.removed_at = Some(change.now);
        provider.updated_at = change.now;
        provider.version += 1;
        if !change.update_sign_in_provider(&provider, version).await? {
            return Err(version_changed());
        }
        change
            .commit(Record {
                action: "sign_in_provider.remove",
                project: Some(owner.project_id),
                environment: Some(environment),
                target: id.to_string(),
                detail: json!({ "handle": provider.handle, "settings": provider.settings }),
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
    ) -> Result<Vec<SignInProviderView>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        let providers = tx.list_sign_in_providers(environment).await?;
        Ok(providers.into_iter().map(view).collect())
    }

    /// One provider.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: SignInProviderId,
    ) -> Result<SignInProviderView> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        let found = tx.find_sign_in_provider(environment, id).await?;
        found.map(view).ok_or_else(no_provider)
    }

    /// What a sign-in page offers: the enabled providers, oldest first.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn buttons(&self, environment: EnvironmentId) -> Result<Vec<SignInProviderButton>> {
        enabled::buttons(&self.shared, environment).await
    }

    /// The button of one enabled provider, by its word in paths.
    ///
    /// # Errors
    /// `provider_not_enabled` (404).
    pub async fn button(
        &self,
        environment: EnvironmentId,
        word: &str,
    ) -> Result<SignInProviderButton> {
        let mut buttons = enabled::buttons(&self.shared, environment).await?;
        buttons.retain(|button| button.is_meant_by(word));
        buttons.into_iter().next().ok_or_else(enabled::not_enabled)
    }

    fn sealed(
        &self,
        provider: &SignInProvider,
        secret: Option<&SecretText>,
    ) -> Result<Option<Vec<u8>>> {
        let Some(secret) = secret else {
            return Ok(None);
        };
        let (row, environment) = enabled::place_of(provider);
        let sealed = self.shared.seal.seal(
            &enabled::place(&row, &environment),
            secret.expose().as_bytes(),
        )?;
        Ok(Some(sealed))
    }
}

/// Whether a provider may take the place of one that has, or had, its handle.
fn check_return(former: &SignInProvider, settings: &SignInProviderSettings) -> Result<()> {
    if former.removed_at.is_none() {
        return Err(Error::conflict(
            "handle_taken",
            "the environment has this provider already; change that one, or give an OIDC provider another handle",
        )
        .at("/handle"));
    }
    if former.settings.kind != settings.kind || issuer_of(&former.settings) != issuer_of(settings) {
        return Err(Error::conflict(
            "handle_used",
            "this handle was a provider of another issuer, whose people are known by it; choose another handle",
        )
        .at("/handle"));
    }
    Ok(())
}

fn view(provider: SignInProvider) -> SignInProviderView {
    let is_oauth = provider.settings.kind != SignInProviderKind::Telegram;
    SignInProviderView {
        callback_path: is_oauth.then(|| format!("/auth/{}/callback", path_word(&provider))),
        warnings: warnings(&provider.settings),
        provider,
    }
}

fn warnings(settings: &SignInProviderSettings) -> Vec<SignInProviderWarning> {
    let mut warnings = Vec::new();
    if settings.trust_email {
        warnings.push(SignInProviderWarning {
            code: "trusts_email",
            message:
                "whoever controls this issuer can sign in as anybody with an e-mail account here"
                    .to_owned(),
        });
    }
    if settings.endpoints.is_some() && settings.kind != SignInProviderKind::Oidc {
        warnings.push(SignInProviderWarning {
            code: "other_endpoints",
            message: format!(
                "not {} is asked but the addresses in endpoints, and they are believed like it",
                settings.kind.title()
            ),
        });
    }
    warnings
}

fn no_provider() -> Error {
    Error::not_found("sign-in provider")
}
