//! Which page a wallet is asked to sign in to.

use hallpass_identity::wallet::PageUri;
use hallpass_model::{Error, Result, SignInSettings};

/// What a request says about the page that it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageFacts {
    /// The body's `uri`.
    pub uri: Option<String>,
    /// The `Origin` header: set by the browser, so a page cannot lie in it.
    pub origin: Option<String>,
    /// The `Host` that this server was called by.
    pub host: Option<String>,
}

impl PageFacts {
    /// The origin that goes into the message: the body's `uri` if it may be believed, else the page that a browser says it
    /// is, else the environment's own place.
    ///
    /// A person sees this name before signing. A page that could choose it freely would have people sign in at somebody
    /// else's name; so a browser's `uri` has to be an allowed origin, or, where all are allowed, the page's own.
    ///
    /// # Errors
    /// `uri_malformed`, `uri_authority`, `uri_not_allowed`.
    pub(crate) fn origin(&self, settings: &SignInSettings) -> Result<PageUri> {
        let Some(uri) = self.uri.as_deref().filter(|uri| !uri.is_empty()) else {
            return self.own_origin(settings);
        };
        let page = PageUri::parse(uri)
            .map_err(|error| Error::unprocessable(error.code(), error.to_string()).at("/uri"))?;
        let allowed = &settings.allowed_origins;
        let is_believed = if allowed.is_empty() {
            let origin = self.origin.as_deref();
            origin.is_none_or(|origin| origin == page.origin())
        } else {
            allowed.iter().any(|origin| origin == page.origin())
        };
        if !is_believed {
            return Err(Error::forbidden(
                "uri_not_allowed",
                "origin not authorized: `uri` names a page that this environment does not allow, or another page than the one that asks",
            ));
        }
        origin_of(&page)
    }

    fn own_origin(&self, settings: &SignInSettings) -> Result<PageUri> {
        let hosts = settings.hosts.first().map(|host| format!("https://{host}"));
        let called = self.host.as_ref().map(|host| format!("http://{host}"));
        let candidates = [
            self.origin.clone(),
            settings.portal_url.clone(),
            hosts,
            settings.allowed_origins.first().cloned(),
            called,
        ];
        let mut pages = candidates.into_iter().flatten();
        let page = pages.find_map(|text| PageUri::parse(&text).ok());
        let page = page.map_or_else(|| PageUri::parse("http://localhost"), Ok);
        origin_of(&page.map_err(Error::internal)?)
    }
}

/// A page's path and query may give away what is none of the wallet's business.
fn origin_of(page: &PageUri) -> Result<PageUri> {
    PageUri::parse(page.origin()).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(
        uri: Option<&str>,
        origin: Option<&str>,
        settings: &SignInSettings,
    ) -> Result<String, &'static str> {
        let facts = PageFacts {
            uri: uri.map(str::to_owned),
            origin: origin.map(str::to_owned),
            host: Some("127.0.0.1:8080".to_owned()),
        };
        let page = facts.origin(settings);
        page.map(|page| page.as_str().to_owned())
            .map_err(|error| error.code())
    }

    fn allowing(origins: &[&str]) -> SignInSettings {
        SignInSettings {
            allowed_origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
            ..SignInSettings::default()
        }
    }

    #[test]
    fn an_allowed_page_is_named_without_its_path() {
        let settings = allowing(&["https://app.example", "https://other.example"]);
        for uri in ["https://app.example/login?code=1#x", "https://app.example"] {
            for origin in [
                None,
                Some("https://app.example"),
                Some("https://other.example"),
            ] {
                assert_eq!(
                    page(Some(uri), origin, &settings),
                    Ok("https://app.example".into())
                );
            }
        }
    }

    #[test]
    fn a_page_cannot_borrow_another_name() {
        let settings = allowing(&["https://app.example"]);
        for uri in [
            "https://evil.example/https://app.example",
            "https://app.example.evil.example",
            "http://app.example",
            "https://app.example:8443",
        ] {
            assert_eq!(
                page(Some(uri), None, &settings),
                Err("uri_not_allowed"),
                "{uri}"
            );
        }
        let any = SignInSettings::default();
        for origin in ["https://evil.example", "null", ""] {
            let asked = page(Some("https://app.example"), Some(origin), &any);
            assert_eq!(asked, Err("uri_not_allowed"), "{origin}");
        }
    }

    #[test]
    fn a_uri_that_no_browser_writes_is_refused() {
        for uri in [
            "app.example",
            "javascript:alert(1)",
            "//app.example",
            "https://a b",
        ] {
            assert_eq!(
                page(Some(uri), None, &SignInSettings::default()),
                Err("uri_malformed"),
                "{uri}"
            );
        }
        for uri in [
            "https://",
            "https://user@app.example",
            "https://App.example",
            "https://app.example:443/",
        ] {
            assert_eq!(
                page(Some(uri), None, &SignInSettings::default()),
                Err("uri_authority"),
                "{uri}"
            );
        }
    }

    #[test]
    fn without_a_uri_the_browsers_origin_counts_then_the_environments_own_place() {
        let mut settings = SignInSettings::default();
        let from = |origin, settings: &_| page(None, origin, settings).unwrap();
        assert_eq!(
            from(Some("http://localhost:5173"), &settings),
            "http://localhost:5173"
        );
        assert_eq!(from(Some("null"), &settings), "http://127.0.0.1:8080");
        assert_eq!(
            page(Some(""), None, &settings),
            Ok("http://127.0.0.1:8080".into())
        );
        settings.allowed_origins = vec!["https://app.example".into()];
        assert_eq!(from(None, &settings), "https://app.example");
        settings.hosts = vec!["auth.example".into()];
        assert_eq!(from(None, &settings), "https://auth.example");
        settings.portal_url = Some("https://sign-in.example/x".into());
        assert_eq!(from(None, &settings), "https://sign-in.example");
    }
}
