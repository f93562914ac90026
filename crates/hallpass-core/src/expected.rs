//! What a body's value should have been, without the value: an answer never repeats what was sent.

/// The part of a message that says what was expected.
pub(crate) fn expected(error: &serde_json::Error) -> String {
    // Whatever the sender wrote stands before it: our JSON library ends its messages with the expectation.
    match error.to_string().rsplit_once("expected ") {
        Some((_, what)) => format!("expected {what}"),
        None => "not a value that belongs here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use hallpass_model::{AudienceMode, ProviderSettings};
    use serde_json::{Value, from_value, json};

    use super::expected;

    #[test]
    fn nothing_sent_is_repeated() {
        let settings = |body: Value| expected(&from_value::<ProviderSettings>(body).unwrap_err());
        for body in [
            json!({ "kind": "SECRET" }),
            json!({ "kind": "jwks", "audiences": "SECRET" }),
            json!({ "kind": "jwks", "role_permissions": ["SECRET"] }),
            json!({ "kind": "jwks", "user_claim": "/SECRET~" }),
            json!({ "kind": "jwks", "expected SECRET": 1 }),
        ] {
            let said = settings(body.clone());
            assert!(said.starts_with("expected "), "{body}: {said}");
            assert!(
                !said.contains("SECRET") && !said.contains("struct"),
                "{body}: {said}"
            );
        }
        let mode = from_value::<AudienceMode>(json!("SECRET")).unwrap_err();
        assert_eq!(
            expected(&mode),
            "expected `own_and_configured` or `only_configured`"
        );
    }
}
