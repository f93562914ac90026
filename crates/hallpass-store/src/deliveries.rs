use hallpass_model::{
    Delivery, DeliveryAttempt, DeliveryId, DeliveryState, EnvironmentId, Page, PageRequest,
    TargetKind, Timestamp,
};

use crate::cursor::{page_of, rows_wanted, start_of};
use crate::rows::{entities, is_storable, micros, parsed, time, unreadable, word};
use crate::store::Engine;
use crate::transaction::{Tx, execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! columns {
    () => {
        "id, environment_id, target_kind, target_id, event_id, event_type, payload, state, attempts, next_attempt_at,
             claimed_until_at, last_status, last_error, last_took_ms, created_at, finished_at"
    };
}
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM deliveries ", $rest)
    };
}
// Among the due rows of one receiver, in the order in which they came. A sub-select in the condition could be run again
// for each row, and would take more than the limit.
macro_rules! claim {
    ($suffix:literal) => {
        concat!(
            "WITH due (due_id) AS MATERIALIZED (
                 SELECT id FROM deliveries
                 WHERE state = 'pending' AND target_id = $1 AND next_attempt_at <= $2
                     AND (claimed_until_at IS NULL OR claimed_until_at <= $2)
                 ORDER BY next_attempt_at, id LIMIT $4",
            $suffix,
            ")
             UPDATE deliveries SET claimed_until_at = $3, attempts = attempts + 1
             FROM due WHERE id = due_id RETURNING ",
            columns!()
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND id = $2");
const LIST: &str = select!(
    "WHERE environment_id = $1 AND (CAST($2 AS TEXT) IS NULL OR target_id = $2)
         AND (CAST($3 AS TEXT) IS NULL OR state = $3)
         AND created_at <= $4 AND (created_at < $4 OR CAST($5 AS TEXT) IS NULL OR id < $5)
     ORDER BY created_at DESC, id DESC LIMIT $6"
);
// Jumps from receiver to receiver along the index: a long queue of one costs no more than a short one.
const LIST_DUE_TARGETS: &str = "WITH RECURSIVE targets (target) AS (
         SELECT MIN(target_id) FROM deliveries WHERE state = 'pending' AND target_id > $1
         UNION ALL
         SELECT (SELECT MIN(target_id) FROM deliveries WHERE state = 'pending' AND target_id > targets.target)
         FROM targets WHERE targets.target IS NOT NULL
     )
     SELECT target FROM targets
     WHERE target IS NOT NULL AND EXISTS (
         SELECT 1 FROM deliveries
         WHERE state = 'pending' AND target_id = targets.target AND next_attempt_at <= $2
             AND (claimed_until_at IS NULL OR claimed_until_at <= $2))
     LIMIT $3";
const INSERT: &str = "INSERT INTO deliveries (id, environment_id, target_kind, target_id, event_id, event_type, payload,
         state, attempts, next_attempt_at, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
// SQLite has one writer; on PostgreSQL two workers must not wait for each other's rows, nor take them.
const CLAIM_ON_SQLITE: &str = claim!("");
const CLAIM_ON_POSTGRES: &str = claim!(" FOR UPDATE SKIP LOCKED");
// Only by whoever holds the claim: its end is the token.
const FINISH: &str = "UPDATE deliveries SET state = $3, next_attempt_at = $4, claimed_until_at = NULL, last_status = $5,
         last_error = $6, last_took_ms = $7, finished_at = $8
     WHERE id = $1 AND claimed_until_at = $2 AND state = 'pending'";
const GIVE_BACK: &str =
    "UPDATE deliveries SET state = $3, next_attempt_at = $4, claimed_until_at = NULL,
         attempts = attempts - 1
     WHERE id = $1 AND claimed_until_at = $2 AND state = 'pending'";
// What a worker is at comes to its end.
const HOLD: &str = "UPDATE deliveries SET state = 'held'
     WHERE environment_id = $1 AND target_id = $2 AND state = 'pending' AND claimed_until_at IS NULL";
const RESUME: &str =
    "UPDATE deliveries SET state = 'pending', next_attempt_at = $3, claimed_until_at = NULL
     WHERE environment_id = $1 AND target_id = $2 AND state = 'held'";
const RETRY: &str = "UPDATE deliveries SET state = 'pending', attempts = 0, next_attempt_at = $3, finished_at = NULL
     WHERE environment_id = $1 AND id = $2 AND state = 'dead'";
const DELETE_OF_TARGET: &str =
    "DELETE FROM deliveries WHERE environment_id = $1 AND target_id = $2";
const DELETE_FINISHED: &str = "DELETE FROM deliveries WHERE id IN (
         SELECT id FROM deliveries WHERE finished_at < $1 ORDER BY finished_at LIMIT $2)";
const DELETE_HELD: &str = "DELETE FROM deliveries WHERE id IN (
         SELECT id FROM deliveries WHERE state = 'held' AND created_at < $1 LIMIT $2)";

