//! What an operator may say of a provider.

use hallpass_egress::Egress;
use hallpass_jose::Algorithm;
use hallpass_model::{Error, ProviderKind, ProviderSettings, Result, limits};
use hallpass_permissions::{self as permissions, Claim};

use super::derived::{Derived, derive};

/// Tokens that say something else than who is calling; never user tokens, whatever the settings.
const NEVER_USER_TOKENS: [&str; 3] = ["logout+jwt", "dpop+jwt", "secevent+jwt"];

/// Checks settings and derives what follows from them.
///
/// # Errors
/// `invalid_provider`, or the gate's refusal of an address, with the pointer of the first member at fault.
pub(crate) fn check(settings: &ProviderSettings, egress: &Egress) -> Result<Derived> {
    check_members(settings)?;
    let derived = derive(settings)?;
    let member = match (settings.kind, &settings.url) {
        (_, Some(_)) | (ProviderKind::Jwks | ProviderKind::Firebase, None) => "/url",
        (ProviderKind::Auth0, None) => "/domain",
        (ProviderKind::Oidc, None) => "/issuer",
    };
    // What was said as well as what follows: `https://` is no address, but something below it could be one.
    let said = match settings.kind {
        ProviderKind::Oidc => settings.url.as_ref().or(settings.issuer.as_ref()),
        _ => settings.url.as_ref(),
    };
    for url in said
        .into_iter()
        .map(String::as_str)
        .chain([derived.location.url()])
    {
        egress
            .check_url(url)
            .map_err(|error| Error::from(error).at(member))?;
    }
    check_lists(settings)?;
    check_permissions(settings)?;
    Ok(derived)
}

/// Members that are only for other kinds, and texts that cannot be what they are called.
fn check_members(settings: &ProviderSettings) -> Result<()> {
    let texts = [
        (
            "/domain",
            &settings.domain,
            settings.kind == ProviderKind::Auth0,
        ),
        (
            "/custom_domain",
            &settings.custom_domain,
            settings.kind == ProviderKind::Auth0,
        ),
        (
            "/project_id",
            &settings.project_id,
            settings.kind == ProviderKind::Firebase,
        ),
        ("/url", &settings.url, true),
        ("/issuer", &settings.issuer, true),
    ];
    for (pointer, text, belongs) in texts {
        let Some(text) = text else { continue };
        if !belongs {
            let kind = settings.kind.as_str();
            return Err(invalid(
                pointer,
                format!("a provider of kind {kind} has no such member"),
            ));
        }
        if text.is_empty() || text.len() > limits::PROVIDER_TEXT_BYTES || !is_plain(text) {
            return Err(invalid(
                pointer,
                "expected 1 to 512 bytes without control characters, bidirectional marks and white space at the ends",
            ));
        }
    }
    for (pointer, domain) in [
        ("/domain", &settings.domain),
        ("/custom_domain", &settings.custom_domain),
    ] {
        if domain.as_ref().is_some_and(|domain| !is_host_name(domain)) {
            return Err(invalid(
                pointer,
                "expected a host name in lower case, such as acme.eu.auth0.com, without https:// and without a path",
            ));
        }
    }
    Ok(())
}

