//! Trust epochs: numbers that rise whenever an environment's keys, settings or refused users change.
//!
//! One row, `trust_clock`, hands them out, so they are unique over the installation. Raising locks that row until the
//! transaction ends: epochs become visible in order, and whoever has seen epoch 7 has missed none below it.

use std::time::Duration;

use hallpass_model::EnvironmentId;
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use crate::rows::parsed;
use crate::store::Pools;
use crate::transaction::{Tx, execute, fetch_optional};
use crate::{Read, Result, StoreError, Write};

const FIND: &str = "SELECT trust_epoch FROM environments WHERE id = $1";
const RAISE_CLOCK: &str = "UPDATE trust_clock SET value = value + 1 WHERE id = 1 RETURNING value";
const SET_EPOCH: &str = "UPDATE environments SET trust_epoch = $2 WHERE id = $1";
const LIST_ALL: &str = "SELECT id, trust_epoch FROM environments";
const LIST_RAISED: &str = "SELECT id, trust_epoch FROM environments WHERE trust_epoch > $1";

pub(crate) const STATEMENTS: &[&str] = &[FIND, RAISE_CLOCK, SET_EPOCH, LIST_ALL, LIST_RAISED];

const CHANNEL: &str = "hallpass_trust";
const POSTGRES_NOTIFY: &str = "SELECT pg_notify($1, $2)";
const SQLITE_CHANGES: &str = "PRAGMA data_version";

const SQLITE_PERIOD: Duration = Duration::from_millis(250);
const POSTGRES_PERIOD: Duration = Duration::from_millis(500);
/// A server that does not answer a poll for so long counts as lost.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells which trust epochs rose, whoever raised them.
pub struct TrustWatch {
    source: Source,
    /// Highest epoch told; `None` before the first answer.
    seen: Option<i64>,
}

enum Source {
    Sqlite {
        connection: SqliteConnection,
        changes: Option<i64>,
        ticks: Interval,
    },
    Postgres(PgListener),
}

impl TrustWatch {
    /// Waits for the next confirmation, at most half a second or so, and answers the environments whose epoch rose
    /// since the last one; the first call answers all at once. An empty answer confirms that nothing rose.
    ///
    /// # Errors
    /// `Unavailable` when the connection is lost. The watch is then of no more use: make a new one.
    pub async fn next(&mut self) -> Result<Vec<(EnvironmentId, i64)>> {
        let raised = match &mut self.source {
            Source::Sqlite {
                connection,
                changes,
                ticks,
            } => {
                ticks.tick().await;
                // Asked before the poll: what changes in between is seen by the next one.
                let now: i64 = sqlx::query_scalar(SQLITE_CHANGES)
                    .fetch_one(&mut *connection)
                    .await?;
                if *changes == Some(now) {
                    return Ok(Vec::new());
                }
                let raised = match self.seen {
                    None => sqlx::query_as(LIST_ALL).fetch_all(connection).await?,
                    Some(seen) => {
                        sqlx::query_as(LIST_RAISED)
                            .bind(seen)
                            .fetch_all(connection)
                            .await?
                    }
                };
                // Not before: a poll that failed must not pass for one that found nothing.
                *changes = Some(now);
                raised
            }
            Source::Postgres(listener) => {
                if self.seen.is_some() {
                    wait_for_notice(listener).await?;
                }
                let poll = poll_postgres(listener, self.seen);
                timeout(PATIENCE, poll).await.map_err(|_| lost())??
            }
        };
        self.tell(raised)
    }

    pub(crate) async fn start(pools: &Pools) -> Result<Self> {
        let source = match pools {
            Pools::Sqlite(sqlite) => {
                let mut ticks = interval(SQLITE_PERIOD);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                Source::Sqlite {
                    connection: sqlite.read.connect_options().connect().await?,
                    changes: None,
                    ticks,
                }
            }
            Pools::Postgres(postgres) => {
                // A pool of its own: requests that fill the shared one must not keep the watch from confirming.
                let pool = PgPoolOptions::new()
                    .max_connections(1)
                    .acquire_timeout(PATIENCE)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .connect_with(postgres.pool.connect_options().as_ref().clone())
                    .await?;
                let mut listener = PgListener::connect_with(&pool).await?;
                listener.eager_reconnect(false);
                listener.listen(CHANNEL).await?;
                Source::Postgres(listener)
            }
        };
        Ok(Self { source, seen: None })
    }

    fn tell(&mut self, raised: Vec<(String, i64)>) -> Result<Vec<(EnvironmentId, i64)>> {
        let raised: Vec<(EnvironmentId, i64)> = raised
            .into_iter()
            .map(|(id, epoch)| Ok((parsed("environments.id", &id)?, epoch)))
            .collect::<Result<_>>()?;
        let highest = raised.iter().map(|(_, epoch)| *epoch).max();
        self.seen = Some(highest.max(self.seen).unwrap_or_default());
        Ok(raised)
    }
}

impl Read {
    /// The trust epoch of an environment.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_trust_epoch(&mut self, id: EnvironmentId) -> Result<Option<i64>> {
        let found = fetch_optional!(self, (i64,), FIND, id.to_string())?;
        Ok(found.map(|(epoch,)| epoch))
    }
}

impl Write {
    /// Gives an environment the next epoch and answers it. From here on, other transactions that raise one wait for
    /// this one to end.
    ///
    /// # Errors
    /// `Unavailable`; `Internal` when there is no such environment.
    pub async fn raise_trust_epoch(&mut self, id: EnvironmentId) -> Result<i64> {
        let Some((epoch,)) = fetch_optional!(self, (i64,), RAISE_CLOCK)? else {
            return Err(StoreError::Corrupt("trust_clock has no row".into()));
        };
        if execute!(self, SET_EPOCH, id.to_string(), epoch)? != 1 {
            return Err(StoreError::Internal(
                "an epoch was raised for no environment".into(),
            ));
        }
        if let Tx::Postgres(tx) = &mut self.read.tx {
            let notified = sqlx::query(POSTGRES_NOTIFY)
                .bind(CHANNEL)
                .bind(id.to_string())
                .execute(&mut **tx)
                .await;
            self.read.failed |= notified.is_err();
            notified?;
        }
        Ok(epoch)
    }
}

async fn wait_for_notice(listener: &mut PgListener) -> Result<()> {
    match timeout(POSTGRES_PERIOD, listener.try_recv()).await {
        // `None`: the connection was lost, and notices with it.
        Ok(notice) => notice?.map(drop).ok_or_else(lost)?,
        Err(_elapsed) => return Ok(()),
    }
    // One poll answers them all.
    while listener.next_buffered().is_some() {}
    Ok(())
}

/// On the listening connection, so that one answer proves both.
async fn poll_postgres(listener: &mut PgListener, seen: Option<i64>) -> Result<Vec<(String, i64)>> {
    Ok(match seen {
        None => sqlx::query_as(LIST_ALL).fetch_all(listener).await?,
        Some(seen) => {
            sqlx::query_as(LIST_RAISED)
                .bind(seen)
                .fetch_all(listener)
                .await?
        }
    })
}

fn lost() -> StoreError {
    StoreError::Unavailable("the connection that watches trust was lost".into())
}
