//! The same tokens through this crate and through `jsonwebtoken`, an independent reader on the same backend.
//!
//! Where the two differ on purpose:
//! * refused here, accepted there: repeated members; `crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c` in the header; a `kid`
//!   that is null, empty, longer than 256 or not printable ASCII; a `typ` that is null; nesting beyond 32; texts
//!   longer than 16 KiB; registered claims of the wrong type or out of range;
//! * accepted here, refused there: header members that mean nothing to either (`cty`, `x5t`, `zip`, ...) with a value
//!   that is no string.
//!
//! Everything else must agree: acceptance, and what the accepted claims are.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use hallpass_jose::{
    Algorithm, ClaimError, MAX_TOKEN_BYTES, ProtectedHeader, SigningKey, TokenError,
    UnverifiedToken, VerifyingKey,
};
use jsonwebtoken::{DecodingKey, EncodingKey, Validation};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

const RSA: (&str, &str) = (
    include_str!("keys/rsa2048.pkcs8.pem"),
    include_str!("keys/rsa2048.spki.pem"),
);
const P256: (&str, &str) = (
    include_str!("keys/p256.pkcs8.pem"),
    include_str!("keys/p256.spki.pem"),
);
const P384: (&str, &str) = (
    include_str!("keys/p384.pkcs8.pem"),
    include_str!("keys/p384.spki.pem"),
);
const ED25519: (&str, &str) = (
    include_str!("keys/ed25519.pkcs8.pem"),
    include_str!("keys/ed25519.spki.pem"),
);

/// Random tokens per test.
const CASES: u32 = 1_500;

fn pem(algorithm: Algorithm) -> (&'static str, &'static str) {
    match algorithm {
        Algorithm::ES256 => P256,
        Algorithm::ES384 => P384,
        Algorithm::EdDSA => ED25519,
        _ => RSA,
    }
}

fn our_key(algorithm: Algorithm) -> VerifyingKey {
    VerifyingKey::from_pem(pem(algorithm).1)
        .unwrap()
        .with_algorithm(algorithm)
        .unwrap()
}

fn their_key(algorithm: Algorithm) -> (EncodingKey, DecodingKey) {
    let (private, public) = pem(algorithm);
    let (private, public) = (private.as_bytes(), public.as_bytes());
    match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => (
            EncodingKey::from_ec_pem(private).unwrap(),
            DecodingKey::from_ec_pem(public).unwrap(),
        ),
        Algorithm::EdDSA => (
            EncodingKey::from_ed_pem(private).unwrap(),
            DecodingKey::from_ed_pem(public).unwrap(),
        ),
        _ => (
            EncodingKey::from_rsa_pem(private).unwrap(),
            DecodingKey::from_rsa_pem(public).unwrap(),
        ),
    }
}

/// Why this crate refuses a token: its text and signature, or its claims.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Refusal {
    Token(TokenError),
    Claim(ClaimError),
}

fn ours(token: &str, algorithm: Algorithm) -> Result<Value, Refusal> {
    let verified = UnverifiedToken::parse(token)
        .and_then(|token| token.verify(&our_key(algorithm)))
        .map_err(Refusal::Token)?;
    verified.claims().map_err(Refusal::Claim)?;
    Ok(serde_json::from_str(verified.payload()).unwrap())
}

fn theirs(token: &str, algorithm: Algorithm) -> Result<Value, jsonwebtoken::errors::Error> {
    let mut validation = Validation::new(algorithm.as_str().parse().unwrap());
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<Value>(token, &their_key(algorithm).1, &validation)
        .map(|token| token.claims)
}

#[test]
fn each_accepts_what_the_other_signs() {
    let claims = serde_json::json!({ "sub": "user-1", "exp": 1_700_003_600, "x": { "é": [1, "\u{1f511}", null] } });
    for algorithm in Algorithm::ALL {
        let header = jsonwebtoken::Header::new(algorithm.as_str().parse().unwrap());
        let token = jsonwebtoken::encode(&header, &claims, &their_key(algorithm).0).unwrap();
        assert_eq!(ours(&token, algorithm), Ok(claims.clone()), "{algorithm}");
        for other in Algorithm::ALL
            .into_iter()
            .filter(|other| *other != algorithm)
        {
            assert_eq!(
                ours(&token, other),
                Err(Refusal::Token(TokenError::AlgKeyMismatch)),
                "{algorithm} for {other}"
            );
            assert!(theirs(&token, other).is_err());
        }
        if algorithm == Algorithm::ES384 {
            continue; // Verified here, not signed.
        }
        let key = SigningKey::from_pem(pem(algorithm).0)
            .unwrap()
            .with_algorithm(algorithm)
            .unwrap();
        let header = ProtectedHeader {
            kid: Some("k \"1\""),
            typ: Some("JWT"),
        };
        let token = key.sign(&header, claims.to_string().as_bytes()).unwrap();
        assert_eq!(theirs(&token, algorithm).unwrap(), claims, "{algorithm}");
    }
}

