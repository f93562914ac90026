//! A world with a webhook and its receiver.

use std::time::Duration;

use hallpass_core::{
    Clock as _, DeliveryQuery, NewWebhook, OperatorCaller, Options, Services, WebhookPatch,
    WebhookWithSecret,
};
use hallpass_model::{
    Delivery, DeliveryId, DeliveryState, EnvironmentId, PageRequest, TargetKind, Webhook, WebhookId,
};
use hallpass_testkit::Database;
use hallpass_testkit::hook::Hook;
use hallpass_testkit::world::World;

/// How long a test waits for something that has to come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Nothing is sent unless the test says so.
pub struct Told {
    pub world: World,
    pub admin: OperatorCaller,
    pub hook: Hook,
    pub webhook: WebhookId,
    pub secret: String,
    pub database: Database,
    made: std::sync::atomic::AtomicU32,
}

pub async fn told(database: Database) -> Told {
    told_by(database, false).await
}

/// The same, with or without the worker that a server has.
pub async fn told_by(database: Database, deliver: bool) -> Told {
    let hook = Hook::new().await;
    let options = Options {
        deliver,
        ..Options::default()
    };
    let egress = hook.egress();
    let world = World::with(database.store().clone(), egress, options).await;
    let added = add(&world, &hook.url("/hook")).await;
    Told {
        admin: world.admin(),
        webhook: added.webhook.id,
        secret: added.secret.expect("shown once").to_string(),
        world,
        hook,
        database,
        made: std::sync::atomic::AtomicU32::new(0),
    }
}

pub async fn add(world: &World, url: &str) -> WebhookWithSecret {
    let webhooks = &world.services.webhooks;
    webhooks
        .add(&world.admin(), world.environment, new_webhook(url))
        .await
        .expect("a webhook")
        .into_inner()
}

pub fn new_webhook(url: &str) -> NewWebhook {
    NewWebhook {
        url: url.to_owned(),
        events: vec!["user.created".to_owned()],
        enabled: true,
        signature_header: None,
    }
}

impl Told {
    pub fn environment(&self) -> EnvironmentId {
        self.world.environment
    }

    pub fn services(&self) -> &Services {
        &self.world.services
    }

    /// A delivery as the queue holds it, for a webhook.
    pub fn delivery_to(&self, webhook: WebhookId) -> Delivery {
        let number = self.made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let now = self.world.clock.now();
        let mut random = [0; 10];
        random[..4].copy_from_slice(&number.to_be_bytes());
        Delivery {
            id: DeliveryId::from_time_and_random(now.as_secs().unsigned_abs() * 1000, random),
            environment_id: self.environment(),
            target_kind: TargetKind::Webhook,
            target_id: webhook.to_string(),
            event_id: format!("evt_{number}"),
            event_type: "user.created".to_owned(),
            payload: format!(r#"{{"id":"evt_{number}","text":"ä \u2028"}}"#),
            state: DeliveryState::Pending,
            attempts: 0,
            next_attempt_at: now,
            claimed_until: None,
            last: None,
            created_at: now,
            finished_at: None,
        }
    }

    /// Puts so many into the queue, in one transaction that commits.
    pub async fn enqueue_to(&self, webhook: WebhookId, count: usize) -> Vec<DeliveryId> {
        let mut tx = self.world.store.write().await.expect("a transaction");
        let mut ids = Vec::new();
        for _ in 0..count {
            let delivery = self.delivery_to(webhook);
            tx.insert_delivery(&delivery).await.expect("a row");
            ids.push(delivery.id);
        }
        tx.commit().await.expect("committed");
        ids
    }

    pub async fn enqueue(&self, count: usize) -> Vec<DeliveryId> {
        self.enqueue_to(self.webhook, count).await
    }

    /// One turn of a worker; tells how many deliveries it took.
    pub async fn turn(&self) -> usize {
        self.services().deliveries.run_once().await.expect("a turn")
    }

    /// Turns until nothing is due.
    pub async fn drain(&self) -> usize {
        let mut taken = 0;
        loop {
            match self.turn().await {
                0 => return taken,
                more => taken += more,
            }
        }
    }

    pub async fn delivery(&self, id: DeliveryId) -> Delivery {
        let deliveries = &self.services().deliveries;
        deliveries
            .load(&self.admin, self.environment(), id)
            .await
            .expect("a delivery")
    }

    pub async fn state(&self, id: DeliveryId) -> DeliveryState {
        self.delivery(id).await.state
    }

    /// How many are in a state, as far as one page shows them.
    pub async fn count(&self, state: DeliveryState) -> usize {
        let query = DeliveryQuery {
            webhook: None,
            state: Some(state),
        };
        let page = PageRequest {
            after: None,
            limit: 200,
        };
        let deliveries = &self.services().deliveries;
        let found = deliveries
            .list(&self.admin, self.environment(), &query, &page)
            .await;
        found.expect("a list").items.len()
    }

    pub async fn webhook(&self) -> Webhook {
        let webhooks = &self.services().webhooks;
        webhooks
            .load(&self.admin, self.environment(), self.webhook)
            .await
            .expect("the webhook")
    }

    pub async fn enable(&self, enabled: bool) -> Webhook {
        let patch = WebhookPatch {
            enabled: Some(enabled),
            ..WebhookPatch::default()
        };
        let webhooks = &self.services().webhooks;
        webhooks
            .update(&self.admin, self.environment(), self.webhook, patch, None)
            .await
            .expect("changed")
    }

    /// Lets time pass.
    pub fn advance(&self, secs: u64) {
        self.world.clock.advance(Duration::from_secs(secs));
    }
}

/// Waits until something is so.
pub async fn eventually(what: &str, look: impl AsyncFn() -> bool) {
    let waiting = async {
        while !look().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "still not so: {what}");
}
