//! Who takes deliveries from the queue and sends them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use hallpass_model::{Delivery, DeliveryId, DeliveryState, Result, Timestamp};
use hallpass_store::Write;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use super::{Attempted, Receiver, schedule, send};
use crate::Shared;
use crate::webhooks::{self, Standing};

/// Deliveries that one worker is at, together and to one receiver.
const AT_ONCE: usize = 64;
const AT_ONCE_TO_ONE: usize = 8;
/// How long a claim holds; an attempt ends long before.
const LEASE_SECS: i64 = 60;
/// When to look again for a receiver whose secret cannot be opened: no attempt was made, so none is counted.
const SEALED_AGAIN_SECS: i64 = 60;
/// How often the queue is looked at when nobody says that there is something new.
const POLL: Duration = Duration::from_secs(1);
/// After word of something new: its transaction may not have committed yet.
const SOON: Duration = Duration::from_millis(50);
const SOON_ROUNDS: u32 = 5;
/// How long attempts may go on after the order to stop.
const STOP_WITHIN: Duration = Duration::from_secs(5);
const SWEEP_EVERY: Duration = Duration::from_secs(3600);
const SWEEP_ROWS: i64 = 10_000;
/// How long what is over can be looked at.
const KEEP_SECS: i64 = 30 * 24 * 3600;

pub(crate) struct Worker {
    shared: Arc<Shared>,
    /// The receiver served last: the next one in line follows it.
    after: String,
    running: JoinSet<Attempted>,
    claims: HashMap<Id, Delivery>,
    ended: Vec<Ended>,
    swept_at: Option<Duration>,
}

/// A claimed delivery whose attempt is over, or was not made.
struct Ended {
    delivery: Delivery,
    how: How,
}

