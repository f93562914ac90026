//! What the provider publishes, how it behaves, and what it has seen.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hallpass_core::Clock;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::behaviour::Behaviour;
use super::key::FakeKey;
use super::oauth::Grants;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, as it should be.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As it came; empty for most.
    pub body: String,
}

impl Request {
    /// The value of the first header of this name, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?, first.next()?);
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self {
            method: method.to_owned(),
            path: target.split('?').next()?.to_owned(),
            headers,
            body: String::new(),
        })
    }
}

pub(super) struct State {
    settable: Mutex<Settable>,
    seen: watch::Sender<Vec<Request>>,
    held: watch::Sender<bool>,
    connections: AtomicU64,
    bytes: AtomicU64,
}

/// What a test may change while the provider runs.
pub(super) struct Settable {
    pub(super) published: Vec<FakeKey>,
    /// Every key that was ever published or signed with, by which `sign` finds it.
    pub(super) known: Vec<FakeKey>,
    pub(super) signer: FakeKey,
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) origin: String,
    pub(super) discovery: Map<String, Value>,
    pub(super) behaviour: Behaviour,
    pub(super) behaviour_at: HashMap<String, Behaviour>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) delay: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) grants: Grants,
}

impl State {
    pub(super) fn new(settable: Settable) -> Self {
        Self {
            settable: Mutex::new(settable),
            seen: watch::Sender::default(),
            held: watch::Sender::default(),
            connections: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Settable> {
        self.settable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None`: before there is a request.
    pub(super) fn behaviour_at(&self, path: Option<&str>) -> Behaviour {
        let settable = self.lock();
        path.and_then(|path| settable.behaviour_at.get(path))
            .unwrap_or(&settable.behaviour)
            .clone()
    }

    pub(super) fn headers(&self) -> Vec<(String, String)> {
        self.lock().headers.clone()
    }

    pub(super) fn delay(&self) -> Duration {
        self.lock().delay
    }

    pub(super) fn document(&self, path: &str) -> Option<String> {
        let settable = self.lock();
        if path.ends_with("/.well-known/openid-configuration") {
            return Some(settable.discovery_document().to_string());
        }
        let is_key_set = path.ends_with("/jwks.json")
            || path.ends_with("/jwks")
            || path == super::kinds::FIREBASE_PATH;
        is_key_set.then(|| settable.key_set().to_string())
    }

    /// The answer to a request that is more than a look at a document.
    pub(super) fn exchange(&self, request: &Request) -> Option<(u16, String)> {
        super::oauth::answer(&mut self.lock(), Settable::plain_claims, request)
    }

    pub(super) fn record(&self, request: Request) {
        self.seen.send_modify(|seen| seen.push(request));
    }

    pub(super) fn seen(&self) -> watch::Receiver<Vec<Request>> {
        self.seen.subscribe()
    }

    pub(super) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    pub(super) async fn wait_until_released(&self) {
        let mut held = self.held.subscribe();
        // The sender is ours: it cannot be gone.
        let _ = held.wait_for(|held| !held).await;
    }

    pub(super) fn count_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    pub(super) fn count_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Settable {
    pub(super) fn key_set(&self) -> Value {
        let keys: Vec<_> = self.published.iter().map(FakeKey::jwk).collect();
        json!({ "keys": keys })
    }

    /// The claims of an id token for whoever it is.
    fn plain_claims(&self) -> Value {
        let now = self.clock.now().as_secs();
        json!({ "iss": self.issuer, "aud": self.audience, "sub": "", "iat": now, "exp": now + 3600 })
    }

    fn discovery_document(&self) -> Value {
        let (issuer, origin) = (&self.issuer, &self.origin);
        let mut document = json!({
            "issuer": issuer,
            "jwks_uri": format!("{origin}/.well-known/jwks.json"),
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "userinfo_endpoint": format!("{origin}/userinfo"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        });
        if let Value::Object(members) = &mut document {
            super::merge(members, Value::Object(self.discovery.clone()));
        }
        document
    }
}
