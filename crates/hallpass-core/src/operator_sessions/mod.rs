//! Operators in front of the dashboard: opened with an operator key or a passkey, over after half an hour without use and
//! after twelve hours in any case, or when the key, the passkey or the operator is gone. A passkey counts as long as the key
//! by which it was made, so a key that leaked leaves nothing behind once it is revoked. The secret is kept as a digest.

mod passkeys;

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use hallpass_model::{
    Error, Operator, OperatorId, OperatorKeyId, OperatorPasskeyId, OperatorSession,
    OperatorSessionId, Result, Timestamp,
};
use hallpass_seal::token_hash;
use hallpass_store::Read;
use serde_json::json;
use zeroize::Zeroizing;

pub use passkeys::{ListedOperatorPasskey, OperatorPasskeyInvitation, OperatorPasskeys};

use crate::change::{Change, Record};
use crate::secret_text::SecretText;
use crate::{OperatorCaller, Operators, Shared};

/// How the secrets of sessions begin.
const PREFIX: &str = "hpd_";
const IDLE_SECS: i64 = 30 * 60;
const LONGEST_SECS: i64 = 12 * 3600;
/// A use is written down at most this often.
const RENEW_AFTER_SECS: i64 = 60;
const BROWSER_CHARS: usize = 200;
/// What an operator has open at once; a further one ends the oldest, so that the list shows all there are.
const MOST_SESSIONS: u32 = 20;

/// Opens, recognises and ends the sessions of operators.
pub struct OperatorSessions {
    pub(crate) shared: Arc<Shared>,
}

/// A session that was opened, and its secret.
pub struct OpenedSession {
    /// Who is in front of the dashboard.
    pub caller: OperatorCaller,
    /// For the browser's cookie, and kept nowhere.
    pub secret: Zeroizing<String>,
}

/// Who is in front of the dashboard.
#[derive(Debug, Clone)]
pub struct SeatedOperator {
    /// What it may do.
    pub caller: OperatorCaller,
    /// Its session.
    pub session: OperatorSession,
}

/// What opens a session: a key, or a passkey that was made by it.
struct Opener {
    key: OperatorKeyId,
    passkey: Option<OperatorPasskeyId>,
}

/// A session and whose it is.
#[derive(Debug, Clone)]
pub struct ListedOperatorSession {
    /// The session.
    pub session: OperatorSession,
    /// The operator's name.
    pub operator_name: String,
}

impl OperatorSessions {
    /// Opens a session with an operator key.
    ///
    /// # Errors
    /// `operator_key_invalid` (401), the same for every reason.
    pub async fn open(&self, key: &str, browser: &str) -> Result<OpenedSession> {
        let operators = Operators {
            shared: Arc::clone(&self.shared),
        };
        let caller = operators.authenticate(key.trim()).await?;
        let (id, key) = (caller.actor.id.as_deref(), caller.actor.key);
        let (Some(id), Some(key)) = (id, key) else {
            return Err(Error::internal("an operator has an id and used a key"));
        };
        let id = id.parse().map_err(Error::internal)?;
        let change = Change::begin(&self.shared, &caller).await?;
        let opener = Opener { key, passkey: None };
        let secret = insert(&self.shared, change, id, &opener, browser).await?;
        Ok(OpenedSession { caller, secret })
    }

    /// Recognises who is in front of the dashboard, and keeps the session from running out.
    ///
    /// # Errors
    /// `operator_session_over` (401), the same for every reason.
    pub async fn authenticate(&self, secret: &str) -> Result<SeatedOperator> {
        let digest = SecretText::digest_of(PREFIX, secret).ok_or_else(over)?;
        let now = self.shared.clock.now();
        let found = {
            let mut tx = self.shared.store.read().await?;
            match tx.find_operator_session_by_digest(&digest).await? {
                Some(session) if session.is_live_at(now) => {
                    let operator = still_good(&mut tx, &session, now).await?;
                    operator.map(|operator| (operator, session))
                }
                _ => None,
            }
        };
        let (operator, mut session) = found.ok_or_else(over)?;
        if now >= session.renewed_at.plus_secs(RENEW_AFTER_SECS) {
            // Whoever looks while nothing can be written is in no less need of seeing.
            if let Err(error) = self.renew(&mut session, now).await {
                tracing::warn!(code = error.code(), "an operator's session was not renewed");
            }
        }
        self.shared.ledger.operator_key_used(session.key, now);
        let caller = OperatorCaller::operator(&operator, session.key);
        Ok(SeatedOperator { caller, session })
    }

