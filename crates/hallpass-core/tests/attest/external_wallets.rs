//! Sign-in with wallets that people bring along.

use std::time::Duration;

use hallpass_core::ClaimedWallet;
use hallpass_identity::wallet::{Chain, cosmos};
use hallpass_model::IdentityKind;
use hallpass_testkit::on_both_engines;
use hallpass_testkit::wallet::TestWallet;
use serde_json::json;

use crate::people::{App, claimed, page, signed};

on_both_engines! {
    async fn a_wallet_signs_in_and_is_the_same_account_later(database: Database) {
        let app = App::new(database).await;
        for chain in Chain::ALL {
            let wallet = TestWallet::new(chain);
            let mut first = app.visitor().await;
            let before = first.token().to_owned();
            let offer = app.offer(&first, &wallet).await;
            let login = app.answer(&mut first, &offer, &wallet, &signed(&wallet, &offer.message)).await.unwrap();
            assert!(login.is_new);
            assert_ne!(first.token(), before, "the secret is a new one");
            assert_eq!(first.session.account_id, Some(login.account));
            assert_eq!(first.session.wallets[0].address, wallet.address());
            assert_eq!(first.session.login.as_ref().unwrap().shown, wallet.address());
            let mut second = app.visitor().await;
            assert_eq!(app.sign_in(&mut second, &wallet).await, login.account);
            assert_ne!(second.session.id, first.session.id);
        }
    }

    async fn the_address_comes_back_as_the_client_wrote_it(database: Database) {
        let app = App::new(database).await;
        let wallet = TestWallet::new(Chain::Ethereum);
        let mut caller = app.visitor().await;
        let account = app.sign_in(&mut caller, &wallet).await;
        let small = ClaimedWallet { address: wallet.address().to_lowercase(), ..claimed(&wallet) };
        let offer = app.try_offer(&caller, &small).await.unwrap();
        assert!(offer.message.contains(&wallet.address()), "with its checksum in the message");
        let wallets = &app.world.services.wallet_sign_in;
        let login = wallets.verify(&mut caller, offer.attempt, &small, &signed(&wallet, &offer.message)).await.unwrap();
        assert_eq!((login.account, login.is_new), (account, false));
        let addresses: Vec<&str> = caller.session.wallets.iter().map(|wallet| wallet.address.as_str()).collect();
        assert!(addresses.contains(&small.address.as_str()), "{addresses:?}");
    }

    async fn a_cosmos_account_is_named_by_its_digits_and_its_bech32_form(database: Database) {
        let app = App::new(database).await;
        let wallet = TestWallet::new(Chain::Cosmos);
        let digits = cosmos::Address::parse(&wallet.address()).unwrap().to_hex();
        let as_sdk = ClaimedWallet {
            address: digits.clone(),
            address_bech32: Some(wallet.address()),
            ..claimed(&wallet)
        };
        let mut caller = app.visitor().await;
        let offer = app.try_offer(&caller, &as_sdk).await.unwrap();
        let wallets = &app.world.services.wallet_sign_in;
        wallets.verify(&mut caller, offer.attempt, &as_sdk, &signed(&wallet, &offer.message)).await.unwrap();
        assert_eq!(caller.session.wallets[0].address, digits);
        let mut tx = app.world.store.read().await.unwrap();
        let kept = tx.find_identity(app.environment, &IdentityKind::Cosmos, &digits).await.unwrap();
        assert!(kept.is_some());
    }

    async fn the_message_outlives_a_new_secret_and_ends_after_ten_minutes(database: Database) {
        let app = App::new(database).await;
        let wallet = TestWallet::new(Chain::Ethereum);
        let caller = app.visitor().await;
        let offer = app.offer(&caller, &wallet).await;
        let mut caller = app.world.services.sessions.regenerate(caller).await.unwrap();
        let late = app.offer(&caller, &wallet).await;
        app.answer(&mut caller, &offer, &wallet, &signed(&wallet, &offer.message)).await.unwrap();
        app.world.clock.advance(Duration::from_secs(600));
        let refused = app.answer(&mut caller, &late, &wallet, &signed(&wallet, &late.message)).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid");
    }

    async fn a_message_counts_once_also_after_a_wrong_signature(database: Database) {
        let app = App::new(database).await;
        let (wallet, stranger) = (TestWallet::new(Chain::Solana), TestWallet::new(Chain::Solana));
        let mut caller = app.visitor().await;
        let offer = app.offer(&caller, &wallet).await;
        let forged = signed(&stranger, &offer.message);
        let refused = app.answer(&mut caller, &offer, &wallet, &forged).await;
        assert_eq!(refused.unwrap_err().code(), "wrong_signer");
        let good = signed(&wallet, &offer.message);
        for _ in 0..2 {
            let refused = app.answer(&mut caller, &offer, &wallet, &good).await;
            assert_eq!(refused.unwrap_err().code(), "challenge_invalid");
        }
        assert!(!caller.session.is_signed_in());
        let offer = app.offer(&caller, &wallet).await;
        let good = signed(&wallet, &offer.message);
        app.answer(&mut caller, &offer, &wallet, &good).await.unwrap();
        let refused = app.answer(&mut caller, &offer, &wallet, &good).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid");
    }

    async fn a_wallet_that_is_only_connected_proves_nothing(database: Database) {
        let app = App::new(database).await;
        let wallet = TestWallet::new(Chain::Ethereum);
        let mut caller = app.visitor().await;
        let offer = app.offer(&caller, &wallet).await;
        let shown = ClaimedWallet { is_connection_only: true, ..claimed(&wallet) };
        let wallets = &app.world.services.wallet_sign_in;
        let refused = wallets.verify(&mut caller, offer.attempt, &shown, &signed(&wallet, &offer.message)).await;
        assert_eq!(refused.unwrap_err().code(), "connection_only");
        assert!(!app.holder_of(caller.token()).await.session.is_signed_in());
    }

    async fn an_environment_takes_the_families_that_it_lists(database: Database) {
        let app = App::new(database).await;
        app.set(json!({ "wallet_types": ["solana"] })).await;
        let caller = app.visitor().await;
        for (chain, expected) in [
            (Chain::Ethereum, Some("wallet_type_not_allowed")),
            (Chain::Cosmos, Some("wallet_type_not_allowed")),
            (Chain::Solana, None),
        ] {
            let offered = app.try_offer(&caller, &claimed(&TestWallet::new(chain))).await;
            assert_eq!(offered.err().map(|error| error.code()), expected);
        }
    }

    async fn a_first_sign_in_is_told_with_what_it_commits(database: Database) {
        let app = App::new(database).await;
        app.tell_of_wallets().await;
        let (mut caller, account, wallet) = app.somebody().await;
        app.sign_in(&mut caller, &wallet).await;
        let told = app.told().await;
        assert_eq!(told.len(), 1, "once for the wallet, not for every sign-in: {told:?}");
        assert_eq!(told[0]["userId"], account.to_string());
        assert_eq!(told[0]["walletAddress"], wallet.address());
        assert_eq!(told[0]["walletProvider"], "Test");
    }

    async fn the_page_in_the_message_is_an_allowed_one(database: Database) {
        let app = App::new(database).await;
        app.set(json!({ "allowed_origins": ["https://app.example"], "display_name": "Acme" })).await;
        let caller = app.visitor().await;
        let wallet = claimed(&TestWallet::new(Chain::Ethereum));
        let wallets = &app.world.services.wallet_sign_in;
        let mut facts = page();
        facts.uri = Some("https://app.example/login?next=/".to_owned());
        let offer = wallets.offer(&caller, &wallet, &facts, Some("137")).await.unwrap();
        assert!(offer.message.starts_with("app.example wants you to sign in"), "{}", offer.message);
        assert!(offer.message.contains("\nURI: https://app.example\n"), "{}", offer.message);
        assert!(offer.message.contains("\nChain ID: 137\n"), "{}", offer.message);
        facts.uri = Some("https://evil.example/login".to_owned());
        let refused = wallets.offer(&caller, &wallet, &facts, None).await;
        assert_eq!(refused.unwrap_err().code(), "uri_not_allowed");
    }
}
