//! Servers that do as they are told, names that resolve as they are told.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hallpass_egress::{BoxFuture, Egress, EgressError, EgressOptions, Fetched, Limits, Resolver};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// Generous for the machine, small for the answers.
pub const LIMITS: Limits = Limits {
    deadline: Duration::from_secs(30),
    body_bytes: 64 * 1024,
    redirects: 5,
};

/// For exchanges that only their deadline ends.
pub const IMPATIENT: Limits = Limits {
    deadline: Duration::from_millis(400),
    ..LIMITS
};

/// A connection, plain or TLS.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
pub type Connection = Box<dyn Stream>;

/// What is sent for a request's head.
pub type Answer = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// A server on loopback that lives as long as the test's runtime.
pub struct Server {
    pub address: SocketAddr,
    seen: Seen,
}

#[derive(Clone, Default)]
pub struct Seen {
    connections: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers every request with what the function makes of its head.
    pub async fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::answering_at("127.0.0.1:0", answer).await
    }

    pub async fn answering_at(
        at: &str,
        answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let seen = Seen::default();
        let noted = seen.clone();
        let answer: Answer = Arc::new(answer);
        let server = Self::behaving_at(at, move |connection| {
            answer_all(connection, Arc::clone(&answer), noted.clone())
        });
        Self {
            seen: Seen {
                connections: Arc::clone(&server.seen.connections),
                ..seen
            },
            ..server
        }
    }

    /// Does with each connection what it likes.
    pub async fn behaving<F, B>(behave: B) -> Self
    where
        B: Fn(Connection) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self::behaving_at("127.0.0.1:0", behave)
    }

    pub fn behaving_at<F, B>(at: &str, behave: B) -> Self
    where
        B: Fn(Connection) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind(at).unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Seen::default();
        let connections = Arc::clone(&seen.connections);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(behave(Box::new(connection)));
            }
        });
        Self { address, seen }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The heads of all requests, in lower case.
    pub fn heads(&self) -> Vec<String> {
        self.seen.heads.lock().unwrap().clone()
    }

    /// The bodies of all requests, as they came; empty for those without one.
    pub fn bodies(&self) -> Vec<String> {
        self.seen.bodies.lock().unwrap().clone()
    }
}

/// One answer after the other, until either side has enough.
pub async fn answer_all(mut connection: Connection, answer: Answer, seen: Seen) {
    while let Some(head) = read_head(&mut connection).await {
        let bytes = answer(&head);
        let Some(body) = read_body(&mut connection, &head).await else {
            return;
        };
        seen.bodies.lock().unwrap().push(body);
        seen.heads.lock().unwrap().push(head);
        if connection.write_all(&bytes).await.is_err() {
            return;
        }
        if String::from_utf8_lossy(&bytes).contains("connection: close") {
            drop(connection.shutdown().await);
            return;
        }
    }
}

/// A request's head in lower case; `None` when the other side is gone.
pub async fn read_head(connection: &mut Connection) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap().to_lowercase())
}

async fn read_body(connection: &mut Connection, head: &str) -> Option<String> {
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    connection.read_exact(&mut body).await.ok()?;
    Some(String::from_utf8(body).unwrap())
}

/// A complete answer that keeps the connection.
pub fn ok(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

pub fn redirect(status: u16, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
        .into_bytes()
}

type Addresses = dyn Fn(&str, usize) -> Vec<IpAddr> + Send + Sync;

/// Names that resolve as a function says: it gets the host and how often anything was asked before.
pub struct Names {
    answer: Box<Addresses>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub fn new(answer: impl Fn(&str, usize) -> Vec<IpAddr> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            answer: Box::new(answer),
            asked: Mutex::default(),
        })
    }

    /// Every name leads to these addresses.
    pub fn all(addresses: &[&str]) -> Arc<Self> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Self::new(move |_, _| addresses.clone())
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Resolver for Names {
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut asked = self.asked.lock().unwrap();
        let answer = (self.answer)(host, asked.len());
        asked.push(host.to_owned());
        Box::pin(async move { Ok(answer) })
    }
}

/// A gate that lets these endpoints pass and has no names at all.
pub fn egress(allow: &[&str]) -> Egress {
    egress_with(allow, Names::all(&[]))
}

pub fn egress_to(servers: &[&Server]) -> Egress {
    let allow: Vec<String> = servers.iter().map(|at| at.address.to_string()).collect();
    egress(&allow.iter().map(String::as_str).collect::<Vec<_>>())
}

pub fn egress_with(allow: &[&str], names: Arc<Names>) -> Egress {
    Egress::with_resolver(options(allow), names).unwrap()
}

pub fn options(allow: &[&str]) -> EgressOptions {
    EgressOptions {
        allow: allow.iter().map(|text| text.parse().unwrap()).collect(),
        extra_roots_pem: Vec::new(),
    }
}

#[track_caller]
pub fn code<T>(outcome: Result<T, EgressError>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

pub fn text(fetched: &Fetched) -> &str {
    std::str::from_utf8(&fetched.body).unwrap()
}
