//! Why a decision fell, and what would change it. The decision itself is [`decide`]'s: there is no second one.

use serde::{Deserialize, Serialize};

use crate::change::{AlsoAllows, PatchOp, smallest_change};
use crate::claim::{Claim, GrantIndex};
use crate::decide::{Reason, decide, matching};
use crate::fault::Fault;
use crate::lints::Lint;
use crate::parse::ParseOptions;
use crate::permission::Permission;
use crate::target_spec::TargetSpec;

/// One decision in full. Serialises as the answer of the explain calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The answer.
    pub decision: Verdict,
    /// Why.
    pub reason: Reason,
    /// What was asked for.
    pub permission: Permission,
    /// On what.
    pub target: TargetSpec,
    /// The grants that decided; empty for an absent claim.
    pub deciding: Vec<GrantRef>,
    /// The other grants that match, the most specific first.
    pub considered: Vec<GrantRef>,
    /// For a denial: the smallest patch of the claim after which the answer is allow and nothing that was allowed
    /// is denied.
    pub change: Option<Vec<PatchOp>>,
    /// What else `change` allows.
    pub also_allows: Vec<AlsoAllows>,
    /// Names in the claim's arrays that are no permissions, sorted, each once.
    pub unknown_permissions: Vec<String>,
    /// What in the claim looks like a mistake.
    pub lints: Vec<Lint>,
}

/// Allow or deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The token may.
    Allow,
    /// The token may not.
    Deny,
}

/// A grant by its place in the claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantRef {
    /// RFC 6901 pointer; empty for the claim's own object.
    pub pointer: String,
    /// `[configuration, credential, integration]`: 2 exact, 1 `*`, 0 not named.
    pub specificity: [u8; 3],
}

/// Explains what [`decide`] says about the same question.
#[must_use]
pub fn explain(claim: &Claim, target: &TargetSpec, permission: Permission) -> Explanation {
    let asked = target.as_target();
    let decision = decide(claim, &asked, permission);
    let deciding = decision.deciding.as_slice();
    let others = matching(claim, &asked)
        .into_iter()
        .filter(|index| !deciding.contains(index));
    let proposal =
        (!decision.allowed).then(|| smallest_change(claim, &asked, permission, &decision));
    let (change, also_allows) = proposal.map_or((None, Vec::new()), |found| {
        (Some(found.change), found.also_allows)
    });
    Explanation {
        decision: Verdict::of(decision.allowed),
        reason: decision.reason,
        permission,
        target: target.clone(),
        deciding: deciding
            .iter()
            .map(|&index| GrantRef::new(claim, index))
            .collect(),
        considered: others.map(|index| GrantRef::new(claim, index)).collect(),
        change,
        also_allows,
        unknown_permissions: claim.unknown_names(),
        lints: claim.lints(),
    }
}

/// Parses a claim's text (`None`: the token has none) and explains the decision.
///
/// # Errors
/// The claim's first fault.
pub fn explain_text(
    claim: Option<&str>,
    options: ParseOptions,
    target: &TargetSpec,
    permission: Permission,
) -> Result<Explanation, Fault> {
    let claim = claim.map_or(Ok(Claim::absent()), |json| Claim::parse_with(json, options))?;
    Ok(explain(&claim, target, permission))
}

impl Verdict {
    /// The word for a decision.
    #[must_use]
    pub const fn of(allowed: bool) -> Verdict {
        if allowed {
            Verdict::Allow
        } else {
            Verdict::Deny
        }
    }

    /// `allow` or `deny`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
        }
    }
}

impl GrantRef {
    fn new(claim: &Claim, index: GrantIndex) -> GrantRef {
        let path = claim.path(index);
        GrantRef {
            pointer: path.pointer(),
            specificity: path.specificity().ranks(),
        }
    }
}
