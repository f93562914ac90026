//! Proof Key for Code Exchange (RFC 7636), S256 only.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use hallpass_seal::SecretText;

/// The secret that only the one who began a flow can show when it ends.
#[derive(Debug)]
pub struct Verifier(SecretText);

impl Verifier {
    /// Makes one from 256 random bits: 43 characters, as the standard recommends.
    #[must_use]
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(SecretText::new(BASE64URL_NOPAD.encode(&random)))
    }

    /// One that was made before and kept.
    #[must_use]
    pub fn from_kept(text: SecretText) -> Self {
        Self(text)
    }

    /// The text itself, for keeping it and for the token endpoint.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What the authorization request shows of it.
    pub(crate) fn challenge(&self) -> String {
        BASE64URL_NOPAD.encode(digest(&SHA256, self.expose().as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    #[test]
    fn the_standards_example() {
        let octets = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212,
            37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = Verifier::from_random(octets);
        assert_eq!(
            verifier.expose(),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        assert_eq!(
            verifier.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        assert!(!format!("{verifier:?}").contains("dBjf"));
    }
}
