//! The alarm for providers whose keys cannot be fetched is about those that somebody uses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hallpass_model::ProviderKind;
use hallpass_testkit::provider::Behaviour;
use metrics::{Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use serde_json::json;

use crate::support::{eventually, scene};

/// More than an hour, after which what nobody asks for is not kept fresh.
const IDLE: u64 = 3601;

/// Holds the one gauge, of this thread only.
#[derive(Default)]
struct Recorder(Arc<Alarm>);

#[derive(Default)]
struct Alarm(AtomicU64);

impl GaugeFn for Alarm {
    fn increment(&self, _: f64) {
        panic!("the gauge is set");
    }

    fn decrement(&self, _: f64) {
        panic!("the gauge is set");
    }

    fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::SeqCst);
    }
}

impl Alarm {
    fn value(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::SeqCst))
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        match key.name() {
            "hallpass_identity_provider_key_sets_degraded" => Gauge::from_arc(Arc::clone(&self.0)),
            _ => Gauge::noop(),
        }
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test]
async fn a_provider_that_fails_raises_the_alarm_until_it_is_removed() {
    let recorder = Recorder::default();
    let _recorded = metrics::set_default_local_recorder(&recorder);
    let alarm = Arc::clone(&recorder.0);
    let scene = scene(ProviderKind::Oidc).await;
    scene.provider.behave(Behaviour::Status(500));
    assert_eq!(scene.outcome_with(json!({})).await, "keys_unavailable");
    eventually(1.0, async || alarm.value()).await;
    scene.remove().await;
    eventually(0.0, async || alarm.value()).await;
}

#[tokio::test]
async fn the_alarm_ends_when_the_keys_can_be_fetched_again() {
    let recorder = Recorder::default();
    let _recorded = metrics::set_default_local_recorder(&recorder);
    let alarm = Arc::clone(&recorder.0);
    let scene = scene(ProviderKind::Oidc).await;
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    scene.provider.behave(Behaviour::Status(500));
    scene.advance(3000);
    scene
        .wait_for_standing("stale", Some("unexpected_status"))
        .await;
    eventually(1.0, async || alarm.value()).await;
    scene.provider.behave(Behaviour::Serve);
    scene.advance(31);
    scene.wait_for_standing("fresh", None).await;
    eventually(0.0, async || alarm.value()).await;
}

#[tokio::test]
async fn what_nobody_needs_is_idle_and_not_failing() {
    let recorder = Recorder::default();
    let _recorded = metrics::set_default_local_recorder(&recorder);
    let alarm = Arc::clone(&recorder.0);
    let scene = scene(ProviderKind::Oidc).await;
    // Never fetched.
    scene.provider.behave(Behaviour::Status(500));
    assert_eq!(scene.outcome_with(json!({})).await, "keys_unavailable");
    eventually(1.0, async || alarm.value()).await;
    assert_eq!(
        scene.standing().await,
        ("unavailable", Some("unexpected_status"))
    );
    scene.advance(IDLE);
    assert_eq!(scene.standing().await, ("idle", Some("unexpected_status")));
    eventually(0.0, async || alarm.value()).await;
    // Fetched once, and not since.
    scene.provider.behave(Behaviour::Serve);
    assert_eq!(scene.outcome_with(json!({})).await, "accepted");
    scene.provider.behave(Behaviour::Status(500));
    scene.advance(3000);
    scene
        .wait_for_standing("stale", Some("unexpected_status"))
        .await;
    eventually(1.0, async || alarm.value()).await;
    scene.disable(true).await;
    // What is trusted was read again and remembers the disabled one too.
    assert_eq!(scene.outcome_with(json!({})).await, "issuer_disabled");
    scene.advance(IDLE);
    assert_eq!(scene.standing().await, ("idle", Some("unexpected_status")));
    eventually(0.0, async || alarm.value()).await;
}
