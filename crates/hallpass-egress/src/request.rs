//! What a sender adds to a request, and what stays the gate's own.

use std::fmt;

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};

use crate::EgressError;

/// A request that is ready to be sent; [`crate::Egress::send`] checks its URL.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A request of this method, with neither headers of its own nor a body.
    #[must_use]
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    /// Reads a URL.
    #[must_use]
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// Sends this body to a URL.
    #[must_use]
    pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::new(Method::POST, url).with_body(body)
    }

    /// The same with this body. Its length is announced by the gate; its type is the sender's to say.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with this header, in place of an earlier one of that name.
    ///
    /// # Errors
    /// `egress_header_refused` when name or value cannot stand in a request, or when the header is the connection's and so the gate's own.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, EgressError> {
        let refused = |reason| EgressError::HeaderRefused { reason };
        let name: HeaderName = name
            .parse()
            .map_err(|_| refused("its name is not one that a header can have"))?;
        if is_the_gates_own(&name) {
            return Err(refused("it belongs to the connection"));
        }
        let mut value: HeaderValue = value
            .parse()
            .map_err(|_| refused("its value holds a line break or a control character"))?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// What changes nothing and says nothing may be asked once more, elsewhere.
    pub(crate) fn may_follow(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD) && self.body.is_empty()
    }
}

/// Headers and body hold secrets, the URL may.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// What frames the exchange or speaks to whoever stands between.
fn is_the_gates_own(name: &HeaderName) -> bool {
    const NAMES: &[&str] = &[
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ];
    NAMES.contains(&name.as_str()) || name.as_str().starts_with("proxy-")
}
