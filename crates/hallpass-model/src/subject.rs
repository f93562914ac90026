use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits;

/// Who a token is about: its `sub`, compared as bytes and never normalised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Subject(String);

/// Why a text cannot be a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSubject {
    /// Empty or over 255 bytes.
    #[error("a user id has 1 to 255 bytes")]
    Length,
    /// A control character (Unicode category Cc).
    #[error("a user id must not hold control characters")]
    ControlCharacter,
    /// A mark that changes the direction of text, so that two ids can look alike.
    #[error("a user id must not hold bidirectional marks")]
    BidirectionalMark,
    /// White space at the start or the end.
    #[error("a user id must not start or end with white space")]
    OuterWhiteSpace,
}

impl Subject {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks a text without copying it.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn check(text: &str) -> Result<(), MalformedSubject> {
        if text.is_empty() || text.len() > limits::SUBJECT_BYTES {
            return Err(MalformedSubject::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(MalformedSubject::ControlCharacter);
        }
        if text.chars().any(is_bidirectional_mark) {
            return Err(MalformedSubject::BidirectionalMark);
        }
        if text.trim().len() != text.len() {
            return Err(MalformedSubject::OuterWhiteSpace);
        }
        Ok(())
    }
}

impl FromStr for Subject {
    type Err = MalformedSubject;

    fn from_str(text: &str) -> Result<Self, MalformedSubject> {
        Self::check(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

fn is_bidirectional_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_ids_are_subjects() {
        for text in [
            "user-1",
            "ana@example.com",
            "org:123",
            "Ünï cödé",
            "auth0|5f7c8ec7c33c6c004bbafe82",
            &"x".repeat(255),
        ] {
            assert_eq!(Subject::check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn each_rule_has_its_refusal() {
        for (text, why) in [
            ("", MalformedSubject::Length),
            (&*"x".repeat(256), MalformedSubject::Length),
            ("a\u{0}b", MalformedSubject::ControlCharacter),
            ("a\nb", MalformedSubject::ControlCharacter),
            ("a\u{85}b", MalformedSubject::ControlCharacter),
            ("a\u{202e}b", MalformedSubject::BidirectionalMark),
            ("a\u{2066}b", MalformedSubject::BidirectionalMark),
            (" a", MalformedSubject::OuterWhiteSpace),
            ("a\u{a0}", MalformedSubject::OuterWhiteSpace),
        ] {
            assert_eq!(Subject::check(text), Err(why), "{text:?}");
        }
    }
}
