//! What follows from a provider's settings: its issuers, where its keys are, and what is dangerous about it.

use hallpass_egress::Url;
use hallpass_model::{ClaimPath, ProviderKind, ProviderSettings, Result};
use hallpass_permissions::Claim;
use serde::Serialize;

use super::settings::invalid;
use crate::keys::Location;

const JWKS_PATH: &str = ".well-known/jwks.json";
const DISCOVERY_PATH: &str = ".well-known/openid-configuration";
/// Google's key set for Firebase ID tokens, as its Admin SDKs use it.
const FIREBASE_KEYS: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
const FIREBASE_ISSUER: &str = "https://securetoken.google.com/";

/// What follows from settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Derived {
    /// The `iss` values of its tokens; none: they are not told apart by it.
    pub(crate) issuers: Vec<String>,
    pub(crate) location: Location,
}

/// Something that works and is dangerous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderWarning {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// Derives issuers and location from settings that were checked when they were stored.
///
/// # Errors
/// `invalid_provider`.
pub(crate) fn derive(settings: &ProviderSettings) -> Result<Derived> {
    let mut derived = as_said(settings)?;
    // One spelling of an address is one source; the parser has several for most.
    let (Location::Jwks { url } | Location::Discovery { url, .. }) = &mut derived.location;
    if let Ok(mut parsed) = Url::parse(url) {
        parsed.set_fragment(None);
        *url = parsed.into();
    }
    Ok(derived)
}

fn as_said(settings: &ProviderSettings) -> Result<Derived> {
    match settings.kind {
        ProviderKind::Auth0 => auth0(settings),
        ProviderKind::Firebase => firebase(settings),
        ProviderKind::Oidc => oidc(settings),
        ProviderKind::Jwks => Ok(Derived {
            issuers: settings.issuer.iter().cloned().collect(),
            location: Location::Jwks {
                url: required("/url", settings.url.as_ref(), "the address of the key set")?.clone(),
            },
        }),
    }
}

/// What is dangerous about settings.
pub(crate) fn warnings(settings: &ProviderSettings, derived: &Derived) -> Vec<ProviderWarning> {
    let mut warnings = Vec::new();
    let mut warn = |code, message: &str| {
        warnings.push(ProviderWarning {
            code,
            message: message.to_owned(),
        });
    };
    if settings.any_audience {
        warn(
            "any_audience",
            "every token of this issuer is accepted, whichever app it was made for; name the apps' client ids as audiences",
        );
    } else if settings.audiences.is_empty() && settings.kind != ProviderKind::Firebase {
        warn(
            "no_audience",
            "tokens of this issuer without aud are accepted, whichever app they were made for, and tokens with one refused unless it names this environment; name your app as audience",
        );
    }
    if derived.issuers.is_empty() {
        warn(
            "no_issuer",
            "any token made with one of these keys is accepted, whoever its iss names (unless the environment expects an issuer); name the issuer",
        );
    }
    for path in [
        &settings.user_claim,
        &settings.permissions_claim,
        &settings.roles_claim,
    ]
    .into_iter()
    .flatten()
    {
        if is_odd(path) {
            warn(
                "odd_claim_path",
                &format!(
                    "`{path}` is {}; a path inside a claim is written /outer/inner, without numbers",
                    reading_of(path)
                ),
            );
        }
    }
    for mapped in &settings.role_permissions {
        let claim = Claim::parse(&mapped.permissions.to_string());
        for unknown in claim.iter().flat_map(Claim::unknown_permissions) {
            warn(
                "unknown_permission",
                &format!(
                    "the role {:?}: {:?} is no permission and grants nothing",
                    mapped.role,
                    unknown.name()
                ),
            );
        }
    }
    if derived.location.url().starts_with("http://") {
        warn(
            "plain_http",
            "the keys are fetched without TLS: whoever sits between can replace them",
        );
    }
    warnings
}

