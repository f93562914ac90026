//! The page that a client names.

use hallpass_identity::wallet::{MAX_URI_BYTES, PageUri, PageUriError};

#[test]
fn pages_and_their_parts() {
    for (uri, domain, origin) in [
        (
            "https://app.example.com/login?a=1#b",
            "app.example.com",
            "https://app.example.com",
        ),
        (
            "https://app.example.com",
            "app.example.com",
            "https://app.example.com",
        ),
        (
            "https://app.example.com?a=1",
            "app.example.com",
            "https://app.example.com",
        ),
        (
            "http://localhost:5173/",
            "localhost:5173",
            "http://localhost:5173",
        ),
        ("http://[::1]:5173/", "[::1]:5173", "http://[::1]:5173"),
        ("http://[::1]/", "[::1]", "http://[::1]"),
        (
            "http://127.0.0.1:443/",
            "127.0.0.1:443",
            "http://127.0.0.1:443",
        ),
        (
            "https://xn--bcher-kva.example/",
            "xn--bcher-kva.example",
            "https://xn--bcher-kva.example",
        ),
    ] {
        let page = PageUri::parse(uri).unwrap();
        assert_eq!(
            (page.as_str(), page.domain(), page.origin()),
            (uri, domain, origin)
        );
    }
}

#[test]
fn what_is_no_page() {
    for uri in [
        "",
        "app.example.com",
        "//app.example.com",
        "/login",
        "ftp://app.example.com",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "HTTPS://app.example.com",
        "https:app.example.com",
        "https:/app.example.com",
        "https:\\\\app.example.com",
        "https://app.example.com\\@evil.example",
        " https://app.example.com",
        "https://app.example.com\n",
        "https://app.exa\tmple.com",
        "https://b\u{fc}cher.example",
        "https://[::g]/",
        &format!("https://a.example/{}", "a".repeat(MAX_URI_BYTES)),
    ] {
        assert_eq!(
            PageUri::parse(uri),
            Err(PageUriError::Malformed),
            "{uri:.60}"
        );
    }
}

#[test]
fn hosts_that_no_browser_writes() {
    for authority in [
        "",
        ":80",
        "App.example.com",
        "app.example.com@evil.example",
        "evil@app.example.com",
        "@app.example.com",
        "app%2eexample.com",
        "app.example.com:443",
        "app.example.com:",
        "app.example.com:0",
        "app.example.com:080",
        "app.example.com:65536",
        "[::A]",
    ] {
        let uri = format!("https://{authority}/login");
        assert_eq!(PageUri::parse(&uri), Err(PageUriError::Authority), "{uri}");
    }
    assert_eq!(
        PageUri::parse("http://app.example.com:80/"),
        Err(PageUriError::Authority)
    );
}
