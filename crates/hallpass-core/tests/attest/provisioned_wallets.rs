//! Wallets that apps provision: a public key and the proof that its holder agrees.

use std::time::Duration;

use hallpass_core::{WalletChallenge, WalletOwner, WalletProof};
use hallpass_identity::wallet::Chain;
use hallpass_model::{Result, Wallet, WalletType, limits};
use hallpass_testkit::on_both_engines;
use hallpass_testkit::wallet::TestWallet;

use crate::people::{App, signed};

const CHAINS: [(Chain, WalletType); 2] = [
    (Chain::Ethereum, WalletType::Evm),
    (Chain::Solana, WalletType::Solana),
];

async fn challenge(app: &App, owner: WalletOwner<'_>, key: &TestWallet) -> WalletChallenge {
    let chain = CHAINS.iter().find(|(chain, _)| *chain == key.chain());
    let wallets = &app.world.services.wallets;
    let kind = chain.expect("a chain").1;
    let made = wallets.challenge(owner, kind, &key.public_key()).await;
    made.expect("a message")
}

async fn register(
    app: &App,
    owner: WalletOwner<'_>,
    challenge: &WalletChallenge,
    signature: String,
) -> Result<Wallet> {
    let proof = WalletProof {
        challenge: challenge.id,
        signature,
        name: Some("Savings".to_owned()),
    };
    app.world.services.wallets.register(owner, &proof).await
}

async fn provision(app: &App, owner: WalletOwner<'_>, key: &TestWallet) -> Result<Wallet> {
    let made = challenge(app, owner, key).await;
    register(app, owner, &made, key.sign(&made.message)).await
}