/// Whether a path is most likely meant in another notation, or leads into an array, where nothing is looked for.
fn is_odd(path: &ClaimPath) -> bool {
    let text = path.as_str();
    let is_pointer = text.starts_with('/');
    let is_number =
        |step: &String| step.is_empty() || step.bytes().all(|byte| byte.is_ascii_digit());
    let is_url = text.contains("://");
    if is_pointer {
        path.segments().iter().any(is_number)
    } else {
        !is_url && text.contains(['.', '/', '$', '#', '[', ' '])
    }
}

fn reading_of(path: &ClaimPath) -> &'static str {
    if path.as_str().starts_with('/') {
        "taken for names of members"
    } else {
        "taken for the name of one claim"
    }
}

fn auth0(settings: &ProviderSettings) -> Result<Derived> {
    if settings.audiences.is_empty() && !settings.any_audience {
        return Err(invalid(
            "/audiences",
            "name the client ids of your Auth0 apps as audiences; an ID token of another app of the tenant would be good otherwise (any_audience accepts that)",
        ));
    }
    if let (Some(_), Some(_)) = (&settings.domain, &settings.issuer) {
        return Err(invalid(
            "/issuer",
            "the issuer follows from the domain; leave it out",
        ));
    }
    if settings.domain.is_none() && settings.custom_domain.is_some() {
        return Err(invalid(
            "/custom_domain",
            "it stands beside the tenant's domain; give that as domain",
        ));
    }
    let domains: Vec<&String> = [&settings.domain, &settings.custom_domain]
        .into_iter()
        .flatten()
        .collect();
    let url = match (&settings.url, domains.first()) {
        (Some(url), _) => below(url, JWKS_PATH)?,
        (None, Some(domain)) => format!("https://{domain}/{JWKS_PATH}"),
        (None, None) => {
            return Err(invalid(
                "/domain",
                "give the tenant's domain, such as acme.eu.auth0.com",
            ));
        }
    };
    let issuers = match &settings.issuer {
        Some(issuer) => vec![issuer.clone()],
        None if domains.is_empty() => vec![origin_of(&url)],
        None => {
            let mut issuers: Vec<String> = domains
                .iter()
                .map(|domain| format!("https://{domain}/"))
                .collect();
            issuers.dedup();
            issuers
        }
    };
    Ok(Derived {
        issuers,
        location: Location::Jwks { url },
    })
}

fn firebase(settings: &ProviderSettings) -> Result<Derived> {
    let project = required(
        "/project_id",
        settings.project_id.as_ref(),
        "the Firebase project's id",
    )?;
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b':')
    };
    if project.len() > 100 || !project.bytes().all(allowed) {
        return Err(invalid(
            "/project_id",
            "a Firebase project id has lower-case letters, digits and hyphens, such as acme-prod",
        ));
    }
    let issuer = format!("{FIREBASE_ISSUER}{project}");
    if settings
        .issuer
        .as_ref()
        .is_some_and(|given| *given != issuer)
    {
        return Err(invalid(
            "/issuer",
            "the issuer follows from the project id; leave it out",
        ));
    }
    let other = settings.audiences.iter().position(|given| given != project);
    if let Some(pointer) = other
        .map(|index| format!("/audiences/{index}"))
        .or_else(|| settings.any_audience.then(|| "/any_audience".to_owned()))
    {
        return Err(invalid(
            pointer,
            "the audience of Firebase ID tokens is the project id; leave it out",
        ));
    }
    if settings.user_claim.is_some() {
        return Err(invalid(
            "/user_claim",
            "Firebase names the user in sub; leave it out",
        ));
    }
    if settings.algorithms.iter().any(|given| given != "RS256") {
        return Err(invalid(
            "/algorithms",
            "Firebase signs with RS256; leave it out",
        ));
    }
    if !settings.token_types.is_empty() {
        return Err(invalid(
            "/token_types",
            "only ID tokens of Firebase are user tokens; leave it out",
        ));
    }
    Ok(Derived {
        issuers: vec![issuer],
        location: Location::Jwks {
            url: settings
                .url
                .clone()
                .unwrap_or_else(|| FIREBASE_KEYS.to_owned()),
        },
    })
}

