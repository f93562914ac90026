//! The change to a new master key, while everything goes on.
//!
//! 1. The new key is announced in the row of the check. Every node looks there each second and reads its keys again, so
//!    that nobody meets a secret it cannot open, nor goes on sealing with the former key.
//! 2. Every value is opened and sealed again, a few rows per transaction. A row that changed meanwhile is left as it is
//!    and looked at again.
//! 3. Last, the check itself. From then on the former keys open nothing.
//!
//! Whatever stops it half-way, each value is sealed with a key of the ring, and the next run goes on where this one ended.

use std::time::Duration;

use hallpass_model::Result;
use hallpass_seal::{KeyRing, OpenError, Place};
use hallpass_store::{SEALED_COLUMNS, SealCheck, SealedColumn, SealedValue};
use serde_json::json;

use super::check::{self, PLACE};
use super::{SealStatus, Sealing};
use crate::actor::OperatorCaller;
use crate::change::{Change, Record};

/// Longer than a node needs to notice the announcement.
const ANNOUNCED_FOR: Duration = Duration::from_secs(3);
/// Rows of one transaction: other writers wait at most for so many.
const BATCH: i64 = 50;
/// Passes over everything; more than two are needed only while others keep changing the same rows.
const PASSES: usize = 10;

/// How far a rotation came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Everything that can be opened is sealed with the current key.
    pub done: bool,
    /// Values that this call has sealed again.
    pub resealed: u64,
    /// Values that no key of this process opens, or that are damaged. They stay as they are.
    pub unreadable: u64,
    /// Afterwards.
    pub status: SealStatus,
}

#[derive(Default)]
struct Pass {
    resealed: u64,
    unreadable: u64,
    changed_meanwhile: u64,
    in_time: bool,
}

impl Sealing {
    /// Seals everything again that another key than the current one has sealed. Stops after about this long; then call again.
    ///
    /// # Errors
    /// `all_projects_needed`, `master_key_missing`, `master_key_unreadable`, `master_key_unknown`,
    /// `storage_unavailable`. What was sealed by then stays.
    pub async fn rotate(&self, caller: &OperatorCaller, at_most: Duration) -> Result<Rotation> {
        caller.require_all_projects()?;
        let until = self.shared.clock.monotonic() + at_most;
        let ring = self.shared.seal.ask_now()?;
        let Some(check) = self.shared.store.read().await?.find_seal_check().await? else {
            self.note(&ring).await?;
            return self.report(&ring, true, Pass::default()).await;
        };
        check::examine(&ring, &check)?;
        let moved = self.is_moved(&ring, &check);
        if moved && self.status_with(Ok(&ring)).await?.remaining() == 0 {
            return self.report(&ring, true, Pass::default()).await;
        }
        if !moved {
            self.announce(&ring).await?;
        }
        let total = self.reseal_all(&ring, until).await?;
        let settled = total.in_time && total.changed_meanwhile == 0;
        if settled && !moved {
            self.finish(caller, &ring, &total).await?;
        }
        self.report(&ring, settled, total).await
    }

    /// The check was sealed with the current key, and no other one is announced.
    fn is_moved(&self, ring: &KeyRing, check: &SealCheck) -> bool {
        let announced = check
            .next_key
            .is_some_and(|id| id != *ring.current_id().as_bytes());
        !announced && ring.needs_resealing(&check.sealed) == Ok(false)
    }

    async fn announce(&self, ring: &KeyRing) -> Result<()> {
        let mut tx = self.shared.store.write().await?;
        tx.announce_seal_key(ring.current_id().as_bytes()).await?;
        tx.commit().await?;
        self.shared.seal.need(Some(ring.current_id()));
        tokio::time::sleep(ANNOUNCED_FOR).await;
        Ok(())
    }

