use hallpass_model::{ConnectedUser, ErrorKind, PageRequest, Timestamp};
use hallpass_store::{AuditFilter, Store, StoreError};
use hallpass_testkit::on_both_engines;

use crate::samples::{FIRST, LAST, at, page, project, stored_environment, user};

on_both_engines! {
    async fn pages_have_no_gaps_or_repeats_while_rows_arrive(database: Database) {
        let store = database.store();
        let environment = stored_environment(store, 1).await.id;
        // Groups of seven share their moment; the moments include both ends of time.
        let moment = |number: u32| match number / 7 {
            0 => FIRST,
            8 => LAST,
            group => at(i64::from(group)),
        };
        let early: Vec<ConnectedUser> = (0..63)
            .map(|number| ConnectedUser { created_at: moment(number), ..user(environment, number) })
            .collect();
        insert_users(store, &early).await;
        let mut expected: Vec<(Timestamp, String)> =
            early.iter().map(|one| (one.created_at, one.id.to_string())).collect();
        expected.sort();
        expected.reverse();

        let mut listed = Vec::new();
        let mut request = page(5);
        let mut late = 1_000;
        loop {
            let page = store.read().await.unwrap().list_users(environment, &request).await.unwrap();
            assert!(page.items.len() <= 5);
            listed.extend(page.items);
            request.after = page.next;
            if request.after.is_none() {
                break;
            }
            // Rows that arrive now are new; some are dated before rows that were shown, some after all of them.
            let newcomers: Vec<ConnectedUser> = (late..late + 3)
                .map(|number| ConnectedUser {
                    created_at: at(i64::from(number % 4) * 3),
                    ..user(environment, number)
                })
                .collect();
            insert_users(store, &newcomers).await;
            late += 3;
        }
        let positions: Vec<(Timestamp, String)> =
            listed.iter().map(|one| (one.created_at, one.id.to_string())).collect();
        assert!(positions.is_sorted_by(|a, b| a > b), "newest first, nothing twice");
        let of_the_early: Vec<(Timestamp, String)> =
            positions.into_iter().filter(|position| expected.contains(position)).collect();
        assert_eq!(of_the_early, expected);
    }

    async fn limits_are_bounded(database: Database) {
        let mut write = database.store().write().await.unwrap();
        for number in 0..203 {
            write.insert_project(&project(number)).await.unwrap();
        }
        for (limit, shown) in [(0, 1), (1, 1), (200, 200), (201, 200), (u32::MAX, 200)] {
            let page = write.list_projects(None, &page(limit)).await.unwrap();
            assert_eq!(page.items.len(), shown, "limit {limit}");
            assert!(page.next.is_some());
        }
    }

    async fn a_page_that_ends_with_the_list_has_no_next(database: Database) {
        let mut write = database.store().write().await.unwrap();
        for number in 0..4 {
            write.insert_project(&project(number)).await.unwrap();
        }
        assert_eq!(write.list_projects(None, &page(4)).await.unwrap().next, None);
        assert!(write.list_projects(None, &page(3)).await.unwrap().next.is_some());
    }

    async fn a_foreign_cursor_is_refused_by_every_list(database: Database) {
        let store = database.store();
        let environment = stored_environment(store, 1).await;
        let mut write = store.write().await.unwrap();
        write.insert_project(&project(2)).await.unwrap();
        let of_projects = write.list_projects(None, &page(1)).await.unwrap().next;
        assert!(of_projects.is_some());

        let refused = Err(StoreError::InvalidCursor);
        for after in [of_projects.clone(), Some(String::new()), Some("'; --".into())] {
            let request = PageRequest { after, limit: 1 };
            let (id, only) = (environment.id, [environment.project_id]);
            if request.after != of_projects {
                assert_eq!(write.list_projects(None, &request).await, refused.clone().map(no_page));
                assert_eq!(write.list_projects(Some(&only), &request).await, refused.clone().map(no_page));
            }
            assert_eq!(write.list_environments(only[0], &request).await, refused.clone().map(no_page));
            assert_eq!(write.list_signing_keys(id, &request).await, refused.clone().map(no_page));
            assert_eq!(write.list_users(id, &request).await, refused.clone().map(no_page));
            assert_eq!(write.list_operators(&request).await, refused.clone().map(no_page));
            let operator = crate::samples::operator(1).id;
            assert_eq!(write.list_operator_keys(operator, &request).await, refused.clone().map(no_page));
            let audit = write.list_audit(&AuditFilter::default(), &request).await;
            assert_eq!(audit, refused.clone().map(no_page));
        }
        let public = hallpass_model::Error::from(StoreError::InvalidCursor);
        assert_eq!((public.kind(), public.code()), (ErrorKind::InvalidRequest, "invalid_cursor"));
    }
}

async fn insert_users(store: &Store, users: &[ConnectedUser]) {
    let mut write = store.write().await.unwrap();
    for user in users {
        assert_eq!(write.insert_user_if_absent(user).await, Ok(true));
    }
    write.commit().await.unwrap();
}

/// Gives a refusal the type of any list's answer.
fn no_page<T>((): ()) -> hallpass_model::Page<T> {
    unreachable!("a refusal has no page")
}