fn oidc(settings: &ProviderSettings) -> Result<Derived> {
    // The document's address is the issuer with something added; any other address is taken for the issuer itself.
    let from_url = settings.url.as_ref().map(|url| {
        let place = url.split(['?', '#']).next().unwrap_or(url);
        let base = place.strip_suffix(DISCOVERY_PATH);
        base.map_or(url.as_str(), |base| base.strip_suffix('/').unwrap_or(base))
            .to_owned()
    });
    let issuer = settings.issuer.clone().or(from_url);
    let issuer = required(
        "/issuer",
        issuer.as_ref(),
        "the issuer, exactly as it stands in iss",
    )?;
    // OpenID Connect Discovery 1.0 section 4.1: a slash at the issuer's end is taken off first.
    let place = settings.url.as_ref().unwrap_or(issuer);
    let url = below(place, DISCOVERY_PATH)?;
    Ok(Derived {
        issuers: vec![issuer.clone()],
        location: Location::Discovery {
            url,
            issuer: issuer.clone(),
        },
    })
}

/// The document below a base address, or the document's own address.
///
/// # Errors
/// `invalid_provider` for a base with a query, below which there is nothing.
fn below(url: &str, path: &str) -> Result<String> {
    let (place, query) = url
        .split_once(['?', '#'])
        .map_or((url, false), |(place, _)| (place, true));
    let is_bare = place
        .split_once("://")
        .is_none_or(|(_, rest)| !rest.trim_end_matches('/').contains('/'));
    // A path that somebody gave is the key set itself; issuers have paths too.
    if place.ends_with(path) || (path == JWKS_PATH && !is_bare) {
        return Ok(url.to_owned());
    }
    if query {
        return Err(invalid(
            "/url",
            "a base address has no query and no fragment",
        ));
    }
    Ok(format!("{}/{path}", url.strip_suffix('/').unwrap_or(url)))
}

fn origin_of(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let host = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}/")
}

