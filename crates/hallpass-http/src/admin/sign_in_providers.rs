use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::{
    NewSignInProvider, SignInProviderPatch, SignInProviderView, SignInProviderWarning,
};
use hallpass_model::{EnvironmentId, Page, SignInProviderId, SignInProviderSettings};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::views::Listing;
use super::{answer_created, answer_versioned};
use crate::docs::sign_in_schemas::{SignInProviderSettingsSchema, SignInProviderWarningSchema};
use crate::extract::{Id, IfMatch, Member, NoQuery, StrictJson, StrictQuery, Submission};
use crate::time::rfc3339;
use crate::{AppState, Failure};

/// A provider to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSignInProvider, example = json!({ "settings": { "kind": "google", "client_id": "1234.apps.googleusercontent.com" }, "secret": "..." }))]
pub(super) struct NewBody {
    /// The provider's name in addresses; left out, the word of its kind. Only OIDC providers may choose: 1 to 32 small letters,
    /// digits and hyphens. It stays.
    handle: Option<String>,
    #[schema(value_type = SignInProviderSettingsSchema)]
    settings: SignInProviderSettings,
    /// The client secret, Apple's private key (PEM) or the bot's token. Sealed, and never shown again.
    secret: Option<String>,
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignInProviderPatch, example = json!({ "disabled": true }))]
pub(super) struct PatchBody {
    /// Settings to change, as an RFC 7396 merge patch: `null` takes one away. The kind and an OIDC provider's issuer stay.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    /// Another secret in place of the one that is kept.
    secret: Option<String>,
    /// `true`: nobody signs in with it any more. Who did stays signed in.
    disabled: Option<bool>,
}

/// A service outside that vouches for people who sign in. Its secret is never shown.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInProvider)]
pub(super) struct ProviderBody {
    id: Uuid,
    environment_id: Uuid,
    /// Its name in addresses and, for OIDC, in identities.
    handle: String,
    #[schema(value_type = SignInProviderSettingsSchema)]
    settings: SignInProviderSettings,
    /// Whether a secret is kept.
    has_secret: bool,
    /// Where the service sends people back to, below each address of this server: register it there. `null` for Telegram.
    #[schema(example = "/auth/google/callback")]
    callback_path: Option<String>,
    /// Whether nobody can sign in with it.
    disabled: bool,
    /// What works and is dangerous.
    #[schema(value_type = Vec<SignInProviderWarningSchema>)]
    warnings: Vec<SignInProviderWarning>,
    /// Raised by every change; also the `ETag`.
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<SignInProviderView> for ProviderBody {
    fn from(view: SignInProviderView) -> Self {
        let provider = view.provider;
        Self {
            id: *provider.id.as_uuid(),
            environment_id: *provider.environment_id.as_uuid(),
            handle: provider.handle,
            settings: provider.settings,
            has_secret: provider.sealed_secret.is_some(),
            callback_path: view.callback_path,
            disabled: provider.disabled_at.is_some(),
            warnings: view.warnings,
            version: provider.version,
            created_at: rfc3339(provider.created_at),
            updated_at: rfc3339(provider.updated_at),
        }
    }
}

/// Let people sign in with a provider
///
/// Register `callback_path` there, below the address at which people reach this server. Of every kind but `oidc` there is one.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/sign-in-providers", tag = "Sign-in providers",
    extensions(("x-role" = json!("member")), ("x-idempotent" = json!(true))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = NewBody,
    responses(
        (status = 201, description = "Added", body = ProviderBody),
        (status = 200, description = "Added by an earlier request with this idempotency key", body = ProviderBody),
        (status = 403, description = "`egress_blocked`: an address is not one of the open internet, and not on the server's allow list", body = super::Problem),
        (status = 409, description = "`handle_taken`, `handle_used`: it was another issuer's, `too_many_providers`", body = super::Problem),
        (status = 422, description = "`invalid_provider`, `invalid_provider_secret`, `egress_url_invalid`, `egress_scheme_not_allowed`, `egress_port_not_allowed`; `pointer` says where", body = super::Problem),
        (status = 503, description = "`master_key_missing`: there is no key to seal the secret with", body = super::Problem),
    ),
)]
pub(super) async fn create_sign_in_provider(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    new: Submission<NewBody>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(new.idempotency);
    let NewBody {
        handle,
        settings,
        secret,
    } = new.body;
    let new = NewSignInProvider {
        handle,
        settings,
        secret,
    };
    let providers = &app.services.sign_in_providers;
    let created = providers.add(&operator, environment, new).await?;
    Ok(answer_created(created, location, ProviderBody::from))
}

