//! The endpoints that the operator runs and names.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// A host and port, exactly: what the operator vouches for with `--allow-egress HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AllowedEndpoint {
    host: String,
    port: u16,
}

/// Not `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected HOST:PORT, for example 127.0.0.1:4000, [::1]:4000 or keycloak.internal:8443: {reason}"
)]
pub struct MalformedEndpoint {
    reason: &'static str,
}

impl AllowedEndpoint {
    /// Whether this URL leads to exactly this host and port.
    pub(crate) fn names(&self, url: &Url) -> bool {
        url.host_str() == Some(self.host.as_str()) && url.port_or_known_default() == Some(self.port)
    }
}

impl FromStr for AllowedEndpoint {
    type Err = MalformedEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = |reason| MalformedEndpoint { reason };
        if text.contains("://") {
            return Err(malformed("leave the scheme out"));
        }
        let fits = |c: char| !c.is_control() && (!c.is_ascii() || is_host_character(c));
        if !text.chars().all(fits) {
            return Err(malformed("only a host and a port"));
        }
        let (host, port) = text
            .rsplit_once(':')
            .ok_or(malformed("the port is missing"))?;
        let port = Some(port)
            .filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|port| port.parse().ok())
            .filter(|port| *port != 0)
            .ok_or(malformed("the port is a number from 1 to 65535"))?;
        if host.contains(':') && !host.starts_with('[') {
            return Err(malformed("an IPv6 address stands in brackets"));
        }
        // The URL parser brings both sides of every comparison to the same spelling.
        let url = Url::parse(&format!("https://{host}/"))
            .map_err(|_| malformed("the host is not a name or an address"))?;
        let host = url
            .host_str()
            .filter(|_| url.port().is_none())
            .ok_or(malformed("the host is not a name or an address"))?;
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for AllowedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Fewer than the URL parser lets pass: `*.internal` would look as if it meant something.
fn is_host_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".-_:[]".contains(c)
}
