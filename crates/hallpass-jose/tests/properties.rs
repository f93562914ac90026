//! Laws that hold for every input.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use hallpass_jose::{
    Algorithm, Jwk, JwkSet, ProtectedHeader, SigningKey, TokenError, UnverifiedToken, VerifyingKey,
};
use proptest::prelude::*;
use serde_json::Value;

fn keys() -> &'static [SigningKey; 3] {
    static KEYS: OnceLock<[SigningKey; 3]> = OnceLock::new();
    KEYS.get_or_init(|| {
        [
            include_str!("keys/rsa2048.pkcs8.pem"),
            include_str!("keys/p256.pkcs8.pem"),
            include_str!("keys/ed25519.pkcs8.pem"),
        ]
        .map(|pem| SigningKey::from_pem(pem).unwrap())
    })
}

/// Claims with any names and values, registered ones of the right type included.
fn claims() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let any_value = leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    });
    let time = || (0i64..1 << 53).prop_map(Value::from);
    let text = || ".{0,20}".prop_map(Value::from);
    let audience = prop_oneof![
        text(),
        prop::collection::vec(text(), 1..=16).prop_map(Value::from)
    ];
    let registered = (
        prop::option::of(text()),
        prop::option::of(audience),
        prop::option::of(time()),
        prop::option::of(time()),
        prop::option::of(text()),
    )
        .prop_map(|(sub, aud, exp, iat, sid)| {
            let all = [
                ("sub", sub),
                ("aud", aud),
                ("exp", exp),
                ("iat", iat),
                ("sid", sid),
            ];
            all.into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect::<BTreeMap<_, _>>()
        });
    (
        prop::collection::btree_map("[^aeijns].{0,8}", any_value, 0..6),
        registered,
    )
        .prop_map(|(mut all, registered)| {
            all.extend(registered);
            all
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_signed_comes_back(claims in claims(), kid in prop::option::of("[ -~]{1,256}"), which in 0usize..3, pretty in any::<bool>()) {
        let key = keys().get(which).unwrap();
        let payload = if pretty { serde_json::to_string_pretty(&claims) } else { serde_json::to_string(&claims) }.unwrap();
        let header = ProtectedHeader { kid: kid.as_deref(), typ: Some("JWT") };
        let token = key.sign(&header, payload.as_bytes()).unwrap();
        let verified = UnverifiedToken::parse(&token).unwrap().verify(&key.verifying_key()).unwrap();
        prop_assert_eq!(verified.header().alg, key.algorithm());
        prop_assert_eq!(&verified.header().kid, &kid);
        prop_assert!(verified.header().is_jwt_type());
        prop_assert_eq!(verified.payload(), payload);
        let read = verified.claims().unwrap();
        for (name, value) in &claims {
            let raw = read.raw(name).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(raw).unwrap(), value);
        }
        prop_assert_eq!(read.raw_members().len(), claims.len());
        prop_assert_eq!(read.sub.as_deref(), claims.get("sub").and_then(Value::as_str));
        prop_assert_eq!(read.sid.as_deref(), claims.get("sid").and_then(Value::as_str));
        prop_assert_eq!(read.exp, claims.get("exp").and_then(Value::as_i64));
        prop_assert_eq!(read.iat, claims.get("iat").and_then(Value::as_i64));
        prop_assert_eq!((read.nbf, read.iss), (None, None));
        let audience: Option<Vec<&str>> = read.aud.as_ref().map(|audience| audience.iter().collect());
        let expected = claims.get("aud").map(|audience| match audience {
            Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
            single => vec![single.as_str().unwrap()],
        });
        prop_assert_eq!(audience, expected);
    }

    #[test]
    fn nobody_elses_signature_counts(claims in claims(), signer in 0usize..3, verifier in 0usize..3) {
        prop_assume!(signer != verifier);
        let payload = serde_json::to_string(&claims).unwrap();
        let token = keys().get(signer).unwrap().sign(&ProtectedHeader::default(), payload.as_bytes()).unwrap();
        let refusal = UnverifiedToken::parse(&token).unwrap().verify(&keys().get(verifier).unwrap().verifying_key());
        prop_assert_eq!(refusal.unwrap_err(), TokenError::AlgKeyMismatch);
    }

    #[test]
    fn one_text_one_token(payload in "[{}\\[\\]\":,a-c0-9]{0,40}", at in any::<prop::sample::Index>(), with in any::<char>()) {
        // Whatever parses decodes to bytes that encode to the same text: there is no second spelling.
        let key = keys().get(2).unwrap();
        let Ok(token) = key.sign(&ProtectedHeader::default(), format!("{{\"x\":\"{}\"}}", payload.replace('"', "'")).as_bytes()) else {
            return Ok(());
        };
        let mut characters: Vec<char> = token.chars().collect();
        let at = at.index(characters.len());
        if let Some(place) = characters.get_mut(at) {
            *place = with;
        }
        let changed: String = characters.into_iter().collect();
        if let Ok(parsed) = UnverifiedToken::parse(&changed) {
            let encode = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
            let mut parts = changed.split('.').skip(1);
            prop_assert_eq!(parts.next(), Some(&*encode(parsed.unverified_payload().as_bytes())));
            prop_assert_eq!(parts.next(), Some(&*encode(parsed.signature())));
        }
    }

    #[test]
    fn any_text_is_answered(text in any::<String>(), dotted in "[A-Za-z0-9_-]{0,12}(\\.[A-Za-z0-9_-]{0,12}){0,4}") {
        for text in [&text, &dotted] {
            let _ = UnverifiedToken::parse(text).map_err(|error| error.to_string());
            let _ = JwkSet::from_json(text).map_err(|error| error.to_string());
            let _ = VerifyingKey::from_jwk_json(text).map_err(|error| error.to_string());
            let _ = VerifyingKey::from_pem(text).map_err(|error| error.to_string());
            let _ = SigningKey::from_pem(text).map_err(|error| error.to_string());
        }
    }

    #[test]
    fn any_bytes_in_a_pem_block_are_answered(der in prop::collection::vec(any::<u8>(), 0..80), label in "(RSA )?(PUBLIC|PRIVATE) KEY") {
        let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", data_encoding::BASE64.encode(&der));
        prop_assert!(VerifyingKey::from_pem(&pem).is_err());
        prop_assert!(SigningKey::from_pem(&pem).is_err());
    }

    #[test]
    fn damaged_der_is_refused_or_reads_back_the_same(at in any::<prop::sample::Index>(), with in any::<u8>(), which in 0usize..3) {
        let public = keys().get(which).unwrap().verifying_key();
        let mut der = public.to_spki_der();
        let at = at.index(der.len());
        *der.get_mut(at).unwrap() = with;
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", data_encoding::BASE64.encode(&der));
        if let Ok(key) = VerifyingKey::from_pem(&pem) {
            prop_assert_eq!(key.to_spki_der(), der);
        }
    }
}

