//! Sessions: the time during which a client is known. Their secret is kept as a digest, exchanged at every
//! authentication, and worth nothing afterwards; their id is a public handle and opens nothing.

mod caller;

use std::sync::Arc;

use hallpass_model::{Error, Result, Session, SessionId, SignInSettings, Timestamp};
use hallpass_seal::token_hash;

pub use caller::SessionCaller;

use crate::Shared;
use crate::api_keys::AppCaller;
use crate::secret_text::SecretText;

/// How session secrets begin.
const PREFIX: &str = "hps_";
/// Keeps digests of session secrets apart from those of other tokens.
const DOMAIN: &str = "session";
/// A renewal is written when it moves the end by this part of the length: a busy client costs few writes.
const RENEWAL_PARTS: i64 = 60;
const SECOND_MICROS: i64 = 1_000_000;

/// Begins, finds, renews and ends sessions.
pub struct Sessions {
    pub(crate) shared: Arc<Shared>,
}

impl Sessions {
    /// The client's session, renewed; a new one if it has none that counts.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn open(&self, app: AppCaller, presented: Option<&str>) -> Result<SessionCaller> {
        match self.find(&app, presented).await? {
            Found::Live(session, token) => {
                let caller = SessionCaller::new(app, session, token);
                match self.settled(caller).await? {
                    Settled::Yes(caller) => self.renew(*caller).await,
                    // Another request has exchanged the secret: this one is worth nothing any more.
                    Settled::No(app) => self.begin(*app, None).await,
                }
            }
            Found::Over(session) => {
                let former = session.account_id.or(session.former_account_id);
                self.begin(app, former).await
            }
            Found::Nothing => self.begin(app, None).await,
        }
    }

    /// The client's session, renewed.
    ///
    /// # Errors
    /// `session_missing`, `session_over` (401).
    pub async fn require(&self, app: AppCaller, presented: Option<&str>) -> Result<SessionCaller> {
        let over = || {
            Error::unauthenticated(
                "session_over",
                "the session is over: begin another and sign in",
            )
        };
        match self.find(&app, presented).await? {
            Found::Live(session, token) => {
                let caller = SessionCaller::new(app, session, token);
                match self.settled(caller).await? {
                    Settled::Yes(caller) => self.renew(*caller).await,
                    Settled::No(_) => Err(over()),
                }
            }
            Found::Over(_) => Err(over()),
            Found::Nothing => Err(Error::unauthenticated(
                "session_missing",
                "this needs a session: send x-capsule-sid as it was received last",
            )),
        }
    }

    /// The client's session, renewed, if somebody is signed in.
    ///
    /// # Errors
    /// `not_signed_in` (403), also when the session is over or there is none: clients tell their people to sign in then.
    pub async fn require_signed_in(
        &self,
        app: AppCaller,
        presented: Option<&str>,
    ) -> Result<SessionCaller> {
        let refused = || {
            Error::forbidden(
                "not_signed_in",
                "nobody is signed in, or not any more: sign in first",
            )
        };
        match self.require(app, presented).await {
            Ok(caller) if caller.session.is_signed_in() => Ok(caller),
            Ok(_) => Err(refused()),
            Err(error) if matches!(error.code(), "session_over" | "session_missing") => {
                Err(refused())
            }
            Err(error) => Err(error),
        }
    }

    /// Exchanges the secret; everything that the session knows stays.
    ///
    /// # Errors
    /// `session_over` (401) when another request did so first.
    pub async fn regenerate(&self, caller: SessionCaller) -> Result<SessionCaller> {
        match self.rotated(caller).await? {
            Settled::Yes(caller) => Ok(*caller),
            Settled::No(_) => Err(Error::unauthenticated(
                "session_over",
                "another request has exchanged the session's secret meanwhile",
            )),
        }
    }

    /// Moves the session's end to a full length from now, within its absolute end, once that gains a sixtieth of the
    /// length: a busy client costs few writes.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn renew(&self, caller: SessionCaller) -> Result<SessionCaller> {
        let part = caller.app.sign_in().session_secs * SECOND_MICROS / RENEWAL_PARTS;
        self.renewed(caller, part + 1).await
    }

    /// The same to the second, for what promises to move the end: keep-alive and issuing.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn extend(&self, caller: SessionCaller) -> Result<SessionCaller> {
        self.renewed(caller, SECOND_MICROS).await
    }

    /// Moves the end if it gains that much.
    async fn renewed(&self, mut caller: SessionCaller, least_micros: i64) -> Result<SessionCaller> {
        let now = self.shared.clock.now();
        let end = sliding_end(caller.app.sign_in(), now).min(caller.session.ends_at);
        if end.as_micros() - caller.session.expires_at.as_micros() < least_micros {
            return Ok(caller);
        }
        let mut tx = self.shared.store.write().await?;
        let (environment, id) = (caller.session.environment_id, caller.session.id);
        if tx.renew_session(environment, id, now, end).await? {
            tx.commit().await?;
            caller.session.renewed_at = now;
            caller.session.expires_at = end;
        }
        Ok(caller)
    }

    /// Ends the client's session. Without one, nothing happens.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn end(&self, app: &AppCaller, presented: Option<&str>) -> Result<()> {
        if let Found::Live(session, _) = self.find(app, presented).await? {
            let now = self.shared.clock.now();
            let mut tx = self.shared.store.write().await?;
            tx.end_session(session.environment_id, session.id, now)
                .await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The live session with this public handle, for pages and backends. It is not renewed.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(&self, app: &AppCaller, id: SessionId) -> Result<Session> {
        let now = self.shared.clock.now();
        let mut tx = self.shared.store.read().await?;
        tx.find_session(app.environment(), id)
            .await?
            .filter(|session| session.is_live_at(now))
            .ok_or_else(|| Error::not_found("session"))
    }

    /// Whether the presented secret is that of the live session with this handle.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn is_holder(
        &self,
        app: &AppCaller,
        id: SessionId,
        presented: Option<&str>,
    ) -> Result<bool> {
        let found = self.find(app, presented).await?;
        Ok(matches!(found, Found::Live(session, _) if session.id == id))
    }

    async fn find(&self, app: &AppCaller, presented: Option<&str>) -> Result<Found> {
        self.shared.trust.require_confirmed()?;
        let Some(token) = presented.filter(|token| is_token(token)) else {
            return Ok(Found::Nothing);
        };
        let digest = token_hash(DOMAIN, token);
        let found = {
            let mut tx = self.shared.store.read().await?;
            tx.find_session_by_digest(app.environment(), &digest)
                .await?
        };
        let now = self.shared.clock.now();
        Ok(match found {
            Some(session) if session.is_live_at(now) => {
                Found::Live(session, token.to_owned().into())
            }
            Some(session) => Found::Over(session),
            None => Found::Nothing,
        })
    }

    async fn begin(
        &self,
        app: AppCaller,
        former: Option<hallpass_model::AccountId>,
    ) -> Result<SessionCaller> {
        let now = self.shared.clock.now();
        let settings = app.sign_in();
        let ends_at = now.plus_secs(settings.session_absolute_secs);
        let millis = u64::try_from(now.as_micros() / 1000).unwrap_or(0);
        let session = Session {
            id: SessionId::from_time_and_random(millis, self.shared.rng.bytes()),
            environment_id: app.environment(),
            rotation_due: false,
            account_id: None,
            former_account_id: former,
            login: None,
            wallets: Vec::new(),
            origin: app.origin.clone(),
            created_at: now,
            authenticated_at: None,
            renewed_at: now,
            expires_at: sliding_end(settings, now).min(ends_at),
            ends_at,
            ended_at: None,
        };
        let (token, digest) = new_secret(&self.shared);
        let mut tx = self.shared.store.write().await?;
        tx.insert_session(&session, &digest).await?;
        tx.commit().await?;
        let mut caller = SessionCaller::new(app, session, token);
        caller.is_fresh = true;
        Ok(caller)
    }

    /// Exchanges the secret if somebody signed in for this session elsewhere.
    async fn settled(&self, caller: SessionCaller) -> Result<Settled> {
        if caller.session.rotation_due {
            self.rotated(caller).await
        } else {
            Ok(Settled::Yes(Box::new(caller)))
        }
    }

    async fn rotated(&self, mut caller: SessionCaller) -> Result<Settled> {
        let (token, digest) = new_secret(&self.shared);
        let mut tx = self.shared.store.write().await?;
        let (environment, id) = (caller.session.environment_id, caller.session.id);
        if !tx
            .rotate_session(environment, id, &caller.digest(), &digest)
            .await?
        {
            return Ok(Settled::No(Box::new(caller.app)));
        }
        tx.commit().await?;
        caller.exchange(token);
        Ok(Settled::Yes(Box::new(caller)))
    }
}

/// What a presented secret leads to.
enum Found {
    Live(Session, zeroize::Zeroizing<String>),
    /// Once a session; tells who its client may be, and nothing else.
    Over(Session),
    Nothing,
}

/// Whether the secret that the client has is one that only it knows.
enum Settled {
    Yes(Box<SessionCaller>),
    No(Box<AppCaller>),
}

/// A fresh secret and its digest.
pub(crate) fn new_secret(shared: &Shared) -> (zeroize::Zeroizing<String>, [u8; 32]) {
    let token = SecretText::generate(PREFIX, &*shared.rng).reveal();
    let digest = token_hash(DOMAIN, &token);
    (token, digest)
}

/// When a session ends that was used now.
pub(crate) fn sliding_end(settings: &SignInSettings, now: Timestamp) -> Timestamp {
    now.plus_secs(settings.session_secs)
}

/// Whether the text has the shape of a secret; a mistyped one costs no look-up.
fn is_token(text: &str) -> bool {
    SecretText::digest_of(PREFIX, text).is_some()
}
