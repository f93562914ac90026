//! What becomes of one delivery: signatures, the schedule, and everything a receiver can do wrong.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64;
use hallpass_core::{AuditQuery, Clock as _};
use hallpass_model::{DeliveryState, DisabledReason, PageRequest};
use hallpass_testkit::hook::{Received, Reply};
use hallpass_testkit::on_both_engines;

use crate::support::{Told, told};

/// HMAC by its definition (RFC 2104), so that the product's own is not asked about itself.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64, "longer keys are digested first");
    let pad = |with: u8| -> Vec<u8> {
        let mut block = [with; 64];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block.to_vec()
    };
    let inner = digest(&SHA256, &[&pad(0x36), message].concat());
    let outer = digest(&SHA256, &[&pad(0x5c)[..], inner.as_ref()].concat());
    outer.as_ref().to_vec()
}

/// The signatures of a message that this secret made.
fn signatures_of(received: &Received, secret: &str) -> usize {
    let key = secret.strip_prefix("whsec_").expect("the prefix");
    let key = BASE64.decode(key.as_bytes()).expect("Base64");
    let id = received.header("webhook-id");
    let timestamp = received.header("webhook-timestamp");
    let signed = format!("{id}.{timestamp}.{}", received.body);
    let expected = format!(
        "v1,{}",
        BASE64.encode(&hmac_sha256(&key, signed.as_bytes()))
    );
    let given = received.header("webhook-signature").split(' ');
    given.filter(|signature| *signature == expected).count()
}

async fn actions(told: &Told, action: &str) -> Vec<(String, serde_json::Value)> {
    let query = AuditQuery {
        action: Some(action.to_owned()),
        ..AuditQuery::default()
    };
    let page = PageRequest::default();
    let rows = told.services().audit.list(&told.admin, query, &page);
    let rows = rows.await.expect("the trail").items;
    rows.into_iter()
        .map(|row| (row.actor_kind.as_str().to_owned(), row.detail))
        .collect()
}