/// List sign-in providers
///
/// All of them, oldest first: an environment has at most 32.
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/sign-in-providers", tag = "Sign-in providers",
    extensions(("x-role" = json!("member"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    responses((status = 200, description = "Its providers, disabled ones included", body = Listing<ProviderBody>)),
)]
pub(super) async fn list_sign_in_providers(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Listing<ProviderBody>>, Failure> {
    let providers = &app.services.sign_in_providers;
    let all = Page {
        items: providers.list(&operator, environment).await?,
        next: None,
    };
    Ok(Listing::of(all, ProviderBody::from))
}

/// Read a sign-in provider
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/sign-in-providers/{provider}", tag = "Sign-in providers",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("provider" = uuid::Uuid, Path, description = "The provider's id"),
    ),
    responses((status = 200, description = "The provider; `ETag` is its version", body = ProviderBody)),
)]
pub(super) async fn read_sign_in_provider(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<SignInProviderId>,
) -> Result<Response, Failure> {
    let providers = &app.services.sign_in_providers;
    Ok(answer(
        providers.load(&operator, environment, provider).await?,
    ))
}

/// Change, disable or enable a sign-in provider
#[utoipa::path(
    patch, path = "/admin/v1/environments/{environment}/sign-in-providers/{provider}", tag = "Sign-in providers",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("provider" = uuid::Uuid, Path, description = "The provider's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the change is based on"),
    ),
    request_body = PatchBody,
    responses(
        (status = 200, description = "The provider after the change", body = ProviderBody),
        (status = 403, description = "`egress_blocked`", body = super::Problem),
        (status = 409, description = "`issuer_fixed`", body = super::Problem),
        (status = 412, description = "`version_changed`: somebody else was faster", body = super::Problem),
        (status = 422, description = "`invalid_provider`, `invalid_provider_secret`, `egress_url_invalid`, `egress_scheme_not_allowed`, `egress_port_not_allowed`; `pointer` says where", body = super::Problem),
        (status = 503, description = "`master_key_missing`: there is no key to seal the secret with", body = super::Problem),
    ),
)]
pub(super) async fn update_sign_in_provider(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<SignInProviderId>,
    IfMatch(if_match): IfMatch,
    StrictJson(body): StrictJson<PatchBody>,
) -> Result<Response, Failure> {
    let PatchBody {
        settings,
        secret,
        disabled,
    } = body;
    let patch = SignInProviderPatch {
        settings,
        secret,
        disabled,
    };
    let providers = &app.services.sign_in_providers;
    let view = providers
        .update(&operator, environment, provider, patch, if_match)
        .await?;
    Ok(answer(view))
}

/// Remove a sign-in provider
///
/// Nobody signs in with it any more, and its secret is erased. Who did stays signed in; accounts stay whose they are.
#[utoipa::path(
    delete, path = "/admin/v1/environments/{environment}/sign-in-providers/{provider}", tag = "Sign-in providers",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("provider" = uuid::Uuid, Path, description = "The provider's id"),
    ),
    responses((status = 204, description = "Removed")),
)]
pub(super) async fn delete_sign_in_provider(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<SignInProviderId>,
) -> Result<StatusCode, Failure> {
    let providers = &app.services.sign_in_providers;
    providers.remove(&operator, environment, provider).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn answer(view: SignInProviderView) -> Response {
    answer_versioned(view.provider.version, ProviderBody::from(view))
}

fn location(view: &SignInProviderView) -> String {
    let (environment, id) = (view.provider.environment_id, view.provider.id);
    format!("/admin/v1/environments/{environment}/sign-in-providers/{id}")
}
