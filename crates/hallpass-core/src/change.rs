//! One write transaction of an operator: what changes, its audit row, the trust epoch it raises and the
//! idempotency record commit together or not at all.

use std::ops::{Deref, DerefMut};

use hallpass_model::{
    AuditEntry, AuditKind, Environment, EnvironmentId, Error, ProjectId, Result, Timestamp,
};
use hallpass_store::Write;
use serde_json::Value;

use crate::Shared;
use crate::actor::OperatorCaller;

pub(crate) struct Change<'a> {
    shared: &'a Shared,
    caller: &'a OperatorCaller,
    tx: Write,
    raised: Option<(EnvironmentId, i64)>,
    remembered: bool,
    pub(crate) now: Timestamp,
}

/// What a change is called in the audit trail.
pub(crate) struct Record<'a> {
    pub(crate) action: &'a str,
    pub(crate) project: Option<ProjectId>,
    pub(crate) environment: Option<EnvironmentId>,
    pub(crate) target: String,
    pub(crate) detail: Value,
}

impl<'a> Change<'a> {
    pub(crate) async fn begin(shared: &'a Shared, caller: &'a OperatorCaller) -> Result<Self> {
        let tx = shared.store.write().await?;
        Ok(Self {
            shared,
            caller,
            tx,
            raised: None,
            remembered: false,
            now: shared.clock.now(),
        })
    }

    /// Begins a change of what an environment trusts: every process will forget what it verified there. The epoch is
    /// raised before anything is read, because its row lock is what lets such changes wait for each other on
    /// PostgreSQL.
    pub(crate) async fn begin_trust(
        shared: &'a Shared,
        caller: &'a OperatorCaller,
        environment: EnvironmentId,
    ) -> Result<(Self, Environment)> {
        let mut change = Self::begin(shared, caller).await?;
        caller.visible_environment(change.tx.find_environment(environment).await?)?;
        let epoch = change.tx.raise_trust_epoch(environment).await?;
        change.raised = Some((environment, epoch));
        let environment =
            caller.visible_environment(change.tx.find_environment(environment).await?)?;
        Ok((change, environment))
    }

    /// The resource that an earlier request with the same idempotency key made. Where there is none, this change will
    /// be remembered under the key; a second request that comes meanwhile waits for this one.
    pub(crate) async fn replayed(&mut self) -> Result<Option<String>> {
        let Some(idempotency) = &self.caller.idempotency else {
            return Ok(None);
        };
        let scope = self.caller.idempotency_scope();
        let digest = &idempotency.request_digest;
        if self
            .tx
            .claim_idempotent(scope, &idempotency.key, digest, self.now)
            .await?
        {
            self.remembered = true;
            return Ok(None);
        }
        let record = self.tx.find_idempotent(scope, &idempotency.key).await?;
        let record = record.ok_or_else(|| Error::internal("a claimed key has a record"))?;
        if record.request_digest != digest {
            return Err(Error::unprocessable(
                "idempotency_key_reused",
                "this Idempotency-Key came with another request before; use a new key for a new request",
            ));
        }
        Ok(Some(record.resource))
    }

    /// Writes the audit row (and, for something made, the idempotency record) and commits.
    pub(crate) async fn commit(mut self, record: Record<'_>) -> Result<()> {
        let entry = AuditEntry {
            id: self.shared.rng.audit_id(self.now),
            at: self.now,
            kind: AuditKind::Change,
            actor_kind: self.caller.actor.kind,
            actor_id: self.caller.actor.id.clone(),
            actor_name: self.caller.actor.name.clone(),
            project_id: record.project,
            environment_id: record.environment,
            action: record.action.to_owned(),
            target: Some(record.target.clone()),
            detail: record.detail,
            request_id: self.caller.request_id.clone(),
        };
        self.tx.insert_audit(&entry).await?;
        if let Some(idempotency) = self.caller.idempotency.as_ref().filter(|_| self.remembered) {
            let scope = self.caller.idempotency_scope();
            self.tx
                .finish_idempotent(scope, &idempotency.key, &record.target)
                .await?;
        }
        self.tx.commit().await?;
        if let Some((environment, epoch)) = self.raised {
            self.shared.trust.learn(environment, epoch);
        }
        Ok(())
    }
}

impl Deref for Change<'_> {
    type Target = Write;

    fn deref(&self) -> &Write {
        &self.tx
    }
}

impl DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut Write {
        &mut self.tx
    }
}
