//! Keys that people copy: `<prefix><random><checksum>`. Kept only as a SHA-256 digest.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::Encoding;
use data_encoding_macro::new_encoding;
use zeroize::Zeroizing;

use crate::rng::Rng;

/// Lower-case RFC 4648 base32: no letter case to get wrong, one double-click selects it all.
const BASE32: Encoding = new_encoding! { symbols: "abcdefghijklmnopqrstuvwxyz234567", };
const RANDOM_BYTES: usize = 25;
const RANDOM_CHARS: usize = 40;
const CHECKSUM_CHARS: usize = 8;
const HINT_CHARS: usize = 6;

/// A secret that is shown once.
pub(crate) struct SecretText {
    text: Zeroizing<String>,
    prefix_len: usize,
}

impl SecretText {
    pub(crate) fn generate(prefix: &str, rng: &dyn Rng) -> Self {
        let random = Zeroizing::new(rng.bytes::<RANDOM_BYTES>());
        let mut text = Zeroizing::new(String::with_capacity(
            prefix.len() + RANDOM_CHARS + CHECKSUM_CHARS,
        ));
        text.push_str(prefix);
        BASE32.encode_append(&*random, &mut text);
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self {
            text,
            prefix_len: prefix.len(),
        }
    }

    /// What is kept of it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256(&self.text)
    }

    /// Its first characters: enough to tell keys apart, useless to guess one.
    pub(crate) fn hint(&self) -> String {
        self.text
            .chars()
            .take(self.prefix_len + HINT_CHARS)
            .collect()
    }

    pub(crate) fn reveal(self) -> Zeroizing<String> {
        self.text
    }

    /// The digest of a presented text, if it has the right shape. A mistyped one costs no look-up.
    pub(crate) fn digest_of(prefix: &str, presented: &str) -> Option<[u8; 32]> {
        let random = presented.strip_prefix(prefix)?;
        if random.len() != RANDOM_CHARS + CHECKSUM_CHARS || !random.is_ascii() {
            return None;
        }
        let (body, given) = presented.split_at(prefix.len() + RANDOM_CHARS);
        (checksum(body) == given).then(|| sha256(presented))
    }
}

fn checksum(text: &str) -> String {
    BASE32.encode(&sha256(text)[..CHECKSUM_CHARS * 5 / 8])
}

fn sha256(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SystemRng;

    #[test]
    fn a_secret_is_recognised_and_a_mistyped_one_is_not() {
        let secret = SecretText::generate("hpo_", &SystemRng::new());
        let (digest, hint) = (secret.digest(), secret.hint());
        let text = secret.reveal();
        assert_eq!(text.len(), 4 + RANDOM_CHARS + CHECKSUM_CHARS);
        assert!(text.starts_with(&hint) && hint.len() == 10);
        assert_eq!(SecretText::digest_of("hpo_", &text), Some(digest));
        for place in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[place] = if other[place] == b'a' { b'b' } else { b'a' };
            assert_eq!(
                SecretText::digest_of("hpo_", std::str::from_utf8(&other).unwrap()),
                None,
                "{place}"
            );
        }
        for other in ["", "hpo_", &text[1..], &text[..text.len() - 1], "hpo_ü"] {
            assert_eq!(SecretText::digest_of("hpo_", other), None, "{other}");
        }
    }
}
