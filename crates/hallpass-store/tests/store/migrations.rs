use hallpass_store::{Engine, MigrationReport, SchemaState, Store, StoreError};
use hallpass_testkit::{Database, block_on, on_both_engines};

use crate::samples::project;
use crate::statements::statements_on;

const NONE: MigrationReport = MigrationReport { applied: vec![] };

on_both_engines! {
    async fn an_empty_database_is_migrated_once(database: Database) {
        let empty = database.another_empty().await;
        let store = empty.store();
        assert_eq!(store.schema().await, Ok(SchemaState::Empty));
        let report = store.migrate().await.unwrap();
        assert_eq!(report.applied, ["0001 foundation", "0002 identity providers", "0003 attest", "0004 dashboard"]);
        assert_eq!(store.schema().await, Ok(SchemaState::Current));
        assert_eq!(store.migrate().await, Ok(NONE));
        assert_eq!(empty.open_again().await.schema().await, Ok(SchemaState::Current));
    }

    async fn of_many_processes_that_migrate_at_once_one_does(database: Database) {
        let empty = database.another_empty().await;
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let store = empty.open_again().await;
            tasks.push(tokio::spawn(async move { store.migrate().await }));
        }
        let mut applied = 0;
        for task in tasks {
            applied += task.await.unwrap().expect("nobody fails").applied.len();
        }
        assert_eq!(applied, 4);
        assert_eq!(empty.store().check_statements().await, Ok(statements_on(empty.store().engine())));
    }

    async fn a_newer_database_is_refused_and_left_alone(database: Database) {
        insert(&database, 1).await;
        database.tamper(NEWER).await;
        let refused = StoreError::NewerDatabase { found: 9_999, known: 4 };
        let store = database.open_again().await;
        assert_eq!(store.schema().await, Err(refused.clone()));
        assert_eq!(store.migrate().await, Err(refused.clone()));
        assert!(refused.to_string().contains("newer program"), "{refused}");
        let mut read = store.read().await.unwrap();
        assert_eq!(read.find_project(project(1).id).await, Ok(Some(project(1))));
    }

    async fn an_altered_migration_is_refused_and_left_alone(database: Database) {
        insert(&database, 1).await;
        database.tamper(match database.store().engine() {
            Engine::Sqlite => "UPDATE _sqlx_migrations SET checksum = X'00'",
            Engine::Postgres => r"UPDATE _sqlx_migrations SET checksum = '\x00'",
        }).await;
        let refused = StoreError::AlteredMigration { version: 1 };
        let store = database.open_again().await;
        assert_eq!(store.schema().await, Err(refused.clone()));
        assert_eq!(store.migrate().await, Err(refused));
        let mut read = store.read().await.unwrap();
        assert_eq!(read.find_project(project(1).id).await, Ok(Some(project(1))));
    }

    async fn a_migration_that_fails_leaves_nothing_behind(database: Database) {
        let empty = database.another_empty().await;
        // In the way of a later table.
        empty.tamper("CREATE TABLE identity_providers (id BIGINT)").await;
        let failed = empty.store().migrate().await;
        assert!(matches!(failed, Err(StoreError::Internal(_))), "{failed:?}");
        assert_eq!(empty.store().schema().await, Ok(SchemaState::Empty));
        empty.tamper("DROP TABLE identity_providers").await;
        assert_eq!(empty.store().migrate().await.unwrap().applied.len(), 4);
    }

    async fn a_database_of_the_first_release_is_brought_up_to_date(database: Database) {
        insert(&database, 1).await;
        database.tamper(BACK_TO_FIRST).await;
        let store = database.open_again().await;
        assert_eq!(store.schema().await, Ok(SchemaState::Pending(3)));
        assert!(store.check_statements().await.is_err(), "the new statements have no table yet");

        let report = store.migrate().await.unwrap();
        assert_eq!(report.applied, ["0002 identity providers", "0003 attest", "0004 dashboard"]);
        assert_eq!(store.schema().await, Ok(SchemaState::Current));
        assert_eq!(store.check_statements().await, Ok(statements_on(store.engine())));
        let mut read = store.read().await.unwrap();
        assert_eq!(read.find_project(project(1).id).await, Ok(Some(project(1))), "data stays");
    }

    async fn an_update_that_fails_leaves_the_first_release_as_it_was(database: Database) {
        insert(&database, 1).await;
        database.tamper(BACK_TO_FIRST).await;
        database.tamper("CREATE TABLE identity_providers (id BIGINT)").await;
        let store = database.open_again().await;
        let failed = store.migrate().await;
        assert!(matches!(failed, Err(StoreError::Internal(_))), "{failed:?}");
        assert_eq!(store.schema().await, Ok(SchemaState::Pending(3)));
        database.tamper("DROP TABLE identity_providers").await;
        assert_eq!(store.migrate().await.unwrap().applied.len(), 3);
        let mut read = store.read().await.unwrap();
        assert_eq!(read.find_project(project(1).id).await, Ok(Some(project(1))));
    }
}

