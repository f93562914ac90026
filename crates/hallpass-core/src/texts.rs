//! Text messages: handed to a service of the operator's, which hands them to phones.
//!
//! Hallpass knows no carrier. It posts `{to, text, code}` to one URL, signed as the Standard Webhooks scheme says, so that
//! whoever runs the service behind it knows that the request is ours and that nobody changed or repeats it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hallpass_egress::{Egress, EgressError, Limits, Request};
use hallpass_identity::contact::PhoneNumber;
use hallpass_mail::{Caught, Trap};
use hallpass_model::{Error, Result, Timestamp};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::standard_webhooks::{WebhookSecret, signed_headers};

/// What one message may take, and how much of the answer is read.
const LIMITS: Limits = Limits {
    deadline: Duration::from_secs(5),
    body_bytes: 16 * 1024,
    redirects: 0,
};

/// How text messages leave; a clone is cheap.
#[derive(Clone)]
pub struct TextSender(Way);

#[derive(Clone)]
enum Way {
    Off,
    Webhook(Arc<Webhook>),
    Trap(Trap),
}

struct Webhook {
    egress: Egress,
    url: String,
    secret: WebhookSecret,
}

/// One message to one phone.
pub(crate) struct TextMessage {
    /// The same however often it is sent.
    pub(crate) id: Uuid,
    pub(crate) sent_at: Timestamp,
    pub(crate) to: PhoneNumber,
    pub(crate) text: Zeroizing<String>,
    pub(crate) code: Zeroizing<String>,
}

/// Why a message was not handed over; for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TextError {
    #[error("no text message can be sent: nothing is configured in [texts]")]
    Off,
    #[error("the service for text messages is not reached: {0}")]
    Egress(#[from] EgressError),
    #[error("the service for text messages answered {0}")]
    Status(u16),
}

impl TextError {
    /// Whether the service saw the message and turned it down for good.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Status(status) if (400..500).contains(status))
    }
}

impl TextSender {
    /// Messages that are refused: nobody configured a service.
    #[must_use]
    pub fn off() -> Self {
        Self(Way::Off)
    }

    /// Messages that are posted to a URL as JSON `{to, text, code}`, signed with a secret of the form `whsec_<Base64>`.
    ///
    /// # Errors
    /// What the gate says against the URL; `invalid_text_secret`.
    pub fn webhook(egress: Egress, url: &str, secret: &str) -> Result<Self> {
        let url = egress.check_url(url)?.to_string();
        let secret = WebhookSecret::parse(secret).ok_or_else(|| {
            Error::unprocessable(
                "invalid_text_secret",
                "the secret for text messages is whsec_ and 24 to 64 bytes in Base64",
            )
        })?;
        let webhook = Webhook {
            egress,
            url,
            secret,
        };
        Ok(Self(Way::Webhook(Arc::new(webhook))))
    }

    /// Messages that never leave: they are kept and shown.
    #[must_use]
    pub fn trap(trap: Trap) -> Self {
        Self(Way::Trap(trap))
    }

    /// Whether nobody configured anything.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self.0, Way::Off)
    }

    pub(crate) async fn send(&self, message: &TextMessage) -> std::result::Result<(), TextError> {
        match &self.0 {
            Way::Off => Err(TextError::Off),
            Way::Webhook(webhook) => webhook.post(message).await,
            Way::Trap(trap) => {
                trap.keep(Caught {
                    id: message.id,
                    to: message.to.as_str().to_owned(),
                    subject: String::new(),
                    text: message.text.to_string(),
                    code: Some(message.code.to_string()),
                    sent_at: message.sent_at,
                });
                Ok(())
            }
        }
    }
}

impl Webhook {
    async fn post(&self, message: &TextMessage) -> std::result::Result<(), TextError> {
        let body = json!({
            "to": message.to.as_str(),
            "text": *message.text,
            "code": *message.code,
        })
        .to_string();
        let id = format!("msg_{}", message.id.as_simple());
        let headers = signed_headers([&self.secret], &id, message.sent_at, body.as_bytes());
        let mut request =
            Request::post(&self.url, body).with_header("content-type", "application/json")?;
        for (name, value) in headers {
            request = request.with_header(name, &value)?;
        }
        let answer = self.egress.send(request, LIMITS).await?;
        match answer.status {
            200..300 => Ok(()),
            status => Err(TextError::Status(status)),
        }
    }
}

impl fmt::Debug for TextSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Way::Off => "TextSender(off)",
            Way::Webhook(_) => "TextSender(webhook)",
            Way::Trap(_) => "TextSender(trap)",
        })
    }
}
