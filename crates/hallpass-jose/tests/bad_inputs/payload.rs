//! Rows about the text of the token and its claims.

use data_encoding::BASE64URL_NOPAD;
use hallpass_jose::{ClaimError, MAX_TOKEN_BYTES, UnverifiedToken};

use super::{CLAIMS, HEADER, answer, b64, claims_answer, header_answer, rsa, signed};

#[test]
fn row_13_times_of_the_wrong_type() {
    for claim in ["exp", "nbf", "iat"] {
        for value in [
            "\"1700000000\"",
            "\"\"",
            "null",
            "true",
            "false",
            "{}",
            "[]",
            "[1700000000]",
            "{\"seconds\":1}",
        ] {
            let token = signed(
                &rsa(),
                HEADER,
                &format!(r#"{{"sub":"u","{claim}":{value}}}"#),
            );
            let token = UnverifiedToken::parse(&token).unwrap();
            assert_eq!(
                token.unverified_claims().unwrap_err(),
                ClaimError::Malformed { claim },
                "{value}"
            );
            let verified = token.verify(&rsa().verifying_key()).unwrap();
            assert_eq!(
                verified.claims().unwrap_err(),
                ClaimError::Malformed { claim },
                "{value}"
            );
        }
    }
    for claim in ["sub", "iss", "jti", "sid", "aud"] {
        for value in ["1", "null", "true", "{}", "[1]", "[]", "[\"a\",null]"] {
            assert_eq!(
                claims_answer(&format!(r#"{{"{claim}":{value}}}"#)),
                Err("claim_malformed"),
                "{claim} {value}"
            );
        }
    }
    assert_eq!(
        claims_answer(r#"{"e\u0078p":"1700000000"}"#),
        Err("claim_malformed")
    );
}

#[test]
fn row_14_times_out_of_range() {
    for claim in ["exp", "nbf", "iat"] {
        for value in [
            "-1",
            "-0.5",
            "-1e3",
            "1e400",
            "9007199254740992",
            "9007199254740992.0",
            "9223372036854775808",
            "1e16",
            "18446744073709551615",
        ] {
            assert_eq!(
                claims_answer(&format!(r#"{{"{claim}":{value}}}"#)),
                Err("claim_malformed"),
                "{claim} {value}"
            );
        }
        for value in [
            "NaN",
            "Infinity",
            "-Infinity",
            "0x10",
            "1_000",
            "+1",
            ".5",
            "1.",
            "01",
        ] {
            assert_eq!(
                claims_answer(&format!(r#"{{"{claim}":{value}}}"#)),
                Err("malformed"),
                "{claim} {value}"
            );
        }
    }
    let payload = r#"{"exp":1700000000.999,"nbf":1.7e9,"iat":9007199254740991}"#;
    let token = signed(&rsa(), HEADER, payload);
    let verified = UnverifiedToken::parse(&token)
        .unwrap()
        .verify(&rsa().verifying_key())
        .unwrap();
    let claims = verified.claims().unwrap();
    assert_eq!(
        (claims.exp, claims.nbf, claims.iat),
        (
            Some(1_700_000_000),
            Some(1_700_000_000),
            Some(9_007_199_254_740_991)
        )
    );
}

#[test]
fn row_16_repeated_members() {
    for payload in [
        r#"{"sub":"a","sub":"b"}"#,
        r#"{"sub":"a","sub":"a"}"#,
        r#"{"sub":"a","\u0073ub":"b"}"#,
        r#"{"exp":1,"sub":"a","exp":2}"#,
        r#"{"sub":"a","x":{"y":1,"y":1}}"#,
        r#"{"sub":"a","x":[[{"y":1,"\u0079":1}]]}"#,
    ] {
        assert_eq!(claims_answer(payload), Err("duplicate_member"), "{payload}");
    }
    for header in [
        r#"{"alg":"RS256","alg":"RS256"}"#,
        r#"{"alg":"none","alg":"RS256"}"#,
        r#"{"alg":"RS256","\u0061lg":"none"}"#,
        r#"{"alg":"RS256","kid":"a","kid":"b"}"#,
        r#"{"alg":"RS256","x":{"y":1,"y":2}}"#,
    ] {
        assert_eq!(header_answer(header), Err("duplicate_member"), "{header}");
    }
}

#[test]
fn row_17_base64url_that_is_not_canonical() {
    let key = rsa().verifying_key();
    let good = signed(&rsa(), HEADER, r#"{"sub":"ab"}"#);
    assert_eq!(answer(&good, &key), Ok(()));
    let parts: Vec<&str> = good.split('.').collect();
    for at in 0..3 {
        for change in [
            format!("{}=", parts[at]),
            format!("{}==", parts[at]),
            format!("={}", parts[at]),
            format!(" {}", parts[at]),
            format!("{} ", parts[at]),
            format!("{}\n", parts[at]),
            format!("{}\r\n", parts[at]),
            format!("{}\u{0}", parts[at]),
            format!("{}A", parts[at]),
            format!("{}?", parts[at]),
            format!("{}+", &parts[at][..parts[at].len() - 1]),
            format!("{}/", &parts[at][..parts[at].len() - 1]),
            format!("{}\n{}", &parts[at][..4], &parts[at][4..]),
            format!("{}%3D", parts[at]),
        ] {
            let mut changed = parts.clone();
            changed[at] = &change;
            let answer = answer(&changed.join("."), &key);
            assert!(
                matches!(answer, Err("malformed")) || (change.ends_with('A') && answer.is_err()),
                "{change:?}: {answer:?}"
            );
        }
    }
    // The last character of a part whose length is 2 or 3 modulo 4 has bits that mean nothing; each must be zero.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let spellings = |part: &str| {
        let stem = part[..part.len() - 1].to_owned();
        alphabet
            .chars()
            .map(move |last| format!("{stem}{last}"))
            .filter(|text| BASE64URL_NOPAD.decode(text.as_bytes()).is_err())
    };
    let mut refused = 0;
    for signature in spellings(parts[2]) {
        assert_eq!(
            answer(&format!("{}.{}.{signature}", parts[0], parts[1]), &key),
            Err("malformed")
        );
        refused += 1;
    }
    assert_eq!(refused, 60, "a 2048-bit signature leaves 4 bits over");
}

#[test]
fn row_18_number_of_parts() {
    let key = rsa().verifying_key();
    let good = signed(&rsa(), HEADER, CLAIMS);
    let parts: Vec<&str> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{good}.{signature}.{signature}"),
        format!("{header}.{payload}..{signature}"),
        format!("Bearer {good}"),
        format!("{header},{payload},{signature}"),
        // The five parts of an encrypted token.
        format!(
            "{}.AAAA.AAAA.AAAA.AAAA",
            b64(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#)
        ),
    ] {
        assert_eq!(answer(&token, &key), Err("malformed"), "{token}");
    }
}

#[test]
fn row_24_encrypted_tokens_and_bombs() {
    let headers = [
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AAAA"}"#,
        r#"{"alg":"dir","enc":"A128GCM","zip":"DEF"}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"}"#,
    ];
    for header in headers {
        let five_parts = format!("{}..AAAA.{}.AAAA", b64(header), "A".repeat(12_000));
        assert_eq!(
            answer(&five_parts, &rsa().verifying_key()),
            Err("malformed")
        );
        assert_eq!(
            header_answer(header),
            Err("alg_not_allowed"),
            "in three parts"
        );
    }
    // `zip` means nothing for signatures: the payload is not inflated but read as it is.
    let token = signed(&rsa(), r#"{"alg":"RS256","zip":"DEF"}"#, CLAIMS);
    assert_eq!(
        UnverifiedToken::parse(&token).unwrap().unverified_payload(),
        CLAIMS
    );
}

#[test]
fn row_25_oversized_tokens() {
    let key = rsa().verifying_key();
    let sized = |target: usize| {
        // The payload grows until the whole text is as long as wanted, give or take one base64 group.
        let padding = (target - signed(&rsa(), HEADER, r#"{"a":""}"#).len()) / 4 * 3;
        signed(
            &rsa(),
            HEADER,
            &format!(r#"{{"a":"{}"}}"#, "x".repeat(padding)),
        )
    };
    let largest = sized(MAX_TOKEN_BYTES);
    assert!(largest.len() > MAX_TOKEN_BYTES - 4 && largest.len() <= MAX_TOKEN_BYTES);
    assert_eq!(answer(&largest, &key), Ok(()));
    assert_eq!(
        answer(&sized(MAX_TOKEN_BYTES + 4), &key),
        Err("token_too_large")
    );
    assert_eq!(
        answer(&"A".repeat(50_000_000), &key),
        Err("token_too_large")
    );
    assert_eq!(
        header_answer(&format!(
            r#"{{"alg":"RS256","kid":"{}"}}"#,
            "k".repeat(1_000_000)
        )),
        Err("token_too_large")
    );

    let nested = |levels: usize| {
        format!(
            r#"{{"a":{}1{}}}"#,
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    };
    assert_eq!(claims_answer(&nested(32)), Ok(()));
    assert_eq!(claims_answer(&nested(33)), Err("malformed"));
    assert_eq!(claims_answer(&nested(5_000)), Err("malformed"));

    let claims = |count: usize| {
        (0..count)
            .map(|number| format!(r#""c{number}":0"#))
            .collect::<Vec<_>>()
            .join(",")
    };
    assert_eq!(claims_answer(&format!("{{{}}}", claims(1_000))), Ok(()));
    assert_eq!(
        claims_answer(&format!("{{{},\"c0\":0}}", claims(1_000))),
        Err("duplicate_member")
    );
    assert_eq!(
        claims_answer(&format!("{{{}}}", claims(10_000))),
        Err("token_too_large")
    );

    let audiences = |count: usize| format!(r#"{{"aud":[{}]}}"#, vec!["\"a\""; count].join(","));
    assert_eq!(claims_answer(&audiences(16)), Ok(()));
    assert_eq!(claims_answer(&audiences(17)), Err("aud_mismatch"));
    assert_eq!(claims_answer(&audiences(1_000)), Err("aud_mismatch"));
}
