//! The cookie that tells one browser in front of a hosted page from another.

use hallpass_core::{PageBrowser, Rng};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

const NAME: &str = "hallpass.browser";
/// Longer than anybody sits in front of a page, shorter than until somebody else sits down.
const MAX_AGE_SECS: u32 = 3600;

/// The browser that sent these headers.
pub(in crate::session) fn browser_of(headers: &HeaderMap, rng: &dyn Rng) -> PageBrowser {
    PageBrowser::known_by(find_cookie(headers, NAME), rng)
}

/// Makes the browser known. Over https the cookie reaches a page in a frame too, in a jar of that frame's own.
pub(super) fn set_cookie(browser: &PageBrowser, is_https: bool) -> Option<HeaderValue> {
    let reach = if is_https {
        "SameSite=None; Secure; Partitioned"
    } else {
        "SameSite=Lax"
    };
    let secret = browser.cookie_value();
    let cookie = format!("{NAME}={secret}; Path=/auth; Max-Age={MAX_AGE_SECS}; HttpOnly; {reach}");
    HeaderValue::from_str(&cookie).ok()
}

/// The value of the first cookie of this name.
fn find_cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter();
    let texts = lines.filter_map(|line| line.to_str().ok());
    let mut cookies = texts.flat_map(|text| text.split(';'));
    cookies.find_map(|cookie| {
        let (found, value) = cookie.trim().split_once('=')?;
        (found == name).then_some(value)
    })
}
