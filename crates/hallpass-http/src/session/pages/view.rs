//! The pages as templates, and the headers that fence them in.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_FRAME_OPTIONS};
use http::{HeaderValue, StatusCode};

/// What all pages show and carry.
#[derive(Debug, Clone, Default)]
pub(in crate::session) struct Frame {
    /// The app's name.
    pub(in crate::session) app: String,
    /// The page that asks; empty for what is no web page.
    pub(in crate::session) origin: String,
    /// Parameters of the style sheet that the look makes.
    pub(in crate::session) look: String,
    /// What forms of this page carry.
    pub(in crate::session) token: String,
    /// Parameters of every address that the page leads to.
    pub(in crate::session) query: String,
    /// The address of the app's picture.
    pub(in crate::session) logo: Option<String>,
    /// The one origin that may show the page in a frame.
    pub(in crate::session) framed_by: Option<String>,
}

/// A service that vouches for people.
#[derive(Debug, Clone)]
pub(in crate::session) struct Service {
    /// The last part of the address where it begins.
    pub(in crate::session) path: String,
    /// For people.
    pub(in crate::session) name: String,
}

#[derive(Template)]
#[template(path = "pages/sign_in.html")]
pub(in crate::session) struct SignInPage {
    pub(in crate::session) frame: Frame,
    /// The address of the page without the code that is on its way.
    pub(in crate::session) other_query: String,
    pub(in crate::session) problem: Option<String>,
    /// Nothing says that this browser began the session.
    pub(in crate::session) elsewhere: bool,
    /// Where a code is on its way to.
    pub(in crate::session) sent_to: Option<String>,
    /// Where one would be sent, if the app said so.
    pub(in crate::session) send_to: Option<String>,
    /// The app said whose code it must be.
    pub(in crate::session) is_fixed: bool,
    pub(in crate::session) takes_email: bool,
    pub(in crate::session) takes_phone: bool,
    pub(in crate::session) passkeys: bool,
    pub(in crate::session) services: Vec<Service>,
}

impl SignInPage {
    fn has_others(&self) -> bool {
        self.passkeys || !self.services.is_empty()
    }
}

#[derive(Template)]
#[template(path = "pages/done.html")]
pub(in crate::session) struct DonePage {
    pub(in crate::session) frame: Frame,
    pub(in crate::session) who: Option<String>,
    /// A passkey may be made now.
    pub(in crate::session) passkeys: bool,
}

/// A passkey as its owner sees it.
pub(in crate::session) struct PasskeyRow {
    pub(in crate::session) id: String,
    pub(in crate::session) name: String,
    pub(in crate::session) used: String,
}

#[derive(Template)]
#[template(path = "pages/passkeys.html")]
pub(in crate::session) struct PasskeysPage {
    pub(in crate::session) frame: Frame,
    pub(in crate::session) who: Option<String>,
    pub(in crate::session) problem: Option<String>,
    pub(in crate::session) passkeys: Vec<PasskeyRow>,
}

#[derive(Template)]
#[template(path = "pages/confirm.html")]
pub(in crate::session) struct ConfirmPage {
    pub(in crate::session) frame: Frame,
    pub(in crate::session) who: String,
    pub(in crate::session) ticket: String,
}

#[derive(Template)]
#[template(path = "pages/refused.html")]
pub(in crate::session) struct RefusedPage {
    pub(in crate::session) frame: Frame,
    pub(in crate::session) title: String,
    pub(in crate::session) why: String,
    pub(in crate::session) advice: String,
}

#[derive(Template)]
#[template(path = "pages/leave.html")]
pub(in crate::session) struct LeavePage {
    pub(in crate::session) frame: Frame,
    /// The last part of the address where the service begins.
    pub(in crate::session) path: String,
    /// The service's name, for people.
    pub(in crate::session) service: String,
}

#[derive(Template)]
#[template(path = "pages/back.html")]
pub(in crate::session) struct BackPage {
    pub(in crate::session) frame: Frame,
    /// `done` closes the window.
    pub(in crate::session) step: &'static str,
    pub(in crate::session) title: &'static str,
    pub(in crate::session) words: String,
    pub(in crate::session) advice: &'static str,
}

/// A page that knows its frame.
pub(in crate::session) trait Page: Template {
    fn frame(&self) -> &Frame;
}

macro_rules! pages {
    ($($page:ident),+) => {$(
        impl Page for $page {
            fn frame(&self) -> &Frame {
                &self.frame
            }
        }
    )+};
}

pages!(
    SignInPage,
    DonePage,
    PasskeysPage,
    ConfirmPage,
    RefusedPage,
    LeavePage,
    BackPage
);

/// The page with its headers.
pub(in crate::session) fn render(status: StatusCode, page: &impl Page) -> Response {
    let html = match page.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let frame = page.frame();
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    let fixed = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let logo = frame.logo.as_deref().and_then(origin_of);
    let policy = policy(frame.framed_by.as_deref(), logo);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if frame.framed_by.is_none() {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    response
}

/// Own scripts and styles, nothing inline, nothing from elsewhere but the app's picture.
fn policy(framed_by: Option<&str>, logo: Option<&str>) -> String {
    let framed_by = framed_by
        .filter(|origin| is_origin(origin))
        .unwrap_or("'none'");
    let images = logo.unwrap_or("'none'");
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src {images}; \
         form-action 'self'; base-uri 'none'; frame-ancestors {framed_by}"
    )
}

/// The origin of an address, if it can stand in a policy.
pub(in crate::session) fn origin_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let origin = url.get(..scheme.len() + 3 + host.len())?;
    is_origin(origin).then_some(origin)
}

/// Scheme, host and port as browsers write them: nothing that could end a directive or begin another.
pub(in crate::session) fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let plain = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'.' | b'-' | b':' | b'[' | b']' | b'_')
        };
        !host.is_empty() && host.len() <= 260 && host.bytes().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_origin_gets_into_the_policy() {
        let own = policy(Some("https://app.example.com"), None);
        assert!(
            own.ends_with("frame-ancestors https://app.example.com"),
            "{own}"
        );
        for other in [
            "",
            "*",
            "https://",
            "https://*",
            "https://*.example.com",
            "https://app.example.com; script-src *",
            "https://app.example.com 'self'",
            "https://app.example.com\r\nx: y",
            "https://app.example.com/path",
            "https://APP.example.com",
            "javascript://x",
            "null",
        ] {
            let policy = policy(Some(other), None);
            assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
        }
    }

    #[test]
    fn a_pictures_address_gives_its_origin() {
        for (url, origin) in [
            (
                "https://cdn.example.com/logo.png?x#y",
                Some("https://cdn.example.com"),
            ),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("https://cdn.example.com;x/logo.png", None),
            ("https://user@cdn.example.com/", None),
            ("data:image/png;base64,AAAA", None),
            ("/logo.png", None),
        ] {
            assert_eq!(origin_of(url), origin, "{url}");
        }
    }
}
