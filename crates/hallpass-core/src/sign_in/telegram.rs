//! Sign-in with what Telegram's login widget hands the page.

use std::sync::Arc;

use hallpass_identity::telegram::UnverifiedLogin;
use hallpass_model::{
    AccountId, Challenge, ChallengeId, ChallengePurpose, EnvironmentId, Error, IdentityKind,
    Profile, Result, SessionId, Timestamp,
};
use hallpass_seal::token_hash;
use serde_json::Value;

use crate::accounts::{Accounts, Completion, Proof, SignInOutcome};
use crate::sessions::SessionCaller;
use crate::{Shared, sign_in_providers};

/// How long after the person agreed the widget's answer counts, in seconds. It travels through browsers.
const MAX_AGE_SECS: i64 = 600;
/// Keeps digests of hashes that were seen apart from those of tokens.
const DOMAIN: &str = "telegram login";

/// Signs in who agreed at Telegram.
pub struct TelegramSignIn {
    pub(crate) shared: Arc<Shared>,
}

/// What the widget hands over, as the client sent it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TelegramLogin {
    /// The person's number at Telegram.
    pub id: u64,
    /// When the person agreed, in seconds since the epoch.
    pub auth_date: i64,
    /// Absent if the client sent none.
    pub first_name: Option<String>,
    /// As above.
    pub last_name: Option<String>,
    /// As above.
    pub username: Option<String>,
    /// As above.
    pub photo_url: Option<String>,
    /// 64 hexadecimal digits.
    pub hash: String,
}

/// Who has signed in.
#[derive(Debug)]
pub struct TelegramAccount {
    /// The account.
    pub account: AccountId,
    /// It was made by this sign-in.
    pub is_new: bool,
    /// What Telegram says of the person.
    pub profile: Profile,
}

impl TelegramSignIn {
    /// Signs in whom the widget's answer names.
    ///
    /// # Errors
    /// `not_found` without a bot; `telegram_wrong_hash`, `telegram_too_old`, `telegram_replayed` and the like (401);
    /// `account_frozen` (403).
    pub async fn sign_in(
        &self,
        caller: &mut SessionCaller,
        login: &TelegramLogin,
    ) -> Result<TelegramAccount> {
        let session = caller.session.id;
        let proof = prove(&self.shared, caller.app.environment(), session, login).await?;
        let accounts = Accounts {
            shared: Arc::clone(&self.shared),
        };
        let mut tx = self.shared.store.write().await?;
        let outcome = accounts
            .sign_in(&mut tx, Completion::Holder(caller), &proof)
            .await?;
        let SignInOutcome::SignedIn { account, is_new } = outcome else {
            return Err(Error::internal("a Telegram number belongs to one account"));
        };
        tx.commit().await?;
        Ok(TelegramAccount {
            account: account.id,
            is_new,
            profile: proof.profile,
        })
    }
}

/// What the widget's answer proves. It is noted as seen, in a transaction of its own, so that it proves nothing again.
///
/// # Errors
/// As [`TelegramSignIn::sign_in`], `account_frozen` excepted.
pub(crate) async fn prove(
    shared: &Shared,
    environment: EnvironmentId,
    session: SessionId,
    login: &TelegramLogin,
) -> Result<Proof> {
    let bot_token = sign_in_providers::bot_token_of(shared, environment).await?;
    let now = shared.clock.now();
    let unverified = UnverifiedLogin {
        id: login.id,
        auth_date: login.auth_date,
        first_name: login.first_name.as_deref(),
        last_name: login.last_name.as_deref(),
        username: login.username.as_deref(),
        photo_url: login.photo_url.as_deref(),
        hash: &login.hash,
    };
    let id = unverified
        .verify(bot_token.expose(), MAX_AGE_SECS, now)
        .map_err(|error| Error::unauthenticated(error.code(), error.to_string()))?
        .to_string();
    let mut tx = shared.store.write().await?;
    let sighting = sighting(environment, session, login, &id, now);
    let seen = tx.insert_challenge(&sighting).await;
    seen.map_err(|error| {
        if error.is_conflict() {
            return Error::unauthenticated(
                "telegram_replayed",
                "this answer of Telegram's was shown before: have the person agree again",
            );
        }
        error.into()
    })?;
    tx.commit().await?;
    Ok(Proof {
        profile: profile(login),
        ..Proof::of(IdentityKind::Telegram, id.clone(), id)
    })
}

/// The note that an answer was seen. Its id follows from the hash, so that a second one clashes with the first.
fn sighting(
    environment: EnvironmentId,
    session: SessionId,
    login: &TelegramLogin,
    id: &str,
    now: Timestamp,
) -> Challenge {
    Challenge {
        id: sighting_id(environment, &login.hash),
        environment_id: environment,
        session_id: Some(session),
        purpose: ChallengePurpose::Telegram,
        identity_kind: IdentityKind::Telegram,
        identifier: id.to_owned(),
        shown: id.to_owned(),
        digest: None,
        state: Value::Null,
        client_network: None,
        wrong_answers: 0,
        created_at: now,
        // An answer from the future counts a little longer.
        expires_at: now.plus_secs(2 * MAX_AGE_SECS),
        consumed_at: Some(now),
    }
}

/// Digits of either case are one hash.
fn sighting_id(environment: EnvironmentId, hash: &str) -> ChallengeId {
    let digest = token_hash(
        DOMAIN,
        &format!("{environment} {}", hash.to_ascii_lowercase()),
    );
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    ChallengeId::from_random(bytes)
}

fn profile(login: &TelegramLogin) -> Profile {
    let names = [&login.first_name, &login.last_name];
    let names: Vec<&str> = names
        .into_iter()
        .filter_map(|name| name.as_deref())
        .filter(|name| !name.is_empty())
        .collect();
    Profile {
        display_name: (!names.is_empty()).then(|| names.join(" ")),
        username: login.username.clone().filter(|name| !name.is_empty()),
        picture_url: login
            .photo_url
            .clone()
            .filter(|url| url.starts_with("https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_one_sighting_however_it_is_written() {
        let (here, there) = (
            EnvironmentId::from_random([1; 16]),
            EnvironmentId::from_random([2; 16]),
        );
        assert_eq!(sighting_id(here, "00ab"), sighting_id(here, "00AB"));
        assert_ne!(sighting_id(here, "00ab"), sighting_id(here, "00ac"));
        assert_ne!(sighting_id(here, "00ab"), sighting_id(there, "00ab"));
    }

    #[test]
    fn the_profile_is_what_telegram_says() {
        let login = TelegramLogin {
            first_name: Some("Ada".into()),
            last_name: Some("Lovelace".into()),
            username: Some(String::new()),
            photo_url: Some("javascript:alert(1)".into()),
            ..TelegramLogin::default()
        };
        let profile = profile(&login);
        assert_eq!(profile.display_name.as_deref(), Some("Ada Lovelace"));
        assert_eq!((profile.username, profile.picture_url), (None, None));
    }
}
