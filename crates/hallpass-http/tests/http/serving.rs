//! Real connections: limits of the protocol, TLS, and the way out.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hallpass_http::{HttpSettings, ServeOptions, TlsConfig, serve};
use hallpass_testkit::Database;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::support::Site;

/// A server on a port of its own.
struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(app: Router, options: ServeOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, told) = oneshot::channel::<()>();
        let shutdown = async move {
            told.await.ok();
        };
        let task = tokio::spawn(serve(listener, app, options, shutdown));
        Self {
            address,
            stop: Some(stop),
            task,
        }
    }

    fn tell_to_stop(&mut self) {
        self.stop
            .take()
            .expect("not told before")
            .send(())
            .expect("the server runs");
    }
}

/// Sends bytes and reads until the server closes, in a thread of its own.
async fn exchange(address: SocketAddr, request: Vec<u8>) -> String {
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a timeout");
        // The server may answer and close before everything is sent.
        let _ = stream.write_all(&request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
    .expect("the thread ends")
}

fn on_runtime(test: impl Future<Output = ()>) {
    hallpass_testkit::block_on(test);
}

#[test]
fn large_heads_are_431_and_a_full_token_fits() {
    on_runtime(async {
        let site = Site::on_sqlite().await;
        let server = Server::start(site.app.clone(), ServeOptions::default()).await;
        let path = format!("/projects/{}/sdk/me", site.world.environment);
        let head = |token: &str| {
            format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
        };
        let huge = exchange(server.address, head(&"a".repeat(1024 * 1024))).await;
        assert!(huge.starts_with("HTTP/1.1 431 "), "{huge}");
        let too_large = exchange(server.address, head(&"a".repeat(17 * 1024))).await;
        assert!(
            too_large.starts_with("HTTP/1.1 401 ") && too_large.contains("token_too_large"),
            "{too_large}"
        );
        let good = exchange(server.address, head(&site.world.token("user-1"))).await;
        assert!(
            good.starts_with("HTTP/1.1 200 ") && good.contains("\"userId\":\"user-1\""),
            "{good}"
        );
        let odd = exchange(server.address, b"\x16\x03\x01 not http\r\n\r\n".to_vec()).await;
        assert!(odd.is_empty() || odd.starts_with("HTTP/1.1 400 "), "{odd}");
    });
}

#[test]
fn a_head_that_never_ends_is_not_waited_for() {
    on_runtime(async {
        let server = Server::start(Router::new(), ServeOptions::default()).await;
        let answer = exchange(
            server.address,
            b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ".to_vec(),
        );
        let answer = tokio::time::timeout(Duration::from_secs(50), answer).await;
        let answer = answer.expect("the server closes the connection");
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408 "),
            "{answer}"
        );
    });
}

/// What a client gets who sends this and then nothing more, if the server does not wait for ever.
async fn answer_to_silence(address: SocketAddr, sent: &[u8]) -> String {
    let answer = exchange(address, sent.to_vec());
    let answer = tokio::time::timeout(Duration::from_secs(50), answer).await;
    answer.unwrap_or_else(|_| panic!("still open after {sent:?}"))
}

#[test]
fn a_connection_without_a_request_is_closed() {
    on_runtime(async {
        let server = Server::start(Router::new(), ServeOptions::default()).await;
        let (nothing, one_byte, preface) = tokio::join!(
            answer_to_silence(server.address, b""),
            answer_to_silence(server.address, b"P"),
            answer_to_silence(server.address, b"PRI * HTTP/2.0\r\n\r\nSM"),
        );
        assert_eq!(
            (&*nothing, &*one_byte, &*preface),
            ("", "", ""),
            "there is nothing to answer"
        );
    });
}

#[test]
fn a_tls_connection_without_a_request_is_closed() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let certificate = make_certificate(folder, "first");
        put(folder, "first", "first");
        let tls = TlsConfig {
            cert: folder.join("tls.pem"),
            key: folder.join("tls.key"),
        };
        let options = ServeOptions {
            tls: Some(tls),
            ..ServeOptions::default()
        };
        let server = Server::start(Router::new(), options).await;
        let address = server.address;
        let no_handshake = answer_to_silence(address, b"");
        let no_request = tokio::task::spawn_blocking(move || {
            let mut stream = tls_stream(address, &[certificate]);
            stream
                .conn
                .complete_io(&mut stream.sock)
                .expect("a handshake");
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            answer
        });
        let no_request = tokio::time::timeout(Duration::from_secs(50), no_request);
        let (no_handshake, no_request) = tokio::join!(no_handshake, no_request);
        assert_eq!(no_handshake, "");
        let no_request = no_request.expect("closed in time").expect("a thread");
        assert!(no_request.is_empty());
    });
}

#[test]
fn a_request_that_takes_longer_than_its_head_may_is_answered() {
    on_runtime(async {
        let slow = async || {
            tokio::time::sleep(Duration::from_secs(12)).await;
            "finished"
        };
        let router = Router::new().route("/slow", get(slow));
        let server = Server::start(router, ServeOptions::default()).await;
        let request = b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let answer = exchange(server.address, request.to_vec()).await;
        assert!(answer.ends_with("finished"), "{answer}");
    });
}

#[test]
fn refused_tokens_are_counted_by_the_address_of_the_connection() {
    on_runtime(async {
        let settings = HttpSettings {
            failed_verifications_per_minute: 60,
            ..HttpSettings::default()
        };
        let site = Site::with_settings(Database::sqlite().await, settings).await;
        let server = Server::start(site.app.clone(), ServeOptions::default()).await;
        let path = format!("/projects/{}/sdk/me", site.world.environment);
        let one = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\nx-forwarded-for: 203.0.113.7\r\n\r\n"
        );
        let last = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer x\r\n\r\n"
        );
        let answers = exchange(server.address, (one.repeat(60) + &last).into_bytes()).await;
        assert_eq!(answers.matches("HTTP/1.1 401 ").count(), 60);
        assert_eq!(
            answers.matches("HTTP/1.1 429 ").count(),
            1,
            "{}",
            &answers[answers.len() - 600..]
        );
        assert!(answers.contains("retry-after: 1\r\n"));
    });
}

