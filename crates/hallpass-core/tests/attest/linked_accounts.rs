//! Further ways to be the same account.

use std::time::Duration;

use hallpass_core::{LinkProof, LinkStart, LinkStarted, Linked, SessionCaller};
use hallpass_identity::wallet::Chain;
use hallpass_model::{ChallengeId, Identity, IdentityKind, Result};
use hallpass_testkit::on_both_engines;
use hallpass_testkit::wallet::TestWallet;
use serde_json::json;

use crate::people::{App, claimed, page, signed};

async fn start(app: &App, caller: &SessionCaller, wallet: &TestWallet) -> LinkStarted {
    let start = LinkStart::Wallet {
        wallet: claimed(wallet),
        page: page(),
    };
    let links = &app.world.services.linked_accounts;
    links.start(caller, &start).await.expect("started")
}

async fn begun(app: &App, caller: &SessionCaller, wallet: &TestWallet) -> (ChallengeId, String) {
    match start(app, caller, wallet).await {
        LinkStarted::Begun { id, message } => (id, message.expect("a message")),
        LinkStarted::Conflict => panic!("begun"),
    }
}

async fn verify(
    app: &App,
    caller: &SessionCaller,
    id: ChallengeId,
    wallet: &TestWallet,
    message: &str,
) -> Result<Linked> {
    let proof = LinkProof::Wallet {
        wallet: claimed(wallet),
        answer: signed(wallet, message),
    };
    let links = &app.world.services.linked_accounts;
    links.verify(caller, id, &proof).await
}

/// The whole way, a moment after whatever was linked before: lists are in the order of time.
pub async fn link(app: &App, caller: &SessionCaller, wallet: &TestWallet) -> Linked {
    app.world.clock.advance(Duration::from_secs(1));
    let (id, message) = begun(app, caller, wallet).await;
    verify(app, caller, id, wallet, &message)
        .await
        .expect("an outcome")
}

fn kinds(linked: Linked) -> Vec<IdentityKind> {
    match linked {
        Linked::Identities(identities) => identities.into_iter().map(|one| one.kind).collect(),
        Linked::Conflict => panic!("linked"),
    }
}

async fn identity(app: &App, caller: &SessionCaller, kind: IdentityKind) -> Identity {
    let links = &app.world.services.linked_accounts;
    let listed = links.list(caller).await.expect("a list");
    let found = listed.into_iter().find(|one| one.kind == kind);
    found.expect("linked")
}

