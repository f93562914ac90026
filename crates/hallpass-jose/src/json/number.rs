//! JSON numbers as points in time.

/// 2^53: from here on a double no longer holds every whole number.
const LIMIT: u64 = 1 << 53;
/// Digits of the largest whole number below [`LIMIT`].
const MAX_DIGITS: usize = 16;

/// The whole part of a JSON number in `0..2^53`, exactly; `None` for anything else, a minus sign included.
///
/// `raw` must be the text of a JSON value that was scanned before; what is no number gives `None`.
pub(crate) fn whole_seconds(raw: &str) -> Option<i64> {
    // Nearly every time is a few plain digits.
    if (1..MAX_DIGITS).contains(&raw.len()) && raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(
            raw.bytes()
                .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')),
        );
    }
    let (mantissa, exponent) = match raw.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_value(exponent)?),
        None => (raw, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty()
        || !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    // The digits without leading zeros, and how many of them stand before the shifted decimal point.
    let zeros = whole
        .bytes()
        .chain(fraction.bytes())
        .take_while(|byte| *byte == b'0')
        .count();
    let digits = whole.bytes().chain(fraction.bytes()).skip(zeros);
    let significant = (whole.len() + fraction.len()).saturating_sub(zeros);
    if significant == 0 {
        return Some(0);
    }
    let before_point = i64::try_from(whole.len())
        .ok()?
        .checked_add(exponent)?
        .checked_sub(i64::try_from(zeros).ok()?)?;
    let wanted = usize::try_from(before_point.max(0)).ok()?;
    if wanted > MAX_DIGITS {
        return None;
    }
    let value = digits
        .chain(std::iter::repeat(b'0'))
        .take(wanted)
        .fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    if value < LIMIT {
        i64::try_from(value).ok()
    } else {
        None
    }
}

/// The exponent, clamped: beyond a million the answer no longer depends on it (texts are far shorter).
fn exponent_value(text: &str) -> Option<i64> {
    const CLAMP: i64 = 10_000_000;
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.bytes().fold(0i64, |sum, digit| {
        (sum * 10 + i64::from(digit - b'0')).min(CLAMP)
    });
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_numbers_fractions_and_exponents() {
        for (raw, expected) in [
            ("0", 0),
            ("0.0", 0),
            ("0e999999999999", 0),
            ("1", 1),
            ("1700000000", 1_700_000_000),
            ("1700000000.999", 1_700_000_000),
            ("1.7e9", 1_700_000_000),
            ("1.7E+9", 1_700_000_000),
            ("17000000000e-1", 1_700_000_000),
            ("0.9999", 0),
            ("1e-400", 0),
            ("0.00000017e16", 1_700_000_000),
            ("9007199254740991", 9_007_199_254_740_991),
            ("9007199254740991.99", 9_007_199_254_740_991),
        ] {
            assert_eq!(whole_seconds(raw), Some(expected), "{raw}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for raw in [
            "-1",
            "-0",
            "-0.5",
            "9007199254740992",
            "9223372036854775807",
            "18446744073709551616",
            "1e16",
            "1e400",
            "1e99999999999999999999",
            "NaN",
            "Infinity",
            "null",
            "true",
            "\"1\"",
            "[1]",
            "{}",
            "",
            "1e",
            "1e+",
            ".5",
            "0x10",
            "1_000",
        ] {
            assert_eq!(whole_seconds(raw), None, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_doubles_where_they_are_exact(whole in 0u64..1 << 52, thousandths in 0u32..1000) {
            let raw = format!("{whole}.{thousandths:03}");
            prop_assert_eq!(whole_seconds(&raw), i64::try_from(whole).ok());
            let shifted = format!("{whole}{thousandths:03}e-3");
            prop_assert_eq!(whole_seconds(&shifted), i64::try_from(whole).ok());
        }
    }
}
