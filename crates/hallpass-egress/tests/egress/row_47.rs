//! Redirects: checked like a first URL, never down to http, never without end.

use std::sync::Arc;

use hallpass_egress::{Egress, Limits};

use crate::support::{LIMITS, Names, Server, code, egress_to, egress_with, ok, redirect, text};
use crate::tls::{Certificate, tls_server};

const NOT_FOLLOWED: Limits = Limits {
    redirects: 0,
    ..LIMITS
};

#[tokio::test]
async fn row_47_another_host_is_followed_when_it_passes_itself() {
    let target = Server::answering(|_| ok("there")).await;
    let to = target.url("/keys?a=b#part");
    let first = Server::answering(move |_| redirect(302, &to)).await;

    let egress = egress_to(&[&first, &target]);
    let fetched = egress.get(&first.url("/"), LIMITS).await.unwrap();
    assert_eq!(text(&fetched), "there");
    assert_eq!(fetched.url.as_str(), target.url("/keys?a=b"));
    assert!(target.heads()[0].starts_with("get /keys?a=b http/1.1"));

    let only_first = egress_to(&[&first]);
    let refused = only_first.get(&first.url("/"), LIMITS).await.unwrap_err();
    assert_eq!(refused.code(), "egress_blocked");
    assert!(refused.to_string().contains(&target.address.to_string()));
    assert_eq!(target.connections(), 1);
}

#[tokio::test]
async fn row_47_a_private_address_is_blocked_as_a_first_url_would_be() {
    let cases = [
        ("http://169.254.169.254/latest/meta-data/", "egress_blocked"),
        ("https://10.0.0.1/", "egress_blocked"),
        ("https://[::1]/", "egress_blocked"),
        ("//192.168.1.1/", "egress_blocked"),
        ("https://inside.test/", "egress_blocked"),
        ("http://outside.test/", "egress_scheme_not_allowed"),
        ("file:///etc/passwd", "egress_scheme_not_allowed"),
        ("https://outside.test:6379/", "egress_port_not_allowed"),
    ];
    for (location, expected) in cases {
        let server = Server::answering(move |_| redirect(302, location)).await;
        let names = Names::all(&["10.1.2.3"]);
        let egress = egress_with(&[&server.address.to_string()], names);
        let outcome = egress.get(&server.url("/"), LIMITS).await;
        assert_eq!(code(outcome), expected, "{location}");
        assert_eq!(server.heads().len(), 1);
    }
}

#[tokio::test]
async fn row_47_https_never_leads_to_http() {
    let certificate = Certificate::for_names("DNS:localhost,IP:127.0.0.1");
    let plain = Server::answering(|_| ok("in the clear")).await;
    let to = plain.url("/");
    let first = tls_server(&certificate, move |_| redirect(307, &to));
    let options = hallpass_egress::EgressOptions {
        allow: vec![
            first.address.to_string().parse().unwrap(),
            plain.address.to_string().parse().unwrap(),
        ],
        extra_roots_pem: certificate.pem(),
    };
    let egress = Egress::with_resolver(options, Names::all(&[])).unwrap();
    let url = format!("https://{}/", first.address);
    let refused = egress.get(&url, LIMITS).await.unwrap_err();
    assert_eq!(refused.code(), "egress_redirect_refused");
    assert!(refused.to_string().contains("from https to http"));
    assert_eq!(plain.connections(), 0);
}

#[tokio::test]
async fn row_47_a_loop_ends_at_the_limit() {
    let server = Server::answering(|_| redirect(302, "/again")).await;
    let egress = egress_to(&[&server]);
    let refused = egress.get(&server.url("/"), LIMITS).await.unwrap_err();
    assert_eq!(refused.code(), "egress_redirect_refused");
    assert_eq!(server.heads().len(), usize::from(LIMITS.redirects) + 1);
}

#[tokio::test]
async fn row_47_a_chain_of_twenty_needs_a_limit_of_twenty() {
    let step = |head: &str| {
        let path = head.split(' ').nth(1).unwrap();
        match path.trim_start_matches('/').parse().unwrap_or(0) {
            20 => ok("end"),
            n => redirect(308, &format!("/{}", n + 1)),
        }
    };
    let server = Server::answering(step).await;
    let egress = egress_to(&[&server]);
    let limits = |redirects| Limits {
        redirects,
        ..LIMITS
    };
    let fetched = egress.get(&server.url("/0"), limits(20)).await.unwrap();
    assert_eq!(text(&fetched), "end");
    let outcome = egress.get(&server.url("/0"), limits(19)).await;
    assert_eq!(code(outcome), "egress_redirect_refused");
}

