//! As much of an SMTP server as the conversations need. It writes down what it heard.

use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How a server behaves.
#[derive(Clone, Default)]
pub struct Manners {
    /// Answers for a command that begins so, in place of the usual one.
    pub instead: Vec<(&'static str, &'static str)>,
    /// TLS, offered with `STARTTLS`.
    pub starttls: Option<Arc<ServerConfig>>,
    /// TLS from the first byte.
    pub wrapped: Option<Arc<ServerConfig>>,
    /// Offers `AUTH PLAIN`.
    pub auth: bool,
    /// Says nothing at all.
    pub mute: bool,
}

pub struct Server {
    pub port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub async fn with(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, manners.clone(), Arc::clone(&notes)));
            }
        });
        Self { port, heard }
    }

    pub async fn polite() -> Self {
        Self::with(Manners::default()).await
    }

    /// Every line that was heard, in order.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The message itself, dots undone.
    pub fn message(&self) -> String {
        let heard = self.heard();
        let start = heard.iter().position(|line| line == "DATA").unwrap() + 1;
        let lines = heard.iter().skip(start).take_while(|line| *line != ".");
        let undone = lines.map(|line| line.strip_prefix('.').unwrap_or(line));
        undone.collect::<Vec<_>>().join("\r\n")
    }
}

async fn serve(connection: TcpStream, manners: Manners, heard: Arc<Mutex<Vec<String>>>) {
    let upgrade = match &manners.wrapped {
        Some(config) => {
            let acceptor = TlsAcceptor::from(Arc::clone(config));
            let Ok(connection) = acceptor.accept(connection).await else {
                return;
            };
            talk(connection, &manners, &heard, true).await;
            return;
        }
        None => talk(connection, &manners, &heard, true).await,
    };
    if let (Some(connection), Some(config)) = (upgrade, &manners.starttls) {
        let acceptor = TlsAcceptor::from(Arc::clone(config));
        if let Ok(connection) = acceptor.accept(connection).await {
            heard.lock().unwrap().push("(TLS)".to_owned());
            let inside = Manners {
                starttls: None,
                ..manners
            };
            talk(connection, &inside, &heard, false).await;
        }
    }
}

/// Gives the connection back when it is to be wrapped.
async fn talk<C: AsyncRead + AsyncWrite + Unpin>(
    connection: C,
    manners: &Manners,
    heard: &Mutex<Vec<String>>,
    greets: bool,
) -> Option<C> {
    let mut connection = BufReader::new(connection);
    if manners.mute {
        std::future::pending::<()>().await;
    }
    if greets {
        say(&mut connection, "220 test.example ESMTP").await?;
    }
    let mut in_data = false;
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        assert!(line.ends_with("\r\n"), "a line ends with CRLF: {line:?}");
        assert!(line.len() <= 1000, "RFC 5321 section 4.5.3.1.6");
        let line = line.trim_end_matches("\r\n").to_owned();
        heard.lock().unwrap().push(line.clone());
        if in_data && line != "." {
            continue;
        }
        let usual = match line.split(' ').next().unwrap_or("") {
            "." => "250 2.0.0 queued",
            "EHLO" => &greeting(manners),
            "AUTH" => "235 2.7.0 welcome",
            "STARTTLS" => "220 go ahead",
            "DATA" => "354 end with a dot",
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        let mut others = manners.instead.iter();
        let other = others.find(|(command, _)| line.starts_with(command));
        let answer = other.map_or(usual, |(_, answer)| answer);
        in_data = answer.starts_with("354");
        say(&mut connection, answer).await?;
        match line.as_str() {
            "QUIT" => return None,
            "STARTTLS" if answer.starts_with("220") => return Some(connection.into_inner()),
            _ => {}
        }
    }
}

fn greeting(manners: &Manners) -> String {
    let mut lines = vec!["test.example"];
    lines.extend(manners.starttls.is_some().then_some("STARTTLS"));
    lines.extend(manners.auth.then_some("AUTH PLAIN LOGIN"));
    let last = lines.len() - 1;
    let numbered = lines.iter().enumerate();
    let numbered =
        numbered.map(|(at, line)| format!("250{}{line}", if at == last { ' ' } else { '-' }));
    numbered.collect::<Vec<_>>().join("\r\n")
}

async fn say<C: AsyncRead + AsyncWrite + Unpin>(to: &mut BufReader<C>, text: &str) -> Option<()> {
    to.write_all(format!("{text}\r\n").as_bytes()).await.ok()?;
    to.flush().await.ok()
}