fn check_lists(settings: &ProviderSettings) -> Result<()> {
    if settings.audiences.len() > limits::AUDIENCES {
        return Err(invalid("/audiences", "at most 16 audiences"));
    }
    for (index, audience) in settings.audiences.iter().enumerate() {
        if audience.is_empty() || audience.len() > limits::AUDIENCE_BYTES || !is_plain(audience) {
            return Err(invalid(
                format!("/audiences/{index}"),
                "an audience has 1 to 512 bytes, no control characters, no bidirectional marks and no white space at its ends",
            ));
        }
    }
    if settings.any_audience && !settings.audiences.is_empty() {
        return Err(invalid(
            "/any_audience",
            "give audiences or any_audience, not both",
        ));
    }
    if settings.token_types.len() > limits::PROVIDER_LIST
        || settings.algorithms.len() > limits::PROVIDER_LIST
    {
        return Err(invalid("", "at most 8 token types and 8 algorithms"));
    }
    for (index, token_type) in settings.token_types.iter().enumerate() {
        let pointer = format!("/token_types/{index}");
        if NEVER_USER_TOKENS
            .iter()
            .any(|never| never.eq_ignore_ascii_case(token_type))
        {
            return Err(invalid(
                pointer,
                "tokens of this type do not say who is calling and are never user tokens",
            ));
        }
        let readable = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
        if token_type.is_empty() || token_type.len() > 64 || !token_type.bytes().all(readable) {
            return Err(invalid(
                pointer,
                "expected the typ of a token without application/, such as at+jwt",
            ));
        }
    }
    if !settings.token_types.is_empty() && settings.audiences.is_empty() {
        return Err(invalid(
            "/token_types",
            "tokens of other types are accepted for named audiences only; give audiences",
        ));
    }
    for (index, algorithm) in settings.algorithms.iter().enumerate() {
        if Algorithm::parse(algorithm).is_none() {
            return Err(invalid(
                format!("/algorithms/{index}"),
                hallpass_jose::UnknownAlgorithm.to_string(),
            ));
        }
    }
    Ok(())
}

fn check_permissions(settings: &ProviderSettings) -> Result<()> {
    if let (Some(_), Some(_)) = (&settings.permissions_claim, &settings.roles_claim) {
        return Err(invalid(
            "/roles_claim",
            "permissions come from permissions_claim or from roles, not from both",
        ));
    }
    for (pointer, path) in [
        ("/permissions_claim", &settings.permissions_claim),
        ("/roles_claim", &settings.roles_claim),
    ] {
        let first = path.as_ref().and_then(|path| path.segments().first());
        if first.is_some_and(|first| first == permissions::CLAIM) {
            return Err(invalid(
                pointer,
                "this is the permission claim itself, which is read where nothing else is said; leave it out",
            ));
        }
    }
    if settings.roles_claim.is_some() == settings.role_permissions.is_empty() {
        return Err(invalid(
            "/role_permissions",
            "roles_claim and role_permissions belong together: where the roles stand, and what each may do",
        ));
    }
    if settings.role_permissions.len() > limits::PROVIDER_ROLES {
        return Err(invalid("/role_permissions", "at most 64 roles"));
    }
    let mut bytes = 0;
    for (index, mapped) in settings.role_permissions.iter().enumerate() {
        let pointer = format!("/role_permissions/{index}");
        let earlier = settings.role_permissions.iter().take(index);
        if mapped.role.is_empty() || mapped.role.len() > 255 {
            return Err(invalid(
                format!("{pointer}/role"),
                "a role has 1 to 255 bytes",
            ));
        }
        if earlier.into_iter().any(|other| other.role == mapped.role) {
            return Err(invalid(
                format!("{pointer}/role"),
                "this role is mapped already",
            ));
        }
        let text = mapped.permissions.to_string();
        bytes += text.len();
        Claim::parse(&text).map_err(|fault| {
            invalid(
                format!("{pointer}/permissions{}", fault.pointer),
                fault.to_string(),
            )
        })?;
    }
    if bytes > limits::ROLE_PERMISSIONS_BYTES {
        return Err(invalid(
            "/role_permissions",
            "all permissions together have at most 64 KiB",
        ));
    }
    Ok(())
}

fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(label)
        // An address is no name.
        && !text.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What looks the same as another text would never match, and nobody would see why.
fn is_plain(text: &str) -> bool {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}')
    };
    text.trim().len() == text.len() && !text.contains(hidden)
}

pub(super) fn invalid(pointer: impl Into<String>, why: impl Into<String>) -> Error {
    Error::unprocessable("invalid_provider", why).at(pointer)
}
