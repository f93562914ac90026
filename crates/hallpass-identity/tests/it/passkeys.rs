//! Passkeys of an authenticator in software, disturbed in one place each.

use hallpass_identity::passkey::{
    Ceremony, KnownPasskey, NewPasskey, PasskeyError, PasskeyKey, UnverifiedRegistration,
    UnverifiedSignIn, VerifiedSignIn,
};
use hallpass_jose::Algorithm;
use proptest::prelude::*;

use crate::authenticator::{
    Authenticator, PRESENT_AND_VERIFIED, Registration, SignIn, attestation_object, bytes,
    client_data, text,
};

const HOST: &str = "auth.example.com";
const ORIGIN: &str = "https://auth.example.com";
const CHALLENGE: &[u8] = b"thirty-two bytes of a challenge.";
const HANDLE: &[u8] = b"account-1";
const CEREMONY: Ceremony<'_> = Ceremony {
    challenge: CHALLENGE,
    origin: ORIGIN,
    host: HOST,
    framed_by: None,
};

fn check_registration(
    made: &Registration,
    ceremony: &Ceremony<'_>,
) -> Result<NewPasskey, PasskeyError> {
    let unverified = UnverifiedRegistration {
        credential_id: &made.credential_id,
        client_data: &made.client_data,
        attestation_object: &made.attestation_object,
    };
    unverified.verify(ceremony)
}

fn check_sign_in(
    used: &SignIn,
    ceremony: &Ceremony<'_>,
    known: &NewPasskey,
) -> Result<VerifiedSignIn, PasskeyError> {
    let unverified = UnverifiedSignIn {
        credential_id: &used.credential_id,
        client_data: &used.client_data,
        authenticator_data: &used.authenticator_data,
        signature: &used.signature,
        user_handle: used.user_handle.as_deref(),
    };
    let known = KnownPasskey {
        credential_id: &known.credential_id,
        key: &known.key,
        counter: known.counter,
        user_handle: HANDLE,
    };
    unverified.verify(ceremony, &known)
}

/// An authenticator with a passkey that was made.
fn registered() -> (Authenticator, NewPasskey) {
    let mut authenticator = Authenticator::es256(HOST);
    let made = authenticator.register(CHALLENGE, ORIGIN, HANDLE);
    let passkey = check_registration(&made, &CEREMONY).unwrap();
    (authenticator, passkey)
}

/// What becomes of a sign-in with this client data.
fn with_client_data(client_data: Vec<u8>, ceremony: &Ceremony<'_>) -> Result<(), PasskeyError> {
    let (authenticator, passkey) = registered();
    let data = authenticator.data(PRESENT_AND_VERIFIED, &[]);
    let used = authenticator.sign(client_data, data);
    check_sign_in(&used, ceremony, &passkey).map(drop)
}

/// What becomes of a sign-in with this authenticator data.
fn with_data(data: impl FnOnce(&Authenticator) -> Vec<u8>) -> Result<(), PasskeyError> {
    let (authenticator, passkey) = registered();
    let client_data = client_data("webauthn.get", CHALLENGE, ORIGIN, "");
    let used = authenticator.sign(client_data, data(&authenticator));
    check_sign_in(&used, &CEREMONY, &passkey).map(drop)
}

#[test]
fn keys_of_all_three_kinds_sign_in() {
    let authenticators = [
        (Authenticator::es256(HOST), Algorithm::ES256),
        (Authenticator::ed25519(HOST), Algorithm::EdDSA),
        (Authenticator::rs256(HOST), Algorithm::RS256),
    ];
    for (mut authenticator, algorithm) in authenticators {
        let made = authenticator.register(CHALLENGE, ORIGIN, HANDLE);
        let passkey = check_registration(&made, &CEREMONY).unwrap();
        assert_eq!(passkey.key.algorithm(), algorithm);
        assert_eq!(passkey.credential_id, authenticator.credential_id);
        assert_eq!(passkey.counter, 0);
        let kept = PasskeyKey::from_cose(passkey.key.as_cose()).unwrap();
        assert_eq!(kept, passkey.key);
        let used = authenticator.sign_in(CHALLENGE, ORIGIN);
        let verified = check_sign_in(&used, &CEREMONY, &passkey).unwrap();
        assert_eq!(verified.counter, 0);
    }
}

