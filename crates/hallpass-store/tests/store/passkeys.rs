use hallpass_model::{
    Account, AccountId, EnvironmentId, Passkey, PasskeyCredential, PasskeyId, Profile,
};
use hallpass_store::Store;
use hallpass_testkit::on_both_engines;

use crate::samples::{FIRST, LAST, at, bytes, stored_environment};

async fn stored_account(store: &Store, environment: EnvironmentId, number: u32) -> AccountId {
    let account = Account {
        id: AccountId::from_random(bytes(number)),
        environment_id: environment,
        profile: Profile::default(),
        role: None,
        permissions: None,
        version: 1,
        frozen_at: None,
        signed_in_at: None,
        created_at: at(0),
        updated_at: at(0),
    };
    let mut write = store.write().await.unwrap();
    write.insert_account(&account).await.unwrap();
    write.commit().await.unwrap();
    account.id
}

fn passkey(environment: EnvironmentId, account: AccountId, number: u32) -> Passkey {
    Passkey {
        id: PasskeyId::from_random(bytes(number)),
        environment_id: environment,
        account_id: account,
        credential_id: format!("credential-{number}"),
        credential: PasskeyCredential {
            public_key: "pQECAyY".into(),
            counter: number,
            is_synced: false,
        },
        name: format!("passkey {number}"),
        created_at: at(i64::from(number)),
        last_used_at: None,
    }
}

on_both_engines! {
    async fn a_passkey_reads_back_as_it_was_written(database: Database) {
        let store = database.store();
        let environment = stored_environment(store, 1).await.id;
        let account = stored_account(store, environment, 1).await;
        let plain = passkey(environment, account, 1);
        let extreme = Passkey {
            name: "'; DROP TABLE passkeys; -- \u{1F511}".into(),
            credential: PasskeyCredential { counter: u32::MAX, is_synced: true, ..plain.credential.clone() },
            created_at: FIRST,
            last_used_at: Some(LAST),
            ..passkey(environment, account, 2)
        };
        let mut write = store.write().await.unwrap();
        write.insert_passkey(&plain).await.unwrap();
        write.insert_passkey(&extreme).await.unwrap();
        write.commit().await.unwrap();

        let mut read = store.read().await.unwrap();
        for passkey in [&plain, &extreme] {
            let found = read.find_passkey_by_credential(environment, &passkey.credential_id).await;
            assert_eq!(found, Ok(Some(passkey.clone())));
            let found = read.find_passkey(environment, account, passkey.id).await;
            assert_eq!(found, Ok(Some(passkey.clone())));
        }
        assert_eq!(read.find_passkey_by_credential(environment, "\0").await, Ok(None));
        assert_eq!(read.list_passkeys(environment, account).await, Ok(vec![plain, extreme]), "newest first");
    }

    async fn a_credential_is_kept_once_per_environment_and_found_there_only(database: Database) {
        let store = database.store();
        let ours = stored_environment(store, 1).await.id;
        let theirs = stored_environment(store, 2).await.id;
        let our_account = stored_account(store, ours, 1).await;
        let their_account = stored_account(store, theirs, 2).await;
        let kept = passkey(ours, our_account, 1);
        let mut write = store.write().await.unwrap();
        write.insert_passkey(&kept).await.unwrap();
        write.commit().await.unwrap();

        let mut read = store.read().await.unwrap();
        assert_eq!(read.find_passkey_by_credential(theirs, &kept.credential_id).await, Ok(None));
        assert_eq!(read.find_passkey(ours, their_account, kept.id).await, Ok(None));
        drop(read);
        let mut write = store.write().await.unwrap();
        let again = Passkey { id: PasskeyId::from_random(bytes(9)), ..kept.clone() };
        assert!(write.insert_passkey(&again).await.unwrap_err().is_conflict());
        drop(write);
        let mut write = store.write().await.unwrap();
        let elsewhere = Passkey { environment_id: theirs, account_id: their_account, ..again };
        write.insert_passkey(&elsewhere).await.unwrap();
        let renamed = write.rename_passkey(theirs, their_account, kept.id, "x").await;
        assert_eq!(renamed, Ok(false), "another environment's");
        assert_eq!(write.delete_passkey(theirs, their_account, kept.id).await, Ok(false));
        write.commit().await.unwrap();
    }

    async fn of_two_uses_with_one_counter_only_the_first_is_noted(database: Database) {
        let store = database.store();
        let environment = stored_environment(store, 1).await.id;
        let account = stored_account(store, environment, 1).await;
        let kept = passkey(environment, account, 1);
        let used = PasskeyCredential { counter: 2, ..kept.credential.clone() };
        let mut write = store.write().await.unwrap();
        write.insert_passkey(&kept).await.unwrap();
        assert_eq!(write.note_passkey_use(&kept, &used, at(5)).await, Ok(true));
        assert_eq!(write.note_passkey_use(&kept, &used, at(6)).await, Ok(false));
        let found = write.find_passkey(environment, account, kept.id).await.unwrap().unwrap();
        assert_eq!((found.credential, found.last_used_at), (used, Some(at(5))));
        assert_eq!(write.rename_passkey(environment, account, kept.id, "laptop").await, Ok(true));
        assert_eq!(write.delete_passkey(environment, account, kept.id).await, Ok(true));
        assert_eq!(write.delete_passkey(environment, account, kept.id).await, Ok(false));
        write.commit().await.unwrap();
    }

    async fn an_accounts_passkeys_go_with_it(database: Database) {
        let store = database.store();
        let environment = stored_environment(store, 1).await.id;
        let account = stored_account(store, environment, 1).await;
        let mut write = store.write().await.unwrap();
        for number in 1..=3 {
            write.insert_passkey(&passkey(environment, account, number)).await.unwrap();
        }
        assert_eq!(write.delete_passkeys_of_account(environment, account).await, Ok(3));
        assert_eq!(write.list_passkeys(environment, account).await, Ok(Vec::new()));
        write.commit().await.unwrap();
    }
}
