use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::AccountPatch;
use hallpass_model::{AccountId, EnvironmentId};
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::account_views::{AccountDetailView, AccountView};
use super::answer_versioned;
use super::views::Listing;
use crate::extract::{Id, IfMatch, Member, PageQuery, StrictJson, StrictQuery, Support};
use crate::{AppState, Failure};

/// What to change; what is left out stays, `null` takes away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountPatch, example = json!({ "role": "editor" }))]
pub(super) struct PatchBody {
    /// Chooses the permissions of issued tokens: 1 to 100 bytes.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<String>)]
    role: Option<Option<String>>,
    /// The permission claim of this account's issued tokens; beats the role's.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<Object>)]
    permissions: Option<Option<Value>>,
}

/// List the accounts of an environment
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/accounts", tag = "Accounts",
    extensions(("x-role" = json!("support"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id"), PageQuery),
    responses((status = 200, description = "Its accounts", body = Listing<AccountView>)),
)]
pub(super) async fn list_accounts(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    StrictQuery(page): StrictQuery<PageQuery>,
) -> Result<Json<Listing<AccountView>>, Failure> {
    let page = page.into_request()?;
    let accounts = &app.services.accounts;
    let page = accounts.list(&operator, environment, &page).await?;
    Ok(Listing::of(page, AccountView::from))
}

/// Read an account and the ways to be it
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/accounts/{account}", tag = "Accounts",
    extensions(("x-role" = json!("support"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("account" = uuid::Uuid, Path, description = "The account's id"),
    ),
    responses((status = 200, description = "The account; `ETag` is its version", body = AccountDetailView)),
)]
pub(super) async fn read_account(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
) -> Result<Response, Failure> {
    let accounts = &app.services.accounts;
    let detail = accounts.load(&operator, environment, account).await?;
    Ok(answer_versioned(
        detail.account.version,
        AccountDetailView::from(detail),
    ))
}

/// Change an account's role or permissions
///
/// Counts from the next issued token on.
#[utoipa::path(
    patch, path = "/admin/v1/environments/{environment}/accounts/{account}", tag = "Accounts",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("account" = uuid::Uuid, Path, description = "The account's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the change is based on"),
    ),
    request_body = PatchBody,
    responses(
        (status = 200, description = "The account after the change", body = AccountDetailView),
        (status = 412, description = "`version_changed`: somebody else was faster", body = super::Problem),
        (status = 422, description = "`invalid_account`, `invalid_settings`; `pointer` says where", body = super::Problem),
    ),
)]
pub(super) async fn update_account(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
    IfMatch(if_match): IfMatch,
    StrictJson(patch): StrictJson<PatchBody>,
) -> Result<Response, Failure> {
    let patch = AccountPatch {
        role: patch.role,
        permissions: patch.permissions,
    };
    let accounts = &app.services.accounts;
    let detail = accounts
        .update(&operator, environment, account, patch, if_match)
        .await?;
    Ok(answer_versioned(
        detail.account.version,
        AccountDetailView::from(detail),
    ))
}

/// Delete an account
///
/// Erases it with its identities, sessions, passkeys and wallets. Who signs in again is somebody new.
#[utoipa::path(
    delete, path = "/admin/v1/environments/{environment}/accounts/{account}", tag = "Accounts",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("account" = uuid::Uuid, Path, description = "The account's id"),
    ),
    responses((status = 204, description = "Erased")),
)]
pub(super) async fn delete_account(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
) -> Result<StatusCode, Failure> {
    let accounts = &app.services.accounts;
    accounts.delete(&operator, environment, account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Freeze an account
///
/// Its sessions end, and nobody signs in to it until it is unfrozen.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/accounts/{account}/freeze", tag = "Accounts",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("account" = uuid::Uuid, Path, description = "The account's id"),
    ),
    responses((status = 200, description = "The account, frozen", body = AccountDetailView)),
)]
pub(super) async fn freeze_account(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
) -> Result<Json<AccountDetailView>, Failure> {
    let accounts = &app.services.accounts;
    let detail = accounts.freeze(&operator, environment, account).await?;
    Ok(Json(detail.into()))
}

/// Let a frozen account in again
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/accounts/{account}/unfreeze", tag = "Accounts",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("account" = uuid::Uuid, Path, description = "The account's id"),
    ),
    responses((status = 200, description = "The account, not frozen", body = AccountDetailView)),
)]
pub(super) async fn unfreeze_account(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
) -> Result<Json<AccountDetailView>, Failure> {
    let accounts = &app.services.accounts;
    let detail = accounts.unfreeze(&operator, environment, account).await?;
    Ok(Json(detail.into()))
}

/// Tells `null` from left out.
fn even_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