/// Those that both engines take.
pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    LIST,
    LIST_DUE_TARGETS,
    INSERT,
    CLAIM_ON_SQLITE,
    FINISH,
    GIVE_BACK,
    HOLD,
    RESUME,
    RETRY,
    DELETE_OF_TARGET,
    DELETE_FINISHED,
    DELETE_HELD,
];

/// Those that only PostgreSQL takes.
pub(crate) const POSTGRES_STATEMENTS: &[&str] = &[CLAIM_ON_POSTGRES];

/// Which deliveries to list; what is `None` is not asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// To this receiver.
    pub target_id: Option<String>,
    /// In this state.
    pub state: Option<DeliveryState>,
}

/// How a claimed delivery goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryResult {
    /// Its next state.
    pub state: DeliveryState,
    /// When it is due if it is to be tried again.
    pub next_attempt_at: Timestamp,
    /// What the attempt came to.
    pub attempt: DeliveryAttempt,
    /// Set when it is over.
    pub finished_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    target_kind: String,
    target_id: String,
    event_id: String,
    event_type: String,
    payload: String,
    state: String,
    attempts: i64,
    next_attempt_at: i64,
    claimed_until_at: Option<i64>,
    last_status: Option<i64>,
    last_error: Option<String>,
    last_took_ms: Option<i64>,
    created_at: i64,
    finished_at: Option<i64>,
}

impl Read {
    /// A delivery of an environment.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_delivery(
        &mut self,
        environment: EnvironmentId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>> {
        fetch_optional!(self, Row, FIND, environment.to_string(), id.to_string())?
            .map(Delivery::try_from)
            .transpose()
    }

    /// Deliveries of an environment that the filter lets through, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_deliveries(
        &mut self,
        environment: EnvironmentId,
        filter: &DeliveryFilter,
        page: &PageRequest,
    ) -> Result<Page<Delivery>> {
        let start = start_of::<Delivery>(page)?;
        if !filter.target_id.as_deref().is_none_or(is_storable) {
            return Ok(page_of(Vec::new(), page));
        }
        let rows = fetch_all!(
            self,
            Row,
            LIST,
            environment.to_string(),
            filter.target_id.as_deref(),
            filter.state.map(DeliveryState::as_str),
            start.at,
            start.id,
            rows_wanted(page)
        )?;
        Ok(page_of(entities(rows)?, page))
    }

    /// Receivers of any environment for which something is due that nobody is at, in the order of their ids, from
    /// after one on.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_due_targets(
        &mut self,
        after: &str,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<String>> {
        let rows = fetch_all!(
            self,
            (String,),
            LIST_DUE_TARGETS,
            after,
            now.as_micros(),
            limit
        )?;
        Ok(rows.into_iter().map(|(target,)| target).collect())
    }
}

