//! User tokens: from the text in an `Authorization` header to a [`Caller`], or to a refusal with its reason.
//!
//! A token is verified once per trust epoch and then remembered whole. The answer for a remembered token is the
//! same as for a fresh one: its end is checked by both clocks, and any change of keys, settings, frozen or revoked
//! users starts a new epoch in which it has to be verified again.

mod cache;
mod caller;
mod refusal;
mod report;
pub(crate) mod rules;
pub(crate) mod trust;

use std::sync::Arc;
use std::time::Duration;

use hallpass_jose::UnverifiedToken;
use hallpass_model::{
    ConnectedUser, EnvironmentId, ErrorKind, Metadata, Result, Subject, Timestamp, UserId,
};
use hallpass_permissions::Claim;

pub(crate) use cache::TokenCache;
use cache::VerifiedUserToken;
pub use caller::Caller;
pub(crate) use refusal::Refusal;
pub use report::{OfflineReport, Step, TokenReport, check_offline};
use rules::Times;
use trust::{Snapshot, TrustedKey};

use crate::Shared;

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

/// A token that passed every rule that needs no database.
pub(crate) struct Accepted<'s> {
    pub(crate) sub: Subject,
    pub(crate) times: Times,
    pub(crate) claim: Claim,
    pub(crate) key: &'s TrustedKey,
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
    /// 401 with the reason as code, `user_frozen` (403), `not_found` for the environment, `trust_state_unknown`
    /// and `storage_unavailable` (503).
    pub async fn authenticate(&self, environment: EnvironmentId, token: &str) -> Result<Caller> {
        self.shared.trust.require_confirmed()?;
        let snapshot = self.shared.snapshot(environment).await?;
        let now = self.shared.clock.now();
        let answer = match self.remembered(&snapshot, token, now) {
            Some(answer) => answer,
            None => self.verify_afresh(&snapshot, token, now, Trace::Left).await,
        };
        match answer {
            Ok(verified) => Ok(self.let_in(&snapshot, verified, now)),
            Err(error) => {
                metrics::counter!("hallpass_tokens_refused_total", "reason" => error.code())
                    .increment(1);
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
        self.shared.trust.require_confirmed()?;
        let snapshot = self.shared.snapshot(environment).await?;
        let now = self.shared.clock.now();
        let verified = match self.remembered(&snapshot, token, now) {
            Some(answer) => answer?,
            None => {
                self.verify_afresh(&snapshot, token, now, Trace::None)
                    .await?
            }
        };
        Ok(self.caller(&snapshot, verified))
    }

    fn let_in(&self, snapshot: &Snapshot, token: Arc<VerifiedUserToken>, now: Timestamp) -> Caller {
        token.uses.count(now);
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
        if found.epoch != snapshot.epoch {
            return None;
        }
        if now < found.ends_at && self.shared.clock.monotonic() < found.ends_at_monotonic {
            return Some(Ok(found));
        }
        if now < found.ends_at {
            // The wall clock was set back; by the other clock its time is over, and stays over while we remember.
            return Some(Err(Refusal::Expired { secs_ago: 0 }.into()));
        }
        self.shared.cache.remove(snapshot.environment, token);
        None
    }

    async fn verify_afresh(
        &self,
        snapshot: &Snapshot,
        text: &str,
        now: Timestamp,
        trace: Trace,
    ) -> Result<Arc<VerifiedUserToken>> {
        let accepted = accept(text, snapshot, now)?;
        self.admit(snapshot, &accepted, trace).await?;
        let leeway = i64::from(snapshot.settings.leeway_secs);
        let by_exp = Timestamp::from_secs(accepted.times.exp + leeway);
        let ends_at = accepted.key.ends_at.map_or(by_exp, |end| end.min(by_exp));
        let left = u64::try_from(ends_at.as_micros() - now.as_micros()).unwrap_or(0);
        let verified = Arc::new(VerifiedUserToken {
            sub: accepted.sub,
            claim: accepted.claim,
            epoch: snapshot.epoch,
            expires_at_secs: accepted.times.exp,
            ends_at,
            ends_at_monotonic: self.shared.clock.monotonic() + Duration::from_micros(left),
            uses: Arc::clone(&accepted.key.uses),
        });
        if trace == Trace::Left {
            self.shared
                .cache
                .insert(snapshot.environment, text, Arc::clone(&verified));
        }
        Ok(verified)
    }

    /// Lets in who is neither frozen nor revoked, and writes down who is new.
    async fn admit(
        &self,
        snapshot: &Snapshot,
        accepted: &Accepted<'_>,
        trace: Trace,
    ) -> Result<()> {
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

/// Every rule that needs no database.
pub(crate) fn accept<'s>(
    text: &str,
    snapshot: &'s Snapshot,
    now: Timestamp,
) -> Result<Accepted<'s>, Refusal> {
    let token = UnverifiedToken::parse(text)?;
    let (verified, key) = rules::verify(&token, snapshot, now)?;
    let claims = verified.claims()?;
    let sub = rules::check_subject(&claims)?;
    let times = rules::check_times(&claims, &snapshot.settings, now)?;
    rules::check_addressing(&claims, snapshot)?;
    let claim = rules::parse_permissions(&claims, &snapshot.settings)?;
    Ok(Accepted {
        sub,
        times,
        claim,
        key,
    })
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
