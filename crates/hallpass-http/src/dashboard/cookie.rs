//! The cookie that holds the secret of an operator's session. Over https it is bound to this very host.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

const NAME: &str = "hallpass.operator";
/// Browsers take a cookie of such a name only over https, for this host alone and from its root.
const NAME_OVER_HTTPS: &str = "__Host-hallpass.operator";

/// The secret that these headers bring. Over https only the bound cookie counts: the other one may come from a neighbour
/// under the same domain.
pub(super) fn find(headers: &HeaderMap, is_https: bool) -> Option<&str> {
    find_named(headers, if is_https { NAME_OVER_HTTPS } else { NAME })
}

/// Ends with the browser, if the session does not end before.
pub(super) fn set(secret: &str, is_https: bool) -> Option<HeaderValue> {
    HeaderValue::from_str(&line(secret, is_https, "")).ok()
}

/// Forgets the cookie.
pub(super) fn clear(is_https: bool) -> Option<HeaderValue> {
    HeaderValue::from_str(&line("", is_https, "; Max-Age=0")).ok()
}

fn line(value: &str, is_https: bool, rest: &str) -> String {
    let (name, secure) = if is_https {
        (NAME_OVER_HTTPS, "; Secure")
    } else {
        (NAME, "")
    };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{rest}")
}

fn find_named<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter();
    let texts = lines.filter_map(|line| line.to_str().ok());
    let mut cookies = texts.flat_map(|text| text.split(';'));
    cookies.find_map(|cookie| {
        let (found, value) = cookie.trim().split_once('=')?;
        (found == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host() {
        let line = set("hpd_x", true).expect("a header");
        let line = line.to_str().expect("ASCII");
        assert_eq!(
            line,
            "__Host-hallpass.operator=hpd_x; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        let mut headers = HeaderMap::new();
        headers.insert(
            COOKIE,
            HeaderValue::from_static(
                "a=b; hallpass.operator=hpd_y; __Host-hallpass.operator=hpd_x",
            ),
        );
        assert_eq!(find(&headers, true), Some("hpd_x"));
        assert_eq!(find(&headers, false), Some("hpd_y"));
    }
}