#[test]
fn many_processes_may_start_on_a_new_file_at_once() {
    block_on(async {
        for _ in 0..10 {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}", folder.path().join("hallpass.db").display());
            let starts: Vec<_> = (0..8)
                .map(|number| {
                    let url = url.clone();
                    tokio::spawn(async move {
                        let store = Store::open(&url).await?;
                        let report = store.migrate().await?;
                        let mut write = store.write().await?;
                        write.insert_project(&project(number)).await?;
                        write.commit().await?;
                        Ok::<_, StoreError>(report.applied.len())
                    })
                })
                .collect();
            let mut applied = 0;
            for start in starts {
                applied += start.await.unwrap().expect("every process starts");
            }
            assert_eq!(applied, 4);
        }
    });
}

#[test]
fn other_urls_are_refused() {
    block_on(async {
        for url in [
            "mysql://root@localhost/hallpass",
            "hallpass.db",
            "",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:file:x?mode=memory",
            "postgres://[",
        ] {
            let refused = Store::open(url).await.err();
            assert!(
                matches!(refused, Some(StoreError::Unsupported(_))),
                "{url}: {refused:?}"
            );
        }
    });
}

#[test]
fn unreachable_databases_are_unavailable_and_named_without_secrets() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = format!("sqlite:{}/no/folder/hallpass.db", folder.path().display());
        for url in [
            nowhere.as_str(),
            "postgres://ana:hunter2@127.0.0.1:1/hallpass",
        ] {
            let refused = Store::open(url).await.err().expect("nothing is there");
            assert!(
                matches!(refused, StoreError::Unavailable(_)),
                "{url}: {refused:?}"
            );
            assert!(!refused.to_string().contains("hunter2"), "{refused}");
        }
    });
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.txt");
        let letter = "Dear Ana, this is a letter.\n".repeat(100);
        std::fs::write(&path, &letter).unwrap();
        let refused = Store::open(&format!("sqlite:{}", path.display()))
            .await
            .err();
        assert!(
            matches!(refused, Some(StoreError::Corrupt(_))),
            "{refused:?}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
    });
}

const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    SELECT 9999, 'from the future', success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1";

/// Undoes what came after the first migration.
const BACK_TO_FIRST: &str = "DROP TABLE identity_providers;
     DROP TABLE operator_sessions; DROP TABLE operator_challenges; DROP TABLE operator_passkeys;
     DROP TABLE deliveries; DROP TABLE webhooks; DROP TABLE api_keys; DROP TABLE sign_in_providers; DROP TABLE wallets;
     DROP TABLE passkeys; DROP TABLE turns; DROP TABLE challenges; DROP TABLE sessions; DROP TABLE identities;
     DROP TABLE accounts; DROP TABLE issuer_keys; DROP TABLE seal_check; DROP TABLE environment_hosts;
     ALTER TABLE environments DROP COLUMN sign_in; DELETE FROM _sqlx_migrations WHERE version > 1";

async fn insert(database: &Database, number: u32) {
    let mut write = database.store().write().await.unwrap();
    write.insert_project(&project(number)).await.unwrap();
    write.commit().await.unwrap();
}
