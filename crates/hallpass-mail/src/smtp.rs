//! The SMTP side: one short conversation for each mail.

use std::sync::Arc;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport, Tokio1Executor};
use tokio::sync::Semaphore;

use crate::message::compose;
use crate::server::{Protection, Server};
use crate::{Mail, MailError, MailSetupError};

/// For everything together, waiting for a turn included: shorter than a request's own deadline.
const DEADLINE: Duration = Duration::from_secs(20);
/// For one TCP connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Conversations at a time.
const TURNS: usize = 16;

#[derive(Clone)]
pub(crate) struct Smtp {
    inner: Arc<Inner>,
}

struct Inner {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    endpoint: String,
    turns: Semaphore,
}

impl Smtp {
    pub fn new(url: &str, from: &str, extra_roots_pem: &[u8]) -> Result<Self, MailSetupError> {
        let server = Server::parse(url)?;
        let from = sender(from)?;
        let endpoint = server.endpoint();
        let tls = tls(&server, extra_roots_pem)?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(CONNECT))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let Some(both) = server.credentials {
            builder = builder.credentials(Credentials::new(both.user, both.password.to_string()));
        }
        let inner = Inner {
            transport: builder.build(),
            from,
            endpoint,
            turns: Semaphore::new(TURNS),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    pub fn endpoint(&self) -> &str {
        &self.inner.endpoint
    }

    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let unwritable = || MailError::Unusable {
            server: self.inner.endpoint.clone(),
            reason: "the message cannot be written down",
        };
        let message = compose(mail, &self.inner.from).ok_or_else(unwritable)?;
        self.within_deadline(async { self.inner.transport.send(message).await.map(drop) })
            .await
    }

    /// Connects, says hello, signs in; sends nothing.
    pub async fn check(&self) -> Result<(), MailError> {
        self.within_deadline(async { self.inner.transport.test_connection().await.map(drop) })
            .await
    }

    async fn within_deadline(
        &self,
        exchange: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), MailError> {
        let with_turn = async {
            // The semaphore is never closed.
            let _turn = self.inner.turns.acquire().await;
            exchange.await
        };
        match tokio::time::timeout(DEADLINE, with_turn).await {
            Ok(outcome) => outcome.map_err(|error| self.explain(&error)),
            Err(_) => Err(self.too_slow(DEADLINE)),
        }
    }

    /// In our own words: a server may repeat what it was sent, a password or an address.
    fn explain(&self, error: &Error) -> MailError {
        let server = self.inner.endpoint.clone();
        if let Some(status) = error.status() {
            let status = u16::from(status);
            return match status {
                // Sign-in required, mechanism too weak, credentials invalid, encryption required first: RFC 4954.
                530 | 534 | 535 | 538 => MailError::SignIn { server, status },
                _ => MailError::Refused {
                    server,
                    status,
                    enhanced: enhanced_status(error),
                },
            };
        }
        if error.is_timeout() {
            return self.too_slow(CONNECT);
        }
        if error.is_tls() || is_handshake(error) {
            return MailError::Tls { server };
        }
        if error.is_client() {
            let reason =
                "it offers no way to sign in, to use TLS or to send this text that Hallpass knows";
            return MailError::Unusable { server, reason };
        }
        if error.is_response() {
            let reason = "its answer is not SMTP";
            return MailError::Unusable { server, reason };
        }
        MailError::Unreachable { server }
    }

    fn too_slow(&self, within: Duration) -> MailError {
        MailError::Timeout {
            server: self.inner.endpoint.clone(),
            within,
        }
    }
}

fn sender(text: &str) -> Result<Mailbox, MailSetupError> {
    if text.contains(char::is_control) {
        return Err(MailSetupError::From("there is a control character inside"));
    }
    text.trim()
        .parse()
        .map_err(|_| MailSetupError::From("it is no e-mail address"))
}

fn tls(server: &Server, extra_roots_pem: &[u8]) -> Result<Tls, MailSetupError> {
    if server.protection == Protection::None {
        return Ok(Tls::None);
    }
    let mut builder = TlsParameters::builder(server.host.clone())
        .certificate_store(CertificateStore::WebpkiRoots);
    if !extra_roots_pem.is_empty() {
        let unusable = |_| MailSetupError::Roots("they are not certificates in PEM form");
        let roots = Certificate::from_pem(extra_roots_pem).map_err(unusable)?;
        builder = builder.add_root_certificate(roots);
    }
    let parameters = builder
        .build()
        .map_err(|_| MailSetupError::Roots("they are not usable, or the host's name is not"))?;
    Ok(match server.protection {
        Protection::Wrapped => Tls::Wrapper(parameters),
        Protection::Required => Tls::Required(parameters),
        Protection::Opportunistic => Tls::Opportunistic(parameters),
        Protection::None => Tls::None,
    })
}

/// A failed handshake arrives as a connection error with the reason deep inside; `io::Error` hides what it wraps from
/// `source`.
fn is_handshake(error: &Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(this) = cause {
        if this.is::<rustls::Error>() {
            return true;
        }
        let wrapped = this
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => this.source(),
        };
    }
    false
}

/// The RFC 3463 code at the beginning of the answer's text, and nothing behind it.
fn enhanced_status(error: &Error) -> Option<String> {
    let text = std::error::Error::source(error)?.to_string();
    let word = text.split_ascii_whitespace().next()?;
    let parts: Vec<&str> = word.split('.').collect();
    let is_number =
        |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (parts.len() == 3 && parts.iter().all(is_number)).then(|| word.to_owned())
}
