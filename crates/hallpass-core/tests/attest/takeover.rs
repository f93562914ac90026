//! Ways in which somebody could become somebody else, and that none of them works.

use std::time::Duration;

use hallpass_core::{Contact, LinkProof, LinkStart, LinkStarted, Linked, WalletAnswer};
use hallpass_identity::wallet::Chain;
use hallpass_testkit::on_both_engines;
use hallpass_testkit::wallet::TestWallet;

use crate::people::{App, claimed, page, signed};

on_both_engines! {
    /// Session fixation: whoever planted a session's value before the sign-in holds nothing afterwards.
    async fn a_value_known_before_the_sign_in_is_worthless_after_it(database: Database) {
        let app = App::new(database).await;
        let wallet = TestWallet::new(Chain::Ethereum);
        let planted = app.visitor().await.token().to_owned();
        let mut victim = app.holder_of(&planted).await;
        let account = app.sign_in(&mut victim, &wallet).await;
        let attacker = app.holder_of(&planted).await;
        assert_ne!(attacker.session.id, victim.session.id);
        assert!(!attacker.session.is_signed_in());
        assert_eq!(app.holder_of(victim.token()).await.session.account_id, Some(account));
        // The public handle is in URLs; it opens nothing.
        let by_handle = app.holder_of(&victim.session.id.to_string()).await;
        assert!(!by_handle.session.is_signed_in());
    }

    async fn every_further_sign_in_makes_the_former_value_worthless(database: Database) {
        let app = App::new(database).await;
        let (mut caller, account, wallet) = app.somebody().await;
        let former = caller.token().to_owned();
        assert_eq!(app.sign_in(&mut caller, &wallet).await, account);
        assert!(!app.holder_of(&former).await.session.is_signed_in());
    }

    async fn a_replayed_wallet_message_signs_nobody_in(database: Database) {
        let app = App::new(database).await;
        for chain in Chain::ALL {
            let wallet = TestWallet::new(chain);
            let mut victim = app.visitor().await;
            let offer = app.offer(&victim, &wallet).await;
            let stolen = signed(&wallet, &offer.message);
            app.answer(&mut victim, &offer, &wallet, &stolen).await.unwrap();
            let mut attacker = app.visitor().await;
            let refused = app.answer(&mut attacker, &offer, &wallet, &stolen).await;
            assert_eq!(refused.unwrap_err().code(), "challenge_invalid");
            // Nor does the signature fit the message that the attacker gets.
            let own = app.offer(&attacker, &wallet).await;
            let refused = app.answer(&mut attacker, &own, &wallet, &stolen).await;
            assert_eq!(refused.unwrap_err().code(), "wrong_signer");
            assert!(!attacker.session.is_signed_in());
        }
    }

    async fn a_message_of_another_session_is_refused_and_stays_good_for_its_own(database: Database) {
        let app = App::new(database).await;
        let wallet = TestWallet::new(Chain::Ethereum);
        let (mut victim, mut attacker) = (app.visitor().await, app.visitor().await);
        let offer = app.offer(&victim, &wallet).await;
        let stolen = signed(&wallet, &offer.message);
        let refused = app.answer(&mut attacker, &offer, &wallet, &stolen).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid");
        app.answer(&mut victim, &offer, &wallet, &stolen).await.unwrap();
    }

    /// A page of the attacker's passes on what it got here. The person signs a text that names the attacker's page.
    async fn a_message_for_another_domain_or_network_is_refused(database: Database) {
        let app = App::new(database).await;
        let wallet = TestWallet::new(Chain::Ethereum);
        for (from, to) in [
            ("app.example wants", "evil.example wants"),
            ("URI: https://app.example", "URI: https://evil.example"),
            ("Chain ID: 1", "Chain ID: 5"),
            ("Version: 1", "Version: 2"),
            ("Nonce: ", "Nonce: 0"),
        ] {
            let mut attacker = app.visitor().await;
            let offer = app.offer(&attacker, &wallet).await;
            let shown = offer.message.replacen(from, to, 1);
            assert_ne!(shown, offer.message, "{from}");
            let refused = app.answer(&mut attacker, &offer, &wallet, &signed(&wallet, &shown)).await;
            assert_eq!(refused.unwrap_err().code(), "wrong_signer", "{from}");
        }
    }

    async fn a_wallet_does_not_become_another_wallets_account(database: Database) {
        let app = App::new(database).await;
        let (_, _, victim) = app.somebody().await;
        let own = TestWallet::new(Chain::Ethereum);
        let mut attacker = app.visitor().await;
        // Their own message and signature, the victim's address beside it.
        let offer = app.offer(&attacker, &own).await;
        let wallets = &app.world.services.wallet_sign_in;
        let answer = signed(&own, &offer.message);
        let refused = wallets.verify(&mut attacker, offer.attempt, &claimed(&victim), &answer).await;
        assert_eq!(refused.unwrap_err().code(), "wrong_address");
        // The victim's message, signed by the attacker.
        let offer = app.offer(&attacker, &victim).await;
        let refused = app.answer(&mut attacker, &offer, &victim, &signed(&own, &offer.message)).await;
        assert_eq!(refused.unwrap_err().code(), "wrong_signer");
        let offer = app.offer(&attacker, &victim).await;
        let refused = app.answer(&mut attacker, &offer, &victim, &WalletAnswer::default()).await;
        assert_eq!(refused.unwrap_err().code(), "signature_not_hex");
        assert!(!attacker.session.is_signed_in());
    }

    async fn an_identity_that_is_anothers_cannot_be_linked_away(database: Database) {
        let app = App::new(database).await;
        let (attacker, _, _) = app.somebody().await;
        let (mut victim, account, wallet) = app.somebody().await;
        let links = &app.world.services.linked_accounts;
        let start = LinkStart::Wallet { wallet: claimed(&wallet), page: page() };
        let LinkStarted::Begun { id, message } = links.start(&attacker, &start).await.unwrap() else {
            panic!("whether somebody has it stays unsaid")
        };
        // Without the victim's key there is no proof, and with it there is a conflict.
        let stranger = TestWallet::new(Chain::Ethereum);
        let proof = LinkProof::Wallet {
            wallet: claimed(&wallet),
            answer: signed(&stranger, &message.unwrap()),
        };
        assert_eq!(links.verify(&attacker, id, &proof).await.unwrap_err().code(), "wrong_signer");
        let linked = crate::linked_accounts::link(&app, &attacker, &wallet).await;
        assert!(matches!(linked, Linked::Conflict));
        assert_eq!(app.sign_in(&mut victim, &wallet).await, account);
    }

    async fn a_frozen_account_neither_signs_in_nor_grows(database: Database) {
        let app = App::new(database).await;
        let (caller, account, wallet) = app.somebody().await;
        let further = TestWallet::new(Chain::Solana);
        let links = &app.world.services.linked_accounts;
        let start = LinkStart::Wallet { wallet: claimed(&further), page: page() };
        let LinkStarted::Begun { id, message } = links.start(&caller, &start).await.unwrap() else {
            panic!("begun")
        };
        app.freeze(account).await;
        let proof = LinkProof::Wallet {
            wallet: claimed(&further),
            answer: signed(&further, &message.unwrap()),
        };
        assert_eq!(links.verify(&caller, id, &proof).await.unwrap_err().code(), "not_signed_in");
        let mut visitor = app.visitor().await;
        let offer = app.offer(&visitor, &wallet).await;
        let answer = signed(&wallet, &offer.message);
        let refused = app.answer(&mut visitor, &offer, &wallet, &answer).await;
        assert_eq!(refused.unwrap_err().code(), "account_frozen");
        assert!(!app.holder_of(visitor.token()).await.session.is_signed_in());
        let refused = app.answer(&mut visitor, &offer, &wallet, &answer).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid", "used up all the same");
    }

    async fn nothing_of_one_environment_counts_in_another(database: Database) {
        let app = App::new(database).await;
        let (caller, account, wallet) = app.somebody().await;
        let elsewhere = app.elsewhere().await;
        let sessions = &app.world.services.sessions;
        let there = sessions.open(elsewhere.clone(), Some(caller.token())).await.unwrap();
        assert!(!there.session.is_signed_in(), "a session's secret");
        assert_ne!(there.session.id, caller.session.id);
        let offer = app.offer(&caller, &wallet).await;
        let mut there = there;
        let refused = app.answer(&mut there, &offer, &wallet, &signed(&wallet, &offer.message)).await;
        assert_eq!(refused.unwrap_err().code(), "challenge_invalid", "a message");
        let mut there = sessions.open(elsewhere.clone(), None).await.unwrap();
        assert_ne!(app.sign_in(&mut there, &wallet).await, account, "the same wallet is another account");
        let links = &app.world.services.linked_accounts;
        let own = links.list(&caller).await.unwrap();
        assert_eq!(links.unlink(&there, own[0].id).await.unwrap_err().code(), "not_found", "an identity");
        let found = sessions.load(&elsewhere, caller.session.id).await;
        assert_eq!(found.unwrap_err().code(), "not_found", "a handle");
    }

    async fn a_session_that_has_run_out_or_was_ended_opens_nothing(database: Database) {
        let app = App::new(database).await;
        let (caller, _, _) = app.somebody().await;
        let (other, _, _) = app.somebody().await;
        let app_caller = app.caller().await;
        app.world.services.sessions.end(&app_caller, Some(other.token())).await.unwrap();
        assert!(!app.holder_of(other.token()).await.session.is_signed_in());
        app.world.clock.advance(Duration::from_secs(1800));
        assert!(!app.holder_of(caller.token()).await.session.is_signed_in());
        let refused = app.world.services.sessions.require_signed_in(app_caller, Some(caller.token())).await;
        assert_eq!(refused.unwrap_err().code(), "not_signed_in");
    }

    async fn a_stolen_code_is_worthless_without_the_session_that_asked(database: Database) {
        let app = App::new(database).await;
        let codes = &app.world.services.codes;
        let contact = || Contact::email("ada@example.com").unwrap();
        let victim = app.visitor().await;
        let sent = codes.send(&victim, contact(), None).await.unwrap();
        let stolen = app.newest_code("ada@example.com");
        let attacker = app.visitor().await;
        let refused = codes.verify(attacker, sent.flow, &stolen).await;
        assert_eq!(refused.err().map(|error| error.code()), Some("code_flow_unknown"));
        // Nor does it answer what the attacker asked for.
        let attacker = app.visitor().await;
        let own = codes.send(&attacker, contact(), None).await.unwrap();
        let refused = codes.verify(attacker, own.flow, &stolen).await;
        assert!(refused.is_err());
        let (_, signed_in) = codes.verify(victim, sent.flow, &stolen).await.unwrap();
        assert!(signed_in.is_new);
    }

    async fn a_code_that_links_signs_nobody_in_and_one_that_signs_in_links_nothing(database: Database) {
        let app = App::new(database).await;
        let (caller, account, _) = app.somebody().await;
        let (codes, links) = (&app.world.services.codes, &app.world.services.linked_accounts);
        let contact = Contact::email("ada@example.com").unwrap();
        let start = LinkStart::Contact { contact: contact.clone(), client: None };
        let LinkStarted::Begun { id, .. } = links.start(&caller, &start).await.unwrap() else {
            panic!("begun")
        };
        let typed = app.newest_code("ada@example.com");
        let refused = codes.verify(app.holder_of(caller.token()).await, id, &typed).await;
        assert_eq!(refused.err().map(|error| error.code()), Some("code_flow_unknown"));
        let (other, _, _) = app.somebody().await;
        let refused = links.verify(&other, id, &LinkProof::Code(typed.clone())).await;
        assert_eq!(refused.unwrap_err().code(), "code_flow_unknown", "another session");
        let sent = codes.send(&other, contact, None).await.unwrap();
        let sign_in = app.newest_code("ada@example.com");
        let refused = links.verify(&other, sent.flow, &LinkProof::Code(sign_in)).await;
        assert_eq!(refused.unwrap_err().code(), "code_flow_unknown", "another purpose");
        links.verify(&caller, id, &LinkProof::Code(typed)).await.unwrap();
        let mut visitor = app.visitor().await;
        let signed_in = app.sign_in_by_mail(&mut visitor, "ada@example.com").await;
        assert_eq!(signed_in, account, "the mailbox is the account's now");
    }

    async fn a_mailbox_of_another_account_is_a_conflict_for_who_has_proven_it(database: Database) {
        let app = App::new(database).await;
        let mut owner = app.visitor().await;
        let owners = app.sign_in_by_mail(&mut owner, "ada@example.com").await;
        let (caller, account, _) = app.somebody().await;
        assert_ne!(account, owners);
        let links = &app.world.services.linked_accounts;
        let contact = Contact::email("Ada@Example.com").unwrap();
        let start = LinkStart::Contact { contact, client: None };
        // Whether somebody has it stays unsaid before the proof.
        let LinkStarted::Begun { id, .. } = links.start(&caller, &start).await.unwrap() else {
            panic!("begun")
        };
        let typed = app.newest_code("Ada@example.com");
        let linked = links.verify(&caller, id, &LinkProof::Code(typed)).await.unwrap();
        assert!(matches!(linked, Linked::Conflict));
        let started = links.start(&owner, &start).await.unwrap();
        assert!(matches!(started, LinkStarted::Conflict), "one's own is told at once");
    }
}
