//! Addresses that are not on the public Internet, written out or behind a name.

use std::sync::Arc;

use hallpass_egress::{Egress, EgressError, EgressOptions};

use crate::support::{LIMITS, Names, Server, code, egress, egress_with, ok, text};

/// One of each kind, as a resolver would answer.
const REFUSED: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

#[test]
fn row_48_every_kind_of_literal_is_blocked() {
    let egress = egress(&[]);
    for address in REFUSED {
        let host = if address.contains(':') {
            format!("[{address}]")
        } else {
            (*address).to_owned()
        };
        for url in [format!("https://{host}/"), format!("http://{host}:8080/")] {
            assert_eq!(code(egress.check_url(&url)), "egress_blocked", "{url}");
        }
    }
}

#[tokio::test]
async fn row_48_every_kind_is_blocked_behind_a_name() {
    for address in REFUSED {
        let names = Names::all(&[address]);
        let egress = egress_with(&[], Arc::clone(&names));
        let outcome = egress.get("https://one.test/", LIMITS).await;
        assert_eq!(code(outcome), "egress_blocked", "{address}");
        assert_eq!(names.asked(), ["one.test"]);
    }
}

#[test]
fn row_48_every_spelling_is_the_address_that_it_means() {
    let egress = egress(&[]);
    for (host, canonical) in [
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0x7F000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("%31%32%37.0.0.1", "127.0.0.1"),
        ("\u{ff11}\u{ff12}\u{ff17}.0.0.1", "127.0.0.1"),
        ("127\u{3002}0\u{3002}0\u{3002}1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("0x0", "0.0.0.0"),
        ("0xa9fea9fe", "169.254.169.254"),
        ("[::]", "[::]"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
        ("[::FFFF:7F00:1]", "[::ffff:7f00:1]"),
        ("[0:0:0:0:0:ffff:10.0.0.1]", "[::ffff:a00:1]"),
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}/");
            let refused = egress.check_url(&url).unwrap_err();
            assert_eq!(refused.code(), "egress_blocked", "{url}");
            assert!(refused.to_string().starts_with(canonical), "{refused}");
        }
    }
}

#[test]
fn row_48_what_is_no_address_and_no_name_is_refused() {
    let egress = egress(&[]);
    for host in [
        "256.0.0.1",
        "1.2.3.4.5",
        "127.0.0.0x100",
        "[::1",
        "[::1%25eth0]",
        "a b",
        "",
    ] {
        let outcome = egress.check_url(&format!("https://{host}/"));
        assert_eq!(code(outcome), "egress_url_invalid", "{host}");
    }
}

#[tokio::test]
async fn row_48_local_names_are_judged_by_their_addresses() {
    let system = Egress::new(EgressOptions::default()).unwrap();
    let outcome = system.get("https://localhost/", LIMITS).await;
    assert_eq!(code(outcome), "egress_blocked");

    let names = Names::all(&["10.0.0.7"]);
    let egress = egress_with(&[], Arc::clone(&names));
    for host in [
        "localhost",
        "localhost.",
        "intranet",
        "INTRANET.",
        "one.test.",
    ] {
        let outcome = egress.get(&format!("https://{host}/"), LIMITS).await;
        assert_eq!(code(outcome), "egress_blocked", "{host}");
    }
    assert_eq!(names.asked().len(), 5);
}

#[tokio::test]
async fn row_48_a_listed_name_may_be_private_but_not_everything() {
    let server = Server::answering(|_| ok("here")).await;
    let listed = format!("one.test:{}", server.port());
    let url = format!("http://{listed}/");
    let fetched = egress_with(&[&listed], Names::all(&["127.0.0.1"]))
        .get(&url, LIMITS)
        .await
        .unwrap();
    assert_eq!(text(&fetched), "here");

    for address in [
        "0.0.0.0",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
    ] {
        let egress = egress_with(&[&listed], Names::all(&[address]));
        let refused = egress.get(&url, LIMITS).await.unwrap_err();
        assert_eq!(refused.code(), "egress_blocked", "{address}");
        // It is listed already: no advice to list it.
        assert!(!refused.to_string().contains("--allow-egress"), "{refused}");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn row_48_only_the_listed_host_and_port_are_excepted() {
    let server = Server::answering(|_| ok("here")).await;
    let port = server.port();
    let names = Names::all(&["127.0.0.1"]);
    let egress = egress_with(&[&format!("one.test:{port}")], Arc::clone(&names));
    for (url, expected) in [
        (format!("http://one.test:{port}/"), "ok"),
        (format!("http://ONE.test:{port}/"), "ok"),
        (
            format!("http://two.test:{port}/"),
            "egress_scheme_not_allowed",
        ),
        (
            format!("http://a.one.test:{port}/"),
            "egress_scheme_not_allowed",
        ),
        (
            format!("http://one.test.:{port}/"),
            "egress_scheme_not_allowed",
        ),
        (format!("http://127.0.0.1:{port}/"), "egress_blocked"),
        ("http://one.test/".to_owned(), "egress_scheme_not_allowed"),
        ("https://one.test/".to_owned(), "egress_blocked"),
        ("https://one.test:8443/".to_owned(), "egress_blocked"),
    ] {
        assert_eq!(code(egress.get(&url, LIMITS).await), expected, "{url}");
    }
}

#[test]
fn row_48_a_listed_address_may_be_anything() {
    let egress = egress(&["169.254.1.1:80", "[fe80::1]:8080", "0.0.0.0:9"]);
    for url in [
        "http://169.254.1.1/",
        "http://[fe80:0::1]:8080/",
        "http://0:9/",
    ] {
        assert_eq!(code(egress.check_url(url)), "ok", "{url}");
    }
    assert_eq!(
        code(egress.check_url("http://169.254.1.1:81/")),
        "egress_blocked"
    );
}

#[test]
fn row_48_the_refusal_says_what_to_do() {
    let egress = egress(&[]);
    let refused = egress.check_url("http://127.0.0.1:4000/keys").unwrap_err();
    let EgressError::Blocked {
        endpoint, listable, ..
    } = &refused
    else {
        panic!("{refused}");
    };
    assert_eq!((endpoint.as_str(), *listable), ("127.0.0.1:4000", true));
    assert_eq!(
        refused.to_string(),
        "127.0.0.1:4000 is blocked: it leads to this machine (loopback); if you run it yourself, start Hallpass with --allow-egress 127.0.0.1:4000"
    );
    let metadata = egress.check_url("http://169.254.169.254/").unwrap_err();
    assert!(
        !metadata.to_string().contains("--allow-egress"),
        "{metadata}"
    );
}
