use std::sync::Arc;

use hallpass_model::{
    ActorKind, AuditEntry, AuditKind, EnvironmentId, Error, ProjectId, Result, Subject,
};
use hallpass_permissions::{self as permissions, Claim, Decision, Permission, Target, TargetSpec};
use serde_json::json;

use super::cache::VerifiedUserToken;
use crate::{DecisionLog, Shared};

/// A connected user whose token was verified for this request.
#[derive(Clone)]
pub struct Caller {
    pub(super) shared: Arc<Shared>,
    pub(super) environment: EnvironmentId,
    pub(super) project: ProjectId,
    pub(super) token: Arc<VerifiedUserToken>,
}

impl Caller {
    /// The environment that the token is good in.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }

    /// Who the user is.
    #[must_use]
    pub fn sub(&self) -> &Subject {
        &self.token.sub
    }

    /// What the token may do.
    #[must_use]
    pub fn claim(&self) -> &Claim {
        &self.token.claim
    }

    /// Seconds since the epoch at which the token expires, leeway not counted.
    #[must_use]
    pub fn expires_at_secs(&self) -> i64 {
        self.token.expires_at_secs
    }

    /// Decides without recording; enforcement decides the same.
    #[must_use]
    pub fn decide(&self, target: &Target<'_>, permission: Permission) -> Decision {
        permissions::decide(&self.token.claim, target, permission)
    }

    /// Decides what an answer holds. Nothing is refused by it, so it is no denial worth a row of its own.
    pub(crate) fn filter(&self, target: &TargetSpec, permission: Permission) -> bool {
        let decision = self.decide(&target.as_target(), permission);
        self.note(target, permission, &decision, false);
        decision.allowed
    }

    fn note(
        &self,
        target: &TargetSpec,
        permission: Permission,
        decision: &Decision,
        refused: bool,
    ) {
        let record = match self.shared.options.record_decisions {
            DecisionLog::None => false,
            DecisionLog::Denied => refused,
            DecisionLog::All => true,
        };
        let outcome = if decision.allowed { "allow" } else { "deny" };
        metrics::counter!("hallpass_decisions_total", "permission" => permission.as_str(), "decision" => outcome).increment(1);
        if record {
            let at = self.shared.clock.now();
            self.shared.ledger.record_decision(AuditEntry {
                id: self.shared.rng.audit_id(at),
                at,
                kind: AuditKind::Decision,
                actor_kind: ActorKind::User,
                actor_id: Some(self.token.sub.to_string()),
                actor_name: None,
                project_id: Some(self.project),
                environment_id: Some(self.environment),
                action: format!("decision.{outcome}"),
                target: Some(permission.as_str().to_owned()),
                detail: json!({ "permission": permission.as_str(), "target": target, "reason": decision.reason.as_str() }),
                request_id: None,
            });
        }
    }

    /// Decides, records, and refuses what is not allowed with the whole explanation.
    ///
    /// # Errors
    /// `insufficient_permission` (403); `meta.decision` is the explanation.
    pub fn require(&self, permission: Permission, target: &TargetSpec) -> Result<()> {
        let decision = self.decide(&target.as_target(), permission);
        self.note(target, permission, &decision, !decision.allowed);
        if decision.allowed {
            return Ok(());
        }
        let explanation = permissions::explain(&self.token.claim, target, permission);
        Err(Error::forbidden(
            "insufficient_permission",
            format!("this token does not carry {} here", permission.as_str()),
        )
        .with_meta(json!({ "decision": explanation })))
    }
}
