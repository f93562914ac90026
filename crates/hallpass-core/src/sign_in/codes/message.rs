//! What a mail or text message with a code says. Short, and the same for everybody: whether there is an account is nothing
//! that a message tells.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::sign_in::limits::CODE_SECS;

/// What a message is made of.
pub(super) struct Words<'a> {
    /// The app's name, if it has one.
    pub(super) app: Option<&'a str>,
    /// `#rrggbb`, checked where it was set.
    pub(super) accent: Option<&'a str>,
    /// The page that asked.
    pub(super) origin: Option<&'a str>,
    /// In groups of three.
    pub(super) code: Zeroizing<String>,
    /// It adds an address to an account instead of signing in.
    pub(super) links: bool,
}

impl Words<'_> {
    fn what_for(&self) -> String {
        let verb = if self.links {
            "adding this address to your account"
        } else {
            "signing in"
        };
        match (self.app, self.links) {
            (Some(app), true) => format!("{verb} at {app}"),
            (Some(app), false) => format!("{verb} to {app}"),
            (None, _) => verb.to_owned(),
        }
    }
}

/// Whether an origin may stand in a mail. Any client can say any origin; one that the operator did not list would be a
/// stranger's link in our mail, unless it leads nowhere but to the reader's own machine.
pub(super) fn may_be_shown(origin: &str, listed: &[String]) -> bool {
    let host = origin.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.rsplit_once(':').map_or(host, |(host, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) {
            host
        } else {
            ""
        }
    });
    listed.iter().any(|own| own == origin) || matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

pub(super) fn subject(words: &Words<'_>) -> String {
    match words.app {
        Some(app) => format!("{} is your code for {app}", *words.code),
        None => format!("{} is your code", *words.code),
    }
}

pub(super) fn text(words: &Words<'_>) -> Zeroizing<String> {
    let (minutes, what_for) = (CODE_SECS / 60, words.what_for());
    let mut text = Zeroizing::new(format!(
        "Your code for {what_for}:\n\n    {}\n\nIt counts once, for {minutes} minutes, and only where you asked for it",
        *words.code
    ));
    match words.origin {
        // Writing to a string does not fail.
        Some(origin) => drop(write!(text, ": {origin}\n\n")),
        None => text.push_str(".\n\n"),
    }
    text.push_str(NOT_YOU);
    text.push('\n');
    text
}

pub(super) fn html(words: &Words<'_>) -> Zeroizing<String> {
    let (minutes, what_for) = (CODE_SECS / 60, escaped(&words.what_for()));
    let accent = words.accent.unwrap_or("#1f2933");
    let origin = match words.origin {
        Some(origin) => format!(": {}", escaped(origin)),
        None => ".".to_owned(),
    };
    Zeroizing::new(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Your code</title></head>\n\
         <body style=\"font-family:system-ui,sans-serif;line-height:1.5;color:#1f2933;max-width:32rem;margin:2rem auto;padding:0 1rem\">\n\
         <p>Your code for {what_for}:</p>\n\
         <p style=\"font-size:2rem;letter-spacing:.1em;font-weight:600;color:{accent}\">{}</p>\n\
         <p>It counts once, for {minutes} minutes, and only where you asked for it{origin}</p>\n\
         <p>{NOT_YOU}</p>\n</body>\n</html>\n",
        *words.code
    ))
}

/// For a text message: one segment for most names.
pub(super) fn short(words: &Words<'_>) -> Zeroizing<String> {
    let minutes = CODE_SECS / 60;
    let app = words
        .app
        .map(|app| format!(" for {app}"))
        .unwrap_or_default();
    Zeroizing::new(format!(
        "{} is your code{app}. It counts for {minutes} minutes. Pass it on to nobody.",
        *words.code
    ))
}

const NOT_YOU: &str = "If this was not you, ignore this message: without the code nobody gets in. Pass it on to nobody, whoever asks.";

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words<'a>(app: Option<&'a str>, origin: Option<&'a str>) -> Words<'a> {
        Words {
            app,
            accent: None,
            origin,
            code: Zeroizing::new("123 456".to_owned()),
            links: false,
        }
    }

    #[test]
    fn the_mail_is_short_and_says_what_it_must() {
        let words = words(Some("Acme"), Some("https://app.acme.example"));
        assert_eq!(subject(&words), "123 456 is your code for Acme");
        assert_eq!(
            *text(&words),
            "Your code for signing in to Acme:\n\n    123 456\n\n\
             It counts once, for 10 minutes, and only where you asked for it: https://app.acme.example\n\n\
             If this was not you, ignore this message: without the code nobody gets in. Pass it on to nobody, whoever asks.\n"
        );
        assert_eq!(
            *short(&words),
            "123 456 is your code for Acme. It counts for 10 minutes. Pass it on to nobody."
        );
    }

    #[test]
    fn a_name_is_text_in_html_too() {
        let words = words(Some("<b onclick='x'>\"A&B\""), None);
        let html = html(&words);
        assert!(
            html.contains("&lt;b onclick=&#39;x&#39;&gt;&quot;A&amp;B&quot;"),
            "{}",
            *html
        );
        assert!(!html.contains("<b "), "{}", *html);
    }

    #[test]
    fn a_link_says_that_it_is_one() {
        let words = Words {
            links: true,
            ..words(Some("Acme"), None)
        };
        assert!(
            text(&words).starts_with("Your code for adding this address to your account at Acme:")
        );
    }

    #[test]
    fn only_origins_that_the_operator_listed_or_that_lead_home_are_shown() {
        let listed = ["https://app.acme.example".to_owned()];
        for (origin, shown) in [
            ("https://app.acme.example", true),
            ("http://localhost:5173", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:80", true),
            ("https://evil.example", false),
            ("https://app.acme.example.evil.example", false),
            ("http://localhost.evil.example", false),
            ("http://localhost:80@evil.example", false),
            ("http://localhost:x.evil.example", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(may_be_shown(origin, &listed), shown, "{origin}");
        }
    }
}
