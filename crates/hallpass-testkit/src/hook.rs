//! A receiver of webhooks that keeps what it is sent, and answers as told.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hallpass_egress::{Egress, EgressOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A small HTTP/1.1 server on the loopback address; gone with this value.
pub struct Hook {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The path of the URL.
    pub path: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    /// The body, byte for byte.
    pub body: String,
}

/// How to answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This status.
    Status(u16),
    /// This status with a header.
    With(u16, &'static str, String),
    /// Status 200 and a body of so many bytes.
    Large(usize),
    /// Never.
    Hang,
    /// Status 200 at once, and a body that never ends.
    Drip,
}

#[derive(Default)]
struct State {
    replies: Mutex<HashMap<String, Reply>>,
    delay: Mutex<Duration>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    received: Vec<Received>,
    at: HashMap<String, usize>,
    most_at: HashMap<String, usize>,
    under_way: HashSet<String>,
    twice_at_once: bool,
}

impl Hook {
    /// A receiver that answers 200 to everything.
    ///
    /// # Panics
    /// When this machine gives no port.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            task,
        }
    }

    /// Host and port, as an allow list has them.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.address.to_string()
    }

    /// A way out that leads to it and to no other place on this machine.
    ///
    /// # Panics
    /// When there is no way out at all.
    #[must_use]
    pub fn egress(&self) -> Egress {
        let options = EgressOptions {
            allow: vec![self.endpoint().parse().expect("HOST:PORT")],
            ..EgressOptions::default()
        };
        Egress::new(options).expect("a way out")
    }

    /// An address below it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Has a path answered like this from now on.
    pub fn reply(&self, path: &str, reply: Reply) {
        lock(&self.state.replies).insert(path.to_owned(), reply);
    }

    /// Takes so long for every answer from now on.
    pub fn delay(&self, delay: Duration) {
        *lock(&self.state.delay) = delay;
    }

    /// What came, in the order in which it came.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        lock(&self.state.seen).received.clone()
    }

    /// How many messages came to a path.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        let seen = lock(&self.state.seen);
        seen.received.iter().filter(|it| it.path == path).count()
    }

    /// How many messages to a path it was at, at most.
    #[must_use]
    pub fn most_at_once(&self, path: &str) -> usize {
        lock(&self.state.seen)
            .most_at
            .get(path)
            .copied()
            .unwrap_or_default()
    }

    /// Whether one message came while it was still answering the same message to the same path.
    #[must_use]
    pub fn saw_one_twice_at_once(&self) -> bool {
        lock(&self.state.seen).twice_at_once
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Received {
    /// A header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(stream, Arc::clone(&state)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(mut stream: TcpStream, state: Arc<State>) {
    let mut left = Vec::new();
    while let Ok(Some(received)) = read(&mut stream, &mut left).await {
        if answer(&mut stream, &state, received).await.is_err() {
            return;
        }
    }
}

/// Reads one message; what comes behind it stays for the next.
async fn read(stream: &mut TcpStream, left: &mut Vec<u8>) -> io::Result<Option<Received>> {
    let mut chunk = [0; 16 * 1024];
    loop {
        if let Some((received, length)) = parse(left) {
            left.drain(..length);
            return Ok(Some(received));
        }
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Ok(None);
        }
        left.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}

fn parse(bytes: &[u8]) -> Option<(Received, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let mut lines = head.split("\r\n");
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or_default();
    let body = bytes.get(end..end + length)?;
    let received = Received {
        path,
        headers,
        body: String::from_utf8_lossy(body).into_owned(),
    };
    Some((received, end + length))
}

async fn answer(stream: &mut TcpStream, state: &State, received: Received) -> io::Result<()> {
    let path = received.path.clone();
    let message = format!("{path} {}", received.header("webhook-id"));
    begin(state, &path, &message, received);
    let delay = *lock(&state.delay);
    tokio::time::sleep(delay).await;
    let reply = lock(&state.replies).get(&path).cloned();
    let reply = reply.unwrap_or(Reply::Status(200));
    end(state, &path, &message);
    match reply {
        Reply::Status(status) => respond(stream, status, "", b"ok").await,
        Reply::With(status, name, value) => {
            respond(stream, status, &format!("{name}: {value}\r\n"), b"ok").await
        }
        Reply::Large(bytes) => respond(stream, 200, "", &vec![b'x'; bytes]).await,
        Reply::Hang => {
            // Counted until the other side has enough.
            begin_again(state, &path);
            let gone = stream.read(&mut [0; 1]).await;
            end(state, &path, &message);
            gone.and(Err(io::ErrorKind::ConnectionAborted.into()))
        }
        Reply::Drip => {
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(b"1\r\n \r\n").await?;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn respond(stream: &mut TcpStream, status: u16, more: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n{more}\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await
}

fn begin(state: &State, path: &str, message: &str, received: Received) {
    let mut seen = lock(&state.seen);
    seen.received.push(received);
    if !seen.under_way.insert(message.to_owned()) {
        seen.twice_at_once = true;
    }
    count(&mut seen, path);
}

fn begin_again(state: &State, path: &str) {
    count(&mut lock(&state.seen), path);
}

fn count(seen: &mut Seen, path: &str) {
    let at = seen.at.entry(path.to_owned()).or_default();
    *at += 1;
    let at = *at;
    let most = seen.most_at.entry(path.to_owned()).or_default();
    *most = at.max(*most);
}

fn end(state: &State, path: &str, message: &str) {
    let mut seen = lock(&state.seen);
    seen.under_way.remove(message);
    if let Some(at) = seen.at.get_mut(path) {
        *at -= 1;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
