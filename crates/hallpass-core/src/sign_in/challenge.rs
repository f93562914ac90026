//! What may be used once: found by who it was made for, and used up before anything is verified.

use hallpass_model::{
    Challenge, ChallengeId, ChallengePurpose, EnvironmentId, Error, Result, SessionId,
};

use crate::Shared;

/// Uses up a challenge that was made for this session (or, for `None`, for none) and purpose, in a transaction of its
/// own: whatever becomes of the proof, nobody tries it twice. One that was made for somebody else stays as it is, so that
/// nobody can spoil it.
///
/// # Errors
/// `challenge_invalid` (401), the same for every reason.
pub(crate) async fn use_up(
    shared: &Shared,
    environment: EnvironmentId,
    session: Option<SessionId>,
    purpose: ChallengePurpose,
    id: ChallengeId,
) -> Result<Challenge> {
    let now = shared.clock.now();
    let mut tx = shared.store.write().await?;
    let challenge = tx
        .find_challenge(environment, id)
        .await?
        .filter(|found| found.session_id == session && found.purpose == purpose)
        .filter(|found| found.is_open_at(now))
        .ok_or_else(invalid)?;
    if !tx.consume_challenge(environment, id, now).await? {
        return Err(invalid());
    }
    tx.commit().await?;
    Ok(challenge)
}

pub(crate) fn invalid() -> Error {
    Error::unauthenticated(
        "challenge_invalid",
        "this attempt is unknown in this session, was used already or has expired: begin again",
    )
}
