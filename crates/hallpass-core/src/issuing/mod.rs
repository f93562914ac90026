//! Issuing: a token that attests who is signed in, signed with the environment's own key for anybody to verify.
//!
//! The session was read for this request. Beside it a token costs one read of account and wallets, and the signature,
//! which takes a processor longer than everything else together. So signatures are made beside the threads that serve
//! requests, as many at a time as there are processors: whoever asks for thousands of tokens delays nobody else.

mod claims;

use std::sync::Arc;

use hallpass_jose::ProtectedHeader;
use hallpass_model::{Account, Error, IssuerKey, IssuerKeyState, Login, Result, Timestamp, Wallet};
use tokio::sync::Semaphore;

use claims::Attested;

use crate::Shared;
use crate::issuer_keys::{HeldKey, IssuerKeys, plan};
use crate::sessions::SessionCaller;
use crate::tokens::trust::Snapshot;

/// Issues tokens to whoever is signed in.
pub struct Issuing {
    pub(crate) shared: Arc<Shared>,
    pub(crate) keys: IssuerKeys,
    /// Whose turn it is to sign.
    pub(crate) turns: Arc<Semaphore>,
}

/// A token and the key that signed it.
pub struct IssuedToken {
    /// Compact JWS.
    pub token: String,
    /// The key's name; stands in the token's header as `kid`.
    pub key_id: String,
}

impl Issuing {
    /// As many signatures at a time as there are processors.
    pub(crate) fn turns() -> Arc<Semaphore> {
        let processors = std::thread::available_parallelism();
        Arc::new(Semaphore::new(processors.map_or(1, usize::from)))
    }

    /// A token for the person who is signed in, by the key of an index. The session was renewed when it was found.
    ///
    /// # Errors
    /// `unknown_key_index` (400), `not_signed_in`, `account_frozen` (403), `issuer_key_pending`, `master_key_missing`,
    /// `storage_unavailable` (503).
    pub async fn issue(&self, caller: &SessionCaller, key_index: i64) -> Result<IssuedToken> {
        let snapshot = Arc::clone(&caller.app.snapshot);
        let indexes = snapshot.sign_in.issuer_keys;
        let key_index = u32::try_from(key_index)
            .ok()
            .filter(|index| *index < indexes)
            .ok_or_else(|| unknown_index(indexes))?;
        let (account, login, wallets) = self.attestable(caller).await?;
        let (snapshot, key, held) = self.key(snapshot, key_index).await?;
        let now = self.shared.clock.now();
        let expires_at = expiry(&snapshot, &key, caller.session.ends_at, now)?;
        let payload = serde_json::to_vec(&Attested {
            environment: snapshot.environment,
            account: &account,
            session: &caller.session,
            login,
            wallets: &wallets,
            settings: &snapshot.sign_in,
            issued_at: now.as_secs(),
            expires_at,
        })
        .map_err(Error::internal)?;
        let token = self.sign(&key, &held, payload).await?;
        held.uses.count(now);
        metrics::counter!("hallpass_tokens_issued_total").increment(1);
        Ok(IssuedToken {
            token,
            key_id: key.kid,
        })
    }

    /// Who is signed in, how, and with which wallets.
    async fn attestable<'c>(
        &self,
        caller: &'c SessionCaller,
    ) -> Result<(Account, &'c Login, Vec<Wallet>)> {
        let session = &caller.session;
        let (Some(account), Some(login)) = (session.account_id, &session.login) else {
            return Err(not_signed_in());
        };
        let environment = session.environment_id;
        let mut tx = self.shared.store.read().await?;
        let account = tx.find_account(environment, account).await?;
        let account = account.ok_or_else(not_signed_in)?;
        if account.frozen_at.is_some() {
            return Err(Error::forbidden(
                "account_frozen",
                "this account is frozen: ask whoever runs the app",
            ));
        }
        let wallets = tx.list_account_wallets(environment, account.id).await?;
        Ok((account, login, wallets))
    }

    /// The key of an index that signs now. Where there is none yet, it is made.
    async fn key(
        &self,
        snapshot: Arc<Snapshot>,
        key_index: u32,
    ) -> Result<(Arc<Snapshot>, IssuerKey, Arc<HeldKey>)> {
        let find = |snapshot: &Snapshot| {
            let now = self.shared.clock.now();
            let found = snapshot.issuer_keys.active(key_index, now);
            found.map(|(key, held)| (key.clone(), Arc::clone(held)))
        };
        if let Some((key, held)) = find(&snapshot) {
            return Ok((snapshot, key, held));
        }
        let snapshot = self.keys.ensured(snapshot).await?;
        if let Some((key, held)) = find(&snapshot) {
            return Ok((snapshot, key, held));
        }
        let now = self.shared.clock.now();
        Err(pending(&snapshot, key_index, now))
    }

    async fn sign(&self, key: &IssuerKey, held: &Arc<HeldKey>, payload: Vec<u8>) -> Result<String> {
        let Shared { store, seal, .. } = &*self.shared;
        held.private(key, store, seal).await?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        let (held, kid) = (Arc::clone(held), key.kid.clone());
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            held.sign(&kid, &payload)
        })
        .await
        .map_err(Error::internal)?
    }
}

impl HeldKey {
    /// Signs with the private half that was opened before.
    fn sign(&self, kid: &str, payload: &[u8]) -> Result<String> {
        let opened = self.opened();
        let private = opened.ok_or_else(|| Error::internal("a key signs once it was opened"))?;
        let header = ProtectedHeader {
            kid: Some(kid),
            typ: Some("JWT"),
        };
        private.sign(&header, payload).map_err(Error::internal)
    }
}

/// The earliest of what ends it, in seconds: its length, the session's absolute end, and the end until which its key is
/// published for it.
fn expiry(snapshot: &Snapshot, key: &IssuerKey, ends_at: Timestamp, now: Timestamp) -> Result<i64> {
    let by_length = now.plus_secs(snapshot.sign_in.token_secs());
    let by_key = plan::latest_expiry(key.published_until).unwrap_or(by_length);
    let expires_at = by_length.min(ends_at).min(by_key).as_secs();
    if expires_at <= now.as_secs() {
        return Err(not_signed_in());
    }
    Ok(expires_at)
}

fn pending(snapshot: &Snapshot, key_index: u32, now: Timestamp) -> Error {
    let keys = snapshot.issuer_keys.keys.iter();
    let of_index = keys.filter(|key| key.key_index == key_index);
    let starts = of_index
        .filter(|key| key.state_at(now) == IssuerKeyState::Next)
        .map(|key| key.signs_from);
    let wait_micros = starts
        .min()
        .map_or(0, |start| start.as_micros() - now.as_micros());
    let wait = u64::try_from(wait_micros / 1_000_000).unwrap_or(0) + 1;
    Error::unavailable(
        "issuer_key_pending",
        format!(
            "the key of this index is published and signs in {wait} s, when every verifier knows it"
        ),
    )
    .retry_after(wait)
}

fn unknown_index(indexes: u32) -> Error {
    Error::invalid_request(
        "unknown_key_index",
        format!(
            "keyIndex is 0 to {}: that many keys this environment has",
            indexes.saturating_sub(1)
        ),
    )
    .at("/keyIndex")
}

fn not_signed_in() -> Error {
    Error::forbidden(
        "not_signed_in",
        "nobody is signed in, or not any more: sign in first",
    )
}
