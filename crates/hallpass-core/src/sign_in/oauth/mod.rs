//! Signing in with a service that vouches for people: there, back, and what it proved.
//!
//! A flow belongs to one session, one browser and one provider, and is used once:
//!
//! - `state` names the environment and, by digest, the flow. It is used up before anything else happens.
//! - The browser's own secret, in a cookie of ours, must be the one that began: a callback that somebody else was sent signs nobody in.
//!   PKCE verifier and nonce are made from that secret, so nothing that is stored or seen in an address completes a flow.
//! - The callback's path must be the provider's, and its `iss`, where there is one, too.

mod flow;
mod outcome;

use std::sync::Arc;

use hallpass_model::{
    Challenge, ChallengeId, ChallengePurpose, EnvironmentId, Error, Result, Session, SessionId,
};
use hallpass_oauth::{Callback, Flow as WireFlow};

use flow::{Flow, State};
pub use outcome::{OauthEnd, OauthOutcome, OauthStanding};

use super::PageBrowser;
use crate::Shared;
use crate::accounts::{Accounts, Completion, LinkOutcome, Proof, SignInOutcome};
use crate::api_keys::{ApiKeys, AppCaller, KnownKeys};
use crate::linked_accounts::{self, find_pending};
use crate::sessions::SessionCaller;
use crate::sign_in_providers::{OauthProvider, find_oauth, path_word};

/// How long a visit to a provider may take, in seconds.
const FLOW_SECS: i64 = 600;

/// Sends people to services that vouch for them, and takes them back.
pub struct Oauth {
    pub(crate) shared: Arc<Shared>,
    pub(crate) known: Arc<KnownKeys>,
}

/// Who wants to be sent where from.
pub struct OauthVisit<'a> {
    /// The app whose page asks.
    pub app: &'a AppCaller,
    /// The key by which it was known; publishable, so no secret.
    pub key_text: &'a str,
    /// The session that is to be signed in.
    pub session: &'a Session,
    /// The browser that is to go there.
    pub browser: &'a PageBrowser,
    /// Where this server is for that browser: scheme, host and port.
    pub origin: &'a str,
    /// The linked account that waits for this proof, instead of a sign-in.
    pub link: Option<ChallengeId>,
}

impl Oauth {
    /// The address at the provider to which the browser goes now. `word` is the provider's in paths.
    ///
    /// # Errors
    /// `not_found` for a provider that is not enabled; `already_signed_in` (409); `not_signed_in` (403) for a link; what asking the provider
    /// for its endpoints fails with.
    pub async fn begin(&self, visit: &OauthVisit<'_>, word: &str) -> Result<String> {
        let environment = visit.app.environment();
        match (visit.link, visit.session.is_signed_in()) {
            (None, true) => return Err(already_signed_in()),
            (Some(_), false) => {
                return Err(Error::forbidden("not_signed_in", "sign in first"));
            }
            _ => {}
        }
        let found = find_oauth(&self.shared, environment, word).await?;
        if let Some(link) = visit.link {
            let kind = found.row.identity_kind();
            find_pending(&self.shared, environment, visit.session.id, link, &kind).await?;
        }
        let now = self.shared.clock.now();
        let state = State::new(environment, self.shared.rng.bytes());
        let session = visit.session.id;
        let flow = Flow {
            provider: path_word(&found.row),
            redirect_uri: format!(
                "{}/auth/{}/callback",
                visit.origin.trim_end_matches('/'),
                path_word(&found.row)
            ),
            browser: flow::browser_digest(visit.browser, session),
            key: visit.key_text.to_owned(),
            origin: visit.app.origin.clone(),
            link: visit.link,
        };
        let secrets = flow::secrets(visit.browser, session, &state);
        let wire = WireFlow {
            redirect_uri: &flow.redirect_uri,
            nonce: &secrets.nonce,
            verifier: &secrets.verifier,
        };
        let url = self
            .shared
            .oauth
            .authorize_url(&found.provider, wire, state.text(), now)
            .await?;
        let challenge = Challenge {
            id: ChallengeId::from_random(self.shared.rng.bytes()),
            environment_id: environment,
            session_id: Some(session),
            purpose: ChallengePurpose::OAuth,
            identity_kind: found.row.identity_kind(),
            identifier: String::new(),
            shown: String::new(),
            digest: Some(state.digest()),
            state: serde_json::to_value(&flow).map_err(Error::internal)?,
            client_network: None,
            wrong_answers: 0,
            created_at: now,
            expires_at: now.plus_secs(FLOW_SECS),
            consumed_at: None,
        };
        let mut tx = self.shared.store.write().await?;
        tx.insert_challenge(&challenge).await?;
        tx.commit().await?;
        Ok(url.into())
    }

