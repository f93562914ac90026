//! The keys that sign what an environment attests: made here, sealed at rest, published before they sign and for as
//! long as anything that they signed is good. [`plan`] decides all times; this carries its plans out.
//!
//! Keys are made and sealed before the transaction that adds them, because both take time. The transaction raises the
//! trust epoch, so it is alone, and decides anew by what it reads: two nodes that rotate at once make one successor
//! after the other, and two that follow the schedule make one.

mod key_set;
pub(crate) mod plan;
mod ring;
mod upkeep;

use std::sync::Arc;

use hallpass_jose as jose;
use hallpass_model::{
    EnvironmentId, Error, IssuerKey, Page, PageRequest, Result, SignInSettings, Timestamp, limits,
};
use hallpass_store::Read;
use serde_json::json;
use tokio::sync::Semaphore;

pub use key_set::PublishedKeys;
use plan::{Plan, Terms, TooManyPublished};
pub(crate) use ring::{HeldKey, KeySet, Ring};
pub(crate) use upkeep::keep_up_for_ever;

use crate::Shared;
use crate::actor::OperatorCaller;
use crate::change::{Change, Record};
use crate::tokens::trust::Snapshot;

/// Bits of the keys that are made.
const BITS: u32 = 2048;

/// Makes, rotates, publishes and withdraws the keys that sign issued tokens.
#[derive(Clone)]
pub struct IssuerKeys {
    pub(crate) shared: Arc<Shared>,
    /// Whose turn it is to make keys.
    pub(crate) turns: Arc<Semaphore>,
}

/// A key that was withdrawn, and what follows.
pub struct RevokedIssuerKey {
    /// The key.
    pub key: IssuerKey,
    /// Whoever signs in its place before every verifier knows it: there was no successor.
    pub hasty_successor: Option<IssuerKey>,
}

/// A key that is ready to be added.
struct Made {
    public: jose::VerifyingKey,
    sealed: Vec<u8>,
}

/// How many keys have to be there for a plan to be carried out.
#[derive(Clone, Copy)]
enum Enough {
    AsPlanned,
    None,
}

/// What was decided and done.
struct Done {
    begun: Vec<IssuerKey>,
}

/// Why keys change; names the row of the audit trail.
#[derive(Clone, Copy)]
enum Occasion<'a> {
    First,
    Rotate(Option<u32>),
    Due,
    Revoke(&'a str),
}

