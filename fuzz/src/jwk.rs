//! Keys: whatever is accepted survives a trip through every form, with the same thumbprint.

use hallpass_jose::{Jwk, JwkSet, MAX_JWKS_KEYS, VerifyingKey};

/// Reads the text as a JWK, a JWKS and a PEM. Answers whether any of them held.
///
/// # Panics
/// When a law is broken.
pub fn check_jwk(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let mut accepted = false;
    if let Ok(jwk) = Jwk::from_json(text) {
        accepted = true;
        let again = serde_json::to_string(&jwk).expect("a JWK serialises");
        let again = Jwk::from_json(&again).expect("a JWK reads itself back");
        assert_eq!(
            serde_json::to_value(&again).ok(),
            serde_json::to_value(&jwk).ok()
        );
    }
    if let Ok(key) = VerifyingKey::from_jwk_json(text) {
        accepted = true;
        assert!(
            Jwk::from_json(text).is_ok(),
            "a key from a JWK that is none"
        );
        survives_every_form(&key);
    }
    if let Ok(set) = JwkSet::from_json(text) {
        accepted = true;
        assert!(
            set.keys().len() + set.skipped().len() <= MAX_JWKS_KEYS,
            "the cap on keys holds"
        );
        for entry in set.keys() {
            survives_every_form(entry.key());
            if let Some(found) = entry.kid().and_then(|kid| set.find(kid)) {
                assert_eq!(found.key(), entry.key(), "a kid names one key");
            }
        }
    }
    if let Ok(key) = VerifyingKey::from_pem(text) {
        accepted = true;
        survives_every_form(&key);
    }
    accepted
}

fn survives_every_form(key: &VerifyingKey) {
    let jwk = VerifyingKey::from_jwk(&key.to_jwk()).expect("its own JWK is accepted");
    assert_eq!(&jwk, key);
    let pem = VerifyingKey::from_pem(&key.to_spki_pem()).expect("its own PEM is accepted");
    let pem = pem
        .with_algorithm(key.algorithm())
        .expect("the same kind of key takes the same algorithm");
    assert_eq!(&pem, key);
    assert_eq!(pem.thumbprint(), key.thumbprint());
    assert!(key.verify_signature(b"message", b"no signature").is_err());
}
