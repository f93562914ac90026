//! One attempt: a signed POST through the gate.

use std::time::Duration;

use hallpass_egress::{EgressError, Fetched, Limits, Request};

use super::Outcome;
use crate::Shared;
use crate::standard_webhooks::{WebhookSecret, signed_headers};

/// Marks what a Hallpass sends, so that one which is sent its own messages refuses them (508) instead of going round.
pub const DELIVERY_HEADER: &str = "hallpass-delivery";

const LIMITS: Limits = Limits {
    deadline: Duration::from_secs(10),
    body_bytes: 64 * 1024,
    redirects: 0,
};

/// Where to send, and with what to sign.
pub(crate) struct Receiver {
    pub(crate) url: String,
    pub(crate) secrets: Vec<WebhookSecret>,
    /// A header that repeats the signature.
    pub(crate) signature_header: Option<String>,
}

/// What an attempt came to.
#[derive(Debug, Clone)]
pub(crate) struct Attempted {
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
    pub(crate) took_ms: i64,
    /// Why it failed, for the operator who tests.
    pub(crate) detail: Option<String>,
}

pub(crate) async fn send(
    shared: &Shared,
    receiver: &Receiver,
    event_id: &str,
    payload: &str,
) -> Attempted {
    let begun = shared.clock.monotonic();
    let answer = match request(shared, receiver, event_id, payload) {
        Ok(request) => shared.egress.send(request, LIMITS).await,
        Err(error) => Err(error),
    };
    let took = shared.clock.monotonic().saturating_sub(begun);
    Attempted {
        outcome: Outcome::of(&answer, shared.clock.now()),
        status: answer.as_ref().ok().map(|fetched| fetched.status),
        took_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        detail: detail(&answer),
    }
}

fn request(
    shared: &Shared,
    receiver: &Receiver,
    event_id: &str,
    payload: &str,
) -> Result<Request, EgressError> {
    let headers = signed_headers(
        &receiver.secrets,
        event_id,
        shared.clock.now(),
        payload.as_bytes(),
    );
    let mut request = Request::post(&receiver.url, payload)
        .with_header("content-type", "application/json")?
        .with_header(DELIVERY_HEADER, "1")?;
    if let (Some(name), [.., (_, signature)]) = (&receiver.signature_header, &headers) {
        request = request.with_header(name, signature)?;
    }
    for (name, value) in &headers {
        request = request.with_header(name, value)?;
    }
    Ok(request)
}

fn detail(answer: &Result<Fetched, EgressError>) -> Option<String> {
    match answer {
        Ok(fetched) => (!(200..=299).contains(&fetched.status)).then(|| {
            format!(
                "it answered {}; only 2xx says that it has it",
                fetched.status
            )
        }),
        Err(error) => Some(error.to_string()),
    }
}
