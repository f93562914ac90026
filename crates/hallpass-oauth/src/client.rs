//! The relying party: begins at a provider, and ends with who it was.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hallpass_egress::{Egress, Url};
use hallpass_jose::JwkSet;
use hallpass_model::{OauthEndpoints, Timestamp};
use hallpass_seal::SecretText;

use crate::authorize::{Flow, authorize_url};
use crate::callback::Callback;
use crate::claims::StandardClaims;
use crate::error::OauthError;
use crate::exchange::{Credentials, Tokens, exchange};
use crate::id_token::{self, Expected};
use crate::identity::UpstreamIdentity;
use crate::settings::Provider;
use crate::{discovery, keys, userinfo};

/// For each request to a provider.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// For documents that anybody may read.
pub(crate) const DOCUMENT_REDIRECTS: u8 = 3;

/// How long a document is believed without being fetched again.
const FRESH_SECS: i64 = 300;
/// Between two fetches of a key set because of a name that it lacks.
const FLOOR_SECS: i64 = 30;
/// The most documents that are remembered; beyond that they are forgotten.
const MAX_REMEMBERED: usize = 1024;

/// Signs people in elsewhere; a clone is cheap and shares what was fetched.
#[derive(Clone)]
pub struct Client {
    egress: Egress,
    endpoints: Arc<Remembered<OauthEndpoints>>,
    keys: Arc<Remembered<Arc<JwkSet>>>,
}

impl Client {
    /// One that asks through this gate.
    #[must_use]
    pub fn new(egress: Egress) -> Self {
        Self {
            egress,
            endpoints: Arc::default(),
            keys: Arc::default(),
        }
    }

