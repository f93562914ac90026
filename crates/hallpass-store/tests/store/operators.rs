use hallpass_model::{Operator, OperatorKey, Role};
use hallpass_store::StoreError;
use hallpass_testkit::on_both_engines;

use crate::samples::{FIRST, LAST, after, at, operator, operator_key, page, project};

on_both_engines! {
    async fn an_operator_reads_back_as_it_was_written(database: Database) {
        let confined = Operator {
            name: "\u{1F511} \"Ana\"".into(),
            role: Role::Support,
            projects: Some(vec![project(2).id, project(1).id]),
            created_at: FIRST,
            disabled_at: Some(LAST),
            ..operator(1)
        };
        let to_none = Operator { role: Role::Member, projects: Some(vec![]), ..operator(2) };
        let mut write = database.store().write().await.unwrap();
        assert_eq!(write.count_operators().await, Ok(0));
        for one in [&confined, &to_none, &operator(3)] {
            write.insert_operator(one).await.unwrap();
        }
        write.commit().await.unwrap();

        let mut read = database.store().read().await.unwrap();
        assert_eq!(read.count_operators().await, Ok(3));
        for one in [confined, to_none, operator(3)] {
            assert_eq!(read.find_operator(one.id).await, Ok(Some(one.clone())));
            assert_eq!(read.find_operator_by_name(&one.name).await, Ok(Some(one)));
        }
        assert_eq!(read.find_operator(operator(4).id).await, Ok(None));
        assert_eq!(read.find_operator_by_name("Operator 3").await, Ok(None));
        assert_eq!(read.find_operator_by_name("\0").await, Ok(None));
    }

    async fn operators_are_updated_and_named_uniquely(database: Database) {
        let store = database.store();
        let mut write = store.write().await.unwrap();
        write.insert_operator(&operator(1)).await.unwrap();
        write.insert_operator(&operator(2)).await.unwrap();
        let changed = Operator {
            name: "renamed".into(),
            role: Role::Member,
            projects: Some(vec![project(1).id]),
            disabled_at: Some(at(5)),
            ..operator(1)
        };
        assert_eq!(write.update_operator(&changed).await, Ok(true));
        assert_eq!(write.update_operator(&operator(9)).await, Ok(false));
        assert_eq!(write.find_operator(changed.id).await, Ok(Some(changed)));
        write.commit().await.unwrap();

        let mut write = store.write().await.unwrap();
        let namesake = Operator { name: "renamed".into(), ..operator(3) };
        assert_eq!(write.insert_operator(&namesake).await, Err(StoreError::Conflict));
        drop(write);
        let mut write = store.write().await.unwrap();
        let namesake = Operator { name: "renamed".into(), ..operator(2) };
        assert_eq!(write.update_operator(&namesake).await, Err(StoreError::Conflict));
    }

    async fn a_key_is_found_by_its_digest_with_its_operator(database: Database) {
        let confined = Operator { projects: Some(vec![project(1).id]), ..operator(1) };
        let extreme = OperatorKey {
            created_at: FIRST,
            expires_at: Some(LAST),
            revoked_at: Some(at(1)),
            last_used_at: Some(at(2)),
            ..operator_key(confined.id, 1)
        };
        let digest = std::array::from_fn(|index| u8::try_from(index * 8).unwrap());
        let mut write = database.store().write().await.unwrap();
        write.insert_operator(&confined).await.unwrap();
        write.insert_operator(&operator(2)).await.unwrap();
        write.insert_operator_key(&extreme, &digest).await.unwrap();
        write.insert_operator_key(&operator_key(operator(2).id, 2), &[255; 32]).await.unwrap();
        write.commit().await.unwrap();

        let mut read = database.store().read().await.unwrap();
        let found = read.find_operator_by_key_digest(&digest).await;
        assert_eq!(found, Ok(Some((confined.clone(), extreme.clone()))));
        let (other, _) = read.find_operator_by_key_digest(&[255; 32]).await.unwrap().unwrap();
        assert_eq!(other, operator(2));
        assert_eq!(read.find_operator_by_key_digest(&[0; 32]).await, Ok(None));
        assert_eq!(read.find_operator_key(confined.id, extreme.id).await, Ok(Some(extreme.clone())));
        assert_eq!(read.find_operator_key(operator(2).id, extreme.id).await, Ok(None));
    }

    async fn a_digest_is_registered_once(database: Database) {
        let mut write = database.store().write().await.unwrap();
        write.insert_operator(&operator(1)).await.unwrap();
        write.insert_operator_key(&operator_key(operator(1).id, 1), &[7; 32]).await.unwrap();
        let again = write.insert_operator_key(&operator_key(operator(1).id, 2), &[7; 32]).await;
        assert_eq!(again, Err(StoreError::Conflict));
    }

    async fn keys_are_revoked_once_by_their_operator_and_touched(database: Database) {
        let (ours, theirs) = (operator(1).id, operator(2).id);
        let key = operator_key(ours, 1);
        let mut write = database.store().write().await.unwrap();
        write.insert_operator(&operator(1)).await.unwrap();
        write.insert_operator(&operator(2)).await.unwrap();
        write.insert_operator_key(&key, &[1; 32]).await.unwrap();
        write.touch_operator_key(key.id, at(20)).await.unwrap();
        write.touch_operator_key(key.id, at(10)).await.unwrap();
        assert_eq!(write.revoke_operator_key(theirs, key.id, at(30)).await, Ok(false));
        assert_eq!(write.revoke_operator_key(ours, key.id, at(31)).await, Ok(true));
        assert_eq!(write.revoke_operator_key(ours, key.id, at(32)).await, Ok(false));
        let expected = OperatorKey {
            revoked_at: Some(at(31)),
            last_used_at: Some(at(20)),
            ..key.clone()
        };
        assert_eq!(write.find_operator_key(ours, key.id).await, Ok(Some(expected)));
    }

    async fn lists_are_newest_first_and_paged(database: Database) {
        let mut write = database.store().write().await.unwrap();
        for number in 1..=4 {
            write.insert_operator(&operator(number)).await.unwrap();
            let key = operator_key(operator(1).id, number);
            write.insert_operator_key(&key, &[u8::try_from(number).unwrap(); 32]).await.unwrap();
        }
        let first = write.list_operators(&page(3)).await.unwrap();
        assert_eq!(first.items, [4, 3, 2].map(operator));
        let rest = write.list_operators(&after(&first, 3)).await.unwrap();
        assert_eq!((rest.items, rest.next), (vec![operator(1)], None));

        let first = write.list_operator_keys(operator(1).id, &page(3)).await.unwrap();
        assert_eq!(first.items, [4, 3, 2].map(|number| operator_key(operator(1).id, number)));
        let rest = write.list_operator_keys(operator(1).id, &after(&first, 3)).await.unwrap();
        assert_eq!((rest.items, rest.next), (vec![operator_key(operator(1).id, 1)], None));
        assert_eq!(write.list_operator_keys(operator(2).id, &page(3)).await.unwrap().items, []);
    }
}
