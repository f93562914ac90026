use hallpass_model::{Account, AccountId, Environment, Profile, Wallet, WalletId, WalletType};
use hallpass_store::{Store, StoreError};
use hallpass_testkit::on_both_engines;

use crate::samples::{at, stored_environment};

async fn stored_account(store: &Store, environment: &Environment, number: u8) -> AccountId {
    let account = Account {
        id: AccountId::from_random([number; 16]),
        environment_id: environment.id,
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

fn wallet(environment: &Environment, account: AccountId, number: u8) -> Wallet {
    Wallet {
        id: WalletId::from_random([number; 16]),
        environment_id: environment.id,
        account_id: account,
        chain: WalletType::Evm,
        address: format!("0xAB{number:038}"),
        account_key: format!("0xab{number:038}"),
        public_key: "0x04".into(),
        name: Some("\u{1F511} 'savings'".into()),
        created_at: at(i64::from(number)),
    }
}

on_both_engines! {
    async fn a_wallet_reads_back_and_goes(database: Database) {
        let store = database.store();
        let (here, there) = (stored_environment(store, 1).await, stored_environment(store, 2).await);
        let account = stored_account(store, &here, 1).await;
        let (first, second) = (
            wallet(&here, account, 1),
            Wallet { name: None, chain: WalletType::Solana, ..wallet(&here, account, 2) },
        );
        let mut write = store.write().await.unwrap();
        for one in [&second, &first] {
            write.insert_wallet(one).await.unwrap();
        }
        write.commit().await.unwrap();

        let mut write = store.write().await.unwrap();
        assert_eq!(write.find_wallet(here.id, first.id).await, Ok(Some(first.clone())));
        assert_eq!(write.find_wallet(there.id, first.id).await, Ok(None));
        let by_key = write.find_wallet_by_key(here.id, WalletType::Evm, &first.account_key).await;
        assert_eq!(by_key, Ok(Some(first.clone())));
        for (environment, chain, key) in [
            (there.id, WalletType::Evm, first.account_key.as_str()),
            (here.id, WalletType::Solana, &first.account_key),
            (here.id, WalletType::Evm, &first.address),
            (here.id, WalletType::Evm, "\0"),
        ] {
            assert_eq!(write.find_wallet_by_key(environment, chain, key).await, Ok(None), "{key}");
        }
        let listed = write.list_account_wallets(here.id, account).await;
        assert_eq!(listed, Ok(vec![first.clone(), second.clone()]));
        assert_eq!(write.list_account_wallets(there.id, account).await, Ok(vec![]));
        assert_eq!(write.count_account_wallets(here.id, account).await, Ok(2));
        assert_eq!(write.delete_wallet(there.id, account, first.id).await, Ok(false));
        let stranger = AccountId::from_random([9; 16]);
        assert_eq!(write.delete_wallet(here.id, stranger, first.id).await, Ok(false));
        assert_eq!(write.delete_wallet(here.id, account, first.id).await, Ok(true));
        assert_eq!(write.delete_wallets_of_account(here.id, account).await, Ok(1));
        assert_eq!(write.count_account_wallets(here.id, account).await, Ok(0));
    }

    async fn an_address_is_one_accounts_in_an_environment(database: Database) {
        let store = database.store();
        let (here, there) = (stored_environment(store, 1).await, stored_environment(store, 2).await);
        let (mine, other) = (
            stored_account(store, &here, 1).await,
            stored_account(store, &there, 2).await,
        );
        let mut write = store.write().await.unwrap();
        write.insert_wallet(&wallet(&here, mine, 1)).await.unwrap();
        let elsewhere = Wallet { id: WalletId::from_random([7; 16]), ..wallet(&there, other, 1) };
        write.insert_wallet(&elsewhere).await.unwrap();
        write.commit().await.unwrap();
        let mut write = store.write().await.unwrap();
        let again = Wallet { id: WalletId::from_random([8; 16]), ..wallet(&here, mine, 1) };
        assert_eq!(write.insert_wallet(&again).await, Err(StoreError::Conflict));
    }
}
