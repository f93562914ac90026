use hallpass_model::{
    EnvironmentId, IdentityProvider, IdentityProviderId, ProviderKind, ProviderSettings,
};
use hallpass_store::StoreError;
use hallpass_testkit::on_both_engines;

use crate::samples::{
    FIRST, LAST, at, bytes, identity_provider, stored_environment, unusual_provider_settings,
};

on_both_engines! {
    async fn a_provider_reads_back_as_it_was_written(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let plain = identity_provider(environment, 1);
        let extreme = IdentityProvider {
            settings: unusual_provider_settings(),
            disabled_at: Some(FIRST),
            version: i64::MIN,
            created_at: LAST,
            updated_at: FIRST,
            ..identity_provider(environment, 2)
        };
        let mut write = database.store().write().await.unwrap();
        write.insert_identity_provider(&plain).await.unwrap();
        write.insert_identity_provider(&extreme).await.unwrap();
        write.commit().await.unwrap();

        let mut read = database.store().read().await.unwrap();
        for provider in [&plain, &extreme] {
            let found = read.find_identity_provider(environment, provider.id).await;
            assert_eq!(found, Ok(Some(provider.clone())));
        }
        let listed = read.list_identity_providers(environment).await;
        assert_eq!(listed, Ok(vec![plain, extreme]));
    }

    async fn every_kind_reads_back(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let kinds = [ProviderKind::Auth0, ProviderKind::Firebase, ProviderKind::Oidc, ProviderKind::Jwks];
        let mut write = database.store().write().await.unwrap();
        for (number, kind) in (1..).zip(kinds) {
            let settings = ProviderSettings::new(kind);
            let provider = IdentityProvider { settings, ..identity_provider(environment, number) };
            write.insert_identity_provider(&provider).await.unwrap();
            assert_eq!(write.find_identity_provider(environment, provider.id).await, Ok(Some(provider)));
        }
    }

    async fn ids_are_unique_in_the_whole_installation(database: Database) {
        let store = database.store();
        let ours = stored_environment(store, 1).await.id;
        let theirs = stored_environment(store, 2).await.id;
        let mut write = store.write().await.unwrap();
        write.insert_identity_provider(&identity_provider(ours, 1)).await.unwrap();
        write.commit().await.unwrap();
        for environment in [ours, theirs] {
            let mut write = store.write().await.unwrap();
            let again = write.insert_identity_provider(&identity_provider(environment, 1)).await;
            assert_eq!(again, Err(StoreError::Conflict));
        }
    }

    async fn a_provider_needs_its_environment(database: Database) {
        let nowhere = EnvironmentId::from_random(bytes(7));
        let mut write = database.store().write().await.unwrap();
        let refused = write.insert_identity_provider(&identity_provider(nowhere, 1)).await;
        assert!(matches!(refused, Err(StoreError::Internal(_))), "{refused:?}");
    }

    async fn another_environment_neither_finds_nor_changes_nor_deletes_a_provider(database: Database) {
        let store = database.store();
        let ours = stored_environment(store, 1).await.id;
        let theirs = stored_environment(store, 2).await.id;
        let provider = identity_provider(ours, 1);
        let mut write = store.write().await.unwrap();
        write.insert_identity_provider(&provider).await.unwrap();

        assert_eq!(write.find_identity_provider(theirs, provider.id).await, Ok(None));
        assert_eq!(write.list_identity_providers(theirs).await, Ok(vec![]));
        let moved = IdentityProvider {
            environment_id: theirs,
            settings: unusual_provider_settings(),
            version: 2,
            ..provider.clone()
        };
        assert_eq!(write.update_identity_provider(&moved, 1).await, Ok(false));
        assert_eq!(write.delete_identity_provider(theirs, provider.id).await, Ok(false));
        assert_eq!(write.find_identity_provider(ours, provider.id).await, Ok(Some(provider)));
    }

    async fn an_update_writes_what_may_change(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let stored = identity_provider(environment, 1);
        let neighbour = identity_provider(environment, 2);
        let mut write = database.store().write().await.unwrap();
        write.insert_identity_provider(&stored).await.unwrap();
        write.insert_identity_provider(&neighbour).await.unwrap();
        let changed = IdentityProvider {
            settings: unusual_provider_settings(),
            disabled_at: Some(LAST),
            version: 2,
            created_at: LAST,
            updated_at: FIRST,
            ..stored.clone()
        };
        assert_eq!(write.update_identity_provider(&changed, 1).await, Ok(true));
        let expected = IdentityProvider { created_at: stored.created_at, ..changed };
        assert_eq!(write.find_identity_provider(environment, stored.id).await, Ok(Some(expected)));

        let enabled = IdentityProvider { version: 3, ..stored.clone() };
        assert_eq!(write.update_identity_provider(&enabled, 2).await, Ok(true));
        assert_eq!(write.find_identity_provider(environment, stored.id).await, Ok(Some(enabled)));
        assert_eq!(write.find_identity_provider(environment, neighbour.id).await, Ok(Some(neighbour)));
    }

    async fn an_update_needs_the_stored_version(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let stored = identity_provider(environment, 1);
        let mut write = database.store().write().await.unwrap();
        write.insert_identity_provider(&stored).await.unwrap();
        let changed = IdentityProvider { version: 2, disabled_at: Some(at(9)), ..stored.clone() };
        for stale in [0, 2, i64::MIN, i64::MAX] {
            assert_eq!(write.update_identity_provider(&changed, stale).await, Ok(false));
        }
        assert_eq!(write.find_identity_provider(environment, stored.id).await, Ok(Some(stored)));
        assert_eq!(write.update_identity_provider(&changed, 1).await, Ok(true));
        assert_eq!(write.update_identity_provider(&changed, 1).await, Ok(false));
        assert_eq!(write.find_identity_provider(environment, changed.id).await, Ok(Some(changed)));
    }

    async fn of_two_updates_from_one_version_one_wins(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let stored = identity_provider(environment, 1);
        let mut write = database.store().write().await.unwrap();
        write.insert_identity_provider(&stored).await.unwrap();
        write.commit().await.unwrap();
        let attempts = [at(101), at(102)].map(|disabled_at| {
            let store = database.store().clone();
            let changed = IdentityProvider { version: 2, disabled_at: Some(disabled_at), ..stored.clone() };
            tokio::spawn(async move {
                let mut write = store.write().await.unwrap();
                let won = write.update_identity_provider(&changed, 1).await.unwrap();
                write.commit().await.unwrap();
                won.then_some(disabled_at)
            })
        });
        let mut winners = Vec::new();
        for attempt in attempts {
            winners.extend(attempt.await.unwrap());
        }
        let mut read = database.store().read().await.unwrap();
        let now = read.find_identity_provider(environment, stored.id).await.unwrap().unwrap();
        assert_eq!(winners.len(), 1);
        assert_eq!(now.disabled_at, Some(winners[0]));
    }

    async fn a_deleted_provider_is_gone_and_may_come_back(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let (first, second) = (identity_provider(environment, 1), identity_provider(environment, 2));
        let mut write = database.store().write().await.unwrap();
        write.insert_identity_provider(&first).await.unwrap();
        write.insert_identity_provider(&second).await.unwrap();
        assert_eq!(write.delete_identity_provider(environment, first.id).await, Ok(true));
        assert_eq!(write.delete_identity_provider(environment, first.id).await, Ok(false));
        assert_eq!(write.find_identity_provider(environment, first.id).await, Ok(None));
        assert_eq!(write.update_identity_provider(&first, 1).await, Ok(false));
        assert_eq!(write.list_identity_providers(environment).await, Ok(vec![second]));
        assert_eq!(write.insert_identity_provider(&first).await, Ok(()));
        write.commit().await.unwrap();

        let mut write = database.store().write().await.unwrap();
        assert_eq!(write.delete_identity_provider(environment, first.id).await, Ok(true));
        drop(write);
        let mut read = database.store().read().await.unwrap();
        let found = read.find_identity_provider(environment, first.id).await;
        assert_eq!(found, Ok(Some(first)), "not committed");
    }

    async fn a_list_is_oldest_first_then_by_id(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let mut write = database.store().write().await.unwrap();
        // 4 to 8 are of one age: their ids decide.
        let mut expected = Vec::new();
        for number in [8, 2, 5, 4, 1, 7, 3, 6] {
            let created_at = at(i64::from(number.min(4)));
            let provider = IdentityProvider { created_at, ..identity_provider(environment, number) };
            write.insert_identity_provider(&provider).await.unwrap();
            expected.push(provider);
        }
        expected.sort_by_key(|provider| (provider.created_at, provider.id.to_string()));
        assert_eq!(write.list_identity_providers(environment).await, Ok(expected));
    }

    async fn a_list_ends_after_64(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let mut write = database.store().write().await.unwrap();
        for number in 1..=66 {
            write.insert_identity_provider(&identity_provider(environment, number)).await.unwrap();
        }
        let listed = write.list_identity_providers(environment).await.unwrap();
        let oldest: Vec<IdentityProvider> =
            (1..=64).map(|number| identity_provider(environment, number)).collect();
        assert_eq!(listed, oldest);
    }

    async fn a_row_that_contradicts_itself_is_corrupt(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let provider = identity_provider(environment, 1);
        let mut write = database.store().write().await.unwrap();
        write.insert_identity_provider(&provider).await.unwrap();
        write.commit().await.unwrap();
        for (damage, column) in [
            ("UPDATE identity_providers SET kind = 'jwks'", "kind"),
            ("UPDATE identity_providers SET settings = '{\"kind\":\"jwks\",\"secret\":1}'", "settings"),
            ("UPDATE identity_providers SET settings = '{'", "settings"),
        ] {
            database.tamper(damage).await;
            let mut read = database.store().read().await.unwrap();
            let refused = read.find_identity_provider(environment, provider.id).await;
            let told = StoreError::Corrupt(format!("identity_providers.{column} is unreadable"));
            assert_eq!(refused, Err(told.clone()));
            assert_eq!(read.list_identity_providers(environment).await, Err(told));
        }
    }

    async fn an_unknown_id_is_nothing(database: Database) {
        let environment = stored_environment(database.store(), 1).await.id;
        let unknown = IdentityProviderId::from_random(bytes(1));
        let mut write = database.store().write().await.unwrap();
        assert_eq!(write.find_identity_provider(environment, unknown).await, Ok(None));
        assert_eq!(write.delete_identity_provider(environment, unknown).await, Ok(false));
        assert_eq!(write.list_identity_providers(environment).await, Ok(vec![]));
    }
}
