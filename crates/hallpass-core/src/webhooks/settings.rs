//! What may be said of a webhook.

use hallpass_egress::Egress;
use hallpass_model::{Error, Result, WebhookEvent, limits};

/// Headers that a delivery has for another reason, or that belong to the connection.
const TAKEN_HEADERS: [&str; 14] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "user-agent",
];
const TAKEN_PREFIXES: [&str; 5] = ["webhook-", "hallpass-", "proxy-", "transfer-", "sec-"];
const HEADER_BYTES: usize = 64;

/// The address in its one spelling.
///
/// # Errors
/// `invalid_webhook`, or the gate's refusal, at `/url`.
pub(super) fn checked_url(url: &str, egress: &Egress) -> Result<String> {
    if url.is_empty() || url.len() > limits::WEBHOOK_URL_BYTES {
        return Err(invalid("/url", "a URL of 1 to 2048 bytes"));
    }
    let checked = egress
        .check_url(url)
        .map_err(|error| Error::from(error).at("/url"))?;
    Ok(checked.to_string())
}

/// # Errors
/// `invalid_webhook` with the pointer of the first event that cannot be asked for.
pub(super) fn checked_events(words: &[String]) -> Result<Vec<WebhookEvent>> {
    let known = WebhookEvent::ALL.map(WebhookEvent::as_str).join(", ");
    if words.is_empty() {
        return Err(invalid("/events", format!("at least one of {known}")));
    }
    let mut events = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let event = WebhookEvent::from_word(word).ok_or_else(|| {
            let why = if word == super::events::PING {
                "test.ping is sent by a test only; leave it out".to_owned()
            } else {
                format!("one of {known}")
            };
            invalid(format!("/events/{index}"), why)
        })?;
        if events.contains(&event) {
            return Err(invalid(
                format!("/events/{index}"),
                "each event stands once",
            ));
        }
        events.push(event);
    }
    Ok(events)
}

/// # Errors
/// `invalid_webhook` at `/signature_header`.
pub(super) fn check_header(name: &str) -> Result<()> {
    let lower = name.to_ascii_lowercase();
    let letters = lower
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let taken = TAKEN_HEADERS.contains(&lower.as_str())
        || TAKEN_PREFIXES
            .iter()
            .any(|prefix| lower.starts_with(prefix));
    if name.is_empty() || name.len() > HEADER_BYTES || !letters || taken {
        return Err(invalid(
            "/signature_header",
            "a header name of 1 to 64 letters, digits and hyphens, such as X-Signature, that no other header of a delivery has",
        ));
    }
    Ok(())
}

fn invalid(pointer: impl Into<String>, why: impl Into<String>) -> Error {
    Error::unprocessable("invalid_webhook", why).at(pointer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_events_can_be_asked_for_each_once() {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>()
        };
        let good = checked_events(&words(&["user.created", "user.external_wallet_verified"]));
        assert_eq!(good.ok(), Some(WebhookEvent::ALL.to_vec()));
        for (bad, pointer) in [
            (words(&[]), "/events"),
            (words(&["user.created", "user.created"]), "/events/1"),
            (words(&["test.ping"]), "/events/0"),
            (words(&["User.Created"]), "/events/0"),
            (words(&["user.created", "*"]), "/events/1"),
        ] {
            let error = checked_events(&bad).expect_err("refused");
            assert_eq!(
                (error.code(), error.pointer()),
                ("invalid_webhook", Some(pointer))
            );
        }
    }

    #[test]
    fn a_header_of_one_s_own_takes_no_other_s_place() {
        for good in ["X-Signature", "para-signature", "x1"] {
            assert!(check_header(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "X Signature",
            "X_Signature",
            "Webhook-Id",
            "webhook-signature",
            "HOST",
            "Cookie",
            "Transfer-Encoding",
            "Hallpass-Delivery",
            "X-Signatur\u{e4}",
            "X\r\nY",
            &"a".repeat(65),
        ] {
            assert!(check_header(bad).is_err(), "{bad:?}");
        }
    }
}
