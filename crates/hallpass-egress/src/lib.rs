//! The only way out: every outbound HTTP request of the product passes this gate.
//!
//! A URL in Hallpass is often chosen by somebody who may configure an environment but does not own the machine. The gate keeps such a URL
//! from reaching what only the machine can reach (its own ports, the private network, the cloud's metadata service), and
//! keeps a server that hangs, floods or lies from holding more than a bounded amount of time and memory.
//!
//! 1. **The URL** ([`Egress::check_url`], no network): https, port 443 or 8443, no credentials, and a host that is not the literal
//!    address of something private, in whatever spelling.
//! 2. **The name**: resolved once for each connection. Every address of the answer is judged; one that is not on the public Internet
//!    blocks the answer whole. The connector gets the judged addresses and cannot ask again, so a name that changes its
//!    mind between check and connection changes nothing.
//! 3. **The answer**: headers, body and redirects are bounded, and one deadline spans all of it. A redirect passes 1 and 2 like a first URL,
//!    and never leads from https to http, nor from outside to a listed endpoint. Any status is an answer.
//!
//! A [`Request`] may bring a method, headers and a body. It is sent once: only a GET or HEAD without a body is asked again where a redirect
//! leads, and its headers stay with the scheme, host and port for which they were meant.
//!
//! An [`AllowedEndpoint`] (`--allow-egress HOST:PORT`) is the operator's word that this host and port are theirs: there plain http, any port and
//! private addresses are fine. A listed *name* still must not lead to a link-local, metadata, multicast, unspecified or broadcast address, nor to an
//! IPv6 address with an IPv4 address inside; a listed *address* may be anything.
//!
//! Connections are kept for a short while and used again. Such a connection goes to an address that passed when it was made, for the same host and
//! port and under the same rules (listed and unlisted endpoints have separate pools); what the name says in the meantime does not redirect it.
//!
//! Not done, on purpose: proxies (also those of the environment's variables), cookies, credentials of its own, decompression, HTTP/2, retries.
//! Not known here: a NAT64 prefix of the network's own choice, which looks like any public address.

mod address;
mod client;
mod endpoint;
mod error;
mod fault;
mod policy;
mod request;
mod resolver;
mod tls;

#[cfg(test)]
mod tests;

pub use client::{Egress, EgressOptions, Fetched, Limits};
pub use endpoint::{AllowedEndpoint, MalformedEndpoint};
pub use error::{EgressError, EgressSetupError};
pub use http::{HeaderMap, Method};
pub use request::Request;
pub use reqwest::Url;
pub use resolver::{BoxFuture, Resolver, SystemResolver};
