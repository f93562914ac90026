//! User tokens: from the text in an `Authorization` header to a [`Caller`], or to a refusal with its reason.
//!
//! A token is verified once per trust epoch and then remembered whole. The answer for a remembered token is the
//! same as for a fresh one: its end is checked by both clocks, and any change of keys, identity providers, settings,
//! frozen or revoked users starts a new epoch in which it has to be verified again. So it has to be when the identity
//! provider's key that verified it counts no more. A token that was issued here is good only while its session is, which is
//! looked up every time.

mod accept;
mod cache;
mod caller;
mod issued;
mod providers;
mod refusal;
mod report;
pub(crate) mod rules;
mod tally;
pub(crate) mod trust;

use std::sync::Arc;
use std::time::Duration;

use hallpass_model::{
    ConnectedUser, EnvironmentId, Error, ErrorKind, Metadata, Result, SessionId, Subject,
    Timestamp, UserId,
};

pub(crate) use accept::{Accepted, accept};
pub(crate) use cache::TokenCache;
use cache::VerifiedUserToken;
pub use caller::Caller;
pub(crate) use refusal::Refusal;
pub(crate) use report::Notes;
pub use report::{OfflineReport, Step, TokenReport, check_offline};
pub use tally::{TALLY_MINUTES, TalliedMinute, TokenTally};
use trust::Snapshot;

use crate::{OperatorCaller, Shared};

/// Knows users by their tokens.
pub struct Tokens {
    pub(crate) shared: Arc<Shared>,
}

/// Whether a verification may be noticed later: a user made, a token remembered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trace {
    Left,
    None,
}

