//! Reading on inside a claim: from the exact JSON text of a value to its parts, as strictly as the rest.
//!
//! ```
//! use hallpass_jose::raw;
//!
//! let claim = r#"{"roles":["admin","staff"]}"#;
//! let roles = raw::member(claim, "roles").and_then(|roles| raw::texts(roles, 16));
//! assert_eq!(roles.unwrap(), ["admin", "staff"]);
//! ```

use std::borrow::Cow;

use crate::json::{elements, scan_object, string_value, whole_seconds};

/// The exact text of a member of an object; `None` if the value is no object or has no such member.
#[must_use]
pub fn member<'t>(object: &'t str, name: &str) -> Option<&'t str> {
    let members = scan_object(object).ok()?;
    let found = members.iter().find(|member| member.name(object) == name)?;
    Some(found.value(object))
}

/// The value of a string.
#[must_use]
pub fn text(value: &str) -> Option<Cow<'_, str>> {
    string_value(value)
}

/// The values of an array of at most `limit` strings.
#[must_use]
pub fn texts(value: &str, limit: usize) -> Option<Vec<Cow<'_, str>>> {
    let values = elements(value, limit).ok()?;
    if values.len() > limit {
        return None;
    }
    values.into_iter().map(string_value).collect()
}

/// A time as claims have it: seconds since 1970, fraction cut off, `0 <= t < 2^53`.
#[must_use]
pub fn seconds(value: &str) -> Option<i64> {
    whole_seconds(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_strictly() {
        assert_eq!(member(r#"{"a":{"b":1}}"#, "a"), Some(r#"{"b":1}"#));
        assert_eq!(member(r#"{"\u0061":1}"#, "a"), Some("1"));
        for other in [r#"[{"a":1}]"#, "1", r#""a""#, r#"{"a":1,"a":2}"#, "{"] {
            assert_eq!(member(other, "a"), None, "{other}");
        }
        assert_eq!(texts("[]", 1), Some(Vec::new()));
        for other in [r#""a""#, r#"["a",1]"#, r#"["a","b"]"#, r#"{"a":"b"}"#] {
            assert_eq!(texts(other, 1), None, "{other}");
        }
        assert_eq!(
            (text(r#""\u0061""#).as_deref(), text("1")),
            (Some("a"), None)
        );
        assert_eq!(
            (seconds("1.9"), seconds("-1"), seconds(r#""1""#)),
            (Some(1), None, None)
        );
    }
}
