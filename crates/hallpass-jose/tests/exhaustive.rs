//! Every text one edit away from a valid token is refused: changes, deletions, insertions.
//!
//! Most neighbours fail to parse. The rest reach the signature check, so the sheer number of them stays affordable:
//! a character of 64 in any place, and all of them for RS256, which is what the product's own tokens use.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use hallpass_jose::{ProtectedHeader, SigningKey, TokenError, UnverifiedToken, VerifyingKey};

const PAYLOAD: &[u8] = br#"{"sub":"user-1","iat":1700000000,"exp":1700003600}"#;

/// Characters of two, three and four bytes, and look-alikes of those that a token consists of.
const BEYOND_ASCII: [char; 9] = [
    '\u{80}',
    '\u{e9}',
    '\u{7ff}',
    '\u{2024}',
    '\u{200b}',
    '\u{feff}',
    '\u{ff0e}',
    '\u{fffd}',
    '\u{1f511}',
];

#[derive(Default)]
struct Tally {
    tried: AtomicUsize,
    /// Neighbours that were only refused by their signature.
    verified: AtomicUsize,
}

impl Tally {
    fn refuse(&self, text: &str, key: &VerifyingKey, edit: &str) {
        self.tried.fetch_add(1, Ordering::Relaxed);
        let Ok(token) = UnverifiedToken::parse(text) else {
            return;
        };
        let refusal = token.verify(key).err();
        assert!(refusal.is_some(), "accepted after: {edit}");
        let by_signature = refusal == Some(TokenError::SignatureInvalid);
        self.verified
            .fetch_add(usize::from(by_signature), Ordering::Relaxed);
    }
}

/// Runs `edit_at` for every position, spread over the processors.
fn every_position(token: &str, positions: usize, edit_at: impl Fn(usize, &mut Vec<u8>) + Sync) {
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut scratch = Vec::with_capacity(token.len() + 8);
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= positions {
                        return;
                    }
                    edit_at(at, &mut scratch);
                }
            });
        }
    });
}

fn characters() -> impl Iterator<Item = char> {
    (0u8..0x80).map(char::from).chain(BEYOND_ASCII)
}

fn refuse_all_neighbours(key: &SigningKey) {
    let header = ProtectedHeader {
        kid: Some("k1"),
        typ: Some("JWT"),
    };
    let token = key.sign(&header, PAYLOAD).unwrap();
    let public = key.verifying_key();
    assert!(
        UnverifiedToken::parse(&token)
            .unwrap()
            .verify(&public)
            .is_ok()
    );
    let tally = Tally::default();
    let bytes = token.as_bytes();

    every_position(&token, bytes.len(), |at, scratch| {
        let (before, rest) = bytes.split_at(at);
        let (old, after) = rest.split_first().unwrap();
        let mut refuse = |middle: &[u8], edit: &str| {
            scratch.clear();
            scratch.extend_from_slice(before);
            scratch.extend_from_slice(middle);
            scratch.extend_from_slice(after);
            // What is no UTF-8 cannot be handed to the reader at all: a header value becomes `&str` before.
            if let Ok(text) = std::str::from_utf8(scratch) {
                tally.refuse(text, &public, edit);
            }
        };
        for value in (0..=u8::MAX).filter(|value| value != old) {
            refuse(&[value], &format!("byte {at} set to {value:#04x}"));
        }
        for character in BEYOND_ASCII {
            refuse(
                character.encode_utf8(&mut [0; 4]).as_bytes(),
                &format!("byte {at} set to {character:?}"),
            );
        }
        refuse(&[], &format!("byte {at} deleted"));
    });

    every_position(&token, bytes.len() + 1, |at, scratch| {
        let (before, after) = bytes.split_at(at);
        for character in characters() {
            scratch.clear();
            scratch.extend_from_slice(before);
            scratch.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            scratch.extend_from_slice(after);
            tally.refuse(
                std::str::from_utf8(scratch).unwrap(),
                &public,
                &format!("{character:?} inserted at {at}"),
            );
        }
    });

    let (tried, verified) = (tally.tried.into_inner(), tally.verified.into_inner());
    // 127 other ASCII values, 9 further characters and 1 deletion per byte; 128 + 9 insertions per gap.
    assert_eq!(
        tried,
        bytes.len() * (127 + 9 + 1) + (bytes.len() + 1) * (128 + 9)
    );
    assert!(
        verified > bytes.len() * 10,
        "the signature check was hardly reached: {verified}"
    );
}

#[test]
fn every_neighbour_of_an_rs256_token_is_refused() {
    refuse_all_neighbours(&SigningKey::from_pem(include_str!("keys/rsa2048.pkcs8.pem")).unwrap());
}

#[test]
fn every_neighbour_of_an_es256_token_is_refused() {
    refuse_all_neighbours(&SigningKey::from_pem(include_str!("keys/p256.pkcs8.pem")).unwrap());
}

#[test]
fn every_neighbour_of_an_eddsa_token_is_refused() {
    refuse_all_neighbours(&SigningKey::from_pem(include_str!("keys/ed25519.pkcs8.pem")).unwrap());
}
