//! RFC 3339 times, read strictly and written back as they were read.

use hallpass_model::Timestamp;

use super::{Field, MessageError};

const MICROS: i64 = 1_000_000;
const DAY_SECS: i64 = 86_400;

/// A moment together with its spelling in the message, which is what was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTime {
    text: String,
    at: Timestamp,
}

impl MessageTime {
    /// Writes a moment as UTC with milliseconds (cut off, not rounded), as wallets show it.
    ///
    /// # Errors
    /// A year before 0 or after 9999, which the notation cannot hold.
    pub fn new(at: Timestamp) -> Result<Self, MessageError> {
        let secs = at.as_secs();
        let (year, month, day) = civil_of(secs.div_euclid(DAY_SECS));
        if !(0..=9999).contains(&year) {
            return Err(MessageError::Malformed(Field::IssuedAt));
        }
        let of_day = secs.rem_euclid(DAY_SECS);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let millis = at.as_micros().rem_euclid(MICROS) / 1000;
        let whole = secs.saturating_mul(MICROS);
        Ok(Self {
            text: format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
            ),
            at: Timestamp::from_micros(whole.saturating_add(millis * 1000)),
        })
    }

    /// Reads `date-time` of RFC 3339 section 5.6: any offset, any number of decimals (those after the sixth are ignored),
    /// the leap second as the first one of the next minute.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let micros = read(text.as_bytes())?;
        Some(Self {
            text: text.to_owned(),
            at: Timestamp::from_micros(micros),
        })
    }

    /// The spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The moment.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        self.at
    }
}

fn read(text: &[u8]) -> Option<i64> {
    let mut rest = text;
    let year = number(&mut rest, 4, 0..=9999)?;
    one_of(&mut rest, b"-")?;
    let month = number(&mut rest, 2, 1..=12)?;
    one_of(&mut rest, b"-")?;
    let day = number(&mut rest, 2, 1..=days_in(year, month))?;
    one_of(&mut rest, b"Tt")?;
    let hour = number(&mut rest, 2, 0..=23)?;
    one_of(&mut rest, b":")?;
    let minute = number(&mut rest, 2, 0..=59)?;
    one_of(&mut rest, b":")?;
    let second = number(&mut rest, 2, 0..=60)?;
    let micros = fraction(&mut rest)?;
    let offset = offset_secs(&mut rest)?;
    let of_day = hour * 3600 + minute * 60 + second;
    let secs = days_of(year, month, day) * DAY_SECS + of_day - offset;
    rest.is_empty().then_some(secs * MICROS + micros)
}

/// `.` and at least one digit, or nothing.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    if one_of(rest, b".").is_none() {
        return Some(0);
    }
    let (mut micros, mut unit) = (0, MICROS);
    while let Some(digit) = rest.first().filter(|byte| byte.is_ascii_digit()) {
        unit /= 10;
        micros += i64::from(digit - b'0') * unit;
        *rest = rest.split_first()?.1;
    }
    (unit < MICROS).then_some(micros)
}

fn offset_secs(rest: &mut &[u8]) -> Option<i64> {
    let sign = match one_of(rest, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(0),
    };
    let hour = number(rest, 2, 0..=23)?;
    one_of(rest, b":")?;
    let minute = number(rest, 2, 0..=59)?;
    Some(sign * (hour * 3600 + minute * 60))
}

fn number(rest: &mut &[u8], digits: usize, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(digits)?;
    *rest = tail;
    let value = head.iter().try_fold(0, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + i64::from(byte - b'0'))
    })?;
    range.contains(&value).then_some(value)
}

fn one_of(rest: &mut &[u8], allowed: &[u8]) -> Option<u8> {
    let (first, tail) = rest.split_first()?;
    allowed.contains(first).then(|| {
        *rest = tail;
        *first
    })
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in eras of 400 years that begin in March.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The way back: year, month and day.
fn civil_of(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}