#[tokio::test]
async fn row_47_none_is_followed_when_none_is_allowed() {
    let server = Server::answering(|_| redirect(301, "/elsewhere")).await;
    let outcome = egress_to(&[&server])
        .get(&server.url("/"), NOT_FOLLOWED)
        .await;
    assert_eq!(code(outcome), "egress_redirect_refused");
    assert_eq!(server.heads().len(), 1);
}

#[tokio::test]
async fn row_47_every_redirect_status_counts_and_no_other() {
    for (status, expected) in [
        (300, "ok"),
        (301, "egress_redirect_refused"),
        (302, "egress_redirect_refused"),
        (303, "egress_redirect_refused"),
        (304, "ok"),
        (305, "ok"),
        (307, "egress_redirect_refused"),
        (308, "egress_redirect_refused"),
        (404, "ok"),
    ] {
        let server = Server::answering(move |_| redirect(status, "/elsewhere")).await;
        let outcome = egress_to(&[&server])
            .get(&server.url("/"), NOT_FOLLOWED)
            .await;
        assert_eq!(code(outcome), expected, "{status}");
    }
}

#[tokio::test]
async fn row_47_a_location_that_is_none_is_refused() {
    let with = |location: &str| {
        format!("HTTP/1.1 302 Found\r\n{location}content-length: 0\r\n\r\n").into_bytes()
    };
    for location in [
        "",
        "location: /a\r\nlocation: /b\r\n",
        "location: http://[\r\n",
        "location: /a b\r\n",
        "location: \\\\evil.test\\\r\n",
        "location: https://user:secret@one.test/\r\n",
        "location: https://\r\n",
        "location: /\u{e9}\r\n",
    ] {
        let server = Server::answering(move |_| with(location)).await;
        let refused = egress_to(&[&server]).get(&server.url("/"), LIMITS).await;
        assert_eq!(code(refused), "egress_redirect_refused", "{location:?}");
        assert_eq!(server.heads().len(), 1);
    }
}

#[tokio::test]
async fn row_47_nothing_is_carried_along() {
    let target = Server::answering(|_| ok("")).await;
    let to = target.url("/");
    let first = Server::answering(move |_| {
        let to = to.as_str();
        format!(
            "HTTP/1.1 302 Found\r\nlocation: {to}\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n"
        )
        .into_bytes()
    })
    .await;
    let egress = egress_to(&[&first, &target]);
    for _ in 0..2 {
        egress.get(&first.url("/?secret"), LIMITS).await.unwrap();
    }
    for head in target.heads().iter().chain(&first.heads()) {
        for header in ["cookie:", "referer:", "authorization:", "proxy-"] {
            assert!(!head.contains(header), "{head}");
        }
    }
    assert_eq!(target.heads().len(), 2);
}

#[tokio::test]
async fn row_47_each_name_on_the_way_is_resolved_and_judged() {
    let server = Server::answering(|_| ok("two")).await;
    let port = server.port();
    let relay =
        Server::answering(move |_| redirect(302, &format!("http://two.test:{port}/"))).await;
    let names = Names::new(|host, _| match host {
        "one.test" | "two.test" => vec!["127.0.0.1".parse().unwrap()],
        _ => Vec::new(),
    });
    let allow = [
        format!("one.test:{}", relay.port()),
        format!("two.test:{port}"),
    ];
    let egress = egress_with(&[&allow[0], &allow[1]], Arc::clone(&names));
    let url = format!("http://one.test:{}/", relay.port());
    let fetched = egress.get(&url, LIMITS).await.unwrap();
    assert_eq!(text(&fetched), "two");
    assert_eq!(names.asked(), ["one.test", "two.test"]);
}

#[test]
fn row_47_a_document_leads_no_further_than_a_redirect() {
    let egress = egress_with(
        &["inside.test:443", "10.1.2.3:8080"],
        Names::all(&["10.1.2.3"]),
    );
    for (from, to, leads) in [
        ("https://outside.test/", "https://outside.test/keys", true),
        ("https://outside.test/", "https://elsewhere.test/keys", true),
        ("https://outside.test/", "https://inside.test/keys", false),
        (
            "https://outside.test/",
            "HTTPS://Inside.Test:443/keys#a",
            false,
        ),
        ("https://outside.test/", "http://10.1.2.3:8080/keys", false),
        ("https://inside.test/", "http://10.1.2.3:8080/keys", false),
        ("https://inside.test/", "https://outside.test/keys", true),
        ("http://10.1.2.3:8080/", "https://inside.test/keys", true),
        // Refused for what it is, when it is fetched.
        ("https://outside.test/", "https://10.1.2.3/keys", true),
        ("https://outside.test/", "/keys", true),
    ] {
        let from = egress.check_url(from).unwrap();
        assert_eq!(egress.may_lead_to(&from, to), leads, "{from} -> {to}");
    }
}
