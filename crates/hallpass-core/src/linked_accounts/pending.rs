//! Links whose proof comes another way: by a visit to a service, which ends in a page of ours.

use std::sync::Arc;

use hallpass_model::{
    AccountId, Challenge, ChallengeId, ChallengePurpose, EnvironmentId, Error, IdentityKind,
    Result, SessionId,
};
use hallpass_store::Write;
use serde::{Deserialize, Serialize};

use super::{Linked, LinkedAccounts, link};
use crate::Shared;
use crate::accounts::{LinkOutcome, Proof};
use crate::api_keys::AppCaller;
use crate::sessions::SessionCaller;
use crate::sign_in::challenge;

/// How long a visit may take, in seconds.
const LINK_SECS: i64 = 600;

/// What is kept of a link that is under way.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    account: AccountId,
    outcome: Option<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Linked,
    Conflict,
}

/// A link that waits for a service's word.
pub(super) fn new(
    shared: &Shared,
    caller: &SessionCaller,
    account: AccountId,
    kind: &IdentityKind,
) -> Result<Challenge> {
    let now = shared.clock.now();
    let state = State {
        account,
        outcome: None,
    };
    Ok(Challenge {
        id: ChallengeId::from_random(shared.rng.bytes()),
        environment_id: caller.app.environment(),
        session_id: Some(caller.session.id),
        purpose: ChallengePurpose::Link,
        identity_kind: kind.clone(),
        identifier: String::new(),
        shown: String::new(),
        digest: None,
        state: serde_json::to_value(state).map_err(Error::internal)?,
        client_network: None,
        wrong_answers: 0,
        created_at: now,
        expires_at: now.plus_secs(LINK_SECS),
        consumed_at: None,
    })
}

/// The link of this session and kind that waits for a service's word.
///
/// # Errors
/// `challenge_invalid` (401), the same for every reason.
pub(crate) async fn find_pending(
    shared: &Shared,
    environment: EnvironmentId,
    session: SessionId,
    id: ChallengeId,
    kind: &IdentityKind,
) -> Result<Challenge> {
    let now = shared.clock.now();
    let mut tx = shared.store.read().await?;
    tx.find_challenge(environment, id)
        .await?
        .filter(|found| found.session_id == Some(session) && found.identity_kind == *kind)
        .filter(|found| found.purpose == ChallengePurpose::Link && found.is_open_at(now))
        .ok_or_else(challenge::invalid)
}

/// Takes the service's word for a link that waits for it, once. The session must still be the account's. The caller
/// commits, a conflict too.
///
/// # Errors
/// `challenge_invalid` (401), `not_signed_in` (403).
pub(crate) async fn finish(
    shared: &Arc<Shared>,
    tx: &mut Write,
    app: &AppCaller,
    pending: &Challenge,
    proof: &Proof,
) -> Result<LinkOutcome> {
    let now = shared.clock.now();
    let environment = app.environment();
    let state = read(pending)?;
    let is_this = pending.environment_id == environment && pending.identity_kind == proof.kind;
    let session = match pending.session_id.filter(|_| is_this) {
        Some(id) => tx.find_session(environment, id).await?,
        None => None,
    };
    session
        .filter(|session| session.is_live_at(now) && session.account_id == Some(state.account))
        .ok_or_else(challenge::invalid)?;
    let linked = link(shared, tx, app, state.account, proof).await?;
    let outcome = match linked {
        LinkOutcome::Linked(_) => Outcome::Linked,
        LinkOutcome::Conflict => Outcome::Conflict,
    };
    let state = State {
        outcome: Some(outcome),
        ..state
    };
    let state = serde_json::to_value(state).map_err(Error::internal)?;
    // What was used up is not written any more, so the outcome comes first; of two at once, one finds it used and commits nothing.
    let noted = tx
        .set_challenge_state(environment, pending.id, &state)
        .await?;
    if !noted || !tx.consume_challenge(environment, pending.id, now).await? {
        return Err(challenge::invalid());
    }
    Ok(linked)
}

/// What became of a link, for who began it.
///
/// # Errors
/// `link_pending` (409), `challenge_invalid` (401).
pub(super) async fn outcome(
    service: &LinkedAccounts,
    caller: &SessionCaller,
    account: AccountId,
    id: ChallengeId,
) -> Result<Linked> {
    let now = service.shared.clock.now();
    let environment = caller.app.environment();
    let mut tx = service.shared.store.read().await?;
    let found = tx
        .find_challenge(environment, id)
        .await?
        .filter(|found| found.session_id == Some(caller.session.id))
        .filter(|found| found.purpose == ChallengePurpose::Link)
        .ok_or_else(challenge::invalid)?;
    let state = read(&found)?;
    match state.outcome {
        _ if state.account != account => Err(challenge::invalid()),
        Some(Outcome::Linked) => {
            let identities = tx.list_identities(environment, account).await?;
            Ok(Linked::Identities(identities))
        }
        Some(Outcome::Conflict) => Ok(Linked::Conflict),
        None if found.is_open_at(now) => Err(Error::conflict(
            "link_pending",
            "the proof has not come yet: ask again",
        )),
        None => Err(challenge::invalid()),
    }
}

/// Other links keep other things; theirs is another proof.
fn read(pending: &Challenge) -> Result<State> {
    serde_json::from_value(pending.state.clone()).map_err(|_| challenge::invalid())
}