impl Write {
    /// Adds a delivery to the queue.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn insert_delivery(&mut self, delivery: &Delivery) -> Result<()> {
        execute!(
            self,
            INSERT,
            delivery.id.to_string(),
            delivery.environment_id.to_string(),
            delivery.target_kind.as_str(),
            &delivery.target_id,
            &delivery.event_id,
            &delivery.event_type,
            &delivery.payload,
            delivery.state.as_str(),
            i64::from(delivery.attempts),
            delivery.next_attempt_at.as_micros(),
            delivery.created_at.as_micros()
        )?;
        Ok(())
    }

    /// Takes due deliveries to one receiver that nobody is at, and counts the attempt that this begins. Whoever does
    /// not finish them before `until` loses them to the next who asks.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn claim_deliveries(
        &mut self,
        target_id: &str,
        now: Timestamp,
        until: Timestamp,
        limit: i64,
    ) -> Result<Vec<Delivery>> {
        let claim = match self.engine() {
            Engine::Sqlite => CLAIM_ON_SQLITE,
            Engine::Postgres => CLAIM_ON_POSTGRES,
        };
        let rows = fetch_all!(
            self,
            Row,
            claim,
            target_id,
            now.as_micros(),
            until.as_micros(),
            limit
        )?;
        let mut deliveries: Vec<Delivery> = entities(rows)?;
        deliveries.sort_by_key(|delivery| (delivery.next_attempt_at, delivery.id));
        Ok(deliveries)
    }

    /// Writes what a claimed delivery came to; answers `false` when the claim was lost meanwhile.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn finish_delivery(
        &mut self,
        id: DeliveryId,
        claimed_until: Timestamp,
        result: &DeliveryResult,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            FINISH,
            id.to_string(),
            claimed_until.as_micros(),
            result.state.as_str(),
            result.next_attempt_at.as_micros(),
            result.attempt.status.map(i64::from),
            result.attempt.error.as_deref(),
            result.attempt.took_ms,
            micros(result.finished_at)
        )?;
        Ok(changed == 1)
    }

    /// Gives a claimed delivery back without an attempt; answers `false` when the claim was lost meanwhile.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn give_delivery_back(
        &mut self,
        id: DeliveryId,
        claimed_until: Timestamp,
        state: DeliveryState,
        next_attempt_at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            GIVE_BACK,
            id.to_string(),
            claimed_until.as_micros(),
            state.as_str(),
            next_attempt_at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Keeps what nobody is at until the receiver is enabled again; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn hold_deliveries(
        &mut self,
        environment: EnvironmentId,
        target_id: &str,
    ) -> Result<u64> {
        execute!(self, HOLD, environment.to_string(), target_id)
    }

    /// Lets what a receiver was not told while it was disabled go on; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn resume_deliveries(
        &mut self,
        environment: EnvironmentId,
        target_id: &str,
        now: Timestamp,
    ) -> Result<u64> {
        execute!(
            self,
            RESUME,
            environment.to_string(),
            target_id,
            now.as_micros()
        )
    }

    /// Begins again with a dead delivery; answers `false` when it is not dead.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn retry_delivery(
        &mut self,
        environment: EnvironmentId,
        id: DeliveryId,
        now: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            RETRY,
            environment.to_string(),
            id.to_string(),
            now.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Deletes everything for a receiver; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_deliveries_to(
        &mut self,
        environment: EnvironmentId,
        target_id: &str,
    ) -> Result<u64> {
        execute!(self, DELETE_OF_TARGET, environment.to_string(), target_id)
    }

    /// Deletes what was over, or held back, before a time, at most `limit` of each; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_deliveries_before(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        let finished = execute!(self, DELETE_FINISHED, before.as_micros(), limit)?;
        let held = execute!(self, DELETE_HELD, before.as_micros(), limit)?;
        Ok(finished + held)
    }

    fn engine(&self) -> Engine {
        match &self.read.tx {
            Tx::Sqlite(_) => Engine::Sqlite,
            Tx::Postgres(_) => Engine::Postgres,
        }
    }
}

impl TryFrom<Row> for Delivery {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let last = match row.last_took_ms {
            None => None,
            Some(took_ms) => Some(DeliveryAttempt {
                status: row
                    .last_status
                    .map(u16::try_from)
                    .transpose()
                    .map_err(|_| unreadable("deliveries.last_status"))?,
                error: row.last_error,
                took_ms,
            }),
        };
        Ok(Self {
            id: parsed("deliveries.id", &row.id)?,
            environment_id: parsed("deliveries.environment_id", &row.environment_id)?,
            target_kind: word(
                "deliveries.target_kind",
                TargetKind::from_word(&row.target_kind),
            )?,
            target_id: row.target_id,
            event_id: row.event_id,
            event_type: row.event_type,
            payload: row.payload,
            state: word("deliveries.state", DeliveryState::from_word(&row.state))?,
            attempts: u32::try_from(row.attempts).map_err(|_| unreadable("deliveries.attempts"))?,
            next_attempt_at: Timestamp::from_micros(row.next_attempt_at),
            claimed_until: time(row.claimed_until_at),
            last,
            created_at: Timestamp::from_micros(row.created_at),
            finished_at: time(row.finished_at),
        })
    }
}
