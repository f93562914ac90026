//! What makes a token of an identity provider good, one rule per function; the rules that every token has to keep are
//! in [`super::rules`].

use std::borrow::Cow;
use std::sync::Arc;

use hallpass_jose::{Claims, TokenError, UnverifiedToken, VerifiedToken, raw};
use hallpass_model::{ClaimPath, EnvironmentSettings, ProviderKind, Subject, Timestamp};
use hallpass_permissions::{self as permissions, Claim};

use super::refusal::{Refusal, UserFault};
use super::rules;
use crate::identity_providers::{PermissionSource, TrustedProvider};
use crate::keys::remote::RemoteKeys;
use crate::keys::{KeySet, RemoteKey};

/// The type of access tokens in JWT form (RFC 9068), however a service marks them.
const ACCESS_TOKEN: &str = "at+jwt";
const ROLES: usize = 256;

/// Verifies with the published key that `kid` names; without one, with the only key that could be meant. A key that
/// is not in the set is looked for in a newer one, once.
pub(crate) async fn verify(
    token: &UnverifiedToken<'_>,
    provider: &TrustedProvider,
    remote: &RemoteKeys,
) -> Result<(VerifiedToken, Arc<RemoteKey>), Refusal> {
    let set = remote.current(&provider.source).await?;
    let first = verify_with(token, provider, &set);
    let may_be_newer = match &first {
        Err(Refusal::UnknownKey | Refusal::KidNeeded { eligible: 0 }) => true,
        // Some put another key in the place of the old one and keep its name.
        Err(Refusal::Token(TokenError::SignatureInvalid) | Refusal::ProviderAlgorithm) => true,
        _ => false,
    };
    if !may_be_newer {
        return first;
    }
    let second = match remote.newer(&provider.source, &set).await {
        Some(newer) => verify_with(token, provider, &newer),
        None => first,
    };
    match second {
        // The provider could not be asked, so nobody knows that there is no such key.
        Err(Refusal::UnknownKey | Refusal::KidNeeded { eligible: 0 }) => {
            remote.require_answering(&provider.source)?;
            second
        }
        known => known,
    }
}

fn verify_with(
    token: &UnverifiedToken<'_>,
    provider: &TrustedProvider,
    set: &KeySet,
) -> Result<(VerifiedToken, Arc<RemoteKey>), Refusal> {
    let alg = token.header().alg;
    let pinned = |key: &RemoteKey| key.pinned_to(alg, &provider.algorithms);
    let (remote, key) = match token.header().kid.as_deref() {
        Some(kid) => {
            let remote = set.find(kid).ok_or(Refusal::UnknownKey)?;
            let key = pinned(remote).ok_or(Refusal::ProviderAlgorithm)?;
            (remote, key)
        }
        None => {
            let mut eligible: Vec<_> = set
                .keys
                .iter()
                .filter_map(|remote| Some((remote, pinned(remote)?)))
                .collect();
            match (eligible.pop(), eligible.len()) {
                (Some(only), 0) => only,
                (last, others) => {
                    let eligible = others + usize::from(last.is_some());
                    return Err(Refusal::KidNeeded { eligible });
                }
            }
        }
    };
    Ok((token.verify(&key)?, Arc::clone(remote)))
}

/// The header's `typ` is one of a user token here.
pub(crate) fn check_type(
    token: &UnverifiedToken<'_>,
    provider: &TrustedProvider,
) -> Result<(), Refusal> {
    let header = token.header();
    let listed = || provider.token_types.iter().any(|typ| header.is_type(typ));
    if header.is_jwt_type() || listed() {
        Ok(())
    } else {
        Err(Refusal::OtherKind(
            "the header's typ names another kind of token; send the ID token, or accept this type for its audience",
        ))
    }
}

/// The payload says that it is a user token and not something else: services mark their tokens there as well.
pub(crate) fn check_kind(claims: &Claims<'_>, provider: &TrustedProvider) -> Result<(), Refusal> {
    if claims.raw("events").is_some() {
        return Err(Refusal::OtherKind(
            "this is a logout token or another security event (it has the claim events); send the ID token",
        ));
    }
    if claims.raw("htm").is_some() && claims.raw("htu").is_some() {
        return Err(Refusal::OtherKind(
            "this is a DPoP proof (RFC 9449), not a token; send the ID token",
        ));
    }
    if claims.raw("cnf").is_some() {
        return Err(Refusal::OtherKind(
            "this token is bound to a key of its client (it has the claim cnf) and is good with a proof only",
        ));
    }
    if is_marked_access_token(claims)?
        && !provider
            .token_types
            .iter()
            .any(|typ| typ.eq_ignore_ascii_case(ACCESS_TOKEN))
    {
        return Err(Refusal::OtherKind(
            "this is an access token for another service; send the ID token, or accept the type at+jwt for its audience",
        ));
    }
    Ok(())
}

/// Cognito says it in `token_use`, Keycloak in `typ`. What is neither an ID nor an access token is refused here.
fn is_marked_access_token(claims: &Claims<'_>) -> Result<bool, Refusal> {
    const NEITHER: Refusal =
        Refusal::OtherKind("this is neither an ID token nor an access token; send the ID token");
    let text = |name| {
        let said = claims
            .raw(name)
            .map(|value| raw::text(value).ok_or(NEITHER));
        said.transpose()
    };
    let lower = |name| text(name).map(|said| said.map(|said| said.to_ascii_lowercase()));
    let by_use = match lower("token_use")?.as_deref() {
        None | Some("id") => false,
        Some("access") => true,
        Some(_) => return Err(NEITHER),
    };
    let by_typ = match lower("typ")?.as_deref() {
        Some("bearer" | "dpop") => true,
        Some("refresh" | "offline" | "logout") => return Err(NEITHER),
        _ => false,
    };
    Ok(by_use || by_typ)
}

