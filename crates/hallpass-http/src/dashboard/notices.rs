//! What was done just before, said at the top of the page that one comes back to. The address names it by a word of this
//! list, so that nobody can put words of their own on our pages.

const NOTICES: &[(&str, &str)] = &[
    (
        "project-made",
        "The project was made. Give it an environment.",
    ),
    ("environment-made", "The environment was made."),
    ("session-ended", "The session was ended."),
    ("metadata-saved", "The metadata was saved."),
    (
        "user-frozen",
        "The user is frozen. Every node refuses its tokens within a second.",
    ),
    ("user-unfrozen", "The user is let in again."),
    (
        "user-revoked",
        "Tokens that were issued up to now are refused.",
    ),
    (
        "user-deleted",
        "The user was erased. Tokens issued up to now stay refused.",
    ),
    (
        "account-saved",
        "Role and permissions were saved. They count from the next token on.",
    ),
    (
        "account-frozen",
        "The account is frozen, and its sessions have ended.",
    ),
    ("account-unfrozen", "The account is let in again."),
    ("account-deleted", "The account was erased."),
    (
        "sessions-revoked",
        "Every session of the account has ended.",
    ),
    ("session-revoked", "The session has ended."),
    (
        "issuer-keys-rotated",
        "The successors were made and published. The picture shows when they sign.",
    ),
    (
        "issuer-key-revoked",
        "The key was withdrawn, and its tokens with it.",
    ),
    (
        "issuer-key-revoked-hasty",
        "The key was withdrawn. It had no successor, so a fresh key signs already: a verifier that keeps an older key set refuses its tokens until the next fetch.",
    ),
    (
        "passkey-removed",
        "The passkey was removed, and the sessions that it opened were ended.",
    ),
    (
        "passkey-made",
        "The passkey was made. It signs you in from now on.",
    ),
    (
        "key-imported",
        "The public key was imported. Tokens that its private half signs are accepted from now on.",
    ),
    ("key-revoked", "The signing key was revoked."),
    (
        "provider-added",
        "The provider was added. Test it with a token of yours.",
    ),
    ("provider-saved", "The provider was saved."),
    (
        "provider-disabled",
        "The provider was disabled. Its tokens are refused.",
    ),
    (
        "provider-enabled",
        "The provider was enabled. Its tokens are accepted.",
    ),
    ("provider-removed", "The provider was removed."),
    ("settings-saved", "The settings were saved."),
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
