use hallpass_store::IdempotentRecord;
use hallpass_testkit::on_both_engines;

use crate::samples::{FIRST, at};

on_both_engines! {
    async fn a_key_is_remembered_per_operator(database: Database) {
        let store = database.store();
        let digest: Vec<u8> = (0..=255).collect();
        let mut write = store.write().await.unwrap();
        assert_eq!(write.claim_idempotent("ana", "key-1", &digest, at(1)).await, Ok(true));
        assert_eq!(write.finish_idempotent("ana", "key-1", "project/1").await, Ok(true));
        assert_eq!(write.claim_idempotent("ben", "key-1", &[], FIRST).await, Ok(true));
        assert_eq!(write.finish_idempotent("ben", "key-1", "project/2").await, Ok(true));
        write.commit().await.unwrap();

        let mut read = store.read().await.unwrap();
        let ana = IdempotentRecord {
            request_digest: digest,
            resource: "project/1".into(),
            created_at: at(1),
        };
        let ben = IdempotentRecord {
            request_digest: vec![],
            resource: "project/2".into(),
            created_at: FIRST,
        };
        assert_eq!(read.find_idempotent("ana", "key-1").await, Ok(Some(ana)));
        assert_eq!(read.find_idempotent("ben", "key-1").await, Ok(Some(ben)));
        assert_eq!(read.find_idempotent("ana", "key-2").await, Ok(None));
        assert_eq!(read.find_idempotent("ana", "key\0").await, Ok(None));
        assert_eq!(read.find_idempotent("ana", "KEY-1").await, Ok(None));

        let mut write = store.write().await.unwrap();
        assert_eq!(write.claim_idempotent("ana", "key-1", &[1], at(2)).await, Ok(false));
        assert_eq!(write.finish_idempotent("ana", "key-2", "project/3").await, Ok(false));
    }

    async fn old_keys_are_forgotten(database: Database) {
        let mut write = database.store().write().await.unwrap();
        for number in 0..5 {
            let key = format!("key-{number}");
            assert_eq!(write.claim_idempotent("ana", &key, &[1], at(number)).await, Ok(true));
        }
        assert_eq!(write.delete_idempotent_before(at(3)).await, Ok(3));
        assert_eq!(write.find_idempotent("ana", "key-2").await, Ok(None));
        assert!(write.find_idempotent("ana", "key-3").await.unwrap().is_some());
    }
}
