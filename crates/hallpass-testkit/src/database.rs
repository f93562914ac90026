use std::future::Future;
use std::path::PathBuf;

use hallpass_store::{Engine, Store};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::postgres::ServerDatabase;

/// A database for one test, gone with this value.
pub struct Database {
    url: String,
    store: Store,
    home: Home,
}

enum Home {
    Folder(TempDir),
    Server { database: ServerDatabase },
}

impl Database {
    /// A migrated SQLite file in a folder of its own.
    pub async fn sqlite() -> Self {
        Self::empty_sqlite().await.migrated().await
    }

    /// A migrated database of its own on the PostgreSQL test server.
    pub async fn postgres() -> Self {
        Self::empty_postgres().await.migrated().await
    }

    /// A SQLite file without tables.
    pub async fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = format!("sqlite:{}", folder.path().join("hallpass.db").display());
        Self::open(url, Home::Folder(folder)).await
    }

    /// A PostgreSQL database without tables.
    pub async fn empty_postgres() -> Self {
        let database = ServerDatabase::create().await;
        let url = database.url();
        Self::open(url, Home::Server { database }).await
    }

    /// An empty database on the same engine.
    pub async fn another_empty(&self) -> Self {
        match self.home {
            Home::Folder(_) => Self::empty_sqlite().await,
            Home::Server { .. } => Self::empty_postgres().await,
        }
    }

    /// The URL to open it with.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The open store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Connections of their own, as another process or node would have.
    pub async fn open_again(&self) -> Store {
        Store::open(&self.url)
            .await
            .expect("the database opens again")
    }

    /// The SQLite file.
    ///
    /// # Panics
    /// On PostgreSQL.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        match &self.home {
            Home::Folder(folder) => folder.path().join("hallpass.db"),
            Home::Server { .. } => panic!("a PostgreSQL database has no file"),
        }
    }

    /// Ends every connection and refuses new ones, as a failing server would.
    ///
    /// # Panics
    /// On SQLite.
    pub async fn shut_out(&self) {
        self.on_server().shut_out().await;
    }

    /// Lets connections in again.
    ///
    /// # Panics
    /// On SQLite.
    pub async fn let_in(&self) {
        self.on_server().let_in().await;
    }

    fn on_server(&self) -> &ServerDatabase {
        match &self.home {
            Home::Server { database } => database,
            Home::Folder(_) => panic!("a SQLite file has no server"),
        }
    }

    /// Runs statements behind the store's back.
    ///
    /// # Panics
    /// When they fail.
    pub async fn tamper(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.store.engine() {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url)
                    .await
                    .expect("the file opens");
                sqlx::raw_sql(sql)
                    .execute(&mut connection)
                    .await
                    .expect("the statement runs");
                connection.close().await.expect("the file closes");
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url)
                    .await
                    .expect("the server answers");
                sqlx::raw_sql(sql)
                    .execute(&mut connection)
                    .await
                    .expect("the statement runs");
                connection.close().await.expect("the server says goodbye");
            }
        }
    }

    async fn open(url: String, home: Home) -> Self {
        let store = Store::open(&url).await.expect("the database opens");
        Self { url, store, home }
    }

    async fn migrated(self) -> Self {
        self.store.migrate().await.expect("the database migrates");
        self
    }
}

/// Runs a test on a runtime with two worker threads, as the server has.
///
/// # Panics
/// When the test does.
pub fn block_on<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(test)
}

/// Makes of each test body two tests, `<name>::sqlite` and `<name>::postgres`, each with a migrated [`Database`].
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident: Database) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn body($database: $crate::Database) $body

            #[test]
            fn sqlite() {
                $crate::block_on(async { body($crate::Database::sqlite().await).await });
            }

            #[test]
            fn postgres() {
                $crate::block_on(async { body($crate::Database::postgres().await).await });
            }
        }
    )+};
}
