/// What a form sent: small, and each field once.
pub(in crate::session) struct Form(Vec<(String, String)>);

/// The longest form that a page of ours makes is far below.
const MAX_BYTES: usize = 8 * 1024;

impl Form {
    /// Reads a body of the type that forms without files have. One that is too long has no fields, so no token either.
    pub(in crate::session) fn parse(body: &[u8]) -> Self {
        if body.len() > MAX_BYTES {
            return Self(Vec::new());
        }
        let fields = form_urlencoded::parse(body);
        let owned = fields.map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self(owned.collect())
    }

    /// A field that was sent exactly once.
    pub(in crate::session) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(field, _)| field == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
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
        assert_eq!(Form::parse(&vec![b'a'; MAX_BYTES + 1]).get("token"), None);
    }
}
