//! The queue under several workers, workers that die, and receivers that hang.

use std::time::Duration;

use hallpass_model::DeliveryState;
use hallpass_testkit::hook::Reply;
use hallpass_testkit::on_both_engines;
use tokio::time::Instant;

use crate::support::{add, eventually, told, told_by};

on_both_engines! {
    async fn two_workers_never_send_the_same_delivery_at_once_nor_twice(database: Database) {
        let told = told(database).await;
        told.hook.delay(Duration::from_millis(20));
        let other = told.world.second_node(told.database.open_again().await).await;
        told.enqueue(120).await;
        let mine = async {
            let mut taken = 0;
            for _ in 0..40 {
                taken += told.turn().await;
            }
            taken
        };
        let theirs = async {
            let mut taken = 0;
            for _ in 0..40 {
                taken += other.deliveries.run_once().await.expect("a turn");
            }
            taken
        };
        let (mine, theirs) = tokio::join!(mine, theirs);
        assert_eq!(mine + theirs, 120);
        assert!(!told.hook.saw_one_twice_at_once());
        let received = told.hook.received();
        let ids: std::collections::HashSet<&str> = received.iter().map(|it| it.header("webhook-id")).collect();
        assert_eq!((received.len(), ids.len()), (120, 120));
        other.stop().await;
    }

    async fn a_process_that_dies_before_it_sends_leaves_the_delivery_to_the_next(database: Database) {
        let told = told(database).await;
        let [id] = told.enqueue(1).await[..] else { panic!("one") };
        // What was committed is all that is left of a killed process.
        let next = told.world.second_node(told.database.open_again().await).await;
        assert_eq!(next.deliveries.run_once().await.expect("a turn"), 1);
        assert_eq!(told.state(id).await, DeliveryState::Delivered);
        next.stop().await;
    }

    async fn a_worker_that_dies_while_it_sends_loses_its_claim_after_a_minute(database: Database) {
        let told = told(database).await;
        told.hook.reply("/hook", Reply::Hang);
        let [id] = told.enqueue(1).await[..] else { panic!("one") };
        // Dropped in the middle of the attempt, as a killed process would be.
        let cut_off = tokio::time::timeout(Duration::from_millis(800), told.turn()).await;
        assert!(cut_off.is_err() && told.hook.count("/hook") == 1);
        told.hook.reply("/hook", Reply::Status(200));
        told.advance(59);
        assert_eq!(told.turn().await, 0, "somebody may still be at it");
        told.advance(1);
        assert_eq!(told.turn().await, 1);
        let delivery = told.delivery(id).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 2));
        let received = told.hook.received();
        let [first, second] = &received[..] else { panic!("two messages") };
        assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
        assert_ne!(first.header("webhook-timestamp"), second.header("webhook-timestamp"));
    }

    async fn a_claim_that_ran_out_is_not_finished_by_who_lost_it(database: Database) {
        let told = told(database).await;
        let [id] = told.enqueue(1).await[..] else { panic!("one") };
        told.hook.delay(Duration::from_millis(700));
        told.hook.reply("/hook", Reply::Status(500));
        let slow = async { told.turn().await };
        let quick = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            told.hook.delay(Duration::ZERO);
            told.advance(61);
            told.hook.reply("/hook", Reply::Status(200));
            told.turn().await
        };
        assert_eq!(tokio::join!(slow, quick), (1, 1));
        assert_eq!(told.state(id).await, DeliveryState::Delivered);
    }

    async fn a_receiver_that_hangs_delays_only_itself(database: Database) {
        let told = told_by(database, true).await;
        told.hook.reply("/hook", Reply::Hang);
        let good = add(&told.world, &told.hook.url("/good")).await.webhook.id;
        told.enqueue(60).await;
        eventually("the hanging one is at work", async || told.hook.count("/hook") >= 8).await;
        let since = Instant::now();
        told.enqueue_to(good, 40).await;
        eventually("the good one has everything", async || told.hook.count("/good") == 40).await;
        assert!(since.elapsed() < Duration::from_secs(60));
        assert!(told.hook.most_at_once("/hook") <= 8, "{}", told.hook.most_at_once("/hook"));
        assert!(told.hook.most_at_once("/good") <= 8);
        told.services().stop().await;
    }

    async fn whoever_stops_gives_back_what_it_has_not_finished(database: Database) {
        let told = told_by(database, true).await;
        told.hook.reply("/hook", Reply::Hang);
        let ids = told.enqueue(3).await;
        eventually("all are at work", async || told.hook.count("/hook") == 3).await;
        told.services().stop().await;
        for id in ids {
            let delivery = told.delivery(id).await;
            let waits = (delivery.state, delivery.claimed_until, delivery.attempts);
            assert_eq!(waits, (DeliveryState::Pending, None, 0));
        }
    }

    async fn a_server_finds_by_itself_what_was_committed(database: Database) {
        let told = told_by(database, true).await;
        told.enqueue(5).await;
        eventually("all were told", async || told.count(DeliveryState::Delivered).await == 5).await;
        assert_eq!(told.hook.count("/hook"), 5);
        told.services().stop().await;
    }

    async fn ten_thousand_in_the_queue_are_told_a_few_at_a_time(database: Database) {
        let told = told_by(database, true).await;
        let others = [
            add(&told.world, &told.hook.url("/b")).await.webhook.id,
            add(&told.world, &told.hook.url("/c")).await.webhook.id,
            add(&told.world, &told.hook.url("/d")).await.webhook.id,
        ];
        for target in others.into_iter().chain([told.webhook]) {
            told.enqueue_to(target, 2500).await;
        }
        let paths = ["/hook", "/b", "/c", "/d"];
        let all = async || paths.iter().map(|path| told.hook.count(path)).sum::<usize>();
        eventually("all were told", async || all().await >= 10_000).await;
        eventually("and written down", async || told.count(DeliveryState::Pending).await == 0).await;
        let ids: std::collections::HashSet<String> =
            told.hook.received().iter().map(|it| it.header("webhook-id").to_owned()).collect();
        assert_eq!((all().await, ids.len()), (10_000, 10_000));
        // What a worker holds is what it is at.
        for path in paths {
            assert!(told.hook.most_at_once(path) <= 8, "{path}");
        }
        told.services().stop().await;
    }

    async fn what_is_over_is_kept_for_thirty_days(database: Database) {
        let told = told(database).await;
        let [old] = told.enqueue(1).await[..] else { panic!("one") };
        told.turn().await;
        told.advance(30 * 86_400 + 1);
        let [new] = told.enqueue(1).await[..] else { panic!("one") };
        told.turn().await;
        let mut tx = told.world.store.write().await.expect("a transaction");
        let before = told.delivery(new).await.created_at.plus_secs(-30 * 86_400);
        assert_eq!(tx.delete_deliveries_before(before, 100).await.expect("swept"), 1);
        tx.commit().await.expect("committed");
        let load = |id| told.services().deliveries.load(&told.admin, told.environment(), id);
        assert_eq!(load(old).await.expect_err("swept").code(), "not_found");
        assert!(load(new).await.is_ok());
    }
}
