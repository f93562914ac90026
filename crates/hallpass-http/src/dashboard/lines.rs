//! The same by command line and by curl.

use serde_json::Value;

/// Two lines that do what a form does, for copying.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    /// For the command line.
    pub(super) cli: String,
    /// For any HTTP client.
    pub(super) curl: String,
}

impl Lines {
    /// The lines of a call of the admin API, whose path begins with `/admin`.
    pub(super) fn new(
        cli: impl Into<String>,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Self {
        Self {
            cli: cli.into(),
            curl: curl(method, path, body),
        }
    }
}

/// One word of a shell, however it is written.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@,%+".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn curl(method: &str, path: &str, body: Option<&Value>) -> String {
    let mut line = String::from("curl -sS");
    if method != "GET" {
        line.push_str(" -X ");
        line.push_str(method);
    }
    line.push_str(" \"$HALLPASS_URL\"");
    line.push_str(&shell_word(path));
    line.push_str(" \\\n  -H \"Authorization: Bearer $HALLPASS_OPERATOR_KEY\"");
    if let Some(body) = body {
        line.push_str(" \\\n  -H 'Content-Type: application/json' \\\n  -d ");
        line.push_str(&shell_word(&body.to_string()));
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_stands_in_a_line_is_one_word() {
        assert_eq!(shell_word("user-1"), "user-1");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("a'; rm -rf ~ #"), r"'a'\''; rm -rf ~ #'");
        let lines = Lines::new(
            "hallpass user freeze x",
            "POST",
            "/admin/v1/me",
            Some(&json!({"a": "it's"})),
        );
        assert_eq!(
            lines.curl,
            "curl -sS -X POST \"$HALLPASS_URL\"/admin/v1/me \\\n  -H \"Authorization: Bearer $HALLPASS_OPERATOR_KEY\" \\\n  \
             -H 'Content-Type: application/json' \\\n  -d '{\"a\":\"it'\\''s\"}'"
        );
    }
}
