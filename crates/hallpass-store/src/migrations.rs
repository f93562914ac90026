//! Embedded migrations, each run is one transaction.

use sqlx::migrate::{Migrate, MigrateError, Migrator};

use crate::store::Pools;
use crate::{Result, StoreError};

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

const HISTORY: &str = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
const SQLITE_HAS_HISTORY: &str =
    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'";
const POSTGRES_HAS_HISTORY: &str = "SELECT COUNT(to_regclass('_sqlx_migrations'))";
// Waits longer than a usual statement: another process may be migrating.
const POSTGRES_TIMEOUTS: &str = "SELECT set_config('lock_timeout', '60s', TRUE),
         set_config('statement_timeout', '10min', TRUE)";
const POSTGRES_LOCK: &str = "SELECT pg_advisory_xact_lock(4850234890)";

/// What [`crate::Store::migrate`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// Names of the migrations applied now, in order.
    pub applied: Vec<String>,
}

/// How the tables compare with this release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// Up to date.
    Current,
    /// So many migrations behind.
    Pending(usize),
    /// Never migrated.
    Empty,
}

pub(crate) async fn inspect(pools: &Pools) -> Result<SchemaState> {
    let history = match pools {
        Pools::Sqlite(sqlite) => {
            let mut tx = sqlite.begin_read().await?;
            let has: i64 = sqlx::query_scalar(SQLITE_HAS_HISTORY)
                .fetch_one(&mut *tx)
                .await?;
            match has {
                0 => None,
                _ => Some(sqlx::query_as(HISTORY).fetch_all(&mut *tx).await?),
            }
        }
        Pools::Postgres(postgres) => {
            let mut tx = postgres.begin_read().await?;
            let has: i64 = sqlx::query_scalar(POSTGRES_HAS_HISTORY)
                .fetch_one(&mut *tx)
                .await?;
            match has {
                0 => None,
                _ => Some(sqlx::query_as(HISTORY).fetch_all(&mut *tx).await?),
            }
        }
    };
    compare(&MIGRATOR, &history.unwrap_or_default())
}

pub(crate) async fn migrate(pools: &Pools) -> Result<MigrationReport> {
    // A refusal must not create the history table first, nor must a current database wait for the writer.
    if inspect(pools).await? == SchemaState::Current {
        return Ok(MigrationReport {
            applied: Vec::new(),
        });
    }
    match pools {
        Pools::Sqlite(sqlite) => {
            let mut tx = sqlite.begin_write().await?;
            let report = run(&mut *tx).await?;
            tx.commit().await?;
            Ok(report)
        }
        Pools::Postgres(postgres) => {
            let mut tx = postgres.begin_write().await?;
            sqlx::query(POSTGRES_TIMEOUTS).execute(&mut *tx).await?;
            sqlx::query(POSTGRES_LOCK).execute(&mut *tx).await?;
            let report = run(&mut *tx).await?;
            tx.commit().await?;
            Ok(report)
        }
    }
}

/// The caller's transaction keeps other migrators out, so that sqlx need not (its lock would end before the commit).
async fn run(connection: &mut impl Migrate) -> Result<MigrationReport> {
    let table = &MIGRATOR.table_name;
    connection
        .ensure_migrations_table(table)
        .await
        .map_err(of_migrate)?;
    let history: Vec<Applied> = connection
        .list_applied_migrations(table)
        .await
        .map_err(of_migrate)?
        .into_iter()
        .map(|applied| (applied.version, applied.checksum.into_owned()))
        .collect();
    compare(&MIGRATOR, &history)?;
    let mut applied = Vec::new();
    for migration in MIGRATOR.iter() {
        if history
            .iter()
            .any(|(version, _)| *version == migration.version)
        {
            continue;
        }
        connection
            .apply(table, migration)
            .await
            .map_err(of_migrate)?;
        applied.push(format!(
            "{:04} {}",
            migration.version, migration.description
        ));
    }
    Ok(MigrationReport { applied })
}

/// A version in the database with the checksum of its text.
type Applied = (i64, Vec<u8>);

fn compare(migrator: &Migrator, history: &[Applied]) -> Result<SchemaState> {
    let known = migrator.iter().map(|m| m.version).max().unwrap_or_default();
    let found = history.iter().map(|(v, _)| *v).max().unwrap_or_default();
    if found > known {
        return Err(StoreError::NewerDatabase { found, known });
    }
    for (version, checksum) in history {
        let migration = migrator.iter().find(|m| m.version == *version);
        if migration.is_none_or(|m| *m.checksum != **checksum) {
            return Err(StoreError::AlteredMigration { version: *version });
        }
    }
    let pending = migrator.iter().count().saturating_sub(history.len());
    Ok(match (history, pending) {
        ([], _) => SchemaState::Empty,
        (_, 0) => SchemaState::Current,
        (_, pending) => SchemaState::Pending(pending),
    })
}

fn of_migrate(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => inner.into(),
        other => StoreError::Internal(format!("migration: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use sqlx::SqlSafeStr;
    use sqlx::migrate::{Migration, MigrationType};

    use super::*;

    fn release_with_three() -> (Migrator, Vec<Applied>) {
        let migrations: Vec<Migration> = [(1, "SELECT 1"), (2, "SELECT 2"), (4, "SELECT 4")]
            .into_iter()
            .map(|(version, sql)| {
                let up = MigrationType::Simple;
                Migration::new(version, "m".into(), up, sql.into_sql_str(), false)
            })
            .collect();
        let applied = migrations
            .iter()
            .map(|m| (m.version, m.checksum.to_vec()))
            .collect();
        (Migrator::with_migrations(migrations), applied)
    }

    #[test]
    fn the_state_tells_how_many_are_missing() {
        let (migrator, applied) = release_with_three();
        for (history, state) in [
            (&applied[..0], SchemaState::Empty),
            (&applied[..1], SchemaState::Pending(2)),
            (&applied[..2], SchemaState::Pending(1)),
            (&applied[..], SchemaState::Current),
        ] {
            assert_eq!(compare(&migrator, history), Ok(state));
        }
    }

    #[test]
    fn unknown_and_altered_ones_are_refused() {
        let (migrator, applied) = release_with_three();
        let mut newer = applied.clone();
        newer.push((5, vec![0]));
        let refused = StoreError::NewerDatabase { found: 5, known: 4 };
        assert_eq!(compare(&migrator, &newer), Err(refused));
        let mut altered = applied.clone();
        altered[1].1[0] ^= 1;
        let refused = StoreError::AlteredMigration { version: 2 };
        assert_eq!(compare(&migrator, &altered), Err(refused));
        let mut never_known = applied;
        never_known[2].0 = 3;
        let refused = StoreError::AlteredMigration { version: 3 };
        assert_eq!(compare(&migrator, &never_known), Err(refused));
    }
}
