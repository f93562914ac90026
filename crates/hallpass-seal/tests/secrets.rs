//! Secrets do not show, do not travel and do not stay.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(dead_code, reason = "a probe leaves one of its two answers unused")]

use hallpass_seal::{KeyRing, MasterKey, NotText, Place, SecretBytes, SecretText};
use zeroize::Zeroizing;

/// Whether a type has a trait: the inherent constant, where it exists, hides the one of the fallback trait.
macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        struct Probe<T>(std::marker::PhantomData<T>);
        trait Fallback {
            const YES: bool = false;
        }
        impl<T> Fallback for Probe<T> {}
        impl<T: $($bound)+> Probe<T> {
            const YES: bool = true;
        }
        <Probe<$type>>::YES
    }};
}

macro_rules! assert_secret {
    ($type:ty) => {
        assert!(!implements!($type: std::fmt::Display), "Display");
        assert!(!implements!($type: serde::Serialize), "Serialize");
        assert!(!implements!($type: Clone), "Clone");
        assert!(!implements!($type: AsRef<[u8]>), "AsRef");
        assert!(!implements!($type: std::ops::Deref), "Deref");
        assert!(!implements!($type: PartialEq), "an `==` that stops at the first difference");
    };
}

#[test]
fn secrets_have_no_trait_that_leaks() {
    assert_secret!(SecretText);
    assert_secret!(SecretBytes);
    assert_secret!(MasterKey);
    assert_secret!(KeyRing);
    // The probe sees what is there.
    assert!(implements!(String: std::fmt::Display));
    assert!(implements!(String: serde::Serialize));
    assert!(implements!(Vec<u8>: AsRef<[u8]>));
}

#[test]
fn secrets_are_wiped_when_they_go() {
    assert!(implements!(SecretText: zeroize::ZeroizeOnDrop));
    assert!(implements!(SecretBytes: zeroize::ZeroizeOnDrop));
    assert!(implements!(MasterKey: zeroize::ZeroizeOnDrop));
    assert!(!implements!(String: zeroize::ZeroizeOnDrop));
}

#[test]
fn secrets_can_be_shared_between_threads() {
    assert!(implements!(KeyRing: Send + Sync + 'static));
    assert!(implements!(SecretText: Send + Sync + 'static));
    assert!(implements!(SecretBytes: Send + Sync + 'static));
}

#[test]
fn debug_shows_nothing() {
    let text = SecretText::new("hunter2".to_owned());
    assert_eq!(
        format!("{text:?} {text:#?}"),
        "SecretText(hidden) SecretText(hidden)"
    );
    let bytes = SecretBytes::new(b"hunter2".to_vec());
    assert_eq!(
        format!("{bytes:?} {bytes:#?}"),
        "SecretBytes(hidden) SecretBytes(hidden)"
    );
    let some: Option<Result<SecretText, ()>> = Some(Ok(text));
    assert_eq!(format!("{some:?}"), "Some(Ok(SecretText(hidden)))");
}

#[test]
fn debug_of_keys_shows_their_ids() {
    let (new, old) = (
        MasterKey::from_bytes([0xab; 32]),
        MasterKey::from_bytes([0xcd; 32]),
    );
    let (new_id, old_id) = (new.id(), old.id());
    assert_eq!(format!("{new:?}"), format!("MasterKey({new_id})"));
    let ring = KeyRing::new(new).with_former(old);
    assert_eq!(
        format!("{ring:?}"),
        format!("KeyRing {{ current: KeyId({new_id}), former: [KeyId({old_id})] }}")
    );
    for shown in [format!("{ring:?}"), format!("{ring:#?}")] {
        for content in ["abab", "cdcd", "171", "205"] {
            assert!(!shown.contains(content), "{shown}");
        }
    }
}

#[test]
fn what_was_opened_shows_nothing_either() {
    let ring = KeyRing::new(MasterKey::from_bytes([1; 32]));
    let place = Place {
        table: "t",
        row: "r",
        environment: "e",
        field: "f",
    };
    let sealed = ring.seal(&place, [2; 24], b"hunter2").unwrap();
    let opened = ring.open(&place, sealed.as_bytes());
    assert_eq!(format!("{opened:?}"), "Ok(SecretBytes(hidden))");
    assert_eq!(opened.unwrap().into_text().unwrap().expose(), "hunter2");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let refused = SecretBytes::new(vec![0xff, 0x68]).into_text();
    assert_eq!(refused.err(), Some(NotText));
    assert_eq!(NotText.to_string(), "the secret is not text (UTF-8)");
}

#[test]
fn what_is_wiped_already_is_taken_over() {
    let text = SecretText::new(Zeroizing::new("hunter2".to_owned()));
    assert_eq!(text.expose(), "hunter2");
    let bytes = SecretBytes::new(Zeroizing::new(b"hunter2".to_vec()));
    assert_eq!(bytes.expose(), b"hunter2");
}
