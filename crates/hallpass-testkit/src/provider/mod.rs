//! An identity provider of our own on 127.0.0.1, faithful when asked to be and hostile when not.
//!
//! It holds the private keys, so a test can let it sign what a real one would, and what none should. Its documents
//! are plain HTTP: the world's egress has to allow its [`FakeProvider::endpoint`].

mod behaviour;
mod key;
mod kinds;
mod oauth;
mod server;
mod state;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hallpass_core::{Clock, SettableClock};
use hallpass_model::{ProviderKind, Timestamp};
use serde_json::{Map, Value, json};

pub use behaviour::Behaviour;
pub use key::FakeKey;
pub use kinds::{DISCOVERY_PATH, FIREBASE_PATH, JWKS_PATH, KINDS};
pub use oauth::{ClientProof, Person, TOKEN_PATH, USERINFO_PATH};
pub use state::Request;

use crate::world::BEGINNING;
use server::Door;
use state::{Settable, State};

/// How long a test waits for something that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A provider that runs until its last clone is dropped.
#[derive(Clone)]
pub struct FakeProvider {
    kind: ProviderKind,
    address: SocketAddr,
    state: Arc<State>,
    door: Arc<Mutex<Door>>,
}

impl FakeProvider {
    /// A plain JWKS server whose issuer is its own origin and whose audience is `app`.
    pub async fn start() -> Self {
        Self::jwks("app").await
    }

    /// A tenant of Auth0 such as `acme.eu.auth0.com`, with one application.
    pub async fn auth0(domain: &str, client_id: &str) -> Self {
        Self::begin(ProviderKind::Auth0, domain, client_id).await
    }

    /// A project of Firebase; its id is the audience too.
    pub async fn firebase(project_id: &str) -> Self {
        let provider = Self::begin(ProviderKind::Firebase, project_id, project_id).await;
        provider.set_header("Cache-Control", "public, max-age=21600, must-revalidate");
        provider
    }

    /// An issuer with discovery; the issuer is its own origin.
    pub async fn oidc(audience: &str) -> Self {
        Self::begin(ProviderKind::Oidc, "", audience).await
    }

    /// A JWKS server; the issuer is its own origin.
    pub async fn jwks(audience: &str) -> Self {
        Self::begin(ProviderKind::Jwks, "", audience).await
    }

    /// One of this kind, with some name.
    pub async fn of(kind: ProviderKind) -> Self {
        match kind {
            ProviderKind::Auth0 => Self::auth0("acme.eu.auth0.com", "K4bQ7xYtZ0client").await,
            ProviderKind::Firebase => Self::firebase("acme-prod").await,
            ProviderKind::Oidc => Self::oidc("app").await,
            ProviderKind::Jwks => Self::jwks("app").await,
        }
    }

    /// What kind of service it plays.
    #[must_use]
    pub fn kind(&self) -> ProviderKind {
        self.kind
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `HOST:PORT`, as an allow list of the egress names it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.address.to_string()
    }

    /// `http://HOST:PORT`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of a path here.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// The `iss` of its tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.state.lock().issuer.clone()
    }

    /// Changes the `iss` of its tokens and of its discovery document.
    pub fn set_issuer(&self, issuer: &str) {
        self.state.lock().issuer = issuer.to_owned();
    }

    /// The `aud` of its tokens.
    #[must_use]
    pub fn audience(&self) -> String {
        self.state.lock().audience.clone()
    }

    /// Changes members of the discovery document; `null` takes one away.
    pub fn set_discovery(&self, members: Value) {
        if let Value::Object(members) = members {
            self.state.lock().discovery.extend(members);
        }
    }

    /// Tells the time by this clock; a world does it when it is made beside the provider.
    pub fn set_clock(&self, clock: Arc<dyn Clock>) {
        self.state.lock().clock = clock;
    }

    /// The time, in seconds since 1970.
    #[must_use]
    pub fn now_secs(&self) -> i64 {
        let clock = Arc::clone(&self.state.lock().clock);
        clock.now().as_secs()
    }
}

/// Keys and tokens.
impl FakeProvider {
    /// The key with which it signs now.
    #[must_use]
    pub fn key(&self) -> FakeKey {
        self.state.lock().signer.clone()
    }

    /// Signs with this key from now on, published or not.
    pub fn sign_with(&self, key: &FakeKey) {
        let mut settable = self.state.lock();
        settable.known.push(key.clone());
        settable.signer = key.clone();
    }

    /// Publishes exactly these keys.
    pub fn publish(&self, keys: &[FakeKey]) {
        let mut settable = self.state.lock();
        settable.known.extend_from_slice(keys);
        settable.published = keys.to_vec();
    }

    /// Publishes this key and signs with it, and nothing else.
    pub fn use_only(&self, key: &FakeKey) {
        self.publish(std::slice::from_ref(key));
        self.sign_with(key);
    }

    /// The key set that it publishes.
    #[must_use]
    pub fn key_set(&self) -> Value {
        self.state.lock().key_set()
    }

    /// A token with these claims, made with the newest key of this name.
    ///
    /// # Panics
    /// When there was never such a key.
    #[must_use]
    pub fn sign(&self, kid: &str, header: Value, claims: &Value) -> String {
        let key = {
            let settable = self.state.lock();
            let found = settable
                .known
                .iter()
                .rev()
                .find(|key| key.kid() == Some(kid));
            found.expect("a key of this name").clone()
        };
        key.sign(header, claims)
    }

