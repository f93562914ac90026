//! Whether a request was made by one of our own pages. Browsers say so themselves: `Sec-Fetch-Site`, or `Origin` in those
//! that are too old for it or not told over plain http.

use hallpass_model::Error;
use http::HeaderMap;
use http::header::{HOST, ORIGIN};

use crate::AppState;
use crate::session::addressed;

/// # Errors
/// `cross_origin` (403).
pub(super) fn require_same(headers: &HeaderMap) -> Result<(), Error> {
    if is_same(headers) {
        return Ok(());
    }
    Err(Error::forbidden(
        "cross_origin",
        "this was not sent by a page of this dashboard; open the dashboard itself and try again",
    ))
}

/// Whether the browser reached the page by https, as far as it says so.
pub(super) fn is_https(app: &AppState, headers: &HeaderMap) -> bool {
    let origin = header(headers, ORIGIN.as_str()).filter(|_| is_same(headers));
    origin.is_some_and(|origin| origin.starts_with("https://"))
        || addressed(app, headers).starts_with("https://")
}

fn is_same(headers: &HeaderMap) -> bool {
    match header(headers, "sec-fetch-site") {
        // `none` is the person: an address typed, a form sent again.
        Some("same-origin" | "none") => return true,
        Some(_) => return false,
        None => {}
    }
    match header(headers, ORIGIN.as_str()) {
        // No browser sends a form without either; and what is no browser has no cookie of somebody else's.
        None => true,
        Some(origin) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.is_some() && authority == header(headers, HOST.as_str())
        }
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get(name)
        .map(|value| value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn said(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, http::HeaderValue::from_static(value))
        });
        pairs.collect()
    }

    #[test]
    fn only_our_own_pages_count() {
        let host = ("host", "hallpass.example:8080");
        let own = ("origin", "https://hallpass.example:8080");
        for good in [
            &[host, ("sec-fetch-site", "same-origin")][..],
            &[host, ("sec-fetch-site", "none")],
            &[host, own],
            &[host],
        ] {
            assert!(is_same(&said(good)), "{good:?}");
        }
        for bad in [
            &[host, ("sec-fetch-site", "cross-site")][..],
            &[host, ("sec-fetch-site", "same-site"), own],
            &[host, ("origin", "https://evil.example")],
            &[host, ("origin", "null")],
            &[host, ("origin", "https://hallpass.example")],
            &[("origin", "https://evil.example")],
        ] {
            assert!(!is_same(&said(bad)), "{bad:?}");
        }
    }
}
