//! Inputs that are nearly right, made from random bytes: they get past the doors where mutated text mostly ends.

use arbitrary::{Arbitrary, Result, Unstructured};
use data_encoding::BASE64URL_NOPAD;

use crate::Target;

/// A text of the target's kind, or `None` when the bytes do not suffice.
pub fn generate(target: Target, random: &[u8]) -> Option<Vec<u8>> {
    let mut random = Unstructured::new(random);
    let text = match target {
        Target::Token => token(&mut random),
        Target::Jwk => {
            members(&mut random, JWK_NAMES, JWK_VALUES).map(|jwk| wrap_in_set(&mut random, jwk))
        }
        Target::Permissions => rule(&mut random, 0),
    };
    text.ok().map(String::into_bytes)
}

fn token(random: &mut Unstructured<'_>) -> Result<String> {
    let header = members(
        random,
        &["alg", "kid", "typ", "crit", "jku", "x5t", "b64"],
        HEADER_VALUES,
    )?;
    let payload = members(
        random,
        &["sub", "iss", "aud", "exp", "nbf", "iat", "jti"],
        CLAIM_VALUES,
    )?;
    let signature = <[u8; 32]>::arbitrary(random)?;
    let encode = |part: &[u8]| BASE64URL_NOPAD.encode(part);
    Ok([
        encode(header.as_bytes()),
        encode(payload.as_bytes()),
        encode(&signature),
    ]
    .join("."))
}

const HEADER_VALUES: &[&str] = &[
    "\"RS256\"",
    "\"ES256\"",
    "\"EdDSA\"",
    "\"none\"",
    "\"JWT\"",
    "\"key-1\"",
    "[\"exp\"]",
    "null",
];
const CLAIM_VALUES: &[&str] = &[
    "\"user-1\"",
    "1800000000",
    "1800000000.75",
    "1.8e9",
    "18e8",
    "-1",
    "9007199254740991",
    "9007199254740992",
    "1e400",
    "[\"a\",\"b\"]",
    "\"\\u0075ser\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "{}",
    "null",
    "true",
];

const JWK_NAMES: &[&str] = &[
    "kty", "use", "key_ops", "alg", "kid", "crv", "n", "e", "x", "y", "d",
];
const JWK_VALUES: &[&str] = &[
    "\"RSA\"",
    "\"EC\"",
    "\"OKP\"",
    "\"oct\"",
    "\"sig\"",
    "[\"verify\"]",
    "\"P-256\"",
    "\"P-384\"",
    "\"Ed25519\"",
    "\"ES256\"",
    "\"AQAB\"",
    // RFC 8037, appendix A.2, and RFC 7517, appendix A.1.
    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"",
    "\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"",
    "\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"",
    "null",
];

fn wrap_in_set(random: &mut Unstructured<'_>, jwk: String) -> String {
    if random.ratio(1_u8, 2).unwrap_or(false) {
        format!("{{\"keys\":[{jwk}]}}")
    } else {
        jwk
    }
}

fn members(random: &mut Unstructured<'_>, names: &[&str], values: &[&str]) -> Result<String> {
    let count = random.int_in_range(0..=names.len())?;
    let members = (0..count).map(|_| {
        Ok(format!(
            "\"{}\":{}",
            random.choose(names)?,
            random.choose(values)?
        ))
    });
    Ok(format!(
        "{{{}}}",
        members.collect::<Result<Vec<_>>>()?.join(",")
    ))
}

const SCOPES: &[&str] = &[
    "integration:*",
    "integration:slack",
    "integration:custom.acme",
    "credential:*",
    "credential:5d1f2a70-9c1e-4c39-8f51-0a6c2f6f2d11",
    "credential:ext:Team A",
    "configuration:*",
    "configuration:ext:Team A",
    "configuration:9b2e7a44-1c9a-4d0b-a3f5-6f1d0c2b7e88",
    "Integration:slack",
    "credential:",
    "integration:\\u0073lack",
];
const NAMES: &[&str] = &[
    "proxy-api",
    "events",
    "workflows",
    "metadata:read",
    "settings:write",
    "config:write",
    "unknown",
];

fn rule(random: &mut Unstructured<'_>, depth: usize) -> Result<String> {
    Ok(
        match random.int_in_range(0..=if depth > 4 { 2 } else { 6 })? {
            0 => "true".to_owned(),
            1 => "false".to_owned(),
            2 => {
                let count = random.int_in_range(0..=3)?;
                let names = (0..count).map(|_| Ok(format!("\"{}\"", random.choose(NAMES)?)));
                format!("[{}]", names.collect::<Result<Vec<_>>>()?.join(", "))
            }
            _ => {
                let count = random.int_in_range(0..=4)?;
                let members = (0..count).map(|_| {
                    Ok(format!(
                        "\"{}\": {}",
                        random.choose(SCOPES)?,
                        rule(random, depth + 1)?
                    ))
                });
                format!("{{{}}}", members.collect::<Result<Vec<_>>>()?.join(", "))
            }
        },
    )
}
