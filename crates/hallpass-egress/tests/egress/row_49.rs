//! Names that change their mind. The gate with public rules is tried the same way in `src/tests.rs`.

use std::net::IpAddr;
use std::sync::Arc;

use crate::support::{LIMITS, Names, Server, code, egress_with, ok, text};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn closing(body: &'static str) -> impl Fn(&str) -> Vec<u8> + Send + Sync + 'static {
    move |_| format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}").into_bytes()
}

#[tokio::test]
async fn row_49_a_connection_is_resolved_once_and_goes_there() {
    let good = Server::answering(closing("good")).await;
    let port = good.port();
    let other = Server::answering_at(&format!("127.0.0.2:{port}"), closing("other")).await;
    // Whoever asks again between check and connection gets another address.
    let names = Names::new(|_, before| match before {
        0 => vec![address("127.0.0.1")],
        _ => vec![address("127.0.0.2")],
    });
    let listed = format!("flip.test:{port}");
    let egress = egress_with(&[&listed], Arc::clone(&names));
    let url = format!("http://{listed}/");
    let fetched = egress.get(&url, LIMITS).await.unwrap();
    assert_eq!(text(&fetched), "good");
    assert_eq!((good.connections(), other.connections()), (1, 0));
    assert_eq!(names.asked().len(), 1);

    // A new connection is a new question.
    let fetched = egress.get(&url, LIMITS).await.unwrap();
    assert_eq!(text(&fetched), "other");
    assert_eq!((good.connections(), other.connections()), (1, 1));
    assert_eq!(names.asked().len(), 2);
}

#[tokio::test]
async fn row_49_a_flip_to_a_refused_address_is_caught_at_the_next_connection() {
    let server = Server::answering(closing("good")).await;
    let listed = format!("flip.test:{}", server.port());
    let names = Names::new(|_, before| match before % 2 {
        0 => vec![address("127.0.0.1")],
        _ => vec![address("169.254.169.254")],
    });
    let egress = egress_with(&[&listed], Arc::clone(&names));
    let url = format!("http://{listed}/");
    for round in 0..6 {
        let expected = ["ok", "egress_blocked"][round % 2];
        assert_eq!(code(egress.get(&url, LIMITS).await), expected, "{round}");
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn row_49_one_refused_address_blocks_the_whole_answer() {
    let server = Server::answering(|_| ok("good")).await;
    let listed = format!("two.test:{}", server.port());
    for answer in [
        ["127.0.0.1", "169.254.169.254"],
        ["169.254.169.254", "127.0.0.1"],
        ["127.0.0.1", "ff02::1"],
    ] {
        let egress = egress_with(&[&listed], Names::all(&answer));
        let outcome = egress.get(&format!("http://{listed}/"), LIMITS).await;
        assert_eq!(code(outcome), "egress_blocked", "{answer:?}");
    }
    // Under public rules: the first address would be fine.
    for private in ["10.0.0.1", "127.0.0.1", "::1", "fd00::1"] {
        let names = Names::all(&["1.1.1.1", "2606:4700::1111", private]);
        let outcome = egress_with(&[], names)
            .get("https://two.test/", LIMITS)
            .await;
        assert_eq!(code(outcome), "egress_blocked", "{private}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn row_49_a_kept_connection_stays_where_it_was_checked() {
    let good = Server::answering(|_| ok("good")).await;
    let port = good.port();
    let other = Server::answering_at(&format!("127.0.0.2:{port}"), |_| ok("other")).await;
    let names = Names::new(|_, before| match before {
        0 => vec![address("127.0.0.1")],
        _ => vec![address("127.0.0.2")],
    });
    let listed = format!("flip.test:{port}");
    let egress = egress_with(&[&listed], Arc::clone(&names));
    for _ in 0..5 {
        let fetched = egress
            .get(&format!("http://{listed}/"), LIMITS)
            .await
            .unwrap();
        // Only when the pool has nothing is the name asked again.
        if names.asked().len() == 1 {
            assert_eq!(text(&fetched), "good");
        }
    }
    assert_eq!(good.connections(), 1);
    assert!(other.connections() < names.asked().len());
}

#[tokio::test]
async fn row_49_a_name_without_addresses_is_unresolvable() {
    let egress = egress_with(&[], Names::all(&[]));
    let outcome = egress.get("https://nowhere.test/", LIMITS).await;
    assert_eq!(code(outcome), "egress_unresolvable");
}