    /// Passes over every column until one finds nothing that changed meanwhile.
    async fn reseal_all(&self, ring: &KeyRing, until: Duration) -> Result<Pass> {
        let mut total = Pass::default();
        for _ in 0..PASSES {
            let mut pass = Pass {
                in_time: true,
                ..Pass::default()
            };
            for column in SEALED_COLUMNS {
                self.reseal_column(ring, column, until, &mut pass).await?;
            }
            total.resealed += pass.resealed;
            total.unreadable = pass.unreadable;
            total.changed_meanwhile = pass.changed_meanwhile;
            total.in_time = pass.in_time;
            // A pass that did something is followed by one that looks for what came meanwhile.
            if !pass.in_time || (pass.resealed == 0 && pass.changed_meanwhile == 0) {
                break;
            }
        }
        Ok(total)
    }

    async fn reseal_column(
        &self,
        ring: &KeyRing,
        column: &SealedColumn,
        until: Duration,
        pass: &mut Pass,
    ) -> Result<()> {
        let current = ring.current_id();
        let mut after: Option<String> = None;
        loop {
            if self.shared.clock.monotonic() >= until {
                pass.in_time = false;
                return Ok(());
            }
            let mut tx = self.shared.store.read().await?;
            let rows = tx
                .list_sealed_otherwise(column, current.as_bytes(), after.as_deref(), BATCH)
                .await?;
            drop(tx);
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some(last.row.clone());
            let mut again = Vec::with_capacity(rows.len());
            for value in rows {
                match self.sealed_again(ring, column, &value)? {
                    Some(sealed) => again.push((value, sealed)),
                    None => pass.unreadable += 1,
                }
            }
            let mut tx = self.shared.store.write().await?;
            for (value, sealed) in &again {
                match tx.replace_sealed(column, value, sealed).await? {
                    true => pass.resealed += 1,
                    false => pass.changed_meanwhile += 1,
                }
            }
            tx.commit().await?;
        }
    }

    /// The same secret under the current key; `None` for what does not open, which the log names.
    fn sealed_again(
        &self,
        ring: &KeyRing,
        column: &SealedColumn,
        value: &SealedValue,
    ) -> Result<Option<Vec<u8>>> {
        let environment = value.environment.to_string();
        let place = Place {
            table: column.table,
            row: &value.row,
            environment: &environment,
            field: column.column,
        };
        match ring.open(&place, &value.sealed) {
            Ok(secret) => self
                .shared
                .seal
                .seal_with(ring, &place, secret.expose())
                .map(Some),
            Err(error) => {
                let why = match error {
                    OpenError::UnknownKey(_) => "its master key is not configured",
                    _ => "it is damaged, or stands where it was not sealed for",
                };
                tracing::warn!(
                    table = column.table,
                    column = column.column,
                    row = value.row,
                    why,
                    "a sealed value stays under its former key"
                );
                Ok(None)
            }
        }
    }

    /// The check, and with it the end of the rotation.
    async fn finish(&self, caller: &OperatorCaller, ring: &KeyRing, total: &Pass) -> Result<()> {
        let mut change = Change::begin(&self.shared, caller).await?;
        let Some(check) = change.find_seal_check().await? else {
            return Ok(());
        };
        let constant = ring
            .open(&PLACE, &check.sealed)
            .map_err(hallpass_model::Error::internal)?;
        let sealed = self
            .shared
            .seal
            .seal_with(ring, &PLACE, constant.expose())?;
        if !change.replace_seal_check(&check.sealed, &sealed).await? {
            // Another run was faster.
            return Ok(());
        }
        let detail = json!({ "key_id": ring.current_id().to_string(), "resealed": total.resealed, "unreadable": total.unreadable });
        change
            .commit(Record {
                action: "seal.rotate",
                project: None,
                environment: None,
                target: ring.current_id().to_string(),
                detail,
            })
            .await
    }

    async fn report(&self, ring: &KeyRing, done: bool, total: Pass) -> Result<Rotation> {
        Ok(Rotation {
            done,
            resealed: total.resealed,
            unreadable: total.unreadable,
            status: self.status_with(Ok(ring)).await?,
        })
    }
}
