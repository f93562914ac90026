//! Token text: one spelling, the same reading as a lenient JSON parser's, and no signature but the key holder's.

use std::sync::LazyLock;

use data_encoding::BASE64URL_NOPAD;
use hallpass_jose::{Claims, SigningKey, UnverifiedToken, raw};
use serde_json::Value;

/// Answers whether the text is a token.
///
/// # Panics
/// When a law is broken.
pub fn check_token(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let Ok(token) = UnverifiedToken::parse(text) else {
        return false;
    };
    let header = has_one_spelling(text, &token);
    reads_as_serde_json_does(&header, &token);
    if let Ok(claims) = token.unverified_claims() {
        claims_match(&claims, token.unverified_payload());
    }
    if let Ok(verified) = token.verify(&KEY.verifying_key()) {
        assert_eq!(verified.payload(), token.unverified_payload());
        is_what_the_key_signs(text, token.signature());
    }
    true
}

/// The key that signed the seeds which verify. RS256 signs the same text to the same bytes.
static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::from_pem(include_str!(
        "../../crates/hallpass-jose/tests/keys/rsa2048.pkcs8.pem"
    ))
    .expect("the test key of hallpass-jose is good")
});

/// Each segment is the canonical base64url of what was read from it; answers the decoded header.
fn has_one_spelling(text: &str, token: &UnverifiedToken<'_>) -> Vec<u8> {
    let header_segment = text.split('.').next().unwrap_or_default();
    let header = BASE64URL_NOPAD
        .decode(header_segment.as_bytes())
        .expect("an accepted header segment is base64url");
    let again = [
        &header[..],
        token.unverified_payload().as_bytes(),
        token.signature(),
    ]
    .map(|part| BASE64URL_NOPAD.encode(part))
    .join(".");
    assert_eq!(again, text, "an accepted token has a second spelling");
    header
}

fn reads_as_serde_json_does(header: &[u8], token: &UnverifiedToken<'_>) {
    let header: Value = serde_json::from_slice(header).expect("an accepted header is JSON");
    assert_eq!(header["alg"], token.header().alg.as_str());
    assert_eq!(
        header.get("kid").and_then(Value::as_str),
        token.header().kid.as_deref()
    );
    assert_eq!(
        header.get("typ").and_then(Value::as_str),
        token.header().typ.as_deref()
    );
    for refused in ["crit", "jwk", "jku", "x5u", "x5c"] {
        assert!(
            header.get(refused).is_none(),
            "accepted a header with {refused}"
        );
    }
    let payload = read_payload(token.unverified_payload());
    assert!(
        payload.is_none_or(|payload| payload.is_object()),
        "an accepted payload is an object"
    );
}

/// `None` where a number is beyond what serde_json holds: grammatical, in a member that nobody reads.
fn read_payload(payload: &str) -> Option<Value> {
    match serde_json::from_str(payload) {
        Ok(value) => Some(value),
        Err(error) if error.to_string().starts_with("number out of range") => None,
        Err(error) => panic!("an accepted payload is no JSON: {error}"),
    }
}

fn claims_match(claims: &Claims<'_>, payload: &str) {
    let Some(payload) = read_payload(payload) else {
        return;
    };
    assert_eq!(
        payload.get("sub").and_then(Value::as_str),
        claims.sub.as_deref()
    );
    assert_eq!(
        payload.get("iss").and_then(Value::as_str),
        claims.iss.as_deref()
    );
    for (name, time) in [
        ("exp", claims.exp),
        ("nbf", claims.nbf),
        ("iat", claims.iat),
    ] {
        assert_eq!(
            payload.get(name).is_some(),
            time.is_some(),
            "{name} is never silently absent"
        );
        let Some(time) = time else { continue };
        let exact = payload[name]
            .as_f64()
            .expect("an accepted time is a number");
        assert!(
            (0..1 << 53).contains(&time) && exact >= 0.0,
            "{name} = {exact} read as {time}"
        );
        assert!(
            (exact - time as f64).abs() < 1.0,
            "{name} = {exact} read as {time}"
        );
    }
    let members = payload.as_object().expect("an object");
    assert_eq!(
        claims.raw_members().len(),
        members.len(),
        "no member twice, none lost"
    );
    for (name, text) in claims.raw_members() {
        let value: Value = serde_json::from_str(text).expect("a raw member is JSON");
        assert_eq!(Some(&value), members.get(&*name), "raw member {name}");
        // serde_json gives some names a meaning of its own.
        let own_names = text.contains("serde_json::private");
        let inner = value.as_object().filter(|_| !own_names);
        for (inner, expected) in inner.into_iter().flatten() {
            let found = raw::member(text, inner).expect("a member of an object is found");
            let found: Value = serde_json::from_str(found).expect("its text is JSON");
            assert_eq!(&found, expected, "member {inner} of {name}");
        }
    }
}

/// What verifies under a key is byte for byte what the key signs.
fn is_what_the_key_signs(text: &str, signature: &[u8]) {
    let (message, _) = text.rsplit_once('.').expect("three segments");
    let ours = KEY
        .sign_bytes(message.as_bytes())
        .expect("RS256 signs any message");
    assert_eq!(ours, signature, "a signature that the key did not make");
}
