//! Rows about keys and key sets.

use data_encoding::BASE64URL_NOPAD;
use hallpass_jose::{JwkSet, JwksError, KeyError, PemFlaw, SigningKey, VerifyingKey};

use super::{RSA, RSA_PUBLIC, b64, rsa};

/// The modulus of the test key and its public exponent, as they stand in a JWK.
fn rsa_jwk(n: &str, e: &str) -> String {
    format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#)
}

fn key_error(jwk: &str) -> KeyError {
    VerifyingKey::from_jwk_json(jwk).unwrap_err()
}

#[test]
fn row_04_shared_secrets_are_no_keys_here() {
    for k in ["", "AA", "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"] {
        assert_eq!(
            key_error(&format!(r#"{{"kty":"oct","alg":"HS256","k":"{k}"}}"#)),
            KeyError::SymmetricKey
        );
        assert_eq!(
            key_error(&format!(r#"{{"k":"{k}"}}"#)),
            KeyError::SymmetricKey
        );
    }
}

#[test]
fn row_21_keys_that_are_not_fit() {
    let good = rsa().verifying_key().to_jwk();
    let (n, e) = (good.n.unwrap(), good.e.unwrap());
    assert!(VerifyingKey::from_jwk_json(&rsa_jwk(&n, &e)).is_ok());
    // Sizes.
    assert_eq!(
        VerifyingKey::from_pem(include_str!("../keys/rsa1024.spki.pem")).unwrap_err(),
        KeyError::RsaTooSmall { bits: 1024 }
    );
    assert_eq!(
        key_error(&rsa_jwk(&b64([0x7F; 256]), &e)),
        KeyError::RsaTooSmall { bits: 2047 }
    );
    assert_eq!(
        key_error(&rsa_jwk(&b64([0xFF; 1025]), &e)),
        KeyError::RsaTooLarge { bits: 8200 }
    );
    // Exponents 1, 2, 65536, 0 and one that is far too long.
    for exponent in [&[1][..], &[2], &[1, 0, 0], &[1, 0, 0, 0, 1], &[0xFF; 256]] {
        assert_eq!(
            key_error(&rsa_jwk(&n, &b64(exponent))),
            KeyError::RsaExponent,
            "{exponent:?}"
        );
    }
    for spelling in ["", "AA", "AAEAAQ", "AQAB=", "AQA+"] {
        assert_eq!(
            key_error(&rsa_jwk(&n, spelling)),
            KeyError::MalformedMember { name: "e" },
            "{spelling:?}"
        );
    }
    // Moduli: with a leading zero, even, with a small factor, of the flawed generator.
    let digits = BASE64URL_NOPAD.decode(n.as_bytes()).unwrap();
    assert_eq!(
        key_error(&rsa_jwk(&b64([&[0], &digits[..]].concat()), &e)),
        KeyError::MalformedMember { name: "n" }
    );
    let mut even = digits.clone();
    even[255] ^= 1;
    assert_eq!(key_error(&rsa_jwk(&b64(even), &e)), KeyError::RsaModulus);
    assert_eq!(
        key_error(&rsa_jwk(&b64([0xFF; 256]), &e)),
        KeyError::RsaModulus
    );
    assert_eq!(
        key_error(include_str!("../keys/roca2048.jwk.json")),
        KeyError::RsaRoca
    );
    points_that_are_not_fit();
    pairs_that_do_not_belong_together(&n, &e);
}

fn points_that_are_not_fit() {
    let good = SigningKey::from_pem(include_str!("../keys/p256.pkcs8.pem"))
        .unwrap()
        .verifying_key()
        .to_jwk();
    let (x, y) = (good.x.unwrap(), good.y.unwrap());
    let ec = |crv: &str, x: &str, y: &str| {
        format!(r#"{{"kty":"EC","crv":"{crv}","x":"{x}","y":"{y}"}}"#)
    };
    assert!(VerifyingKey::from_jwk_json(&ec("P-256", &x, &y)).is_ok());
    let zero = b64([0; 32]);
    for (x, y) in [
        (&y, &x),
        (&x, &x),
        (&zero, &zero),
        (&x, &zero),
        (&b64([0xFF; 32]), &y),
    ] {
        assert_eq!(key_error(&ec("P-256", x, y)), KeyError::PointNotOnCurve);
    }
    for (short, name) in [
        (ec("P-256", &x[..42], &y), "x"),
        (ec("P-256", &x, &b64([1; 33])), "y"),
        (ec("P-384", &x, &y), "x"),
    ] {
        assert_eq!(key_error(&short), KeyError::MalformedMember { name });
    }
    // Two points of small order, and a coordinate that belongs to no point.
    for first in [0u8, 1, 2] {
        let x = b64([&[first][..], &[0; 31]].concat());
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
        assert_eq!(key_error(&jwk), KeyError::PointNotOnCurve, "{first}");
    }
    for pem in [
        include_str!("../keys/p521.spki.pem"),
        include_str!("../keys/secp256k1.spki.pem"),
    ] {
        assert_eq!(
            VerifyingKey::from_pem(pem).unwrap_err(),
            KeyError::UnsupportedCurve
        );
    }
    for pem in [
        include_str!("../keys/ed448.spki.pem"),
        include_str!("../keys/dsa.spki.pem"),
        include_str!("../keys/rsa-pss.spki.pem"),
    ] {
        assert_eq!(
            VerifyingKey::from_pem(pem).unwrap_err(),
            KeyError::UnsupportedKeyType
        );
    }
}

fn pairs_that_do_not_belong_together(n: &str, e: &str) {
    let p256 = VerifyingKey::from_pem(include_str!("../keys/p256.spki.pem"))
        .unwrap()
        .to_jwk();
    let (x, y) = (p256.x.unwrap(), p256.y.unwrap());
    for (jwk, error) in [
        (
            format!(r#"{{"kty":"RSA","alg":"ES256","n":"{n}","e":"{e}"}}"#),
            KeyError::AlgMismatch,
        ),
        (
            format!(r#"{{"kty":"RSA","alg":"HS256","n":"{n}","e":"{e}"}}"#),
            KeyError::AlgUnsupported,
        ),
        (
            format!(r#"{{"kty":"RSA","alg":"RSA-OAEP","n":"{n}","e":"{e}"}}"#),
            KeyError::AlgUnsupported,
        ),
        (
            format!(r#"{{"kty":"RSA","alg":"none","n":"{n}","e":"{e}"}}"#),
            KeyError::AlgUnsupported,
        ),
        (
            format!(r#"{{"kty":"EC","n":"{n}","e":"{e}"}}"#),
            KeyError::MissingMember { name: "crv" },
        ),
        (
            format!(r#"{{"kty":"RSA","crv":"P-256","x":"{x}","y":"{y}"}}"#),
            KeyError::MissingMember { name: "n" },
        ),
        (
            format!(r#"{{"kty":"EC","crv":"P-256","alg":"ES384","x":"{x}","y":"{y}"}}"#),
            KeyError::AlgMismatch,
        ),
        (
            format!(r#"{{"kty":"EC","crv":"P-256","alg":"RS256","x":"{x}","y":"{y}"}}"#),
            KeyError::AlgMismatch,
        ),
        (
            format!(r#"{{"kty":"EC","crv":"Ed25519","x":"{x}","y":"{y}"}}"#),
            KeyError::UnsupportedCurve,
        ),
        (
            format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{x}","y":"{y}"}}"#),
            KeyError::UnsupportedCurve,
        ),
        (
            format!(r#"{{"kty":"EC","crv":"p-256","x":"{x}","y":"{y}"}}"#),
            KeyError::UnsupportedCurve,
        ),
        (
            format!(r#"{{"kty":"OKP","crv":"P-256","x":"{x}","y":"{y}"}}"#),
            KeyError::UnsupportedCurve,
        ),
        (
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}"}}"#),
            KeyError::MissingMember { name: "y" },
        ),
        (
            format!(r#"{{"kty":"rsa","n":"{n}","e":"{e}"}}"#),
            KeyError::UnsupportedKeyType,
        ),
        (
            format!(r#"{{"n":"{n}","e":"{e}"}}"#),
            KeyError::MissingMember { name: "kty" },
        ),
        (
            format!(r#"{{"kty":1,"n":"{n}","e":"{e}"}}"#),
            KeyError::MalformedMember { name: "kty" },
        ),
        (
            format!(r#"{{"kty":"RSA","n":1,"e":"{e}"}}"#),
            KeyError::MalformedMember { name: "n" },
        ),
        (
            format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}","kid":7}}"#),
            KeyError::KidMalformed,
        ),
        (
            format!(r#"{{"kty":"RSA","kty":"RSA","n":"{n}","e":"{e}"}}"#),
            KeyError::DuplicateMember,
        ),
    ] {
        assert_eq!(key_error(&jwk), error, "{jwk}");
    }
}

#[test]
fn row_21_private_halves_are_refused_and_not_echoed() {
    for pem in [
        RSA,
        include_str!("../keys/rsa2048.pkcs1.pem"),
        include_str!("../keys/rsa2048.encrypted.pem"),
        include_str!("../keys/p256.pkcs8.pem"),
        include_str!("../keys/p256.sec1.pem"),
        include_str!("../keys/ed25519.pkcs8.pem"),
    ] {
        let body: String = pem.lines().skip(1).take(1).collect();
        let relabelled = pem
            .replace("RSA PRIVATE KEY", "PUBLIC KEY")
            .replace("PRIVATE KEY", "PUBLIC KEY");
        for text in [
            pem.to_owned(),
            format!("{RSA_PUBLIC}{pem}"),
            format!("{pem}{RSA_PUBLIC}"),
            pem.replace('\n', "\r\n"),
            pem.replace("-----END", "-----ENDE"),
            pem[..pem.len() / 2].to_owned(),
            format!("Bag Attributes: x\n{pem}"),
        ] {
            let error = VerifyingKey::from_pem(&text).unwrap_err();
            assert_eq!(error, KeyError::PrivateKeyGiven, "{text}");
            assert!(!error.to_string().contains(&body) && !format!("{error:?}").contains(&body));
        }
        if !pem.contains("ENCRYPTED") {
            assert_eq!(
                VerifyingKey::from_pem(&relabelled).unwrap_err(),
                KeyError::PrivateKeyGiven,
                "{relabelled}"
            );
        }
    }
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        let jwk = rsa().verifying_key().to_jwk();
        let text = format!(
            r#"{{"kty":"RSA","n":"{}","e":"AQAB","{member}":"c2VjcmV0"}}"#,
            jwk.n.unwrap()
        );
        assert_eq!(key_error(&text), KeyError::PrivateKeyGiven);
        assert_eq!(
            JwkSet::from_json(&format!(r#"{{"keys":[{text}]}}"#)).unwrap_err(),
            JwksError::PrivateKeyGiven
        );
    }
}

#[test]
fn row_21_pem_that_is_no_clean_key() {
    let flaw = |text: &str| VerifyingKey::from_pem(text).unwrap_err();
    let pem = RSA_PUBLIC;
    assert_eq!(flaw(""), KeyError::MalformedPem(PemFlaw::NoBlock));
    assert_eq!(
        flaw(r#"{"kty":"RSA"}"#),
        KeyError::MalformedPem(PemFlaw::NoBlock)
    );
    assert_eq!(
        flaw(&format!("{pem}{pem}")),
        KeyError::MalformedPem(PemFlaw::SeveralBlocks)
    );
    assert_eq!(
        flaw(&format!("x{pem}")),
        KeyError::MalformedPem(PemFlaw::TextAround)
    );
    assert_eq!(
        flaw(&format!("{pem}x")),
        KeyError::MalformedPem(PemFlaw::TextAround)
    );
    assert_eq!(
        flaw(&format!("\u{feff}{pem}")),
        KeyError::MalformedPem(PemFlaw::TextAround)
    );
    assert_eq!(
        flaw(&pem.replace("END PUBLIC", "END RSA PUBLIC")),
        KeyError::MalformedPem(PemFlaw::NoEnd)
    );
    assert_eq!(flaw(&pem[..200]), KeyError::MalformedPem(PemFlaw::NoEnd));
    assert_eq!(
        flaw(&pem.replacen("MII", "M!I", 1)),
        KeyError::MalformedPem(PemFlaw::NotBase64)
    );
    assert_eq!(
        flaw(&pem.replacen('\n', "\nProc-Type: 4\n", 1)),
        KeyError::MalformedPem(PemFlaw::NotBase64)
    );
    assert_eq!(
        flaw(include_str!("../keys/rsa2048.certificate.pem")),
        KeyError::MalformedPem(PemFlaw::Certificate)
    );
    assert_eq!(
        flaw(&pem.replace("PUBLIC KEY", "PGP PUBLIC KEY")),
        KeyError::MalformedPem(PemFlaw::UnsupportedLabel)
    );
    assert_eq!(
        flaw(&pem.replace("PUBLIC KEY", "RSA PUBLIC KEY")),
        KeyError::MalformedDer
    );
    assert_eq!(
        flaw(include_str!("../keys/p256.compressed.pem")),
        KeyError::MalformedDer
    );
    assert_eq!(flaw(&" ".repeat(70_000)), KeyError::TooLarge);
    assert_eq!(
        SigningKey::from_pem(pem).unwrap_err(),
        KeyError::PublicKeyGiven
    );
    assert_eq!(
        SigningKey::from_pem(include_str!("../keys/rsa2048.encrypted.pem")).unwrap_err(),
        KeyError::MalformedPem(PemFlaw::Encrypted)
    );
    assert_eq!(
        SigningKey::from_pem(include_str!("../keys/p256.sec1.pem")).unwrap_err(),
        KeyError::UnusablePrivateKey
    );
    // White space around the block and the line ends of Windows are harmless.
    for text in [format!("\n\n {pem}\n\n"), pem.replace('\n', "\r\n")] {
        assert_eq!(
            VerifyingKey::from_pem(&text).unwrap(),
            rsa().verifying_key()
        );
    }
}

#[test]
fn row_9_an_unusable_key_keeps_its_name_only_where_a_token_could_have_it() {
    let skipped = |kid: &str| {
        let text = format!(r#"{{"keys":[{{"kty":"??","kid":{kid}}}]}}"#);
        let set = JwkSet::from_json(&text).unwrap();
        assert!(set.keys().is_empty());
        assert_eq!(set.skipped().len(), 1, "{kid}");
        set.skipped()[0].kid.clone()
    };
    let longest = "k".repeat(256);
    for good in ["first", "../../etc/passwd", " ", &longest] {
        assert_eq!(skipped(&format!("\"{good}\"")).as_deref(), Some(good));
    }
    for bad in [
        "\"\"",
        &format!("\"{longest}k\""),
        &format!("\"{}\"", "k".repeat(5_000)),
        r#""a\u0000b""#,
        r#""a\nb""#,
    ] {
        assert_eq!(skipped(bad), None, "{bad:.20}");
    }
}

#[test]
fn row_22_keys_for_another_purpose() {
    let good = rsa().verifying_key().to_jwk();
    let with = |members: &str| {
        format!(
            r#"{{"kty":"RSA",{members},"n":"{}","e":"AQAB"}}"#,
            good.n.as_deref().unwrap()
        )
    };
    for members in [
        r#""use":"enc""#,
        r#""use":"""#,
        r#""use":"SIG""#,
        r#""key_ops":[]"#,
        r#""key_ops":["encrypt"]"#,
        r#""key_ops":["sign"]"#,
        r#""use":"sig","key_ops":["wrapKey"]"#,
        r#""use":"enc","key_ops":["verify"]"#,
        r#""key_ops":["Verify"]"#,
    ] {
        assert_eq!(
            key_error(&with(members)),
            KeyError::NotForVerification,
            "{members}"
        );
        let set = JwkSet::from_json(&format!(r#"{{"keys":[{}]}}"#, with(members))).unwrap();
        assert!(set.keys().is_empty());
        assert_eq!(set.skipped()[0].reason, KeyError::NotForVerification);
    }
    for members in [
        r#""key_ops":"verify""#,
        r#""key_ops":[1]"#,
        r#""key_ops":["verify","verify"]"#,
        r#""key_ops":null"#,
    ] {
        assert_eq!(
            key_error(&with(members)),
            KeyError::MalformedMember { name: "key_ops" },
            "{members}"
        );
    }
    assert_eq!(
        key_error(&with(r#""use":null"#)),
        KeyError::MalformedMember { name: "use" }
    );
    for members in [
        r#""use":"sig""#,
        r#""key_ops":["verify"]"#,
        r#""use":"sig","key_ops":["sign","verify"]"#,
        r#""ext":true"#,
    ] {
        assert!(
            VerifyingKey::from_jwk_json(&with(members)).is_ok(),
            "{members}"
        );
    }
}

#[test]
fn row_23_key_sets_that_are_not_to_be_trusted() {
    let n = rsa().verifying_key().to_jwk().n.unwrap();
    let key = |kid: &str| format!(r#"{{"kty":"RSA","kid":"{kid}","n":"{n}","e":"AQAB"}}"#);
    let set = |keys: &[String]| JwkSet::from_json(&format!(r#"{{"keys":[{}]}}"#, keys.join(",")));
    let many = |count: usize| {
        (0..count)
            .map(|number| key(&format!("k{number}")))
            .collect::<Vec<_>>()
    };
    assert_eq!(set(&many(100)).unwrap().keys().len(), 100);
    assert_eq!(set(&many(101)).unwrap_err(), JwksError::TooManyKeys);
    assert_eq!(
        set(&vec!["{}".to_owned(); 10_000]).unwrap_err(),
        JwksError::TooManyKeys
    );
    assert_eq!(
        set(&[key("a"), key("b"), key("a")]).unwrap_err(),
        JwksError::DuplicateKid
    );
    assert_eq!(
        set(&[key("a"), r#"{"kty":"EC","kid":"\u0061"}"#.to_owned()]).unwrap_err(),
        JwksError::DuplicateKid
    );
    assert_eq!(
        set(&[r#"{"kty":"oct","k":"c2VjcmV0"}"#.to_owned()]).unwrap_err(),
        JwksError::SymmetricKey
    );
    assert_eq!(
        set(&[r#"{"kty":"EC","kid":"a","kid":"b"}"#.to_owned()]).unwrap_err(),
        JwksError::DuplicateMember
    );
    assert_eq!(
        JwkSet::from_json(&" ".repeat(600_000)).unwrap_err(),
        JwksError::TooLarge
    );
    assert_eq!(JwkSet::from_json("{}").unwrap_err(), JwksError::NoKeys);
    for text in [
        "",
        "<html><body>Not found</body></html>",
        "[]",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        r#"{"keys":[1]}"#,
        r#"{"keys":[[]]}"#,
    ] {
        assert_eq!(
            JwkSet::from_json(text).unwrap_err(),
            JwksError::Malformed,
            "{text}"
        );
    }
    assert_eq!(
        JwkSet::from_json(r#"{"keys":[],"keys":[]}"#).unwrap_err(),
        JwksError::DuplicateMember
    );
}
