use std::io::IsTerminal as _;

/// A few colours, or none.
#[derive(Clone, Copy)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// Colours on or off.
    pub const fn new(on: bool) -> Self {
        Self { on }
    }

    /// Whether stdout is a terminal whose owner did not say `NO_COLOR`.
    pub fn wanted() -> bool {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        !refused && std::io::stdout().is_terminal()
    }

    /// Good news.
    pub fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// Bad news.
    pub fn bad(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// Worth a look.
    pub fn warn(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// The main thing.
    pub fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// Beside the point.
    pub fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Paint;

    #[test]
    fn off_means_no_escape_at_all() {
        assert_eq!(Paint::new(false).good("yes"), "yes");
        assert_eq!(Paint::new(true).good("yes"), "\u{1b}[32myes\u{1b}[0m");
    }
}
