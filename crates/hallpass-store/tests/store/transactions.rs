use hallpass_model::Project;
use hallpass_store::{Engine, StoreError};
use hallpass_testkit::{Database, block_on, on_both_engines};
use serde_json::json;

use crate::samples::{at, metadata, project, stored_environment, subject, user};

on_both_engines! {
    async fn a_dropped_write_leaves_no_trace(database: Database) {
        let mut write = database.store().write().await.unwrap();
        write.insert_project(&project(1)).await.unwrap();
        drop(write);
        let mut read = database.store().read().await.unwrap();
        assert_eq!(read.find_project(project(1).id).await, Ok(None));
        drop(read);
        // And the writer is free again.
        let mut write = database.store().write().await.unwrap();
        write.insert_project(&project(1)).await.unwrap();
        write.commit().await.unwrap();
    }

    async fn a_write_with_a_failed_statement_cannot_be_committed(database: Database) {
        let mut write = database.store().write().await.unwrap();
        write.insert_project(&project(1)).await.unwrap();
        write.commit().await.unwrap();

        let mut write = database.store().write().await.unwrap();
        write.insert_project(&project(2)).await.unwrap();
        assert_eq!(write.insert_project(&project(1)).await, Err(StoreError::Conflict));
        let refused = write.commit().await;
        assert!(matches!(refused, Err(StoreError::Internal(_))), "{refused:?}");
        let mut read = database.store().read().await.unwrap();
        assert_eq!(read.find_project(project(2).id).await, Ok(None), "nothing of it is there");
    }

    async fn a_read_is_a_snapshot(database: Database) {
        let mut write = database.store().write().await.unwrap();
        write.insert_project(&project(1)).await.unwrap();
        write.commit().await.unwrap();

        let mut read = database.store().read().await.unwrap();
        assert_eq!(read.find_project(project(1).id).await, Ok(Some(project(1))));
        let mut write = database.store().write().await.unwrap();
        let renamed = Project { name: "renamed".into(), ..project(1) };
        write.update_project(&renamed).await.unwrap();
        assert_eq!(read.find_project(project(1).id).await, Ok(Some(project(1))), "not committed");
        write.commit().await.unwrap();
        assert_eq!(read.find_project(project(1).id).await, Ok(Some(project(1))), "committed later");
        let mut read = database.store().read().await.unwrap();
        assert_eq!(read.find_project(project(1).id).await, Ok(Some(renamed)));
    }

    async fn four_hundred_read_then_write_transactions_lose_no_update(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let mut write = database.store().write().await.unwrap();
        write.insert_user_if_absent(&user(environment, 1)).await.unwrap();
        write.commit().await.unwrap();

        let second = database.open_again().await;
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                // Half of them come from connections of their own, as another process's would.
                let store = if task % 2 == 0 { database.store().clone() } else { second.clone() };
                tokio::spawn(async move {
                    for _ in 0..50 {
                        let mut write = store.write().await.unwrap();
                        // Locks on PostgreSQL; on SQLite the transaction itself does.
                        write.raise_trust_epoch(environment).await.unwrap();
                        let found = write.find_user(environment, &subject(1)).await.unwrap().unwrap();
                        let count = found.metadata.get("count").map_or(0, |c| c.as_i64().unwrap());
                        let raised = metadata(json!({"count": count + 1}));
                        let done = write
                            .update_user_metadata(environment, &subject(1), &raised, found.version, at(1))
                            .await;
                        assert_eq!(done, Ok(true));
                        write.commit().await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let mut read = database.store().read().await.unwrap();
        let found = read.find_user(environment, &subject(1)).await.unwrap().unwrap();
        assert_eq!(found.metadata, metadata(json!({"count": 400})));
        assert_eq!(found.version, 401);
        assert_eq!(read.find_trust_epoch(environment).await, Ok(Some(400)));
    }

    async fn an_abandoned_write_rolls_back_and_frees_the_writer(database: Database) {
        let store = database.store().clone();
        let (started, has_started) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            let mut write = store.write().await.unwrap();
            write.insert_project(&project(1)).await.unwrap();
            started.send(()).unwrap();
            std::future::pending::<()>().await;
            drop(write);
        });
        has_started.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        let mut write = database.store().write().await.unwrap();
        assert_eq!(write.find_project(project(1).id).await, Ok(None));
    }

    async fn the_engine_answers(database: Database) {
        let store = database.store();
        assert_eq!(store.ping().await, Ok(()));
        let expected = if database.url().starts_with("sqlite:") { Engine::Sqlite } else { Engine::Postgres };
        assert_eq!(store.engine(), expected);
        assert_eq!(database.url().split(':').next(), Some(store.engine().as_str()));
        store.close().await;
        assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
        assert!(matches!(store.write().await.err(), Some(StoreError::Unavailable(_))));
    }
}

#[test]
fn references_are_enforced_on_sqlite() {
    block_on(async {
        let database = Database::sqlite().await;
        let mut write = database.store().write().await.unwrap();
        let orphan = user(hallpass_model::EnvironmentId::from_random([1; 16]), 1);
        let refused = write.insert_user_if_absent(&orphan).await;
        assert!(
            matches!(refused, Err(StoreError::Internal(_))),
            "{refused:?}"
        );
    });
}