fn required<'s>(pointer: &str, text: Option<&'s String>, what: &str) -> Result<&'s String> {
    text.ok_or_else(|| invalid(pointer, format!("give {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(kind: ProviderKind, more: impl FnOnce(&mut ProviderSettings)) -> ProviderSettings {
        let mut settings = ProviderSettings::new(kind);
        more(&mut settings);
        settings
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn issuers_and_places_follow_from_what_is_said() {
        const APP: &str = "client-1";
        let auth0 = |more: &dyn Fn(&mut ProviderSettings)| {
            settings(ProviderKind::Auth0, |said| {
                said.audiences = vec![APP.to_owned()];
                more(said);
            })
        };
        let oidc =
            |more: &dyn Fn(&mut ProviderSettings)| settings(ProviderKind::Oidc, |said| more(said));
        for (said, issuers, url) in [
            (
                auth0(&|said| said.domain = text("acme.eu.auth0.com")),
                vec!["https://acme.eu.auth0.com/"],
                "https://acme.eu.auth0.com/.well-known/jwks.json",
            ),
            (
                auth0(&|said| {
                    said.domain = text("acme.eu.auth0.com");
                    said.custom_domain = text("login.acme.com");
                }),
                vec!["https://acme.eu.auth0.com/", "https://login.acme.com/"],
                "https://acme.eu.auth0.com/.well-known/jwks.json",
            ),
            (
                auth0(&|said| {
                    said.domain = text("acme.eu.auth0.com");
                    said.url = text("http://127.0.0.1:4000/");
                }),
                vec!["https://acme.eu.auth0.com/"],
                "http://127.0.0.1:4000/.well-known/jwks.json",
            ),
            (
                auth0(&|said| said.url = text("http://127.0.0.1:4000/keys")),
                vec!["http://127.0.0.1:4000/"],
                "http://127.0.0.1:4000/keys",
            ),
            (
                auth0(&|said| {
                    said.url = text("https://keys.example");
                    said.issuer = text("https://tenant.example/");
                }),
                vec!["https://tenant.example/"],
                "https://keys.example/.well-known/jwks.json",
            ),
            (
                settings(ProviderKind::Firebase, |said| {
                    said.project_id = text("acme-prod")
                }),
                vec!["https://securetoken.google.com/acme-prod"],
                FIREBASE_KEYS,
            ),
            (
                oidc(&|said| said.issuer = text("https://id.acme.com/realms/main")),
                vec!["https://id.acme.com/realms/main"],
                "https://id.acme.com/realms/main/.well-known/openid-configuration",
            ),
            (
                oidc(&|said| said.issuer = text("https://id.acme.com/")),
                vec!["https://id.acme.com/"],
                "https://id.acme.com/.well-known/openid-configuration",
            ),
            (
                oidc(&|said| {
                    said.url = text("https://id.acme.com/x/.well-known/openid-configuration");
                }),
                vec!["https://id.acme.com/x"],
                "https://id.acme.com/x/.well-known/openid-configuration",
            ),
            (
                oidc(&|said| {
                    said.issuer = text("https://id.acme.com/x");
                    said.url =
                        text("https://id.acme.com/x/.well-known/openid-configuration?appid=1");
                }),
                vec!["https://id.acme.com/x"],
                "https://id.acme.com/x/.well-known/openid-configuration?appid=1",
            ),
            (
                oidc(&|said| said.url = text("https://id.acme.com/")),
                vec!["https://id.acme.com/"],
                "https://id.acme.com/.well-known/openid-configuration",
            ),
            (
                settings(ProviderKind::Jwks, |said| {
                    said.url = text("https://a.example/jwks")
                }),
                vec![],
                "https://a.example/jwks",
            ),
        ] {
            let derived = derive(&said).expect("complete settings");
            assert_eq!(derived.issuers, issuers, "{said:?}");
            assert_eq!(derived.location.url(), url, "{said:?}");
        }
    }

    #[test]
    fn a_base_with_a_query_has_nothing_below() {
        for url in ["https://id.acme.com?x=1", "https://id.acme.com/#x"] {
            let said = settings(ProviderKind::Oidc, |said| said.url = text(url));
            assert_eq!(derive(&said).unwrap_err().pointer(), Some("/url"), "{url}");
        }
    }

    #[test]
    fn what_is_dangerous_is_said() {
        let codes = |said: &ProviderSettings| -> Vec<&'static str> {
            let derived = derive(said).expect("complete settings");
            warnings(said, &derived)
                .iter()
                .map(|warning| warning.code)
                .collect()
        };
        let mut jwks = settings(ProviderKind::Jwks, |said| {
            said.url = text("http://127.0.0.1:1/")
        });
        assert_eq!(codes(&jwks), ["no_audience", "no_issuer", "plain_http"]);
        jwks.any_audience = true;
        jwks.issuer = text("https://a.example");
        assert_eq!(codes(&jwks), ["any_audience", "plain_http"]);
        let mut firebase = settings(ProviderKind::Firebase, |said| {
            said.project_id = text("acme-prod")
        });
        assert_eq!(codes(&firebase), Vec::<&str>::new());
        for (path, odd) in [
            ("roles", false),
            ("cognito:groups", false),
            ("https://acme.com/roles", false),
            ("urn:acme:roles", false),
            ("/realm_access/roles", false),
            ("realm_access.roles", true),
            ("realm_access/roles", true),
            ("$.roles", true),
            ("#/roles", true),
            ("/roles/0", true),
            ("/roles/", true),
        ] {
            firebase.permissions_claim = path.parse().ok();
            let expected = if odd { vec!["odd_claim_path"] } else { vec![] };
            assert_eq!(codes(&firebase), expected, "{path}");
        }
        firebase.permissions_claim = None;
        firebase.role_permissions = vec![hallpass_model::RolePermissions {
            role: "admin".to_owned(),
            permissions: serde_json::json!({ "integration:*": ["metadata:raed", "metadata:read"] }),
        }];
        assert_eq!(codes(&firebase), ["unknown_permission"]);
    }
}
