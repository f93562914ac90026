//! What can go wrong with a mail, in words for the operator who can change it.

use std::time::Duration;

/// Why a mail was not handed over. Shown are the server and its status only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// No SMTP server is configured.
    #[error("no mail can be sent: no SMTP server is configured; start Hallpass with --smtp-url")]
    Off,
    /// Nobody answers, or the conversation broke off.
    #[error(
        "the SMTP server {server} cannot be reached or broke off; check that it runs and that no firewall is between"
    )]
    Unreachable {
        /// Host and port.
        server: String,
    },
    /// The handshake failed, or the server offers no TLS where it is required.
    #[error(
        "no trusted TLS connection to the SMTP server {server}; check its certificate, and whether the URL asks for the right kind of TLS"
    )]
    Tls {
        /// Host and port.
        server: String,
    },
    /// It took longer than it may.
    #[error("the SMTP server {server} did not take the mail within {} ms", within.as_millis())]
    Timeout {
        /// Host and port.
        server: String,
        /// The bound that it met.
        within: Duration,
    },
    /// The user name or password is refused, or no way of giving them is offered.
    #[error(
        "the SMTP server {server} does not take the user name and password of its URL ({status})"
    )]
    SignIn {
        /// Host and port.
        server: String,
        /// What it answered.
        status: u16,
    },
    /// It answered that it does not take the mail.
    #[error("the SMTP server {server} refused the mail: {status}{}", enhanced.as_deref().map(|code| format!(" {code}")).unwrap_or_default())]
    Refused {
        /// Host and port.
        server: String,
        /// What it answered: 4xx for now, 5xx for good.
        status: u16,
        /// RFC 3463, for example "5.1.1", when there is one.
        enhanced: Option<String>,
    },
    /// The conversation is not SMTP as we know it, or the message cannot be written down.
    #[error("the mail cannot be sent through the SMTP server {server}: {reason}")]
    Unusable {
        /// Host and port.
        server: String,
        /// What is wrong.
        reason: &'static str,
    },
}

impl MailError {
    /// The stable machine-readable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Off => "mail_off",
            Self::Unreachable { .. } => "mail_unreachable",
            Self::Tls { .. } => "mail_tls_failed",
            Self::Timeout { .. } => "mail_timeout",
            Self::SignIn { .. } => "mail_sign_in_refused",
            Self::Refused { .. } => "mail_refused",
            Self::Unusable { .. } => "mail_unusable",
        }
    }

    /// Whether the server saw the mail and turned it down for good: trying again is no use, and bothers it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if *status >= 500)
    }
}

/// Why there is no mail at all; found when the program starts. The URL itself is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailSetupError {
    /// Not a URL of an SMTP server.
    #[error(
        "the SMTP URL is not usable: {0}; write smtp://HOST:PORT or smtps://USER:PASSWORD@HOST:PORT"
    )]
    Url(&'static str),
    /// Not a sender.
    #[error(
        "the sender of mails is not usable: {0}; write no-reply@example.com or Name <no-reply@example.com>"
    )]
    From(&'static str),
    /// The operator's own roots cannot be read.
    #[error("the additional CA certificates cannot be used for mail: {0}")]
    Roots(&'static str),
}
