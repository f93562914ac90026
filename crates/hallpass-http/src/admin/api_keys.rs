use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::{NewApiKey, NewApiKeyText};
use hallpass_model::{ApiKey, ApiKeyId, ApiKeyKind, EnvironmentId, Error, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer_created;
use super::views::Listing;
use crate::extract::{Id, Member, PageQuery, StrictQuery, Submission};
use crate::time::rfc3339;
use crate::{AppState, Failure};

/// What the key is for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApiKey, example = json!({ "kind": "publishable", "name": "web app" }))]
pub(super) struct NewBody {
    /// `publishable`: ships in apps, names the environment. `secret`: stays in backends.
    kind: String,
    /// What to call it.
    name: String,
    /// How a publishable key begins: `dev`, `sandbox`, `beta` or `prod`. Left out, by the environment's name. Unmodified
    /// browser clients look for the server at `localhost:8080` if and only if it is `dev`.
    #[serde(default)]
    prefix: Option<String>,
    /// Seconds from now after which it stops working; left out: for ever.
    #[serde(default)]
    expires_in_secs: Option<i64>,
}

/// How long the key so far goes on working.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ApiKeyRotation, example = json!({ "overlap_secs": 604_800 }))]
#[derive(Default)]
pub(super) struct RotationBody {
    /// Seconds from now, at most 30 days; with 0 it is revoked at once.
    #[schema(default = 0)]
    overlap_secs: i64,
}

/// A key by which an app or its backend names an environment.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct ApiKeyView {
    id: Uuid,
    /// `publishable` or `secret`.
    #[schema(example = "publishable")]
    kind: &'static str,
    name: String,
    /// The key itself, if it is publishable.
    publishable_key: Option<String>,
    /// Its first characters.
    hint: String,
    /// `active`, `ending` (until `ends_at`), `ended` or `revoked`.
    #[schema(example = "active")]
    state: &'static str,
    created_at: String,
    /// When it stops working by itself: it expires, or a rotation replaced it.
    ends_at: Option<String>,
    revoked_at: Option<String>,
    /// Up to 5 seconds late.
    last_used_at: Option<String>,
}

impl ApiKeyView {
    fn at(key: ApiKey, now: Timestamp) -> Self {
        Self {
            state: match (key.revoked_at, key.retires_at) {
                (Some(_), _) => "revoked",
                (None, None) => "active",
                (None, Some(end)) if now < end => "ending",
                (None, Some(_)) => "ended",
            },
            id: *key.id.as_uuid(),
            kind: key.kind.as_str(),
            name: key.name,
            publishable_key: key.publishable,
            hint: key.hint,
            created_at: rfc3339(key.created_at),
            ends_at: key.retires_at.map(rfc3339),
            revoked_at: key.revoked_at.map(rfc3339),
            last_used_at: key.last_used_at.map(rfc3339),
        }
    }
}

/// A key and, if it is a secret one, this once, its text.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKeyWithText)]
pub(super) struct NewApiKeyView {
    #[serde(flatten)]
    key: ApiKeyView,
    /// A secret key; left out for a publishable one, and when it was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// `true` when the secret key was shown before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    secret_shown: bool,
}

impl NewApiKeyView {
    fn at(made: NewApiKeyText, now: Timestamp) -> Self {
        let is_secret = made.key.kind == ApiKeyKind::Secret;
        let secret = made.text.filter(|_| is_secret);
        Self {
            key: ApiKeyView::at(made.key, now),
            secret_shown: is_secret && secret.is_none(),
            secret: secret.map(|text| text.to_string()),
        }
    }
}

