//! Code that signs a user token, as files of its own: what is shown here is what tests run.

/// A file and what is known about it.
pub(super) struct Snippet {
    pub(super) id: &'static str,
    pub(super) label: &'static str,
    pub(super) file: &'static str,
    pub(super) text: &'static str,
    /// Whether our tests run it as it is shown.
    pub(super) is_run: bool,
}

macro_rules! snippets {
    ($($id:literal, $label:literal, $file:literal, $asset:literal, $run:literal;)+) => {
        &[$(Snippet {
            id: $id,
            label: $label,
            file: $file,
            text: include_str!(concat!("../../../assets/dashboard/snippets/", $asset)),
            is_run: $run,
        }),+]
    };
}

pub(super) const SNIPPETS: &[Snippet] = snippets! {
    "node", "Node.js with Express", "server.mjs", "node.mjs", true;
    "python", "Python", "user_token.py", "python.py", true;
    "rust", "Rust", "src/user_token.rs", "rust.rs", true;
    "java", "Java", "UserToken.java", "UserToken.java", true;
    "openssl", "Shell with openssl", "user-token.sh", "openssl.sh", true;
    "go", "Go", "main.go", "go.go", false;
    "ruby", "Ruby", "user_token.rb", "ruby.rb", false;
    "php", "PHP", "user-token.php", "php.php", false;
    "csharp", "C#", "Program.cs", "csharp.cs", false;
};

/// Stands for the audience in every file.
const AUDIENCE: &str = "{{audience}}";
/// The lifetime that every file has, in seconds.
pub(super) const LIFETIME_SECS: u32 = 3600;

impl Snippet {
    /// The file as it is for one environment. The audience must be [plain](is_plain): it lands in texts of nine languages.
    pub(super) fn filled(&self, audience: &str, lifetime_secs: u32) -> String {
        self.text
            .replace(AUDIENCE, audience)
            .replace(&LIFETIME_SECS.to_string(), &lifetime_secs.to_string())
    }
}

/// Whether a text means itself between the quotes of every language here.
pub(super) fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~:/?&=+@,".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_the_audience_and_the_lifetime_once() {
        for snippet in SNIPPETS {
            let name = snippet.id;
            assert_eq!(snippet.text.matches(AUDIENCE).count(), 1, "{name}");
            assert_eq!(snippet.text.matches("3600").count(), 1, "{name}");
            let filled = snippet.filled("useparagon.com/x", 60);
            assert!(!filled.contains("{{") && !filled.contains("3600"), "{name}");
            assert!(filled.contains("useparagon.com/x"), "{name}");
        }
    }

    #[test]
    fn what_could_end_a_quote_is_not_plain() {
        for text in [
            "", "a'", "a\"", "a\\", "$a", "#{a}", "a b", "a\n", "ä", "`a`", "{{x}}",
        ] {
            assert!(!is_plain(text), "{text}");
        }
        assert!(is_plain(
            "useparagon.com/0f0f0f0f-0000-4000-8000-000000000000"
        ));
        assert!(is_plain("https://api.acme.com/?a=b&c"));
    }
}
