//! How often codes are sent.

use std::time::Duration;

use hallpass_core::{Clock as _, Mailer, TextSender};
use hallpass_model::{Challenge, ChallengeId, ChallengePurpose, IdentityKind};
use hallpass_testkit::on_both_engines;
use serde_json::json;

use super::support::{ADA, Signing, client, contact};

on_both_engines! {
    async fn five_an_hour_for_an_address_and_network(database: Database) {
        let signing = Signing::new(database).await;
        for n in 0..5 {
            // A session of its own each time: the limit is not the session's.
            let visitor = signing.visitor().await;
            let from = format!("192.0.2.{n}");
            signing.send(&visitor, ADA, &from).await.unwrap();
            signing.world.clock.advance(Duration::from_secs(60));
        }
        let visitor = signing.visitor().await;
        let refused = signing.send(&visitor, ADA, "192.0.2.99").await.unwrap_err();
        assert_eq!((refused.code(), refused.retry_after_secs()), ("RATE_LIMITED", Some(3300)));
        assert_eq!(signing.kept(&IdentityKind::Email, ADA).await.len(), 5, "nothing is kept of it");
        signing.send(&visitor, ADA, "198.51.100.1").await.unwrap();
        signing.send(&visitor, "bob@example.com", "192.0.2.99").await.unwrap();
        signing.world.clock.advance(Duration::from_secs(3300));
        let visitor = signing.visitor().await;
        signing.send(&visitor, ADA, "192.0.2.99").await.unwrap();
    }

    async fn a_further_code_of_a_flow_counts_like_a_first_one(database: Database) {
        let signing = Signing::new(database).await;
        let visitor = signing.visitor().await;
        let (flow, _) = signing.code(&visitor, ADA, "192.0.2.1").await;
        let codes = &signing.services().codes;
        for _ in 0..4 {
            codes.resend(&visitor, flow, client("192.0.2.1")).await.unwrap();
        }
        let refused = codes.resend(&visitor, flow, client("192.0.2.1")).await;
        assert_eq!(refused.unwrap_err().code(), "RATE_LIMITED");
        // The last code still counts.
        let code = signing.newest(ADA);
        assert_eq!(signing.refused(&visitor, flow, &code).await, "signed in");
    }

    async fn environments_share_nothing_but_a_network_is_one(database: Database) {
        let signing = Signing::new(database).await;
        let now = signing.world.clock.now();
        let mut tx = signing.world.store.write().await.unwrap();
        for n in 0..300_u16 {
            let mut id = [0; 16];
            id[..2].copy_from_slice(&n.to_be_bytes());
            tx.insert_challenge(&Challenge {
                id: ChallengeId::from_random(id),
                environment_id: signing.world.environment,
                session_id: None,
                purpose: ChallengePurpose::EmailCode,
                identity_kind: IdentityKind::Email,
                identifier: format!("user{n}@example.com"),
                shown: String::new(),
                digest: None,
                state: json!({}),
                client_network: Some("192.0.2.0/24".to_owned()),
                wrong_answers: 0,
                created_at: now,
                expires_at: now,
                consumed_at: None,
            })
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        let visitor = signing.visitor().await;
        let refused = signing.send(&visitor, ADA, "192.0.2.7").await.unwrap_err();
        assert_eq!(refused.code(), "RATE_LIMITED");
        signing.send(&visitor, ADA, "192.0.3.7").await.unwrap();
        signing.world.clock.advance(Duration::from_secs(3601));
        let visitor = signing.visitor().await;
        signing.send(&visitor, ADA, "192.0.2.7").await.unwrap();
    }

    async fn a_mail_that_did_not_leave_is_an_error_and_its_code_worthless(database: Database) {
        let signing = Signing::new(database).await;
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://127.0.0.1:{}", closed.local_addr().unwrap().port());
        drop(closed);
        let mailer = Mailer::smtp(&url, "no-reply@acme.example", b"").unwrap();
        let node = signing.node_with(mailer, TextSender::off()).await;
        let visitor = signing.visitor().await;
        for n in 0..6 {
            let refused = node.codes.send(&visitor, contact(ADA), client("192.0.2.1")).await.unwrap_err();
            assert_eq!(refused.code(), "EMAIL_DELIVERY_FAILED", "{n}: it is not counted");
            assert!(!refused.message().contains("127.0.0.1"));
            let context = refused.context().unwrap().to_string();
            assert!(context.contains("cannot be reached") && !context.contains("ada"), "{context}");
        }
        let now = signing.world.clock.now();
        let kept = signing.kept(&IdentityKind::Email, ADA).await;
        assert_eq!(kept.len(), 6);
        assert!(kept.iter().all(|challenge| !challenge.is_open_at(now)));
        signing.send(&visitor, ADA, "192.0.2.1").await.unwrap();
    }

    async fn without_a_mail_server_nobody_is_promised_a_mail(database: Database) {
        let signing = Signing::with_phone(database).await;
        let node = signing.node_with(Mailer::off(), TextSender::off()).await;
        let visitor = signing.visitor().await;
        for (to, code) in [(ADA, "EMAIL_DELIVERY_FAILED"), ("+15551234567", "SMS_DELIVERY_FAILED")] {
            let refused = node.codes.send(&visitor, contact(to), client("192.0.2.1")).await;
            assert_eq!(refused.unwrap_err().code(), code);
        }
        assert!(signing.kept(&IdentityKind::Email, ADA).await.is_empty());
    }

    async fn no_code_stands_in_the_database(database: Database) {
        let signing = Signing::new(database).await;
        let visitor = signing.visitor().await;
        let (_, code) = signing.code(&visitor, ADA, "192.0.2.1").await;
        let kept = signing.kept(&IdentityKind::Email, ADA).await.remove(0);
        assert!(!kept.state.to_string().contains(&code));
        assert_eq!(kept.client_network.as_deref(), Some("192.0.2.0/24"), "coarsely");
        // Two codes that are alike have digests that are not: each has a key of its own.
        let plain = hallpass_seal::code_hash(&[0; 32], &[code.as_bytes()]);
        assert_ne!(kept.digest, Some(plain));
    }
}
