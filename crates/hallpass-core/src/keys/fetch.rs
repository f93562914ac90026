//! One fetch of a key set, by its address or through OpenID Connect Discovery.

use std::time::Duration;

use hallpass_egress::{Egress, EgressError, Fetched, Limits};
use hallpass_jose::{JwkSet, JwksError, MAX_JWKS_BYTES};
use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, CONTENT_TYPE};
use serde::{Deserialize, Serialize};

/// For the whole of it: both documents of a discovery together.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
const REDIRECTS: u8 = 3;
/// Bounds of what a server may say about how long its keys are fresh.
const FRESH_AT_LEAST: Duration = Duration::from_secs(60);
const FRESH_AT_MOST: Duration = Duration::from_secs(60 * 60);
/// For servers that say nothing.
const FRESH_UNLESS_SAID: Duration = Duration::from_secs(5 * 60);

/// Where a key set is found. Equal locations of one project share one fetched set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Location {
    /// A JWKS document (RFC 7517 section 5).
    Jwks { url: String },
    /// A discovery document (OpenID Connect Discovery 1.0 section 4) that has to name this issuer.
    Discovery { url: String, issuer: String },
}

impl Location {
    /// The document that is asked for first.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Jwks { url } | Self::Discovery { url, .. } => url,
        }
    }

    /// Host and port of that document, as the canonical spelling has them.
    pub(crate) fn server(&self) -> &str {
        let (_, rest) = self.url().split_once("://").unwrap_or_default();
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    }
}

/// What a fetch was like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FetchReport {
    /// The document asked for first.
    pub url: String,
    /// Whether it gave a set that may be trusted; in a test of a provider, one with a key for its tokens.
    pub ok: bool,
    /// What was wrong, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What was found or what was wrong, for people.
    pub detail: String,
    /// The status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took.
    pub millis: u64,
    /// How long the set counts as fresh, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh_for_secs: Option<u64>,
}

/// Why there is no set.
#[derive(Debug, Clone)]
pub(super) struct FetchError {
    pub(super) code: &'static str,
    pub(super) detail: String,
    pub(super) status: Option<u16>,
}

/// A set, and how long it is fresh.
pub(super) struct FetchedSet {
    pub(super) set: JwkSet,
    pub(super) fresh_for: Duration,
    pub(super) status: u16,
}

#[derive(Deserialize)]
struct DiscoveryDocument {
    issuer: String,
    jwks_uri: String,
}

pub(super) async fn fetch(egress: &Egress, location: &Location) -> Result<FetchedSet, FetchError> {
    let all = async {
        match location {
            Location::Jwks { url } => fetch_set(egress, url).await,
            Location::Discovery { url, issuer } => {
                let keys_url = discover(egress, url, issuer).await?;
                fetch_set(egress, &keys_url).await
            }
        }
    };
    tokio::time::timeout(DEADLINE, all)
        .await
        .unwrap_or_else(|_| Err(FetchError::plain("egress_timeout", "no answer within 5 s")))
}

async fn discover(egress: &Egress, url: &str, issuer: &str) -> Result<String, FetchError> {
    let answer = read(egress, url).await?;
    let document: DiscoveryDocument =
        serde_json::from_slice(&answer.body).map_err(|_| FetchError {
            code: "discovery_malformed",
            detail: format!(
                "{} is no discovery document: expected a JSON object with issuer and jwks_uri{}",
                shown(url),
                html_hint(&answer.headers)
            ),
            status: Some(answer.status),
        })?;
    if document.issuer != issuer {
        return Err(FetchError {
            code: "issuer_mismatch",
            detail: format!(
                "the discovery document is of the issuer {}, not {issuer}; the two must be equal to the last slash",
                quoted(&document.issuer)
            ),
            status: Some(answer.status),
        });
    }
    if !egress.may_lead_to(&answer.url, &document.jwks_uri) {
        return Err(FetchError {
            code: "jwks_uri_refused",
            detail: "the discovery document leads from https to http, or from outside to an endpoint that is allowed for itself only"
                .to_owned(),
            status: Some(answer.status),
        });
    }
    Ok(document.jwks_uri)
}

