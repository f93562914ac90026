//! Many decisions about one claim at once, without their reasons in full: what a table of scopes and permissions shows.

use hallpass_model::{EnvironmentId, Error, Result};
use hallpass_permissions::{
    Claim, Lint, NamedTarget, Permission, Reason, TargetSpec, Verdict, decide,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Explain, Whose, check_ids, even_null};
use crate::actor::OperatorCaller;

/// Targets of one question.
const MOST_TARGETS: usize = 64;

/// Whose permissions, and on what; without targets, on what the claim itself speaks of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatrixRequest {
    /// A user token of the environment.
    #[serde(default)]
    pub token: Option<String>,
    /// A bare claim, as it would stand in a token. `null` is a (malformed) claim, not an absent one.
    #[serde(default, deserialize_with = "even_null")]
    pub claim: Option<Box<RawValue>>,
    /// At most 64.
    #[serde(default)]
    pub targets: Option<Vec<TargetSpec>>,
}

/// The decision for each target and permission.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Matrix {
    /// In the order of the targets, or of the claim's text.
    pub rows: Vec<MatrixRow>,
    /// Paths of the claim beyond the 64 that have a row.
    pub left_out: usize,
    /// Names in the claim's arrays that are no permissions, sorted, each once.
    pub unknown_permissions: Vec<String>,
    /// What in the claim looks like a mistake.
    pub lints: Vec<Lint>,
}

/// Nine decisions about one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MatrixRow {
    /// The claim's path that the target stands for; left out for a target that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// On what.
    pub target: TargetSpec,
    /// One for each permission, always in the same order.
    pub decisions: Vec<MatrixCell>,
}

/// One decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MatrixCell {
    /// What was asked for.
    pub permission: Permission,
    /// The answer.
    pub decision: Verdict,
    /// Why.
    pub reason: Reason,
}

impl Explain {
    /// Decides for an operator; without token and claim, for a token without the claim.
    ///
    /// # Errors
    /// As [`Explain::for_operator`], and `too_many_targets`.
    pub async fn matrix(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        request: MatrixRequest,
    ) -> Result<Matrix> {
        self.check_visible(caller, environment).await?;
        if let Some(targets) = &request.targets {
            check_targets(targets)?;
        }
        let whose = Whose {
            token: request.token.as_deref(),
            claim: request.claim.as_deref(),
        };
        let claim = self.claim_of(environment, whose).await?;
        let targets = request.targets;
        self.in_turn(claim, move |claim| decide_all(claim, targets))
            .await
    }
}

fn check_targets(targets: &[TargetSpec]) -> Result<()> {
    if targets.len() > MOST_TARGETS {
        let message = "at most 64 targets at once";
        return Err(Error::unprocessable("too_many_targets", message).at("/targets"));
    }
    for (index, target) in targets.iter().enumerate() {
        check_ids(target, &format!("/targets/{index}"))?;
    }
    Ok(())
}

fn decide_all(claim: &Claim, targets: Option<Vec<TargetSpec>>) -> Matrix {
    let left_out = match targets {
        Some(_) => 0,
        None => claim.named_targets_count().saturating_sub(MOST_TARGETS),
    };
    let rows = match targets {
        Some(targets) => targets
            .into_iter()
            .map(|target| row(claim, None, target))
            .collect(),
        None => claim
            .named_targets()
            .take(MOST_TARGETS)
            .map(|NamedTarget { scopes, target }| row(claim, Some(scopes), target))
            .collect(),
    };
    Matrix {
        rows,
        left_out,
        unknown_permissions: claim.unknown_names(),
        lints: claim.lints(),
    }
}

fn row(claim: &Claim, scopes: Option<Vec<String>>, target: TargetSpec) -> MatrixRow {
    let decisions = Permission::ALL.map(|permission| {
        let decision = decide(claim, &target.as_target(), permission);
        MatrixCell {
            permission,
            decision: Verdict::of(decision.allowed),
            reason: decision.reason,
        }
    });
    MatrixRow {
        scopes,
        target,
        decisions: decisions.to_vec(),
    }
}
