//! The way back: what the provider let the browser bring along.

use hallpass_egress::Url;
use hallpass_model::OauthEndpoints;
use hallpass_seal::SecretText;

use crate::identity::clean_text;

const MAX_CALLBACK_BYTES: usize = 16 * 1024;
const MAX_STATE_BYTES: usize = 512;
const MAX_CODE_BYTES: usize = 4096;

/// The parameters of a callback, from a query or a posted form. Nothing in it is proven.
#[derive(Debug)]
pub struct Callback {
    /// The text that says which sign-in this is.
    pub state: String,
    /// The code, or why there is none.
    pub outcome: Result<SecretText, ProviderRefusal>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// A name that Apple hands over at the first sign-in only. The browser brought it: good for showing and nothing else.
    pub shown_name: Option<String>,
}

/// Why a provider gave no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRefusal {
    /// The provider's word, at most 64 letters, digits and `_ . -`.
    pub code: String,
}

impl ProviderRefusal {
    /// Whether the person said no, or gave up.
    #[must_use]
    pub fn is_by_the_person(&self) -> bool {
        matches!(
            self.code.as_str(),
            "access_denied" | "user_cancelled_authorize" | "user_cancelled_login" | "user_denied"
        )
    }
}

impl Callback {
    /// Reads the parameters; `None` if they are not those of a callback, or one of them stands there twice.
    #[must_use]
    pub fn parse(query: &str) -> Option<Self> {
        if query.len() > MAX_CALLBACK_BYTES {
            return None;
        }
        let mut found = Found::default();
        let mut reader = Url::parse("https://callback.invalid/").ok()?;
        reader.set_query(Some(query));
        for (name, value) in reader.query_pairs() {
            found.note(&name, value.into_owned())?;
        }
        found.into_callback()
    }

    /// Whether it comes from the provider that was asked. One that says its name in every callback must have said it; whoever says a
    /// name must have the right one.
    pub(crate) fn comes_from(&self, endpoints: &OauthEndpoints) -> bool {
        match (&self.iss, &endpoints.issuer) {
            (Some(iss), Some(issuer)) => iss == issuer,
            // No name is known that it could be compared with: RFC 9207 section 2.4 leaves that to us, and a stranger's name stays out.
            (Some(_), None) => false,
            (None, _) => !endpoints.iss_in_callback,
        }
    }
}

#[derive(Default)]
struct Found {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
    user: Option<String>,
}

impl Found {
    fn note(&mut self, name: &str, value: String) -> Option<()> {
        let slot = match name {
            "state" => &mut self.state,
            "code" => &mut self.code,
            "error" => &mut self.error,
            "iss" => &mut self.iss,
            "user" => &mut self.user,
            _ => return Some(()),
        };
        slot.replace(value).is_none().then_some(())
    }

    fn into_callback(self) -> Option<Callback> {
        let is_text = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b))
        };
        let state = self.state.filter(|state| is_text(state, MAX_STATE_BYTES))?;
        let outcome = match (self.code, self.error) {
            (Some(code), None) if is_text(&code, MAX_CODE_BYTES) => Ok(SecretText::new(code)),
            (None, Some(error)) => Err(ProviderRefusal { code: word(&error) }),
            _ => return None,
        };
        Some(Callback {
            state,
            outcome,
            iss: self.iss,
            shown_name: self.user.as_deref().and_then(apple_name),
        })
    }
}

fn word(text: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.chars().filter(fits).take(64).collect()
}

/// `{"name": {"firstName": ..., "lastName": ...}}`
fn apple_name(user: &str) -> Option<String> {
    let user: serde_json::Value = serde_json::from_str(user).ok()?;
    let part = |name: &str| user.get("name")?.get(name)?.as_str();
    let parts: Vec<&str> = [part("firstName"), part("lastName")]
        .into_iter()
        .flatten()
        .collect();
    clean_text(&parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(query: &str) -> Option<String> {
        let callback = Callback::parse(query)?;
        callback.outcome.ok().map(|code| code.expose().to_owned())
    }

    #[test]
    fn a_code_and_a_state() {
        assert_eq!(
            code("code=a%2Fb&state=s&scope=x&prompt=none"),
            Some("a/b".to_owned())
        );
        let callback = Callback::parse("state=s%201&code=c&iss=https%3A%2F%2Fone.test");
        let callback = callback.map(|callback| (callback.state, callback.iss));
        assert_eq!(
            callback,
            Some(("s 1".to_owned(), Some("https://one.test".to_owned())))
        );
    }

    #[test]
    fn row_38_what_is_no_callback_is_none() {
        for query in [
            "",
            "code=a",
            "state=s",
            "state=&code=a",
            "state=s&code=",
            "state=s&code=a&code=b",
            "state=s&state=t&code=a",
            "state=s&code=a&error=access_denied",
            "state=s&code=a%0Ab",
            "state=s%00&code=a",
            "iss=a&iss=b&state=s&code=a",
        ] {
            assert!(Callback::parse(query).is_none(), "{query}");
        }
        let long = format!("state=s&code={}", "x".repeat(4097));
        assert!(Callback::parse(&long).is_none());
    }

    #[test]
    fn a_refusal_is_a_harmless_word() {
        let refusal = |query: &str| Callback::parse(query)?.outcome.err();
        let denied = refusal("state=s&error=access_denied&error_description=x");
        assert!(denied.is_some_and(|denied| denied.is_by_the_person()));
        let odd = refusal("state=s&error=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
        assert_eq!(
            odd.map(|odd| odd.code),
            Some("scriptalert1script".to_owned())
        );
    }

    #[test]
    fn row_39_the_name_of_another_is_noticed() {
        let endpoints = |issuer: Option<&str>, iss_in_callback| OauthEndpoints {
            authorize_url: String::new(),
            token_url: String::new(),
            userinfo_url: None,
            jwks_url: None,
            issuer: issuer.map(str::to_owned),
            iss_in_callback,
        };
        let one = Some("https://one.test");
        for (query, issuer, always, comes) in [
            ("iss=https://one.test", one, true, true),
            ("iss=https://one.test", one, false, true),
            ("iss=https://one.test/", one, false, false),
            ("iss=https://two.test", one, false, false),
            ("iss=https://two.test", None, false, false),
            ("iss=", one, false, false),
            ("", one, false, true),
            ("", one, true, false),
            ("", None, false, true),
        ] {
            let callback = Callback::parse(&format!("state=s&code=c&{query}"));
            let outcome = callback.map(|callback| callback.comes_from(&endpoints(issuer, always)));
            assert_eq!(outcome, Some(comes), "{query} {issuer:?} {always}");
        }
    }

    #[test]
    fn apples_first_words_are_for_showing_only() {
        let name = |user: &str| {
            let user = crate::form::escape(user);
            Callback::parse(&format!("state=s&code=c&user={user}"))?.shown_name
        };
        assert_eq!(
            name(r#"{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"a@b.test"}"#),
            Some("Ada Lovelace".to_owned())
        );
        assert_eq!(
            name(r#"{"name":{"firstName":"Ada"}}"#),
            Some("Ada".to_owned())
        );
        assert_eq!(name(r#"{"name":"Ada"}"#), None);
        assert_eq!(name("Ada"), None);
    }
}
