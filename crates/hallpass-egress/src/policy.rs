//! What a URL must be like before anything is sent, and which addresses a connection may go to.

use std::net::IpAddr;

use reqwest::Url;

use crate::address::{Range, find_range, find_range_closed_to_names};
use crate::{AllowedEndpoint, EgressError};

/// The longest URL that is looked at, in bytes.
const URL_BYTES: usize = 4096;

/// The rules for every URL, and the endpoints that are excepted.
pub(crate) struct Policy {
    pub(crate) allow: Vec<AllowedEndpoint>,
    pub(crate) ports: &'static [u16],
    pub(crate) judge: Judge,
}

/// Names the range that makes an address unfit; `None` lets it pass.
pub(crate) type Judge = fn(IpAddr) -> Option<&'static Range>;

/// A URL that passed, without fragment, and the client that is fit for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) url: Url,
    pub(crate) listed: bool,
}

/// For names that the operator listed.
pub(crate) const LISTED: Judge = find_range_closed_to_names;

impl Policy {
    /// https on the usual ports to public addresses, and what the operator lists.
    pub(crate) fn public(allow: Vec<AllowedEndpoint>) -> Self {
        Self {
            allow,
            ports: &[443, 8443],
            judge: find_range,
        }
    }

    /// A URL as somebody wrote it.
    pub(crate) fn check_text(&self, text: &str) -> Result<Checked, EgressError> {
        self.check(read_url(text)?)
    }

    /// Where a redirect leads, relative to the URL that sent it.
    pub(crate) fn check_target(&self, from: &Url, location: &str) -> Result<Checked, EgressError> {
        has_only_url_characters(location)?;
        self.check(from.join(location).map_err(unreadable)?)
    }

    /// Whether an answer may send its reader on. What the operator listed was listed for those who name it, not for
    /// strangers to point at.
    pub(crate) fn check_step(&self, from: &Url, to: &Checked) -> Result<(), &'static str> {
        if from.scheme() == "https" && to.url.scheme() != "https" {
            return Err("it leads from https to http");
        }
        if to.listed && !self.allow.iter().any(|listed| listed.names(from)) {
            return Err("it leads from outside to an endpoint that is allowed for itself only");
        }
        Ok(())
    }

    /// The address is judged first: what it leads to says more than the port that it lacks.
    fn check(&self, mut url: Url) -> Result<Checked, EgressError> {
        if !is_web(&url) {
            let scheme = url.scheme().to_owned();
            let endpoint = None;
            return Err(EgressError::SchemeNotAllowed { scheme, endpoint });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("it holds a user name or password"));
        }
        url.set_fragment(None);
        let listed = self.allow.iter().any(|listed| listed.names(&url));
        if listed {
            return Ok(Checked { url, listed });
        }
        let endpoint = endpoint_of(&url);
        if let Some(range) = literal_of(&url).and_then(self.judge) {
            return Err(EgressError::Blocked {
                endpoint,
                what: range.what,
                listable: range.behind_listed_name,
            });
        }
        if url.scheme() != "https" {
            return Err(EgressError::SchemeNotAllowed {
                scheme: url.scheme().to_owned(),
                endpoint: Some(endpoint),
            });
        }
        match url.port_or_known_default() {
            Some(port) if self.ports.contains(&port) => Ok(Checked { url, listed }),
            _ => Err(EgressError::PortNotAllowed { endpoint }),
        }
    }
}

/// Host and port: all of a URL that is ever shown.
pub(crate) fn endpoint_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn read_url(text: &str) -> Result<Url, EgressError> {
    if text.len() > URL_BYTES {
        return Err(invalid("it is too long"));
    }
    has_only_url_characters(text)?;
    let url = Url::parse(text).map_err(unreadable)?;
    // The parser would also read `https:host`, `https:/host` and `https:///host`.
    let after_scheme = text.get(url.scheme().len()..).unwrap_or_default();
    let has_two_slashes = after_scheme.starts_with("://") && !after_scheme.starts_with(":///");
    if is_web(&url) && !has_two_slashes {
        return Err(invalid("it does not begin with https:// and a host"));
    }
    Ok(url)
}

/// The parser would drop some of these and turn `\` into `/`; then what was read is not what is fetched.
fn has_only_url_characters(text: &str) -> Result<(), EgressError> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if text.contains(odd) {
        return Err(invalid(
            "it holds a space, a control character or a backslash",
        ));
    }
    Ok(())
}

/// The parser has already turned decimal, octal, hexadecimal and short spellings into addresses.
fn literal_of(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.parse().ok()
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
}

fn invalid(reason: &'static str) -> EgressError {
    EgressError::UrlInvalid { reason }
}

fn unreadable<E>(_: E) -> EgressError {
    invalid("it is not a URL, or its host is not a name or an address")
}
