//! Schemes, ports, and texts that only look like URLs.

use hallpass_egress::EgressError;

use crate::support::{LIMITS, Names, code, egress, egress_with};

#[test]
fn row_53_other_schemes_are_refused() {
    let egress = egress(&["one.test:443"]);
    for url in [
        "file:///etc/passwd",
        "gopher://one.test/_stats",
        "ftp://one.test/",
        "unix:/var/run/docker.sock",
        "unix://one.test/",
        "data:application/json,{}",
        "javascript:alert(1)",
        "ws://one.test/",
        "wss://one.test/",
        "ldap://one.test/",
        "dict://one.test:11211/",
        "blob:https://one.test/1",
        "about:blank",
        "http+unix://%2Fvar%2Frun/",
        "http://one.test/",
    ] {
        let refused = egress.check_url(url).unwrap_err();
        assert_eq!(refused.code(), "egress_scheme_not_allowed", "{url}");
        let refused = hallpass_model::Error::from(refused);
        assert_eq!(refused.kind(), hallpass_model::ErrorKind::Unprocessable);
    }
}

#[tokio::test]
async fn row_53_other_ports_are_refused_before_anything_is_resolved() {
    let names = Names::all(&["1.1.1.1"]);
    let egress = egress_with(&[], names.clone());
    for port in [
        0, 1, 22, 25, 80, 442, 444, 3306, 5432, 6379, 8080, 8442, 9200, 11211, 65535,
    ] {
        let outcome = egress
            .get(&format!("https://one.test:{port}/"), LIMITS)
            .await;
        let Err(EgressError::PortNotAllowed { endpoint }) = &outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(*endpoint, format!("one.test:{port}"));
    }
    assert_eq!(names.asked(), Vec::<String>::new());
    for url in [
        "https://one.test/",
        "https://one.test:443/",
        "https://one.test:8443/",
    ] {
        assert_eq!(code(egress.check_url(url)), "ok", "{url}");
    }
}

#[test]
fn row_53_a_url_in_another_spelling_becomes_canonical_or_is_refused() {
    let egress = egress(&[]);
    for (url, canonical) in [
        ("https://one.test", "https://one.test/"),
        ("HTTPS://One.Test:443/a/../b?c#d", "https://one.test/b?c"),
        ("https://b\u{fc}cher.test/", "https://xn--bcher-kva.test/"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
        ("https://16843009/", "https://1.1.1.1/"),
        (
            "https://[2606:4700::1111]:8443/",
            "https://[2606:4700::1111]:8443/",
        ),
    ] {
        assert_eq!(egress.check_url(url).unwrap().as_str(), canonical);
    }
    let long = format!("https://one.test/{}", "a".repeat(5000));
    for url in [
        "",
        "one.test",
        "/keys",
        "//one.test/",
        "https:one.test",
        "https:/one.test/",
        "https:///one.test/",
        "https:\\\\one.test/",
        "https://one.test\\@two.test/",
        " https://one.test/",
        "https://one.test/ ",
        "https://one.test/a b",
        "https://one.test/\n",
        "ht\ntps://one.test/",
        "https://one\t.test/",
        "https://one.test\0/",
        "https://",
        "https://?",
        "https://:443/",
        "https://one.test:99999/",
        "https://one.test:44a/",
        "https://user@one.test/",
        "https://:secret@one.test/",
        "https://user:secret@one.test/",
        "https://one.test:443@two.test:8443/",
        &long,
    ] {
        assert_eq!(code(egress.check_url(url)), "egress_url_invalid", "{url:?}");
    }
}
