//! Durations on the command line: `30s`, `15m`, `1h`, `7d`.

/// Whole seconds, parsed from a number and a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub i64);

impl std::str::FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "`{text}` is not a duration: write a whole number and a unit, such as 30s, 15m, 1h or 7d"
            )
        };
        let unit = text.chars().last().ok_or_else(expected)?;
        let secs_per_unit = match unit {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            _ => return Err(expected()),
        };
        let digits = text.strip_suffix(unit).unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(expected());
        }
        let count: i64 = digits.parse().map_err(|_| expected())?;
        count
            .checked_mul(secs_per_unit)
            .map(Seconds)
            .ok_or_else(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::Seconds;

    #[test]
    fn each_unit_has_its_length() {
        for (text, secs) in [
            ("0s", 0),
            ("30s", 30),
            ("15m", 900),
            ("1h", 3600),
            ("7d", 604_800),
        ] {
            assert_eq!(text.parse(), Ok(Seconds(secs)), "{text}");
        }
    }

    #[test]
    fn anything_else_says_what_is_expected() {
        for text in [
            "",
            "s",
            "10",
            "1w",
            "-1h",
            "1.5h",
            " 1h",
            "1h ",
            "1h30m",
            "+1s",
            "99999999999999999999s",
            "9223372036854775807d",
        ] {
            let refused = text.parse::<Seconds>();
            assert!(
                refused.as_ref().is_err_and(|why| why.contains("30s")),
                "{text:?}: {refused:?}"
            );
        }
    }
}
