use axum::Json;
use axum::extract::State;
use hallpass_core::RevokedIssuerKey;
use hallpass_model::{EnvironmentId, IssuerKey, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::Listing;
use crate::extract::{Id, Kid, Member, PageQuery, StrictJson, StrictQuery};
use crate::time::rfc3339;
use crate::{AppState, Failure};

/// A key of ours that signs issued tokens. Its private half is sealed and in no answer.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuerKey)]
pub(super) struct IssuerKeyView {
    /// RFC 7638 thumbprint.
    kid: String,
    key_index: u32,
    /// `next`, `active`, `retiring`, `retired` or `revoked`.
    #[schema(example = "active")]
    state: &'static str,
    /// When this state began.
    since: String,
    /// When this state ends, where that is known.
    until: Option<String>,
    bits: u32,
    public_key_pem: String,
    /// Published from then on.
    created_at: String,
    signs_from: String,
    /// Open until it has a successor.
    signs_until: Option<String>,
    published_until: Option<String>,
    revoked_at: Option<String>,
    /// Up to 5 seconds late.
    last_used_at: Option<String>,
    /// Tokens it signed; up to 5 seconds late.
    use_count: i64,
}

impl IssuerKeyView {
    fn at(key: IssuerKey, now: Timestamp) -> Self {
        Self {
            state: key.state_at(now).as_str(),
            since: rfc3339(key.since(now)),
            until: key.until(now).map(rfc3339),
            kid: key.kid,
            key_index: key.key_index,
            bits: key.bits,
            public_key_pem: key.public_key_pem,
            created_at: rfc3339(key.created_at),
            signs_from: rfc3339(key.signs_from),
            signs_until: key.signs_until.map(rfc3339),
            published_until: key.published_until.map(rfc3339),
            revoked_at: key.revoked_at.map(rfc3339),
            last_used_at: key.last_used_at.map(rfc3339),
            use_count: key.use_count,
        }
    }
}

/// Which keys.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct IssuerKeysQuery {
    /// Only those of this index.
    key_index: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many rows; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What to rotate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateIssuerKeys {
    /// Only this index; left out, every one.
    key_index: Option<u32>,
}

/// The keys that were made.
#[derive(Serialize, ToSchema)]
pub(super) struct RotatedIssuerKeys {
    items: Vec<IssuerKeyView>,
}

/// A withdrawn key, and who signs in its place.
#[derive(Serialize, ToSchema)]
pub(super) struct RevokedIssuerKeyView {
    #[serde(flatten)]
    key: IssuerKeyView,
    /// A fresh key that signs already, because the withdrawn one had no successor.
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<IssuerKeyView>,
    /// What to know about the fresh key.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
}

/// List issuer keys
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/issuer-keys", tag = "Issuer keys",
    extensions(("x-role" = json!("member"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id"), IssuerKeysQuery),
    responses((status = 200, description = "Its keys, retired and revoked ones included", body = Listing<IssuerKeyView>)),
)]
pub(super) async fn list_issuer_keys(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    StrictQuery(query): StrictQuery<IssuerKeysQuery>,
) -> Result<Json<Listing<IssuerKeyView>>, Failure> {
    let IssuerKeysQuery {
        key_index,
        after,
        limit,
    } = query;
    let page = PageQuery { after, limit }.into_request()?;
    let keys = app
        .services
        .issuer_keys
        .list(&operator, environment, key_index, &page)
        .await?;
    let now = app.services.clock.now();
    Ok(Listing::of(keys, |key| IssuerKeyView::at(key, now)))
}

/// Rotate issuer keys
///
/// Makes a successor, published at once, that signs as soon as nobody can have a key set without it: 30 seconds after
/// the longest time that a set may be kept. The first keys of an environment sign at once.
#[utoipa::path(
    post, path = "/admin/v1/environments/{environment}/issuer-keys/rotate", tag = "Issuer keys",
    extensions(("x-role" = json!("member"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    request_body = RotateIssuerKeys,
    responses(
        (status = 200, description = "The keys that were made", body = RotatedIssuerKeys),
        (status = 409, description = "`too_many_published_keys`, with `Retry-After`", body = super::Problem),
        (status = 422, description = "`unknown_key_index`", body = super::Problem),
        (status = 503, description = "`master_key_missing`", body = super::Problem),
    ),
)]
pub(super) async fn rotate_issuer_keys(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    StrictJson(rotate): StrictJson<RotateIssuerKeys>,
) -> Result<Json<RotatedIssuerKeys>, Failure> {
    let made = app
        .services
        .issuer_keys
        .rotate(&operator, environment, rotate.key_index)
        .await?;
    let now = app.services.clock.now();
    let items = made.into_iter().map(|key| IssuerKeyView::at(key, now));
    Ok(Json(RotatedIssuerKeys {
        items: items.collect(),
    }))
}

/// Revoke an issuer key
///
/// For when its private half may be known to others. It leaves the published set at once and its tokens are no longer
/// good here; verifiers elsewhere notice with their next fetch. Revoking twice changes nothing.
#[utoipa::path(
    delete, path = "/admin/v1/environments/{environment}/issuer-keys/{kid}", tag = "Issuer keys",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("kid" = String, Path, description = "The key's thumbprint"),
    ),
    responses((status = 200, description = "The key, revoked", body = RevokedIssuerKeyView)),
)]
pub(super) async fn revoke_issuer_key(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(Kid(kid)): Id<Kid>,
) -> Result<Json<RevokedIssuerKeyView>, Failure> {
    const WARNING: &str = "the withdrawn key had no successor, so a fresh one signs already: a verifier that keeps the key set until its time is over refuses its tokens until then";
    let RevokedIssuerKey {
        key,
        hasty_successor,
    } = app
        .services
        .issuer_keys
        .revoke(&operator, environment, &kid)
        .await?;
    let now = app.services.clock.now();
    Ok(Json(RevokedIssuerKeyView {
        key: IssuerKeyView::at(key, now),
        warning: hasty_successor.is_some().then_some(WARNING),
        successor: hasty_successor.map(|key| IssuerKeyView::at(key, now)),
    }))
}
