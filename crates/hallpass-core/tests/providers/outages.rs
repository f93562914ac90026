//! A provider that is down, hangs or drips: its own tokens wait or live on, everybody else's do not notice.

use std::sync::Arc;
use std::time::Duration;

use hallpass_model::{ErrorKind, ProviderKind};
use hallpass_testkit::provider::{Behaviour, FakeProvider, KINDS};
use hallpass_testkit::world::World;
use hallpass_testkit::{Database, on_both_engines};
use serde_json::json;

use crate::support::{add, eventually, outcome_at, scene, scene_on};

/// Well above the deadline of a fetch, well below "for ever".
const WITHIN_THE_DEADLINE: Duration = Duration::from_secs(15);
const HOUR: u64 = 3600;

#[tokio::test]
async fn the_first_request_with_the_provider_down_is_answered_503_with_a_reason() {
    for kind in KINDS {
        let scene = scene(kind).await;
        scene.provider.go_down().await;
        let token = scene.provider.id_token("user-1", json!({}));
        let refused = tokio::time::timeout(WITHIN_THE_DEADLINE, scene.refusal(&token))
            .await
            .unwrap();
        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Unavailable, "keys_unavailable"),
            "{kind:?}"
        );
        assert!(
            refused.message().contains("egress_connect_failed"),
            "{}",
            refused.message()
        );
        assert!(refused.retry_after_secs().is_some());
        let expected = ("unavailable", Some("egress_connect_failed"));
        assert_eq!(scene.standing().await, expected);
        scene.provider.come_up().await;
        assert_eq!(
            scene.outcome(&token).await,
            "keys_unavailable",
            "not in a hurry"
        );
        scene.advance(30);
        assert_eq!(scene.outcome(&token).await, "accepted", "{kind:?}");
    }
}

