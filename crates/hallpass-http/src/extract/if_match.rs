use axum::extract::FromRequestParts;
use hallpass_model::Error;
use http::request::Parts;
use http::{HeaderValue, header};

use crate::{AppState, Failure};

/// A version that nothing ever has.
const NEVER: i64 = -1;

/// The version that `If-Match` asks for; `None` if any will do.
pub(crate) struct IfMatch(pub(crate) Option<i64>);

/// The `ETag` of a version.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

impl FromRequestParts<AppState> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Failure> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        if values.next().is_some() {
            return Err(several().into());
        }
        Ok(Self(read(value)?))
    }
}

fn read(value: &HeaderValue) -> Result<Option<i64>, Error> {
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    if text.contains(',') {
        return Err(several());
    }
    // A weak tag, or one that we never gave out, matches nothing.
    let version = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(NEVER);
    Ok(Some(version))
}

fn several() -> Error {
    Error::invalid_request("invalid_if_match", "`If-Match` takes one tag here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_strong_tag_is_a_version() {
        for (text, version) in [
            ("\"7\"", Some(7)),
            ("*", None),
            ("W/\"7\"", Some(NEVER)),
            ("7", Some(NEVER)),
            ("\"abc\"", Some(NEVER)),
        ] {
            let read = read(&HeaderValue::from_static(text)).expect("one tag");
            assert_eq!(read, version, "{text}");
        }
        assert!(read(&HeaderValue::from_static("\"1\", \"2\"")).is_err());
        assert_eq!(etag(7), "\"7\"");
    }
}
