use std::borrow::Cow;

/// What the store answers.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store could not do it. No variant ever holds a stored value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Something unique is there already.
    #[error("something unique is there already")]
    Conflict,
    /// Not now: locked, disk full, or no connection. Nothing is confirmed to be written.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The `after` of a page request is not one that this list gave out.
    #[error("the page cursor is not one that this list gave out")]
    InvalidCursor,
    /// The database was migrated by a later release.
    #[error(
        "the database is at migration {found}, this program knows migrations up to {known}: use the newer program"
    )]
    NewerDatabase {
        /// Latest migration in the database.
        found: i64,
        /// Latest migration in this binary.
        known: i64,
    },
    /// A migration differs from the one that was applied.
    #[error("migration {version} is not the one that this database was made with")]
    AlteredMigration {
        /// The migration's number.
        version: i64,
    },
    /// This engine cannot do that.
    #[error("{0}")]
    Unsupported(String),
    /// Stored data cannot be read back.
    #[error("the database holds what it must not: {0}")]
    Corrupt(String),
    /// Our fault.
    #[error("the store failed: {0}")]
    Internal(String),
}

impl StoreError {
    /// Whether something unique is there already.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

impl From<StoreError> for hallpass_model::Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::conflict(
                "conflict",
                "something with this name or id is there already",
            ),
            StoreError::Unavailable(_) => Self::unavailable(
                "storage_unavailable",
                "the database cannot do this now; try again",
            )
            .retry_after(1)
            .because(error),
            StoreError::InvalidCursor => {
                Self::invalid_request("invalid_cursor", "after is not a cursor of this list")
            }
            other => Self::internal(other),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(inner) => of_database(&*inner),
            sqlx::Error::Io(inner) => Self::Unavailable(format!("connection: {}", inner.kind())),
            sqlx::Error::Tls(_) => Self::Unavailable("TLS to the database failed".into()),
            sqlx::Error::PoolTimedOut => Self::Unavailable("every connection is busy".into()),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable("the connection was closed".into())
            }
            sqlx::Error::Protocol(_) => Self::Unavailable("the connection broke".into()),
            sqlx::Error::ColumnDecode { index, .. } => {
                Self::Corrupt(format!("column {index} has an unexpected type"))
            }
            sqlx::Error::Decode(_) => Self::Corrupt("a value has an unexpected type".into()),
            // The texts of these name columns and settings, never values.
            sqlx::Error::ColumnNotFound(column) => Self::Internal(format!("no column {column}")),
            sqlx::Error::Configuration(why) => Self::Internal(format!("configuration: {why}")),
            other => Self::Internal(variant_name(&other)),
        }
    }
}

fn of_database(error: &dyn sqlx::error::DatabaseError) -> StoreError {
    if error.is_unique_violation() {
        return StoreError::Conflict;
    }
    let code = error.code().unwrap_or(Cow::Borrowed("none"));
    match code.parse::<u32>() {
        // SQLite answers numbers below 10,000, PostgreSQL five characters.
        Ok(number) if code.len() < 5 => of_sqlite(number, error.message()),
        _ => of_postgres(&code, error),
    }
}

fn of_sqlite(extended: u32, message: &str) -> StoreError {
    let context = format!("{message} (SQLite {extended})");
    match extended & 0xff {
        // BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL
        5 | 6 | 7 | 8 | 10 | 13 | 14 | 15 => StoreError::Unavailable(context),
        // CORRUPT, NOTADB
        11 | 26 => StoreError::Corrupt(context),
        _ => StoreError::Internal(context),
    }
}

fn of_postgres(code: &str, error: &dyn sqlx::error::DatabaseError) -> StoreError {
    // A message of another class may quote a value.
    let context = match code.get(..2) {
        Some("08" | "25" | "28" | "3D" | "42" | "53" | "55" | "57" | "58" | "XX") => {
            format!("{} (PostgreSQL {code})", error.message())
        }
        _ => format!(
            "PostgreSQL {code} at {}",
            error.constraint().or(error.table()).unwrap_or("no table")
        ),
    };
    match code {
        "XX001" | "XX002" => StoreError::Corrupt(context),
        // Read-only standby, database closed to connections, lock timeout, serialization, deadlock, cancelled, shutting down, I/O.
        "25006" | "55000" | "55P03" | "40001" | "40P01" | "58030" => {
            StoreError::Unavailable(context)
        }
        _ if ["08", "53", "57", "28", "3D"].contains(&code.get(..2).unwrap_or_default()) => {
            StoreError::Unavailable(context)
        }
        _ => StoreError::Internal(context),
    }
}

fn variant_name(error: &sqlx::Error) -> String {
    let debug = format!("{error:?}");
    debug
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default()
        .to_owned()
}