async fn fetch_set(egress: &Egress, url: &str) -> Result<FetchedSet, FetchError> {
    let answer = read(egress, url).await?;
    let refused = |error: JwksError| FetchError {
        code: error.code(),
        detail: format!("{}: {error}{}", shown(url), html_hint(&answer.headers)),
        status: Some(answer.status),
    };
    let text = std::str::from_utf8(&answer.body).map_err(|_| refused(JwksError::Malformed))?;
    let set = JwkSet::from_json(text).map_err(refused)?;
    Ok(FetchedSet {
        set,
        fresh_for: fresh_for(&answer.headers),
        status: answer.status,
    })
}

async fn read(egress: &Egress, url: &str) -> Result<Fetched, FetchError> {
    let limits = Limits {
        deadline: DEADLINE,
        body_bytes: MAX_JWKS_BYTES,
        redirects: REDIRECTS,
    };
    let answer = egress.get(url, limits).await?;
    if answer.status != 200 {
        return Err(FetchError {
            code: "unexpected_status",
            detail: format!("{} answered {} instead of 200", shown(url), answer.status),
            status: Some(answer.status),
        });
    }
    Ok(answer)
}

/// `Cache-Control: max-age` less `Age` (RFC 9111), within our bounds.
fn fresh_for(headers: &HeaderMap) -> Duration {
    let mut said = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or_default().split(',') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => return FRESH_AT_LEAST,
                "max-age" => {
                    let Ok(secs) = argument.trim().trim_matches('"').parse::<u64>() else {
                        return FRESH_AT_LEAST;
                    };
                    said = Some(said.unwrap_or(secs).min(secs));
                }
                _ => {}
            }
        }
    }
    let Some(max_age) = said else {
        return FRESH_UNLESS_SAID;
    };
    let age = headers.get(AGE).and_then(|age| age.to_str().ok());
    let age = age.and_then(|age| age.trim().parse().ok()).unwrap_or(0);
    Duration::from_secs(max_age.saturating_sub(age)).clamp(FRESH_AT_LEAST, FRESH_AT_MOST)
}

fn html_hint(headers: &HeaderMap) -> &'static str {
    let html = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html")
        });
    if html {
        "; the answer was an HTML page, so this may be the address of a page for people"
    } else {
        ""
    }
}

/// The address without a query, which could hold a secret.
pub(super) fn shown(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// A stranger's text, shortened and harmless.
fn quoted(text: &str) -> String {
    const SHOWN_CHARS: usize = 200;
    let short: String = text.chars().take(SHOWN_CHARS).collect();
    format!("{short:?}")
}

impl FetchError {
    fn plain(code: &'static str, detail: &str) -> Self {
        Self {
            code,
            detail: detail.to_owned(),
            status: None,
        }
    }
}

impl From<EgressError> for FetchError {
    fn from(error: EgressError) -> Self {
        Self::plain(error.code(), &error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn freshness_is_what_the_server_says_within_bounds() {
        for (cache_control, age, secs) in [
            (None, None, 300),
            (Some("public, max-age=600"), None, 600),
            (Some("Public, Max-Age=\"600\""), None, 600),
            (Some("max-age=600"), Some("500"), 100),
            (Some("max-age=600"), Some("590"), 60),
            (Some("max-age=600"), Some("x"), 600),
            (Some("max-age=0"), None, 60),
            (Some("max-age=999999999"), None, 3600),
            (Some("max-age=-1"), None, 60),
            (Some("max-age=99999999999999999999"), None, 60),
            (Some("max-age=600, max-age=120"), None, 120),
            (Some("max-age=600, no-cache"), None, 60),
            (Some("no-store"), None, 60),
            (Some("public"), None, 300),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = cache_control {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
            }
            if let Some(value) = age {
                headers.insert(AGE, HeaderValue::from_static(value));
            }
            assert_eq!(
                fresh_for(&headers),
                Duration::from_secs(secs),
                "{cache_control:?} {age:?}"
            );
        }
    }

    #[test]
    fn a_strangers_text_is_short_and_harmless() {
        let long = format!("\u{1b}[31m{}", "x".repeat(1000));
        let quoted = quoted(&long);
        assert!(quoted.len() < 300 && !quoted.contains('\u{1b}'), "{quoted}");
    }
}
