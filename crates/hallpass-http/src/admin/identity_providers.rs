use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::{ProviderPatch, ProviderView};
use hallpass_model::{EnvironmentId, IdentityProviderId, Page, ProviderSettings};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::identity_provider_views::IdentityProviderView;
use super::views::Listing;
use super::{answer_created, answer_versioned};
use crate::docs::provider_schemas::{IdentityProviderSettings, IdentityProviderTest};
use crate::extract::{Id, IfMatch, Member, NoQuery, StrictJson, StrictQuery, Submission};
use crate::{AppState, Failure};

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdentityProviderPatch, example = json!({ "disabled": true }))]
pub(super) struct PatchBody {
    /// Settings to change, as an RFC 7396 merge patch: `null` takes one away. The kind stays.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    /// `true` refuses its tokens from the next request on.
    disabled: Option<bool>,
}

/// What to test with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdentityProviderTrial, example = json!({ "token": "..." }))]
pub(super) struct TestBody {
    /// A token of the provider. It is not kept, logged or counted. Left out: only the keys are looked at.
    token: Option<String>,
}

/// Trust an identity provider
///
/// Its tokens are accepted from the next request on, on other nodes within a second. Its keys are fetched when the
/// first one comes.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/identity-providers", tag = "Identity providers",
    extensions(("x-role" = json!("member")), ("x-idempotent" = json!(true))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = IdentityProviderSettings,
    responses(
        (status = 201, description = "Added", body = IdentityProviderView),
        (status = 200, description = "Added by an earlier request with this idempotency key", body = IdentityProviderView),
        (status = 403, description = "`egress_blocked`: the address is not one of the open internet, and not on the server's allow list", body = super::Problem),
        (status = 409, description = "`issuer_taken`, `issuerless_conflict`, `too_many_providers`", body = super::Problem),
        (status = 422, description = "`invalid_provider`, `egress_url_invalid`, `egress_scheme_not_allowed`, `egress_port_not_allowed`; `pointer` says where", body = super::Problem),
    ),
)]
pub(super) async fn create_identity_provider(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    new: Submission<ProviderSettings>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(new.idempotency);
    let providers = &app.services.identity_providers;
    let created = providers.add(&operator, environment, new.body).await?;
    Ok(answer_created(
        created,
        location,
        IdentityProviderView::from,
    ))
}

/// List identity providers
///
/// All of them, oldest first: an environment has at most 16.
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/identity-providers", tag = "Identity providers",
    extensions(("x-role" = json!("member"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    responses((status = 200, description = "Its providers, disabled ones included", body = Listing<IdentityProviderView>)),
)]
pub(super) async fn list_identity_providers(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Listing<IdentityProviderView>>, Failure> {
    let providers = &app.services.identity_providers;
    let all = Page {
        items: providers.list(&operator, environment).await?,
        next: None,
    };
    Ok(Listing::of(all, IdentityProviderView::from))
}

/// Read an identity provider
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/identity-providers/{provider}", tag = "Identity providers",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("provider" = uuid::Uuid, Path, description = "The provider's id"),
    ),
    responses((status = 200, description = "The provider; `ETag` is its version", body = IdentityProviderView)),
)]
pub(super) async fn read_identity_provider(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<IdentityProviderId>,
) -> Result<Response, Failure> {
    let providers = &app.services.identity_providers;
    let view = providers.load(&operator, environment, provider).await?;
    Ok(answer(view))
}

/// Change, disable or enable an identity provider
///
/// Its tokens are judged by the new settings from the next request on, on other nodes within a second.
#[utoipa::path(
    patch, path = "/admin/v1/environments/{environment}/identity-providers/{provider}", tag = "Identity providers",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("provider" = uuid::Uuid, Path, description = "The provider's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the change is based on"),
    ),
    request_body = PatchBody,
    responses(
        (status = 200, description = "The provider after the change", body = IdentityProviderView),
        (status = 403, description = "`egress_blocked`", body = super::Problem),
        (status = 409, description = "`issuer_taken`, `issuerless_conflict`", body = super::Problem),
        (status = 412, description = "`version_changed`: somebody else was faster", body = super::Problem),
        (status = 422, description = "`invalid_provider`, `egress_url_invalid`, `egress_scheme_not_allowed`, `egress_port_not_allowed`; `pointer` says where", body = super::Problem),
    ),
)]
pub(super) async fn update_identity_provider(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<IdentityProviderId>,
    IfMatch(if_match): IfMatch,
    StrictJson(body): StrictJson<PatchBody>,
) -> Result<Response, Failure> {
    let PatchBody { settings, disabled } = body;
    let patch = ProviderPatch { settings, disabled };
    let providers = &app.services.identity_providers;
    let view = providers
        .update(&operator, environment, provider, patch, if_match)
        .await?;
    Ok(answer(view))
}

/// Trust an identity provider no more
///
/// Its tokens are refused from the next request on, on other nodes within a second. Its users stay.
#[utoipa::path(
    delete, path = "/admin/v1/environments/{environment}/identity-providers/{provider}", tag = "Identity providers",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("provider" = uuid::Uuid, Path, description = "The provider's id"),
    ),
    responses((status = 204, description = "Removed")),
)]
pub(super) async fn delete_identity_provider(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<IdentityProviderId>,
) -> Result<StatusCode, Failure> {
    let providers = &app.services.identity_providers;
    providers.remove(&operator, environment, provider).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Test an identity provider
///
/// Fetches its keys and, given a token, tells step by step how it fares with this provider alone. A server that fails
/// and a token that is refused are answers like any other. No user is made, and nothing that is stored changes.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/identity-providers/{provider}/test", tag = "Identity providers",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("provider" = uuid::Uuid, Path, description = "The provider's id"),
    ),
    request_body = TestBody,
    responses(
        (status = 200, description = "What was found, good or bad", body = IdentityProviderTest),
        (status = 429, description = "`too_many_tests`", body = super::Problem),
    ),
)]
pub(super) async fn test_identity_provider(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<IdentityProviderId>,
    StrictJson(body): StrictJson<TestBody>,
) -> Result<Json<impl Serialize>, Failure> {
    let providers = &app.services.identity_providers;
    let test = providers
        .test(&operator, environment, provider, body.token.as_deref())
        .await?;
    Ok(Json(test))
}

fn answer(view: ProviderView) -> Response {
    answer_versioned(view.provider.version, IdentityProviderView::from(view))
}

fn location(view: &ProviderView) -> String {
    let (environment, id) = (view.provider.environment_id, view.provider.id);
    format!("/admin/v1/environments/{environment}/identity-providers/{id}")
}
