//! Guessing, and keeping the owner out.

use std::time::Duration;

use hallpass_core::SessionCaller;
use hallpass_model::ChallengeId;
use hallpass_testkit::on_both_engines;

use super::support::{ADA, Signing, other_than};

/// Guesses as often as they may in a flow of their own.
async fn guess_thrice(signing: &Signing, network: usize) -> (SessionCaller, ChallengeId) {
    let stranger = signing.visitor().await;
    let from = format!("10.0.{network}.1");
    let (flow, code) = signing.code(&stranger, ADA, &from).await;
    for _ in 0..3 {
        let refused = signing.refused(&stranger, flow, &other_than(&code)).await;
        assert_eq!(refused, "code_wrong");
    }
    (stranger, flow)
}

on_both_engines! {
    async fn nine_wrong_answers_void_every_short_code_and_lengthen_the_next(database: Database) {
        let signing = Signing::new(database).await;
        let owner = signing.visitor().await;
        let (flow, code) = signing.code(&owner, ADA, "192.0.2.1").await;
        for network in 0..3 {
            guess_thrice(&signing, network).await;
        }
        assert_eq!(signing.refused(&owner, flow, &code).await, "code_void");
        assert_eq!(signing.counted(ADA).await, 9);
        // Another address is not concerned.
        let (_, other) = signing.sign_in("bob@example.com").await;
        assert!(other.is_new);

        let (flow, code) = signing.code(&owner, ADA, "192.0.2.1").await;
        assert_eq!(code.len(), 9);
        assert_eq!(signing.refused(&owner, flow, &code).await, "signed in");
    }

    async fn long_codes_stay_for_the_hour_and_are_not_voided_by_strangers(database: Database) {
        let signing = Signing::new(database).await;
        for network in 0..3 {
            guess_thrice(&signing, network).await;
        }
        let owner = signing.visitor().await;
        let (flow, code) = signing.code(&owner, ADA, "192.0.2.1").await;
        for network in 3..9 {
            let (stranger, theirs) = guess_thrice(&signing, network).await;
            assert_eq!(signing.refused(&stranger, theirs, "123456789").await, "code_used_up");
        }
        assert_eq!(signing.refused(&owner, flow, &code).await, "signed in");
        signing.world.clock.advance(Duration::from_secs(70 * 60 - 1));
        let visitor = signing.visitor().await;
        assert_eq!(signing.code(&visitor, ADA, "192.0.2.1").await.1.len(), 9);
        signing.world.clock.advance(Duration::from_secs(1));
        assert_eq!(signing.code(&visitor, ADA, "192.0.2.1").await.1.len(), 6);
    }

    async fn strangers_with_many_networks_do_not_keep_the_owner_out(database: Database) {
        let signing = Signing::new(database).await;
        let (owner, signed_in) = signing.sign_in(ADA).await;
        let value = owner.token().to_owned();
        // The session runs out; the client still has its value.
        signing.world.clock.advance(Duration::from_secs(2 * 3600));
        for network in 0..30 {
            guess_thrice(&signing, network).await;
        }
        let stranger = signing.visitor().await;
        let refused = signing.send(&stranger, ADA, "172.16.0.1").await;
        assert_eq!(refused.unwrap_err().code(), "RATE_LIMITED", "the mailbox has had enough");

        let back = signing.visitor_with(Some(&value)).await;
        assert_eq!(back.session.account_id, None);
        let (flow, code) = signing.code(&back, ADA, "172.16.0.1").await;
        let (_, again) = signing.answer(back, flow, &code).await.unwrap();
        assert_eq!(again.account.id, signed_in.account.id);
    }

    async fn the_owners_quota_is_for_their_own_address_only(database: Database) {
        let signing = Signing::new(database).await;
        let (eve, _) = signing.sign_in("eve@example.com").await;
        for _ in 0..5 {
            signing.send(&eve, ADA, "192.0.2.1").await.unwrap();
        }
        let refused = signing.send(&eve, ADA, "192.0.2.1").await;
        assert_eq!(refused.unwrap_err().code(), "RATE_LIMITED");
        for _ in 0..5 {
            signing.send(&eve, "eve@example.com", "192.0.2.1").await.unwrap();
        }
        let refused = signing.send(&eve, "eve@example.com", "192.0.2.1").await;
        assert_eq!(refused.unwrap_err().code(), "RATE_LIMITED");
    }
}
