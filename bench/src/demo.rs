//! The released binary from outside: how soon it answers and how much memory it holds while idle.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::arguments::Arguments;
use crate::memory::resident_bytes;
use crate::report::{Amount, Goal, Report, Row};
use crate::timing::Spread;

const GIVE_UP: Duration = Duration::from_secs(30);
/// Idle means: this long after the first answer.
const IDLE: Duration = Duration::from_secs(3);

pub fn measure(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let Some(binary) = find_binary(arguments.binary.as_deref()) else {
        report.note(
            "demo: skipped, no release build of the server; make it with cargo build --release"
                .to_owned(),
        );
        return Ok(());
    };
    let starts = if arguments.quick { 1 } else { 5 };
    let (mut first, mut again, mut serve, mut idle) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..starts {
        let data = tempfile::tempdir()?;
        first.push(start(&binary, "demo", data.path())?.0);
        let (millis, server) = start(&binary, "demo", data.path())?;
        again.push(millis);
        std::thread::sleep(IDLE);
        idle.push(resident_bytes(&server.0.id().to_string())? as f64 / 1e6);
        drop(server);
        serve.push(start(&binary, "serve", data.path())?.0);
    }
    for (what, millis, goal) in [
        ("first demo: until it answers", first, 5000.0),
        ("demo on existing data: until it answers", again, 500.0),
        ("serve: until it answers", serve, 500.0),
    ] {
        push(
            report,
            what,
            Amount::Millis(Spread::of(millis).median),
            goal,
        );
    }
    push(
        report,
        "idle memory of the demo",
        Amount::MegaBytes(Spread::of(idle).median),
        40.0,
    );
    Ok(())
}

fn push(report: &mut Report, what: &str, measured: Amount, goal: f64) {
    let goal = Some(Goal::AtMost(goal));
    report.push(Row {
        what: what.to_owned(),
        measured,
        peer: None,
        ratio: None,
        goal,
    });
}

fn find_binary(named: Option<&Path>) -> Option<PathBuf> {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/hallpass");
    Some(named.map_or_else(built, Path::to_owned)).filter(|path| path.is_file())
}

/// A server that is asked to stop, and waited for, when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let asked = kill_process(Pid::from_child(&self.0), Signal::TERM);
        if asked.is_err() {
            // It ended by itself; waiting collects it all the same.
            drop(self.0.kill());
        }
        drop(self.0.wait());
    }
}

/// Starts it and gives the milliseconds until it answered.
fn start(binary: &Path, verb: &str, data: &Path) -> Result<(f64, Server)> {
    let address = free_address()?;
    let log = std::fs::File::create(data.with_extension("log"))?;
    let started = now();
    let child = Command::new(binary)
        .arg(verb)
        .args(["--listen", &address.to_string()])
        .arg("--data-dir")
        .arg(data)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let mut server = Server(child);
    while !is_healthy(address) {
        if let Some(status) = server.0.try_wait()? {
            let said = std::fs::read_to_string(data.with_extension("log"))?;
            bail!(
                "{verb} ended with {status}: {}",
                said.lines().last().unwrap_or("(nothing said)")
            );
        }
        if started.elapsed() > GIVE_UP {
            bail!("{verb} did not answer within {} s", GIVE_UP.as_secs());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let millis = started.elapsed().as_secs_f64() * 1000.0;
    std::fs::remove_file(data.with_extension("log"))?;
    Ok((millis, server))
}

fn is_healthy(address: SocketAddr) -> bool {
    let ask = || -> Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        write!(
            stream,
            "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
}

/// A port that was free a moment ago.
fn free_address() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()
        .context("a bound socket has an address")
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a process takes to answer is told by the machine's clock"
)]
fn now() -> Instant {
    Instant::now()
}
