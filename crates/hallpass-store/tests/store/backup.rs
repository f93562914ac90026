use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hallpass_store::{SchemaState, Store, StoreError};
use hallpass_testkit::{Database, block_on};

use crate::faults::assert_intact;
use crate::samples::project;

#[test]
fn a_backup_of_a_database_in_use_is_consistent() {
    block_on(async {
        let database = Database::sqlite().await;
        let committed = Arc::new(AtomicU32::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let writer = tokio::spawn({
            let (store, committed, stop) =
                (database.store().clone(), committed.clone(), stop.clone());
            async move {
                while !stop.load(Ordering::SeqCst) {
                    let next = committed.load(Ordering::SeqCst);
                    // Two rows at a time: a consistent copy has both or neither.
                    let mut write = store.write().await.unwrap();
                    write.insert_project(&project(2 * next)).await.unwrap();
                    write.insert_project(&project(2 * next + 1)).await.unwrap();
                    write.commit().await.unwrap();
                    committed.store(next + 1, Ordering::SeqCst);
                }
            }
        });
        let folder = tempfile::tempdir().unwrap();
        for round in 0..3 {
            let wanted = committed.load(Ordering::SeqCst) + 5;
            while committed.load(Ordering::SeqCst) < wanted {
                tokio::task::yield_now().await;
            }
            let path = folder.path().join(format!("it's backup {round}.db"));
            let before = committed.load(Ordering::SeqCst);
            let size = database.store().backup(&path).await.unwrap();
            let meta = fs::metadata(&path).unwrap();
            assert_eq!(meta.len(), size);
            assert_eq!(meta.permissions().mode() & 0o777, 0o600);

            let url = format!("sqlite:{}", path.display());
            assert_intact(&url).await;
            let copy = Store::open(&url).await.unwrap();
            assert_eq!(copy.schema().await, Ok(SchemaState::Current));
            let mut read = copy.read().await.unwrap();
            for number in 0..2 * before {
                let found = read.find_project(project(number).id).await;
                assert_eq!(
                    found,
                    Ok(Some(project(number))),
                    "committed before the backup"
                );
            }
            let mut next = 2 * before;
            while read.find_project(project(next).id).await.unwrap().is_some() {
                next += 1;
            }
            assert_eq!(next % 2, 0, "half a transaction was copied");
            drop(read);
            let mut write = copy.write().await.unwrap();
            write.insert_project(&project(1_000_000)).await.unwrap();
            write.commit().await.unwrap();
        }
        stop.store(true, Ordering::SeqCst);
        writer.await.unwrap();
    });
}

#[test]
fn a_backup_never_replaces_a_file() {
    block_on(async {
        let database = Database::sqlite().await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup.db");
        for content in ["", "precious"] {
            fs::write(&path, content).unwrap();
            assert_eq!(
                database.store().backup(&path).await,
                Err(StoreError::Conflict)
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(
            database.store().backup(&database.file()).await,
            Err(StoreError::Conflict)
        );
        let nowhere = database
            .store()
            .backup(&folder.path().join("no/folder.db"))
            .await;
        assert!(
            matches!(nowhere, Err(StoreError::Unavailable(_))),
            "{nowhere:?}"
        );
    });
}

#[test]
fn on_postgres_the_answer_is_the_tool_to_use() {
    block_on(async {
        let database = Database::postgres().await;
        let refused = database.store().backup("/tmp/x.dump".as_ref()).await;
        let Err(StoreError::Unsupported(line)) = refused else {
            panic!("{refused:?}");
        };
        assert!(
            line.contains("pg_dump") && line.contains("/tmp/x.dump"),
            "{line}"
        );
    });
}

#[test]
fn all_files_are_private() {
    block_on(async {
        let database = Database::sqlite().await;
        let mut write = database.store().write().await.unwrap();
        write.insert_project(&project(1)).await.unwrap();
        write.commit().await.unwrap();
        let mut files = 0;
        for entry in fs::read_dir(database.file().parent().unwrap()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", entry.path().display());
            files += 1;
        }
        assert_eq!(files, 3, "the database, its log and its index");
    });
}