/// An object as `serde_json` sees it, every member kept.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

fn has_repeated_members(text: &str) -> bool {
    if let Ok(Members(members)) = serde_json::from_str(text) {
        let names: BTreeSet<&String> = members.iter().map(|(name, _)| name).collect();
        return names.len() < members.len()
            || members
                .iter()
                .any(|(_, value)| has_repeated_members(value.get()));
    }
    serde_json::from_str::<Vec<&RawValue>>(text)
        .is_ok_and(|values| values.iter().any(|value| has_repeated_members(value.get())))
}

/// The most brackets that are open at once.
fn depth(text: &str) -> usize {
    let (mut open, mut most, mut in_string, mut escaped) = (0usize, 0, false, false);
    for character in text.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            '{' | '[' if !in_string => open += 1,
            '}' | ']' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

fn decoded(token: &str, part: usize) -> String {
    let text = token.split('.').nth(part).unwrap_or_default();
    String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).unwrap_or_default())
        .unwrap_or_default()
}

/// Whether this crate refuses the token by one of the stricter rules, judged without its help.
fn stricter_rule_applies(token: &str, refusal: Refusal) -> bool {
    let (header, payload) = (decoded(token, 0), decoded(token, 1));
    let value: Value = serde_json::from_str(&header).unwrap_or_default();
    let refusal = match refusal {
        Refusal::Token(refusal) => refusal,
        Refusal::Claim(refusal) => return is_malformed_claim(&payload, refusal.claim()),
    };
    match refusal {
        TokenError::TooLarge => token.len() > MAX_TOKEN_BYTES,
        TokenError::DuplicateMember(_) => {
            has_repeated_members(&header) || has_repeated_members(&payload)
        }
        TokenError::CritUnsupported => value.get("crit").is_some(),
        TokenError::HeaderNotAllowed { name } => value.get(name).is_some(),
        TokenError::TypMalformed => value.get("typ").is_some_and(Value::is_null),
        TokenError::KidMalformed => value.get("kid").is_some_and(|kid| match kid.as_str() {
            Some(kid) => {
                kid.is_empty()
                    || kid.chars().count() > 256
                    || kid.chars().any(|c| !(' '..='~').contains(&c))
            }
            None => kid.is_null(),
        }),
        TokenError::Malformed(_) => depth(&header) > 32 || depth(&payload) > 32,
        _ => false,
    }
}

fn is_malformed_claim(payload: &str, claim: &str) -> bool {
    let payload: Value = serde_json::from_str(payload).unwrap();
    let value = payload.get(claim).unwrap();
    match claim {
        "exp" | "nbf" | "iat" => value
            .as_f64()
            .is_none_or(|time| time.is_sign_negative() || time >= 9_007_199_254_740_992.0),
        "aud" => match value {
            Value::Array(values) => values.is_empty() || !values.iter().all(Value::is_string),
            single => !single.is_string(),
        },
        _ => !value.is_string(),
    }
}

/// Whether the other reader refuses a header member only because it wants it to be a string.
fn looser_rule_applies(token: &str) -> bool {
    let header: Value = serde_json::from_str(&decoded(token, 0)).unwrap_or_default();
    ["cty", "x5t", "x5t#S256", "enc", "zip", "url", "nonce"]
        .into_iter()
        .any(|name| {
            header
                .get(name)
                .is_some_and(|value| !value.is_string() && !value.is_null())
        })
}

/// How often the two readers gave which pair of answers.
#[derive(Debug, Default)]
struct Tally {
    both_accepted: Cell<usize>,
    both_refused: Cell<usize>,
    stricter: Cell<usize>,
    looser: Cell<usize>,
}

