//! What is sealed opens in its place and with its key, and nothing else opens.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use data_encoding::HEXLOWER;
use hallpass_seal::{
    KeyId, KeyRing, MAX_PLAINTEXT_BYTES, MasterKey, OpenError, Place, SEALED_OVERHEAD_BYTES,
    SealError,
};
use proptest::prelude::*;

const PLACE: Place<'static> = Place {
    table: "issuer_keys",
    row: "row-1",
    environment: "production",
    field: "private_key",
};

/// Key 0..31, nonce 100..123, PLACE and "attack at dawn", from a second implementation (HChaCha20 by hand and the
/// ChaCha20-Poly1305 of Python's `cryptography`).
const PINNED: &str = concat!(
    "01",
    "21a7b28ff935e0ab",
    "6465666768696a6b6c6d6e6f707172737475767778797a7b",
    "1d078dd19c45a9e3f310f95ed101",
    "ff0b6d65aa2c28b84e23cc4895394ad3",
);
const PINNED_EMPTY: &str = concat!(
    "01",
    "21a7b28ff935e0ab",
    "6465666768696a6b6c6d6e6f707172737475767778797a7b",
    "1703baf7223218ea51086ef0f7cbb4ae",
);

fn counting<const N: usize>(from: u8) -> [u8; N] {
    std::array::from_fn(|place| from + u8::try_from(place).unwrap())
}

fn key(number: u8) -> MasterKey {
    MasterKey::from_bytes([number; 32])
}

fn ring() -> KeyRing {
    KeyRing::new(key(1))
}

fn sealed(plaintext: &[u8]) -> Vec<u8> {
    let sealed = ring().seal(&PLACE, counting(50), plaintext).unwrap();
    sealed.into_bytes()
}

fn open(ring: &KeyRing, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let opened = ring.open(place, sealed)?;
    Ok(opened.expose().to_vec())
}

#[test]
fn the_format_is_the_pinned_one() {
    let ring = KeyRing::new(MasterKey::from_bytes(counting(0)));
    for (plaintext, pinned) in [("attack at dawn", PINNED), ("", PINNED_EMPTY)] {
        let sealed = ring
            .seal(&PLACE, counting(100), plaintext.as_bytes())
            .unwrap();
        assert_eq!(HEXLOWER.encode(sealed.as_bytes()), pinned);
        let stored = HEXLOWER.decode(pinned.as_bytes()).unwrap();
        assert_eq!(open(&ring, &PLACE, &stored).unwrap(), plaintext.as_bytes());
    }
}

#[test]
fn a_sealed_value_names_its_key_and_hides_its_text() {
    let sealed = ring().seal(&PLACE, counting(50), b"a secret text").unwrap();
    assert_eq!(sealed.key_id(), key(1).id());
    assert_eq!(sealed.as_bytes()[1..9], *key(1).id().as_bytes());
    assert_eq!(
        sealed.as_bytes().len(),
        SEALED_OVERHEAD_BYTES + "a secret text".len()
    );
    let holds_text = sealed.as_bytes().windows(6).any(|part| part == b"secret");
    assert!(!holds_text);
    assert_eq!(
        format!("{sealed:?}"),
        format!("Sealed {{ key: KeyId({}), bytes: 62 }}", key(1).id())
    );
}

#[test]
fn every_flipped_bit_is_refused() {
    let sealed = sealed(b"a secret text");
    for place in 0..sealed.len() {
        for bit in 0..8 {
            let mut other = sealed.clone();
            other[place] ^= 1 << bit;
            let expected = match place {
                0 => OpenError::UnknownVersion(other[0]),
                1..=8 => OpenError::UnknownKey(KeyId::from_bytes(other[1..9].try_into().unwrap())),
                _ => OpenError::Damaged,
            };
            assert_eq!(
                open(&ring(), &PLACE, &other),
                Err(expected),
                "byte {place}, bit {bit}"
            );
        }
    }
}

#[test]
fn a_key_id_of_another_key_on_the_ring_does_not_help() {
    let ring = ring().with_former(key(2));
    let mut other = sealed(b"a secret text");
    other[1..9].copy_from_slice(key(2).id().as_bytes());
    assert_eq!(open(&ring, &PLACE, &other), Err(OpenError::Damaged));
}

#[test]
fn every_cut_and_every_extension_is_refused() {
    for plaintext in [&b""[..], b"a secret text"] {
        let sealed = sealed(plaintext);
        for length in 0..sealed.len() {
            let at_the_end = open(&ring(), &PLACE, &sealed[..length]);
            assert_eq!(at_the_end, Err(OpenError::Damaged), "{length}");
            let at_the_start = open(&ring(), &PLACE, &sealed[sealed.len() - length..]);
            assert!(at_the_start.is_err(), "{length}");
        }
        for extra in [&[0][..], &[1], &[0; 16], &sealed] {
            let longer = [&sealed, extra].concat();
            assert_eq!(open(&ring(), &PLACE, &longer), Err(OpenError::Damaged));
        }
    }
}

#[test]
fn a_value_does_not_open_in_another_place() {
    let sealed = sealed(b"a secret text");
    let others = [
        Place {
            table: "identity_providers",
            ..PLACE
        },
        Place {
            row: "row-2",
            ..PLACE
        },
        Place {
            environment: "beta",
            ..PLACE
        },
        Place {
            field: "public_key",
            ..PLACE
        },
        Place {
            environment: "",
            ..PLACE
        },
        Place {
            table: PLACE.row,
            row: PLACE.table,
            ..PLACE
        },
        Place {
            table: "issuer_keysrow-1",
            row: "",
            ..PLACE
        },
        Place {
            table: "issuer_key",
            row: "srow-1",
            ..PLACE
        },
        Place {
            environment: "Production",
            ..PLACE
        },
    ];
    for other in others {
        let opened = open(&ring(), &other, &sealed);
        assert_eq!(opened, Err(OpenError::Damaged), "{other:?}");
    }
    assert_eq!(open(&ring(), &PLACE, &sealed).unwrap(), b"a secret text");
}

