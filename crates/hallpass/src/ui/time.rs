//! Times as people read them; always UTC, so that two operators see the same.

use hallpass_model::Timestamp;
use serde_json::Value;

/// `2026-11-22 07:40:12Z`.
pub fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros()).map_or_else(
        |_| format!("{} s", at.as_secs()),
        |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
    )
}

/// `3 min ago`, `in 12 h`.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let secs = at.as_secs().saturating_sub(now.as_secs());
    match secs {
        0 => "now".to_owned(),
        1.. => format!("in {}", span(secs)),
        _ => format!("{} ago", span(secs.saturating_neg())),
    }
}

/// A length of time in its largest unit, with a second unit when that says something: `90 s`, `2 h 5 min`.
pub fn span(secs: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let largest = UNITS
        .iter()
        .position(|(length, _)| secs >= length.saturating_mul(2))
        .unwrap_or(UNITS.len() - 1);
    let (length, unit) = UNITS.get(largest).copied().unwrap_or((1, "s"));
    let head = format!("{} {unit}", secs / length);
    match UNITS.get(largest + 1) {
        Some((next, unit)) if secs % length / next > 0 && secs / length < 10 => {
            format!("{head} {} {unit}", secs % length / next)
        }
        _ => head,
    }
}

/// The admin API writes RFC 3339.
pub fn moment_of(value: &Value) -> Option<Timestamp> {
    let at: jiff::Timestamp = value.as_str()?.parse().ok()?;
    Some(Timestamp::from_micros(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use hallpass_model::Timestamp;
    use serde_json::json;

    #[test]
    fn spans_use_the_unit_that_fits() {
        for (secs, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (90, "90 s"),
            (150, "2 min 30 s"),
            (3_600, "60 min"),
            (7_500, "2 h 5 min"),
            (43_200, "12 h"),
            (604_800, "7 d"),
        ] {
            assert_eq!(super::span(secs), text, "{secs}");
        }
    }

    #[test]
    fn moments_are_utc() {
        assert_eq!(
            super::moment(Timestamp::from_secs(0)),
            "1970-01-01 00:00:00Z"
        );
        let parsed = super::moment_of(&json!("2026-11-22T07:00:00.5Z"));
        assert_eq!(
            parsed.map(super::moment).as_deref(),
            Some("2026-11-22 07:00:00Z")
        );
        assert_eq!(super::moment_of(&json!(7)), None);
    }
}
