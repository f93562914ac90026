//! PostgreSQL: one pool for everything but the trust watch.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Postgres, Transaction};

use crate::{Result, StoreError};

const WAIT: Duration = Duration::from_secs(2);
const CONNECTIONS: u32 = 10;
const IDLE: Duration = Duration::from_secs(120);

const PING: &str = "SELECT 1";
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

#[derive(Clone)]
pub(crate) struct PostgresPool {
    pub pool: PgPool,
}

impl PostgresPool {
    pub async fn open(url: &str) -> Result<Self> {
        let options = url
            .parse::<PgConnectOptions>()
            .map_err(|_| {
                StoreError::Unsupported(
                    "a PostgreSQL URL is postgres://<user>@<host>/<database>".into(),
                )
            })?
            .application_name("hallpass")
            // Nobody waits longer for a row than SQLite does for its file.
            .options([
                ("lock_timeout", "2s"),
                ("statement_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "30s"),
            ])
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
            .idle_timeout(IDLE)
            .test_before_acquire(false)
            .before_acquire(|connection, usage| {
                Box::pin(async move {
                    // Only one that slept may have been cut off unnoticed.
                    if usage.idle_for > Duration::from_secs(1) {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }

    pub async fn begin_read(&self) -> Result<Transaction<'static, Postgres>> {
        Ok(self.pool.begin_with(BEGIN_READ).await?)
    }

    /// `READ COMMITTED`: who waited for a lock then sees what the other committed.
    pub async fn begin_write(&self) -> Result<Transaction<'static, Postgres>> {
        Ok(self.pool.begin().await?)
    }

    pub async fn ping(&self) -> Result<()> {
        sqlx::query(PING).execute(&self.pool).await?;
        Ok(())
    }
}
