//! The worked examples of the standards.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use data_encoding::{BASE64, BASE64URL_NOPAD};
use hallpass_jose::{Algorithm, KeyError, SigningKey, TokenError, UnverifiedToken, VerifyingKey};

/// The payload of RFC 7515 appendix A.1 to A.3, decoded.
const JOE: &str =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

/// Splits a token whose payload is not JSON, which the token reader therefore refuses.
fn detached(compact: &str) -> (&[u8], Vec<u8>) {
    let (input, signature) = compact.rsplit_once('.').unwrap();
    (
        input.as_bytes(),
        BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap(),
    )
}

fn rsa_jwk(n: &str) -> VerifyingKey {
    VerifyingKey::from_jwk_json(&format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#)).unwrap()
}

#[test]
fn rfc7515_a1_hs256_is_refused() {
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(
        UnverifiedToken::parse(token).unwrap_err(),
        TokenError::AlgNotAllowed
    );
    let key = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
    assert_eq!(
        VerifyingKey::from_jwk_json(key).unwrap_err(),
        KeyError::SymmetricKey
    );
}

#[test]
fn rfc7515_a2_rs256_verifies() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let key = rsa_jwk(
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    );
    joe_is_understood(&UnverifiedToken::parse(token).unwrap().verify(&key).unwrap());
}

#[test]
fn rfc7515_a3_es256_verifies() {
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let key = VerifyingKey::from_jwk_json(
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    )
    .unwrap();
    assert_eq!(key.algorithm(), Algorithm::ES256);
    joe_is_understood(&UnverifiedToken::parse(token).unwrap().verify(&key).unwrap());
}

fn joe_is_understood(token: &hallpass_jose::VerifiedToken) {
    assert_eq!(token.payload(), JOE);
    let claims = token.claims().unwrap();
    assert_eq!(claims.iss.as_deref(), Some("joe"));
    assert_eq!(claims.exp, Some(1_300_819_380));
    assert_eq!(claims.raw("http://example.com/is_root"), Some("true"));
    assert_eq!(
        (claims.sub.as_deref(), claims.aud.as_ref(), claims.iat),
        (None, None, None)
    );
}

#[test]
fn rfc7515_a4_es512_is_refused() {
    let token = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    assert_eq!(
        UnverifiedToken::parse(token).unwrap_err(),
        TokenError::AlgNotAllowed
    );
    let key = r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;
    assert_eq!(
        VerifyingKey::from_jwk_json(key).unwrap_err(),
        KeyError::UnsupportedCurve
    );
}

#[test]
fn rfc7515_a5_unsecured_is_refused() {
    let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    assert_eq!(
        UnverifiedToken::parse(token).unwrap_err(),
        TokenError::AlgNotAllowed
    );
}

const FRODO: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";
const BILBO_N: &str = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";

#[test]
fn rfc7520_4_1_rs256_verifies_and_signs_the_same() {
    let header = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
    let signature = "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";
    let compact = format!("{header}.{FRODO}.{signature}");
    let (input, signature) = detached(&compact);
    let private = SigningKey::from_pem(include_str!("keys/rfc7520-rsa.pkcs1.pem")).unwrap();
    assert_eq!(private.verifying_key(), rsa_jwk(BILBO_N));
    assert_eq!(rsa_jwk(BILBO_N).verify_signature(input, &signature), Ok(()));
    assert_eq!(private.sign_bytes(input).unwrap(), signature);
    // Right signature, but a sentence is no set of claims.
    assert_eq!(
        UnverifiedToken::parse(&compact).unwrap_err().code(),
        "malformed"
    );
}

#[test]
fn rfc7520_4_2_ps384_verifies() {
    let header = "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
    let signature = "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw";
    let compact = format!("{header}.{FRODO}.{signature}");
    let (input, signature) = detached(&compact);
    let key = rsa_jwk(BILBO_N);
    assert_eq!(
        key.with_algorithm(Algorithm::PS384)
            .unwrap()
            .verify_signature(input, &signature),
        Ok(())
    );
    for other in [Algorithm::PS256, Algorithm::PS512, Algorithm::RS384] {
        assert!(
            key.with_algorithm(other)
                .unwrap()
                .verify_signature(input, &signature)
                .is_err(),
            "{other}"
        );
    }
}

#[test]
fn rfc7520_4_3_es512_is_refused() {
    let header = "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
    let signature = "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2";
    assert_eq!(
        UnverifiedToken::parse(&format!("{header}.{FRODO}.{signature}")).unwrap_err(),
        TokenError::AlgNotAllowed
    );
}

#[test]
fn rfc7638_3_1_thumbprint() {
    let key = VerifyingKey::from_jwk_json(
        r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
    )
    .unwrap();
    assert_eq!(
        key.thumbprint(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

/// The seed and the public key of RFC 8037 appendix A.1.
const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const PUBLIC: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

#[test]
fn rfc8037_a_ed25519_signs_verifies_and_has_its_thumbprint() {
    // PKCS#8 of an Ed25519 seed (RFC 8410 section 7) is a fixed prefix and the seed.
    let mut pkcs8 = vec![
        0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    pkcs8.extend(BASE64URL_NOPAD.decode(SEED.as_bytes()).unwrap());
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        BASE64.encode(&pkcs8)
    );
    let private = SigningKey::from_pem(&pem).unwrap();
    let public = VerifyingKey::from_jwk_json(PUBLIC).unwrap();
    assert_eq!(private.verifying_key(), public);
    assert_eq!(public.algorithm(), Algorithm::EdDSA);
    assert_eq!(
        public.thumbprint(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );

    let compact = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let (input, signature) = detached(compact);
    assert_eq!(private.sign_bytes(input).unwrap(), signature);
    assert_eq!(public.verify_signature(input, &signature), Ok(()));
    assert_eq!(*private.to_pkcs8_pem().unwrap(), pem);

    let with_private_half = PUBLIC.replace('}', &format!(r#","d":"{SEED}"}}"#));
    let refused = VerifyingKey::from_jwk_json(&with_private_half).unwrap_err();
    assert_eq!(refused, KeyError::PrivateKeyGiven);
    assert!(!refused.to_string().contains(SEED));
}

#[test]
fn rfc8037_a_x25519_is_refused() {
    let key = r#"{"kty":"OKP","crv":"X25519","kid":"Bob","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}"#;
    assert_eq!(
        VerifyingKey::from_jwk_json(key).unwrap_err(),
        KeyError::UnsupportedCurve
    );
}