#[test]
fn other_versions_unknown_keys_and_damage_are_told_apart() {
    let ours = sealed(b"a secret text");
    for version in (0..=255).filter(|version| *version != 1) {
        let mut other = ours.clone();
        other[0] = version;
        // Another version may be shorter than ours ever is.
        for other in [&other[..], &[version]] {
            let expected = OpenError::UnknownVersion(version);
            assert_eq!(open(&ring(), &PLACE, other), Err(expected));
            assert_eq!(ring().needs_resealing(other), Err(expected));
        }
    }
    let stranger = KeyRing::new(key(2));
    let expected = OpenError::UnknownKey(key(1).id());
    assert_eq!(open(&stranger, &PLACE, &ours), Err(expected));
    assert_eq!(stranger.needs_resealing(&ours), Err(expected));
    assert_eq!(
        expected.to_string(),
        format!(
            "the value is sealed with the master key {}, which is not configured",
            key(1).id()
        )
    );
    for damaged in [&[][..], &[1], &ours[..SEALED_OVERHEAD_BYTES - 1]] {
        assert_eq!(open(&ring(), &PLACE, damaged), Err(OpenError::Damaged));
        assert_eq!(ring().needs_resealing(damaged), Err(OpenError::Damaged));
    }
    let codes = [OpenError::UnknownVersion(2), expected, OpenError::Damaged].map(|e| e.code());
    assert_eq!(
        codes,
        [
            "seal_version_unknown",
            "master_key_unknown",
            "sealed_value_damaged"
        ]
    );
}

#[test]
fn former_keys_open_and_only_the_current_one_seals() {
    let old = sealed(b"a secret text");
    assert_eq!(ring().needs_resealing(&old), Ok(false));

    let ring = KeyRing::new(key(3)).with_former(key(2)).with_former(key(1));
    assert_eq!(ring.current_id(), key(3).id());
    assert_eq!(ring.needs_resealing(&old), Ok(true));
    let text = ring.open(&PLACE, &old).unwrap();
    assert_eq!(text.expose(), b"a secret text");

    let new = ring.seal(&PLACE, counting(60), text.expose()).unwrap();
    assert_eq!(new.key_id(), key(3).id());
    assert_eq!(ring.needs_resealing(new.as_bytes()), Ok(false));
    let alone = KeyRing::new(key(3));
    assert_eq!(
        open(&alone, &PLACE, new.as_bytes()).unwrap(),
        b"a secret text"
    );
    assert_eq!(
        open(&alone, &PLACE, &old),
        Err(OpenError::UnknownKey(key(1).id()))
    );
}

#[test]
fn a_key_is_on_the_ring_once() {
    let ring = KeyRing::new(key(1))
        .with_former(key(1))
        .with_former(key(2))
        .with_former(key(2));
    let ids: Vec<KeyId> = ring.ids().collect();
    assert_eq!(ids, [key(1).id(), key(2).id()]);
    assert_eq!(
        ring.needs_resealing(&sealed(b"a secret text")),
        Ok(false),
        "the current key given again as a former one stays current"
    );
}

#[test]
fn the_longest_text_is_sealed_and_a_longer_one_is_not() {
    let longest = vec![7; MAX_PLAINTEXT_BYTES];
    let sealed = sealed(&longest);
    assert_eq!(open(&ring(), &PLACE, &sealed).unwrap(), longest);

    let longer = vec![7; MAX_PLAINTEXT_BYTES + 1];
    let refused = ring().seal(&PLACE, counting(50), &longer).unwrap_err();
    assert_eq!(
        refused,
        SealError::TooLong {
            bytes: MAX_PLAINTEXT_BYTES + 1
        }
    );
    assert_eq!(
        refused.to_string(),
        "the value has 1048577 bytes; at most 1048576 can be sealed"
    );
    assert_eq!(refused.code(), "value_too_long");
    let longer = [&sealed[..], &[0]].concat();
    assert_eq!(ring().needs_resealing(&longer), Err(OpenError::Damaged));
}

proptest! {
    #[test]
    fn what_is_sealed_opens(plaintext in prop::collection::vec(any::<u8>(), 0..300), key in any::<[u8; 32]>(), nonce in any::<[u8; 24]>(), parts in prop::array::uniform4(".{0,12}")) {
        let [table, row, environment, field] = &parts;
        let place = Place { table, row, environment, field };
        let ring = KeyRing::new(MasterKey::from_bytes(key));
        let sealed = ring.seal(&place, nonce, &plaintext).unwrap();
        prop_assert_eq!(open(&ring, &place, sealed.as_bytes()), Ok(plaintext));
    }

    #[test]
    fn another_place_never_opens(one in prop::array::uniform4("[ab]{0,3}"), other in prop::array::uniform4("[ab]{0,3}")) {
        let [place, elsewhere] = [&one, &other].map(|[table, row, environment, field]| Place { table, row, environment, field });
        let sealed = ring().seal(&place, counting(50), b"text").unwrap();
        prop_assert_eq!(open(&ring(), &elsewhere, sealed.as_bytes()).is_ok(), one == other);
    }

    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), header in any::<bool>()) {
        let mut bytes = bytes;
        if header {
            bytes.splice(..0, sealed(b"")[..9].to_vec());
        }
        prop_assert!(open(&ring(), &PLACE, &bytes).is_err());
    }
}
