//! A master key is read in every spelling that people keep one in, and refused with help and without echo.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use hallpass_seal::{MasterKey, MasterKeyError};
use proptest::prelude::*;

/// Bytes whose base64 needs `+`, `/` and every kind of letter.
const BYTES: [u8; 32] = [
    0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
    0x3e, 0x3f, 0xaa, 0x55, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xa0, 0xb0, 0xc1,
];

fn refusal(text: &str) -> MasterKeyError {
    MasterKey::parse(text).unwrap_err()
}

#[test]
fn every_usual_spelling_is_the_same_key() {
    let hex = HEXLOWER.encode(&BYTES);
    let spellings = [
        hex.clone(),
        HEXUPPER.encode(&BYTES),
        format!("{}{}", &HEXUPPER.encode(&BYTES[..16]), &hex[32..]),
        BASE64.encode(&BYTES),
        BASE64_NOPAD.encode(&BYTES),
        BASE64URL.encode(&BYTES),
        BASE64URL_NOPAD.encode(&BYTES),
    ];
    let key = MasterKey::from_bytes(BYTES);
    for spelling in &spellings {
        for around in ["", "\n", "\r\n", " \t\n\n"] {
            let text = format!("{around}{spelling}{around}");
            let read = MasterKey::parse(&text).unwrap();
            assert_eq!(read.to_text().expose(), hex, "{text:?}");
            assert_eq!(read.id(), key.id());
        }
    }
    assert!(spellings.iter().any(|text| text.contains('+')));
    assert!(spellings.iter().any(|text| text.contains('_')));
}

#[test]
fn a_generated_key_is_the_random_bytes() {
    assert_eq!(
        MasterKey::generate(BYTES).id(),
        MasterKey::from_bytes(BYTES).id()
    );
}

#[test]
fn an_id_names_one_key() {
    // SHA-256("hallpass-seal key id" || 00 01 .. 1f), from Python's hashlib.
    let counting = MasterKey::from_bytes(std::array::from_fn(|place| u8::try_from(place).unwrap()));
    assert_eq!(counting.id().to_string(), "21a7b28ff935e0ab");
    assert_eq!(format!("{:?}", counting.id()), "KeyId(21a7b28ff935e0ab)");
    assert_ne!(counting.id(), MasterKey::from_bytes(BYTES).id());
}

#[test]
fn everything_else_is_refused_with_a_reason() {
    let hex = HEXLOWER.encode(&BYTES);
    let base64 = BASE64.encode(&BYTES);
    let cases = [
        (String::new(), "master_key_empty"),
        (" \n\t".to_owned(), "master_key_empty"),
        (format!("\"{hex}\""), "master_key_quoted"),
        (format!("'{base64}'"), "master_key_quoted"),
        (format!("{hex}\""), "master_key_quoted"),
        (format!("{hex}\n{hex}"), "master_key_white_space"),
        (
            format!("{} {}", &hex[..32], &hex[32..]),
            "master_key_white_space",
        ),
        (
            format!("{}\n{}", &base64[..22], &base64[22..]),
            "master_key_white_space",
        ),
        (
            format!("{}\u{a0}{}", &hex[..32], &hex[32..]),
            "master_key_white_space",
        ),
        (format!("\u{feff}{hex}"), "master_key_character"),
        (format!("{}\u{200b}", &hex[1..]), "master_key_character"),
        (format!("{}\0", &hex[1..]), "master_key_character"),
        (format!("{}é", &hex[2..]), "master_key_character"),
        (
            hex.as_bytes()
                .chunks(2)
                .map(|pair| std::str::from_utf8(pair).unwrap())
                .collect::<Vec<_>>()
                .join(":"),
            "master_key_character",
        ),
        (format!("0x{hex}"), "master_key_length"),
        (format!("HALLPASS_MASTER_KEY={hex}"), "master_key_length"),
        (hex[..63].to_owned(), "master_key_length"),
        (format!("{hex}0"), "master_key_length"),
        (hex[..32].to_owned(), "master_key_length"),
        (BASE64.encode(&BYTES[..31]), "master_key_spelling"),
        (BASE64_NOPAD.encode(&BYTES[..31]), "master_key_length"),
        (
            BASE64.encode(&[&BYTES[..], &[1]].concat()),
            "master_key_length",
        ),
        (BASE64.encode(&[7; 48]), "master_key_spelling"),
        (format!("{base64}="), "master_key_length"),
        (format!("={}", &base64[..43]), "master_key_length"),
        (format!("{}==", &base64[..42]), "master_key_spelling"),
        (format!("{}g", &hex[..63]), "master_key_spelling"),
        (format!("{}=", &hex[..63]), "master_key_spelling"),
        // Both alphabets at once, and stray bits in the last letter.
        (format!("-{}", &base64[1..]), "master_key_spelling"),
        (format!("{}F=", &base64[..42]), "master_key_spelling"),
        ("0".repeat(64), "master_key_placeholder"),
        ("A".repeat(43), "master_key_placeholder"),
        ("ff".repeat(32), "master_key_placeholder"),
        ("passphrase".to_owned(), "master_key_length"),
    ];
    for (text, code) in cases {
        let refusal = refusal(&text);
        assert_eq!(refusal.code(), code, "{text:?}");
        let shown = format!("{refusal} {refusal:?}");
        let letters: Vec<char> = text.trim().chars().collect();
        for part in letters.windows(6) {
            let part = String::from_iter(part);
            assert!(!shown.contains(&part), "{part:?} of {text:?} shows");
        }
    }
}

#[test]
fn a_refusal_says_what_is_expected() {
    let expected = "the master key has 10 characters; expected are 64 hexadecimal digits or the 43 or 44 characters of 32 bytes in base64 (openssl rand -hex 32 makes one)";
    assert_eq!(refusal(" passphrase\n").to_string(), expected);
    assert!(refusal("").to_string().contains("openssl rand -hex 32"));
}

proptest! {
    #[test]
    fn a_refusal_never_echoes(text in "[ -~]{9,100}") {
        if let Err(refusal) = MasterKey::parse(&text) {
            let shown = format!("{refusal} {refusal:?}");
            for part in text.as_bytes().windows(9) {
                let part = std::str::from_utf8(part).unwrap();
                prop_assert!(!shown.contains(part), "{}", part);
            }
        }
    }

    #[test]
    fn a_key_comes_back_from_its_text(bytes in any::<[u8; 32]>()) {
        let key = MasterKey::from_bytes(bytes);
        let text = key.to_text();
        let read = MasterKey::parse(text.expose()).unwrap();
        let again = read.to_text();
        prop_assert_eq!(again.expose(), text.expose());
        prop_assert_eq!(text.expose(), HEXLOWER.encode(&bytes));
    }

    #[test]
    fn any_text_is_answered(text in ".{0,80}") {
        let _answer = MasterKey::parse(&text);
    }
}
