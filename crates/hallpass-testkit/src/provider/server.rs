//! HTTP/1.1 by hand, so that it can be done wrong.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::behaviour::Behaviour;
use super::state::{Request, State};

const HEAD_BYTES: usize = 64 * 1024;
const CHUNK_BYTES: usize = 64 * 1024;
const DRIP_EVERY: Duration = Duration::from_secs(1);

/// An address that this process keeps, whether it listens there or not.
pub(super) enum Door {
    Open {
        address: SocketAddr,
        task: Task,
        stop: oneshot::Sender<()>,
    },
    /// Bound but not listening: connections are refused, and nobody else gets the port.
    Shut(TcpSocket),
    /// Between the two.
    Moving,
}

impl Door {
    pub(super) fn open(state: Arc<State>) -> io::Result<(SocketAddr, Self)> {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::listen(bound(address)?, state)
    }

    pub(super) fn reopened(self, state: Arc<State>) -> io::Result<Self> {
        match self {
            Self::Shut(socket) => Ok(Self::listen(socket, state)?.1),
            open => Ok(open),
        }
    }

    /// Ends the listener and every connection: afterwards none of them takes another request, so that whoever keeps one
    /// for later meets a closed door and nothing half open.
    pub(super) async fn shut(self) -> io::Result<Self> {
        match self {
            Self::Open {
                address,
                mut task,
                stop,
            } => {
                let _ = stop.send(());
                // Closed is what is gone, not what was told to go.
                let _ = (&mut task.0).await;
                Ok(Self::Shut(bound(address)?))
            }
            shut => Ok(shut),
        }
    }

    fn listen(socket: TcpSocket, state: Arc<State>) -> io::Result<(SocketAddr, Self)> {
        let listener = socket.listen(1024)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let task = Task(tokio::spawn(accept(listener, state, stopped)));
        let open = Self::Open {
            address,
            task,
            stop,
        };
        Ok((address, open))
    }
}

