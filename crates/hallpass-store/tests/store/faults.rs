//! Locked, full, cut off: `Unavailable`, and nothing acknowledged is lost.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hallpass_model::{ConnectedUser, EnvironmentId, ErrorKind};
use hallpass_store::{OpenOptions, Store, StoreError};
use hallpass_testkit::{Database, block_on, on_both_engines};
use sqlx::{Connection, PgConnection, SqliteConnection};
use tokio::time::timeout;

use crate::samples::{largest_metadata, page, project, stored_environment, user};

#[test]
fn a_locked_file_is_unavailable_for_writers_only() {
    block_on(async {
        let database = Database::sqlite().await;
        insert_project(database.store(), 1).await.unwrap();
        let mut other = SqliteConnection::connect(database.url()).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE")
            .execute(&mut other)
            .await
            .unwrap();

        for number in [2, 3] {
            let refused = timeout(
                Duration::from_secs(10),
                insert_project(database.store(), number),
            );
            assert_unavailable(refused.await.expect("it gives up in time"));
        }
        let mut read = database.store().read().await.unwrap();
        assert_eq!(
            read.find_project(project(1).id).await,
            Ok(Some(project(1))),
            "readers go on"
        );
        assert_eq!(database.store().ping().await, Ok(()));

        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        insert_project(database.store(), 2).await.unwrap();
        assert_eq!(stored_projects(database.store()).await, 2);
    });
}

#[test]
fn a_lock_that_ends_in_time_is_waited_for() {
    block_on(async {
        let database = Database::sqlite().await;
        let mut other = SqliteConnection::connect(database.url()).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE")
            .execute(&mut other)
            .await
            .unwrap();
        let waiting = tokio::spawn({
            let store = database.store().clone();
            async move { insert_project(&store, 1).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished());
        sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
        assert_eq!(waiting.await.unwrap(), Ok(()));
    });
}

#[test]
fn a_writer_that_does_not_end_keeps_others_waiting_for_a_while_only() {
    block_on(async {
        let database = Database::sqlite().await;
        let endless = database.store().write().await.unwrap();
        let refused = timeout(Duration::from_secs(10), insert_project(database.store(), 1));
        assert_unavailable(refused.await.expect("it gives up in time"));
        drop(endless);
        insert_project(database.store(), 1).await.unwrap();
    });
}

#[test]
fn a_locked_row_on_postgres_is_unavailable() {
    block_on(async {
        let database = Database::postgres().await;
        let id = stored_environment(database.store(), 1).await.id;
        let mut other = database.store().write().await.unwrap();
        other.raise_trust_epoch(id).await.unwrap();
        let mut write = database.store().write().await.unwrap();
        let refused = timeout(Duration::from_secs(10), write.raise_trust_epoch(id));
        assert_unavailable(refused.await.expect("it gives up in time"));
        drop(write);
        other.commit().await.unwrap();
        let mut read = database.store().read().await.unwrap();
        assert_eq!(read.find_trust_epoch(id).await, Ok(Some(1)));
    });
}

#[test]
fn a_full_disk_is_unavailable_and_keeps_what_was_acknowledged() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let Some(disk) = SmallDisk::mount(folder.path()) else {
            // Without the right to mount, the file's own limit stands in; the next test covers it by itself too.
            return fill_up_to_a_page_limit().await;
        };
        let ballast = folder.path().join("ballast");
        std::fs::write(&ballast, vec![0; 512 * 1024]).unwrap();
        let url = format!("sqlite:{}/hallpass.db", folder.path().display());
        let store = Store::open(&url).await.unwrap();
        store.migrate().await.unwrap();
        let environment = stored_environment(&store, 1).await.id;

        let acknowledged = fill(&store, environment).await;
        assert_acknowledged(&store, environment, acknowledged).await;
        assert_intact(&url).await;

        let copy = folder.path().join("backup.db");
        assert_unavailable(store.backup(&copy).await);
        assert!(!copy.exists(), "an unfinished backup stays behind");

        std::fs::remove_file(ballast).unwrap();
        insert_user(&store, environment, acknowledged + 1)
            .await
            .expect("there is room again");
        assert_acknowledged(&store, environment, acknowledged + 1).await;
        store.close().await;
        assert_intact(&url).await;
        drop(disk);
    });
}

#[test]
fn a_full_file_is_unavailable_and_keeps_what_was_acknowledged() {
    block_on(fill_up_to_a_page_limit());
}

#[test]
fn a_full_postgres_disk_is_unavailable() {
    block_on(async {
        let database = Database::postgres().await;
        insert_project(database.store(), 1).await.unwrap();
        for code in ["53100", "53200", "57P03", "40001"] {
            database
                .tamper(&format!(
                    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                     BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '{code}'; END $$;
                     CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON projects EXECUTE FUNCTION refuse()"
                ))
                .await;
            assert_unavailable(insert_project(database.store(), 2).await);
        }
        assert_eq!(stored_projects(database.store()).await, 1);
    });
}

#[test]
fn cut_connections_to_postgres_are_replaced() {
    block_on(async {
        let database = Database::postgres().await;
        let store = database.store();
        insert_project(store, 1).await.unwrap();
        let mut cut_off = store.write().await.unwrap();
        cut_off.insert_project(&project(2)).await.unwrap();
        let mut other = PgConnection::connect(database.url()).await.unwrap();
        sqlx::raw_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&mut other)
        .await
        .unwrap();
        assert_unavailable(cut_off.commit().await);

        // Each connection that was idle may fail once.
        let mut tries = 0;
        while let Err(error) = insert_project(store, 3).await {
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
            tries += 1;
            assert!(tries <= 10, "the connections were not replaced");
        }
        assert_eq!(stored_projects(store).await, 2);
    });
}

