//! JSON that somebody typed into a form.

use hallpass_model::Metadata;
use serde::de::IgnoredAny;

use crate::dashboard::words::complaint;
use crate::extract::read_strictly;
use crate::failure::sentence;

/// Reads an object; what is wrong is said for people, with line and column.
///
/// # Errors
/// One or two sentences.
pub(super) fn read_object(text: &str) -> Result<Metadata, String> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return Err(malformed(text, &error));
    }
    if !text.trim_start().starts_with('{') {
        return Err("This has to be one JSON object: {\"name\": \"value\"}.".to_owned());
    }
    // By the rules of the API's own bodies: a member that stands there twice would be lost without a word.
    read_strictly(text.as_bytes()).map_err(|error| complaint(&error))
}

fn malformed(text: &str, error: &serde_json::Error) -> String {
    let said = error.to_string();
    let what = said.rfind(" at line ").map_or(&*said, |end| &said[..end]);
    let line = error.line();
    let column = column_in_chars(text, line, error.column());
    format!(
        "This is not JSON. Line {line}, column {column}: {}",
        sentence(what)
    )
}

/// The parser counts bytes; people count characters.
fn column_in_chars(text: &str, line: usize, bytes: usize) -> usize {
    let of_line = text.split('\n').nth(line.saturating_sub(1));
    let Some(of_line) = of_line else { return bytes };
    let before = of_line.char_indices().filter(|(at, _)| *at < bytes);
    before.count()
}

/// How many lines a field for this text is high.
pub(super) fn rows(text: &str) -> usize {
    text.split('\n').count().clamp(8, 28)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, said) in [
            (
                "",
                "This is not JSON. Line 1, column 0: EOF while parsing a value.",
            ),
            (
                "{\r\n  \"\u{e9}\u{e9}\": 1,\r\n  \"b\" 2\r\n}",
                "This is not JSON. Line 3, column 7: Expected `:`.",
            ),
            (
                "{\"\u{e9}\u{e9}\" 1}",
                "This is not JSON. Line 1, column 7: Expected `:`.",
            ),
            (
                "[1]",
                "This has to be one JSON object: {\"name\": \"value\"}.",
            ),
            (
                "null",
                "This has to be one JSON object: {\"name\": \"value\"}.",
            ),
            (
                "{\"a\": {\"b\": 1, \"b\": 2}}",
                "At /a/b: An object holds this member twice.",
            ),
        ] {
            assert_eq!(read_object(text), Err(said.to_owned()), "{text}");
        }
        assert_eq!(
            read_object(" {\"a\": 1} ").map(|object| object.len()),
            Ok(1)
        );
    }
}