impl IssuerKeys {
    /// The keys of an environment, or of one index, in whatever state, newest first.
    ///
    /// # Errors
    /// `not_found`, `invalid_cursor`.
    pub async fn list(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        key_index: Option<u32>,
        page: &PageRequest,
    ) -> Result<Page<IssuerKey>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        Ok(tx.list_issuer_keys(environment, key_index, page).await?)
    }

    /// Makes a successor for the last key of one index, or of every one. It is published at once and signs when nobody
    /// can have a key set without it. Where there is no key yet, makes the first ones, which sign at once.
    ///
    /// # Errors
    /// `not_found`, `unknown_key_index` (422), `too_many_published_keys` (409), `master_key_missing` (503).
    pub async fn rotate(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        key_index: Option<u32>,
    ) -> Result<Vec<IssuerKey>> {
        let done = self
            .carry_out(caller, environment, Occasion::Rotate(key_index))
            .await?;
        Ok(done.begun)
    }

    /// Withdraws a key at once, for when its private half may be known to others: it leaves the published set, and
    /// its tokens with it. Its successor keeps its time; without one, a fresh key signs at once, although verifiers may
    /// know it only after their next fetch. Where no key can be made, it is revoked all the same. Revoking a revoked key
    /// changes nothing.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn revoke(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        kid: &str,
    ) -> Result<RevokedIssuerKey> {
        let done = self
            .carry_out(caller, environment, Occasion::Revoke(kid))
            .await?;
        let mut tx = self.shared.store.read().await?;
        let key = tx.find_issuer_key(environment, kid).await?;
        Ok(RevokedIssuerKey {
            key: key.ok_or_else(no_such_key)?,
            hasty_successor: done.begun.into_iter().next(),
        })
    }

    /// The same snapshot, or one with the first keys, or with those of an index that is new.
    ///
    /// # Errors
    /// `master_key_missing`, `storage_unavailable` (503).
    pub(crate) async fn ensured(&self, snapshot: Arc<Snapshot>) -> Result<Arc<Snapshot>> {
        let occasion = if snapshot.issuer_keys.has_any {
            Occasion::Due
        } else {
            Occasion::First
        };
        let environment = snapshot.environment;
        self.carry_out(&OperatorCaller::server(), environment, occasion)
            .await?;
        // Another node may have been first, and its change not have been told here yet.
        let epoch = {
            let mut tx = self.shared.store.read().await?;
            tx.find_trust_epoch(environment).await?
        };
        if let Some(epoch) = epoch {
            self.shared.trust.learn(environment, epoch);
        }
        self.shared.snapshot(environment).await
    }

    /// Decides, makes the keys that it takes, and decides again inside the transaction that adds them.
    async fn carry_out(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        occasion: Occasion<'_>,
    ) -> Result<Done> {
        // One after the other: who comes second finds what the first one did.
        let _turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        let mut made = Vec::new();
        let mut can_make = true;
        loop {
            let wanted = self.look(caller, environment, occasion).await?;
            let Some(wanted) = wanted else {
                return Ok(Done { begun: Vec::new() });
            };
            while can_make && made.len() < wanted {
                match self.make(environment).await {
                    Ok(key) => made.push(key),
                    // A key that others may know must go, whether or not there can be another.
                    Err(error) if matches!(occasion, Occasion::Revoke(_)) => {
                        tracing::error!(%environment, code = error.code(), "an issuer key is revoked and no other can be made");
                        can_make = false;
                    }
                    Err(error) => return Err(error),
                }
            }
            let enough = if can_make {
                Enough::AsPlanned
            } else {
                Enough::None
            };
            if let Some(done) = self
                .write(caller, environment, occasion, &mut made, enough)
                .await?
            {
                return Ok(done);
            }
        }
    }

    /// How many keys it would take; `None` when there is nothing to do.
    async fn look(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        occasion: Occasion<'_>,
    ) -> Result<Option<usize>> {
        let mut tx = self.shared.store.read().await?;
        let found = caller.visible_environment(tx.find_environment(environment).await?)?;
        let now = self.shared.clock.now();
        let decided = decide(&mut tx, environment, &found.sign_in, occasion, now).await?;
        Ok(decided.map(|(plan, _)| plan.begin.len()))
    }

    /// A key pair, its private half sealed for its place.
    async fn make(&self, environment: EnvironmentId) -> Result<Made> {
        // Before the work: without a master key there is no use for a pair.
        self.shared.seal.ring()?;
        let pair = tokio::task::spawn_blocking(|| jose::SigningKey::generate_rsa(BITS))
            .await
            .map_err(Error::internal)?
            .map_err(Error::internal)?;
        let public = pair.verifying_key();
        let pem = pair.to_pkcs8_pem().map_err(Error::internal)?;
        let (kid, environment) = (public.thumbprint(), environment.to_string());
        let sealed = self
            .shared
            .seal
            .seal(&ring::place(&kid, &environment), pem.as_bytes())?;
        Ok(Made { public, sealed })
    }

    /// The transaction; `None` when it takes more keys than were made.
    async fn write(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        occasion: Occasion<'_>,
        made: &mut Vec<Made>,
        enough: Enough,
    ) -> Result<Option<Done>> {
        let (mut change, owner) = Change::begin_trust(&self.shared, caller, environment).await?;
        let now = change.now;
        let settings = &owner.sign_in;
        let decided = decide(&mut change, environment, settings, occasion, now).await?;
        let Some((mut plan, keys)) = decided else {
            return Ok(Some(Done { begun: Vec::new() }));
        };
        if plan.begin.len() > made.len() {
            match enough {
                Enough::AsPlanned => return Ok(None),
                Enough::None => plan.begin.clear(),
            }
        }
        if let Occasion::Revoke(kid) = occasion {
            change.revoke_issuer_key(environment, kid, now).await?;
        }
        for end in &plan.end {
            change
                .set_issuer_key_ends(environment, &end.kid, end.signs_until, end.published_until)
                .await?;
        }
        let kept = keys.iter().map(|key| key.set_kept_until).max();
        let mut begun = Vec::with_capacity(plan.begin.len());
        for (begin, made) in plan.begin.iter().zip(made.drain(..)) {
            let key = IssuerKey {
                environment_id: environment,
                kid: made.public.thumbprint(),
                key_index: begin.key_index,
                bits: made.public.bits(),
                public_key_pem: made.public.to_spki_pem(),
                created_at: now,
                signs_from: begin.signs_from,
                signs_until: None,
                published_until: None,
                token_secs: settings.token_secs(),
                set_kept_until: kept.unwrap_or(now),
                revoked_at: None,
                last_used_at: None,
                use_count: 0,
            };
            change.insert_issuer_key(&key, &made.sealed).await?;
            begun.push(key);
        }
        let kids: Vec<_> = begun.iter().map(|key| key.kid.as_str()).collect();
        let ends: Vec<_> = plan.end.iter().map(|end| end.kid.as_str()).collect();
        let hasty = plan.begin.iter().any(|begin| begin.is_hasty);
        let (action, target) = match occasion {
            Occasion::Revoke(kid) => ("issuer_key.revoke", kid.to_owned()),
            Occasion::First | Occasion::Rotate(_) | Occasion::Due => {
                ("issuer_key.rotate", environment.to_string())
            }
        };
        let detail = json!({ "begun": kids, "ends_set": ends, "signs_at_once": hasty });
        change
            .commit(Record {
                action,
                project: Some(owner.project_id),
                environment: Some(environment),
                target,
                detail,
            })
            .await?;
        Ok(Some(Done { begun }))
    }
}

