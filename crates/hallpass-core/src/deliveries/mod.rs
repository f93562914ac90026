//! Telling others what happened: a queue in the database.
//!
//! The row that says "deliver" commits with what it reports, so a thing that did not happen is not told and one that did
//! is not forgotten. Workers claim due rows with a lease, send, and write down what it came to; a worker that dies loses
//! its lease and another one sends again. So a receiver is told at least once, always under the same event id, and in no
//! particular order.
//!
//! Every receiver has its own place in the queue: workers go round the receivers and are at a few deliveries to each at
//! a time, so one that hangs delays itself.

mod outcome;
mod schedule;
mod sender;
mod worker;

use std::sync::Arc;

use hallpass_model::{
    Delivery, DeliveryId, DeliveryState, EnvironmentId, Error, Page, PageRequest, Result,
    TargetKind, Webhook, WebhookId, limits,
};
use hallpass_store::{DeliveryFilter, Write};
use serde_json::json;

use crate::Shared;
use crate::actor::OperatorCaller;
use crate::change::{Change, Record};

pub(crate) use outcome::Outcome;
pub use sender::DELIVERY_HEADER;
pub(crate) use sender::{Attempted, Receiver, send};
pub(crate) use worker::{Worker, run};

/// Shows what was told and what was not, and has it tried again.
pub struct Deliveries {
    pub(crate) shared: Arc<Shared>,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct DeliveryQuery {
    /// To this webhook.
    pub webhook: Option<WebhookId>,
    /// In this state.
    pub state: Option<DeliveryState>,
}

/// What is to be told to one receiver.
pub(crate) struct NewDelivery<'a> {
    environment: EnvironmentId,
    target_kind: TargetKind,
    target_id: String,
    event_id: &'a str,
    event_type: &'a str,
    payload: &'a str,
}

impl<'a> NewDelivery<'a> {
    pub(crate) fn to_webhook(
        webhook: &Webhook,
        event_id: &'a str,
        event_type: &'a str,
        payload: &'a str,
    ) -> Self {
        Self {
            environment: webhook.environment_id,
            target_kind: TargetKind::Webhook,
            target_id: webhook.id.to_string(),
            event_id,
            event_type,
            payload,
        }
    }
}

/// Adds to the queue, in the transaction of what is reported. Workers of this process are woken; they find the row
/// once it is committed.
///
/// # Errors
/// `event_too_large`, `storage_unavailable`.
pub(crate) async fn enqueue(
    tx: &mut Write,
    shared: &Shared,
    new: NewDelivery<'_>,
) -> Result<DeliveryId> {
    if new.payload.len() > limits::DELIVERY_BYTES {
        return Err(Error::unprocessable(
            "event_too_large",
            "an event has at most 65536 bytes",
        ));
    }
    let now = shared.clock.now();
    let id = DeliveryId::from_time_and_random(
        u64::try_from(now.as_micros() / 1000).unwrap_or(0),
        shared.rng.bytes(),
    );
    let delivery = Delivery {
        id,
        environment_id: new.environment,
        target_kind: new.target_kind,
        target_id: new.target_id,
        event_id: new.event_id.to_owned(),
        event_type: new.event_type.to_owned(),
        payload: new.payload.to_owned(),
        state: DeliveryState::Pending,
        attempts: 0,
        next_attempt_at: now,
        claimed_until: None,
        last: None,
        created_at: now,
        finished_at: None,
    };
    tx.insert_delivery(&delivery).await?;
    shared.deliveries_due.notify_one();
    Ok(id)
}

impl Deliveries {
    /// The deliveries of an environment, newest first.
    ///
    /// # Errors
    /// `not_found`, `invalid_cursor`.
    pub async fn list(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        query: &DeliveryQuery,
        page: &PageRequest,
    ) -> Result<Page<Delivery>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        let filter = DeliveryFilter {
            target_id: query.webhook.map(|id| id.to_string()),
            state: query.state,
        };
        Ok(tx.list_deliveries(environment, &filter, page).await?)
    }

    /// One delivery.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: DeliveryId,
    ) -> Result<Delivery> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_environment(tx.find_environment(environment).await?)?;
        let found = tx.find_delivery(environment, id).await?;
        found.ok_or_else(|| Error::not_found("delivery"))
    }

    /// Begins again with a delivery that was given up.
    ///
    /// # Errors
    /// `not_found`, `delivery_not_dead`.
    pub async fn retry(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: DeliveryId,
    ) -> Result<Delivery> {
        let mut change = Change::begin(&self.shared, caller).await?;
        let owner = caller.visible_environment(change.find_environment(environment).await?)?;
        let not_found = || Error::not_found("delivery");
        let before = change.find_delivery(environment, id).await?;
        let before = before.ok_or_else(not_found)?;
        let now = change.now;
        if !change.retry_delivery(environment, id, now).await? {
            return Err(Error::conflict(
                "delivery_not_dead",
                format!(
                    "the delivery is {}; only one that was given up can be tried again by hand",
                    before.state.as_str()
                ),
            ));
        }
        let after = change.find_delivery(environment, id).await?;
        change
            .commit(Record {
                action: "delivery.retry",
                project: Some(owner.project_id),
                environment: Some(environment),
                target: id.to_string(),
                detail: json!({ "event_id": before.event_id, "target": before.target_id }),
            })
            .await?;
        self.shared.deliveries_due.notify_one();
        after.ok_or_else(not_found)
    }

    /// Sends what is due now, as far as one worker takes it at once, and waits for the answers; tells how many it took.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn run_once(&self) -> Result<usize> {
        Worker::new(Arc::clone(&self.shared)).run_once().await
    }
}
