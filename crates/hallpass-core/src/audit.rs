//! The audit trail, for reading. Writing is part of each change, and of the ledger for decisions.

use std::sync::Arc;

use hallpass_model::{AuditEntry, AuditKind, EnvironmentId, Page, PageRequest, Result, Timestamp};
use hallpass_store::AuditFilter;

use crate::Shared;
use crate::actor::OperatorCaller;

/// Reads the audit trail.
pub struct Audit {
    pub(crate) shared: Arc<Shared>,
}

/// Which rows; what is `None` does not filter.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Of this environment.
    pub environment: Option<EnvironmentId>,
    /// Changes or decisions.
    pub kind: Option<AuditKind>,
    /// With exactly this action.
    pub action: Option<String>,
    /// By this operator id or `sub`.
    pub actor_id: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

impl Audit {
    /// Matching rows that the caller may see, newest first.
    ///
    /// # Errors
    /// `not_found` for the environment, `invalid_cursor`.
    pub async fn list(
        &self,
        caller: &OperatorCaller,
        query: AuditQuery,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>> {
        let mut tx = self.shared.store.read().await?;
        if let Some(environment) = query.environment {
            caller.visible_environment(tx.find_environment(environment).await?)?;
        }
        let filter = AuditFilter {
            projects: caller.projects.clone(),
            environment_id: query.environment,
            kind: query.kind,
            action: query.action,
            actor_id: query.actor_id,
            from: query.from,
            until: query.until,
        };
        Ok(tx.list_audit(&filter, page).await?)
    }
}