on_both_engines! {
    async fn what_is_due_is_sent_once_signed_and_as_it_is(database: Database) {
        let told = told(database).await;
        let [id] = told.enqueue(1).await[..] else { panic!("one") };
        let payload = told.delivery(id).await.payload;
        assert_eq!(told.turn().await, 1);
        assert_eq!(told.turn().await, 0);

        let [received] = &told.hook.received()[..] else { panic!("one message") };
        assert_eq!((&*received.path, &received.body), ("/hook", &payload));
        assert_eq!(received.header("content-type"), "application/json");
        assert_eq!(received.header("hallpass-delivery"), "1");
        assert_eq!(received.header("webhook-id"), "evt_0");
        assert_eq!(received.header("webhook-timestamp"), told.world.clock.now().as_secs().to_string());
        assert_eq!(signatures_of(received, &told.secret), 1);

        let delivery = told.delivery(id).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 1));
        let last = delivery.last.expect("an attempt");
        assert_eq!((last.status, last.error), (Some(200), None));
        assert!(delivery.finished_at.is_some() && delivery.claimed_until.is_none());
    }

    async fn what_a_transaction_did_not_commit_is_not_told(database: Database) {
        let told = told(database).await;
        let delivery = told.delivery_to(told.webhook);
        let mut tx = told.world.store.write().await.expect("a transaction");
        tx.insert_delivery(&delivery).await.expect("a row");
        drop(tx);
        assert_eq!(told.turn().await, 0);
        assert_eq!(told.hook.received().len(), 0);
    }

    async fn a_failing_receiver_is_tried_for_three_days_with_jitter_and_then_given_up(database: Database) {
        let told = told(database).await;
        told.hook.reply("/hook", Reply::Status(500));
        let [id] = told.enqueue(1).await[..] else { panic!("one") };
        let waits = [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
        for (index, wait) in waits.into_iter().enumerate() {
            assert_eq!(told.turn().await, 1, "attempt {}", index + 1);
            let delivery = told.delivery(id).await;
            assert_eq!(delivery.state, DeliveryState::Pending);
            let now = told.world.clock.now().as_micros();
            let waits = delivery.next_attempt_at.as_micros() - now;
            let least = wait * 1_000_000;
            assert!((least..=least + least / 5).contains(&waits), "{wait} s: {waits}");
            told.advance(u64::try_from(wait).expect("positive") - 1);
            assert_eq!(told.turn().await, 0, "too early");
            told.advance(2 + u64::try_from(wait / 5).expect("positive"));
        }
        assert_eq!(told.turn().await, 1);
        let dead = told.delivery(id).await;
        assert_eq!((dead.state, dead.attempts), (DeliveryState::Dead, 11));
        let last = dead.last.expect("an attempt");
        assert_eq!((last.status, last.error.as_deref()), (Some(500), Some("delivery_refused")));
        told.advance(365 * 86_400);
        assert_eq!(told.turn().await, 0);
        assert_eq!(told.hook.count("/hook"), 11);
        let ids: std::collections::HashSet<String> =
            told.hook.received().iter().map(|it| it.header("webhook-id").to_owned()).collect();
        assert_eq!(ids.len(), 1, "the event keeps its id");
    }

    async fn a_dead_delivery_can_be_tried_again_and_a_live_one_cannot(database: Database) {
        let told = told(database).await;
        told.hook.reply("/hook", Reply::Status(410));
        let [id] = told.enqueue(1).await[..] else { panic!("one") };
        let retry = || told.services().deliveries.retry(&told.admin, told.environment(), id);
        assert_eq!(retry().await.expect_err("pending").code(), "delivery_not_dead");
        told.turn().await;
        assert_eq!(told.state(id).await, DeliveryState::Dead);

        told.hook.reply("/hook", Reply::Status(204));
        told.enable(true).await;
        let again = retry().await.expect("again");
        assert_eq!((again.state, again.attempts), (DeliveryState::Pending, 0));
        assert_eq!(told.turn().await, 1);
        assert_eq!(told.state(id).await, DeliveryState::Delivered);
        assert_eq!(retry().await.expect_err("delivered").code(), "delivery_not_dead");
        assert_eq!(actions(&told, "delivery.retry").await.len(), 1);
    }

    async fn retry_after_is_honoured_within_bounds(database: Database) {
        let told = told(database).await;
        for (asked, least, most) in [("600", 600, 720), ("1", 5, 6), ("99999999", 86_400, 103_680)] {
            told.hook.reply("/hook", Reply::With(503, "Retry-After", asked.to_owned()));
            let [id] = told.enqueue(1).await[..] else { panic!("one") };
            told.turn().await;
            let next = told.delivery(id).await.next_attempt_at;
            let waits = (next.as_micros() - told.world.clock.now().as_micros()) / 1_000_000;
            assert!((least..=most).contains(&waits), "{asked}: {waits}");
        }
    }

    async fn a_receiver_that_is_gone_is_disabled_and_what_waits_is_held(database: Database) {
        let told = told(database).await;
        told.hook.reply("/hook", Reply::Status(410));
        let [first] = told.enqueue(1).await[..] else { panic!("one") };
        assert_eq!(told.turn().await, 1);
        assert_eq!(told.state(first).await, DeliveryState::Dead);
        let webhook = told.webhook().await;
        assert_eq!(webhook.disabled_reason, Some(DisabledReason::Gone));
        assert_eq!(
            actions(&told, "webhook.disable").await,
            [("system".to_owned(), serde_json::json!({ "reason": "gone" }))]
        );

        // Enqueued by somebody who had seen the webhook enabled.
        let [late] = told.enqueue(1).await[..] else { panic!("one") };
        assert_eq!(told.turn().await, 1);
        let held = told.delivery(late).await;
        assert_eq!((held.state, held.attempts), (DeliveryState::Held, 0));
        assert_eq!(told.hook.count("/hook"), 1);

        told.hook.reply("/hook", Reply::Status(200));
        let webhook = told.enable(true).await;
        assert_eq!((webhook.disabled_at, webhook.disabled_reason), (None, None));
        assert_eq!(told.turn().await, 1);
        assert_eq!(told.state(late).await, DeliveryState::Delivered);
    }

    async fn five_days_of_nothing_but_failures_disable_a_webhook(database: Database) {
        let told = told(database).await;
        told.hook.reply("/hook", Reply::Status(500));
        told.enqueue(1).await;
        told.turn().await;
        assert!(told.webhook().await.failing_since.is_some());
        told.advance(5 * 86_400 - 1);
        told.enqueue(1).await;
        told.drain().await;
        assert_eq!(told.webhook().await.disabled_at, None);
        told.advance(1);
        told.enqueue(1).await;
        told.drain().await;
        let webhook = told.webhook().await;
        assert_eq!(webhook.disabled_reason, Some(DisabledReason::Failing));
        assert_eq!(actions(&told, "webhook.disable").await.len(), 1);
        assert!(told.count(DeliveryState::Held).await >= 2, "what waits is held");
    }

    async fn one_success_ends_the_count_of_failures(database: Database) {
        let told = told(database).await;
        told.hook.reply("/hook", Reply::Status(500));
        told.enqueue(1).await;
        told.turn().await;
        told.hook.reply("/hook", Reply::Status(200));
        told.advance(6 * 86_400);
        assert_eq!(told.turn().await, 1);
        let webhook = told.webhook().await;
        assert_eq!((webhook.failing_since, webhook.disabled_at), (None, None));
    }

    async fn while_a_secret_is_changed_both_sign_and_then_only_the_new_one(database: Database) {
        let told = told(database).await;
        let webhooks = &told.services().webhooks;
        let admin = told.admin.clone();
        let rotated = webhooks.rotate_secret(&admin, told.environment(), told.webhook, 3600).await;
        let rotated = rotated.expect("rotated").into_inner();
        let new = rotated.secret.expect("shown once").to_string();
        assert_ne!(new, told.secret);
        told.enqueue(1).await;
        told.turn().await;
        told.advance(3600);
        told.enqueue(1).await;
        told.turn().await;
        let received = told.hook.received();
        let [during, after] = &received[..] else { panic!("two messages") };
        assert_eq!((signatures_of(during, &new), signatures_of(during, &told.secret)), (1, 1));
        assert_eq!((signatures_of(after, &new), signatures_of(after, &told.secret)), (1, 0));
        assert_eq!(after.header("webhook-signature").split(' ').count(), 1);

        let rotated = webhooks.rotate_secret(&admin, told.environment(), told.webhook, 0).await;
        let newest = rotated.expect("rotated").into_inner().secret.expect("shown").to_string();
        told.enqueue(1).await;
        told.turn().await;
        let received = told.hook.received();
        let last = received.last().expect("a message");
        assert_eq!((signatures_of(last, &newest), signatures_of(last, &new)), (1, 0));
    }

    async fn row_56_a_redirect_is_not_followed(database: Database) {
        let told = told(database).await;
        for (status, path) in [(301, "/moved"), (302, "/hook"), (307, "/moved"), (308, "/moved")] {
            told.hook.reply("/hook", Reply::With(status, "Location", told.hook.url(path)));
            let [id] = told.enqueue(1).await[..] else { panic!("one") };
            told.turn().await;
            let last = told.delivery(id).await.last.expect("an attempt");
            assert_eq!(last.error.as_deref(), Some("egress_redirect_refused"), "{status}");
        }
        assert_eq!(told.hook.count("/moved"), 0);
    }

    async fn row_56_a_hallpass_that_is_told_its_own_events_is_a_failure(database: Database) {
        let told = told(database).await;
        told.hook.reply("/hook", Reply::Status(508));
        let [id] = told.enqueue(1).await[..] else { panic!("one") };
        told.turn().await;
        let last = told.delivery(id).await.last.expect("an attempt");
        assert_eq!((last.status, last.error.as_deref()), (Some(508), Some("delivery_loop")));
    }

    async fn row_56_a_200_that_never_ends_and_one_that_is_too_large_are_failures(database: Database) {
        let told = told(database).await;
        for (reply, error) in [(Reply::Drip, "egress_timeout"), (Reply::Large(70_000), "egress_too_large")] {
            told.hook.reply("/hook", reply);
            let [id] = told.enqueue(1).await[..] else { panic!("one") };
            told.turn().await;
            let delivery = told.delivery(id).await;
            assert_eq!(delivery.state, DeliveryState::Pending);
            assert_eq!(delivery.last.expect("an attempt").error.as_deref(), Some(error));
        }
    }
}