#[test]
fn a_request_under_way_is_finished_and_new_ones_are_not_taken() {
    on_runtime(async {
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = {
            let (entered, leave) = (entered.clone(), leave.clone());
            async move || {
                entered.notify_one();
                leave.notified().await;
                "finished"
            }
        };
        let mut server = Server::start(
            Router::new().route("/slow", get(slow)),
            ServeOptions::default(),
        )
        .await;
        let address = server.address;
        let request = tokio::spawn(exchange(
            address,
            b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        ));
        entered.notified().await;
        server.tell_to_stop();
        // The listener goes first; from then on nobody gets in.
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!server.task.is_finished(), "it waits for the request");
        leave.notify_one();
        let answer = request.await.expect("the request ends");
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("finished"),
            "{answer}"
        );
        server
            .task
            .await
            .expect("the server ends")
            .expect("without an error");
    });
}

#[test]
fn what_does_not_finish_is_cut_off() {
    on_runtime(async {
        let entered = Arc::new(Notify::new());
        let stuck = {
            let entered = entered.clone();
            async move || {
                entered.notify_one();
                std::future::pending::<&'static str>().await
            }
        };
        let options = ServeOptions {
            drain: Duration::from_millis(100),
            ..ServeOptions::default()
        };
        let mut server = Server::start(Router::new().route("/stuck", get(stuck)), options).await;
        let request = tokio::spawn(exchange(
            server.address,
            b"GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        ));
        entered.notified().await;
        server.tell_to_stop();
        server
            .task
            .await
            .expect("the server ends")
            .expect("without an error");
        assert_eq!(request.await.expect("the request ends"), "");
    });
}

/// A certificate for `localhost` with this name in it, and its key, written where the server reads them.
fn make_certificate(folder: &Path, name: &str) -> CertificateDer<'static> {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "30",
        ])
        .args([
            "-subj",
            &format!("/CN={name}"),
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(folder.join(format!("{name}.key")))
        .arg("-out")
        .arg(folder.join(format!("{name}.pem")))
        .output()
        .expect("openssl is installed");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).expect("a certificate")
}

fn put(folder: &Path, cert: &str, key: &str) {
    std::fs::copy(folder.join(format!("{key}.key")), folder.join("tls.key")).expect("a copy");
    std::fs::copy(folder.join(format!("{cert}.pem")), folder.join("tls.pem")).expect("a copy");
}

fn tls_stream(
    address: SocketAddr,
    trusted: &[CertificateDer<'static>],
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots.add(certificate.clone()).expect("an anchor");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    StreamOwned::new(
        connection,
        TcpStream::connect(address).expect("a connection"),
    )
}

/// The certificate that the server shows, and its answer.
async fn ask_over_tls(
    address: SocketAddr,
    trusted: &[CertificateDer<'static>],
) -> (CertificateDer<'static>, String) {
    let trusted = trusted.to_vec();
    tokio::task::spawn_blocking(move || {
        let mut stream = tls_stream(address, &trusted);
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .expect("sent");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let shown = stream.conn.peer_certificates().expect("a chain")[0]
            .clone()
            .into_owned();
        (shown, String::from_utf8_lossy(&answer).into_owned())
    })
    .await
    .expect("the thread ends")
}

#[test]
fn the_certificate_is_exchanged_while_the_server_runs_and_a_bad_one_is_not_taken() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let (first, second) = (
            make_certificate(folder, "first"),
            make_certificate(folder, "second"),
        );
        let both = [first.clone(), second.clone()];
        put(folder, "first", "first");
        let tls = TlsConfig {
            cert: folder.join("tls.pem"),
            key: folder.join("tls.key"),
        };
        let site = Site::on_sqlite().await;
        let options = ServeOptions {
            tls: Some(tls),
            ..ServeOptions::default()
        };
        let server = Server::start(site.app.clone(), options).await;
        let (shown, answer) = ask_over_tls(server.address, &both).await;
        assert_eq!(shown, first);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

        // A key that does not fit, and then no certificate at all: the old pair stays in use.
        put(folder, "first", "second");
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(ask_over_tls(server.address, &both).await.0, first);
        std::fs::write(folder.join("tls.pem"), "nonsense").expect("written");
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(ask_over_tls(server.address, &both).await.0, first);

        put(folder, "second", "second");
        let exchanged = async {
            while ask_over_tls(server.address, &both).await.0 != second {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), exchanged)
            .await
            .expect("the new pair is taken up");
    });
}

#[test]
fn a_pair_that_cannot_be_used_at_the_start_is_an_error() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        make_certificate(folder, "first");
        make_certificate(folder, "second");
        put(folder, "first", "second");
        let with = |cert: &str| ServeOptions {
            tls: Some(TlsConfig {
                cert: folder.join(cert),
                key: folder.join("tls.key"),
            }),
            ..ServeOptions::default()
        };
        for (cert, reason) in [
            ("absent.pem", "absent.pem"),
            ("tls.key", "certificate"),
            ("tls.pem", "together"),
        ] {
            let server = Server::start(Router::new(), with(cert)).await;
            let error = server
                .task
                .await
                .expect("it ends")
                .expect_err("an error")
                .to_string();
            assert!(error.contains(reason), "{error}");
        }
    });
}
