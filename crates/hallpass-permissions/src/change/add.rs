//! Adding one grant that is more specific than those that denied.
//!
//! Why nothing is lost: only targets that the new grant matches can be decided differently. Where a more specific
//! grant exists, it still decides. Elsewhere the answer came from a grant that overlaps the new one and is at most as
//! specific; [`takeover`] collects the permissions of all of these, and the new grant lists them. Objects that have
//! to be added around it deny by themselves, so they are added only where nothing was allowed before.

use serde_json::{Value, json};

use super::rebuild::rule_for;
use super::{AlsoAllows, PatchOp, Proposal, side_effects};
use crate::claim::{Claim, GrantIndex, Rule};
use crate::path::{LEVELS, Part, Path, push_token};
use crate::permission::{Permission, PermissionSet};
use crate::scope::{Level, is_external_id, is_integration_name, uuid_value};
use crate::target::{Account, Target};

/// A grant that could be added.
struct Candidate<'a> {
    path: Path<'a>,
    /// The existing object that takes it, and the scopes to be added below that, the grant's own last.
    home: GrantIndex,
    missing: Vec<String>,
    allows: PermissionSet,
}

/// The best grant to add, if there is room for one.
pub(super) fn propose(
    claim: &Claim,
    target: &Target<'_>,
    permission: Permission,
    deniers: &[GrantIndex],
) -> Option<Proposal> {
    let denier = *deniers.first()?;
    let best = more_specific_paths(target, &claim.path(denier))
        .filter_map(|path| candidate(claim, path, permission))
        // Named rather than wild, then the fewest permissions, then inside an object that denied, then the narrowest;
        // among equals ids come before external ids.
        .min_by_key(|found| {
            let wild = LEVELS
                .iter()
                .filter(|&&level| found.path.part(level) == Part::Any)
                .count();
            let inside = deniers.iter().any(|&index| is_inside(claim, found, index));
            (
                wild,
                found.allows.len(),
                !inside,
                u8::MAX - found.path.specificity().number(),
            )
        })?;
    Some(Proposal {
        change: vec![operation(claim, &best)],
        also_allows: effects(&best, target, permission),
    })
}

/// Every path that matches the target and is more specific than `denier`.
fn more_specific_paths<'a>(
    target: &Target<'a>,
    denier: &Path<'_>,
) -> impl Iterator<Item = Path<'a>> {
    let floor = denier.specificity();
    let integrations = integration_parts(target);
    let credentials = account_parts(target.credential);
    let configurations = account_parts(target.configuration);
    let everything = target
        .integration
        .is_none()
        .then(|| Path::ROOT.with(Level::Integration, Part::Any));
    configurations
        .into_iter()
        .flat_map(move |configuration| {
            credentials
                .clone()
                .into_iter()
                .map(move |credential| (configuration, credential))
        })
        .flat_map(move |(configuration, credential)| {
            integrations
                .clone()
                .into_iter()
                .map(move |integration| Path {
                    configuration,
                    credential,
                    integration,
                })
        })
        .chain(everything)
        .filter(move |path| path.specificity() > floor)
}

fn integration_parts<'a>(target: &Target<'a>) -> Vec<Part<'a>> {
    let Some(name) = target.integration else {
        return vec![Part::Unnamed];
    };
    let exact = is_integration_name(name).then_some(Part::Text(name));
    exact
        .into_iter()
        .chain([Part::Any, Part::Unnamed])
        .collect()
}

fn account_parts(account: Option<Account<'_>>) -> Vec<Part<'_>> {
    let Some(account) = account else {
        return vec![Part::Unnamed];
    };
    let id = account.id.and_then(uuid_value).map(Part::Id);
    let external_id = account
        .external_id
        .filter(|text| is_external_id(text))
        .map(Part::Text);
    id.into_iter()
        .chain(external_id)
        .chain([Part::Any, Part::Unnamed])
        .collect()
}

fn candidate<'a>(claim: &Claim, path: Path<'a>, permission: Permission) -> Option<Candidate<'a>> {
    let mut home = 0;
    let mut missing = Vec::new();
    let mut prefix = Path::ROOT;
    for level in LEVELS {
        let part = path.part(level);
        let Some(scope) = part.scope_text(level) else {
            continue;
        };
        prefix = prefix.with(level, part);
        match claim.find(&prefix) {
            Some(index) if claim.rule(index) == Rule::Object && prefix != path => home = index,
            Some(_) => return None,
            None => {
                if prefix != path && !takeover(claim, &prefix).is_empty() {
                    return None;
                }
                missing.push(scope);
            }
        }
    }
    let allows = permission.with_implied().union(takeover(claim, &path));
    Some(Candidate {
        path,
        home,
        missing,
        allows,
    })
}

/// What is allowed by the grants that overlap `path` and may decide for a target on it: from the most specific down
/// to the first that covers the whole path; what is below that one never decides there.
fn takeover(claim: &Claim, path: &Path<'_>) -> PermissionSet {
    let limit = path.specificity();
    let overlaps = |index: &GrantIndex| {
        let other = claim.path(*index);
        other.specificity() <= limit && other.meets(path)
    };
    let overlapping: Vec<GrantIndex> = claim.indexes().filter(overlaps).collect();
    let covering = overlapping
        .iter()
        .filter(|&&index| claim.path(index).covers(path));
    let floor = covering.map(|&index| claim.specificity(index)).max();
    let deciding = overlapping
        .iter()
        .filter(|&&index| Some(claim.specificity(index)) >= floor);
    deciding.fold(PermissionSet::EMPTY, |sum, &index| {
        sum.union(claim.allows(index))
    })
}

fn is_inside(claim: &Claim, candidate: &Candidate<'_>, object: GrantIndex) -> bool {
    claim.rule(object) == Rule::Object && candidate.path.is_below(&claim.path(object))
}

fn operation(claim: &Claim, candidate: &Candidate<'_>) -> PatchOp {
    let mut path = claim.path(candidate.home).pointer();
    let mut scopes = candidate.missing.iter();
    if let Some(outermost) = scopes.next() {
        push_token(&mut path, outermost);
    }
    let rule = rule_for(candidate.allows, &[]);
    let value: Value = scopes
        .rev()
        .fold(rule, |inner, scope| json!({ scope.as_str(): inner }));
    PatchOp::Add { path, value }
}

fn effects(
    candidate: &Candidate<'_>,
    target: &Target<'_>,
    permission: Permission,
) -> Vec<AlsoAllows> {
    side_effects(&candidate.path, candidate.allows, target, permission)
}
