//! How an identity provider looks from outside.

use hallpass_core::{KeysFailure, KeysStatus, ProviderView, ProviderWarning};
use hallpass_model::ProviderSettings;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::docs::provider_schemas::{IdentityProviderSettings, IdentityProviderWarning};
use crate::time::rfc3339;

/// A service outside whose tokens the environment accepts. Settings that were not given are left out.
#[derive(Serialize, ToSchema)]
#[schema(as = IdentityProvider)]
pub(super) struct IdentityProviderView {
    id: Uuid,
    environment_id: Uuid,
    #[serde(flatten)]
    #[schema(value_type = IdentityProviderSettings)]
    settings: ProviderSettings,
    /// The `iss` values of its tokens; none: any.
    issuers: Vec<String>,
    /// Where its keys come from: a key set, or the discovery document that names one.
    keys_url: String,
    /// Whether its tokens are refused.
    disabled: bool,
    /// What works and is dangerous.
    #[schema(value_type = Vec<IdentityProviderWarning>)]
    warnings: Vec<ProviderWarning>,
    keys: KeysStatusView,
    /// Raised by every change; also the `ETag`.
    version: i64,
    created_at: String,
    updated_at: String,
}

/// What the answering process has of a provider's keys. Each process of an installation fetches for itself.
#[derive(Serialize, ToSchema)]
#[schema(as = IdentityProviderKeys)]
pub(super) struct KeysStatusView {
    /// `unknown`: not needed yet; `fresh`: as published; `idle`: not needed for a while, fetched for the next token; `stale`: fetching fails, the last good set counts on;
    /// `unavailable`: none that counts, tokens are answered 503.
    #[schema(example = "fresh")]
    state: &'static str,
    /// Keys that can verify a token.
    count: usize,
    fetched_at: Option<String>,
    /// Until when the set is fresh. It is fetched again before that.
    refresh_at: Option<String>,
    /// Until when the set counts if no fetch succeeds.
    usable_until: Option<String>,
    /// Why the last fetch failed; `null` after a good one.
    failure: Option<KeysFailureView>,
}

/// Why keys could not be fetched.
#[derive(Serialize, ToSchema)]
#[schema(as = IdentityProviderFailure)]
pub(super) struct KeysFailureView {
    /// For programs.
    #[schema(example = "egress_timeout")]
    code: &'static str,
    /// For people.
    message: String,
    at: String,
}

impl From<ProviderView> for IdentityProviderView {
    fn from(view: ProviderView) -> Self {
        let provider = view.provider;
        Self {
            id: *provider.id.as_uuid(),
            environment_id: *provider.environment_id.as_uuid(),
            settings: provider.settings,
            issuers: view.issuers,
            keys_url: view.keys_url,
            disabled: provider.disabled_at.is_some(),
            warnings: view.warnings,
            keys: view.keys.into(),
            version: provider.version,
            created_at: rfc3339(provider.created_at),
            updated_at: rfc3339(provider.updated_at),
        }
    }
}

impl From<KeysStatus> for KeysStatusView {
    fn from(keys: KeysStatus) -> Self {
        Self {
            state: keys.state.as_str(),
            count: keys.count,
            fetched_at: keys.fetched_at.map(rfc3339),
            refresh_at: keys.refresh_at.map(rfc3339),
            usable_until: keys.usable_until.map(rfc3339),
            failure: keys.failure.map(KeysFailureView::from),
        }
    }
}

impl From<KeysFailure> for KeysFailureView {
    fn from(failure: KeysFailure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
            at: rfc3339(failure.at),
        }
    }
}
