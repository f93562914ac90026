//! What makes a token good in an environment, one rule per function. Nothing here reads a clock or a database.

use hallpass_jose::{Claims, UnverifiedToken, VerifiedToken};
use hallpass_model::{AudienceMode, EnvironmentSettings, Subject, Timestamp};
use hallpass_permissions::{self as permissions, Claim, ParseOptions};

use super::refusal::Refusal;
use super::trust::{Snapshot, TrustedKey};

/// Keys tried for a token whose `kid` says nothing: the active one and at most three that retire.
const TRIES: usize = 4;

/// The times of a token, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

/// Verifies with the key that `kid` names, else with every trusted one.
pub(crate) fn verify<'s>(
    token: &UnverifiedToken<'_>,
    snapshot: &'s Snapshot,
    now: Timestamp,
) -> Result<(VerifiedToken, &'s TrustedKey), Refusal> {
    check_type(token)?;
    let trusted = || snapshot.keys.iter().filter(|key| key.is_trusted_at(now));
    let named = token
        .header()
        .kid
        .as_deref()
        .and_then(|kid| trusted().find(|key| key.kid == kid));
    if let Some(key) = named {
        return Ok((token.verify(&key.key)?, key));
    }
    let mut refusal = Refusal::NoSigningKey;
    for key in trusted().take(TRIES) {
        match token.verify(&key.key) {
            Ok(verified) => return Ok((verified, key)),
            Err(error) => refusal = error.into(),
        }
    }
    Err(refusal)
}

/// The header does not call it another kind of token.
pub(crate) fn check_type(token: &UnverifiedToken<'_>) -> Result<(), Refusal> {
    if token.header().is_jwt_type() {
        Ok(())
    } else {
        Err(Refusal::WrongType)
    }
}

/// `iat` and `exp` are there and fit together; the token is valid at `now`.
pub(crate) fn check_times(
    claims: &Claims<'_>,
    settings: &EnvironmentSettings,
    now: Timestamp,
) -> Result<Times, Refusal> {
    let iat = claims.iat.ok_or(Refusal::MissingClaim("iat"))?;
    let exp = claims.exp.ok_or(Refusal::MissingClaim("exp"))?;
    let (now, leeway) = (now.as_secs(), i64::from(settings.leeway_secs));
    if exp <= iat {
        return Err(Refusal::ExpiresBeforeIssue);
    }
    if claims.nbf.is_some_and(|nbf| nbf > exp) {
        return Err(Refusal::StartsAfterEnd);
    }
    if let Some(max_secs) = settings
        .max_token_lifetime_secs
        .filter(|max| exp - iat > i64::from(*max))
    {
        return Err(Refusal::LivesTooLong { max_secs });
    }
    if now < iat - leeway {
        return Err(Refusal::IssuedInFuture { in_secs: iat - now });
    }
    if let Some(nbf) = claims.nbf.filter(|nbf| now < nbf - leeway) {
        return Err(Refusal::NotYetValid { in_secs: nbf - now });
    }
    if now >= exp + leeway {
        return Err(Refusal::Expired {
            secs_ago: now - exp,
        });
    }
    Ok(Times { iat, exp })
}

/// `aud` names this environment.
pub(crate) fn check_audience(claims: &Claims<'_>, snapshot: &Snapshot) -> Result<(), Refusal> {
    let settings = &snapshot.settings;
    let Some(audience) = &claims.aud else {
        return if settings.require_audience {
            Err(Refusal::AudienceMissing)
        } else {
            Ok(())
        };
    };
    let own = settings.aud_mode == AudienceMode::OwnAndConfigured
        && audience.contains(&own_audience(snapshot));
    let mut configured = settings.audiences.iter();
    if own || configured.any(|configured| audience.contains(configured)) {
        Ok(())
    } else {
        Err(Refusal::AudienceMismatch)
    }
}

/// `iss` is the one that the environment expects of tokens that no provider's issuer claims.
pub(crate) fn check_issuer(
    claims: &Claims<'_>,
    settings: &EnvironmentSettings,
) -> Result<(), Refusal> {
    match &settings.issuer {
        Some(expected) if claims.iss.as_deref() != Some(expected.as_str()) => {
            Err(Refusal::IssuerMismatch)
        }
        _ => Ok(()),
    }
}

/// `sub` names a user.
pub(crate) fn check_subject(claims: &Claims<'_>) -> Result<Subject, Refusal> {
    claims
        .sub
        .as_deref()
        .ok_or(Refusal::MissingClaim("sub"))?
        .parse()
        .map_err(Refusal::Subject)
}

/// The permission claim, compiled; only an absent one is unrestricted.
pub(crate) fn parse_permissions(
    claims: &Claims<'_>,
    settings: &EnvironmentSettings,
) -> Result<Claim, Refusal> {
    match claims.raw(permissions::CLAIM) {
        Some(json) => parse_permission_text(json, settings),
        None if settings.require_permission_claim => Err(Refusal::PermissionsMissing),
        None => Ok(Claim::absent()),
    }
}

/// The text of a permission claim, compiled.
pub(crate) fn parse_permission_text(
    json: &str,
    settings: &EnvironmentSettings,
) -> Result<Claim, Refusal> {
    Claim::parse_with(json, parse_options(settings)).map_err(Refusal::Permissions)
}

pub(crate) fn parse_options(settings: &EnvironmentSettings) -> ParseOptions {
    ParseOptions {
        accept_stringified: settings.accept_stringified_permissions,
    }
}

/// The audience that always means this environment.
pub(crate) fn own_audience(snapshot: &Snapshot) -> String {
    format!("useparagon.com/{}", snapshot.environment)
}
