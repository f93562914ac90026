//! What was done just before, said at the top of the page that one comes back to. The address names it by a word of this
//! list, so that nobody can put words of their own on our pages.

const NOTICES: &[(&str, &str)] = &[
    (
        "project-made",
        "The project was made. Give it an environment.",
    ),
    ("environment-made", "The environment was made."),
    ("session-ended", "The session was ended."),
    (
        "passkey-removed",
        "The passkey was removed, and the sessions that it opened were ended.",
    ),
    (
        "passkey-made",
        "The passkey was made. It signs you in from now on.",
    ),
];

/// The parameter of an address that names one.
pub(super) const PARAMETER: &str = "did";

/// The notice that a query names.
pub(super) fn in_query(query: Option<&str>) -> Option<&'static str> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let (_, word) = pairs.find(|(name, _)| name == PARAMETER)?;
    let known = NOTICES.iter().find(|(known, _)| *known == word)?;
    Some(known.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_the_list_say_anything() {
        assert!(in_query(Some("a=b&did=session-ended")).is_some());
        for query in [None, Some("did=Your+account+was+hacked"), Some("did")] {
            assert_eq!(in_query(query), None);
        }
    }
}