/// `aud` names an app that this provider was configured for.
pub(crate) fn check_audience(
    claims: &Claims<'_>,
    provider: &TrustedProvider,
) -> Result<(), Refusal> {
    let audience = claims.aud.as_ref().ok_or(Refusal::AudienceMissing)?;
    if provider.audiences.iter().any(|own| audience.contains(own)) {
        Ok(())
    } else {
        Err(Refusal::ProviderAudience)
    }
}

/// Who the user is, by the claim that names users at this provider.
pub(crate) fn subject(claims: &Claims<'_>, provider: &TrustedProvider) -> Result<Subject, Refusal> {
    /// Firebase's own bound on a `uid`.
    const FIREBASE_UID_BYTES: usize = 128;
    let Some(path) = &provider.user_claim else {
        let sub = rules::check_subject(claims)?;
        if provider.kind == ProviderKind::Firebase && sub.as_str().len() > FIREBASE_UID_BYTES {
            return Err(Refusal::User {
                pointer: "/sub".to_owned(),
                fault: UserFault::TooLongForFirebase,
            });
        }
        return Ok(sub);
    };
    let refused = |fault| Refusal::User {
        pointer: path.pointer(),
        fault,
    };
    let value = find(claims, path).ok_or_else(|| refused(UserFault::Missing))?;
    let text = raw::text(value).ok_or_else(|| refused(UserFault::NoText))?;
    text.parse()
        .map_err(|error| refused(UserFault::Malformed(error)))
}

/// Firebase: `auth_time` is there and not ahead of us.
pub(crate) fn check_auth_time(
    claims: &Claims<'_>,
    settings: &EnvironmentSettings,
    now: Timestamp,
) -> Result<(), Refusal> {
    let value = claims
        .raw("auth_time")
        .ok_or(Refusal::MissingClaim("auth_time"))?;
    let at = raw::seconds(value).ok_or(Refusal::AuthTime(
        "the claim auth_time is malformed: it must be a JSON number of seconds since 1970",
    ))?;
    if now.as_secs() < at - i64::from(settings.leeway_secs) {
        return Err(Refusal::AuthTime(
            "auth_time is ahead of our clock: nobody can have signed in then",
        ));
    }
    Ok(())
}

/// The permissions, from the claim's own name or from where the settings say. Once they say where, a token that has
/// nothing there may do nothing, whatever else it carries.
pub(crate) fn parse_permissions(
    claims: &Claims<'_>,
    provider: &TrustedProvider,
    settings: &EnvironmentSettings,
) -> Result<Claim, Refusal> {
    let (path, found) = match &provider.permissions {
        PermissionSource::OwnClaim => return rules::parse_permissions(claims, settings),
        PermissionSource::Path(path) | PermissionSource::Roles { path, .. } => {
            (path, find(claims, path))
        }
    };
    let Some(value) = found else {
        return match settings.require_permission_claim {
            true => Err(Refusal::PermissionsMissingAt {
                pointer: path.pointer(),
            }),
            false => nothing(),
        };
    };
    // Either alone could be the wider one.
    if claims.raw(permissions::CLAIM).is_some() {
        return Err(Refusal::PermissionsAmbiguous {
            pointer: path.pointer(),
        });
    }
    let PermissionSource::Roles {
        permissions: mapped,
        ..
    } = &provider.permissions
    else {
        return rules::parse_permission_text(value, settings).map_err(|refusal| match refusal {
            Refusal::Permissions(fault) => Refusal::PermissionsAt {
                pointer: format!("{}{}", path.pointer(), fault.pointer),
                fault,
            },
            other => other,
        });
    };
    let held = held_roles(value).ok_or_else(|| Refusal::Roles {
        pointer: path.pointer(),
    })?;
    first_mapped(&held, mapped).map_or_else(nothing, |(_, claim)| Ok(claim.clone()))
}

/// Where the permissions of an accepted token came from; for people.
pub(crate) fn permissions_found(claims: &Claims<'_>, provider: &TrustedProvider) -> String {
    let (path, mapped) = match &provider.permissions {
        PermissionSource::OwnClaim => return String::new(),
        PermissionSource::Path(path) => (path, None),
        PermissionSource::Roles { path, permissions } => (path, Some(permissions)),
    };
    let place = path.pointer();
    let Some(value) = find(claims, path) else {
        return format!("; there is nothing at {place}, so nothing is allowed");
    };
    let Some(mapped) = mapped else {
        return format!(" at {place}");
    };
    match first_mapped(&held_roles(value).unwrap_or_default(), mapped) {
        Some((role, _)) => format!("; from the role {role:?} at {place}"),
        None => format!("; none of the roles at {place} is mapped, so nothing is allowed"),
    }
}

/// One role or several; `None` for anything else.
fn held_roles(value: &str) -> Option<Vec<Cow<'_, str>>> {
    match raw::text(value) {
        Some(role) => Some(vec![role]),
        None => raw::texts(value, ROLES),
    }
}

fn first_mapped<'m>(
    held: &[Cow<'_, str>],
    mapped: &'m [(String, Claim)],
) -> Option<&'m (String, Claim)> {
    mapped
        .iter()
        .find(|(role, _)| held.iter().any(|held| held == role))
}

/// Permissions that allow nothing.
fn nothing() -> Result<Claim, Refusal> {
    Claim::parse("{}").map_err(Refusal::Permissions)
}

fn find<'c>(claims: &Claims<'c>, path: &ClaimPath) -> Option<&'c str> {
    let (first, rest) = path.segments().split_first()?;
    rest.iter()
        .try_fold(claims.raw(first)?, |value, name| raw::member(value, name))
}
