use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::AppState;

/// The query of a page. Unlike a program's, it may hold what nobody knows: links come from mails and bookmarks.
pub(super) struct Asked(Vec<(String, String)>);

impl Asked {
    pub(super) fn parse(query: &str) -> Self {
        let fields = form_urlencoded::parse(query.as_bytes());
        Self(
            fields
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// The first value of a name; an empty one, as forms send for a field that was left alone, is none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(field, _)| field == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

impl FromRequestParts<AppState> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn empty_fields_are_none() {
        let asked = Asked::parse("kind=&q=a%2Fb+c&q=d&notice=x");
        assert_eq!(asked.get("kind"), None);
        assert_eq!(asked.get("q"), Some("a/b c"));
        assert_eq!(asked.get("after"), None);
    }
}