    async fn renew(&self, session: &mut OperatorSession, now: Timestamp) -> Result<()> {
        let expires_at = now.plus_secs(IDLE_SECS).min(session.ends_at);
        let mut tx = self.shared.store.write().await?;
        tx.renew_operator_session(session.id, now, expires_at)
            .await?;
        tx.commit().await?;
        session.renewed_at = now;
        session.expires_at = expires_at;
        Ok(())
    }

    /// What forms of this session carry. Another site can make the browser send its cookie, but cannot know this.
    #[must_use]
    pub fn form_token(secret: &str) -> String {
        BASE64URL_NOPAD.encode(&token_hash("dashboard form", secret))
    }

    /// Sessions that count now: everybody's for an admin without limits, else the caller's own.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn list(&self, caller: &OperatorCaller) -> Result<Vec<ListedOperatorSession>> {
        let of = whose(caller)?;
        let now = self.shared.clock.now();
        let mut tx = self.shared.store.read().await?;
        let mut listed = Vec::new();
        for session in tx.list_live_operator_sessions(of, now).await? {
            if let Some(operator) = still_good(&mut tx, &session, now).await? {
                listed.push(ListedOperatorSession {
                    session,
                    operator_name: operator.name,
                });
            }
        }
        Ok(listed)
    }

    /// Ends a session: anybody's for an admin without limits, else one of the caller's own.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn end(&self, caller: &OperatorCaller, id: OperatorSessionId) -> Result<()> {
        let of = whose(caller)?;
        let mut change = Change::begin(&self.shared, caller).await?;
        let now = change.now;
        if !change.end_operator_session(id, of, now).await? {
            return Err(Error::not_found("session"));
        }
        change.commit(record("operator_session.end", id)).await
    }
}

/// `None` is everybody.
fn whose(caller: &OperatorCaller) -> Result<Option<OperatorId>> {
    if caller.role == hallpass_model::Role::Admin && caller.projects.is_none() {
        return Ok(None);
    }
    own_id(caller).map(Some)
}

/// The operator that a caller is.
fn own_id(caller: &OperatorCaller) -> Result<OperatorId> {
    let id = caller.actor.id.as_deref();
    id.and_then(|id| id.parse().ok()).ok_or_else(no_operator)
}

fn no_operator() -> Error {
    Error::forbidden(
        "operator_needed",
        "the command line has no dashboard session",
    )
}

/// The operator of a session whose key and passkey still count.
async fn still_good(
    tx: &mut Read,
    session: &OperatorSession,
    now: Timestamp,
) -> Result<Option<Operator>> {
    if let Some(passkey) = session.passkey {
        let owner = Some(session.operator_id);
        if tx.find_operator_passkey(owner, passkey).await?.is_none() {
            return Ok(None);
        }
    }
    operator_by_key(tx, session.operator_id, session.key, now).await
}

/// An operator who is not shut out, if the key still counts.
async fn operator_by_key(
    tx: &mut Read,
    operator: OperatorId,
    key: OperatorKeyId,
    now: Timestamp,
) -> Result<Option<Operator>> {
    let key = tx.find_operator_key(operator, key).await?;
    let counts = key
        .is_some_and(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end));
    let operator = tx.find_operator(operator).await?;
    Ok(operator.filter(|operator| counts && operator.disabled_at.is_none()))
}

/// Adds a session and commits; answers its secret.
async fn insert(
    shared: &Shared,
    mut change: Change<'_>,
    operator_id: OperatorId,
    opener: &Opener,
    browser: &str,
) -> Result<Zeroizing<String>> {
    let secret = SecretText::generate(PREFIX, &*shared.rng);
    let now = change.now;
    let millis = u64::try_from(now.as_micros() / 1000).unwrap_or(0);
    let printable = browser.chars().filter(|letter| !letter.is_control());
    let session = OperatorSession {
        id: OperatorSessionId::from_time_and_random(millis, shared.rng.bytes()),
        operator_id,
        key: opener.key,
        passkey: opener.passkey,
        browser: printable.take(BROWSER_CHARS).collect(),
        created_at: now,
        renewed_at: now,
        expires_at: now.plus_secs(IDLE_SECS),
        ends_at: now.plus_secs(LONGEST_SECS),
        ended_at: None,
    };
    change
        .insert_operator_session(&session, &secret.digest())
        .await?;
    change
        .end_oldest_operator_sessions(operator_id, MOST_SESSIONS, now)
        .await?;
    change
        .commit(record("operator_session.open", session.id))
        .await?;
    Ok(secret.reveal())
}

fn record(action: &str, id: OperatorSessionId) -> Record<'_> {
    Record {
        action,
        project: None,
        environment: None,
        target: id.to_string(),
        detail: json!({}),
    }
}

fn over() -> Error {
    Error::unauthenticated(
        "operator_session_over",
        "nobody is signed in to the dashboard here, or not any more",
    )
}
