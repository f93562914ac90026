use std::fmt::Write;

/// HTML that is built from text, escaped by default.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of our own.
    pub(super) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text between tags or in a quoted attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// Prose in which `back ticks` mark code.
    pub(super) fn prose(&mut self, text: &str) -> &mut Self {
        for (index, piece) in text.split('`').enumerate() {
            if index % 2 == 1 {
                self.raw("<code>").text(piece).raw("</code>");
            } else {
                self.text(piece);
            }
        }
        self
    }

    /// One element with text inside; `open` is the tag with its attributes.
    pub(super) fn element(&mut self, open: &str, text: &str) -> &mut Self {
        let name = open.split(' ').next().unwrap_or(open);
        let _ = write!(self.0, "<{open}>");
        self.prose(text);
        let _ = writeln!(self.0, "</{name}>");
        self
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// A name that can stand in an id or a link.
pub(super) fn slug(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut html = Html::default();
        html.element("p class=\"x\"", "<b> & `\"code'`");
        assert_eq!(
            html.finish(),
            "<p class=\"x\">&lt;b&gt; &amp; <code>&quot;code&#39;</code></p>\n"
        );
        assert_eq!(slug("Signing keys"), "signing-keys");
    }
}
