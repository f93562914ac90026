//! A mail as RFC 5322 wants it written.

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use crate::mail::{Mail, one_line};

/// Writes a mail down; `None` if the library does not take an address that we took.
pub(crate) fn compose(mail: &Mail, from: &Mailbox) -> Option<Message> {
    let (user, domain) = mail.to.as_str().split_once('@')?;
    let to = Mailbox::new(None, Address::new(user, domain).ok()?);
    let micros = u64::try_from(mail.sent_at.as_micros()).unwrap_or(0);
    let id = mail.id.as_simple();
    // The boundary is text that no part can hold: a line of this length with this id exists nowhere else.
    let parts = MultiPart::builder()
        .kind(lettre::message::MultiPartKind::Alternative)
        .boundary(format!("hallpass-{id}"))
        .singlepart(SinglePart::plain(mail.text.to_string()))
        .singlepart(SinglePart::html(mail.html.to_string()));
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(one_line(&mail.subject))
        .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .header(AutoSubmitted)
        .multipart(parts)
        .ok()
}

/// RFC 3834: so that nobody's holiday answers.
#[derive(Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use hallpass_identity::contact::EmailAddress;
    use hallpass_model::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn mail(to: &str, subject: &str, text: &str) -> Mail {
        Mail {
            id: Uuid::from_u128(0x1234),
            sent_at: Timestamp::from_secs(1_767_225_600),
            to: EmailAddress::parse(to).expect("an address"),
            subject: subject.to_owned(),
            text: text.to_owned().into(),
            html: format!("<p>{text}</p>").into(),
            code: None,
        }
    }

    fn written(mail: &Mail) -> String {
        let from: Mailbox = "Acme & Söhne <no-reply@auth.example.com>"
            .parse()
            .expect("a sender");
        let message = compose(mail, &from).expect("a message");
        String::from_utf8(message.formatted()).expect("ASCII")
    }

    #[test]
    fn the_message_is_ascii_with_short_lines_and_says_when_and_which() {
        let long = "Grüße, ".repeat(300);
        let text = written(&mail(
            "Ada@example.com",
            "Ваш код",
            &format!(".\n..\n{long}\n"),
        ));
        assert!(text.is_ascii());
        let (headers, _) = text.split_once("\r\n\r\n").expect("a body");
        for wanted in [
            "To: Ada@example.com",
            "Date: Thu, 01 Jan 2026 00:00:00 +0000",
            "Message-ID: <00000000000000000000000000001234@auth.example.com>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative;",
            "Subject: =?utf-8?b?",
        ] {
            assert!(headers.contains(wanted), "{wanted} in {headers}");
        }
        for line in text.split("\r\n") {
            assert!(line.len() <= 78, "{} bytes: {line}", line.len());
            assert!(!line.contains(['\r', '\n']), "a bare line end: {line:?}");
        }
    }

    #[test]
    fn a_subject_cannot_become_a_header() {
        for subject in [
            "Hi\r\nBcc: eve@example.com",
            "Hi\nBcc: eve@example.com",
            "Hi\rBcc: eve@example.com",
            "Hi\u{85}\u{0}\u{b}Bcc: eve@example.com",
            "Grüße\r\n\r\nBcc: eve@example.com",
        ] {
            let text = written(&mail("ada@example.com", subject, "text"));
            let (headers, _) = text.split_once("\r\n\r\n").expect("a body");
            assert!(
                !headers.lines().any(|line| line.starts_with("Bcc")),
                "{headers}"
            );
        }
    }

    #[test]
    fn an_address_with_a_line_break_does_not_exist() {
        for address in [
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com\nRCPT TO:<eve@example.com>",
            "ada\r\n@example.com",
            "ada@example.com>",
            "<ada@example.com",
            "ada@example.com,eve@example.com",
            "ada@example.com eve@example.com",
            "\"ada\r\nx\"@example.com",
            "ada@example.com\0",
        ] {
            assert!(EmailAddress::parse(address).is_err(), "{address:?}");
        }
    }

    #[test]
    fn every_address_that_we_take_can_be_written_to() {
        for address in [
            "a@b.co",
            "!#$%&'*+-/=?^_`{|}~@example.com",
            "a.b+c@xn--mnchen-3ya.example",
            "x@a-b.c1.example",
        ] {
            let text = written(&mail(address, "s", "t"));
            assert!(text.contains(&format!("To: {address}")), "{text}");
        }
    }
}
