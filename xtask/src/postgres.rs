//! A PostgreSQL cluster for one run: made in a temporary directory, gone afterwards, whatever happens to xtask.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::shell;

pub struct Cluster {
    port: u16,
    keeper: Child,
    /// While this pipe is open the cluster lives. It also closes when xtask is killed.
    lifeline: Option<ChildStdin>,
}

impl Cluster {
    pub fn start() -> Result<Cluster> {
        let initdb = find_program("initdb").context("initdb was not found: install PostgreSQL")?;
        let server =
            find_program("postgres").context("postgres was not found: install PostgreSQL")?;
        let account = Account::for_the_server()?;
        let home = std::env::temp_dir().join(format!("hallpass-postgres-{}", std::process::id()));
        std::fs::create_dir(&home).with_context(|| format!("cannot make {}", home.display()))?;
        account.give(&home)?;

        let mut init = account.command(&initdb, &home);
        init.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "--pgdata",
        ]);
        init.arg(home.join("data"));
        shell::capture(&mut init).inspect_err(|_| drop(std::fs::remove_dir_all(&home)))?;

        let port = free_port()?;
        let mut keeper = account.command(Path::new("sh"), &home);
        keeper
            .args(["-c", KEEPER, "keeper"])
            .arg(server)
            .arg(&home)
            .arg(port.to_string());
        // Its own process group: a Ctrl-C at the terminal reaches xtask, and through the closed pipe the keeper.
        keeper.stdin(Stdio::piped()).process_group(0);
        let mut keeper = keeper.spawn().context("cannot start PostgreSQL")?;
        let lifeline = keeper.stdin.take();
        let mut cluster = Cluster {
            port,
            keeper,
            lifeline,
        };
        cluster.wait_until_ready(&home)?;
        Ok(cluster)
    }

    /// A superuser on the maintenance database; tests make databases of their own.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self, home: &Path) -> Result<()> {
        let psql =
            find_program("psql").context("psql was not found: install PostgreSQL's client")?;
        for _ in 0..300 {
            let mut probe = Command::new(&psql);
            probe
                .args(["--no-psqlrc", "--quiet", "--command", "SELECT 1"])
                .arg(self.url());
            if shell::succeeds(&mut probe) {
                return Ok(());
            }
            if self.keeper.try_wait()?.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = std::fs::read_to_string(home.join("log")).unwrap_or_default();
        bail!("PostgreSQL did not come up\n{log}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        drop(self.keeper.wait());
    }
}

/// The program in `PATH`, or where Debian keeps it (the newest version).
pub fn find_program(name: &str) -> Option<PathBuf> {
    shell::find_program(name).or_else(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let mut versions: Vec<PathBuf> = versions
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        versions.sort_by_key(|dir| {
            dir.file_name()
                .and_then(|name| name.to_str()?.parse::<u32>().ok())
        });
        versions
            .into_iter()
            .rev()
            .map(|dir| dir.join("bin").join(name))
            .find(|file| file.is_file())
    })
}

/// Runs the server until its standard input closes, then stops it at once and removes what it wrote.
/// Nothing in it outlives the run, so nothing has to reach the disk.
const KEEPER: &str = r#"
trap '' INT TERM HUP
server=$1 home=$2 port=$3
"$server" -D "$home/data" -k "$home" -p "$port" -c listen_addresses=127.0.0.1 -c max_connections=300 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off </dev/null >"$home/log" 2>&1 &
pid=$!
cat >/dev/null
kill -QUIT "$pid" 2>/dev/null
wait "$pid"
rm -rf "$home"
"#;

/// Who runs the server: PostgreSQL refuses to run as root.
struct Account(Option<(u32, u32)>);

impl Account {
    fn for_the_server() -> Result<Account> {
        let id = |arguments: &[&str]| shell::capture(Command::new("id").args(arguments));
        if id(&["-u"])?.trim() != "0" {
            return Ok(Account(None));
        }
        let number = |text: String| text.trim().parse::<u32>().context("`id` printed no number");
        Ok(Account(Some((
            number(id(&["-u", "postgres"])?)?,
            number(id(&["-g", "postgres"])?)?,
        ))))
    }

    fn give(&self, directory: &Path) -> Result<()> {
        if let Account(Some((user, group))) = self {
            std::os::unix::fs::chown(directory, Some(*user), Some(*group))?;
        }
        Ok(())
    }

    fn command(&self, program: &Path, home: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(home).env("LC_ALL", "C");
        if let Account(Some((user, group))) = self {
            command.uid(*user).gid(*group);
        }
        command
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