    /// The provider's endpoints: documented, given, or discovered.
    ///
    /// # Errors
    /// When there is no discovery document that may be believed, or an endpoint is not one that may be asked.
    pub async fn endpoints(
        &self,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<OauthEndpoints, OauthError> {
        if let Some(known) = provider.known_endpoints() {
            return Ok(known);
        }
        let issuer = provider.settings().issuer.as_deref().unwrap_or_default();
        if let Some((endpoints, _)) = self.endpoints.get(issuer, now, FRESH_SECS) {
            return Ok(endpoints);
        }
        let endpoints = discovery::discover(&self.egress, issuer).await?;
        self.endpoints.put(issuer, endpoints.clone(), now);
        Ok(endpoints)
    }

    /// Where to send the browser. `state` comes back with the callback; keep it as long as the flow.
    ///
    /// # Errors
    /// As [`Client::endpoints`].
    pub async fn authorize_url(
        &self,
        provider: &Provider,
        flow: Flow<'_>,
        state: &str,
        now: Timestamp,
    ) -> Result<Url, OauthError> {
        let endpoints = self.endpoints(provider, now).await?;
        let url = authorize_url(provider, &endpoints, flow, state);
        let url = url.ok_or(OauthError::DiscoveryMalformed(
            "its authorization endpoint is not a URL for browsers",
        ))?;
        // A page for people may be anywhere they reach; in the clear only where the operator said so.
        if url.scheme() != "https" {
            self.egress.check_url(&endpoints.authorize_url)?;
        }
        Ok(url)
    }

    /// Whether a callback comes from this provider, whatever it brings.
    ///
    /// # Errors
    /// `oauth_issuer_mismatch`, and as [`Client::endpoints`].
    pub async fn check_callback(
        &self,
        provider: &Provider,
        callback: &Callback,
        now: Timestamp,
    ) -> Result<(), OauthError> {
        let endpoints = self.endpoints(provider, now).await?;
        if callback.comes_from(&endpoints) {
            Ok(())
        } else {
            Err(OauthError::CallbackIssuer)
        }
    }

    /// Ends a sign-in: the callback must be this provider's, its code is exchanged, and what comes for it is verified.
    ///
    /// # Errors
    /// When the callback brings no code or another provider's, or anything that is answered cannot be believed.
    pub async fn complete(
        &self,
        provider: &Provider,
        credentials: &Credentials,
        flow: Flow<'_>,
        callback: &Callback,
        now: Timestamp,
    ) -> Result<UpstreamIdentity, OauthError> {
        let endpoints = self.endpoints(provider, now).await?;
        if !callback.comes_from(&endpoints) {
            return Err(OauthError::CallbackIssuer);
        }
        let Ok(code) = &callback.outcome else {
            return Err(OauthError::CodeRefused);
        };
        let at = (provider, &endpoints);
        let tokens = exchange(&self.egress, at, credentials, flow, code, now).await?;
        let mut identity = match &endpoints.jwks_url {
            Some(jwks_url) => self.identify(at, jwks_url, &tokens, flow, now).await?,
            None => {
                let url = endpoints.userinfo_url.as_deref();
                let url = url.ok_or(OauthError::AnswerMalformed(
                    "it has neither id tokens nor a profile",
                ))?;
                let token = &tokens.access_token;
                userinfo::own(&self.egress, provider.preset(), url, token, credentials).await?
            }
        };
        if identity.display_name.is_none() {
            identity.display_name.clone_from(&callback.shown_name);
        }
        Ok(identity)
    }

    async fn identify(
        &self,
        (provider, endpoints): (&Provider, &OauthEndpoints),
        jwks_url: &str,
        tokens: &Tokens,
        flow: Flow<'_>,
        now: Timestamp,
    ) -> Result<UpstreamIdentity, OauthError> {
        let id_token = tokens.id_token.as_ref().ok_or(OauthError::AnswerMalformed(
            "the token endpoint gave no id token",
        ))?;
        let keys = self.keys_for(id_token, jwks_url, now).await?;
        let issuer = endpoints.issuer.as_deref().unwrap_or_default();
        let other = match provider.settings().endpoints {
            Some(_) => None,
            None => provider.preset().facts().other_issuer,
        };
        let expected = Expected {
            issuers: &[issuer, other.unwrap_or(issuer)],
            client_id: provider.client_id(),
            nonce: flow.nonce,
            access_token: &tokens.access_token,
            now,
        };
        let verified = id_token::verify(id_token, &keys, &expected)?;
        let mut claims = StandardClaims::read(verified.payload().as_bytes())?;
        if claims.is_bare()
            && let Some(url) = &endpoints.userinfo_url
        {
            let profile = userinfo::standard(&self.egress, url, &tokens.access_token).await?;
            if profile.subject() != claims.subject() {
                return Err(OauthError::AnswerMalformed(
                    "the profile is somebody else's",
                ));
            }
            claims = claims.or(profile);
        }
        claims.identity()
    }

    /// A key set that is fresh, and newer if the token names a key that it lacks.
    async fn keys_for(
        &self,
        id_token: &SecretText,
        url: &str,
        now: Timestamp,
    ) -> Result<Arc<JwkSet>, OauthError> {
        if let Some((keys, age_secs)) = self.keys.get(url, now, FRESH_SECS)
            && (age_secs < FLOOR_SECS || id_token::names_key_of(id_token, &keys))
        {
            return Ok(keys);
        }
        let keys = Arc::new(keys::fetch(&self.egress, url).await?);
        self.keys.put(url, Arc::clone(&keys), now);
        Ok(keys)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// What was fetched lately, by address.
struct Remembered<T>(Mutex<HashMap<String, (Timestamp, T)>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Remembered<T> {
    /// With its age. A clock that went back makes everything old.
    fn get(&self, address: &str, now: Timestamp, most_secs: i64) -> Option<(T, i64)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, value) = known.get(address)?;
        let age_secs = now.as_secs().saturating_sub(at.as_secs());
        (0..most_secs)
            .contains(&age_secs)
            .then(|| (value.clone(), age_secs))
    }

    fn put(&self, address: &str, value: T, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(address.to_owned(), (now, value));
    }
}
