//! A PostgreSQL server for tests: the one of `HALLPASS_TEST_POSTGRES_URL`, else a temporary cluster of our own.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process, thread};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

const URL: &str = "HALLPASS_TEST_POSTGRES_URL";

/// A database of its own on the test server, dropped with this value.
pub(crate) struct ServerDatabase {
    server: String,
    name: String,
}

impl ServerDatabase {
    /// Makes an empty database.
    pub async fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = Self {
            server: server_url(),
            name: format!("hallpass_test_{}_{number}", process::id()),
        };
        // A process that was killed may have left one of this name.
        database.drop_if_exists().await;
        database
            .on_server(format!(
                "CREATE DATABASE {} TEMPLATE template0",
                database.name
            ))
            .await;
        database
    }

    /// Its URL.
    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }

    /// Ends every connection and refuses new ones.
    pub async fn shut_out(&self) {
        self.on_server(format!(
            "ALTER DATABASE {} ALLOW_CONNECTIONS false",
            self.name
        ))
        .await;
        self.on_server(format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        ))
        .await;
    }

    /// Lets connections in again.
    pub async fn let_in(&self) {
        self.on_server(format!(
            "ALTER DATABASE {} ALLOW_CONNECTIONS true",
            self.name
        ))
        .await;
    }

    async fn drop_if_exists(&self) {
        self.on_server(format!(
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            self.name
        ))
        .await;
    }

    async fn on_server(&self, sql: String) {
        let mut connection = PgConnection::connect(&self.server)
            .await
            .expect("the PostgreSQL server for tests answers");
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .expect("the test role may create and drop databases");
        connection.close().await.expect("the server says goodbye");
    }
}

impl Drop for ServerDatabase {
    fn drop(&mut self) {
        // The test's own runtime may be shutting down; a panic here would hide the test's.
        thread::scope(|scope| {
            scope
                .spawn(|| crate::database::block_on(self.drop_if_exists()))
                .join()
                .ok();
        });
    }
}

/// `postgres://role@host:port/anything?options` with another database.
fn with_database(server: &str, name: &str) -> String {
    let (base, options) = match server.split_once('?') {
        Some((base, options)) => (base, format!("?{options}")),
        None => (server, String::new()),
    };
    let authority = base.find("://").map_or(0, |at| at + 3);
    let end = base[authority..]
        .find('/')
        .map_or(base.len(), |at| authority + at);
    format!("{}/{name}{options}", &base[..end])
}

fn server_url() -> String {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    if let Ok(url) = env::var(URL) {
        return url;
    }
    assert!(
        env::var_os("CI").is_none(),
        "{URL} is not set: in CI the PostgreSQL tests must not depend on what is installed"
    );
    CLUSTER.get_or_init(Cluster::start).url.clone()
}

/// A server that ends with this process, however that ends: the shell that started it waits on a pipe from us.
struct Cluster {
    url: String,
    _keeper: Child,
}

const KEEPER: &str = r#"
as_postgres() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }
folder=$(mktemp -d /tmp/hallpass-postgres.XXXXXX) || exit 1
if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
log="$folder/log"
as_postgres "$1/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null 2>&1 &&
as_postgres "$1/pg_ctl" -D "$folder/data" -w -l "$log" start >/dev/null 2>&1 -o \
  "-p $2 -k $folder -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300" &&
echo ready && cat >/dev/null
as_postgres "$1/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1
rm -rf "$folder"
"#;

impl Cluster {
    fn start() -> Self {
        let port = free_port();
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(server_programs())
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let mut line = String::new();
        let stdout = keeper.stdout.take().expect("the output is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the keeper can be read");
        assert_eq!(line, "ready\n", "a temporary PostgreSQL cluster starts");
        Self {
            url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            _keeper: keeper,
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a port is free")
        .port()
}

/// The newest installed version, where Debian puts it or on the path.
fn server_programs() -> PathBuf {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path().join("bin"))
                .filter(|bin| bin.join("initdb").exists())
                .collect()
        })
        .unwrap_or_default();
    versions.sort();
    versions
        .pop()
        .or_else(on_path)
        .unwrap_or_else(|| panic!("PostgreSQL is not installed, and {URL} is not set"))
}

fn on_path() -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find(|folder: &PathBuf| is_program(folder, "initdb"))
}

fn is_program(folder: &Path, name: &str) -> bool {
    folder.join(name).is_file()
}
