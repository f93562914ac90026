//! The gate: check, connect, follow, read; each within its bound.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::{Client, Response, Url, redirect};
use rustls::ClientConfig;

use crate::fault::{Place, explain};
use crate::policy::{Checked, Judge, LISTED, Policy, endpoint_of};
use crate::resolver::JudgingResolver;
use crate::{
    AllowedEndpoint, EgressError, EgressSetupError, Request, Resolver, SystemResolver, tls,
};

/// The gate for everything that leaves; a clone is cheap and shares the connections.
#[derive(Clone)]
pub struct Egress {
    inner: Arc<Inner>,
}

/// What the operator adds to the policy.
#[derive(Debug, Clone, Default)]
pub struct EgressOptions {
    /// Endpoints that the operator runs: plain http, any port and private addresses are fine there.
    pub allow: Vec<AllowedEndpoint>,
    /// PEM certificates that are trusted in addition to the public roots; empty: none.
    pub extra_roots_pem: Vec<u8>,
}

/// The bounds of one exchange; none is optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For everything together: name, connection, TLS, every redirect, headers and body.
    pub deadline: Duration,
    /// The most bytes of body that are read.
    pub body_bytes: usize,
    /// The most redirects that are followed; 0 refuses the first one.
    pub redirects: u8,
}

/// A complete answer of any status.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The HTTP status of the last answer.
    pub status: u16,
    /// Where the last answer came from.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, complete and as sent: nothing is decompressed.
    pub body: Vec<u8>,
}

impl Egress {
    /// A gate that asks the operating system for addresses.
    ///
    /// # Errors
    /// When the additional roots cannot be used.
    pub fn new(options: EgressOptions) -> Result<Self, EgressSetupError> {
        Self::with_resolver(options, Arc::new(SystemResolver))
    }

