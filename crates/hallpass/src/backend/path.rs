/// A text as one segment of a path: everything but unreserved characters is percent-encoded (RFC 3986).
pub fn segment(text: &str) -> String {
    text.bytes().map(encoded).collect()
}

/// `path` with the parameters that have a value.
pub fn query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let given = parameters
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", segment(value.as_deref()?))));
    let given: Vec<_> = given.collect();
    if given.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", given.join("&"))
    }
}

fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
    use super::{query, segment};

    #[test]
    fn a_sub_is_one_segment_whatever_it_holds() {
        assert_eq!(segment("org:1/ü ?#%.."), "org%3A1%2F%C3%BC%20%3F%23%25..");
        assert_eq!(segment("user-1"), "user-1");
    }

    #[test]
    fn parameters_without_a_value_are_left_out() {
        assert_eq!(query("/a", &[("x", None), ("y", None)]), "/a");
        assert_eq!(
            query(
                "/a",
                &[
                    ("x", None),
                    ("y", Some("1 2".into())),
                    ("z", Some("3".into()))
                ]
            ),
            "/a?y=1%202&z=3"
        );
    }
}
