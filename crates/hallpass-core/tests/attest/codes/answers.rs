//! What a code is good for, and what it is not.

use std::time::Duration;

use hallpass_core::Clock as _;
use hallpass_model::IdentityKind;
use hallpass_testkit::on_both_engines;
use serde_json::json;

use super::support::{ADA, Signing, client, other_than};

on_both_engines! {
    async fn a_code_signs_in_and_exchanges_the_secret(database: Database) {
        let signing = Signing::new(database).await;
        let visitor = signing.visitor().await;
        let (handle, former) = (visitor.session.id, visitor.token().to_owned());
        let (flow, code) = signing.code(&visitor, ADA, "192.0.2.1").await;
        assert_eq!(code.len(), 6);
        let typed = format!(" {} {}", &code[..3], &code[3..]);
        let (caller, signed_in) = signing.answer(visitor, flow, &typed).await.unwrap();
        assert!(signed_in.is_new);
        assert_eq!(caller.session.account_id, Some(signed_in.account.id));
        assert_eq!(caller.session.id, handle, "the public handle stays");
        assert_ne!(caller.token(), former);
        let again = signing.visitor_with(Some(&former)).await;
        assert_eq!(again.session.account_id, None, "the former secret is worth nothing");

        let (_, second) = signing.sign_in(ADA).await;
        assert!(!second.is_new);
        assert_eq!(second.account.id, signed_in.account.id);
    }

    async fn a_code_counts_once(database: Database) {
        let signing = Signing::new(database).await;
        let visitor = signing.visitor().await;
        let (flow, code) = signing.code(&visitor, ADA, "192.0.2.1").await;
        let (caller, _) = signing.answer(visitor, flow, &code).await.unwrap();
        assert_eq!(signing.refused(&caller, flow, &code).await, "code_used_up");
    }

    async fn a_code_ends_after_ten_minutes(database: Database) {
        let signing = Signing::new(database).await;
        let (late, timely) = (signing.visitor().await, signing.visitor().await);
        let (late_flow, late_code) = signing.code(&late, ADA, "192.0.2.1").await;
        let (flow, code) = signing.code(&timely, "bob@example.com", "192.0.2.1").await;
        signing.world.clock.advance(Duration::from_micros(599_999_999));
        assert_eq!(signing.refused(&timely, flow, &code).await, "signed in");
        signing.world.clock.advance(Duration::from_micros(1));
        assert_eq!(signing.refused(&late, late_flow, &late_code).await, "code_expired");
    }

    async fn a_stolen_code_is_nothing_in_another_session(database: Database) {
        let signing = Signing::new(database).await;
        let (owner, thief) = (signing.visitor().await, signing.visitor().await);
        let (flow, code) = signing.code(&owner, ADA, "192.0.2.1").await;
        for typed in [&code, &other_than(&code)] {
            assert_eq!(signing.refused(&thief, flow, typed).await, "code_flow_unknown");
        }
        // The thief's own flow for the same address has another code.
        let (own_flow, own_code) = signing.code(&thief, ADA, "192.0.2.9").await;
        if own_code != code {
            assert_eq!(signing.refused(&thief, own_flow, &code).await, "code_wrong");
        }
        assert_eq!(signing.refused(&owner, flow, &code).await, "signed in");
    }

    async fn three_wrong_answers_use_a_code_up(database: Database) {
        let signing = Signing::new(database).await;
        let visitor = signing.visitor().await;
        let (flow, code) = signing.code(&visitor, ADA, "192.0.2.1").await;
        for typed in ["", "12345", "1234567", "12345x", "１２３４５６", "123456789012345678901234567890123"] {
            assert_eq!(signing.refused(&visitor, flow, typed).await, "code_malformed", "{typed}");
        }
        assert_eq!(signing.counted(ADA).await, 0, "what cannot be a code does not count");
        for n in 1..=3 {
            assert_eq!(signing.refused(&visitor, flow, &other_than(&code)).await, "code_wrong");
            assert_eq!(signing.counted(ADA).await, n);
        }
        assert_eq!(signing.refused(&visitor, flow, &code).await, "code_used_up");
        assert_eq!(signing.counted(ADA).await, 3);
    }

    async fn a_new_code_replaces_the_former_one_of_its_flow(database: Database) {
        let signing = Signing::new(database).await;
        let visitor = signing.visitor().await;
        let (flow, first) = signing.code(&visitor, ADA, "192.0.2.1").await;
        signing.world.clock.advance(Duration::from_secs(30));
        let codes = &signing.services().codes;
        let sent = codes.resend(&visitor, flow, client("192.0.2.1")).await.unwrap();
        assert_eq!(sent.flow, flow, "the client goes on with the id that it has");
        let second = signing.newest(ADA);
        if first != second {
            assert_eq!(signing.refused(&visitor, flow, &first).await, "code_wrong");
        }
        assert_eq!(signing.refused(&visitor, flow, &second).await, "signed in");

        let stranger = signing.visitor().await;
        let refused = codes.resend(&stranger, flow, client("192.0.2.1")).await;
        assert_eq!(refused.unwrap_err().code(), "code_flow_unknown");
        signing.world.clock.advance(Duration::from_secs(3600));
        let refused = codes.resend(&visitor, flow, client("192.0.2.1")).await;
        assert_eq!(refused.unwrap_err().code(), "code_flow_unknown");
    }

    async fn a_frozen_account_stays_out_and_its_code_is_used(database: Database) {
        let signing = Signing::new(database).await;
        let (_, signed_in) = signing.sign_in(ADA).await;
        let mut account = signed_in.account;
        account.frozen_at = Some(signing.world.clock.now());
        let mut tx = signing.world.store.write().await.unwrap();
        tx.update_account(&account).await.unwrap();
        tx.commit().await.unwrap();
        let visitor = signing.visitor().await;
        let (flow, code) = signing.code(&visitor, ADA, "192.0.2.1").await;
        assert_eq!(signing.refused(&visitor, flow, &code).await, "account_frozen");
        assert_eq!(signing.refused(&visitor, flow, &code).await, "code_used_up");
    }

    async fn a_code_from_one_node_counts_on_another(database: Database) {
        let signing = Signing::new(database).await;
        let node = signing.world.second_node(signing.database.open_again().await).await;
        let visitor = signing.visitor().await;
        let (flow, code) = signing.code(&visitor, ADA, "192.0.2.1").await;
        let app = node.api_keys.authenticate(&signing.key, None).await.unwrap();
        let there = node.sessions.open(app, Some(visitor.token())).await.unwrap();
        let (_, signed_in) = node.codes.verify(there, flow, &code).await.unwrap();
        assert!(signed_in.is_new);
    }

    async fn a_page_signs_in_the_session_that_it_was_opened_for(database: Database) {
        let signing = Signing::new(database).await;
        let (visitor, other) = (signing.visitor().await, signing.visitor().await);
        let (flow, code) = signing.code(&visitor, ADA, "192.0.2.1").await;
        let (app, codes) = (signing.app().await, &signing.services().codes);
        assert!(codes.find_flow(&app, other.session.id, flow).await.unwrap().is_none());
        let contact = codes.find_flow(&app, visitor.session.id, flow).await.unwrap();
        assert_eq!(contact.unwrap().shown(), ADA);
        let stranger = codes.verify_on_page(&app, other.session.id, flow, &code).await;
        assert_eq!(stranger.unwrap_err().code(), "code_flow_unknown");
        let signed_in = codes.verify_on_page(&app, visitor.session.id, flow, &code).await.unwrap();
        let holder = signing.visitor_with(Some(visitor.token())).await;
        assert_eq!(holder.session.account_id, Some(signed_in.account.id));
        assert_ne!(holder.token(), visitor.token(), "exchanged at the holder's next request");
    }

    async fn what_is_switched_off_is_refused(database: Database) {
        let signing = Signing::new(database).await;
        let visitor = signing.visitor().await;
        let refused = signing.send(&visitor, "+15551234567", "192.0.2.1").await;
        assert_eq!(refused.unwrap_err().code(), "SMS_NOT_ALLOWED");
        signing.set(json!({ "email": false, "phone": true })).await;
        let visitor = signing.visitor().await;
        let refused = signing.send(&visitor, ADA, "192.0.2.1").await;
        assert_eq!(refused.unwrap_err().code(), "EMAIL_NOT_ALLOWED");
        let (flow, code) = signing.code(&visitor, "+1 555 123-4567", "192.0.2.1").await;
        let (_, signed_in) = signing.answer(visitor, flow, &code).await.unwrap();
        assert_eq!(signed_in.contact.kind(), IdentityKind::Phone);
        assert_eq!(signed_in.contact.identifier(), "+15551234567");
    }
}
