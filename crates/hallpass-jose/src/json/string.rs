//! Escapes of JSON strings.

use std::borrow::Cow;

/// The text of a JSON string value; `None` if `raw` is another kind of value.
pub(crate) fn string_value(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        decode(inner).map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// Decodes what stands between the quotes; `None` for an escape that is none.
pub(super) fn decode(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(rest.get(..at)?);
        let (character, after) = escape(rest.get(at..)?)?;
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// The character of the escape at the start of `rest`, and what follows it.
pub(super) fn escape(rest: &str) -> Option<(char, &str)> {
    let rest = rest.strip_prefix('\\')?;
    let kind = rest.bytes().next()?;
    let simple = match kind {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(rest.get(1..)?),
        _ => return None,
    };
    Some((simple, rest.get(1..)?))
}

/// `XXXX`, or `XXXX\uXXXX` where the first is a high and the second a low surrogate.
fn unicode(rest: &str) -> Option<(char, &str)> {
    let (first, rest) = four_hex(rest)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, rest));
    }
    let (second, rest) = four_hex(rest.strip_prefix("\\u")?)?;
    if !(0xD800..0xDC00).contains(&first) || !(0xDC00..0xE000).contains(&second) {
        return None;
    }
    let combined = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    Some((char::from_u32(combined)?, rest))
}

fn four_hex(rest: &str) -> Option<(u32, &str)> {
    let (digits, rest) = rest.split_at_checked(4)?;
    let mut value = 0;
    for character in digits.chars() {
        value = value * 16 + character.to_digit(16)?;
    }
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_every_kind_of_escape() {
        let raw = r#""a\"\\\/\b\f\n\r\t\u0041\u00e9\uD83d\uDE00z""#;
        assert_eq!(
            string_value(raw).as_deref(),
            Some("a\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1f600}z")
        );
    }

    #[test]
    fn refuses_what_is_no_character() {
        for inner in [
            r"\x",
            r"\u12",
            r"\u12g4",
            r"\u+123",
            r"\uD800",
            r"\uDC00",
            r"\uD800\uD800",
            r"\uD800x",
            r"\uDC00\uD800",
            r"\",
            r"\U0041",
        ] {
            assert_eq!(decode(inner), None, "{inner}");
        }
    }

    #[test]
    fn other_values_are_not_strings() {
        for raw in ["1", "null", "[\"a\"]", "{\"a\":\"b\"}", "\"", ""] {
            assert_eq!(string_value(raw), None, "{raw}");
        }
    }

    #[test]
    fn a_string_without_escapes_is_not_copied() {
        assert!(matches!(
            string_value("\"abc\""),
            Some(Cow::Borrowed("abc"))
        ));
    }
}
