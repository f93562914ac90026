//! How pages say times and numbers, and how they show text that somebody else wrote.

use std::fmt;

use askama::filters::HtmlSafe;
use hallpass_model::Timestamp;
use serde_json::Value;

use super::lines::shell_word;
use crate::failure::sentence;
use crate::time::rfc3339;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const MONTH: i64 = 30 * DAY;
const YEAR: i64 = 365 * DAY;

/// A time to the minute, with how far away it is. Writes its own markup, in which nothing is anybody else's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    iso: String,
    utc: String,
    relative: String,
}

impl Moment {
    pub(super) fn new(at: Timestamp, now: Timestamp) -> Self {
        Self {
            iso: rfc3339(at),
            utc: utc(at),
            relative: relative(at, now),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { iso, utc, relative } = self;
        write!(
            f,
            "<span class=\"moment\"><time datetime=\"{iso}\">{utc}</time> <span class=\"quiet\">{relative}</span></span>"
        )
    }
}

impl HtmlSafe for Moment {}

/// `2026-11-28 08:40`, in UTC.
pub(super) fn utc(at: Timestamp) -> String {
    let text = rfc3339(at);
    let minutes = text.get(..16).unwrap_or(&text);
    minutes.replace('T', " ")
}

/// `3 minutes ago`, `in 2 days`, `now`.
pub(super) fn relative(at: Timestamp, now: Timestamp) -> String {
    let secs = at.as_secs().saturating_sub(now.as_secs());
    let length = span(secs.saturating_abs());
    match secs {
        -4..=4 => "now".to_owned(),
        5.. => format!("in {length}"),
        _ => format!("{length} ago"),
    }
}

/// A length of time in its largest unit: `90 days` are `3 months`.
pub(super) fn span(secs: i64) -> String {
    let units = [
        (YEAR, "year"),
        (MONTH, "month"),
        (DAY, "day"),
        (HOUR, "hour"),
        (MINUTE, "minute"),
    ];
    let largest = units.into_iter().find(|(unit, _)| secs >= *unit);
    let (unit, name) = largest.unwrap_or((1, "second"));
    count(secs.div_euclid(unit), name)
}

/// `1 session`, `2 sessions`.
pub(super) fn count(number: i64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// `12,345`.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        out.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// JSON for people to read and edit. What would turn or hide the text around it stands as an escape, which reads back
/// as the same value.
pub(super) fn pretty(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Outside of strings JSON is ASCII, so whatever is met here may be written as an escape.
        if is_unseen(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// The beginning of a text, with a word about the rest.
pub(super) fn clipped(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some((end, _)) => {
            let kept = text.get(..end).unwrap_or_default();
            let all = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            format!("{kept}\u{2026} ({} characters)", grouped(all))
        }
    }
}

/// The same of a JSON value.
pub(super) fn pretty_clipped(value: &Value, chars: usize) -> String {
    clipped(&pretty(value), chars)
}

/// What a service said about a field, with the place inside of it.
pub(super) fn complaint(error: &hallpass_model::Error) -> String {
    match error.pointer().filter(|pointer| !pointer.is_empty()) {
        Some(pointer) => format!(
            "At {}: {}",
            clipped(pointer, 200),
            sentence(error.message())
        ),
        None => sentence(error.message()),
    }
}

/// A text as one segment of a path, or one value of a query: everything but unreserved characters is percent-encoded.
pub(super) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A text as one argument of our command line, which takes one that begins with a dash for a flag.
pub(super) fn shell_argument(text: &str) -> String {
    let dashes = if text.starts_with('-') { "-- " } else { "" };
    format!("{dashes}{}", shell_word(text))
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'
            | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_said_to_the_minute_and_by_their_distance() {
        let now = Timestamp::from_secs(1_795_334_400);
        let moment = Moment::new(now.plus_secs(-125), now);
        assert_eq!(
            moment.to_string(),
            "<span class=\"moment\"><time datetime=\"2026-11-22T07:57:55Z\">2026-11-22 07:57</time> \
             <span class=\"quiet\">2 minutes ago</span></span>"
        );
        for (secs, words) in [
            (0, "now"),
            (-4, "now"),
            (5, "in 5 seconds"),
            (-60, "1 minute ago"),
            (7200, "in 2 hours"),
            (-86_400, "1 day ago"),
            (90 * 86_400, "in 3 months"),
            (-800 * 86_400, "2 years ago"),
        ] {
            assert_eq!(relative(now.plus_secs(secs), now), words);
        }
        let end = Timestamp::from_micros(i64::MAX);
        assert!(relative(end, Timestamp::from_micros(i64::MIN)).starts_with("in "));
    }

    #[test]
    fn numbers_are_grouped_and_nouns_agree() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (-1_234_567, "-1,234,567"),
            (i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(2000, "row"), "2,000 rows");
    }

    #[test]
    fn json_is_shown_without_what_turns_text_and_reads_back_the_same() {
        let value =
            json!({ "a\u{202e}b": ["\u{feff}", "\u{e0041}", "\u{85}", "e\u{301} <b>\u{1F511}\n"] });
        let text = pretty(&value);
        assert!(!text.chars().any(|c| c != '\n' && is_unseen(c)), "{text}");
        assert!(text.contains("a\\u202eb") && text.contains("\\udb40\\udc41"));
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
    }

    #[test]
    fn long_texts_are_clipped_between_characters() {
        assert_eq!(clipped("\u{e9}\u{e9}", 2), "\u{e9}\u{e9}");
        assert_eq!(
            clipped("\u{e9}\u{e9}\u{e9}", 2),
            "\u{e9}\u{e9}\u{2026} (3 characters)"
        );
    }

    #[test]
    fn refusals_are_sentences_that_say_where() {
        let error = hallpass_model::Error::unprocessable("x", "too deep").at("/a/b");
        assert_eq!(complaint(&error), "At /a/b: Too deep.");
        assert_eq!(complaint(&error.at("")), "Too deep.");
    }

    #[test]
    fn texts_are_one_segment_and_one_word() {
        assert_eq!(
            segment("org:1/\u{fc} ?#%.."),
            "org%3A1%2F%C3%BC%20%3F%23%25.."
        );
        assert_eq!(shell_argument("a b"), "'a b'");
        assert_eq!(shell_argument("-rf"), "-- -rf");
    }
}