/// Make an API key
///
/// A secret key is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/api-keys", tag = "API keys",
    extensions(("x-role" = json!("member")), ("x-idempotent" = json!(true))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = NewBody,
    responses(
        (status = 201, description = "Made", body = NewApiKeyView),
        (status = 200, description = "Made by an earlier request with this idempotency key: for a secret key `secret_shown`, no key", body = NewApiKeyView),
        (status = 422, description = "`invalid_api_key`, `invalid_prefix`, `invalid_name`, `invalid_lifetime`", body = super::Problem),
    ),
)]
pub(super) async fn create_api_key(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    new: Submission<NewBody>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(new.idempotency);
    let NewBody {
        kind,
        name,
        prefix,
        expires_in_secs,
    } = new.body;
    let kind = ApiKeyKind::from_word(&kind).ok_or_else(|| {
        Error::unprocessable("invalid_api_key", "a kind is publishable or secret").at("/kind")
    })?;
    let new = NewApiKey {
        kind,
        name,
        prefix,
        expires_in_secs,
    };
    let keys = &app.services.api_keys;
    let created = keys.create(&operator, environment, new).await?;
    let now = app.services.clock.now();
    Ok(answer_created(
        created,
        |made| location(&made.key),
        |made| NewApiKeyView::at(made, now),
    ))
}

/// List API keys
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/api-keys", tag = "API keys",
    extensions(("x-role" = json!("member"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id"), PageQuery),
    responses((status = 200, description = "Its keys, revoked ones included", body = Listing<ApiKeyView>)),
)]
pub(super) async fn list_api_keys(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    StrictQuery(page): StrictQuery<PageQuery>,
) -> Result<Json<Listing<ApiKeyView>>, Failure> {
    let page = page.into_request()?;
    let keys = &app.services.api_keys;
    let found = keys.list(&operator, environment, &page).await?;
    let now = app.services.clock.now();
    Ok(Listing::of(found, |key| ApiKeyView::at(key, now)))
}

/// Read an API key
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/api-keys/{api_key}", tag = "API keys",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("api_key" = uuid::Uuid, Path, description = "The key's id"),
    ),
    responses((status = 200, description = "The key", body = ApiKeyView)),
)]
pub(super) async fn read_api_key(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(key): Id<ApiKeyId>,
) -> Result<Json<ApiKeyView>, Failure> {
    let key = app
        .services
        .api_keys
        .load(&operator, environment, key)
        .await?;
    Ok(Json(ApiKeyView::at(key, app.services.clock.now())))
}

/// Revoke an API key
///
/// It stops working with the next request, on other nodes within a second. Revoking twice changes nothing.
#[utoipa::path(
    delete, path = "/admin/v1/environments/{environment}/api-keys/{api_key}", tag = "API keys",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("api_key" = uuid::Uuid, Path, description = "The key's id"),
    ),
    responses((status = 200, description = "The key, revoked", body = ApiKeyView)),
)]
pub(super) async fn revoke_api_key(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(key): Id<ApiKeyId>,
) -> Result<Json<ApiKeyView>, Failure> {
    let key = app
        .services
        .api_keys
        .revoke(&operator, environment, key)
        .await?;
    Ok(Json(ApiKeyView::at(key, app.services.clock.now())))
}

/// Replace an API key by a new one
///
/// The new key has the kind, name and prefix of the one that it replaces. Without an overlap that one is revoked at once.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/api-keys/{api_key}/rotate", tag = "API keys",
    extensions(("x-role" = json!("member")), ("x-idempotent" = json!(true))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("api_key" = uuid::Uuid, Path, description = "The id of the key to replace"),
    ),
    request_body = RotationBody,
    responses(
        (status = 201, description = "The new key", body = NewApiKeyView),
        (status = 200, description = "Made by an earlier request with this idempotency key: for a secret key `secret_shown`, no key", body = NewApiKeyView),
        (status = 409, description = "`api_key_ended`: it works no more; make a new one", body = super::Problem),
        (status = 422, description = "`invalid_overlap`", body = super::Problem),
    ),
)]
pub(super) async fn rotate_api_key(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(key): Id<ApiKeyId>,
    rotation: Submission<RotationBody>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(rotation.idempotency);
    let keys = &app.services.api_keys;
    let created = keys
        .rotate(&operator, environment, key, rotation.body.overlap_secs)
        .await?;
    let now = app.services.clock.now();
    Ok(answer_created(
        created,
        |made| location(&made.key),
        |made| NewApiKeyView::at(made, now),
    ))
}

fn location(key: &ApiKey) -> String {
    let environment = key.environment_id;
    format!("/admin/v1/environments/{environment}/api-keys/{}", key.id)
}
