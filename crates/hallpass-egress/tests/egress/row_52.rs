//! Servers that hang, flood, lie or break off: bounded by caps and by the deadline, and let go of.

use std::sync::Arc;
use std::time::Duration;

use hallpass_egress::{Egress, EgressError, Fetched, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use crate::support::{Connection, IMPATIENT, LIMITS, Names, Server, code, egress_to, egress_with};
use crate::support::{ok, options, read_head};

/// Sends the beginning once and the rest again and again, until nobody reads any more; then rings.
async fn flood(beginning: Vec<u8>, rest: Vec<u8>) -> (Server, Arc<Notify>) {
    let let_go = Arc::new(Notify::new());
    let rings = Arc::clone(&let_go);
    let server = Server::behaving(move |mut connection| {
        let (beginning, rest, rings) = (beginning.clone(), rest.clone(), Arc::clone(&rings));
        async move {
            read_head(&mut connection).await;
            drop(connection.write_all(&beginning).await);
            while connection.write_all(&rest).await.is_ok() {}
            rings.notify_one();
        }
    })
    .await;
    (server, let_go)
}

/// Sends this, and then nothing while the other side stays.
async fn stall(beginning: &'static [u8]) -> Server {
    Server::behaving(move |mut connection| async move {
        read_head(&mut connection).await;
        connection.write_all(beginning).await.unwrap();
        wait_for_the_end(connection).await;
    })
    .await
}

async fn wait_for_the_end(mut connection: Connection) {
    let mut rest = Vec::new();
    drop(connection.read_to_end(&mut rest).await);
}

async fn fetch(server: &Server, limits: Limits) -> Result<Fetched, EgressError> {
    egress_to(&[server]).get(&server.url("/"), limits).await
}

/// The other side must notice that we are gone.
async fn rung(bell: &Notify) {
    tokio::time::timeout(Duration::from_secs(20), bell.notified())
        .await
        .unwrap();
}

#[tokio::test]
async fn row_52_an_endless_body_ends_at_the_cap() {
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000)).into_bytes();
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let until_close = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    for (beginning, rest) in [(chunked, chunk), (until_close, vec![b'x'; 0x1000])] {
        let (server, let_go) = flood(beginning, rest).await;
        assert_eq!(code(fetch(&server, LIMITS).await), "egress_too_large");
        rung(&let_go).await;
    }
}

#[tokio::test]
async fn row_52_fifty_megabytes_are_refused_at_their_announcement() {
    // Nothing follows the head: waiting for a body would meet the deadline instead.
    let server = stall(b"HTTP/1.1 200 OK\r\ncontent-length: 52428800\r\n\r\n").await;
    let refused = fetch(&server, LIMITS).await.unwrap_err();
    assert_eq!(refused.code(), "egress_too_large");
    assert!(
        refused.to_string().contains("more than 65536 bytes"),
        "{refused}"
    );

    let most = stall(b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551614\r\n\r\n").await;
    assert_eq!(code(fetch(&most, LIMITS).await), "egress_too_large");
}

#[tokio::test]
async fn row_52_fifty_real_megabytes_are_read_up_to_the_cap() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 52428800\r\n\r\n".to_vec();
    let (server, let_go) = flood(head, vec![b'x'; 1 << 20]).await;
    assert_eq!(code(fetch(&server, LIMITS).await), "egress_too_large");
    rung(&let_go).await;
}

#[tokio::test]
async fn row_52_the_cap_is_exact() {
    let limits = |body_bytes| Limits {
        body_bytes,
        ..LIMITS
    };
    let announced = Server::answering(|_| ok("0123456789")).await;
    let chunked = Server::answering(|_| {
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n".to_vec()
    })
    .await;
    for server in [&announced, &chunked] {
        let fetched = fetch(server, limits(10)).await.unwrap();
        assert_eq!(fetched.body, b"0123456789");
        assert_eq!(code(fetch(server, limits(9)).await), "egress_too_large");
        assert_eq!(code(fetch(server, limits(0)).await), "egress_too_large");
    }
    let empty = Server::answering(|_| ok("")).await;
    assert_eq!(code(fetch(&empty, limits(0)).await), "ok");
}

