//! The smallest change of a claim that turns a denial into an allow without taking anything away.
//!
//! Two ways lead there. *Adding* puts a new, more specific grant into an object that denied because it does not list
//! the target. *Raising* makes the grants that denied say more. Both are lossless by construction; `add` and `raise`
//! hold the arguments.

mod add;
mod patch;
mod raise;
mod rebuild;

use serde::Serialize;

use crate::claim::{Claim, GrantIndex, Rule};
use crate::decide::{Decision, Reason};
use crate::path::{LEVELS, Part, Path};
use crate::permission::{Permission, PermissionSet};
use crate::scope::uuid_value;
use crate::target::{Account, Target};

pub use patch::{ChangeError, PatchOp, apply_change, apply_change_to_text};

/// Something a change allows beyond what was asked. Reads like a grant: `permission` becomes allowed on whatever
/// `scopes` match, except where a more specific grant of the claim decides. The asked target is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AlsoAllows {
    /// From the outside in; at least one.
    pub scopes: Vec<String>,
    /// What becomes allowed there.
    pub permission: Permission,
}

/// A change with its side effects.
pub(crate) struct Proposal {
    pub(crate) change: Vec<PatchOp>,
    pub(crate) also_allows: Vec<AlsoAllows>,
}

/// The change for a decision that denied.
pub(crate) fn smallest_change(
    claim: &Claim,
    target: &Target<'_>,
    permission: Permission,
    decision: &Decision,
) -> Proposal {
    let deniers: Vec<GrantIndex> = decision
        .deciding
        .as_slice()
        .iter()
        .copied()
        .filter(|&index| !claim.allows(index).contains(permission))
        .collect();
    let one_rule = matches!(deniers.as_slice(), [only] if claim.rule(*only) != Rule::Object);
    let added = if one_rule {
        None
    } else {
        add::propose(claim, target, permission, &deniers)
    };
    let most_operations = if decision.reason == Reason::Conflict {
        2
    } else {
        1
    };
    let mut proposal = added
        .unwrap_or_else(|| raise::propose(claim, target, permission, &deniers, most_operations));
    proposal.also_allows.sort();
    proposal.also_allows.dedup();
    proposal
}

/// What `fresh` permissions at `path` allow beyond `permission` on `target`.
fn side_effects(
    path: &Path<'_>,
    fresh: PermissionSet,
    target: &Target<'_>,
    permission: Permission,
) -> Vec<AlsoAllows> {
    let mut effects = Vec::new();
    for allowed in fresh.iter() {
        let places = if allowed == permission {
            beside_target(path, target)
        } else {
            vec![*path]
        };
        effects.extend(places.iter().map(|place| AlsoAllows {
            scopes: place.scopes(),
            permission: allowed,
        }));
    }
    effects
}

/// What `path` matches apart from the target: everything, unless the path pins the target; then what is below it.
fn beside_target<'a>(path: &Path<'a>, target: &Target<'_>) -> Vec<Path<'a>> {
    let absent = [
        target.integration.is_none(),
        target.credential.is_none(),
        target.configuration.is_none(),
    ];
    let pinned = [
        pins_text(path.integration, target.integration),
        pins_account(path.credential, target.credential),
        pins_account(path.configuration, target.configuration),
    ];
    if pinned.contains(&false) {
        return vec![*path];
    }
    let below = LEVELS.into_iter().zip(absent).filter(|(_, absent)| *absent);
    below
        .map(|(level, _)| path.with(level, Part::Any))
        .collect()
}

/// Whether the part names exactly what the target has on its level, or nothing where the target has nothing.
fn pins_account(part: Part<'_>, account: Option<Account<'_>>) -> bool {
    match (part, account) {
        (Part::Id(id), Some(account)) => account.id.and_then(uuid_value) == Some(id),
        (_, account) => pins_text(
            part,
            account.map(|account| account.external_id.unwrap_or_default()),
        ),
    }
}

fn pins_text(part: Part<'_>, name: Option<&str>) -> bool {
    match (part, name) {
        (Part::Unnamed, None) => true,
        (Part::Text(text), Some(name)) => text == name,
        _ => false,
    }
}
