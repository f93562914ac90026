//! Requests with a method, headers and a body: sent once, under the rules for every URL, and carried nowhere else.

use hallpass_egress::{Limits, Method, Request};
use hallpass_model::ErrorKind;

use crate::support::{IMPATIENT, LIMITS, Names, Server};
use crate::support::{code, egress, egress_to, egress_with, ok, read_head, redirect, text};

fn with_secret(request: Request) -> Request {
    request
        .with_header("authorization", "Bearer secret")
        .and_then(|request| request.with_header("x-note", "secret"))
        .unwrap()
}

#[tokio::test]
async fn a_post_carries_what_it_was_given() {
    let server = Server::answering(|_| ok("taken")).await;
    let request = Request::post(server.url("/token?a=b#c"), "grant=code")
        .with_header("content-type", "application/x-www-form-urlencoded")
        .unwrap();
    let fetched = egress_to(&[&server]).send(request, LIMITS).await.unwrap();
    assert_eq!((fetched.status, text(&fetched)), (200, "taken"));

    let head = &server.heads()[0];
    let version = env!("CARGO_PKG_VERSION");
    let mut lines: Vec<&str> = head.trim_end().split("\r\n").collect();
    assert_eq!(lines.remove(0), "post /token?a=b http/1.1");
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept-encoding: identity",
            "accept: */*",
            "content-length: 10",
            "content-type: application/x-www-form-urlencoded",
            &format!("host: {}", server.address),
            &format!("user-agent: hallpass/{version}"),
        ]
    );
    assert_eq!(server.bodies(), ["grant=code"]);
}

#[tokio::test]
async fn every_method_is_sent_as_it_is_and_a_later_header_wins() {
    let server = Server::answering(|_| ok("")).await;
    let gate = egress_to(&[&server]);
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD] {
        let request = Request::new(method, server.url("/"))
            .with_header("X-Note", "one")
            .and_then(|request| request.with_header("x-note", "two"))
            .unwrap();
        gate.send(request, LIMITS).await.unwrap();
    }
    for (head, method) in server
        .heads()
        .iter()
        .zip(["put", "patch", "delete", "head"])
    {
        assert!(head.starts_with(&format!("{method} / http/1.1")), "{head}");
        assert!(head.contains("x-note: two\r\n") && !head.contains("one"));
    }
}

#[tokio::test]
async fn an_empty_body_is_announced_as_one() {
    let server = Server::answering(|_| ok("")).await;
    let request = Request::post(server.url("/"), "");
    egress_to(&[&server]).send(request, LIMITS).await.unwrap();
    assert!(server.heads()[0].contains("content-length: 0\r\n"));
}

#[tokio::test]
async fn row_47_only_a_bare_read_follows_a_redirect() {
    let target = Server::answering(|_| ok("there")).await;
    for status in [301, 302, 303, 307, 308] {
        let to = target.url("/");
        let first = Server::answering(move |_| redirect(status, &to)).await;
        let gate = egress_to(&[&first, &target]);
        let url = first.url("/");
        for request in [
            Request::post(&url, "secret"),
            Request::post(&url, ""),
            Request::new(Method::PUT, &url),
            Request::new(Method::DELETE, &url),
            Request::new(Method::OPTIONS, &url),
            Request::get(&url).with_body("secret"),
        ] {
            let refused = gate.send(request, LIMITS).await;
            assert_eq!(code(refused), "egress_redirect_refused", "{status}");
        }
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn row_47_headers_stay_with_the_endpoint_they_were_meant_for() {
    let target = Server::answering(|_| ok("there")).await;
    let to = target.url("/");
    let first = Server::answering(move |head| match head.starts_with("get /start ") {
        true => redirect(302, "/again"),
        false => redirect(307, &to),
    })
    .await;
    let request = with_secret(Request::get(first.url("/start")));
    let gate = egress_to(&[&first, &target]);
    assert_eq!(text(&gate.send(request, LIMITS).await.unwrap()), "there");
    for head in first.heads() {
        assert!(head.contains("authorization: bearer secret"), "{head}");
    }
    assert_eq!((first.heads().len(), target.heads().len()), (2, 1));
    assert!(!target.heads()[0].contains("secret"));
}

/// Once gone, headers do not come back with a redirect that leads home.
#[tokio::test]
async fn row_47_headers_do_not_come_back() {
    let relay_port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|free| free.local_addr())
        .unwrap();
    let relay = relay_port.to_string();
    let away = format!("http://{relay}/");
    let home = Server::answering(move |head| match head.starts_with("get /start ") {
        true => redirect(302, &away),
        false => ok("home"),
    })
    .await;
    let back = home.url("/end");
    let relay = Server::answering_at(&relay, move |_| redirect(302, &back)).await;
    let request = with_secret(Request::get(home.url("/start")));
    let gate = egress_to(&[&home, &relay]);
    assert_eq!(text(&gate.send(request, LIMITS).await.unwrap()), "home");
    let holds: Vec<bool> = home.heads().iter().map(|h| h.contains("secret")).collect();
    assert_eq!(holds, [true, false]);
}

#[test]
fn row_50_headers_of_the_connection_are_refused() {
    for name in [
        "Host",
        "connection",
        "Content-Length",
        "transfer-encoding",
        "TE",
        "trailer",
        "upgrade",
        "expect",
        "keep-alive",
        "Proxy-Authorization",
        "proxy-connection",
        "accept-encoding",
        "user-agent",
        "",
        "a b",
        "a\r\nb",
        "a:",
    ] {
        let refused = Request::get("https://one.test/").with_header(name, "secret");
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), "egress_header_refused", "{name:?}");
        assert!(!refused.to_string().contains("secret"));
        let public = hallpass_model::Error::from(refused);
        assert_eq!(public.kind(), ErrorKind::Unprocessable);
    }
}