#[test]
fn keys_keep_their_identity_through_every_form() {
    for key in keys() {
        let public = key.verifying_key();
        let pem = public.to_spki_pem();
        assert_eq!(VerifyingKey::from_pem(&pem).unwrap(), public);
        let jwk = public.to_jwk();
        assert_eq!(VerifyingKey::from_jwk(&jwk).unwrap(), public);
        assert_eq!(jwk.kid.as_deref(), Some(&*public.thumbprint()));
        let text = serde_json::to_string(&jwk).unwrap();
        assert_eq!(Jwk::from_json(&text).unwrap(), jwk);
        let set = JwkSet::from_json(&format!(r#"{{"keys":[{text}]}}"#)).unwrap();
        let found = set.find(&public.thumbprint()).unwrap();
        assert_eq!(found.key(), &public);
        assert!(found.declares_algorithm());
        assert!(set.find("another").is_none());
        let private = key.to_pkcs8_pem().unwrap();
        assert_eq!(
            SigningKey::from_pem(&private).unwrap().verifying_key(),
            public
        );
    }
}

#[test]
fn forms_written_by_openssl_are_the_same_keys() {
    let rsa = keys()[0].verifying_key();
    for pem in [
        include_str!("keys/rsa2048.spki.pem"),
        include_str!("keys/rsa2048.pkcs1-public.pem"),
    ] {
        assert_eq!(VerifyingKey::from_pem(pem).unwrap(), rsa);
    }
    assert_eq!(rsa.to_spki_pem(), include_str!("keys/rsa2048.spki.pem"));
    assert_eq!(
        SigningKey::from_pem(include_str!("keys/rsa2048.pkcs1.pem"))
            .unwrap()
            .verifying_key(),
        rsa
    );
    assert_eq!(
        *keys()[0].to_pkcs8_pem().unwrap(),
        include_str!("keys/rsa2048.pkcs8.pem")
    );
    assert_eq!(
        keys()[1].verifying_key().to_spki_pem(),
        include_str!("keys/p256.spki.pem")
    );
    assert_eq!(
        keys()[2].verifying_key().to_spki_pem(),
        include_str!("keys/ed25519.spki.pem")
    );
    assert_eq!(
        *keys()[2].to_pkcs8_pem().unwrap(),
        include_str!("keys/ed25519.pkcs8.pem")
    );
    assert_eq!((rsa.bits(), keys()[1].verifying_key().bits()), (2048, 256));
    assert_eq!(
        VerifyingKey::from_pem(include_str!("keys/p384.spki.pem"))
            .unwrap()
            .bits(),
        384
    );
}

#[test]
fn generated_keys_sign_and_verify() {
    let rsa = SigningKey::generate_rsa(2048).unwrap();
    assert_eq!(
        (rsa.algorithm(), rsa.verifying_key().bits()),
        (Algorithm::RS256, 2048)
    );
    assert_eq!(rsa.verifying_key().to_jwk().e.as_deref(), Some("AQAB"));
    for key in [
        rsa,
        SigningKey::generate_es256().unwrap(),
        SigningKey::generate_ed25519().unwrap(),
    ] {
        let token = key.sign(&ProtectedHeader::default(), b"{}").unwrap();
        let public = VerifyingKey::from_pem(&key.verifying_key().to_spki_pem()).unwrap();
        assert!(
            UnverifiedToken::parse(&token)
                .unwrap()
                .verify(&public)
                .is_ok()
        );
        let again = SigningKey::from_pem(&key.to_pkcs8_pem().unwrap()).unwrap();
        assert_eq!(again.verifying_key(), public);
    }
    for bits in [0, 1024, 2047, 2049, 5000, 16384] {
        assert_eq!(
            SigningKey::generate_rsa(bits).unwrap_err(),
            hallpass_jose::KeyError::GenerateSize
        );
    }
}

#[test]
fn nothing_secret_shows_in_debug_output() {
    let key = &keys()[1];
    let private = key.to_pkcs8_pem().unwrap();
    let secret_line = private.lines().nth(1).unwrap();
    assert!(!format!("{key:?}").contains(&secret_line[..20]));
    let token = key
        .sign(
            &ProtectedHeader {
                kid: Some("hidden-kid"),
                typ: None,
            },
            br#"{"sub":"hidden-sub"}"#,
        )
        .unwrap();
    let parsed = UnverifiedToken::parse(&token).unwrap();
    let verified = parsed.verify(&key.verifying_key()).unwrap();
    let shown = format!("{parsed:?} {verified:?} {:?}", verified.claims().unwrap());
    assert!(
        !shown.contains("hidden") && !shown.contains(&token[..20]),
        "{shown}"
    );
}

#[test]
fn what_would_be_refused_is_not_signed() {
    let key = &keys()[2];
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(13_000));
    for (kid, payload, code) in [
        (Some(""), "{}", "kid_malformed"),
        (Some("é"), "{}", "kid_malformed"),
        (None, "[]", "payload_malformed"),
        (None, r#"{"a":1,"a":2}"#, "payload_malformed"),
        (None, "", "payload_malformed"),
        (None, &long, "token_too_large"),
    ] {
        assert_eq!(
            key.sign(&ProtectedHeader { kid, typ: None }, payload.as_bytes())
                .unwrap_err()
                .code(),
            code
        );
    }
    assert_eq!(
        key.sign(&ProtectedHeader::default(), b"{\"a\":\"\xFF\"}")
            .unwrap_err()
            .code(),
        "payload_malformed"
    );
}

#[test]
fn types_of_tokens() {
    let key = &keys()[2];
    let header = |typ| {
        let token = key
            .sign(&ProtectedHeader { kid: None, typ }, b"{}")
            .unwrap();
        UnverifiedToken::parse(&token).unwrap().header().clone()
    };
    for typ in [
        None,
        Some("JWT"),
        Some("jwt"),
        Some("application/jwt"),
        Some("APPLICATION/Jwt"),
    ] {
        assert!(header(typ).is_jwt_type(), "{typ:?}");
    }
    for typ in [
        "",
        "at+jwt",
        "application/at+jwt",
        "JWT ",
        "jwt;a",
        "application/application/jwt",
        "text/jwt",
        "applicationéjwt",
    ] {
        assert!(!header(Some(typ)).is_jwt_type(), "{typ:?}");
    }
    assert!(header(Some("application/AT+jwt")).is_type("at+jwt"));
    assert!(!header(None).is_type("JWT"));
}

#[test]
fn another_key_of_the_same_type_does_not_fit_and_does_no_harm() {
    let [rsa, _, _] = keys();
    let other = VerifyingKey::from_pem(include_str!("keys/rsa2048-other.spki.pem")).unwrap();
    let text = rsa.sign(&ProtectedHeader::default(), b"{}").unwrap();
    let token = UnverifiedToken::parse(&text).unwrap();
    assert_eq!(
        token.verify(&other).unwrap_err(),
        TokenError::SignatureInvalid
    );
    assert!(
        token.verify(&rsa.verifying_key()).is_ok(),
        "the next key may still fit"
    );
    assert_ne!(other, rsa.verifying_key());
    assert_ne!(other.fingerprint(), rsa.verifying_key().fingerprint());
}

#[test]
fn fingerprints_are_those_that_openssl_computes() {
    // openssl pkey -pubin -in rsa2048.spki.pem -outform DER | openssl dgst -sha256 -binary | base64
    let expected = "hgkTdjJ1Jpw+1ZPRpencEaQFTSc/w1XZTcggc7gUprI";
    assert_eq!(
        keys()[0].verifying_key().fingerprint(),
        format!("SHA256:{expected}")
    );
}
