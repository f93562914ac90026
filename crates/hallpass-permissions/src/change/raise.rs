//! Making the grants that denied say more.
//!
//! A rule that lists more never takes anything away: for the permissions it gains, whatever it decided was denied,
//! by itself or by a conflict. An object that becomes a rule loses what was below it, so the rule lists all of that
//! too; and where another grant between the two in specificity would now decide instead and says less, that grant
//! is raised as well.

use serde_json::Value;

use super::rebuild::{Raised, rule_for, unknown_names, value_at};
use super::{AlsoAllows, PatchOp, Proposal, side_effects};
use crate::claim::{Claim, GrantIndex, Rule};
use crate::path::Path;
use crate::permission::{Permission, PermissionSet};
use crate::target::Target;

/// Raises every grant that denied. More changed places than `most_operations` are put into one operation on the
/// object that holds them all.
pub(super) fn propose(
    claim: &Claim,
    target: &Target<'_>,
    permission: Permission,
    deniers: &[GrantIndex],
    most_operations: usize,
) -> Proposal {
    let asked = permission.with_implied();
    let mut pending: Vec<(GrantIndex, PermissionSet)> =
        deniers.iter().map(|&index| (index, asked)).collect();
    let mut raising = Raising {
        claim,
        raised: Raised::new(),
    };
    while let Some((index, gained)) = pending.pop() {
        pending.extend(raising.raise(index, gained));
    }
    let raised = &raising.raised;
    let mut also_allows = Vec::new();
    for (&index, allows) in raised {
        let fresh = allows.without(claim.allows(index));
        also_allows.extend(side_effects(&claim.path(index), fresh, target, permission));
        also_allows.extend(raising.uncovered(index));
    }
    let change = if raised.len() <= most_operations {
        raised
            .iter()
            .map(|(&index, &allows)| operation(claim, index, allows, permission))
            .collect()
    } else {
        vec![one_operation(claim, raised)]
    };
    Proposal {
        change,
        also_allows,
    }
}

/// The claim as it will be.
struct Raising<'a> {
    claim: &'a Claim,
    raised: Raised,
}

/// A grant with what it allows.
struct Says<'a> {
    index: GrantIndex,
    path: Path<'a>,
    allows: PermissionSet,
}

impl<'a> Raising<'a> {
    /// Gives what else has to be raised because of this.
    fn raise(
        &mut self,
        index: GrantIndex,
        gained: PermissionSet,
    ) -> Vec<(GrantIndex, PermissionSet)> {
        if self.is_gone(index) {
            return Vec::new();
        }
        let below: Vec<Says<'a>> = self
            .claim
            .descendants(index)
            .map(|below| self.says(below))
            .collect();
        let kept = below
            .iter()
            .fold(self.says(index).allows, |sum, lost| sum.union(lost.allows));
        for lost in &below {
            self.raised.remove(&lost.index);
        }
        self.raised.insert(index, kept.union(gained));
        self.shadows(index, &below)
    }

    /// Grants that would decide where something below `object` did, and say less.
    fn shadows(&self, object: GrantIndex, below: &[Says<'_>]) -> Vec<(GrantIndex, PermissionSet)> {
        if below.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for other in self.others_at_least(object) {
            let needed = below
                .iter()
                .filter(|lost| {
                    !lost.allows.without(other.allows).is_empty()
                        && other.path.specificity() < lost.path.specificity()
                        && other.path.meets(&lost.path)
                })
                .fold(PermissionSet::EMPTY, |sum, lost| sum.union(lost.allows));
            if !needed.is_empty() {
                found.push((other.index, needed));
            }
        }
        found
    }

    /// What becomes allowed because a grant below `object` that denied it is gone and another one decides there.
    fn uncovered(&self, object: GrantIndex) -> Vec<AlsoAllows> {
        let mut below = self
            .claim
            .descendants(object)
            .map(|gone| self.claim.path(gone))
            .peekable();
        if below.peek().is_none() {
            return Vec::new();
        }
        let own = self.says(object).allows;
        let others = self.others_at_least(object);
        let mut effects = Vec::new();
        for gone in below {
            let deciding = others.iter().filter(|other| {
                other.path.specificity() <= gone.specificity() && other.path.meets(&gone)
            });
            let allowed = deciding.fold(PermissionSet::EMPTY, |sum, other| sum.union(other.allows));
            effects.extend(allowed.without(own).iter().map(|permission| AlsoAllows {
                scopes: gone.scopes(),
                permission,
            }));
        }
        effects
    }

    /// The grants that remain, other than `object`, and are at least as specific.
    fn others_at_least(&self, object: GrantIndex) -> Vec<Says<'a>> {
        let floor = self.claim.specificity(object);
        self.claim
            .indexes()
            .filter(|&index| index != object && !self.is_gone(index))
            .map(|index| self.says(index))
            .filter(|other| other.path.specificity() >= floor)
            .collect()
    }

    fn says(&self, index: GrantIndex) -> Says<'a> {
        let raised = self.raised.get(&index).copied();
        let allows = raised.unwrap_or_else(|| self.claim.allows(index));
        Says {
            index,
            path: self.claim.path(index),
            allows,
        }
    }

    /// Whether an object above has become a rule.
    fn is_gone(&self, mut index: GrantIndex) -> bool {
        while let Some(node) = self.claim.node(index).filter(|_| index > 0) {
            index = node.parent;
            if self.raised.contains_key(&index) {
                return true;
            }
        }
        false
    }
}

fn operation(
    claim: &Claim,
    index: GrantIndex,
    allows: PermissionSet,
    permission: Permission,
) -> PatchOp {
    let path = claim.path(index).pointer();
    let gained = allows.without(claim.allows(index));
    let appends =
        claim.rule(index) == Rule::Array && gained.without(permission.with_implied()).is_empty();
    if appends {
        return PatchOp::Add {
            path: format!("{path}/-"),
            value: Value::from(permission.as_str()),
        };
    }
    PatchOp::Replace {
        path,
        value: rule_for(allows, &unknown_names(claim, index)),
    }
}

fn one_operation(claim: &Claim, raised: &Raised) -> PatchOp {
    let holds_all = |&object: &GrantIndex| {
        raised
            .keys()
            .all(|&index| index != object && claim.has_ancestor(index, object))
    };
    // The last in the order of the text is the innermost.
    let home = claim.indexes().rev().find(holds_all).unwrap_or(0);
    PatchOp::Replace {
        path: claim.path(home).pointer(),
        value: value_at(claim, home, raised),
    }
}
