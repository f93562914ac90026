use hallpass_model::{Error, Timestamp};

/// RFC 3339 in UTC, as every answer shows times.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(time.as_micros())
        .unwrap_or(if time.as_micros() < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
        .to_string()
}

/// As HTTP writes it (RFC 9110, section 5.6.7).
pub(crate) fn http_date(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_second(time.as_secs()).unwrap_or(jiff::Timestamp::MAX);
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads an RFC 3339 time with any offset.
pub(crate) fn parse(text: &str, pointer: &str) -> Result<Timestamp, Error> {
    text.parse::<jiff::Timestamp>()
        .map(|time| Timestamp::from_micros(time.as_microsecond()))
        .map_err(|_| {
            Error::unprocessable(
                "invalid_time",
                "expected an RFC 3339 time such as 2026-11-22T08:00:00Z",
            )
            .at(pointer)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_and_read_with_any_offset() {
        let time = Timestamp::from_micros(1_795_334_400_000_000);
        assert_eq!(rfc3339(time), "2026-11-22T08:00:00Z");
        assert_eq!(parse("2026-11-22T10:00:00+02:00", "/from").ok(), Some(time));
        assert!(parse("yesterday", "/from").is_err());
        assert!(rfc3339(Timestamp::from_micros(i64::MAX)).starts_with("9999-"));
    }
}