impl Tally {
    fn compare(&self, token: &str, algorithm: Algorithm) -> Result<(), TestCaseError> {
        let counter = match (ours(token, algorithm), theirs(token, algorithm)) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert_eq!(ours, theirs);
                &self.both_accepted
            }
            (Err(_), Err(_)) => &self.both_refused,
            (Err(refusal), Ok(_)) => {
                prop_assert!(
                    stricter_rule_applies(token, refusal),
                    "{}: {:?}",
                    token,
                    refusal
                );
                &self.stricter
            }
            (Ok(_), Err(error)) => {
                prop_assert!(looser_rule_applies(token), "{}: {:?}", token, error);
                &self.looser
            }
        };
        counter.set(counter.get() + 1);
        Ok(())
    }
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,15})(\\.[0-9]{1,3})?",
        "\"[a-z /.]{0,8}\"",
        Just("\"\\u00e9\\ud83d\\udd11\"".to_owned()),
        Just("\"\\ud83d\"".to_owned()),
        (20usize..40).prop_map(|levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels))),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::vec(("[a-d]", inner), 0..4).prop_map(object),
        ]
    })
}

fn object<N: fmt::Display>(members: Vec<(N, String)>) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn header_member() -> impl Strategy<Value = (String, String)> {
    let name = prop::sample::select(vec![
        "kid",
        "typ",
        "cty",
        "x5t",
        "x5t#S256",
        "zip",
        "crit",
        "b64",
        "jwk",
        "jku",
        "x5u",
        "x5c",
        "url",
        "custom",
        "k\\u0069d",
        "alg",
    ]);
    let value = prop_oneof![4 => "\"[ -!#-Z^-~]{0,12}\"", 1 => value(), 1 => Just("\"\\u0000\"".to_owned())];
    (name, value).prop_map(|(name, value)| (name.to_owned(), value))
}

fn payload() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "sub",
        "iat",
        "exp",
        "aud",
        "jti",
        "\\u0073ub",
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "h",
        "i",
        "k",
        "l",
        "m",
    ]);
    prop_oneof![8 => prop::collection::vec((name, value()), 0..6).prop_map(object), 1 => value()]
}

fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(CASES)
    })
}

fn signed(algorithm: Algorithm, header: &str, payload: &str) -> String {
    let key = SigningKey::from_pem(pem(algorithm).0)
        .unwrap()
        .with_algorithm(algorithm)
        .unwrap();
    let input = format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(header.as_bytes()),
        BASE64URL_NOPAD.encode(payload.as_bytes())
    );
    let signature = key.sign_bytes(input.as_bytes()).unwrap();
    format!("{input}.{}", BASE64URL_NOPAD.encode(&signature))
}

#[test]
fn agree_on_properly_signed_texts() {
    let algorithms = vec![
        Algorithm::RS256,
        Algorithm::PS256,
        Algorithm::ES256,
        Algorithm::EdDSA,
    ];
    let cases = (
        prop::sample::select(algorithms),
        prop::option::weighted(0.1, prop::sample::select(Algorithm::ALL.to_vec())),
        prop::collection::vec(header_member(), 0..3),
        payload(),
    );
    let tally = Tally::default();
    let result = runner().run(&cases, |(algorithm, named, members, payload)| {
        let mut header = vec![(
            "alg".to_owned(),
            format!("\"{}\"", named.unwrap_or(algorithm)),
        )];
        header.extend(members);
        tally.compare(&signed(algorithm, &object(header), &payload), algorithm)
    });
    result.unwrap();
    for count in [&tally.both_accepted, &tally.both_refused, &tally.stricter] {
        assert!(count.get() > CASES as usize / 20, "{tally:?}");
    }
}

#[test]
fn members_without_meaning_may_have_any_value_here_only() {
    let token = signed(Algorithm::EdDSA, r#"{"alg":"EdDSA","cty":1}"#, "{}");
    assert!(ours(&token, Algorithm::EdDSA).is_ok());
    assert!(theirs(&token, Algorithm::EdDSA).is_err() && looser_rule_applies(&token));
}

#[test]
fn agree_on_edited_texts() {
    let edit = (
        any::<prop::sample::Index>(),
        "[A-Za-z0-9_.=+/ -]{0,2}",
        0usize..3,
    );
    let cases = (payload(), prop::collection::vec(edit, 0..3));
    let tally = Tally::default();
    let result = runner().run(&cases, |(payload, edits)| {
        let mut token = signed(Algorithm::EdDSA, r#"{"alg":"EdDSA"}"#, &payload);
        for (at, insert, delete) in edits {
            let at = at.index(token.len());
            let end = (at + delete).min(token.len());
            token.replace_range(at..end, &insert);
        }
        tally.compare(&token, Algorithm::EdDSA)
    });
    result.unwrap();
    for count in [&tally.both_accepted, &tally.both_refused] {
        assert!(count.get() > CASES as usize / 20, "{tally:?}");
    }
}