#[test]
fn each_ceremony_has_its_own_type() {
    let other = client_data("webauthn.create", CHALLENGE, ORIGIN, "");
    assert_eq!(
        with_client_data(other, &CEREMONY),
        Err(PasskeyError::WrongType)
    );
    let mut authenticator = Authenticator::es256(HOST);
    let mut made = authenticator.register(CHALLENGE, ORIGIN, HANDLE);
    made.client_data = client_data("webauthn.get", CHALLENGE, ORIGIN, "");
    let outcome = check_registration(&made, &CEREMONY);
    assert_eq!(outcome, Err(PasskeyError::WrongType));
}

#[test]
fn a_wrong_challenge_is_refused() {
    for challenge in [
        &b"another"[..],
        b"",
        &CHALLENGE[..31],
        &[CHALLENGE, b"!"].concat(),
    ] {
        let client_data = client_data("webauthn.get", challenge, ORIGIN, "");
        let outcome = with_client_data(client_data, &CEREMONY);
        assert_eq!(outcome, Err(PasskeyError::WrongChallenge));
    }
}

#[test]
fn a_wrong_origin_is_refused() {
    for origin in [
        "https://auth.example.com.evil.test",
        "https://evil.test",
        "http://auth.example.com",
        "https://auth.example.com:8443",
        "https://AUTH.example.com",
        "https://auth.example.com/",
        "https://login.auth.example.com",
        "null",
        "",
    ] {
        let used = client_data("webauthn.get", CHALLENGE, origin, "");
        let outcome = with_client_data(used, &CEREMONY);
        assert_eq!(outcome, Err(PasskeyError::WrongOrigin), "{origin}");
        let mut authenticator = Authenticator::es256(HOST);
        let made = authenticator.register(CHALLENGE, origin, HANDLE);
        let outcome = check_registration(&made, &CEREMONY);
        assert_eq!(outcome, Err(PasskeyError::WrongOrigin), "{origin}");
    }
}