    /// Takes somebody back whom the provider of this path sent with these parameters, and signs the flow's session in.
    ///
    /// # Errors
    /// `oauth_callback_malformed`, `oauth_state_invalid`, `oauth_wrong_provider`, `oauth_issuer_mismatch`, `oauth_code_refused` (400);
    /// `session_over` (401), `already_signed_in` (409), `account_frozen` (403); what the provider's answers fail with (503).
    pub async fn finish(
        &self,
        browser: &PageBrowser,
        word: &str,
        parameters: &str,
    ) -> Result<OauthOutcome> {
        let callback = Callback::parse(parameters).ok_or_else(|| {
            Error::invalid_request(
                "oauth_callback_malformed",
                "the provider sent nothing that can be read; begin again in the app",
            )
        })?;
        let (challenge, session, state) = self.use_up(browser, &callback.state).await?;
        let flow = Flow::read(&challenge)?;
        if flow.provider != word {
            return Err(Error::invalid_request(
                "oauth_wrong_provider",
                "another provider answered than the one that was asked; begin again in the app",
            ));
        }
        let environment = challenge.environment_id;
        let found = find_oauth(&self.shared, environment, word).await?;
        let now = self.shared.clock.now();
        self.shared
            .oauth
            .check_callback(&found.provider, &callback, now)
            .await?;
        let api_keys = ApiKeys {
            shared: Arc::clone(&self.shared),
            known: Arc::clone(&self.known),
        };
        let app = api_keys
            .authenticate(&flow.key, flow.origin.as_deref())
            .await?;
        if let Err(refusal) = &callback.outcome {
            tracing::info!(provider = word, error = %refusal.code, "a provider sent somebody back without a code");
            return Ok(OauthOutcome::refused(&app, &found, refusal));
        }
        let secrets = flow::secrets(browser, session, &state);
        let wire = WireFlow {
            redirect_uri: &flow.redirect_uri,
            nonce: &secrets.nonce,
            verifier: &secrets.verifier,
        };
        let identity = self
            .shared
            .oauth
            .complete(&found.provider, &found.credentials, wire, &callback, now)
            .await;
        let identity = identity.map_err(|error| failed(word, error))?;
        let proof = outcome::proof(&found, identity);
        match flow.link {
            None => self.sign_in(&app, session, &found, &proof).await,
            Some(link) => self.link(&app, session, &found, &proof, link).await,
        }
    }

    /// Who is signed in in a session; for clients that wait for it.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn standing(&self, caller: &SessionCaller) -> Result<Option<OauthStanding>> {
        let session = &caller.session;
        let (Some(id), Some(login)) = (session.account_id, &session.login) else {
            return Ok(None);
        };
        let mut tx = self.shared.store.read().await?;
        let account = tx.find_account(session.environment_id, id).await?;
        let Some(account) = account.filter(|account| account.frozen_at.is_none()) else {
            return Ok(None);
        };
        Ok(Some(OauthStanding {
            is_new: session.authenticated_at == Some(account.created_at),
            account: account.id,
            profile: account.profile,
            login: login.clone(),
        }))
    }

    async fn sign_in(
        &self,
        app: &AppCaller,
        session: SessionId,
        found: &OauthProvider,
        proof: &Proof,
    ) -> Result<OauthOutcome> {
        let mut tx = self.shared.store.write().await?;
        tx.lock_session(app.environment(), session).await?;
        let is_signed_in = tx
            .find_session(app.environment(), session)
            .await?
            .is_some_and(|session| session.is_signed_in());
        if is_signed_in {
            return Err(already_signed_in());
        }
        let by = Completion::Page { app, session };
        let accounts = Accounts {
            shared: Arc::clone(&self.shared),
        };
        let outcome = accounts.sign_in(&mut tx, by, proof).await?;
        if matches!(outcome, SignInOutcome::SignedIn { .. }) {
            tx.commit().await?;
            return Ok(OauthOutcome::of(OauthEnd::SignedIn, app, found));
        }
        Ok(OauthOutcome::of(OauthEnd::Conflict, app, found))
    }

    /// Adds what was proven to the account that waits for it.
    async fn link(
        &self,
        app: &AppCaller,
        session: SessionId,
        found: &OauthProvider,
        proof: &Proof,
        link: ChallengeId,
    ) -> Result<OauthOutcome> {
        let environment = app.environment();
        let pending = find_pending(&self.shared, environment, session, link, &proof.kind).await?;
        let mut tx = self.shared.store.write().await?;
        let linked = linked_accounts::finish(&self.shared, &mut tx, app, &pending, proof).await?;
        tx.commit().await?;
        let end = match linked {
            LinkOutcome::Linked(_) => OauthEnd::Linked,
            LinkOutcome::Conflict => OauthEnd::Conflict,
        };
        Ok(OauthOutcome::of(end, app, found))
    }

    /// Uses the flow up that this browser began with this state, in a transaction of its own. One that another browser began stays as it
    /// is, so that nobody can spoil it.
    async fn use_up(
        &self,
        browser: &PageBrowser,
        state: &str,
    ) -> Result<(Challenge, SessionId, State)> {
        let state = State::read(state).ok_or_else(state_invalid)?;
        let environment: EnvironmentId = state.environment();
        let now = self.shared.clock.now();
        let mut tx = self.shared.store.write().await?;
        let challenge = tx
            .find_challenge_by_digest(environment, ChallengePurpose::OAuth, &state.digest())
            .await?
            .filter(|challenge| challenge.is_open_at(now))
            .ok_or_else(state_invalid)?;
        let session = challenge.session_id.ok_or_else(state_invalid)?;
        let began = Flow::read(&challenge)?.browser;
        if flow::browser_digest(browser, session) != began
            || !tx.consume_challenge(environment, challenge.id, now).await?
        {
            return Err(state_invalid());
        }
        tx.commit().await?;
        Ok((challenge, session, state))
    }
}

/// What went wrong, told to the person in general words and to the log in particular ones.
fn failed(word: &str, error: hallpass_oauth::OauthError) -> Error {
    metrics::counter!("hallpass_oauth_failures_total", "code" => error.code()).increment(1);
    tracing::warn!(provider = word, code = error.code(), %error, "a sign-in at a provider failed");
    error.into()
}

fn state_invalid() -> Error {
    Error::invalid_request(
        "oauth_state_invalid",
        "this sign-in was used already, has expired, or was begun in another browser; begin again in the app",
    )
}

fn already_signed_in() -> Error {
    Error::conflict(
        "already_signed_in",
        "somebody is signed in for this session already; go back to the app",
    )
}