impl Tokens {
    /// Whether there is such an environment; asked before a token is looked at.
    ///
    /// # Errors
    /// `trust_state_unknown`, `storage_unavailable` (503).
    pub async fn environment_exists(&self, environment: EnvironmentId) -> Result<bool> {
        self.shared.trust.require_confirmed()?;
        match self.shared.snapshot(environment).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Knows the user of a token, and makes the user on first sight.
    ///
    /// # Errors
    /// 401 with the reason as code, `user_frozen` (403), `not_found` for the environment, `trust_state_unknown`,
    /// `storage_unavailable` and `keys_unavailable` (503).
    pub async fn authenticate(&self, environment: EnvironmentId, token: &str) -> Result<Caller> {
        match self.verified(environment, token, Trace::Left).await {
            Ok((snapshot, verified)) => Ok(self.let_in(&snapshot, verified)),
            Err(error) => {
                metrics::counter!("hallpass_tokens_refused_total", "reason" => error.code())
                    .increment(1);
                if let Some(tally) = self.shared.trust.tally(environment) {
                    tally.refused(error.code(), self.shared.clock.now());
                }
                Err(error)
            }
        }
    }

    /// Knows the user of a token and leaves no trace: no user is made, nothing is counted or newly remembered. For
    /// questions about a token, as opposed to calls with it.
    ///
    /// # Errors
    /// As [`Self::authenticate`].
    pub async fn authenticate_without_trace(
        &self,
        environment: EnvironmentId,
        token: &str,
    ) -> Result<Caller> {
        let (snapshot, verified) = self.verified(environment, token, Trace::None).await?;
        Ok(self.caller(&snapshot, verified))
    }

    /// The token as it was remembered, or verified from the start by what is trusted now.
    async fn verified(
        &self,
        environment: EnvironmentId,
        token: &str,
        trace: Trace,
    ) -> Result<(Arc<Snapshot>, Arc<VerifiedUserToken>)> {
        /// Judging may wait for a provider's keys, and an operator may change what is trusted meanwhile.
        const TRIES: usize = 3;
        for _ in 0..TRIES {
            self.shared.trust.require_confirmed()?;
            let snapshot = self.shared.snapshot(environment).await?;
            let now = self.shared.clock.now();
            if let Some(answer) = self.remembered(&snapshot, token, now) {
                let verified = answer?;
                if let Some(session) = verified.session {
                    self.require_session(environment, session, &verified.sub)
                        .await?;
                }
                return Ok((snapshot, verified));
            }
            let remote = &self.shared.remote;
            let accepted = accept(token, &snapshot, remote, now, &mut Notes::none()).await;
            if !self.shared.trust.is_current(&snapshot) {
                continue;
            }
            let verified = self.admitted(&snapshot, token, accepted?, trace).await?;
            // Writing down a new user may have waited too.
            let withdrawn = verified
                .remote_key
                .as_ref()
                .is_some_and(|key| key.is_withdrawn());
            if self.shared.trust.is_current(&snapshot) && !withdrawn {
                return Ok((snapshot, verified));
            }
        }
        Err(Error::unavailable(
            "trust_state_unknown",
            "what is trusted changed again and again while the token was judged; try again",
        )
        .retry_after(1))
    }

    fn let_in(&self, snapshot: &Snapshot, token: Arc<VerifiedUserToken>) -> Caller {
        let now = self.shared.clock.now();
        if let Some(uses) = &token.uses {
            uses.count(now);
        }
        snapshot.tally.accepted(now);
        metrics::counter!("hallpass_tokens_accepted_total").increment(1);
        self.caller(snapshot, token)
    }

    fn caller(&self, snapshot: &Snapshot, token: Arc<VerifiedUserToken>) -> Caller {
        Caller {
            shared: Arc::clone(&self.shared),
            environment: snapshot.environment,
            project: snapshot.project,
            token,
        }
    }

    /// What became of the tokens that an environment saw in this process in the last hour.
    ///
    /// # Errors
    /// `not_found` where the caller does not see the environment.
    pub async fn tally(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
    ) -> Result<TokenTally> {
        let found = {
            let mut tx = self.shared.store.read().await?;
            tx.find_environment(environment).await?
        };
        caller.visible_environment(found)?;
        let tally = self.shared.trust.tally(environment).unwrap_or_default();
        Ok(tally.look(self.shared.clock.now()))
    }

    /// How many verified tokens are remembered.
    #[must_use]
    pub fn remembered_count(&self) -> usize {
        self.shared.cache.len()
    }

    fn remembered(
        &self,
        snapshot: &Snapshot,
        token: &str,
        now: Timestamp,
    ) -> Option<Result<Arc<VerifiedUserToken>>> {
        let found = self.shared.cache.find(snapshot.environment, token)?;
        let monotonic = self.shared.clock.monotonic();
        if found.epoch != snapshot.epoch
            || found
                .remote_key
                .as_ref()
                .is_some_and(|key| !key.counts_at(monotonic))
        {
            return None;
        }
        if now < found.ends_at && monotonic < found.ends_at_monotonic {
            return Some(Ok(found));
        }
        if now < found.ends_at {
            // The wall clock was set back; by the other clock its time is over, and stays over while we remember.
            return Some(Err(Refusal::Expired { secs_ago: 0 }.into()));
        }
        self.shared.cache.remove(snapshot.environment, token);
        None
    }

    /// Lets a good token's user in and remembers the token.
    async fn admitted(
        &self,
        snapshot: &Snapshot,
        text: &str,
        accepted: Accepted,
        trace: Trace,
    ) -> Result<Arc<VerifiedUserToken>> {
        self.admit(snapshot, &accepted, trace).await?;
        let leeway = i64::from(snapshot.settings.leeway_secs);
        let by_exp = Timestamp::from_secs(accepted.times.exp + leeway);
        let ends_at = accepted.key_ends_at.map_or(by_exp, |end| end.min(by_exp));
        let now = self.shared.clock.now();
        if now >= ends_at {
            // Its end came while it was judged.
            return Err(Refusal::Expired { secs_ago: 0 }.into());
        }
        let left = u64::try_from(ends_at.as_micros() - now.as_micros()).unwrap_or(0);
        let verified = Arc::new(VerifiedUserToken {
            sub: accepted.sub,
            claim: accepted.claim,
            epoch: snapshot.epoch,
            expires_at_secs: accepted.times.exp,
            ends_at,
            ends_at_monotonic: self.shared.clock.monotonic() + Duration::from_micros(left),
            uses: accepted.uses,
            remote_key: accepted.remote_key,
            session: accepted.session,
        });
        if trace == Trace::Left {
            self.shared
                .cache
                .insert(snapshot.environment, text, Arc::clone(&verified));
        }
        Ok(verified)
    }

    /// The session that a token was issued in here still counts.
    async fn require_session(
        &self,
        environment: EnvironmentId,
        session: SessionId,
        sub: &Subject,
    ) -> Result<()> {
        let now = self.shared.clock.now();
        let mut tx = self.shared.store.read().await?;
        issued::check_session(&mut tx, environment, session, sub, now).await??;
        Ok(())
    }

    /// Lets in who is neither frozen nor revoked, and writes down who is new.
    async fn admit(&self, snapshot: &Snapshot, accepted: &Accepted, trace: Trace) -> Result<()> {
        if let Some(session) = accepted.session {
            self.require_session(snapshot.environment, session, &accepted.sub)
                .await?;
        }
        let (user, not_before) = {
            let mut tx = self.shared.store.read().await?;
            let user = tx.find_user(snapshot.environment, &accepted.sub).await?;
            let not_before = match &user {
                Some(user) => user.not_before,
                None => {
                    tx.find_not_before(snapshot.environment, &accepted.sub)
                        .await?
                }
            };
            (user, not_before)
        };
        check_standing(user.as_ref(), not_before, accepted.times.iat)?;
        if user.is_some() || trace == Trace::None {
            return Ok(());
        }
        let now = self.shared.clock.now();
        let new = ConnectedUser {
            environment_id: snapshot.environment,
            id: UserId::from_random(self.shared.rng.bytes()),
            sub: accepted.sub.clone(),
            metadata: Metadata::new(),
            // Never a version that an erased user of the same name had.
            version: now.as_micros(),
            frozen_at: None,
            not_before: None,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.shared.store.write().await?;
        // Between the look and the write the user may have been made, frozen, revoked or deleted.
        let user = tx.find_user(snapshot.environment, &new.sub).await?;
        let not_before = tx.find_not_before(snapshot.environment, &new.sub).await?;
        check_standing(user.as_ref(), not_before, accepted.times.iat)?;
        if user.is_none() {
            tx.insert_user_if_absent(&new).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

pub(crate) fn check_standing(
    user: Option<&ConnectedUser>,
    not_before: Option<Timestamp>,
    iat: i64,
) -> Result<(), Refusal> {
    if not_before.is_some_and(|not_before| Timestamp::from_secs(iat) <= not_before) {
        return Err(Refusal::Revoked);
    }
    if user.is_some_and(|user| user.frozen_at.is_some()) {
        return Err(Refusal::UserFrozen);
    }
    Ok(())
}
