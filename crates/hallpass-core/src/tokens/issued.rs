//! What makes a token that this environment issued itself a user token here: its settings say so, the token is for
//! this environment, and the session that it was issued in is live. The last is asked of the database at every use, a
//! remembered token's included, so that a logout counts at once and everywhere.

use std::sync::Arc;

use hallpass_jose::{Claims, UnverifiedToken, raw};
use hallpass_model::{EnvironmentId, IssuerKey, Result, SessionId, Subject, Timestamp};
use hallpass_store::Read;

use super::refusal::Refusal;
use super::trust::Snapshot;
use crate::issuer_keys::HeldKey;

const NOT_TRUSTED: Refusal = Refusal::OtherKind(
    "this token was issued here, for others to verify; to take it as a user token too, set trust_issued_tokens among the environment's sign_in settings",
);
const NO_SESSION: Refusal = Refusal::OtherKind(
    "this token names no session that it was issued in, so it is no issued token",
);

/// The published issuer key that `kid` names: whoever names one is judged by this rule and no other.
pub(super) fn find_key<'s>(
    token: &UnverifiedToken<'_>,
    snapshot: &'s Snapshot,
    now: Timestamp,
) -> Option<(&'s IssuerKey, &'s Arc<HeldKey>)> {
    let kid = token.header().kid.as_deref()?;
    snapshot.issuer_keys.find(kid, now)
}

/// The environment takes its own issued tokens.
pub(super) fn check_trusted(snapshot: &Snapshot) -> Result<(), Refusal> {
    if snapshot.sign_in.trust_issued_tokens {
        Ok(())
    } else {
        Err(NOT_TRUSTED)
    }
}

/// `aud` is the environment, byte for byte.
pub(super) fn check_audience(claims: &Claims<'_>, snapshot: &Snapshot) -> Result<(), Refusal> {
    let audience = claims.aud.as_ref().ok_or(Refusal::AudienceMissing)?;
    if audience.contains(&snapshot.environment.to_string()) {
        Ok(())
    } else {
        Err(Refusal::AudienceMismatch)
    }
}

/// The session that it was issued in.
pub(super) fn session(claims: &Claims<'_>) -> Result<SessionId, Refusal> {
    let text = claims.raw("sid").and_then(raw::text).ok_or(NO_SESSION)?;
    text.parse().map_err(|_| NO_SESSION)
}

/// The session is live and the user's, and the account is not frozen.
pub(super) async fn check_session(
    tx: &mut Read,
    environment: EnvironmentId,
    session: SessionId,
    sub: &Subject,
    now: Timestamp,
) -> Result<Result<(), Refusal>> {
    let found = tx.find_session(environment, session).await?;
    let account = found
        .filter(|session| session.is_live_at(now))
        .and_then(|session| session.account_id)
        .filter(|account| account.to_string() == sub.as_str());
    let Some(account) = account else {
        return Ok(Err(Refusal::SessionEnded));
    };
    let account = tx.find_account(environment, account).await?;
    Ok(match account {
        None => Err(Refusal::SessionEnded),
        Some(account) if account.frozen_at.is_some() => Err(Refusal::UserFrozen),
        Some(_) => Ok(()),
    })
}
