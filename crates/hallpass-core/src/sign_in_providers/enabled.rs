//! Providers as signing in needs them: enabled, with their secrets open. Nothing here holds a write transaction.

use hallpass_model::{EnvironmentId, Error, ErrorKind, Result, SignInProvider, SignInProviderKind};
use hallpass_oauth::{Credentials, Provider};
use hallpass_seal::{Place, SecretText};

use crate::Shared;

/// A button of a sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInProviderButton {
    /// What sort of service it is.
    pub kind: SignInProviderKind,
    /// Its word in paths: `/auth/WORD`.
    pub path_word: String,
    /// What it says.
    pub label: String,
    /// The name of Telegram's bot.
    pub bot_username: Option<String>,
}

impl SignInProviderButton {
    /// Whether a path with this word is the provider's. `custom_oidc`, which is all that public clients know, is any OIDC provider's.
    pub(crate) fn is_meant_by(&self, word: &str) -> bool {
        self.path_word == word || (self.kind == SignInProviderKind::Oidc && word == "custom_oidc")
    }
}

/// A provider that can be asked.
pub(crate) struct OauthProvider {
    pub(crate) row: SignInProvider,
    pub(crate) provider: Provider,
    pub(crate) credentials: Credentials,
}

/// The word for a provider in addresses. Public clients call X by its former name.
pub(crate) fn path_word(provider: &SignInProvider) -> String {
    match provider.settings.kind {
        SignInProviderKind::X => "twitter".to_owned(),
        SignInProviderKind::Oidc => format!("oidc-{}", provider.handle),
        _ => provider.handle.clone(),
    }
}

/// The enabled providers of an environment, as buttons, oldest first.
pub(crate) async fn buttons(
    shared: &Shared,
    environment: EnvironmentId,
) -> Result<Vec<SignInProviderButton>> {
    let mut tx = shared.store.read().await?;
    let providers = tx.list_sign_in_providers(environment).await?;
    let enabled = providers.iter().filter(|provider| provider.is_enabled());
    Ok(enabled.map(button_of).collect())
}

fn button_of(provider: &SignInProvider) -> SignInProviderButton {
    let settings = &provider.settings;
    SignInProviderButton {
        kind: settings.kind,
        path_word: path_word(provider),
        label: match &settings.label {
            Some(label) => label.clone(),
            None => settings.kind.title().to_owned(),
        },
        bot_username: settings.bot_username.clone(),
    }
}

/// The enabled provider that a path means; of several, the oldest.
///
/// # Errors
/// `provider_not_enabled` (404), and what opening its secret fails with.
pub(crate) async fn find_oauth(
    shared: &Shared,
    environment: EnvironmentId,
    word: &str,
) -> Result<OauthProvider> {
    let providers = {
        let mut tx = shared.store.read().await?;
        tx.list_sign_in_providers(environment).await?
    };
    let is_meant = |provider: &SignInProvider| {
        provider.is_enabled()
            && provider.settings.kind != SignInProviderKind::Telegram
            && button_of(provider).is_meant_by(word)
    };
    let found = providers.into_iter().find(is_meant);
    let row = found.ok_or_else(not_enabled)?;
    let provider = Provider::new(row.settings.clone()).map_err(Error::internal)?;
    let secret = secret_of(shared, &row)?;
    let credentials = Credentials::read(&provider, secret)?;
    Ok(OauthProvider {
        row,
        provider,
        credentials,
    })
}

/// The token of the environment's enabled Telegram bot.
///
/// # Errors
/// `provider_not_enabled` (404), and what opening it fails with.
pub(crate) async fn bot_token_of(
    shared: &Shared,
    environment: EnvironmentId,
) -> Result<SecretText> {
    let word = SignInProviderKind::Telegram.as_str();
    let found = {
        let mut tx = shared.store.read().await?;
        tx.find_sign_in_provider_by_handle(environment, word)
            .await?
    };
    let provider = found
        .filter(SignInProvider::is_enabled)
        .ok_or_else(not_enabled)?;
    secret_of(shared, &provider)?.ok_or_else(not_enabled)
}

/// A provider's secret in the clear.
///
/// # Errors
/// `master_key_missing`, `master_key_unknown` (503), `internal` for a damaged one.
pub(crate) fn secret_of(shared: &Shared, provider: &SignInProvider) -> Result<Option<SecretText>> {
    let Some(sealed) = &provider.sealed_secret else {
        return Ok(None);
    };
    let (row, environment) = place_of(provider);
    let opened = shared.seal.open(&place(&row, &environment), sealed)?;
    opened.into_text().map(Some).map_err(Error::internal)
}

pub(super) fn place_of(provider: &SignInProvider) -> (String, String) {
    (provider.id.to_string(), provider.environment_id.to_string())
}

pub(super) fn place<'a>(row: &'a str, environment: &'a str) -> Place<'a> {
    Place {
        table: "sign_in_providers",
        row,
        environment,
        field: "secret",
    }
}

pub(super) fn not_enabled() -> Error {
    Error::new(
        ErrorKind::NotFound,
        "provider_not_enabled",
        "this app does not offer to sign in with that service",
    )
}
