//! The portal host: one script, and nothing else.

use axum::body::Body;
use hallpass_http::{portal, serve_portal};
use http::Request;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

const WORKER: &str = "/static/js/prime.worker.min.js";

async fn ask(method: &str, path: &str) -> (http::response::Parts, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request
        .header("origin", "https://app.example.com")
        .body(Body::empty())
        .expect("a request");
    let answer = portal().oneshot(request).await.expect("an answer");
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (parts, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn the_worker_is_a_script_that_any_page_may_read() {
    let (parts, body) = ask("GET", WORKER).await;
    assert_eq!(parts.status, 200);
    let header = |name: &str| parts.headers[name].to_str().expect("ASCII").to_owned();
    assert_eq!(header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header("access-control-allow-origin"), "*");
    assert_eq!(header("cache-control"), "public, max-age=3600");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(
        body.contains("self.postMessage({ found: false })"),
        "{body}"
    );
    let (head, nothing) = ask("HEAD", WORKER).await;
    assert_eq!((head.status.as_u16(), nothing.as_str()), (200, ""));
}

#[tokio::test]
async fn nothing_else_can_be_run() {
    let others = [
        ("GET", "/"),
        ("GET", "/static/js/mpcWorker-bundle.js"),
        ("GET", "/static/js/mpcWorkerServer-bundle.js"),
        ("GET", "/static/js/main.wasm"),
        ("GET", "/static/js/prime.worker.min.js/"),
        ("GET", "/static/js/%70rime.worker.min.js.map"),
        ("GET", "/auth/otp"),
        ("POST", WORKER),
        ("OPTIONS", WORKER),
    ];
    for (method, path) in others {
        let (parts, body) = ask(method, path).await;
        assert_eq!(parts.status, 404, "{method} {path}");
        assert_eq!(parts.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(parts.headers["access-control-allow-origin"], "*");
        assert_eq!(body, "there is nothing here");
    }
}

#[tokio::test]
async fn it_has_a_listener_of_its_own_and_ends_when_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve_portal(listener, async {
        ended.await.unwrap_or_default();
    }));
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request =
        format!("GET {WORKER} HTTP/1.1\r\nhost: localhost:3003\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    end.send(()).expect("the server listens");
    server.await.expect("no panic").expect("no failure");
}