/// Notes what was promised under settings that change now: no token lives longer than its key is published, and no key
/// signs that a kept set lacks.
pub(crate) async fn promise(
    change: &mut Change<'_>,
    environment: EnvironmentId,
    before: &SignInSettings,
    after: &SignInSettings,
) -> Result<()> {
    let now = change.now;
    let token_secs = before.token_secs().max(after.token_secs());
    let kept = plan::set_kept_until(before.jwks_max_age_secs, now);
    change
        .note_issuer_key_terms(environment, token_secs, kept, now)
        .await?;
    Ok(())
}

/// What an occasion asks for, with the keys it was decided by; `None` for nothing.
async fn decide(
    tx: &mut Read,
    environment: EnvironmentId,
    settings: &SignInSettings,
    occasion: Occasion<'_>,
    now: Timestamp,
) -> Result<Option<(Plan, Vec<IssuerKey>)>> {
    let terms = Terms::from(settings);
    let keys = tx.list_published_issuer_keys(environment, now).await?;
    let plan = match occasion {
        Occasion::Revoke(kid) => {
            let key = tx.find_issuer_key(environment, kid).await?;
            if key.ok_or_else(no_such_key)?.revoked_at.is_some() {
                return Ok(None);
            }
            plan::revoke(&keys, &terms, kid, now)
        }
        _ if !tx.has_issuer_keys(environment).await? => plan::first(&terms, now),
        Occasion::First | Occasion::Due => plan::due(&keys, &terms, now),
        Occasion::Rotate(index) => {
            if index.is_some_and(|index| index >= terms.indexes) {
                return Err(unknown_index(terms.indexes));
            }
            plan::rotate(&keys, &terms, index, now).map_err(too_many)?
        }
    };
    // A revocation is something to do by itself.
    let idle = plan.is_empty() && !matches!(occasion, Occasion::Revoke(_));
    Ok((!idle).then_some((plan, keys)))
}

fn unknown_index(indexes: u32) -> Error {
    Error::unprocessable(
        "unknown_key_index",
        format!(
            "this environment has the key indexes 0 to {}; its sign_in setting issuer_keys, at most {}, says how many",
            indexes.saturating_sub(1),
            limits::ISSUER_KEY_INDEXES
        ),
    )
    .at("/key_index")
}

fn too_many(full: TooManyPublished) -> Error {
    let secs = full.retry_after_secs;
    Error::conflict(
        "too_many_published_keys",
        format!(
            "{} keys are published, and verifiers bound a key set; the next one leaves in {secs} s, when its last token has ended",
            plan::PUBLISHED_KEYS
        ),
    )
    .retry_after(u64::try_from(secs).unwrap_or(1))
}

fn no_such_key() -> Error {
    Error::not_found("issuer key")
}
