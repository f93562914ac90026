//! What can go wrong on the way out, in words for the person who can change it.

use std::time::Duration;

use hallpass_model::{Error, ErrorKind};

/// Why nothing was fetched. Shown are host and port only: paths, queries and credentials never.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EgressError {
    /// Not a URL that names a host, or one with credentials inside.
    #[error("this is not a URL that Hallpass can fetch: {reason}")]
    UrlInvalid {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A header that a request cannot carry. Neither its name nor its value is repeated.
    #[error("a header of the request cannot be sent: {reason}")]
    HeaderRefused {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Neither https, nor http at an endpoint that the operator listed.
    #[error("{scheme} is not allowed: give an https URL{}", hint_http(scheme, endpoint.as_deref()))]
    SchemeNotAllowed {
        /// The scheme.
        scheme: String,
        /// Host and port, when there are any.
        endpoint: Option<String>,
    },
    /// A port other than 443 and 8443 at an endpoint that nobody listed.
    #[error(
        "{endpoint} is not on port 443 or 8443; if you run it yourself, start Hallpass with --allow-egress {endpoint}"
    )]
    PortNotAllowed {
        /// Host and port.
        endpoint: String,
    },
    /// The host is, or resolves to, an address that is not on the public Internet.
    #[error("{endpoint} is blocked: it leads to {what}{}", hint_blocked(endpoint, *listable))]
    Blocked {
        /// Host and port.
        endpoint: String,
        /// The kind of address, for example "a private network".
        what: &'static str,
        /// Whether naming it in the allow list would help.
        listable: bool,
    },
    /// The name has no address.
    #[error(
        "{endpoint} cannot be found: its name does not resolve; check the spelling and the DNS of this machine"
    )]
    Unresolvable {
        /// Host and port.
        endpoint: String,
    },
    /// Nobody answers there.
    #[error(
        "{endpoint} does not accept connections; check that it runs and that no firewall is between"
    )]
    ConnectFailed {
        /// Host and port.
        endpoint: String,
    },
    /// The TLS handshake failed, most often for the certificate.
    #[error("no trusted TLS connection to {endpoint}: {reason}")]
    TlsFailed {
        /// Host and port.
        endpoint: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The exchange, or the connection alone, took longer than it may.
    #[error("{endpoint} did not answer completely within {} ms", within.as_millis())]
    Timeout {
        /// Host and port.
        endpoint: String,
        /// The bound that it met.
        within: Duration,
    },
    /// The answer is larger than what its reader takes.
    #[error("the answer of {endpoint} is too large: {what}")]
    TooLarge {
        /// Host and port.
        endpoint: String,
        /// Which part, and how large it may be.
        what: String,
    },
    /// A redirect that is not followed.
    #[error(
        "{endpoint} answered with a redirect that is not followed: {reason}; give the final URL"
    )]
    RedirectRefused {
        /// Host and port of the one that redirected.
        endpoint: String,
        /// Why not.
        reason: &'static str,
    },
    /// The answer is not HTTP, or ends before it is complete.
    #[error("the answer of {endpoint} broke off or is not HTTP/1.1")]
    BrokenOff {
        /// Host and port.
        endpoint: String,
    },
}

impl EgressError {
    /// The stable machine-readable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UrlInvalid { .. } => "egress_url_invalid",
            Self::HeaderRefused { .. } => "egress_header_refused",
            Self::SchemeNotAllowed { .. } => "egress_scheme_not_allowed",
            Self::PortNotAllowed { .. } => "egress_port_not_allowed",
            Self::Blocked { .. } => "egress_blocked",
            Self::Unresolvable { .. } => "egress_unresolvable",
            Self::ConnectFailed { .. } => "egress_connect_failed",
            Self::TlsFailed { .. } => "egress_tls_failed",
            Self::Timeout { .. } => "egress_timeout",
            Self::TooLarge { .. } => "egress_too_large",
            Self::RedirectRefused { .. } => "egress_redirect_refused",
            Self::BrokenOff { .. } => "egress_broken_off",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::UrlInvalid { .. }
            | Self::HeaderRefused { .. }
            | Self::SchemeNotAllowed { .. }
            | Self::PortNotAllowed { .. } => ErrorKind::Unprocessable,
            Self::Blocked { .. } => ErrorKind::Forbidden,
            Self::Unresolvable { .. }
            | Self::ConnectFailed { .. }
            | Self::TlsFailed { .. }
            | Self::Timeout { .. }
            | Self::TooLarge { .. }
            | Self::RedirectRefused { .. }
            | Self::BrokenOff { .. } => ErrorKind::Unavailable,
        }
    }
}

impl From<EgressError> for Error {
    fn from(error: EgressError) -> Self {
        Self::new(error.kind(), error.code(), error.to_string())
    }
}

/// Why there is no way out at all; found when the program starts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EgressSetupError {
    /// The operator's own roots cannot be read.
    #[error("the additional CA certificates cannot be used: {0}")]
    ExtraRoots(String),
    /// TLS or the HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

fn hint_http(scheme: &str, endpoint: Option<&str>) -> String {
    match endpoint {
        Some(endpoint) if scheme == "http" => {
            format!(", or, if you run it yourself, start Hallpass with --allow-egress {endpoint}")
        }
        _ => String::new(),
    }
}

fn hint_blocked(endpoint: &str, listable: bool) -> String {
    if listable {
        format!("; if you run it yourself, start Hallpass with --allow-egress {endpoint}")
    } else {
        String::new()
    }
}
