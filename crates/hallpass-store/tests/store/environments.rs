use hallpass_model::Environment;
use hallpass_store::StoreError;
use hallpass_testkit::on_both_engines;

use crate::samples::{
    FIRST, LAST, after, environment, page, project, stored_environment, unusual_settings,
};

on_both_engines! {
    async fn an_environment_reads_back_as_it_was_written(database: Database) {
        let extreme = Environment {
            name: "\u{202e} 'production' \\".into(),
            settings: unusual_settings(),
            trust_epoch: i64::MAX,
            version: i64::MIN,
            created_at: FIRST,
            updated_at: LAST,
            ..environment(project(1).id, 1)
        };
        let mut write = database.store().write().await.unwrap();
        write.insert_project(&project(1)).await.unwrap();
        write.insert_environment(&extreme).await.unwrap();
        write.commit().await.unwrap();

        let mut read = database.store().read().await.unwrap();
        assert_eq!(read.find_environment(extreme.id).await, Ok(Some(extreme.clone())));
        assert_eq!(read.find_trust_epoch(extreme.id).await, Ok(Some(i64::MAX)));
        let by_name = read.find_environment_by_name(extreme.project_id, &extreme.name).await;
        assert_eq!(by_name, Ok(Some(extreme)));
    }

    async fn names_are_unique_within_their_project(database: Database) {
        let store = database.store();
        let mut write = store.write().await.unwrap();
        let ours = environment(project(1).id, 1);
        let theirs = Environment { name: ours.name.clone(), ..environment(project(2).id, 2) };
        write.insert_project(&project(1)).await.unwrap();
        write.insert_project(&project(2)).await.unwrap();
        write.insert_environment(&ours).await.unwrap();
        write.insert_environment(&theirs).await.unwrap();
        write.commit().await.unwrap();

        let mut write = store.write().await.unwrap();
        let again = Environment { name: ours.name.clone(), ..environment(project(1).id, 3) };
        assert_eq!(write.insert_environment(&again).await, Err(StoreError::Conflict));
        drop(write);

        let mut read = store.read().await.unwrap();
        let found = read.find_environment_by_name(project(2).id, &ours.name).await;
        assert_eq!(found, Ok(Some(theirs.clone())));
        assert_eq!(read.find_environment_by_name(project(3).id, &ours.name).await, Ok(None));
        assert_eq!(read.find_environment_by_name(project(1).id, "\0").await, Ok(None));
        assert_eq!(read.find_environment(again.id).await, Ok(None));
        assert_eq!(read.find_trust_epoch(again.id).await, Ok(None));
        let listed = read.list_environments(project(2).id, &page(9)).await.unwrap();
        assert_eq!(listed.items, [theirs]);
    }

    async fn an_environment_needs_its_project(database: Database) {
        let mut write = database.store().write().await.unwrap();
        let orphan = environment(project(1).id, 1);
        let refused = write.insert_environment(&orphan).await;
        assert!(matches!(refused, Err(StoreError::Internal(_))), "{refused:?}");
    }

    async fn an_update_needs_the_expected_version(database: Database) {
        let stored = stored_environment(database.store(), 1).await;
        let changed = Environment {
            name: "changed".into(),
            settings: unusual_settings(),
            version: 2,
            updated_at: LAST,
            ..stored.clone()
        };
        let mut write = database.store().write().await.unwrap();
        assert_eq!(write.update_environment(&changed, 2).await, Ok(false));
        assert_eq!(write.find_environment(stored.id).await, Ok(Some(stored.clone())));
        assert_eq!(write.update_environment(&changed, 1).await, Ok(true));
        assert_eq!(write.update_environment(&changed, 1).await, Ok(false));
        assert_eq!(write.find_environment(stored.id).await, Ok(Some(changed)));
    }

    async fn of_two_updates_from_one_version_one_wins(database: Database) {
        let stored = stored_environment(database.store(), 1).await;
        let attempts = ["left", "right"].map(|name| {
            let (store, mut changed) = (database.store().clone(), stored.clone());
            tokio::spawn(async move {
                changed.name = name.into();
                changed.version = 2;
                let mut write = store.write().await.unwrap();
                let won = write.update_environment(&changed, 1).await.unwrap();
                write.commit().await.unwrap();
                (won, name)
            })
        });
        let mut winners = Vec::new();
        for attempt in attempts {
            let (won, name) = attempt.await.unwrap();
            if won {
                winners.push(name);
            }
        }
        let mut read = database.store().read().await.unwrap();
        let now = read.find_environment(stored.id).await.unwrap().unwrap();
        assert_eq!(winners, [now.name.as_str()]);
    }

    async fn a_list_is_newest_first_and_paged(database: Database) {
        let mut write = database.store().write().await.unwrap();
        write.insert_project(&project(1)).await.unwrap();
        for number in 1..=5 {
            write.insert_environment(&environment(project(1).id, number)).await.unwrap();
        }
        let first = write.list_environments(project(1).id, &page(3)).await.unwrap();
        let expected = [5, 4, 3].map(|number| environment(project(1).id, number));
        assert_eq!(first.items, expected);
        let second = write.list_environments(project(1).id, &after(&first, 3)).await.unwrap();
        let expected = [2, 1].map(|number| environment(project(1).id, number));
        assert_eq!(second.items, expected);
        assert_eq!(second.next, None);
    }
}
