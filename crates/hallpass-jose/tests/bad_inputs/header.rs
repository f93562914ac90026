//! Rows about the protected header.

use hallpass_jose::{SigningKey, TokenError, UnverifiedToken};

use super::{CLAIMS, HEADER, answer, b64, header_answer, rsa, signed};

#[test]
fn row_01_alg_none_empty_or_missing() {
    for alg in [
        r#""none""#,
        r#""None""#,
        r#""nOnE""#,
        r#""NONE""#,
        r#""""#,
        r#"" ""#,
        r#""rs256""#,
        r#""RS256 ""#,
        r#""RS256\u0000""#,
        "null",
        "0",
        "false",
        "[]",
        r#"["RS256"]"#,
        r#"{"alg":"RS256"}"#,
        r#""ES512""#,
        r#""ES256K""#,
        r#""RS1""#,
        r#""n\u006fne""#,
    ] {
        let header = format!(r#"{{"alg":{alg}}}"#);
        assert_eq!(header_answer(&header), Err("alg_not_allowed"), "{alg}");
        // Said even when the signature is missing, which is how such tokens usually come.
        assert_eq!(
            answer(
                &format!("{}.{}.", b64(&header), b64(CLAIMS)),
                &rsa().verifying_key()
            ),
            Err("alg_not_allowed"),
            "{alg}"
        );
    }
    assert_eq!(header_answer("{}"), Err("alg_not_allowed"));
    assert_eq!(
        header_answer(r#"{"typ":"JWT","Alg":"RS256"}"#),
        Err("alg_not_allowed")
    );
    // An algorithm is refused before anything else of the header is looked at.
    assert_eq!(
        header_answer(r#"{"alg":"none","crit":["x"],"jwk":{},"kid":7}"#),
        Err("alg_not_allowed")
    );
}

#[test]
fn row_06_json_serialization() {
    let (header, payload) = (b64(HEADER), b64(CLAIMS));
    for token in [
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"AAAA"}}"#),
        format!(r#"{{"payload":"{payload}","header":{{"alg":"none"}},"signature":""}}"#),
        format!(
            r#"{{"payload":"{payload}","signatures":[{{"header":{HEADER},"signature":"AAAA"}}]}}"#
        ),
    ] {
        assert_eq!(
            answer(&token, &rsa().verifying_key()),
            Err("malformed"),
            "{token}"
        );
    }
}

#[test]
fn row_07_a_key_in_the_header_is_never_used() {
    let attacker = SigningKey::from_pem(include_str!("../keys/p256.pkcs8.pem")).unwrap();
    let jwk = serde_json::to_string(&attacker.verifying_key().to_jwk()).unwrap();
    let token = signed(
        &attacker,
        &format!(r#"{{"alg":"ES256","jwk":{jwk}}}"#),
        CLAIMS,
    );
    for key in [rsa().verifying_key(), attacker.verifying_key()] {
        assert_eq!(answer(&token, &key), Err("header_not_allowed"));
    }
    for value in ["null", "{}", "\"\"", "[]", "0"] {
        assert_eq!(
            header_answer(&format!(r#"{{"alg":"RS256","jwk":{value}}}"#)),
            Err("header_not_allowed"),
            "{value}"
        );
    }
    assert_eq!(
        header_answer(r#"{"alg":"RS256","jw\u006b":{}}"#),
        Err("header_not_allowed")
    );
}

#[test]
fn row_08_places_to_fetch_a_key_from() {
    for name in ["jku", "x5u", "x5c"] {
        for value in [r#""https://keys.example/jwks""#, "[]", "null"] {
            assert_eq!(
                header_answer(&format!(r#"{{"alg":"RS256","{name}":{value}}}"#)),
                Err("header_not_allowed"),
                "{name}"
            );
        }
        let error = UnverifiedToken::parse(&signed(
            &rsa(),
            &format!(r#"{{"alg":"RS256","{name}":"x"}}"#),
            CLAIMS,
        ))
        .unwrap_err();
        assert_eq!(error, TokenError::HeaderNotAllowed { name });
    }
    for name in ["x5t", "x5t#S256", "cty", "url", "nonce", "JWK"] {
        assert_eq!(
            header_answer(&format!(r#"{{"alg":"RS256","{name}":"x"}}"#)),
            Ok(()),
            "{name} is ignored"
        );
    }
}

#[test]
fn row_09_kid_of_any_shape() {
    let longest = "k".repeat(256);
    for kid in [
        "../../etc/passwd",
        "' OR 1=1 --",
        "https://evil.example/key",
        "%00",
        " ",
        "~",
        &longest,
    ] {
        let header = serde_json::json!({ "alg": "RS256", "kid": kid }).to_string();
        let token = signed(&rsa(), &header, CLAIMS);
        let parsed = UnverifiedToken::parse(&token).unwrap();
        assert_eq!(
            parsed.header().kid.as_deref(),
            Some(kid),
            "kept as it is, to be looked up and nothing else"
        );
    }
    for kid in [
        r#""""#,
        r#""\u0000""#,
        r#""a\nb""#,
        r#""\u007f""#,
        r#""é""#,
        r#""\u202e""#,
        "7",
        "null",
        "true",
        "[]",
        r#"["a"]"#,
        r#"{"a":1}"#,
    ] {
        assert_eq!(
            header_answer(&format!(r#"{{"alg":"RS256","kid":{kid}}}"#)),
            Err("kid_malformed"),
            "{kid}"
        );
    }
    for length in [257, 10_000] {
        assert_eq!(
            header_answer(&format!(
                r#"{{"alg":"RS256","kid":"{}"}}"#,
                "k".repeat(length)
            )),
            Err("kid_malformed")
        );
    }
}

#[test]
fn row_11_crit_of_any_shape() {
    for crit in [
        r#"["x-unknown"]"#,
        "[]",
        r#"["alg"]"#,
        r#"["kid"]"#,
        r#"["exp"]"#,
        r#"["b64"]"#,
        r#"["x","x"]"#,
        r#""exp""#,
        "null",
        "{}",
        "0",
        r#"[""]"#,
        "[null]",
    ] {
        assert_eq!(
            header_answer(&format!(r#"{{"alg":"RS256","crit":{crit}}}"#)),
            Err("crit_unsupported"),
            "{crit}"
        );
    }
    assert_eq!(
        header_answer(r#"{"alg":"RS256","x":1,"crit":["x"]}"#),
        Err("crit_unsupported")
    );
    assert_eq!(
        header_answer(r#"{"alg":"RS256","c\u0072it":["x"]}"#),
        Err("crit_unsupported")
    );
}

#[test]
fn row_12_unencoded_payload() {
    for value in ["false", "true", "null", "\"false\""] {
        assert_eq!(
            header_answer(&format!(r#"{{"alg":"RS256","b64":{value}}}"#)),
            Err("header_not_allowed"),
            "{value}"
        );
        assert_eq!(
            header_answer(&format!(
                r#"{{"alg":"RS256","b64":{value},"crit":["b64"]}}"#
            )),
            Err("crit_unsupported"),
            "{value}"
        );
    }
    // The payload as it is, which is what b64=false would sign.
    let input = format!(
        "{}.{CLAIMS}",
        b64(r#"{"alg":"RS256","b64":false,"crit":["b64"]}"#)
    );
    let token = format!(
        "{input}.{}",
        b64(rsa().sign_bytes(input.as_bytes()).unwrap())
    );
    assert_eq!(
        answer(&token, &rsa().verifying_key()),
        Err("crit_unsupported")
    );
}
