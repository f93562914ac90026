use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::GeneratedKey;
use hallpass_model::{EnvironmentId, SigningKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer_created;
use super::views::{Listing, SigningKeyView};
use crate::extract::{Id, Kid, Member, PageQuery, StrictQuery, Submission};
use crate::{AppState, Failure};

/// What to generate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GenerateSigningKey {
    /// 2048, 3072, 4096 or 8192.
    #[schema(default = 2048)]
    bits: u32,
    /// How long the key so far stays good, at most 30 days. With 0 every other key is revoked at once.
    #[schema(default = 0)]
    overlap_secs: i64,
}

impl Default for GenerateSigningKey {
    fn default() -> Self {
        Self {
            bits: 2048,
            overlap_secs: 0,
        }
    }
}

/// What to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportSigningKey {
    /// An RSA public key in PEM (SPKI or PKCS#1) or as the text of a JWK. A private key is refused.
    public_key_pem: String,
    /// How long the key so far stays good, at most 30 days. With 0 every other key is revoked at once.
    #[serde(default)]
    #[schema(default = 0)]
    overlap_secs: i64,
}

/// A generated key. The private half is shown this once and kept nowhere.
#[derive(Serialize, ToSchema)]
pub(super) struct GeneratedSigningKey {
    #[serde(flatten)]
    key: SigningKeyView,
    /// PKCS#8 PEM; left out when it was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key_pem: Option<String>,
    /// `true` when the private half was shown before and is gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    secret_shown: bool,
}

/// Generate a signing key
///
/// The private half is in this answer and nowhere else. Without an overlap every other key of the environment is revoked.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/signing-keys", tag = "Signing keys",
    extensions(("x-role" = json!("member")), ("x-idempotent" = json!(true))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = GenerateSigningKey,
    responses(
        (status = 201, description = "Made", body = GeneratedSigningKey),
        (status = 200, description = "Made by an earlier request with this idempotency key: `secret_shown`, no private half", body = GeneratedSigningKey),
        (status = 409, description = "`too_many_retiring_keys`, `issuerless_conflict`", body = super::Problem),
        (status = 422, description = "`invalid_bits`, `invalid_overlap`", body = super::Problem),
    ),
)]
pub(super) async fn generate_signing_key(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    new: Submission<GenerateSigningKey>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(new.idempotency);
    let GenerateSigningKey { bits, overlap_secs } = new.body;
    let keys = &app.services.signing_keys;
    let created = keys
        .generate(&operator, environment, bits, overlap_secs)
        .await?;
    let now = app.services.clock.now();
    Ok(answer_created(
        created,
        |made| location(&made.key),
        |GeneratedKey {
             key,
             private_key_pem,
         }| GeneratedSigningKey {
            key: SigningKeyView::at(key, now),
            secret_shown: private_key_pem.is_none(),
            private_key_pem: private_key_pem.map(|pem| pem.to_string()),
        },
    ))
}

/// Register a public key
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/signing-keys/import", tag = "Signing keys",
    extensions(("x-role" = json!("member")), ("x-idempotent" = json!(true))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = ImportSigningKey,
    responses(
        (status = 201, description = "Registered", body = SigningKeyView),
        (status = 200, description = "Registered by an earlier request with this idempotency key", body = SigningKeyView),
        (status = 409, description = "`key_already_used` here or elsewhere, now or ever; `too_many_retiring_keys`, `issuerless_conflict`", body = super::Problem),
        (status = 422, description = "`invalid_public_key`, `private_key_given`, `invalid_overlap`", body = super::Problem),
    ),
)]
pub(super) async fn import_signing_key(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    new: Submission<ImportSigningKey>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(new.idempotency);
    let ImportSigningKey {
        public_key_pem,
        overlap_secs,
    } = new.body;
    let keys = &app.services.signing_keys;
    let created = keys
        .import(&operator, environment, &public_key_pem, overlap_secs)
        .await?;
    let now = app.services.clock.now();
    Ok(answer_created(created, location, |key| {
        SigningKeyView::at(key, now)
    }))
}

/// List signing keys
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/signing-keys", tag = "Signing keys",
    extensions(("x-role" = json!("member"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id"), PageQuery),
    responses((status = 200, description = "Its keys, revoked ones included", body = Listing<SigningKeyView>)),
)]
pub(super) async fn list_signing_keys(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    StrictQuery(page): StrictQuery<PageQuery>,
) -> Result<Json<Listing<SigningKeyView>>, Failure> {
    let page = page.into_request()?;
    let keys = app
        .services
        .signing_keys
        .list(&operator, environment, &page)
        .await?;
    let now = app.services.clock.now();
    Ok(Listing::of(keys, |key| SigningKeyView::at(key, now)))
}

/// Read a signing key
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/signing-keys/{kid}", tag = "Signing keys",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("kid" = String, Path, description = "The key's thumbprint"),
    ),
    responses((status = 200, description = "The key", body = SigningKeyView)),
)]
pub(super) async fn read_signing_key(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(Kid(kid)): Id<Kid>,
) -> Result<Json<SigningKeyView>, Failure> {
    let key = app
        .services
        .signing_keys
        .load(&operator, environment, &kid)
        .await?;
    Ok(Json(SigningKeyView::at(key, app.services.clock.now())))
}

/// Revoke a signing key
///
/// Its tokens are refused from the next request on, on other nodes within a second. Revoking twice changes nothing.
#[utoipa::path(
    delete, path = "/admin/v1/environments/{environment}/signing-keys/{kid}", tag = "Signing keys",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("kid" = String, Path, description = "The key's thumbprint"),
    ),
    responses((status = 200, description = "The key, revoked", body = SigningKeyView)),
)]
pub(super) async fn revoke_signing_key(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(Kid(kid)): Id<Kid>,
) -> Result<Json<SigningKeyView>, Failure> {
    let key = app
        .services
        .signing_keys
        .revoke(&operator, environment, &kid)
        .await?;
    Ok(Json(SigningKeyView::at(key, app.services.clock.now())))
}

fn location(key: &SigningKey) -> String {
    let environment = key.environment_id;
    format!(
        "/admin/v1/environments/{environment}/signing-keys/{}",
        key.kid
    )
}
