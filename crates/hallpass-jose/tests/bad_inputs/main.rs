//! One test per class of bad input that this crate answers; the numbers are those of the project's list.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod header;
mod keys;
mod payload;
mod signature;

use data_encoding::BASE64URL_NOPAD;
use hallpass_jose::{SigningKey, UnverifiedToken, VerifyingKey};

const RSA: &str = include_str!("../keys/rsa2048.pkcs8.pem");
const RSA_PUBLIC: &str = include_str!("../keys/rsa2048.spki.pem");
const HEADER: &str = r#"{"alg":"RS256"}"#;
const CLAIMS: &str = r#"{"sub":"u","iat":1700000000,"exp":1700003600}"#;

fn rsa() -> SigningKey {
    SigningKey::from_pem(RSA).unwrap()
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

/// A token with a signature that is right for exactly this header and payload, whatever they are.
fn signed(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", b64(header), b64(payload));
    let signature = key.sign_bytes(input.as_bytes()).unwrap();
    format!("{input}.{}", b64(signature))
}

/// The answer to a token, as far as this crate gives it.
fn answer(token: &str, key: &VerifyingKey) -> Result<(), &'static str> {
    let verified = UnverifiedToken::parse(token)
        .and_then(|token| token.verify(key))
        .map_err(|error| error.code())?;
    verified.claims().map(|_| ()).map_err(|error| error.code())
}

fn header_answer(header: &str) -> Result<(), &'static str> {
    answer(&signed(&rsa(), header, CLAIMS), &rsa().verifying_key())
}

fn claims_answer(payload: &str) -> Result<(), &'static str> {
    answer(&signed(&rsa(), HEADER, payload), &rsa().verifying_key())
}

#[test]
fn the_good_token_is_accepted() {
    assert_eq!(header_answer(HEADER), Ok(()));
    assert_eq!(
        header_answer(r#"{"typ":"JWT","alg":"RS256","kid":"k 1"}"#),
        Ok(())
    );
}
