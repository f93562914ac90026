//! Who it was, as a provider tells it.

use hallpass_egress::Url;
use hallpass_identity::contact::EmailAddress;

const MAX_SUBJECT_BYTES: usize = 255;
const MAX_SHOWN_CHARS: usize = 200;
const MAX_PICTURE_BYTES: usize = 2048;

/// Whom the provider has seen. Only `subject` is a name that stays; everything else is as of today.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamIdentity {
    /// The provider's own name for the person, never given to another: 1 to 255 bytes without control characters.
    pub subject: String,
    /// An address, if there is one that can be one.
    pub email: Option<EmailAddress>,
    /// Whether the provider says that the address is the person's own. What that is worth depends on the provider.
    pub email_verified: bool,
    /// A name for showing.
    pub display_name: Option<String>,
    /// A short name for showing.
    pub username: Option<String>,
    /// An https URL of a picture.
    pub picture_url: Option<String>,
}

/// What was read, before it is judged.
#[derive(Default)]
pub(crate) struct Told<'a> {
    pub(crate) subject: &'a str,
    pub(crate) email: Option<&'a str>,
    pub(crate) email_verified: bool,
    pub(crate) display_name: Option<&'a str>,
    pub(crate) username: Option<&'a str>,
    pub(crate) picture_url: Option<&'a str>,
}

impl UpstreamIdentity {
    /// `None` if the subject cannot be one. An address or a picture that cannot be one is left out.
    pub(crate) fn from_told(told: &Told<'_>) -> Option<Self> {
        let subject = told.subject;
        let is_subject = (1..=MAX_SUBJECT_BYTES).contains(&subject.len())
            && subject.trim() == subject
            && !subject.chars().any(is_unseen);
        if !is_subject {
            return None;
        }
        let email = told.email.and_then(|text| EmailAddress::parse(text).ok());
        Some(Self {
            subject: subject.to_owned(),
            email_verified: told.email_verified && email.is_some(),
            email,
            display_name: told.display_name.and_then(clean_text),
            username: told.username.and_then(clean_text),
            picture_url: told.picture_url.and_then(clean_picture),
        })
    }
}

// Personal data: `{:?}` must not put it into a log.
impl std::fmt::Debug for UpstreamIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpstreamIdentity")
            .field("email_verified", &self.email_verified)
            .finish_non_exhaustive()
    }
}

/// A text for showing: one line, without what is not seen, at most 200 characters; `None` if nothing is left.
pub(crate) fn clean_text(text: &str) -> Option<String> {
    let seen: String = text
        .chars()
        .filter(|c| !is_unseen(*c))
        .take(MAX_SHOWN_CHARS)
        .collect();
    let seen = seen.trim();
    (!seen.is_empty()).then(|| seen.to_owned())
}

fn clean_picture(text: &str) -> Option<String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| url.scheme() == "https")?;
    (url.as_str().len() <= MAX_PICTURE_BYTES).then(|| url.into())
}

/// Control characters, and the marks that turn the direction of writing.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(subject: &str) -> Option<String> {
        let told = Told {
            subject,
            ..Told::default()
        };
        UpstreamIdentity::from_told(&told).map(|identity| identity.subject)
    }

    #[test]
    fn a_subject_is_kept_as_it_is_or_refused() {
        assert_eq!(subject("auth0|A b"), Some("auth0|A b".to_owned()));
        for bad in [
            "",
            " a",
            "a ",
            "a\nb",
            "a\u{202e}b",
            "a\0",
            &"x".repeat(256),
        ] {
            assert_eq!(subject(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_only_shown_is_cleaned() {
        let told = Told {
            subject: "1",
            email: Some("not an address"),
            email_verified: true,
            display_name: Some(" Ada\u{202e}\n Lovelace "),
            username: Some("\u{0}\t"),
            picture_url: Some("javascript:alert(1)"),
        };
        let identity = UpstreamIdentity::from_told(&told);
        let identity = identity.map(|i| {
            (
                i.email,
                i.email_verified,
                i.display_name,
                i.username,
                i.picture_url,
            )
        });
        assert_eq!(
            identity,
            Some((None, false, Some("Ada Lovelace".to_owned()), None, None))
        );
        assert_eq!(clean_text(&"x".repeat(300)).map(|t| t.len()), Some(200));
    }
}
