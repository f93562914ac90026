use std::collections::BTreeMap;
use std::time::Duration;

use hallpass_model::EnvironmentId;
use hallpass_store::{Engine, Store, StoreError, TrustWatch};
use hallpass_testkit::on_both_engines;
use tokio::time::timeout;

use crate::samples::{at, signing_key, stored_environment, subject};

on_both_engines! {
    async fn epochs_are_unique_and_rise_over_the_installation(database: Database) {
        let store = database.store();
        let one = stored_environment(store, 1).await.id;
        let two = stored_environment(store, 2).await.id;
        let second = database.open_again().await;
        let tasks: Vec<_> = [(store, one), (&second, one), (store, two), (&second, two)]
            .into_iter()
            .map(|(store, id)| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut raised = Vec::new();
                    for _ in 0..20 {
                        raised.push(raise(&store, id).await);
                    }
                    raised
                })
            })
            .collect();
        let mut all = Vec::new();
        for task in tasks {
            let raised = task.await.unwrap();
            assert!(raised.is_sorted_by(|a, b| a < b));
            all.extend(raised);
        }
        all.sort_unstable();
        assert_eq!(all, (1..=80).collect::<Vec<i64>>());
    }

    async fn the_first_answer_tells_all_and_the_next_one_what_rose(database: Database) {
        let store = database.store();
        let one = stored_environment(store, 1).await.id;
        let two = stored_environment(store, 2).await.id;
        let epoch = raise(store, one).await;
        let mut watch = store.watch_trust().await.unwrap();
        assert_eq!(told(&mut watch).await, BTreeMap::from([(one, epoch), (two, 0)]));
        assert_eq!(told(&mut watch).await, BTreeMap::new(), "an empty answer confirms");

        // Another process's change, then our own, each told by the very next answer.
        let other = database.open_again().await;
        let epoch = raise(&other, two).await;
        assert_eq!(told(&mut watch).await, BTreeMap::from([(two, epoch)]));
        let epoch = raise(store, one).await;
        assert_eq!(told(&mut watch).await, BTreeMap::from([(one, epoch)]));
        let (first, second) = (raise(store, one).await, raise(&other, two).await);
        // PostgreSQL may answer on the first notice.
        let mut both = told(&mut watch).await;
        if both.len() < 2 {
            both.extend(told(&mut watch).await);
        }
        assert_eq!(both, BTreeMap::from([(one, first), (two, second)]));
    }

    async fn other_changes_and_rollbacks_tell_nothing(database: Database) {
        let store = database.store();
        let id = stored_environment(store, 1).await.id;
        let mut watch = store.watch_trust().await.unwrap();
        assert_eq!(told(&mut watch).await.len(), 1);
        let mut write = store.write().await.unwrap();
        write.raise_trust_epoch(id).await.unwrap();
        drop(write);
        let mut write = store.write().await.unwrap();
        write.raise_not_before(id, &subject(1), at(1)).await.unwrap();
        write.insert_signing_key(&signing_key(id, 1)).await.unwrap();
        write.commit().await.unwrap();
        assert_eq!(told(&mut watch).await, BTreeMap::new());
        assert_eq!(raise(store, id).await, 1, "the rolled back epoch was never seen");
        assert_eq!(told(&mut watch).await, BTreeMap::from([(id, 1)]));
    }

    async fn a_watch_during_many_changes_ends_at_the_last_epochs(database: Database) {
        let store = database.store();
        let ids = [stored_environment(store, 1).await.id, stored_environment(store, 2).await.id];
        let mut watch = store.watch_trust().await.unwrap();
        let writers = ids.map(|id| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..50 {
                    raise(&store, id).await;
                }
            })
        });
        let mut latest = BTreeMap::new();
        let mut done = false;
        // One answer after the last commit must complete the picture.
        loop {
            for (id, epoch) in told(&mut watch).await {
                assert!(latest.insert(id, epoch) < Some(epoch), "epochs only rise");
            }
            if done {
                break;
            }
            done = writers.iter().all(tokio::task::JoinHandle::is_finished);
        }
        let mut read = store.read().await.unwrap();
        for id in ids {
            assert_eq!(read.find_trust_epoch(id).await, Ok(latest.get(&id).copied()));
        }
        assert_eq!(latest.values().max(), Some(&100));
    }

    async fn a_watch_that_lost_its_connection_errs_and_is_made_anew(database: Database) {
        let store = database.store();
        let id = stored_environment(store, 1).await.id;
        let mut watch = store.watch_trust().await.unwrap();
        assert_eq!(told(&mut watch).await.len(), 1);
        match store.engine() {
            Engine::Postgres => {
                database
                    .tamper(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND query LIKE 'SELECT id, trust_epoch%'",
                    )
                    .await;
            }
            Engine::Sqlite => database.tamper("ALTER TABLE environments RENAME TO gone").await,
        }
        let lost = timeout(Duration::from_secs(10), watch.next()).await.unwrap();
        match store.engine() {
            Engine::Postgres => assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}"),
            Engine::Sqlite => {
                assert!(matches!(lost, Err(StoreError::Internal(_))), "{lost:?}");
                database.tamper("ALTER TABLE gone RENAME TO environments").await;
            }
        }
        let mut again = store.watch_trust().await.unwrap();
        assert_eq!(told(&mut again).await.len(), 1);
        let epoch = raise(store, id).await;
        assert_eq!(told(&mut again).await, BTreeMap::from([(id, epoch)]));
    }

    async fn an_epoch_needs_its_environment(database: Database) {
        let mut write = database.store().write().await.unwrap();
        let refused = write.raise_trust_epoch(EnvironmentId::from_random([9; 16])).await;
        assert!(matches!(refused, Err(StoreError::Internal(_))), "{refused:?}");
    }
}

async fn raise(store: &Store, id: EnvironmentId) -> i64 {
    let mut write = store.write().await.unwrap();
    let epoch = write.raise_trust_epoch(id).await.unwrap();
    write.commit().await.unwrap();
    epoch
}

async fn told(watch: &mut TrustWatch) -> BTreeMap<EnvironmentId, i64> {
    timeout(Duration::from_secs(10), watch.next())
        .await
        .expect("an answer comes at least every half second")
        .expect("the watch works")
        .into_iter()
        .collect()
}
