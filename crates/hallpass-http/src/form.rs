/// What a form sent.
pub(crate) struct Form(Vec<(String, String)>);

/// The longest form that a page for people who sign in makes is far below.
const PAGE_BYTES: usize = 8 * 1024;

/// No page of ours has as many fields.
const MOST_FIELDS: usize = 256;

impl Form {
    /// Reads the form of a page for people who sign in. One that is too long has no fields, so no token either.
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self::parse_up_to(body, PAGE_BYTES)
    }

    /// Reads a body of the type that forms without files have. One that is too long has no fields, so no token either.
    pub(crate) fn parse_up_to(body: &[u8], most: usize) -> Self {
        if body.len() > most {
            return Self(Vec::new());
        }
        let mut fields = form_urlencoded::parse(body);
        let owned = fields
            .by_ref()
            .take(MOST_FIELDS)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        // A field costs more than the two bytes that it can be sent with.
        if fields.next().is_some() {
            return Self(Vec::new());
        }
        Self(owned)
    }

    /// A field that was sent exactly once.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(field, _)| field == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// Every field.
    pub(crate) fn fields(&self) -> &[(String, String)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_counts_when_it_is_there_once() {
        let form = Form::parse(b"code=123+456&token=a%2Bb&twice=1&twice=2&empty=");
        assert_eq!(form.get("code"), Some("123 456"));
        assert_eq!(form.get("token"), Some("a+b"));
        assert_eq!(form.get("empty"), Some(""));
        assert_eq!(form.get("twice"), None);
        assert_eq!(form.get("other"), None);
        assert_eq!(Form::parse(&vec![b'a'; PAGE_BYTES + 1]).get("token"), None);
        assert_eq!(Form::parse(b"token=a&").get("token"), Some("a"));
        let many = format!("token=a{}", "&b".repeat(MOST_FIELDS));
        assert_eq!(Form::parse(many.as_bytes()).get("token"), None);
    }
}