    /// A gate that asks this resolver.
    ///
    /// # Errors
    /// As [`Egress::new`].
    pub fn with_resolver(
        options: EgressOptions,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, EgressSetupError> {
        let policy = Policy::public(options.allow);
        Self::with_policy(policy, &options.extra_roots_pem, resolver)
    }

    /// Scheme, credentials, port and literal address, without the network; the URL in canonical spelling.
    ///
    /// # Errors
    /// What [`Egress::get`] refuses before it asks for an address.
    pub fn check_url(&self, url: &str) -> Result<Url, EgressError> {
        Ok(self.inner.policy.check_text(url)?.url)
    }

    /// Whether what one URL answered may say to fetch the other: a redirect, or a document that names another.
    #[must_use]
    pub fn may_lead_to(&self, from: &Url, to: &str) -> bool {
        let policy = &self.inner.policy;
        match policy.check_text(to) {
            Ok(to) => policy.check_step(from, &to).is_ok(),
            // Refused with a better reason when it is fetched.
            Err(_) => true,
        }
    }

    /// Fetches a URL. Any status is an answer, but a redirect is followed or refused.
    ///
    /// # Errors
    /// When the policy refuses the URL, an address or a redirect, or when no complete answer came within the limits.
    pub async fn get(&self, url: &str, limits: Limits) -> Result<Fetched, EgressError> {
        self.send(Request::get(url), limits).await
    }

    /// Sends a request, once. Any status is an answer, but a redirect is followed or refused: followed only for a GET or HEAD without
    /// a body, and the headers that the request brought along go to no other scheme, host or port.
    ///
    /// # Errors
    /// As [`Egress::get`]. An error does not say that the other side has seen nothing.
    pub async fn send(&self, request: Request, limits: Limits) -> Result<Fetched, EgressError> {
        let outcome = match self.inner.policy.check_text(&request.url) {
            Ok(first) => self.inner.send_within(first, request, limits).await,
            Err(refusal) => Err(refusal),
        };
        let label = match &outcome {
            Ok(_) => "ok",
            Err(error) => error.code(),
        };
        metrics::counter!("hallpass_egress_requests_total", "outcome" => label).increment(1);
        outcome
    }

    pub(crate) fn with_policy(
        policy: Policy,
        extra_roots_pem: &[u8],
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, EgressSetupError> {
        let tls = tls::client_config(extra_roots_pem)?;
        let public = client(tls.clone(), policy.judge, Arc::clone(&resolver), true)?;
        let listed = client(tls, LISTED, resolver, false)?;
        Ok(Self {
            inner: Arc::new(Inner {
                policy,
                public,
                listed,
            }),
        })
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress")
            .field("allow", &self.inner.policy.allow)
            .finish_non_exhaustive()
    }
}

/// Two clients, because the resolver inside a client sees a name and no port, and an endpoint is listed with its port.
struct Inner {
    policy: Policy,
    public: Client,
    listed: Client,
}

/// For name, TCP and TLS together. It also bounds a connection that a finished exchange left behind half-made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const POOL_IDLE: Duration = Duration::from_secs(30);
const POOL_PER_HOST: usize = 2;
const USER_AGENT: &str = concat!("hallpass/", env!("CARGO_PKG_VERSION"));

impl Inner {
    async fn send_within(
        &self,
        first: Checked,
        request: Request,
        limits: Limits,
    ) -> Result<Fetched, EgressError> {
        // The endpoint that was being asked when the time ran out.
        let mut asked = endpoint_of(&first.url);
        let exchange = self.follow(first, request, limits, &mut asked);
        let finished = tokio::time::timeout(limits.deadline, exchange).await;
        let outcome = finished.unwrap_or_else(|_| {
            Err(EgressError::Timeout {
                endpoint: asked.clone(),
                within: limits.deadline,
            })
        });
        match &outcome {
            Ok(fetched) => tracing::debug!(
                endpoint = asked,
                status = fetched.status,
                bytes = fetched.body.len(),
                "egress answered"
            ),
            Err(error) => tracing::debug!(endpoint = asked, code = error.code(), "egress failed"),
        }
        outcome
    }

    async fn follow(
        &self,
        first: Checked,
        mut request: Request,
        limits: Limits,
        asked: &mut String,
    ) -> Result<Fetched, EgressError> {
        let most = if request.may_follow() {
            limits.redirects
        } else {
            0
        };
        let mut at = first;
        let mut followed = 0;
        loop {
            *asked = endpoint_of(&at.url);
            let place = Place {
                endpoint: asked.as_str(),
                listed: at.listed,
                connect_within: CONNECT_TIMEOUT,
            };
            let response = self
                .ask(&at, &request)
                .await
                .map_err(|error| explain(&error, place))?;
            if !is_redirect(response.status()) {
                return read(response, at.url, limits.body_bytes, place).await;
            }
            if followed == most {
                return Err(EgressError::RedirectRefused {
                    endpoint: asked.clone(),
                    reason: match most {
                        0 => "none is followed here",
                        _ => "there are too many in a row",
                    },
                });
            }
            followed += 1;
            let target = self.redirect_target(&at.url, response.headers())?;
            if target.url.origin() != at.url.origin() {
                request.headers.clear();
            }
            at = target;
        }
    }

    async fn ask(&self, at: &Checked, request: &Request) -> reqwest::Result<Response> {
        let client = if at.listed {
            &self.listed
        } else {
            &self.public
        };
        let mut asking = client
            .request(request.method.clone(), at.url.clone())
            .headers(request.headers.clone())
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if !request.body.is_empty() {
            asking = asking.body(request.body.clone());
        } else if !request.may_follow() {
            // The client would leave it out, and some servers answer 411 then.
            asking = asking.header(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        asking.send().await
    }

    fn redirect_target(&self, from: &Url, headers: &HeaderMap) -> Result<Checked, EgressError> {
        let refused = |reason| EgressError::RedirectRefused {
            endpoint: endpoint_of(from),
            reason,
        };
        let mut locations = headers.get_all(LOCATION).iter();
        let location = locations
            .next()
            .and_then(|location| location.to_str().ok())
            .filter(|_| locations.next().is_none())
            .ok_or_else(|| refused("it does not say where to, or says it unreadably"))?;
        let target = match self.policy.check_target(from, location) {
            Err(EgressError::UrlInvalid { .. }) => {
                return Err(refused("it leads to something that is not a URL"));
            }
            checked => checked?,
        };
        self.policy.check_step(from, &target).map_err(refused)?;
        Ok(target)
    }
}

fn client(
    tls: ClientConfig,
    judge: Judge,
    resolver: Arc<dyn Resolver>,
    https_only: bool,
) -> Result<Client, EgressSetupError> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(JudgingResolver { resolver, judge })
        .https_only(https_only)
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_PER_HOST)
        .user_agent(USER_AGENT)
        .build()
        .map_err(|error| EgressSetupError::Client(error.to_string()))
}

/// The five that send a reader elsewhere; the other 3xx are answers.
fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// What the answer announces is believed only when it is too much.
async fn read(
    mut response: Response,
    url: Url,
    most: usize,
    place: Place<'_>,
) -> Result<Fetched, EgressError> {
    let too_large = || EgressError::TooLarge {
        endpoint: place.endpoint.to_owned(),
        what: format!("its body has more than {most} bytes"),
    };
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > most) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| explain(&error, place))?
    {
        if chunk.len() > most - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched {
        status: response.status().as_u16(),
        url,
        headers: std::mem::take(response.headers_mut()),
        body,
    })
}
