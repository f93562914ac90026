//! RFC 3339 times in messages.

use hallpass_identity::Timestamp;
use hallpass_identity::wallet::MessageTime;

fn micros(text: &str) -> Option<i64> {
    let time = MessageTime::parse(text)?;
    assert_eq!(time.as_str(), text);
    Some(time.timestamp().as_micros())
}

#[test]
fn the_examples_of_rfc_3339() {
    for (text, expected) in [
        ("1985-04-12T23:20:50.52Z", 482_196_050_520_000),
        ("1996-12-19T16:39:57-08:00", 851_042_397_000_000),
        ("1996-12-20T00:39:57Z", 851_042_397_000_000),
        ("1990-12-31T23:59:60Z", 662_688_000_000_000),
        ("1990-12-31T15:59:60-08:00", 662_688_000_000_000),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000),
        ("1970-01-01t00:00:00z", 0),
        ("2000-02-29T00:00:00.0000019999999Z", 951_782_400_000_001),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ] {
        assert_eq!(micros(text), Some(expected), "{text}");
    }
}

#[test]
fn everything_else_is_refused() {
    for text in [
        "",
        "2026-11-22",
        "2026-11-22T10:00:00",
        "2026-11-22 10:00:00Z",
        "2026-11-22T10:00Z",
        "2026-11-22T10:00:00.Z",
        "2026-11-22T10:00:00,5Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T10:60:00Z",
        "2026-11-22T10:00:61Z",
        "2026-00-22T10:00:00Z",
        "2026-13-22T10:00:00Z",
        "2026-02-29T10:00:00Z",
        "1900-02-29T10:00:00Z",
        "2026-11-31T10:00:00Z",
        "2026-11-00T10:00:00Z",
        "26-11-22T10:00:00Z",
        "+2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00+0100",
        "2026-11-22T10:00:00+01",
        "2026-11-22T10:00:00+24:00",
        "2026-11-22T10:00:00+01:60",
        "2026-11-22T10:00:00ZZ",
        " 2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00Z ",
        "2026-11-22T1\u{660}:00:00Z",
        "Wed Oct 05 2011 16:48:00 GMT+0200 (CEST)",
        "1795341600",
    ] {
        assert_eq!(micros(text), None, "{text}");
    }
}

#[test]
fn a_moment_is_written_in_utc_with_milliseconds() {
    let time = MessageTime::new(Timestamp::from_micros(1_795_341_600_123_999)).unwrap();
    assert_eq!(time.as_str(), "2026-11-22T10:00:00.123Z");
    assert_eq!(time.timestamp().as_micros(), 1_795_341_600_123_000);
    let before = MessageTime::new(Timestamp::from_micros(-1)).unwrap();
    assert_eq!(before.as_str(), "1969-12-31T23:59:59.999Z");
    for outside in [
        i64::MIN,
        i64::MAX,
        253_402_300_800_000_000,
        -62_167_219_200_000_001,
    ] {
        assert!(MessageTime::new(Timestamp::from_micros(outside)).is_err());
    }
}

#[test]
fn every_day_of_ten_thousand_years_comes_back() {
    let mut expected = -62_167_219_200;
    while expected < 253_402_300_800 {
        let written = MessageTime::new(Timestamp::from_secs(expected)).unwrap();
        assert_eq!(MessageTime::parse(written.as_str()), Some(written));
        expected += 86_400;
    }
}
