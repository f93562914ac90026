use hallpass_model::{Project, Timestamp};
use hallpass_store::StoreError;
use hallpass_testkit::on_both_engines;

use crate::samples::{FIRST, LAST, after, page, project};

on_both_engines! {
    async fn a_project_reads_back_as_it_was_written(database: Database) {
        let extreme = Project {
            name: "\u{1F511} '; DROP TABLE projects; -- \"$1\" ?".into(),
            created_at: FIRST,
            updated_at: LAST,
            ..project(1)
        };
        let mut write = database.store().write().await.unwrap();
        write.insert_project(&extreme).await.unwrap();
        assert_eq!(write.find_project(extreme.id).await, Ok(Some(extreme.clone())), "its own write");
        write.commit().await.unwrap();

        let mut read = database.open_again().await.read().await.unwrap();
        assert_eq!(read.find_project(extreme.id).await, Ok(Some(extreme.clone())));
        assert_eq!(read.find_project_by_name(&extreme.name).await, Ok(Some(extreme)));
        assert_eq!(read.find_project(project(2).id).await, Ok(None));
    }

    async fn names_are_unique_and_compared_byte_for_byte(database: Database) {
        let store = database.store();
        let lower = Project { name: "acme".into(), ..project(1) };
        let upper = Project { name: "ACME".into(), ..project(2) };
        let mut write = store.write().await.unwrap();
        write.insert_project(&lower).await.unwrap();
        write.insert_project(&upper).await.unwrap();
        write.commit().await.unwrap();

        for taken in [
            Project { name: "acme".into(), ..project(3) },
            Project { id: lower.id, ..project(4) },
        ] {
            let mut write = store.write().await.unwrap();
            assert_eq!(write.insert_project(&taken).await, Err(StoreError::Conflict));
        }
        let mut write = store.write().await.unwrap();
        let renamed = Project { name: "ACME".into(), ..lower.clone() };
        assert_eq!(write.update_project(&renamed).await, Err(StoreError::Conflict));
        drop(write);

        let mut read = store.read().await.unwrap();
        assert_eq!(read.find_project_by_name("acme").await, Ok(Some(lower)));
        assert_eq!(read.find_project_by_name("Acme").await, Ok(None));
        assert_eq!(read.find_project_by_name("acme%").await, Ok(None));
        assert_eq!(read.find_project_by_name("a\0cme").await, Ok(None));
    }

    async fn an_update_changes_name_and_time_of_an_existing_project(database: Database) {
        let mut write = database.store().write().await.unwrap();
        write.insert_project(&project(1)).await.unwrap();
        let renamed = Project {
            name: "renamed".into(),
            updated_at: Timestamp::from_micros(7),
            ..project(1)
        };
        assert_eq!(write.update_project(&renamed).await, Ok(true));
        assert_eq!(write.update_project(&project(2)).await, Ok(false));
        assert_eq!(write.find_project(renamed.id).await, Ok(Some(renamed)));
    }

    async fn a_list_keeps_to_the_projects_asked_for(database: Database) {
        let mut write = database.store().write().await.unwrap();
        for number in 1..=6 {
            write.insert_project(&project(number)).await.unwrap();
        }
        write.commit().await.unwrap();

        let mut read = database.store().read().await.unwrap();
        let all = read.list_projects(None, &page(200)).await.unwrap();
        assert_eq!(all.items, [6, 5, 4, 3, 2, 1].map(project));
        assert_eq!(all.next, None);

        let only = [2, 5, 4, 9].map(|number| project(number).id);
        let first = read.list_projects(Some(&only), &page(2)).await.unwrap();
        assert_eq!(first.items, [5, 4].map(project));
        let second = read.list_projects(Some(&only), &after(&first, 2)).await.unwrap();
        assert_eq!(second.items, [project(2)]);
        assert_eq!(second.next, None);

        let none = read.list_projects(Some(&[]), &page(2)).await.unwrap();
        assert_eq!((none.items, none.next), (vec![], None));
    }
}