enum How {
    Attempted(Attempted),
    /// Without an attempt: back to the queue, or held.
    GivenBack(DeliveryState, Timestamp),
    /// Its receiver is no more.
    Orphaned,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            after: String::new(),
            running: JoinSet::new(),
            claims: HashMap::new(),
            ended: Vec::new(),
            swept_at: None,
        }
    }

    /// Takes what is due, waits for all of it and writes it down.
    pub(crate) async fn run_once(mut self) -> Result<usize> {
        let taken = self.take().await?;
        while let Some(ended) = self.running.join_next_with_id().await {
            self.note(ended);
        }
        self.write().await?;
        Ok(taken)
    }

    /// Claims due deliveries as far as there is room, and begins to send them; tells how many.
    async fn take(&mut self) -> Result<usize> {
        let targets = self.due_targets().await?;
        if targets.is_empty() {
            return Ok(0);
        }
        let mut tx = self.shared.store.write().await?;
        let now = self.shared.clock.now();
        let mut claimed = Vec::new();
        for target in targets {
            let room = self.room(&target).min(self.free() - claimed.len());
            if room == 0 {
                continue;
            }
            let limit = i64::try_from(room).unwrap_or(1);
            let until = now.plus_secs(LEASE_SECS);
            claimed.extend(tx.claim_deliveries(&target, now, until, limit).await?);
            self.after = target;
        }
        tx.commit().await?;
        let taken = claimed.len();
        self.begin(claimed).await;
        Ok(taken)
    }

    /// Receivers with something due, beginning behind the one that was served last.
    async fn due_targets(&self) -> Result<Vec<String>> {
        let free = self.free();
        if free == 0 {
            return Ok(Vec::new());
        }
        // Those that have no room are among the found: enough more for all of them.
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let now = self.shared.clock.now();
        let mut tx = self.shared.store.read().await?;
        let mut targets = tx.list_due_targets(&self.after, now, limit).await?;
        if !self.after.is_empty() && targets.len() < AT_ONCE {
            let mut first = tx.list_due_targets("", now, limit).await?;
            first.retain(|target| *target <= self.after);
            targets.append(&mut first);
        }
        targets.retain(|target| self.room(target) > 0);
        targets.truncate(free);
        Ok(targets)
    }

    async fn begin(&mut self, claimed: Vec<Delivery>) {
        let mut by_target: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
        for delivery in claimed {
            let same = by_target.entry(delivery.target_id.clone()).or_default();
            same.push(delivery);
        }
        for deliveries in by_target.into_values() {
            let standing = match deliveries.first() {
                Some(first) => webhooks::standing(&self.shared, first).await,
                None => continue,
            };
            match standing {
                Ok(Standing::Ready(receiver)) => self.start(&Arc::new(receiver), deliveries),
                Ok(Standing::Disabled) => self.give_back(deliveries, DeliveryState::Held, 0),
                Ok(Standing::Gone) => {
                    let orphaned = |delivery| Ended {
                        delivery,
                        how: How::Orphaned,
                    };
                    self.ended.extend(deliveries.into_iter().map(orphaned));
                }
                Err(error) => {
                    tracing::warn!(
                        code = error.code(),
                        "deliveries wait: the receiver or its secret cannot be read"
                    );
                    self.give_back(deliveries, DeliveryState::Pending, SEALED_AGAIN_SECS);
                }
            }
        }
    }

    fn start(&mut self, receiver: &Arc<Receiver>, deliveries: Vec<Delivery>) {
        for delivery in deliveries {
            let (shared, receiver) = (Arc::clone(&self.shared), Arc::clone(receiver));
            let (id, payload) = (delivery.event_id.clone(), delivery.payload.clone());
            let task = self
                .running
                .spawn(async move { send(&shared, &receiver, &id, &payload).await });
            self.claims.insert(task.id(), delivery);
        }
    }

    fn give_back(&mut self, deliveries: Vec<Delivery>, state: DeliveryState, wait_secs: i64) {
        let at = self.shared.clock.now().plus_secs(wait_secs);
        let back = |delivery| Ended {
            delivery,
            how: How::GivenBack(state, at),
        };
        self.ended.extend(deliveries.into_iter().map(back));
    }

    /// One that broke down is not noted: its claim runs out, and it is sent again.
    fn note(&mut self, ended: Result<(Id, Attempted), JoinError>) {
        let (id, attempted) = match ended {
            Ok((id, attempted)) => (id, Some(attempted)),
            Err(error) => (error.id(), None),
        };
        if let (Some(delivery), Some(attempted)) = (self.claims.remove(&id), attempted) {
            let how = How::Attempted(attempted);
            self.ended.push(Ended { delivery, how });
        }
    }

    async fn next_ended(&mut self) {
        if let Some(ended) = self.running.join_next_with_id().await {
            self.note(ended);
            while let Some(ended) = self.running.try_join_next_with_id() {
                self.note(ended);
            }
        }
    }

    /// Writes what ended. What could not be written is kept for the next time; when that comes too late, the lease has
    /// run out and the delivery is repeated.
    async fn write(&mut self) -> Result<()> {
        if self.ended.is_empty() {
            return Ok(());
        }
        let now = self.shared.clock.now();
        let mut tx = self.shared.store.write().await?;
        for ended in &self.ended {
            self.write_one(&mut tx, ended, now).await?;
        }
        let attempts = self.ended.iter().filter_map(|ended| match &ended.how {
            How::Attempted(attempted) => Some((&ended.delivery, &attempted.outcome)),
            How::GivenBack(..) | How::Orphaned => None,
        });
        webhooks::note_health(&mut tx, &self.shared, attempts, now).await?;
        tx.commit().await?;
        for ended in self.ended.drain(..) {
            if let How::Attempted(attempted) = ended.how {
                metrics::counter!("hallpass_delivery_attempts_total", "outcome" => attempted.outcome.as_str()).increment(1);
            }
        }
        Ok(())
    }

    async fn write_one(&self, tx: &mut Write, ended: &Ended, now: Timestamp) -> Result<()> {
        let (id, token) = claim_of(&ended.delivery);
        match &ended.how {
            How::Attempted(attempted) => {
                let random = u64::from_le_bytes(self.shared.rng.bytes());
                let result = schedule::result_of(&ended.delivery, attempted, random, now);
                tx.finish_delivery(id, token, &result).await?;
            }
            How::GivenBack(state, at) => {
                tx.give_delivery_back(id, token, *state, *at).await?;
            }
            How::Orphaned => {
                let delivery = &ended.delivery;
                tx.delete_deliveries_to(delivery.environment_id, &delivery.target_id)
                    .await?;
            }
        }
        Ok(())
    }

    fn free(&self) -> usize {
        AT_ONCE.saturating_sub(self.claims.len() + self.ended.len())
    }

    fn room(&self, target: &str) -> usize {
        let at = self.claims.values().filter(|at| at.target_id == target);
        AT_ONCE_TO_ONE.saturating_sub(at.count())
    }

    async fn sweep(&mut self) -> Result<()> {
        let now = self.shared.clock.monotonic();
        if self.swept_at.is_some_and(|at| now < at + SWEEP_EVERY) {
            return Ok(());
        }
        self.swept_at = Some(now);
        let before = self.shared.clock.now().plus_secs(-KEEP_SECS);
        let mut tx = self.shared.store.write().await?;
        tx.delete_deliveries_before(before, SWEEP_ROWS).await?;
        Ok(tx.commit().await?)
    }

    /// Lets running attempts end for a while and gives the rest back, so that nothing waits for a lease.
    async fn stop(mut self) {
        let ending = async {
            while !self.running.is_empty() {
                self.next_ended().await;
            }
        };
        let late = tokio::time::timeout(STOP_WITHIN, ending).await.is_err();
        if late {
            self.running.abort_all();
            let left: Vec<Delivery> = self.claims.drain().map(|(_, delivery)| delivery).collect();
            self.give_back(left, DeliveryState::Pending, 0);
        }
        if let Err(error) = self.write().await {
            tracing::warn!(
                code = error.code(),
                "deliveries that just ended could not be written and will be repeated"
            );
        }
    }
}

/// Works until it is told to stop.
pub(crate) async fn run(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut worker = Worker::new(Arc::clone(&shared));
    let mut soon = 0;
    while !*stop.borrow() {
        let worked = async {
            worker.write().await?;
            worker.sweep().await?;
            worker.take().await
        };
        if let Err(error) = worked.await {
            tracing::warn!(
                code = error.code(),
                "the queue of deliveries cannot be reached"
            );
        }
        let pause = if soon > 0 { SOON } else { POLL };
        let has_running = !worker.running.is_empty();
        tokio::select! {
            () = worker.next_ended(), if has_running => {}
            () = shared.deliveries_due.notified() => soon = SOON_ROUNDS,
            () = tokio::time::sleep(pause) => soon = soon.saturating_sub(1),
            _ = stop.changed() => break,
        }
    }
    worker.stop().await;
}

/// What names a claim: nobody else's ends at the same moment.
fn claim_of(delivery: &Delivery) -> (DeliveryId, Timestamp) {
    let until = delivery.claimed_until.unwrap_or(delivery.created_at);
    (delivery.id, until)
}
