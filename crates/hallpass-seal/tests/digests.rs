//! Digests have a purpose and an exact input.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use data_encoding::HEXLOWER;
use hallpass_seal::{code_hash, same, token_hash};
use proptest::prelude::*;

fn counting() -> [u8; 32] {
    std::array::from_fn(|place| u8::try_from(place).unwrap())
}

/// From Python's hashlib and hmac: stored digests must stay findable.
#[test]
fn digests_are_the_pinned_ones() {
    assert_eq!(
        HEXLOWER.encode(&token_hash("session", "abc-ü")),
        "6f56d2be7154fd0d0dcdf51e1e79565577b4dbfebdf9e41b1224a0aac8f5b925"
    );
    assert_eq!(
        HEXLOWER.encode(&code_hash(&counting(), &[b"email", b"", b"123456"])),
        "1b208f10ef298f7c3bf68bb8a800894b614a7ac3c16500334eed3553906671b3"
    );
    assert_eq!(
        HEXLOWER.encode(&code_hash(&counting(), &[])),
        "15cfb1e1b27e46a3f8301502750abba97870106b6648770db8d5d237d1af1a29"
    );
}

#[test]
fn domains_keys_and_borders_count() {
    let token = token_hash("session", "token");
    for (domain, text) in [
        ("secret key", "token"),
        ("session", "Token"),
        ("sessio", "ntoken"),
        ("sessiont", "oken"),
        ("", "sessiontoken"),
        ("token", "session"),
    ] {
        assert_ne!(token_hash(domain, text), token, "{domain} {text}");
    }
    let code = code_hash(&[1; 32], &[b"ab", b"c"]);
    assert_ne!(code_hash(&[2; 32], &[b"ab", b"c"]), code);
    for parts in [
        &[&b"a"[..], b"bc"][..],
        &[b"abc"],
        &[b"ab", b"c", b""],
        &[b"", b"ab", b"c"],
        &[b"c", b"ab"],
    ] {
        assert_ne!(code_hash(&[1; 32], parts), code, "{parts:?}");
    }
}

proptest! {
    #[test]
    fn code_parts_cannot_be_confused(one in prop::collection::vec("[a\0\u{1}]{0,9}", 0..4), other in prop::collection::vec("[a\0\u{1}]{0,9}", 0..4)) {
        let [left, right] = [&one, &other].map(|parts| {
            let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
            code_hash(&[1; 32], &parts)
        });
        prop_assert_eq!(left == right, one == other);
    }

    #[test]
    fn same_agrees_with_equality(a in prop::collection::vec(0u8..3, 0..6), b in prop::collection::vec(0u8..3, 0..6)) {
        prop_assert_eq!(same(&a, &b), a == b);
        prop_assert!(same(&a, &a));
    }

    #[test]
    fn one_other_bit_is_another_value(a in prop::collection::vec(any::<u8>(), 1..80), place in any::<prop::sample::Index>(), bit in 0u32..8) {
        let mut b = a.clone();
        if let Some(byte) = b.get_mut(place.index(a.len())) {
            *byte ^= 1 << bit;
        }
        prop_assert!(!same(&a, &b));
    }
}

#[test]
fn same_does_not_take_padding_for_content() {
    assert!(same(b"", b""));
    assert!(!same(b"", b"\0"));
    assert!(!same(b"a\0", b"a"));
    assert!(!same(b"a", b"a\0\0"));
}