on_both_engines! {
    async fn failures_never_tell_what_was_stored(database: Database) {
        let store = database.store();
        let mut taken = project(1);
        taken.name = "hunter2".into();
        let mut write = store.write().await.unwrap();
        write.insert_project(&taken).await.unwrap();
        write.commit().await.unwrap();
        let mut errors = Vec::new();
        let mut write = store.write().await.unwrap();
        errors.extend(write.insert_project(&taken).await.err());
        drop(write);
        // PostgreSQL cannot hold this text, SQLite can.
        let mut write = store.write().await.unwrap();
        taken = project(2);
        taken.name = "hunter2\0".into();
        errors.extend(write.insert_project(&taken).await.err());
        drop(write);
        let mut write = store.write().await.unwrap();
        let mut orphan = user(EnvironmentId::from_random([1; 16]), 1);
        orphan.sub = "hunter2".parse().unwrap();
        errors.extend(write.insert_user_if_absent(&orphan).await.err());
        drop(write);
        database.tamper("UPDATE projects SET id = 'hunter2'").await;
        let mut read = store.read().await.unwrap();
        errors.extend(read.find_project_by_name("hunter2").await.err());
        assert!(errors.len() >= 3);
        assert!(matches!(errors.last(), Some(StoreError::Corrupt(_))));
        for error in errors {
            assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
        }
    }
}

#[test]
fn each_failure_has_its_public_face() {
    for (error, kind, code) in [
        (StoreError::Conflict, ErrorKind::Conflict, "conflict"),
        (
            StoreError::Unavailable("x".into()),
            ErrorKind::Unavailable,
            "storage_unavailable",
        ),
        (
            StoreError::InvalidCursor,
            ErrorKind::InvalidRequest,
            "invalid_cursor",
        ),
        (
            StoreError::Corrupt("x".into()),
            ErrorKind::Internal,
            "internal",
        ),
        (
            StoreError::Internal("x".into()),
            ErrorKind::Internal,
            "internal",
        ),
    ] {
        assert_eq!(error.is_conflict(), kind == ErrorKind::Conflict);
        let public = hallpass_model::Error::from(error);
        assert_eq!((public.kind(), public.code()), (kind, code));
    }
}

/// SQLite's own check of the whole file.
pub async fn assert_intact(url: &str) {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let verdict: Vec<(String,)> = sqlx::query_as("PRAGMA integrity_check")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(verdict, [("ok".to_owned(),)]);
    let dangling = sqlx::query("PRAGMA foreign_key_check")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(dangling.len(), 0);
    connection.close().await.unwrap();
}

/// A file system of one MiB; gone when dropped.
struct SmallDisk(String);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let at = at.to_str()?.to_owned();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1280k", "tmpfs", &at])
            .output()
            .ok()?;
        done.status.success().then_some(Self(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: files may still be open when a test panics.
        Command::new("umount").args(["-l", &self.0]).status().ok();
    }
}

async fn fill_up_to_a_page_limit() {
    let database = Database::sqlite().await;
    let environment = stored_environment(database.store(), 1).await.id;
    let limited = OpenOptions {
        max_pages: Some(300),
    };
    let store = Store::open_with(database.url(), &limited).await.unwrap();
    let acknowledged = fill(&store, environment).await;
    assert_acknowledged(&store, environment, acknowledged).await;
    assert_intact(database.url()).await;
    insert_user(database.store(), environment, acknowledged + 1)
        .await
        .expect("without the limit there is room");
    assert_acknowledged(database.store(), environment, acknowledged + 1).await;
}

/// Adds large users until it is refused three times; answers how many were acknowledged.
async fn fill(store: &Store, environment: EnvironmentId) -> u32 {
    let mut acknowledged = 0;
    loop {
        assert!(acknowledged < 1_000, "the disk never fills");
        match insert_user(store, environment, acknowledged + 1).await {
            Ok(()) => acknowledged += 1,
            Err(error) => {
                assert_unavailable(Err::<(), _>(error));
                break;
            }
        }
    }
    for _ in 0..2 {
        assert_unavailable(insert_user(store, environment, acknowledged + 1).await);
    }
    assert!(
        acknowledged > 0,
        "nothing was written before the disk was full"
    );
    acknowledged
}

async fn assert_acknowledged(store: &Store, environment: EnvironmentId, count: u32) {
    let mut read = store.read().await.unwrap();
    let users = read
        .list_users(environment, &page(200))
        .await
        .unwrap()
        .items;
    let expected: Vec<ConnectedUser> = (1..=count)
        .rev()
        .map(|n| large_user(environment, n))
        .collect();
    assert!(users == expected, "{} of {count} users", users.len());
}

async fn insert_user(
    store: &Store,
    environment: EnvironmentId,
    number: u32,
) -> Result<(), StoreError> {
    let mut write = store.write().await?;
    write
        .insert_user_if_absent(&large_user(environment, number))
        .await?;
    write.commit().await
}

fn large_user(environment: EnvironmentId, number: u32) -> ConnectedUser {
    ConnectedUser {
        metadata: largest_metadata(),
        ..user(environment, number)
    }
}

async fn insert_project(store: &Store, number: u32) -> Result<(), StoreError> {
    let mut write = store.write().await?;
    write.insert_project(&project(number)).await?;
    write.commit().await
}

async fn stored_projects(store: &Store) -> usize {
    let mut read = store.read().await.unwrap();
    read.list_projects(None, &page(200))
        .await
        .unwrap()
        .items
        .len()
}

fn assert_unavailable<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
}
