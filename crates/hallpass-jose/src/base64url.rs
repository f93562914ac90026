//! Base64url without padding (RFC 4648 section 5), canonical spelling only.

use base64_simd::URL_SAFE_NO_PAD;

/// The text is not the one canonical base64url spelling of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotCanonical;

/// Decodes; refuses padding, foreign characters, white space, impossible lengths and non-zero trailing bits.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, NotCanonical> {
    URL_SAFE_NO_PAD
        .decode_to_vec(text)
        .map_err(|_| NotCanonical)
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

pub(crate) fn encode_append(bytes: &[u8], out: &mut String) {
    URL_SAFE_NO_PAD.encode_append(bytes, out);
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_every_non_canonical_spelling() {
        for text in [
            "=",
            "AA==",
            "AAA=",
            "A",
            "AAAAA",
            "AA AA",
            "AA\nA",
            "AA+A",
            "AA/A",
            "AA?A",
            "AA.A",
            " AAA",
            "AAA ",
            "AB",
            "A_",
            "AAB",
            "AA-",
            "\u{feff}AAAA",
            "AA\u{e9}A",
        ] {
            assert_eq!(decode(text), Err(NotCanonical), "{text:?}");
        }
        assert_eq!(decode(""), Ok(Vec::new()));
        assert_eq!(decode("AQ"), Ok(vec![1]));
    }

    proptest! {
        // data-encoding is strict by default: the slow, independent opinion.
        #[test]
        fn agrees_with_a_second_decoder(text in "[A-Za-z0-9_=+/ -]{0,80}") {
            prop_assert_eq!(decode(&text).ok(), BASE64URL_NOPAD.decode(text.as_bytes()).ok());
        }

        #[test]
        fn is_a_bijection(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = encode(&bytes);
            let mut appended = String::from("x");
            encode_append(&bytes, &mut appended);
            prop_assert_eq!(&appended[1..], &text);
            prop_assert_eq!(decode(&text), Ok(bytes));
        }
    }
}
