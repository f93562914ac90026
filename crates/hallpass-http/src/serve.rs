//! Connections: accepting them, TLS, limits of the protocol, and letting them finish.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::measure;
use crate::tls::{CertificateStore, TlsConfig};

/// Bytes of a request's head; a larger one is answered 431. A user token has at most 16 KiB.
const HEAD_BYTES: usize = 64 * 1024;

/// How long a client may take to send a head, to finish a TLS handshake, or to make its first request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections at once; whoever comes then waits in the listener's queue until one ends. Each holds a file descriptor.
const CONNECTIONS: usize = 10_000;

/// How long accepting pauses when the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How to serve.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// TLS with this certificate; without it, plain HTTP.
    pub tls: Option<TlsConfig>,
    /// How long open requests may take to finish after the shutdown was asked for.
    pub drain: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            tls: None,
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves until `shutdown` completes, then lets open requests finish. At most 10,000 connections are served at once.
///
/// # Errors
/// When the certificate cannot be used. Failures of single connections are logged.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_at_most(CONNECTIONS, listener, app, options, shutdown).await
}

async fn serve_at_most(
    limit: usize,
    listener: TcpListener,
    app: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    // Dropped at the end, which ends what runs beside the connections.
    let mut helpers = JoinSet::new();
    helpers.spawn(measure::fold());
    let tls = match options.tls {
        None => None,
        Some(files) => {
            let store = CertificateStore::open(files).map_err(io::Error::other)?;
            let config = store.server_config().map_err(io::Error::other)?;
            helpers.spawn(store.follow());
            Some(TlsAcceptor::from(config))
        }
    };
    let door = Arc::new(Door { app, tls });
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept(), if connections.len() < limit => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(Arc::clone(&door).attend(stream, peer, graceful.watcher()));
                }
                Err(error) => pause_after(&error).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    if tokio::time::timeout(options.drain, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            open = connections.len(),
            "some requests did not finish in time and were cut off"
        );
    }
    Ok(())
}

struct Door {
    app: Router,
    tls: Option<TlsAcceptor>,
}

impl Door {
    async fn attend(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        // Answers are small; waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let Some(tls) = &self.tls else {
            return self.speak_http(stream, peer, watcher).await;
        };
        match tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.speak_http(stream, peer, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "the TLS handshake failed"),
            Err(_) => tracing::debug!("the TLS handshake took too long"),
        }
    }

    async fn speak_http<S>(&self, stream: S, peer: SocketAddr, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let asked = Notify::new();
        let service = service_fn(|request: hyper::Request<Incoming>| {
            asked.notify_one();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            self.app.clone().oneshot(request)
        });
        let mut server = auto::Builder::new(TokioExecutor::new());
        server
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(HEAD_BYTES);
        server
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(HEAD_BYTES as u32)
            .keep_alive_interval(Duration::from_secs(20));
        let connection = server.serve_connection(TokioIo::new(stream), service);
        // hyper's timers start when it knows the protocol, which whoever sends nothing keeps from it.
        tokio::select! {
            ended = watcher.watch(connection) => {
                if let Err(error) = ended {
                    tracing::debug!(error, "a connection ended early");
                }
            }
            () = no_request_in_time(&asked) => tracing::debug!("a connection without a request was closed"),
        }
    }
}

/// Completes unless a first request comes in time.
async fn no_request_in_time(asked: &Notify) {
    if tokio::time::timeout(HEAD_TIMEOUT, asked.notified())
        .await
        .is_ok()
    {
        std::future::pending().await
    }
}

/// A client that is gone already is nothing to wait for; a full table of descriptors is.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "a connection could not be accepted");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn ask(address: SocketAddr) -> (TcpStream, u8) {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.expect("sent");
        let first = stream.read_u8().await.expect("an answer");
        (stream, first)
    }

    #[tokio::test]
    async fn one_connection_too_many_waits_until_another_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new().route("/", get(async || "in"));
        let options = ServeOptions::default();
        let never = std::future::pending();
        let server = tokio::spawn(serve_at_most(2, listener, app, options, never));
        let (first, _) = ask(address).await;
        let (_second, _) = ask(address).await;
        let mut third = tokio::spawn(ask(address));
        let early = tokio::time::timeout(Duration::from_millis(300), &mut third).await;
        assert!(early.is_err(), "the third is not attended to");
        drop(first);
        let (_third, answer) = third.await.expect("the client ends");
        assert_eq!(answer, b'H');
        assert!(!server.is_finished());
        server.abort();
    }
}
