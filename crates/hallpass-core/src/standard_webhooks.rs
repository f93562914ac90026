//! How Hallpass signs what it sends: the Standard Webhooks scheme.
//!
//! Signed is `<id>.<seconds since 1970>.<body>` with HMAC-SHA-256; the header holds one `v1,<base64>` for each secret
//! that counts, so that a receiver changes secrets without losing a message.

use aws_lc_rs::hmac;
use data_encoding::BASE64;
use hallpass_model::Timestamp;
use zeroize::Zeroizing;

use crate::rng::Rng;

/// The stable id of the message: the same whenever it is sent again.
pub(crate) const ID_HEADER: &str = "webhook-id";
/// When this attempt was signed, in seconds since 1970.
pub(crate) const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// One signature per secret, separated by spaces.
pub(crate) const SIGNATURE_HEADER: &str = "webhook-signature";

const SECRET_PREFIX: &str = "whsec_";
const GENERATED_BYTES: usize = 32;
/// What the scheme allows.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What both sides know. Shown as `whsec_<base64>`.
pub(crate) struct WebhookSecret(Zeroizing<Vec<u8>>);

impl WebhookSecret {
    pub(crate) fn generate(rng: &dyn Rng) -> Self {
        Self(Zeroizing::new(rng.bytes::<GENERATED_BYTES>().to_vec()))
    }

    /// Takes bytes over; `None` if the scheme does not allow as few or as many.
    pub(crate) fn from_bytes(bytes: impl Into<Zeroizing<Vec<u8>>>) -> Option<Self> {
        let bytes = bytes.into();
        SECRET_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// Reads the shown form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(SECRET_PREFIX)?;
        Self::from_bytes(BASE64.decode(encoded.as_bytes()).ok()?)
    }

    /// The bytes, to be sealed.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The shown form.
    pub(crate) fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(
            SECRET_PREFIX.len() + BASE64.encode_len(self.0.len()),
        ));
        text.push_str(SECRET_PREFIX);
        BASE64.encode_append(&self.0, &mut text);
        text
    }

    fn signature(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let mut context = hmac::Context::with_key(&key);
        context.update(format!("{id}.{}.", at.as_secs()).as_bytes());
        context.update(body);
        format!("v1,{}", BASE64.encode(context.sign().as_ref()))
    }
}

/// The three headers of a message. `id` has no full stop, or it could lend bytes to the time.
pub(crate) fn signed_headers<'a>(
    secrets: impl IntoIterator<Item = &'a WebhookSecret>,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> [(&'static str, String); 3] {
    let signatures: Vec<String> = secrets
        .into_iter()
        .map(|secret| secret.signature(id, at, body))
        .collect();
    [
        (ID_HEADER, id.to_owned()),
        (TIMESTAMP_HEADER, at.as_secs().to_string()),
        (SIGNATURE_HEADER, signatures.join(" ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SystemRng;

    fn secret(byte: u8, length: usize) -> Option<WebhookSecret> {
        WebhookSecret::from_bytes(vec![byte; length])
    }

    #[test]
    fn the_signature_is_hmac_sha256_of_id_time_and_body() {
        // Computed with Python: base64(hmac.new(b"k"*32, b'msg_1.1767225600.{"a":1}', sha256)).
        let secret = secret(b'k', 32).expect("32 bytes");
        let at = Timestamp::from_micros(1_767_225_600_999_999);
        let headers = signed_headers([&secret], "msg_1", at, br#"{"a":1}"#);
        assert_eq!(
            headers,
            [
                ("webhook-id", "msg_1".to_owned()),
                ("webhook-timestamp", "1767225600".to_owned()),
                (
                    "webhook-signature",
                    "v1,NW3LL5gImy7EuyDEV9L4ung/mmxQNujApM5xkWZpkUk=".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn while_a_secret_is_changed_both_sign() {
        let (new, old) = (secret(1, 24).expect("24"), secret(2, 64).expect("64"));
        let at = Timestamp::from_secs(1);
        let [_, _, (_, both)] = signed_headers([&new, &old], "i", at, b"b");
        let parts: Vec<&str> = both.split(' ').collect();
        assert_eq!(
            parts,
            [new.signature("i", at, b"b"), old.signature("i", at, b"b")]
        );
        assert_ne!(parts[0], parts[1]);
    }

    #[test]
    fn id_time_and_body_are_each_part_of_it() {
        let secret = secret(1, 32).expect("32");
        let signature =
            |id, secs, body: &[u8]| secret.signature(id, Timestamp::from_secs(secs), body);
        let one = signature("i", 1, b"b");
        for other in [
            signature("j", 1, b"b"),
            signature("i", 2, b"b"),
            signature("i", 1, b"c"),
            signature("i", 1, b""),
        ] {
            assert_ne!(other, one);
        }
    }

    #[test]
    fn a_secret_is_read_as_it_was_shown() {
        let made = WebhookSecret::generate(&SystemRng::new());
        let shown = made.reveal();
        assert!(shown.starts_with("whsec_"), "the prefix");
        let read = WebhookSecret::parse(&shown).expect("our own form");
        assert_eq!(read.expose(), made.expose());
        assert_eq!(made.expose().len(), 32);
    }

    #[test]
    fn what_is_no_secret_is_not_read() {
        let encoded = |length| format!("whsec_{}", BASE64.encode(&vec![7; length]));
        assert!(WebhookSecret::parse(&encoded(24)).is_some());
        assert!(WebhookSecret::parse(&encoded(64)).is_some());
        for text in [
            String::new(),
            "whsec_".to_owned(),
            encoded(23),
            encoded(65),
            encoded(32).replace("whsec_", ""),
            encoded(32).replace("whsec_", "WHSEC_"),
            encoded(32).trim_end_matches('=').to_owned(),
            format!("{} ", encoded(32)),
            "whsec_ä".repeat(9),
        ] {
            assert!(WebhookSecret::parse(&text).is_none(), "{text:?}");
        }
    }
}
