//! The seeds of the fuzz targets, replayed: nothing panics, and what is accepted has one spelling only.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use hallpass_jose::{JwkSet, UnverifiedToken, VerifyingKey};

fn seeds(target: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let files = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let seeds: Vec<_> = files
        .filter_map(|path| {
            Some((
                path.file_name()?.to_string_lossy().into_owned(),
                fs::read_to_string(path).ok()?,
            ))
        })
        .collect();
    assert!(seeds.len() > 20, "no seeds in {}", folder.display());
    seeds
}

#[test]
fn tokens() {
    let mut accepted = 0;
    for (name, text) in seeds("token") {
        let Ok(token) = UnverifiedToken::parse(&text) else {
            continue;
        };
        let mut parts = text.split('.').skip(1);
        assert_eq!(
            parts.next(),
            Some(&*BASE64URL_NOPAD.encode(token.unverified_payload().as_bytes())),
            "{name}"
        );
        assert_eq!(
            parts.next(),
            Some(&*BASE64URL_NOPAD.encode(token.signature())),
            "{name}"
        );
        let _ = token.unverified_claims();
        accepted += 1;
    }
    assert!(accepted >= 10, "{accepted}");
}

#[test]
fn keys() {
    let (mut accepted, mut sets) = (0, 0);
    for (name, text) in seeds("jwk") {
        for key in [
            VerifyingKey::from_pem(&text),
            VerifyingKey::from_jwk_json(&text),
        ]
        .into_iter()
        .flatten()
        {
            assert_eq!(
                VerifyingKey::from_jwk(&key.to_jwk()).as_ref(),
                Ok(&key),
                "{name}"
            );
            let reread = VerifyingKey::from_pem(&key.to_spki_pem())
                .unwrap()
                .with_algorithm(key.algorithm());
            assert_eq!(reread.as_ref(), Ok(&key), "{name}");
            accepted += 1;
        }
        sets += usize::from(JwkSet::from_json(&text).is_ok());
    }
    assert!(accepted >= 10 && sets >= 2, "{accepted} {sets}");
}
