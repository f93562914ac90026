use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use hallpass_model::SessionId;
use hallpass_seal::{same, token_hash};

use crate::Rng;

/// A browser in front of a hosted page, told from others by a secret in a cookie of that page.
pub struct PageBrowser {
    secret: String,
    is_new: bool,
}

impl PageBrowser {
    /// The browser of this cookie value; a new one where the value is none of ours.
    #[must_use]
    pub fn known_by(cookie: Option<&str>, rng: &dyn Rng) -> Self {
        match cookie.filter(|value| is_secret(value)) {
            Some(secret) => Self {
                secret: secret.to_owned(),
                is_new: false,
            },
            None => Self {
                secret: BASE64URL_NOPAD.encode(&rng.bytes::<32>()),
                is_new: true,
            },
        }
    }

    /// The value of the cookie.
    #[must_use]
    pub fn cookie_value(&self) -> &str {
        &self.secret
    }

    /// What forms for this session carry. Another site can make the browser send its cookie, but cannot know this.
    #[must_use]
    pub fn form_token(&self, session: SessionId) -> String {
        BASE64URL_NOPAD.encode(&self.digest("page form", session))
    }

    /// Whether a form was made for this browser and session; as slow for a wrong token as for the right one.
    #[must_use]
    pub fn made_form(&self, session: SessionId, token: &str) -> bool {
        !self.is_new && same(self.form_token(session).as_bytes(), token.as_bytes())
    }

    /// Names browser and session together in the database.
    pub(crate) fn digest(&self, domain: &str, session: SessionId) -> [u8; 32] {
        token_hash(domain, &format!("{} {session}", self.secret))
    }

    /// The same with one question of a passkey's ceremony.
    pub(crate) fn digest_of_question(&self, session: SessionId, challenge: &str) -> [u8; 32] {
        let asked = format!("{} {session} {challenge}", self.secret);
        token_hash("page ceremony", &asked)
    }
}

impl fmt::Debug for PageBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageBrowser(..)")
    }
}

/// 32 bytes in the one spelling that we give them.
fn is_secret(value: &str) -> bool {
    let bytes = BASE64URL_NOPAD.decode(value.as_bytes());
    bytes.is_ok_and(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRng;

    #[test]
    fn a_form_is_for_one_browser_and_one_session() {
        let rng = SystemRng::new();
        let (one, other) = (
            PageBrowser::known_by(None, &rng),
            PageBrowser::known_by(None, &rng),
        );
        let session = SessionId::from_random([1; 16]);
        let token = one.form_token(session);
        assert!(
            !one.made_form(session, &token),
            "a browser without our cookie"
        );
        let back = PageBrowser::known_by(Some(one.cookie_value()), &rng);
        assert!(back.made_form(session, &token));
        assert!(!back.made_form(SessionId::from_random([2; 16]), &token));
        assert!(!back.made_form(session, ""));
        assert!(!back.made_form(session, &other.form_token(session)));
    }

    #[test]
    fn what_is_no_cookie_of_ours_is_a_new_browser() {
        let rng = SystemRng::new();
        for value in ["", "x", &"A".repeat(42), &"A".repeat(44), &"%".repeat(43)] {
            let browser = PageBrowser::known_by(Some(value), &rng);
            assert_ne!(browser.cookie_value(), value);
        }
    }
}
