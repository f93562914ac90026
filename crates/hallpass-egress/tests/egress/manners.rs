//! What is sent, what is answered, and what is never shown.

use std::process::Command;

use hallpass_egress::{Egress, EgressError};
use hallpass_model::ErrorKind;

use tokio::io::AsyncWriteExt;

use crate::support::{
    LIMITS, Names, Server, code, egress, egress_to, egress_with, ok, read_head, redirect,
};

#[tokio::test]
async fn a_request_carries_little_and_says_who_asks() {
    let server = Server::answering(|_| ok("{}")).await;
    let url = server.url("/keys?a=b#c");
    egress_to(&[&server]).get(&url, LIMITS).await.unwrap();
    let head = &server.heads()[0];
    let version = env!("CARGO_PKG_VERSION");
    let mut lines: Vec<&str> = head.trim_end().split("\r\n").collect();
    assert_eq!(lines.remove(0), "get /keys?a=b http/1.1");
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept-encoding: identity",
            "accept: */*",
            &format!("host: {}", server.address),
            &format!("user-agent: hallpass/{version}"),
        ]
    );
}

#[tokio::test]
async fn every_status_is_an_answer_with_headers_and_body() {
    for status in [200, 204, 400, 401, 404, 429, 500, 503] {
        let server = Server::answering(move |_| {
            let length = if status == 204 {
                ""
            } else {
                "content-length: 4\r\n"
            };
            let body = if status == 204 { "" } else { "body" };
            format!("HTTP/1.1 {status} Whatever\r\n{length}cache-control: max-age=7\r\n\r\n{body}")
                .into_bytes()
        })
        .await;
        let fetched = egress_to(&[&server])
            .get(&server.url("/"), LIMITS)
            .await
            .unwrap();
        assert_eq!(fetched.status, status);
        assert_eq!(fetched.headers["cache-control"], "max-age=7");
        assert_eq!(fetched.body.is_empty(), status == 204);
        assert_eq!(fetched.url.as_str(), server.url("/"));
    }
}

#[tokio::test]
async fn refusals_show_host_and_port_only() {
    let server = Server::answering(|_| redirect(302, "http://127.0.0.1:1/secret?secret")).await;
    let garbage = Server::answering(|_| b"secret\r\n\r\n".to_vec()).await;
    let no_tls = Server::behaving(|mut connection| async move {
        drop(connection.write_all(b"secret\r\n\r\n").await);
        drop(read_head(&mut connection).await);
    })
    .await;
    let gate = egress_to(&[&server, &garbage, &no_tls]);
    let tail = "/secret-path?token=secret#secret";
    let mut shown = Vec::new();
    for start in [
        format!("http://{}", server.address),
        format!("http://{}", garbage.address),
        format!("https://{}", no_tls.address),
        "https://nowhere.test".to_owned(),
        "https://127.0.0.1:99".to_owned(),
        "https://one.test:99".to_owned(),
        "https://user:secret@one.test".to_owned(),
        "ftp://one.test".to_owned(),
        "http://one.test".to_owned(),
        "https://[secret".to_owned(),
    ] {
        let error = gate
            .get(&format!("{start}{tail}"), LIMITS)
            .await
            .unwrap_err();
        shown.push(error.code());
        let debug = format!("{error:?}");
        let public = hallpass_model::Error::from(error.clone());
        for text in [
            error.to_string(),
            debug,
            public.to_string(),
            format!("{public:?}"),
        ] {
            assert!(!text.contains("secret"), "{text}");
        }
    }
    let expected = [
        "egress_blocked",
        "egress_broken_off",
        "egress_tls_failed",
        "egress_unresolvable",
        "egress_blocked",
        "egress_port_not_allowed",
        "egress_url_invalid",
        "egress_scheme_not_allowed",
        "egress_scheme_not_allowed",
        "egress_url_invalid",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn each_refusal_has_the_kind_that_its_reader_needs() {
    let gate = egress(&[]);
    let kind = |url: &str| hallpass_model::Error::from(gate.check_url(url).unwrap_err()).kind();
    assert_eq!(kind("nonsense"), ErrorKind::Unprocessable);
    assert_eq!(kind("http://one.test/"), ErrorKind::Unprocessable);
    assert_eq!(kind("https://one.test:1/"), ErrorKind::Unprocessable);
    assert_eq!(kind("https://127.0.0.1/"), ErrorKind::Forbidden);
    let endpoint = || "one.test:443".to_owned();
    for error in [
        EgressError::Unresolvable {
            endpoint: endpoint(),
        },
        EgressError::ConnectFailed {
            endpoint: endpoint(),
        },
        EgressError::BrokenOff {
            endpoint: endpoint(),
        },
        EgressError::RedirectRefused {
            endpoint: endpoint(),
            reason: "",
        },
    ] {
        let code = error.code();
        let public = hallpass_model::Error::from(error);
        assert_eq!(
            (public.kind(), public.code()),
            (ErrorKind::Unavailable, code)
        );
    }
}

#[tokio::test]
async fn connections_are_kept_and_shared_by_clones() {
    let server = Server::answering(|_| ok("kept")).await;
    let listed = format!("one.test:{}", server.port());
    let names = Names::all(&["127.0.0.1"]);
    let first = egress_with(&[&listed], names);
    let second = first.clone();
    for _ in 0..10 {
        for egress in [&first, &second] {
            egress
                .get(&format!("http://{listed}/"), LIMITS)
                .await
                .unwrap();
        }
    }
    assert_eq!(server.heads().len(), 20);
    // How often depends on when the pool gets a connection back; that it does, does not.
    assert!(server.connections() < 20, "{}", server.connections());
}

/// Runs itself once more with proxy variables set: the parent looks at who was asked.
#[tokio::test]
async fn proxy_variables_mean_nothing() {
    const URL: &str = "HALLPASS_EGRESS_TEST_URL";
    if let Ok(url) = std::env::var(URL) {
        let listed = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let gate: Egress = egress(&[&listed]);
        assert_eq!(code(gate.get(&url, LIMITS).await), "ok");
        return;
    }
    let server = Server::answering(|_| ok("direct")).await;
    let proxy = Server::answering(|_| ok("proxied")).await;
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "manners::proxy_variables_mean_nothing"]);
    child.env(URL, server.url("/"));
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        child.env(name, proxy.url(""));
    }
    let done = tokio::task::spawn_blocking(move || child.output().unwrap())
        .await
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!((server.connections(), proxy.connections()), (1, 0));
}