/// Ends when it is dropped.
pub(super) struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Connections live in the set, and end with it.
async fn accept(listener: TcpListener, state: Arc<State>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => {
                drop(listener);
                connections.shutdown().await;
                return;
            }
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    state.count_connection();
                    connections.spawn(converse(stream, Arc::clone(&state)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers until the client has enough; what goes wrong with one connection concerns nobody else.
async fn converse(mut stream: TcpStream, state: Arc<State>) {
    if state.behaviour_at(None) == Behaviour::Reset {
        let _ = stream.set_zero_linger();
        return;
    }
    while let Ok(Some(request)) = read_request(&mut stream).await {
        match answer(&mut stream, &state, request).await {
            Ok(Next::Request) => {}
            Ok(Next::Close) | Err(_) => return,
        }
    }
}

enum Next {
    Request,
    Close,
}

async fn read_request(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_BYTES {
            return Ok(None);
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let Some(mut request) = Request::parse(&String::from_utf8_lossy(&head)) else {
        return Ok(None);
    };
    let length = request.header("content-length");
    let length = length.and_then(|length| length.parse::<usize>().ok());
    let mut body = vec![0; length.unwrap_or(0).min(HEAD_BYTES)];
    stream.read_exact(&mut body).await?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(request))
}

async fn answer(stream: &mut TcpStream, state: &State, request: Request) -> io::Result<Next> {
    let path = request.path.clone();
    state.record(request.clone());
    state.wait_until_released().await;
    tokio::time::sleep(state.delay()).await;
    let json = "application/json";
    match state.behaviour_at(Some(&path)) {
        Behaviour::Serve => match served(state, &path, &request) {
            Some((status, document)) => {
                respond(stream, state, status, json, &[], document.as_bytes()).await?;
            }
            None => respond(stream, state, 404, "text/plain", &[], b"not here").await?,
        },
        Behaviour::Body(body) => respond(stream, state, 200, json, &[], &body).await?,
        Behaviour::Status(status) => {
            respond(stream, state, status, "text/plain", &[], b"a bad day").await?;
        }
        Behaviour::Html => {
            let page = b"<!doctype html><title>Welcome</title><p>Sign in to go on.";
            respond(stream, state, 200, "text/html; charset=utf-8", &[], page).await?;
        }
        Behaviour::Redirect(to) => {
            respond(stream, state, 302, "text/plain", &[("Location", &to)], b"").await?;
        }
        Behaviour::Hang => std::future::pending().await,
        Behaviour::Drip => {
            let head = head(state, 200, json, &[("Transfer-Encoding", "chunked")]);
            send(stream, state, head.as_bytes()).await?;
            loop {
                send(stream, state, b"1\r\n \r\n").await?;
                tokio::time::sleep(DRIP_EVERY).await;
            }
        }
        Behaviour::DripHead => {
            let head = head(state, 200, json, &[("Content-Length", "2")]);
            for byte in head.bytes() {
                send(stream, state, &[byte]).await?;
                tokio::time::sleep(DRIP_EVERY).await;
            }
        }
        Behaviour::Huge(bytes) => {
            send_much(stream, state, bytes).await?;
            return Ok(Next::Close);
        }
        Behaviour::HugeClaim => {
            let head = head(state, 200, json, &[("Content-Length", "50000000000")]);
            let document = state.document(&path).unwrap_or_default();
            send(stream, state, (head + &document).as_bytes()).await?;
            std::future::pending().await
        }
        Behaviour::CutOff => {
            let document = state.document(&path).unwrap_or_default();
            let length = (document.len() + 100).to_string();
            let head = head(state, 200, json, &[("Content-Length", &length)]);
            send(stream, state, (head + &document).as_bytes()).await?;
            return Ok(Next::Close);
        }
        Behaviour::Reset => {
            stream.set_zero_linger()?;
            return Ok(Next::Close);
        }
        Behaviour::Verbatim(bytes) => {
            send(stream, state, &bytes).await?;
            return Ok(Next::Close);
        }
    }
    Ok(Next::Request)
}

fn served(state: &State, path: &str, request: &Request) -> Option<(u16, String)> {
    let exchanged = state.exchange(request);
    exchanged.or_else(|| Some((200, state.document(path)?)))
}

/// JSON that begins well and goes on with white space, in chunks.
async fn send_much(stream: &mut TcpStream, state: &State, bytes: u64) -> io::Result<()> {
    let chunked = [("Transfer-Encoding", "chunked")];
    let head = head(state, 200, "application/json", &chunked);
    send(stream, state, head.as_bytes()).await?;
    let mut chunk = vec![b' '; CHUNK_BYTES];
    chunk[0] = b'{';
    let mut left = bytes;
    while left > 0 {
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        send(stream, state, format!("{size:x}\r\n").as_bytes()).await?;
        send(stream, state, &chunk[..size]).await?;
        send(stream, state, b"\r\n").await?;
        chunk[0] = b' ';
        left -= size as u64;
    }
    send(stream, state, b"0\r\n\r\n").await
}

async fn respond(
    stream: &mut TcpStream,
    state: &State,
    status: u16,
    media_type: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<()> {
    let length = body.len().to_string();
    let headers = [headers, &[("Content-Length", &length)]].concat();
    let mut answer = head(state, status, media_type, &headers).into_bytes();
    answer.extend_from_slice(body);
    send(stream, state, &answer).await
}

fn head(state: &State, status: u16, media_type: &str, headers: &[(&str, &str)]) -> String {
    let mut head = format!("HTTP/1.1 {status} Whatever\r\nContent-Type: {media_type}\r\n");
    let own = state.headers();
    let own = own
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in headers.iter().copied().chain(own) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head + "\r\n"
}

async fn send(stream: &mut TcpStream, state: &State, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    state.count_bytes(bytes.len() as u64);
    Ok(())
}