#[test]
fn a_provider_that_never_answers_is_503_within_its_deadline() {
    hallpass_testkit::block_on(async {
        let mut scenes = Vec::new();
        for kind in KINDS {
            for behaviour in [Behaviour::Hang, Behaviour::Drip, Behaviour::DripHead] {
                let scene = scene(kind).await;
                scene.provider.behave(behaviour.clone());
                scenes.push((kind, behaviour, scene));
            }
        }
        // All at once, for each takes its five seconds.
        let tasks: Vec<_> = scenes
            .into_iter()
            .map(|(kind, behaviour, scene)| {
                tokio::spawn(async move {
                    let token = scene.provider.id_token("user-1", json!({}));
                    let refused = tokio::time::timeout(WITHIN_THE_DEADLINE, scene.refusal(&token));
                    let code = refused.await.unwrap().code();
                    assert_eq!(code, "keys_unavailable", "{kind:?} {behaviour:?}");
                    let expected = ("unavailable", Some("egress_timeout"));
                    assert_eq!(scene.standing().await, expected, "{kind:?} {behaviour:?}");
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn a_provider_that_hangs_slows_no_other_down() {
    hallpass_testkit::block_on(async {
        let slow = FakeProvider::auth0("slow.eu.auth0.com", "app").await;
        let good = FakeProvider::oidc("app").await;
        let database = Database::sqlite().await;
        let world = World::beside(database.store().clone(), &[&slow, &good]).await;
        let world = Arc::new(world);
        for provider in [&slow, &good] {
            add(&world, &provider.settings()).await;
        }
        slow.behave(Behaviour::Hang);
        // Made beforehand: only what the server does shall take time.
        let mut others = Vec::new();
        for n in 0..5 {
            others.push(good.id_token("user-1", json!({ "n": n })));
            others.push(world.sign(&world.claims_with("user-1", json!({ "n": n }))));
        }
        let waiting: Vec<_> = (0..50)
            .map(|n| {
                let world = Arc::clone(&world);
                let token = slow.id_token(&format!("user-{n}"), json!({}));
                tokio::spawn(
                    async move { outcome_at(&world.services, world.environment, &token).await },
                )
            })
            .collect();
        slow.wait_for_fetches(1).await;
        for token in &others {
            let outcome = outcome_at(&world.services, world.environment, token).await;
            assert_eq!(outcome, "accepted");
        }
        // All that happened while the others still wait.
        assert!(waiting.iter().all(|task| !task.is_finished()));
        for task in waiting {
            assert_eq!(task.await.unwrap(), "keys_unavailable");
        }
        assert_eq!(slow.fetches(), 1);
    });
}

#[test]
fn a_provider_that_lies_or_talks_too_much_harms_no_other() {
    hallpass_testkit::block_on(async {
        let good = FakeProvider::oidc("app").await;
        let bad_days = [
            Behaviour::Html,
            Behaviour::Huge(50_000_000),
            Behaviour::HugeClaim,
            Behaviour::Drip,
            Behaviour::Reset,
            Behaviour::CutOff,
        ];
        let mut bad = Vec::new();
        for (index, behaviour) in bad_days.into_iter().enumerate() {
            let provider = FakeProvider::auth0(&format!("bad-{index}.auth0.com"), "app").await;
            provider.behave(behaviour);
            bad.push(provider);
        }
        let everybody: Vec<_> = bad.iter().chain([&good]).collect();
        let database = Database::sqlite().await;
        let world = Arc::new(World::beside(database.store().clone(), &everybody).await);
        for provider in everybody {
            add(&world, &provider.settings()).await;
        }
        let waiting: Vec<_> = bad
            .iter()
            .flat_map(|provider| std::iter::repeat_n(provider.id_token("user-1", json!({})), 10))
            .map(|token| {
                let world = Arc::clone(&world);
                tokio::spawn(
                    async move { outcome_at(&world.services, world.environment, &token).await },
                )
            })
            .collect();
        for n in 0..10 {
            let token = good.id_token("user-1", json!({ "n": n }));
            let outcome = outcome_at(&world.services, world.environment, &token).await;
            assert_eq!(outcome, "accepted");
        }
        for task in waiting {
            assert_eq!(task.await.unwrap(), "keys_unavailable");
        }
        assert_eq!(good.fetches(), 1);
        let sent: u64 = bad.iter().map(FakeProvider::bytes_sent).sum();
        assert!(sent < 12_000_000, "{sent} bytes were read or under way");
    });
}

#[test]
fn keys_that_are_known_are_not_waited_for_while_their_refresh_hangs() {
    hallpass_testkit::block_on(async {
        for kind in KINDS {
            let scene = scene(kind).await;
            assert_eq!(scene.outcome_with(json!({})).await, "accepted");
            let before = scene.provider.requests().len();
            scene.provider.hold();
            let lead = if kind == ProviderKind::Firebase {
                3000
            } else {
                250
            };
            scene.advance(lead);
            crate::support::eventually(true, async || scene.provider.requests().len() > before)
                .await;
            assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
            assert_eq!(
                scene.provider.requests().len(),
                before + 1,
                "still under way"
            );
            scene.provider.release();
        }
    });
}

on_both_engines! {
    async fn stale_keys_count_for_a_day_and_not_a_moment_longer(database: Database) {
        let provider = FakeProvider::of(ProviderKind::Auth0).await;
        let scene = scene_on(database, provider, json!({})).await;
        let week = scene.provider.now_secs() + 7 * 24 * 3600;
        let cached = scene.provider.id_token("user-1", json!({ "exp": week }));
        assert_eq!(scene.outcome(&cached).await, "accepted");
        scene.provider.go_down().await;
        for hour in 1..24 {
            scene.advance(HOUR);
            for token in [&cached, &scene.provider.id_token("user-2", json!({}))] {
                assert_eq!(scene.outcome(token).await, "accepted", "after {hour} h");
            }
            scene.wait_until_down("stale").await;
        }
        scene.advance(HOUR - 1);
        for token in [&cached, &scene.provider.id_token("user-2", json!({}))] {
            assert_eq!(scene.outcome(token).await, "accepted");
        }
        scene.advance(1);
        for token in [&cached, &scene.provider.id_token("user-2", json!({})), &scene.provider.id_token("user-3", json!({}))] {
            let refused = scene.refusal(token).await;
            assert_eq!((refused.kind(), refused.code()), (ErrorKind::Unavailable, "keys_unavailable"));
        }
        scene.wait_until_down("unavailable").await;
        // Other tokens of the environment are none of its business.
        assert_eq!(scene.outcome(&scene.world.token("user-1")).await, "accepted");
        scene.provider.come_up().await;
        scene.advance(30);
        assert_eq!(scene.outcome(&cached).await, "accepted");
        assert_eq!(scene.standing().await, ("fresh", None));
    }
}

#[tokio::test]
async fn row_62_a_provider_down_for_six_hours_is_visible_and_harmless() {
    for kind in KINDS {
        let scene = scene(kind).await;
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        let good_since = scene.keys().await.fetched_at.unwrap();
        scene.provider.go_down().await;
        for _ in 0..6 {
            scene.advance(HOUR);
            assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
        }
        scene.wait_until_down("stale").await;
        let keys = scene.keys().await;
        let until = keys.usable_until.unwrap().as_secs();
        assert_eq!(until - good_since.as_secs(), 24 * 3600, "{kind:?}");
        assert_eq!(keys.fetched_at, Some(good_since));
        scene.provider.come_up().await;
        // Found out in the background, without a request.
        scene.advance(31);
        scene.wait_for_standing("fresh", None).await;
    }
}

#[tokio::test]
async fn a_clock_set_back_lengthens_no_key_sets_life() {
    let scene = scene(ProviderKind::Jwks).await;
    let week = scene.provider.now_secs() + 7 * 24 * 3600;
    let token = scene.provider.id_token("user-1", json!({ "exp": week }));
    assert_eq!(scene.outcome(&token).await, "accepted");
    scene.provider.go_down().await;
    scene.advance(24 * HOUR);
    scene.world.clock.jump_secs(-24 * 3600);
    assert_eq!(scene.outcome(&token).await, "keys_unavailable");
}

#[tokio::test]
async fn after_a_failure_and_a_long_silence_the_known_keys_count_while_somebody_waits() {
    for kind in KINDS {
        let scene = Arc::new(scene(kind).await);
        assert_eq!(scene.outcome_with(json!({})).await, "accepted");
        scene.provider.go_down().await;
        scene.advance(31);
        assert_eq!(scene.present_unknown_key().await, "keys_unavailable");
        scene.advance(2 * 3600);
        scene.provider.come_up().await;
        scene.provider.hold();
        let before = scene.provider.requests().len();
        let first = tokio::spawn({
            let scene = Arc::clone(&scene);
            async move { scene.outcome_with(json!({ "n": 1 })).await }
        });
        eventually(before + 1, async || scene.provider.requests().len()).await;
        let second = scene.outcome_with(json!({ "n": 2 })).await;
        assert_eq!(second, "accepted", "{kind:?}");
        scene.provider.release();
        assert_eq!(first.await.unwrap(), "accepted", "{kind:?}");
    }
}