#[test]
fn row_50_a_value_cannot_begin_another_header() {
    for value in ["a\r\nx-evil: b", "a\nb", "a\rb", "a\0b", "\u{7f}"] {
        let refused = Request::get("https://one.test/").with_header("x-note", value);
        assert_eq!(code(refused), "egress_header_refused", "{value:?}");
    }
}

#[tokio::test]
async fn a_send_obeys_the_same_policy() {
    let gate = egress(&[]);
    for (url, expected) in [
        ("http://one.test/", "egress_scheme_not_allowed"),
        ("https://one.test:25/", "egress_port_not_allowed"),
        ("https://10.0.0.1/", "egress_blocked"),
        ("https://user:secret@one.test/", "egress_url_invalid"),
        ("https://one.test/", "egress_unresolvable"),
    ] {
        let outcome = gate.send(Request::post(url, "body"), LIMITS).await;
        assert_eq!(code(outcome), expected, "{url}");
    }
    let inside = egress_with(&[], Names::all(&["10.1.2.3"]));
    let outcome = inside.send(Request::post("https://one.test/", ""), LIMITS);
    assert_eq!(code(outcome.await), "egress_blocked");
}

#[tokio::test]
async fn a_send_obeys_the_same_limits() {
    let large = Server::answering(|_| ok(&"x".repeat(1025))).await;
    let limits = Limits {
        body_bytes: 1024,
        ..LIMITS
    };
    let request = Request::post(large.url("/"), "a");
    let outcome = egress_to(&[&large]).send(request, limits).await;
    assert_eq!(code(outcome), "egress_too_large");

    let silent = Server::behaving(|mut connection| async move {
        while read_head(&mut connection).await.is_some() {}
    })
    .await;
    let request = Request::post(silent.url("/"), "a");
    let outcome = egress_to(&[&silent]).send(request, IMPATIENT).await;
    assert_eq!(code(outcome), "egress_timeout");
    assert_eq!(silent.connections(), 1);
}

/// Whoever sends something that counts must know how often.
#[tokio::test]
async fn a_request_that_breaks_off_is_not_sent_again() {
    let server = Server::answering(|_| b"HTTP/1.1 200 OK\r\nconnection: close\r\n".to_vec()).await;
    let request = Request::post(server.url("/"), "a");
    let outcome = egress_to(&[&server]).send(request, LIMITS).await;
    assert_eq!(code(outcome), "egress_broken_off");
    assert_eq!(server.bodies().len(), 1);
}

#[test]
fn a_request_does_not_show_its_secrets() {
    let request = with_secret(Request::post("https://one.test/secret", "secret"));
    let shown = format!("{request:?}");
    assert!(!shown.contains("secret"), "{shown}");
    assert!(
        shown.contains("POST") && shown.contains("x-note"),
        "{shown}"
    );
}