#[tokio::test]
async fn row_52_a_slow_drip_meets_the_deadline() {
    for beginning in [
        "HTTP/1.1 200 OK\r\ncontent-length: 50000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-slow: ",
        "",
    ] {
        let server = Server::behaving(move |mut connection| async move {
            read_head(&mut connection).await;
            drop(connection.write_all(beginning.as_bytes()).await);
            while connection.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        // A status line of x-es is no status line: that needs no deadline.
        let (limits, expected) = match beginning {
            "" => (LIMITS, "egress_broken_off"),
            _ => (IMPATIENT, "egress_timeout"),
        };
        let outcome = fetch(&server, limits).await;
        assert_eq!(code(outcome), expected, "{beginning:?}");
    }
}

#[tokio::test]
async fn row_52_silence_meets_the_deadline_wherever_it_begins() {
    for beginning in [
        &b""[..],
        b"HTTP/1.1",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let server = stall(beginning).await;
        let outcome = fetch(&server, IMPATIENT).await;
        assert_eq!(code(outcome), "egress_timeout", "{beginning:?}");
    }
}

#[tokio::test]
async fn row_52_the_deadline_spans_redirects_and_names() {
    // No single step is slow.
    let server = Server::behaving(|mut connection| async move {
        while read_head(&mut connection).await.is_some() {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let again = crate::support::redirect(302, "/again");
            drop(connection.write_all(&again).await);
        }
    })
    .await;
    let limits = Limits {
        redirects: 255,
        ..IMPATIENT
    };
    assert_eq!(code(fetch(&server, limits).await), "egress_timeout");

    struct Hanging;
    impl hallpass_egress::Resolver for Hanging {
        fn resolve(
            &self,
            _: &str,
        ) -> hallpass_egress::BoxFuture<'static, std::io::Result<Vec<std::net::IpAddr>>> {
            Box::pin(std::future::pending())
        }
    }
    let egress = Egress::with_resolver(options(&[]), Arc::new(Hanging)).unwrap();
    let outcome = egress.get("https://one.test/", IMPATIENT).await;
    assert_eq!(code(outcome), "egress_timeout");
}

#[tokio::test]
async fn row_52_a_connection_that_nobody_accepts_meets_the_deadline() {
    // The handshake of TLS never gets an answer.
    let server = Server::behaving(wait_for_the_end).await;
    let url = format!("https://{}/", server.address);
    let outcome = egress_to(&[&server]).get(&url, IMPATIENT).await;
    assert_eq!(code(outcome), "egress_timeout");
}

#[tokio::test]
async fn row_52_headers_without_end_are_too_large() {
    let beginning = b"HTTP/1.1 200 OK\r\n".to_vec();
    let one_huge = format!("x-huge: {}", "x".repeat(1 << 20)).into_bytes();
    let (server, let_go) = flood([&beginning[..], &one_huge[..]].concat(), b"xxxx".to_vec()).await;
    assert_eq!(code(fetch(&server, LIMITS).await), "egress_too_large");
    rung(&let_go).await;

    let (server, let_go) = flood(beginning, b"x-many: x\r\n".repeat(100)).await;
    assert_eq!(code(fetch(&server, LIMITS).await), "egress_too_large");
    rung(&let_go).await;
}

#[tokio::test]
async fn row_52_a_flood_of_interim_answers_meets_the_deadline() {
    for interim in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
    ] {
        let (server, let_go) = flood(Vec::new(), interim.repeat(100).into_bytes()).await;
        assert_eq!(code(fetch(&server, IMPATIENT).await), "egress_timeout");
        rung(&let_go).await;
    }
    let after_a_few = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(3);
    let server = Server::answering(move |_| [after_a_few.as_bytes(), &ok("end")].concat()).await;
    assert_eq!(fetch(&server, LIMITS).await.unwrap().body, b"end");
}

#[tokio::test]
async fn row_52_nothing_is_decompressed() {
    let bomb = b"\x1f\x8b\x08\x00 not even gzip".to_vec();
    let sent = bomb.clone();
    let server = Server::answering(move |_| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            sent.len()
        );
        [head.as_bytes(), &sent].concat()
    })
    .await;
    let fetched = fetch(&server, LIMITS).await.unwrap();
    assert_eq!(fetched.body, bomb);
    assert!(server.heads()[0].contains("\r\naccept-encoding: identity\r\n"));
}

#[tokio::test]
async fn row_52_what_breaks_off_or_is_no_http_is_no_answer() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnot a size\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 999999 OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "<html>not found</html>\r\n\r\n",
        "220 mail.test ESMTP\r\n",
        "\0\0\0\x18\x04\0\0\0\0\0\0\x05\0\x10\0\0",
    ] {
        let server = Server::behaving(move |mut connection| async move {
            read_head(&mut connection).await;
            drop(connection.write_all(answer.as_bytes()).await);
            drop(connection.shutdown().await);
        })
        .await;
        let outcome = fetch(&server, LIMITS).await;
        assert_eq!(code(outcome), "egress_broken_off", "{answer:?}");
    }
}

#[tokio::test]
async fn row_52_nobody_at_home_is_told_apart() {
    // Bound, so that nobody else takes the port, and not listening.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = closed.local_addr().unwrap();
    let listed = address.to_string();
    for scheme in ["http", "https"] {
        let outcome = egress_with(&[&listed], Names::all(&[]))
            .get(&format!("{scheme}://{listed}/"), LIMITS)
            .await;
        assert_eq!(code(outcome), "egress_connect_failed");
    }
}

#[tokio::test]
async fn row_52_one_that_hangs_does_not_slow_the_others() {
    let hanging = stall(b"").await;
    let good = Server::answering(|_| ok("good")).await;
    let egress = egress_to(&[&hanging, &good]);
    let waiting: Vec<_> = (0..64)
        .map(|_| {
            let (egress, url) = (egress.clone(), hanging.url("/"));
            tokio::spawn(async move { egress.get(&url, LIMITS).await.map(|_| ()) })
        })
        .collect();
    for _ in 0..20 {
        egress.get(&good.url("/"), LIMITS).await.unwrap();
    }
    assert!(waiting.iter().all(|task| !task.is_finished()));
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
}
