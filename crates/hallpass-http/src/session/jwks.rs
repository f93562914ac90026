//! The key sets that environments publish: for everybody, without a cookie, to be kept as long as they say.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use hallpass_core::PublishedKeys;
use hallpass_model::{EnvironmentId, Error};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use utoipa::ToSchema;

use super::compat::SessionRefusal;
use crate::extract::Id;
use crate::{AppState, Failure};

/// The keys that verify issued tokens (RFC 7517).
#[derive(Serialize, ToSchema)]
pub(super) struct JsonWebKeySet {
    keys: Vec<JsonWebKey>,
}

/// The public half of one key.
#[derive(Serialize, ToSchema)]
struct JsonWebKey {
    #[schema(example = "RSA")]
    kty: String,
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    use_: String,
    #[schema(example = "RS256")]
    alg: String,
    /// RFC 7638 thumbprint.
    kid: String,
    n: String,
    #[schema(example = "AQAB")]
    e: String,
}

/// The key set of the environment that owns the host
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "Key sets",
    responses(
        (status = 200, description = "The keys, to be kept for `max-age`", body = JsonWebKeySet),
        (status = 304, description = "Unchanged since `If-None-Match`"),
        (status = 404, description = "No environment has this host, and none is the default", body = SessionRefusal),
    ),
)]
pub(super) async fn read_key_set_of_host(
    State(app): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let keys = &app.services.issuer_keys;
    let found = match host_of(&uri, &headers) {
        Some(host) => keys.environment_of_host(&host).await?,
        None => None,
    };
    let environment = found
        .or(app.settings.default_environment)
        .ok_or_else(|| Error::not_found("environment with this host"))?;
    Ok(answer(&headers, keys.published(environment).await?))
}

/// The key set of an environment
#[utoipa::path(
    get, path = "/environments/{environment}/.well-known/jwks.json", tag = "Key sets",
    params(("environment" = uuid::Uuid, Path, description = "The environment's id")),
    responses(
        (status = 200, description = "The keys, to be kept for `max-age`", body = JsonWebKeySet),
        (status = 304, description = "Unchanged since `If-None-Match`"),
        (status = 404, description = "No such environment", body = SessionRefusal),
    ),
)]
pub(super) async fn read_key_set(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let keys = app.services.issuer_keys.published(environment).await?;
    Ok(answer(&headers, keys))
}

/// The name alone, in small letters: HTTP/2 has it in the address.
fn host_of(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let authority = match uri.host() {
        Some(host) => host,
        None => headers.get(HOST)?.to_str().ok()?,
    };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    Some(host.to_ascii_lowercase())
}

fn answer(asked: &HeaderMap, keys: PublishedKeys) -> Response {
    let cache = match keys.max_age_secs {
        0 => "no-store".to_owned(),
        secs => format!("public, max-age={secs}"),
    };
    let known = asked
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == keys.etag || tag == "*");
    let validators = [(CACHE_CONTROL, cache), (ETAG, keys.etag)];
    if known {
        return (StatusCode::NOT_MODIFIED, validators, Body::empty()).into_response();
    }
    let kind = [(CONTENT_TYPE, "application/json")];
    (validators, kind, keys.json).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_a_name_without_a_port_in_small_letters() {
        for (authority, expected) in [
            ("auth.example.com", "auth.example.com"),
            ("Auth.Example.COM:8080", "auth.example.com"),
            ("[::1]:8080", "[::1]"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, http::HeaderValue::from_static(authority));
            assert_eq!(
                host_of(&Uri::from_static("/"), &headers).as_deref(),
                Some(expected)
            );
        }
        assert_eq!(host_of(&Uri::from_static("/"), &HeaderMap::new()), None);
    }
}
