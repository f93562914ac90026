//! SQLite: one file in WAL mode, a few readers, one writer.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, Transaction};
use tokio::time::{Instant, sleep};

use crate::store::OpenOptions;
use crate::{Result, StoreError};

const WAIT: Duration = Duration::from_secs(2);
const READERS: u32 = 4;

// Reads the file itself; a constant would be answered without it.
const PING: &str = "SELECT COUNT(*) FROM sqlite_master";
const BACKUP: &str = "VACUUM INTO $1";

#[derive(Clone)]
pub(crate) struct SqlitePools {
    pub read: SqlitePool,
    pub write: SqlitePool,
}

impl SqlitePools {
    pub async fn open(path: &str, options: &OpenOptions) -> Result<Self> {
        let path = path_of(path)?;
        make_private_file(&path)?;
        let common = SqliteConnectOptions::new()
            .filename(&path)
            .foreign_keys(true)
            .busy_timeout(WAIT)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let read = common
            .clone()
            .pragma("query_only", "on")
            .pragma("cache_size", "-512");
        let mut write = common
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("cache_size", "-1024")
            // A burst of writes must not leave a huge log behind.
            .pragma("journal_size_limit", "16777216");
        if let Some(pages) = options.max_pages {
            write = write.pragma("max_page_count", pages.to_string());
        }
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(WAIT)
                .test_before_acquire(false)
                .max_lifetime(None)
                .after_release(|connection, _| Box::pin(has_left_its_transaction(connection)))
        };
        Ok(Self {
            // First, because it turns the file to WAL.
            write: connect_patiently(&pool().max_connections(1).idle_timeout(None), &write).await?,
            read: pool().max_connections(READERS).connect_lazy_with(read),
        })
    }

    pub async fn begin_read(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.read.begin_with("BEGIN DEFERRED").await?)
    }

    pub async fn begin_write(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.write.begin_with("BEGIN IMMEDIATE").await?)
    }

    pub async fn ping(&self) -> Result<()> {
        sqlx::query(PING).execute(&self.read).await?;
        Ok(())
    }

    /// Writers go on meanwhile: the copy is made from a snapshot, on a connection of its own.
    pub async fn backup(&self, to: &Path) -> Result<u64> {
        let Some(target) = to.to_str() else {
            return Err(StoreError::Unsupported(
                "the path of a backup must be UTF-8".into(),
            ));
        };
        let file = new_private_file(to)?;
        let copied = self.copy_into(target).await;
        let synced = copied.and_then(|()| sync(&file, to));
        if synced.is_err() {
            // An unfinished copy must not be taken for a backup; that it cannot be removed changes nothing.
            fs::remove_file(to).ok();
        }
        synced
    }

    async fn copy_into(&self, target: &str) -> Result<()> {
        let options = self.read.connect_options();
        let mut connection = options
            .as_ref()
            .clone()
            .pragma("query_only", "off")
            .connect()
            .await?;
        sqlx::query(BACKUP)
            .bind(target)
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }

    pub async fn close(&self) {
        self.read.close().await;
        // Last, so that it folds the log into the file.
        self.write.close().await;
    }
}

/// Turning a new file to WAL does not wait for another process that does the same at that moment, so we do.
async fn connect_patiently(
    pool: &SqlitePoolOptions,
    options: &SqliteConnectOptions,
) -> Result<SqlitePool> {
    const PAUSE: Duration = Duration::from_millis(20);
    let deadline = Instant::now() + WAIT;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Err(error) if is_locked(&error) && Instant::now() < deadline => sleep(PAUSE).await,
            answer => return Ok(answer?),
        }
    }
}

fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|inner| inner.code());
    // SQLITE_BUSY, whatever its extension.
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}

/// A full disk makes SQLite roll back by itself. sqlx 0.9 then still counts a transaction as open and would refuse
/// every later one, so the pool opens a fresh connection instead.
async fn has_left_its_transaction(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    // Lets a rollback that is still queued come first.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// `sqlite:hallpass.db`, `sqlite:/var/lib/hallpass.db` and `sqlite:///var/lib/hallpass.db`.
fn path_of(text: &str) -> Result<PathBuf> {
    let path = text.strip_prefix("//").unwrap_or(text);
    if path.is_empty() || path.starts_with(":memory:") || path.starts_with("file:") {
        return Err(StoreError::Unsupported(
            "a SQLite URL names a file: sqlite:<path>".into(),
        ));
    }
    Ok(PathBuf::from(path))
}

/// SQLite gives its log and index files the mode of the database file.
fn make_private_file(path: &Path) -> Result<()> {
    match new_private_file(path) {
        Ok(_) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}

fn new_private_file(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => StoreError::Conflict,
        kind => StoreError::Unavailable(format!("{}: {kind}", path.display())),
    })
}

/// SQLite does not force a copy onto the disk.
fn sync(file: &File, path: &Path) -> Result<u64> {
    let synced = || {
        file.sync_all()?;
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(file.metadata()?.len())
    };
    synced().map_err(|error: std::io::Error| {
        StoreError::Unavailable(format!("{}: {}", path.display(), error.kind()))
    })
}

#[cfg(test)]
mod tests {
    use sqlx::AssertSqlSafe;

    use super::*;

    async fn pragma(pool: &SqlitePool, name: &str) -> Result<String> {
        let (value,): (String,) = sqlx::query_as(AssertSqlSafe(format!(
            "SELECT CAST({name} AS TEXT) FROM pragma_{name}"
        )))
        .fetch_one(pool)
        .await?;
        Ok(value)
    }

    #[tokio::test]
    async fn every_connection_keeps_what_was_acknowledged() -> Result<()> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("hallpass.db").display().to_string();
        let pools = SqlitePools::open(&path, &OpenOptions::default()).await?;
        for pool in [&pools.write, &pools.read] {
            assert_eq!(pragma(pool, "journal_mode").await?, "wal");
            assert_eq!(pragma(pool, "synchronous").await?, "2", "FULL");
            assert_eq!(pragma(pool, "foreign_keys").await?, "1");
        }
        assert_eq!(pragma(&pools.write, "query_only").await?, "0");
        assert_eq!(pragma(&pools.read, "query_only").await?, "1");
        Ok(())
    }

    #[test]
    fn urls_name_files() {
        for (text, path) in [
            ("hallpass.db", "hallpass.db"),
            ("/var/lib/hallpass.db", "/var/lib/hallpass.db"),
            ("///var/lib/hallpass.db", "/var/lib/hallpass.db"),
            ("./a b?c.db", "./a b?c.db"),
        ] {
            assert_eq!(path_of(text), Ok(PathBuf::from(path)));
        }
    }
}
