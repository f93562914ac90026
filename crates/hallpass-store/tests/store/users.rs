use hallpass_model::{ConnectedUser, Subject, UserId};
use hallpass_store::StoreError;
use hallpass_testkit::on_both_engines;
use serde_json::json;

use crate::samples::{
    FIRST, LAST, at, bytes, largest_metadata, metadata, page, stored_environment, subject, user,
};

on_both_engines! {
    async fn a_user_reads_back_as_it_was_written(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let longest: Subject = format!("{}xyz", "\u{1F511}".repeat(63)).parse().unwrap();
        assert_eq!(longest.as_str().len(), 255);
        let extreme = ConnectedUser {
            sub: longest.clone(),
            metadata: largest_metadata(),
            version: i64::MAX,
            frozen_at: Some(FIRST),
            created_at: LAST,
            updated_at: FIRST,
            ..user(environment, 1)
        };
        let mut write = database.store().write().await.unwrap();
        assert_eq!(write.insert_user_if_absent(&extreme).await, Ok(true));
        assert_eq!(write.insert_user_if_absent(&user(environment, 2)).await, Ok(true));
        write.commit().await.unwrap();

        let mut read = database.store().read().await.unwrap();
        assert_eq!(read.find_user(environment, &longest).await, Ok(Some(extreme.clone())));
        let listed = read.list_users(environment, &page(9)).await.unwrap();
        assert_eq!(listed.items, [extreme, user(environment, 2)]);
    }

    async fn subjects_are_compared_as_bytes(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        // Precomposed, decomposed, upper case, full width, with a zero-width space.
        let alike = ["\u{e9}a", "e\u{301}a", "\u{c9}A", "\u{ff45}a", "\u{e9}\u{200b}a"];
        let mut write = database.store().write().await.unwrap();
        for (number, text) in (1..).zip(alike) {
            let other = ConnectedUser { sub: text.parse().unwrap(), ..user(environment, number) };
            assert_eq!(write.insert_user_if_absent(&other).await, Ok(true), "{text}");
        }
        for (number, text) in (1..).zip(alike) {
            let found = write.find_user(environment, &text.parse().unwrap()).await.unwrap().unwrap();
            assert_eq!(found.id, user(environment, number).id);
        }
    }

    async fn users_are_found_by_the_beginning_of_their_sub(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let subs = ["org:1/ana", "org:1/bob", "ORG:1/eve", "org:10", "\u{e9}a", "e\u{301}a", "100%_sure", "100"];
        let mut write = database.store().write().await.unwrap();
        for (number, text) in (1..).zip(subs) {
            let one = ConnectedUser { sub: text.parse().unwrap(), ..user(environment, number) };
            write.insert_user_if_absent(&one).await.unwrap();
        }
        let mut found = async |beginning: &str, request: hallpass_model::PageRequest| {
            let page = write.list_users_starting(environment, beginning, &request, 8).await.unwrap();
            let subs: Vec<_> = page.items.iter().map(|user| user.sub.to_string()).collect();
            (subs, page.next)
        };
        for (beginning, expected) in [
            ("org:1/", &["org:1/bob", "org:1/ana"][..]),
            ("ORG", &["ORG:1/eve"]),
            ("\u{e9}", &["\u{e9}a"]),
            ("100%", &["100%_sure"]),
            ("1_0", &[]),
            ("rg:1", &[]),
            ("a\0", &[]),
        ] {
            assert_eq!(found(beginning, page(9)).await.0, expected, "{beginning}");
        }
        let (first, next) = found("org:1", page(2)).await;
        assert_eq!(first, ["org:10", "org:1/bob"]);
        let rest = hallpass_model::PageRequest { after: next, ..page(2) };
        assert_eq!(found("org:1", rest).await, (vec!["org:1/ana".to_owned()], None));
    }

    async fn a_search_looks_at_so_many_users_and_goes_on_where_it_stopped(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let mut write = database.store().write().await.unwrap();
        for (number, text) in (1..).zip(["a1", "b1", "b2", "a2", "b3", "b4", "b5"]) {
            // Three at a time, as of one moment.
            let created_at = at(i64::from(number) / 3);
            let one = ConnectedUser { sub: text.parse().unwrap(), created_at, ..user(environment, number) };
            write.insert_user_if_absent(&one).await.unwrap();
        }
        let all = write.list_users(environment, &page(9)).await.unwrap();
        let order: Vec<_> = all.items.iter().map(|user| user.sub.to_string()).collect();
        for (beginning, walked, limit) in [("a", 3, 9), ("a", 1, 9), ("a", 7, 9), ("b", 3, 2), ("b", 2, 1), ("c", 2, 9), ("", 3, 2)] {
            let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
            loop {
                let request = hallpass_model::PageRequest { after, ..page(limit) };
                let page = write.list_users_starting(environment, beginning, &request, walked).await.unwrap();
                assert!(page.items.len() <= walked as usize);
                found.extend(page.items.into_iter().map(|user| user.sub.to_string()));
                pages += 1;
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            let expected: Vec<_> = order.iter().filter(|sub| sub.starts_with(beginning)).cloned().collect();
            assert_eq!(found, expected, "{beginning}, {walked}");
            assert!(pages >= 7_u32.div_ceil(walked), "{beginning}, {walked}: {pages}");
        }
    }

    async fn of_many_first_sights_at_once_one_creates_the_user(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let attempts: Vec<_> = (1..=8)
            .map(|number| {
                let store = database.store().clone();
                let seen = ConnectedUser { sub: subject(0), ..user(environment, number) };
                tokio::spawn(async move {
                    let mut write = store.write().await.unwrap();
                    let created = write.insert_user_if_absent(&seen).await.unwrap();
                    let found = write.find_user(environment, &seen.sub).await.unwrap().unwrap();
                    write.commit().await.unwrap();
                    (created, seen.id, found.id)
                })
            })
            .collect();
        let (mut creators, mut found) = (Vec::new(), Vec::new());
        for attempt in attempts {
            let (created, own, id) = attempt.await.unwrap();
            found.push(id);
            if created {
                creators.push(own);
            }
        }
        assert_eq!(creators.len(), 1);
        assert!(found.iter().all(|id| *id == creators[0]), "everybody gets the one that was created");
    }

    async fn a_taken_id_is_a_conflict_not_an_absent_user(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let mut write = database.store().write().await.unwrap();
        write.insert_user_if_absent(&user(environment, 1)).await.unwrap();
        let same_id = ConnectedUser { id: UserId::from_random(bytes(1)), ..user(environment, 2) };
        assert_eq!(write.insert_user_if_absent(&same_id).await, Err(StoreError::Conflict));
    }

    async fn metadata_is_replaced_from_the_expected_version_only(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let sub = subject(1);
        let (first, second) = (metadata(json!({"plan": "free"})), largest_metadata());
        let mut write = database.store().write().await.unwrap();
        write.insert_user_if_absent(&user(environment, 1)).await.unwrap();
        assert_eq!(write.update_user_metadata(environment, &sub, &first, 2, at(5)).await, Ok(false));
        assert_eq!(write.update_user_metadata(environment, &sub, &first, 1, at(5)).await, Ok(true));
        assert_eq!(write.update_user_metadata(environment, &sub, &first, 1, at(6)).await, Ok(false));
        assert_eq!(write.update_user_metadata(environment, &sub, &second, 2, at(7)).await, Ok(true));
        let found = write.find_user(environment, &sub).await.unwrap().unwrap();
        let expected = ConnectedUser {
            metadata: second,
            version: 3,
            updated_at: at(7),
            ..user(environment, 1)
        };
        assert_eq!(found, expected);
        assert_eq!(
            write.update_user_metadata(environment, &subject(9), &first, 1, at(5)).await,
            Ok(false)
        );
    }

    async fn users_freeze_and_thaw(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let mut write = database.store().write().await.unwrap();
        write.insert_user_if_absent(&user(environment, 1)).await.unwrap();
        let sub = subject(1);
        assert_eq!(write.set_user_frozen(environment, &sub, Some(at(5)), at(6)).await, Ok(true));
        let frozen = write.find_user(environment, &sub).await.unwrap().unwrap();
        assert_eq!((frozen.frozen_at, frozen.updated_at), (Some(at(5)), at(6)));
        assert_eq!(write.set_user_frozen(environment, &sub, None, at(7)).await, Ok(true));
        let thawed = write.find_user(environment, &sub).await.unwrap().unwrap();
        assert_eq!((thawed.frozen_at, thawed.updated_at), (None, at(7)));
        assert_eq!(write.set_user_frozen(environment, &subject(9), None, at(7)).await, Ok(false));
    }

    async fn the_later_not_before_stays_and_outlives_the_user(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let sub = subject(1);
        let mut write = database.store().write().await.unwrap();
        write.insert_user_if_absent(&user(environment, 1)).await.unwrap();
        assert_eq!(write.find_not_before(environment, &sub).await, Ok(None));
        for (raised, kept) in [(FIRST, FIRST), (at(5), at(5)), (at(3), at(5)), (LAST, LAST), (at(9), LAST)] {
            write.raise_not_before(environment, &sub, raised).await.unwrap();
            assert_eq!(write.find_not_before(environment, &sub).await, Ok(Some(kept)));
        }
        let found = write.find_user(environment, &sub).await.unwrap().unwrap();
        assert_eq!(found.not_before, Some(LAST));

        assert_eq!(write.delete_user(environment, &sub).await, Ok(true));
        assert_eq!(write.delete_user(environment, &sub).await, Ok(false));
        assert_eq!(write.find_user(environment, &sub).await, Ok(None));
        assert_eq!(write.find_not_before(environment, &sub).await, Ok(Some(LAST)));
        write.insert_user_if_absent(&user(environment, 2)).await.unwrap();
        let again = ConnectedUser { sub: sub.clone(), ..user(environment, 3) };
        write.insert_user_if_absent(&again).await.unwrap();
        let found = write.find_user(environment, &sub).await.unwrap().unwrap();
        assert_eq!((found.id, found.not_before), (again.id, Some(LAST)));
    }

    async fn another_environment_neither_finds_nor_changes_a_user(database: Database) {
        let store = database.store();
        let ours = stored_environment(store, 1).await.id;
        let theirs = stored_environment(store, 2).await.id;
        let sub = subject(1);
        let mut write = store.write().await.unwrap();
        write.insert_user_if_absent(&user(ours, 1)).await.unwrap();
        write.raise_not_before(ours, &sub, at(1)).await.unwrap();

        assert_eq!(write.find_user(theirs, &sub).await, Ok(None));
        assert_eq!(write.find_not_before(theirs, &sub).await, Ok(None));
        assert_eq!(write.list_users(theirs, &page(9)).await.unwrap().items, []);
        let empty = metadata(json!({}));
        assert_eq!(write.update_user_metadata(theirs, &sub, &empty, 1, at(2)).await, Ok(false));
        assert_eq!(write.set_user_frozen(theirs, &sub, Some(at(2)), at(2)).await, Ok(false));
        assert_eq!(write.delete_user(theirs, &sub).await, Ok(false));
        write.raise_not_before(theirs, &sub, LAST).await.unwrap();

        let untouched = ConnectedUser { not_before: Some(at(1)), ..user(ours, 1) };
        assert_eq!(write.find_user(ours, &sub).await, Ok(Some(untouched)));
        let namesake = ConnectedUser { sub: sub.clone(), ..user(theirs, 2) };
        assert_eq!(write.insert_user_if_absent(&namesake).await, Ok(true));
    }
}