on_both_engines! {
    async fn a_key_is_registered_by_its_holder_in_a_session_and_by_a_backend(database: Database) {
        let app = App::new(database).await;
        let (caller, account, _) = app.somebody().await;
        let backend = app.caller().await;
        for (chain, kind) in CHAINS {
            for owner in [WalletOwner::signed_in(&caller).unwrap(), WalletOwner::named(&backend, account)] {
                let key = TestWallet::new(chain);
                let wallet = provision(&app, owner, &key).await.unwrap();
                assert_eq!((wallet.chain, &wallet.address), (kind, &key.address()));
                assert_eq!((&wallet.public_key, wallet.account_id), (&key.public_key(), account));
                let again = provision(&app, owner, &key).await.unwrap();
                assert_eq!(again, wallet, "what is there already is answered as it is");
                let found = app.world.services.wallets.verify_address(&backend, &key.address()).await;
                assert_eq!(found.unwrap(), wallet.id);
            }
        }
        let owner = WalletOwner::named(&backend, account);
        let wallets = &app.world.services.wallets;
        let listed = wallets.list(owner).await.unwrap();
        assert_eq!(listed.len(), 4);
        let admin = app.world.admin();
        assert_eq!(wallets.list_of_account(&admin, app.environment, account).await.unwrap(), listed);
        let gone = wallets.remove(owner, listed[0].id).await.unwrap();
        assert_eq!(gone, listed[0]);
        assert_eq!(wallets.remove(owner, gone.id).await.unwrap_err().code(), "not_found");
        assert_eq!(wallets.verify_address(&backend, &gone.address).await.unwrap_err().code(), "not_found");
        assert_eq!(wallets.list(owner).await.unwrap().len(), 3);
    }

    async fn a_message_counts_once_for_ten_minutes_and_for_its_key(database: Database) {
        let app = App::new(database).await;
        let (caller, _, _) = app.somebody().await;
        let owner = WalletOwner::signed_in(&caller).unwrap();
        let (key, stranger) = (TestWallet::new(Chain::Ethereum), TestWallet::new(Chain::Ethereum));
        let made = challenge(&app, owner, &key).await;
        let code = |outcome: Result<Wallet>| outcome.map_or_else(|error| error.code(), |_| "ok");
        assert_eq!(code(register(&app, owner, &made, stranger.sign(&made.message)).await), "wrong_signer");
        assert_eq!(code(register(&app, owner, &made, key.sign(&made.message)).await), "challenge_invalid");
        let made = challenge(&app, owner, &key).await;
        let other_text = made.message.replace("Nonce: ", "Nonce: 0");
        assert_eq!(code(register(&app, owner, &made, key.sign(&other_text)).await), "wrong_signer");
        let made = challenge(&app, owner, &key).await;
        app.world.clock.advance(Duration::from_secs(600));
        assert_eq!(code(register(&app, owner, &made, key.sign(&made.message)).await), "challenge_invalid");
        assert_eq!(code(provision(&app, owner, &key).await), "ok");
    }

    async fn a_message_is_of_one_account_session_and_environment(database: Database) {
        let app = App::new(database).await;
        let (mine, account, _) = app.somebody().await;
        let (theirs, other_account, _) = app.somebody().await;
        let (backend, elsewhere) = (app.caller().await, app.elsewhere().await);
        let key = TestWallet::new(Chain::Ethereum);
        let owner = WalletOwner::signed_in(&mine).unwrap();
        for wrong in [
            WalletOwner::signed_in(&theirs).unwrap(),
            WalletOwner::named(&backend, account),
            WalletOwner::named(&backend, other_account),
            WalletOwner::named(&elsewhere, account),
        ] {
            let made = challenge(&app, owner, &key).await;
            let refused = register(&app, wrong, &made, key.sign(&made.message)).await;
            assert_eq!(refused.unwrap_err().code(), "challenge_invalid");
            // Nobody else's try has spoilt it.
            let _ = register(&app, owner, &made, key.sign(&made.message)).await.unwrap();
        }
        let made = challenge(&app, WalletOwner::named(&backend, account), &key).await;
        let refused = register(&app, owner, &made, key.sign(&made.message)).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid", "a backend's message in a session");
        let made = challenge(&app, WalletOwner::named(&backend, account), &key).await;
        let refused = register(&app, WalletOwner::named(&backend, other_account), &made, key.sign(&made.message)).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid", "another account's message");
    }

    async fn an_address_is_one_accounts_in_each_environment(database: Database) {
        let app = App::new(database).await;
        let (mine, account, _) = app.somebody().await;
        let (theirs, _, _) = app.somebody().await;
        let key = TestWallet::new(Chain::Solana);
        let wallet = provision(&app, WalletOwner::signed_in(&mine).unwrap(), &key).await.unwrap();
        let refused = provision(&app, WalletOwner::signed_in(&theirs).unwrap(), &key).await;
        assert_eq!(refused.unwrap_err().code(), "wallet_taken");
        let wallets = &app.world.services.wallets;
        let refused = wallets.remove(WalletOwner::signed_in(&theirs).unwrap(), wallet.id).await;
        assert_eq!(refused.unwrap_err().code(), "not_found");
        let elsewhere = app.elsewhere().await;
        for outcome in [
            wallets.list(WalletOwner::named(&elsewhere, account)).await.err(),
            wallets.remove(WalletOwner::named(&elsewhere, account), wallet.id).await.err(),
            wallets.verify_address(&elsewhere, &key.address()).await.err(),
            wallets.challenge(WalletOwner::named(&elsewhere, account), WalletType::Solana, &key.public_key()).await.err(),
        ] {
            assert_eq!(outcome.map(|error| error.code()), Some("not_found"));
        }
    }

    async fn an_account_has_so_many_wallets_and_a_frozen_one_gets_none(database: Database) {
        let app = App::new(database).await;
        let (caller, account, _) = app.somebody().await;
        let owner = WalletOwner::signed_in(&caller).unwrap();
        for _ in 0..limits::ACCOUNT_WALLETS {
            provision(&app, owner, &TestWallet::new(Chain::Solana)).await.unwrap();
        }
        let refused = provision(&app, owner, &TestWallet::new(Chain::Solana)).await;
        assert_eq!(refused.unwrap_err().code(), "too_many_wallets");
        let key = TestWallet::new(Chain::Ethereum);
        let made = challenge(&app, owner, &key).await;
        app.freeze(account).await;
        let refused = register(&app, owner, &made, key.sign(&made.message)).await;
        assert_eq!(refused.unwrap_err().code(), "account_frozen");
        let wallets = &app.world.services.wallets;
        let refused = wallets.challenge(owner, WalletType::Evm, &key.public_key()).await;
        assert_eq!(refused.unwrap_err().code(), "account_frozen");
    }

    async fn a_sign_in_message_registers_no_key_and_a_registration_signs_nobody_in(database: Database) {
        let app = App::new(database).await;
        let (caller, _, _) = app.somebody().await;
        let owner = WalletOwner::signed_in(&caller).unwrap();
        let key = TestWallet::new(Chain::Ethereum);
        let offer = app.offer(&caller, &key).await;
        let proof = WalletProof {
            challenge: offer.attempt,
            signature: key.sign(&offer.message),
            name: None,
        };
        let refused = app.world.services.wallets.register(owner, &proof).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid");
        let made = challenge(&app, owner, &key).await;
        let mut visitor = app.holder_of(caller.token()).await;
        let offer = hallpass_core::WalletOffer { attempt: made.id, message: made.message };
        let refused = app.answer(&mut visitor, &offer, &key, &signed(&key, &offer.message)).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid");
    }

    async fn a_private_key_is_refused_and_nothing_of_it_is_kept(database: Database) {
        let app = App::new(database).await;
        let (caller, _, _) = app.somebody().await;
        let owner = WalletOwner::signed_in(&caller).unwrap();
        let secret = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
        let wallets = &app.world.services.wallets;
        for text in [secret, &format!("0x{secret}"), &format!("[{}]", vec!["7"; 64].join(","))] {
            for (_, kind) in CHAINS {
                let error = wallets.challenge(owner, kind, text).await.unwrap_err();
                assert_eq!((error.code(), error.pointer()), ("private_key_given", Some("/public_key")));
                assert!(!error.message().contains(text));
            }
        }
        let key = TestWallet::new(Chain::Ethereum);
        let made = challenge(&app, owner, &key).await;
        let proof = WalletProof {
            challenge: made.id,
            signature: key.sign(&made.message),
            name: Some(secret.to_owned()),
        };
        let error = wallets.register(owner, &proof).await.unwrap_err();
        assert_eq!((error.code(), error.pointer()), ("private_key_given", Some("/name")));
        assert!(wallets.list(owner).await.unwrap().is_empty());
    }
}
