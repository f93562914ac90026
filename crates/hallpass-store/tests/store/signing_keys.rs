use hallpass_model::{KeyOrigin, SigningKey};
use hallpass_store::StoreError;
use hallpass_testkit::on_both_engines;

use crate::samples::{FIRST, LAST, after, at, page, signing_key, stored_environment};

on_both_engines! {
    async fn a_key_reads_back_as_it_was_written(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let plain = signing_key(environment, 1);
        let extreme = SigningKey {
            kid: "-_~!\"#$%&'()*+,/:;<=>?@[\\]^`{|}".into(),
            bits: u32::MAX,
            origin: KeyOrigin::Imported,
            created_at: FIRST,
            retires_at: Some(LAST),
            revoked_at: Some(FIRST),
            last_used_at: Some(LAST),
            use_count: i64::MAX,
            ..signing_key(environment, 2)
        };
        let mut write = database.store().write().await.unwrap();
        write.insert_signing_key(&plain).await.unwrap();
        write.insert_signing_key(&extreme).await.unwrap();
        write.commit().await.unwrap();

        let mut read = database.store().read().await.unwrap();
        for key in [plain, extreme] {
            let found = read.find_signing_key(environment, &key.kid).await;
            assert_eq!(found, Ok(Some(key)));
        }
        assert_eq!(read.find_signing_key(environment, "\0").await, Ok(None));
        assert_eq!(read.is_signing_key_known("\0").await, Ok(false));
    }

    async fn a_kid_is_registered_once_in_the_whole_installation(database: Database) {
        let store = database.store();
        let ours = stored_environment(store, 1).await.id;
        let theirs = stored_environment(store, 2).await.id;
        let key = signing_key(ours, 1);
        let mut write = store.write().await.unwrap();
        assert_eq!(write.is_signing_key_known(&key.kid).await, Ok(false));
        write.insert_signing_key(&key).await.unwrap();
        assert_eq!(write.revoke_signing_key(ours, &key.kid, at(9)).await, Ok(true));
        write.commit().await.unwrap();

        for environment in [ours, theirs] {
            let mut write = store.write().await.unwrap();
            assert_eq!(write.is_signing_key_known(&key.kid).await, Ok(true), "even when revoked");
            let again = SigningKey { environment_id: environment, ..key.clone() };
            assert_eq!(write.insert_signing_key(&again).await, Err(StoreError::Conflict));
        }
    }

    async fn another_environment_neither_finds_nor_changes_a_key(database: Database) {
        let store = database.store();
        let ours = stored_environment(store, 1).await.id;
        let theirs = stored_environment(store, 2).await.id;
        let key = signing_key(ours, 1);
        let mut write = store.write().await.unwrap();
        write.insert_signing_key(&key).await.unwrap();

        assert_eq!(write.find_signing_key(theirs, &key.kid).await, Ok(None));
        assert_eq!(write.list_unrevoked_signing_keys(theirs).await, Ok(vec![]));
        assert_eq!(write.list_signing_keys(theirs, &page(9)).await.unwrap().items, []);
        assert_eq!(write.set_signing_key_end(theirs, &key.kid, at(9)).await, Ok(false));
        assert_eq!(write.revoke_signing_key(theirs, &key.kid, at(9)).await, Ok(false));
        assert_eq!(write.revoke_signing_keys(theirs, at(9)).await, Ok(0));
        write.add_signing_key_uses(theirs, &key.kid, 5, at(9)).await.unwrap();
        assert_eq!(write.find_signing_key(ours, &key.kid).await, Ok(Some(key)));
    }

    async fn keys_retire_and_are_revoked_once(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let mut write = database.store().write().await.unwrap();
        for number in 1..=3 {
            write.insert_signing_key(&signing_key(environment, number)).await.unwrap();
        }
        let kids = [1, 2, 3].map(|number| signing_key(environment, number).kid);
        assert_eq!(write.set_signing_key_end(environment, &kids[0], at(90)).await, Ok(true));
        assert_eq!(write.revoke_signing_key(environment, &kids[1], at(91)).await, Ok(true));
        assert_eq!(write.revoke_signing_key(environment, &kids[1], at(92)).await, Ok(false));
        assert_eq!(write.set_signing_key_end(environment, &kids[1], at(92)).await, Ok(false));
        assert_eq!(write.revoke_signing_key(environment, "unknown", at(92)).await, Ok(false));

        let retiring = SigningKey { retires_at: Some(at(90)), ..signing_key(environment, 1) };
        let unrevoked = write.list_unrevoked_signing_keys(environment).await;
        assert_eq!(unrevoked, Ok(vec![signing_key(environment, 3), retiring]));

        assert_eq!(write.revoke_signing_keys(environment, at(93)).await, Ok(2));
        assert_eq!(write.revoke_signing_keys(environment, at(94)).await, Ok(0));
        assert_eq!(write.list_unrevoked_signing_keys(environment).await, Ok(vec![]));
        let revoked = write.find_signing_key(environment, &kids[1]).await.unwrap().unwrap();
        assert_eq!(revoked.revoked_at, Some(at(91)), "the first time stays");
    }

    async fn beyond_64_unrevoked_keys_those_that_ended_first_are_missing(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let mut write = database.store().write().await.unwrap();
        // The oldest keys are the active one and one that retires last.
        let active = signing_key(environment, 1);
        let retiring = SigningKey { retires_at: Some(at(9_000)), ..signing_key(environment, 2) };
        write.insert_signing_key(&active).await.unwrap();
        write.insert_signing_key(&retiring).await.unwrap();
        for number in 3..=80 {
            let end = Some(at(i64::from(number)));
            let ended = SigningKey { retires_at: end, ..signing_key(environment, number) };
            write.insert_signing_key(&ended).await.unwrap();
        }
        let keys = write.list_unrevoked_signing_keys(environment).await.unwrap();
        assert_eq!(keys.len(), 64);
        assert_eq!(keys[62..], [retiring, active]);
        assert!(keys.is_sorted_by(|a, b| a.created_at > b.created_at), "newest first");
        assert_eq!(keys[61].kid, signing_key(environment, 19).kid);
    }

    async fn uses_add_up_and_the_latest_use_stays(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let key = signing_key(environment, 1);
        let mut write = database.store().write().await.unwrap();
        write.insert_signing_key(&key).await.unwrap();
        write.add_signing_key_uses(environment, &key.kid, 3, at(20)).await.unwrap();
        write.add_signing_key_uses(environment, &key.kid, 4, at(10)).await.unwrap();
        let used = write.find_signing_key(environment, &key.kid).await.unwrap().unwrap();
        assert_eq!((used.use_count, used.last_used_at), (7, Some(at(20))));
        write.add_signing_key_uses(environment, &key.kid, i64::MAX, at(30)).await.unwrap();
        let used = write.find_signing_key(environment, &key.kid).await.unwrap().unwrap();
        assert_eq!((used.use_count, used.last_used_at), (i64::MAX, Some(at(30))));
    }

    async fn a_list_holds_keys_of_every_state(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let mut write = database.store().write().await.unwrap();
        for number in 1..=3 {
            write.insert_signing_key(&signing_key(environment, number)).await.unwrap();
        }
        write.revoke_signing_keys(environment, at(5)).await.unwrap();
        let first = write.list_signing_keys(environment, &page(2)).await.unwrap();
        let rest = write.list_signing_keys(environment, &after(&first, 2)).await.unwrap();
        let kids: Vec<String> = first.items.iter().chain(&rest.items).map(|k| k.kid.clone()).collect();
        assert_eq!(kids, [3, 2, 1].map(|number| signing_key(environment, number).kid));
        assert_eq!(rest.next, None);
    }
}
