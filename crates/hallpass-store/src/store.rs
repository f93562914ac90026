use std::path::Path;

use crate::migrations::{self, MigrationReport, SchemaState};
use crate::postgres::PostgresPool;
use crate::sqlite::SqlitePools;
use crate::transaction::{Read, Tx, Write};
use crate::trust::TrustWatch;
use crate::{Result, StoreError, statements};

/// An open database. Cheap to clone; all clones share its connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) pools: Pools,
}

/// Which engine a database is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// One file, one writer.
    Sqlite,
    /// A server, any number of nodes.
    Postgres,
}

/// How to open a database.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// SQLite only: the file may not grow beyond this many pages of 4 KiB; writes beyond fail as on a full disk.
    pub max_pages: Option<u32>,
}

#[derive(Clone)]
pub(crate) enum Pools {
    Sqlite(SqlitePools),
    Postgres(PostgresPool),
}

impl Store {
    /// Opens `sqlite:<path>`, made with mode 0600 if missing (its folder must exist), or `postgres://...`. Does not
    /// migrate.
    ///
    /// # Errors
    /// `Unsupported` for any other URL; `Unavailable` when the file or server cannot be reached.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_with(url, &OpenOptions::default()).await
    }

    /// The same as [`Self::open`], with options.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(url: &str, options: &OpenOptions) -> Result<Self> {
        let pools = if let Some(path) = url.strip_prefix("sqlite:") {
            Pools::Sqlite(SqlitePools::open(path, options).await?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Pools::Postgres(PostgresPool::open(url).await?)
        } else {
            return Err(StoreError::Unsupported(
                "a database URL is sqlite:<path> or postgres://<user>@<host>/<database>".into(),
            ));
        };
        Ok(Self { pools })
    }

    /// Brings the tables up to this release, all or nothing. Two processes may try at once.
    ///
    /// # Errors
    /// `NewerDatabase` and `AlteredMigration`, before anything is changed.
    pub async fn migrate(&self) -> Result<MigrationReport> {
        migrations::migrate(&self.pools).await
    }

    /// Compares the tables with what this release expects; changes nothing.
    ///
    /// # Errors
    /// `NewerDatabase` and `AlteredMigration`.
    pub async fn schema(&self) -> Result<SchemaState> {
        migrations::inspect(&self.pools).await
    }

    /// Copies the database into a new file of mode 0600 while it is in use; answers its size in bytes.
    ///
    /// # Errors
    /// `Conflict` when the file exists; `Unsupported` on PostgreSQL, with the command to use instead.
    pub async fn backup(&self, to: &Path) -> Result<u64> {
        match &self.pools {
            Pools::Sqlite(sqlite) => sqlite.backup(to).await,
            Pools::Postgres(_) => Err(StoreError::Unsupported(format!(
                "a PostgreSQL database is backed up by its own tool: \
                 pg_dump --format=custom --file={} <database URL>",
                to.display()
            ))),
        }
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn ping(&self) -> Result<()> {
        match &self.pools {
            Pools::Sqlite(sqlite) => sqlite.ping().await,
            Pools::Postgres(postgres) => postgres.ping().await,
        }
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match &self.pools {
            Pools::Sqlite(_) => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Starts reading from a snapshot.
    ///
    /// # Errors
    /// `Unavailable`, after at most 2 s of waiting for a connection.
    pub async fn read(&self) -> Result<Read> {
        let tx = match &self.pools {
            Pools::Sqlite(sqlite) => Tx::Sqlite(sqlite.begin_read().await?),
            Pools::Postgres(postgres) => Tx::Postgres(postgres.begin_read().await?),
        };
        Ok(Read { tx, failed: false })
    }

    /// Starts a write transaction.
    ///
    /// # Errors
    /// `Unavailable`, after at most 2 s of waiting for this process's other writers and 2 s for another process's.
    pub async fn write(&self) -> Result<Write> {
        let tx = match &self.pools {
            Pools::Sqlite(sqlite) => Tx::Sqlite(sqlite.begin_write().await?),
            Pools::Postgres(postgres) => Tx::Postgres(postgres.begin_write().await?),
        };
        let read = Read { tx, failed: false };
        Ok(Write { read })
    }

    /// Watches the trust epochs of all environments, changes of other processes included.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn watch_trust(&self) -> Result<TrustWatch> {
        TrustWatch::start(&self.pools).await
    }

    /// Has the engine prepare every statement of this crate against the tables; answers how many there are.
    ///
    /// # Errors
    /// `Internal`, naming the first statement that the tables do not fit.
    pub async fn check_statements(&self) -> Result<usize> {
        statements::check(&self.pools).await
    }

    /// Closes all connections, waiting for those in use. On SQLite the last one folds the log into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite(sqlite) => sqlite.close().await,
            Pools::Postgres(postgres) => postgres.pool.close().await,
        }
    }
}

impl Engine {
    /// The word used in every surface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}
