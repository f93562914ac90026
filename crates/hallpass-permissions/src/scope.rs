//! Scopes: `integration:slack`, `credential:<uuid>`, `configuration:ext:Team A`, and their wildcards.

use crate::fault::ScopeFault;
use crate::path::Part;

/// The three levels, from the outside in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Integration,
    Credential,
    Configuration,
}

/// The value of a UUID; two words instead of a `u128` keep whatever holds one small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Uuid {
    pub(crate) high: u64,
    pub(crate) low: u64,
}

/// One member name of the claim, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    pub(crate) level: Level,
    pub(crate) part: Part<'a>,
}

impl Level {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Level::Integration => "integration",
            Level::Credential => "credential",
            Level::Configuration => "configuration",
        }
    }
}

impl<'a> Scope<'a> {
    pub(crate) fn parse(name: &'a str) -> Result<Scope<'a>, ScopeFault> {
        let (level, value) = split_level(name)?;
        let part = match level {
            _ if value.is_empty() => return Err(ScopeFault::EmptyId),
            _ if value == "*" => Part::Any,
            Level::Integration => integration_part(value)?,
            Level::Credential | Level::Configuration => thing_part(value)?,
        };
        Ok(Scope { level, part })
    }
}

/// Whether `text` can be an integration's slug: a letter or digit, then at most 127 of letters, digits, `.`, `_`, `-`.
#[must_use]
pub fn is_integration_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 128
        && bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// Whether `text` can be an external id: 1-255 bytes, no control character, no white space (Unicode's) at either
/// end, not `*`, not beginning with `ext:`.
#[must_use]
pub fn is_external_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && text != "*"
        && !text.starts_with("ext:")
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace)
        && !text.contains(char::is_control)
}

/// Whether `text` is a UUID in lower-case 8-4-4-4-12 form.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    uuid_value(text).is_some()
}

/// The value of a UUID in lower-case 8-4-4-4-12 form; any version and variant.
pub(crate) fn uuid_value(text: &str) -> Option<Uuid> {
    let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let [
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
        b'-',
        i,
        j,
        k,
        l,
        b'-',
        m,
        n,
        o,
        p,
        b'-',
        q,
        r,
        s,
        t,
        b'-',
        tail @ ..,
    ] = *bytes
    else {
        return None;
    };
    let [u, v, w, x, last @ ..] = tail;
    let first = eight_digits([a, b, c, d, e, f, g, h])?;
    let second = eight_digits([i, j, k, l, m, n, o, p])?;
    let third = eight_digits([q, r, s, t, u, v, w, x])?;
    let fourth = eight_digits(last)?;
    let word = |high: u32, low: u32| (u64::from(high) << 32) | u64::from(low);
    Some(Uuid {
        high: word(first, second),
        low: word(third, fourth),
    })
}

/// The text form of a UUID's value.
pub(crate) fn uuid_text(value: Uuid) -> String {
    let hex = format!("{:016x}{:016x}", value.high, value.low);
    let mut text = String::with_capacity(36);
    for (position, digit) in hex.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

fn split_level(name: &str) -> Result<(Level, &str), ScopeFault> {
    for level in [Level::Integration, Level::Credential, Level::Configuration] {
        if let Some(rest) = name.strip_prefix(level.as_str())
            && let Some(value) = rest.strip_prefix(':')
        {
            return Ok((level, value));
        }
    }
    Err(ScopeFault::UnknownPrefix)
}

fn integration_part(value: &str) -> Result<Part<'_>, ScopeFault> {
    if is_integration_name(value) {
        Ok(Part::Text(value))
    } else {
        Err(ScopeFault::IntegrationName)
    }
}

fn thing_part(value: &str) -> Result<Part<'_>, ScopeFault> {
    if let Some(external_id) = value.strip_prefix("ext:") {
        return if is_external_id(external_id) {
            Ok(Part::Text(external_id))
        } else {
            Err(ScopeFault::ExternalId)
        };
    }
    if let Some(id) = uuid_value(value) {
        return Ok(Part::Id(id));
    }
    Err(if uuid_value(&value.to_ascii_lowercase()).is_some() {
        ScopeFault::UpperCaseId
    } else {
        ScopeFault::BareId
    })
}

/// Eight lower-case hex digits at once: the bytes of a word are judged and folded in parallel, because an id is
/// read on every decision.
fn eight_digits(digits: [u8; 8]) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    let word = u64::from_be_bytes(digits);
    if word & HIGH != 0 {
        return None;
    }
    // With all bytes below 128, adding (128 - n) sets the high bit of exactly the bytes that are at least n.
    let at_least = |n: u64| (word + (0x80 - n) * ONES) & HIGH;
    let decimal = at_least(0x30) & !at_least(0x3a);
    let letter = at_least(0x61) & !at_least(0x67);
    if decimal | letter != HIGH {
        return None;
    }
    // '0' is 0x30 and 'a' is 0x61: the low half of a letter lacks 9.
    let nibbles = (word & (0x0f * ONES)) + (letter >> 7) * 9;
    let pairs = (nibbles | (nibbles >> 4)) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs | (pairs >> 8)) & 0x0000_ffff_0000_ffff;
    u32::try_from((quads | (quads >> 16)) & 0xffff_ffff).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_survives_the_round_trip() {
        for text in [
            "00000000-0000-0000-0000-000000000000",
            "0123abcd-4567-89ef-fedc-ba9876543210",
        ] {
            assert_eq!(uuid_value(text).map(uuid_text).as_deref(), Some(text));
        }
    }

    #[test]
    fn every_byte_but_a_lower_case_digit_is_refused_in_every_place() {
        let good = *b"0123abcd-4567-89ef-fedc-ba9876543210";
        for place in 0..good.len() {
            for byte in 0..=127_u8 {
                let mut text = good;
                if let Some(slot) = text.get_mut(place) {
                    *slot = byte;
                }
                let hyphen = matches!(place, 8 | 13 | 18 | 23);
                let fits = if hyphen {
                    byte == b'-'
                } else {
                    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
                };
                let read = std::str::from_utf8(&text).ok().and_then(uuid_value);
                assert_eq!(read.is_some(), fits, "byte {byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn each_digit_counts_in_its_own_place() {
        assert_eq!(eight_digits(*b"0123abcd"), Some(0x0123_abcd));
        assert_eq!(eight_digits(*b"f9e8d7c6"), Some(0xf9e8_d7c6));
    }
}
