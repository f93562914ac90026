//! One-time codes.

use hallpass_identity::code::{CodeLength, OneTimeCode};

/// Four draws of 64 bits.
fn random(draws: [u64; 4]) -> [u8; 32] {
    let bytes: Vec<u8> = draws.into_iter().flat_map(u64::to_le_bytes).collect();
    bytes.try_into().unwrap()
}

fn code(length: CodeLength, draws: [u64; 4]) -> Option<String> {
    OneTimeCode::from_random(length, &random(draws)).map(|code| code.expose().to_owned())
}

#[test]
fn leading_zeros_are_kept() {
    assert_eq!(
        code(CodeLength::Six, [42, 0, 0, 0]).as_deref(),
        Some("000042")
    );
    assert_eq!(
        code(CodeLength::Nine, [42, 0, 0, 0]).as_deref(),
        Some("000000042")
    );
    assert_eq!(
        code(CodeLength::Six, [1_999_999, 0, 0, 0]).as_deref(),
        Some("999999")
    );
}

#[test]
fn the_uneven_rest_is_drawn_again() {
    for (length, count) in [
        (CodeLength::Six, 1_000_000),
        (CodeLength::Nine, 1_000_000_000),
    ] {
        // The highest multiple of `count` that fits: from there on, only small codes would be left.
        let even = u64::MAX / count * count;
        let last = format!("{}", count - 1);
        assert_eq!(code(length, [even - 1, 7, 7, 7]), Some(last));
        let seven = format!("{:0width$}", 7, width = length.digits());
        assert_eq!(code(length, [even, u64::MAX, even + 1, 7]), Some(seven));
        assert_eq!(code(length, [u64::MAX, even, u64::MAX, even]), None);
    }
}

#[test]
fn every_digit_is_as_likely_at_every_place() {
    let mut counts = [[0_u32; 10]; 6];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let draws = [0; 4].map(|_: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state ^ state >> 29
        });
        let code = code(CodeLength::Six, draws).unwrap();
        for (place, digit) in code.bytes().enumerate() {
            counts[place][usize::from(digit - b'0')] += 1;
        }
    }
    // 2,000 expected, deviation 42; the draws are fixed, so this holds always or never.
    assert!(
        counts
            .iter()
            .flatten()
            .all(|count| (1_750..2_250).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn what_people_type() {
    for typed in ["123456", "123 456", " 123-456 ", "1 2 3 4 5 6"] {
        assert_eq!(OneTimeCode::parse(typed).unwrap().expose(), "123456");
    }
    assert_eq!(
        OneTimeCode::parse("123 456 789").unwrap().expose(),
        "123456789"
    );
    for typed in [
        "",
        "12345",
        "1234567",
        "12345678",
        "1234567890",
        "12345a",
        "12345\u{664}",
        "\u{ff11}23456",
        "123456\n",
        "+123456",
        "0x1234",
        &format!("123456{}", " ".repeat(100)),
    ] {
        let error = OneTimeCode::parse(typed).unwrap_err();
        assert_eq!(error.code(), "code_malformed", "{typed:?}");
    }
}

#[test]
fn shown_in_groups_and_never_in_logs() {
    let code = OneTimeCode::parse("123456789").unwrap();
    assert_eq!(*code.expose_grouped(), "123 456 789");
    assert_eq!(format!("{code:?}"), "OneTimeCode(..)");
}