    /// An ID token as this kind of service issues it now, with more claims or other values; `null` takes one away.
    #[must_use]
    pub fn id_token(&self, sub: &str, more: Value) -> String {
        self.key().sign(json!({}), &self.id_claims_with(sub, more))
    }

    /// The claims of [`Self::id_token`].
    #[must_use]
    pub fn id_claims_with(&self, sub: &str, more: Value) -> Value {
        let mut claims = self.id_claims(sub);
        if let Value::Object(claims) = &mut claims {
            merge(claims, more);
        }
        claims
    }
}

/// Good days and bad ones.
impl FakeProvider {
    /// Answers like this everywhere, from the next request on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.state.lock().behaviour = behaviour;
    }

    /// Answers like this at one path, whatever it does elsewhere.
    pub fn behave_at(&self, path: &str, behaviour: Behaviour) {
        let mut settable = self.state.lock();
        settable.behaviour_at.insert(path.to_owned(), behaviour);
    }

    /// Sends this header with every answer, instead of one of the same name.
    pub fn set_header(&self, name: &str, value: &str) {
        let mut settable = self.state.lock();
        settable
            .headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        settable.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Leaves a header away again.
    pub fn remove_header(&self, name: &str) {
        let mut settable = self.state.lock();
        settable
            .headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    /// Waits this long before every answer.
    pub fn set_delay(&self, delay: Duration) {
        self.state.lock().delay = delay;
    }

    /// Takes requests and answers none until [`Self::release`].
    pub fn hold(&self) {
        self.state.hold(true);
    }

    /// Answers what it held back.
    pub fn release(&self) {
        self.state.hold(false);
    }

    /// Refuses connections, as a server that is down. The port stays its own.
    pub async fn go_down(&self) {
        let shut = self.take_door().shut().await;
        self.hang_door(shut.expect("the port is ours"));
    }

    /// Is back, on the same port.
    pub async fn come_up(&self) {
        let open = self.take_door().reopened(Arc::clone(&self.state));
        self.hang_door(open.expect("the port is ours"));
    }
}

/// What it saw.
impl FakeProvider {
    /// Requests for a path so far.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> usize {
        let seen = self.state.seen();
        let seen = seen.borrow();
        seen.iter().filter(|request| request.path == path).count()
    }

    /// Requests for its key set so far.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.requests_to(self.keys_path())
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state.seen().borrow().clone()
    }

    /// Connections so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.state.connections()
    }

    /// Bytes sent so far, heads included.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.state.bytes()
    }

    /// Waits until its key set was asked for this many times.
    ///
    /// # Panics
    /// When that does not happen within a minute.
    pub async fn wait_for_fetches(&self, count: usize) {
        let mut seen = self.state.seen();
        let path = self.keys_path();
        let enough = |seen: &Vec<Request>| {
            seen.iter().filter(|request| request.path == path).count() >= count
        };
        let waited = tokio::time::timeout(PATIENCE, seen.wait_for(enough)).await;
        if waited.is_err() {
            let fetches = self.fetches();
            panic!("{count} fetches of {path} expected, {fetches} seen");
        }
    }
}

impl FakeProvider {
    async fn begin(kind: ProviderKind, name: &str, audience: &str) -> Self {
        let first = match kind {
            // Names as Google gives them: 40 hexadecimal digits.
            ProviderKind::Firebase => FakeKey::rsa("f3a1c09e5b7d2468ace013579bdf2468ace01357"),
            _ => FakeKey::rsa("first"),
        };
        let state = Arc::new(State::new(Settable {
            published: vec![first.clone()],
            known: vec![first.clone()],
            signer: first,
            issuer: String::new(),
            audience: audience.to_owned(),
            origin: String::new(),
            discovery: Map::new(),
            behaviour: Behaviour::Serve,
            behaviour_at: Default::default(),
            headers: Vec::new(),
            delay: Duration::ZERO,
            clock: Arc::new(SettableClock::at(Timestamp::from_secs(BEGINNING))),
            grants: Default::default(),
        }));
        let (address, door) = Door::open(Arc::clone(&state)).expect("a free port");
        let provider = Self {
            kind,
            address,
            state,
            door: Arc::new(Mutex::new(door)),
        };
        {
            let mut settable = provider.state.lock();
            settable.origin = provider.origin();
            settable.issuer = kinds::issuer_of(kind, name).unwrap_or_else(|| provider.origin());
        }
        provider
    }

    fn take_door(&self) -> Door {
        std::mem::replace(
            &mut *self.door.lock().unwrap_or_else(PoisonError::into_inner),
            Door::Moving,
        )
    }

    fn hang_door(&self, door: Door) {
        *self.door.lock().unwrap_or_else(PoisonError::into_inner) = door;
    }
}

/// Members of the second object into the first; `null` takes one away.
pub(crate) fn merge(into: &mut Map<String, Value>, more: Value) {
    let Value::Object(more) = more else {
        panic!("an object to merge")
    };
    for (name, value) in more {
        if value.is_null() {
            into.remove(&name);
        } else {
            into.insert(name, value);
        }
    }
}