#[test]
fn a_frame_of_another_page_is_refused() {
    let framed = |more: &str| {
        let text = String::from_utf8(client_data("webauthn.get", CHALLENGE, ORIGIN, more));
        let text = text.unwrap();
        text.replace(r#""crossOrigin":false"#, r#""crossOrigin":true"#)
            .into_bytes()
    };
    let by_app = Ceremony {
        framed_by: Some("https://app.example.com"),
        ..CEREMONY
    };
    let app = r#","topOrigin":"https://app.example.com""#;
    let evil = r#","topOrigin":"https://evil.test""#;
    assert_eq!(with_client_data(framed(app), &by_app), Ok(()));
    assert_eq!(with_client_data(framed(""), &by_app), Ok(()));
    for (client_data, ceremony) in [
        (framed(""), &CEREMONY),
        (framed(app), &CEREMONY),
        (framed(evil), &by_app),
    ] {
        let outcome = with_client_data(client_data, ceremony);
        assert_eq!(outcome, Err(PasskeyError::WrongFrame));
    }
}

#[test]
fn client_data_is_read_strictly() {
    let good = String::from_utf8(client_data("webauthn.get", CHALLENGE, ORIGIN, "")).unwrap();
    let more = good.replace('}', r#","other":{"keys":["may",1,"be",null,"here"]}}"#);
    assert_eq!(with_client_data(more.into_bytes(), &CEREMONY), Ok(()));
    let twice = good.replace('}', r#","origin":"https://evil.test"}"#);
    let hidden = good.replace('}', r#","\u006frigin":"https://evil.test"}"#);
    let padded = good.replace(r#"","origin""#, r#"=","origin""#);
    let frame = good.replace("false", "0");
    let long = good.replace('}', &format!(r#","x":"{}"}}"#, "x".repeat(9_000)));
    for text in [
        twice,
        hidden,
        padded,
        frame,
        long,
        format!("\u{feff}{good}"),
        format!("{good} x"),
        String::new(),
        "[]".into(),
        "null".into(),
        r#"{"type":"webauthn.get"}"#.into(),
        r#"{"type":1,"challenge":"","origin":""}"#.into(),
    ] {
        let outcome = with_client_data(text.clone().into_bytes(), &CEREMONY);
        assert_eq!(outcome, Err(PasskeyError::ClientDataMalformed), "{text}");
    }
    let outcome = with_client_data(vec![0xFF, 0xFE], &CEREMONY);
    assert_eq!(outcome, Err(PasskeyError::ClientDataMalformed));
}

#[test]
fn another_host_name_is_refused() {
    let mut authenticator = Authenticator::es256("example.com");
    let made = authenticator.register(CHALLENGE, ORIGIN, HANDLE);
    assert_eq!(
        check_registration(&made, &CEREMONY),
        Err(PasskeyError::WrongHost)
    );
    let (mut authenticator, passkey) = registered();
    authenticator.host = "example.com".into();
    let used = authenticator.sign_in(CHALLENGE, ORIGIN);
    let outcome = check_sign_in(&used, &CEREMONY, &passkey);
    assert_eq!(outcome, Err(PasskeyError::WrongHost));
}

#[test]
fn a_person_must_be_present_and_verified() {
    for (flags, error) in [
        (0, PasskeyError::NotPresent),
        (0b100, PasskeyError::NotPresent),
        (0b001, PasskeyError::NotVerified),
    ] {
        assert_eq!(with_data(|used| used.data(flags, &[])), Err(error));
        let mut authenticator = Authenticator::es256(HOST);
        authenticator.flags = flags;
        let made = authenticator.register(CHALLENGE, ORIGIN, HANDLE);
        assert_eq!(check_registration(&made, &CEREMONY), Err(error));
    }
}

#[test]
fn a_counter_that_goes_back_or_stands_still_is_refused() {
    let (mut authenticator, mut passkey) = registered();
    for (known, says, accepted) in [
        (0, 1, true),
        (7, 8, true),
        (7, u32::MAX, true),
        (7, 7, false),
        (7, 6, false),
        (7, 0, false),
        (u32::MAX, 1, false),
        (0, 0, true),
    ] {
        passkey.counter = known;
        authenticator.counter = says;
        let data = authenticator.data(PRESENT_AND_VERIFIED, &[]);
        let used = authenticator.sign(client_data("webauthn.get", CHALLENGE, ORIGIN, ""), data);
        let outcome = check_sign_in(&used, &CEREMONY, &passkey).map(|verified| verified.counter);
        let expected = if accepted {
            Ok(says)
        } else {
            Err(PasskeyError::CounterWentBack)
        };
        assert_eq!(outcome, expected, "{known} then {says}");
    }
}

#[test]
fn the_user_handle_must_be_the_accounts() {
    let (mut authenticator, passkey) = registered();
    for handle in [
        None,
        Some(&b""[..]),
        Some(b"account-2"),
        Some(b"account-11"),
    ] {
        authenticator.user_handle = handle.map(<[u8]>::to_vec);
        let used = authenticator.sign_in(CHALLENGE, ORIGIN);
        let outcome = check_sign_in(&used, &CEREMONY, &passkey);
        assert_eq!(outcome, Err(PasskeyError::WrongUserHandle));
    }
}

#[test]
fn another_credential_is_refused() {
    let (mut authenticator, passkey) = registered();
    authenticator.credential_id = b"another".to_vec();
    let used = authenticator.sign_in(CHALLENGE, ORIGIN);
    let outcome = check_sign_in(&used, &CEREMONY, &passkey);
    assert_eq!(outcome, Err(PasskeyError::WrongCredential));
    let mut made = Authenticator::es256(HOST).register(CHALLENGE, ORIGIN, HANDLE);
    made.credential_id = b"another".to_vec();
    let outcome = check_registration(&made, &CEREMONY);
    assert_eq!(outcome, Err(PasskeyError::WrongCredential));
}

#[test]
fn every_signed_byte_counts() {
    let (mut authenticator, passkey) = registered();
    let used = authenticator.sign_in(CHALLENGE, ORIGIN);
    check_sign_in(&used, &CEREMONY, &passkey).unwrap();
    for at in 0..used.signature.len() {
        let mut forged = authenticator.sign_in(CHALLENGE, ORIGIN);
        forged.signature.clone_from(&used.signature);
        forged.signature[at] ^= 1;
        let outcome = check_sign_in(&forged, &CEREMONY, &passkey);
        assert_eq!(outcome, Err(PasskeyError::WrongSignature), "byte {at}");
    }
    // The counter is the part of the data that nothing else pins down.
    let mut forged = authenticator.sign_in(CHALLENGE, ORIGIN);
    forged.authenticator_data[36] = 200;
    let outcome = check_sign_in(&forged, &CEREMONY, &passkey);
    assert_eq!(outcome, Err(PasskeyError::WrongSignature));
    for signature in [
        Vec::new(),
        vec![0; 64],
        [&used.signature[..], &[0]].concat(),
    ] {
        forged = SignIn {
            signature,
            ..authenticator.sign_in(CHALLENGE, ORIGIN)
        };
        let outcome = check_sign_in(&forged, &CEREMONY, &passkey);
        assert_eq!(outcome, Err(PasskeyError::WrongSignature));
    }
    let stranger = Authenticator::es256(HOST);
    let data = stranger.data(PRESENT_AND_VERIFIED, &[]);
    let mut forged = stranger.sign(client_data("webauthn.get", CHALLENGE, ORIGIN, ""), data);
    forged.credential_id.clone_from(&passkey.credential_id);
    forged.user_handle = Some(HANDLE.to_vec());
    let outcome = check_sign_in(&forged, &CEREMONY, &passkey);
    assert_eq!(outcome, Err(PasskeyError::WrongSignature));
}

#[test]
fn authenticator_data_is_read_to_the_last_byte() {
    const EXTENSIONS: u8 = PRESENT_AND_VERIFIED | 0x80;
    // An extension that is announced and there; anything else is not.
    let extension = [&[0xA1][..], &text("uvm"), &[0x80]].concat();
    assert_eq!(with_data(|used| used.data(EXTENSIONS, &extension)), Ok(()));
    for (flags, behind) in [
        (PRESENT_AND_VERIFIED, &[0][..]),
        (EXTENSIONS, &[]),
        (EXTENSIONS, &[0x00]),
        (EXTENSIONS, &[0xA0, 0x00]),
        (EXTENSIONS, &[0xBF, 0xFF]),
        // A credential that is announced and not there, and a copy of what cannot be copied.
        (PRESENT_AND_VERIFIED | 0x40, &[]),
        (PRESENT_AND_VERIFIED | 0x10, &[]),
    ] {
        let outcome = with_data(|used| used.data(flags, behind));
        assert_eq!(
            outcome,
            Err(PasskeyError::AuthenticatorDataMalformed),
            "{flags:#b} {behind:?}"
        );
    }
    let outcome = with_data(Authenticator::new_credential_data);
    assert_eq!(
        outcome,
        Err(PasskeyError::AuthenticatorDataMalformed),
        "a new passkey in a sign-in"
    );
    for length in 0..37 {
        let outcome = with_data(|used| used.data(PRESENT_AND_VERIFIED, &[])[..length].to_vec());
        assert_eq!(
            outcome,
            Err(PasskeyError::AuthenticatorDataMalformed),
            "{length} bytes"
        );
    }
}

#[test]
fn a_registration_without_a_credential_is_refused() {
    let mut authenticator = Authenticator::es256(HOST);
    let mut made = authenticator.register(CHALLENGE, ORIGIN, HANDLE);
    let data = authenticator.data(PRESENT_AND_VERIFIED, &[]);
    made.attestation_object = attestation_object("none", &[0xA0], &data);
    let outcome = check_registration(&made, &CEREMONY);
    assert_eq!(outcome, Err(PasskeyError::AuthenticatorDataMalformed));
}

#[test]
fn attestations_are_refused_and_so_is_what_is_no_attestation_object() {
    let mut authenticator = Authenticator::es256(HOST);
    let mut made = authenticator.register(CHALLENGE, ORIGIN, HANDLE);
    let data = authenticator.new_credential_data();
    let statement = [&[0xA1][..], &text("alg"), &[0x26]].concat();
    for object in [
        attestation_object("packed", &statement, &data),
        attestation_object("none", &statement, &data),
        attestation_object("fido-u2f", &[0xA0], &data),
    ] {
        made.attestation_object = object;
        let outcome = check_registration(&made, &CEREMONY);
        assert_eq!(outcome, Err(PasskeyError::AttestationNotAllowed));
    }
    let good = attestation_object("none", &[0xA0], &data);
    for object in [
        Vec::new(),
        vec![0xA0],
        good[..good.len() - 1].to_vec(),
        [&good[..], &[0]].concat(),
        attestation_object("none", &[0x00], &data),
        attestation_object("none", &[0xA0], &[]),
        vec![0; 9_000],
    ] {
        made.attestation_object = object;
        let outcome = check_registration(&made, &CEREMONY);
        assert_eq!(outcome, Err(PasskeyError::AuthenticatorDataMalformed));
    }
}

#[test]
fn keys_of_other_kinds_and_weak_keys_are_refused() {
    let good = Authenticator::es256(HOST).public_key();
    let changed = |at: usize, to: u8| {
        let mut key = good.clone();
        key[at] = to;
        key
    };
    let ed25519 = Authenticator::ed25519(HOST).public_key();
    let rs256 = Authenticator::rs256(HOST).public_key();
    let small_rsa = [
        &[0xA4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20][..],
        &bytes(&[0xFF; 128]),
        &[0x21],
        &bytes(&[1, 0, 1]),
    ];
    for key in [
        Vec::new(),
        vec![0xA0],
        // Another key type, algorithm and curve; a point that is not on the curve.
        changed(2, 0x01),
        changed(4, 0x27),
        changed(6, 0x02),
        changed(20, good[20] ^ 1),
        // Cut off, longer, with one member more, with the algorithm of another key.
        good[..good.len() - 1].to_vec(),
        [&good[..], &[0]].concat(),
        [&[0xA6], &good[1..], &[0x04, 0x80]].concat(),
        [&ed25519[..4], &[0x26], &ed25519[5..]].concat(),
        [&rs256[..4], &[0x38, 0x24], &rs256[7..]].concat(),
        small_rsa.concat(),
        vec![0x40; 2_000],
    ] {
        assert_eq!(
            PasskeyKey::from_cose(&key),
            Err(PasskeyError::KeyNotAllowed),
            "{key:02x?}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_pass(
        client in prop::collection::vec(any::<u8>(), 0..200),
        data in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let (_, passkey) = registered();
        let used = SignIn {
            credential_id: passkey.credential_id.clone(),
            client_data: client.clone(),
            authenticator_data: data.clone(),
            signature: data.clone(),
            user_handle: Some(HANDLE.to_vec()),
        };
        prop_assert!(check_sign_in(&used, &CEREMONY, &passkey).is_err());
        let made = Registration { credential_id: data.clone(), client_data: client, attestation_object: data };
        prop_assert!(check_registration(&made, &CEREMONY).is_err());
    }

    /// One byte changed anywhere in a good registration: an error or, in what is not signed, still the same ceremony.
    #[test]
    fn a_changed_byte_in_a_registration_never_panics(at in 0_usize..300, to: u8) {
        let mut authenticator = Authenticator::es256(HOST);
        let mut made = authenticator.register(CHALLENGE, ORIGIN, HANDLE);
        let length = made.attestation_object.len();
        made.attestation_object[at % length] = to;
        if let Ok(passkey) = check_registration(&made, &CEREMONY) {
            prop_assert_eq!(passkey.credential_id, authenticator.credential_id);
        }
    }
}