on_both_engines! {
    async fn a_linked_wallet_signs_in_to_the_same_account(database: Database) {
        let app = App::new(database).await;
        let (caller, account, _) = app.somebody().await;
        let second = TestWallet::new(Chain::Solana);
        assert_eq!(kinds(link(&app, &caller, &second).await), [IdentityKind::Evm, IdentityKind::Solana]);
        let mut visitor = app.visitor().await;
        assert_eq!(app.sign_in(&mut visitor, &second).await, account);
        let identity = identity(&app, &caller, IdentityKind::Solana).await;
        assert!(!identity.is_primary);
        assert_eq!(identity.shown, second.address());
    }

    async fn conflicts_are_told_both_ways_and_change_nothing(database: Database) {
        let app = App::new(database).await;
        let (mine, my_account, my_wallet) = app.somebody().await;
        let (theirs, their_account, their_wallet) = app.somebody().await;
        assert!(matches!(start(&app, &mine, &my_wallet).await, LinkStarted::Conflict), "one's own");
        for (caller, wallet) in [(&mine, &their_wallet), (&theirs, &my_wallet)] {
            assert!(matches!(link(&app, caller, wallet).await, Linked::Conflict));
            let links = &app.world.services.linked_accounts;
            assert_eq!(links.list(caller).await.unwrap().len(), 1);
        }
        for (wallet, account) in [(&my_wallet, my_account), (&their_wallet, their_account)] {
            let mut visitor = app.visitor().await;
            assert_eq!(app.sign_in(&mut visitor, wallet).await, account);
        }
    }

    async fn a_link_counts_once_in_its_session_and_for_its_account(database: Database) {
        let app = App::new(database).await;
        let (mut mine, _, _) = app.somebody().await;
        let (theirs, _, their_wallet) = app.somebody().await;
        let wallet = TestWallet::new(Chain::Ethereum);
        let code = |outcome: Result<Linked>| outcome.map_or_else(|error| error.code(), |_| "ok");
        let (id, message) = begun(&app, &mine, &wallet).await;
        assert_eq!(code(verify(&app, &theirs, id, &wallet, &message).await), "challenge_invalid", "another session");
        let other = TestWallet::new(Chain::Ethereum);
        assert_eq!(code(verify(&app, &mine, id, &other, &message).await), "wrong_address");
        assert_eq!(code(verify(&app, &mine, id, &wallet, &message).await), "challenge_invalid", "used up");
        let (id, message) = begun(&app, &mine, &wallet).await;
        // Somebody else signs in in the same session meanwhile.
        app.sign_in(&mut mine, &their_wallet).await;
        assert_eq!(code(verify(&app, &mine, id, &wallet, &message).await), "challenge_invalid", "another account");
        let visitor = app.visitor().await;
        assert_eq!(code(verify(&app, &visitor, id, &wallet, &message).await), "not_signed_in");
    }

    async fn a_sign_in_message_links_nothing_and_a_link_signs_nobody_in(database: Database) {
        let app = App::new(database).await;
        let (mut caller, _, _) = app.somebody().await;
        let wallet = TestWallet::new(Chain::Ethereum);
        let offer = app.offer(&caller, &wallet).await;
        let refused = verify(&app, &caller, offer.attempt, &wallet, &offer.message).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid");
        let (id, message) = begun(&app, &caller, &wallet).await;
        assert!(message.contains("Link this wallet to your account"), "{message}");
        let offer = hallpass_core::WalletOffer { attempt: id, message };
        let refused = app.answer(&mut caller, &offer, &wallet, &signed(&wallet, &offer.message)).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid");
    }

    async fn a_visit_to_a_service_is_awaited(database: Database) {
        let app = App::new(database).await;
        let (caller, _, _) = app.somebody().await;
        let links = &app.world.services.linked_accounts;
        let started = links.start(&caller, &LinkStart::Service(IdentityKind::Google)).await.unwrap();
        let LinkStarted::Begun { id, message: None } = started else { panic!("begun without a message") };
        let asked = links.verify(&caller, id, &LinkProof::Awaited).await;
        assert_eq!(asked.unwrap_err().code(), "link_pending");
        let (other, _, _) = app.somebody().await;
        let asked = links.verify(&other, id, &LinkProof::Awaited).await;
        assert_eq!(asked.unwrap_err().code(), "challenge_invalid");
        let wallet = TestWallet::new(Chain::Ethereum);
        let refused = verify(&app, &caller, id, &wallet, "x").await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid", "the proof of another kind");
    }

    async fn the_last_way_in_and_the_one_in_use_stay(database: Database) {
        let app = App::new(database).await;
        let (caller, _, first) = app.somebody().await;
        let links = &app.world.services.linked_accounts;
        let own = identity(&app, &caller, IdentityKind::Evm).await;
        assert_eq!(links.unlink(&caller, own.id).await.unwrap_err().code(), "last_identity");
        let second = TestWallet::new(Chain::Solana);
        link(&app, &caller, &second).await;
        assert_eq!(links.unlink(&caller, own.id).await.unwrap_err().code(), "identity_in_use");
        // A family that the environment does not take is no way in.
        app.set(json!({ "wallet_types": ["evm"] })).await;
        let caller = app.holder_of(caller.token()).await;
        assert_eq!(links.unlink(&caller, own.id).await.unwrap_err().code(), "last_identity");
        app.set(json!({ "wallet_types": ["evm", "solana"] })).await;
        let mut other = app.visitor().await;
        app.sign_in(&mut other, &second).await;
        let (stranger, _, _) = app.somebody().await;
        assert_eq!(links.unlink(&stranger, own.id).await.unwrap_err().code(), "not_found");
        let left = links.unlink(&other, own.id).await.unwrap();
        assert_eq!(left.len(), 1);
        assert!(!app.holder_of(caller.token()).await.session.is_signed_in(), "who came in by it is out");
        let mut visitor = app.visitor().await;
        let offer = app.offer(&visitor, &first).await;
        let login = app.answer(&mut visitor, &offer, &first, &signed(&first, &offer.message)).await.unwrap();
        assert!(login.is_new, "the wallet is nobody's now");
    }

    async fn an_unlinked_wallet_is_no_longer_among_a_sessions_wallets(database: Database) {
        let app = App::new(database).await;
        let (first, second) = (TestWallet::new(Chain::Ethereum), TestWallet::new(Chain::Solana));
        let mut caller = app.visitor().await;
        app.sign_in(&mut caller, &first).await;
        link(&app, &caller, &second).await;
        app.sign_in(&mut caller, &second).await;
        assert_eq!(caller.session.wallets.len(), 2);
        let links = &app.world.services.linked_accounts;
        let gone = identity(&app, &caller, IdentityKind::Evm).await;
        links.unlink(&caller, gone.id).await.unwrap();
        let session = app.holder_of(caller.token()).await.session;
        assert_eq!(session.wallets.iter().map(|one| one.address.clone()).collect::<Vec<_>>(), [second.address()]);
    }
}
