//! The decision: the most specific matching grants, found by asking for each path that could match.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::claim::{Claim, GrantIndex, Rule};
use crate::hash::{any_hash, part_hash};
use crate::path::{Part, Path};
use crate::permission::{Permission, PermissionSet};
use crate::scope::{Level, uuid_value};
use crate::target::{Account, Target};

/// The answer to one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the token may.
    pub allowed: bool,
    /// Why, or why not.
    pub reason: Reason,
    /// The grants that decided.
    pub deciding: Deciding,
}

/// Why a decision fell as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The token carries no claim.
    ClaimAbsent,
    /// The deciding grant allows it.
    Granted,
    /// The deciding grant is `false`.
    DeniedExplicitly,
    /// The deciding grant is a list without the permission.
    PermissionNotListed,
    /// An object around other grants decides: what it does not list is denied.
    Narrowed,
    /// Nothing but the claim's own object matches.
    NoMatchingScope,
    /// Equally specific grants disagree.
    Conflict,
}

/// The one to four grants that decided; none for an absent claim.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Deciding {
    grants: [GrantIndex; 4],
    count: u8,
}

/// Decides whether a token with this claim may do `permission` on `target`.
///
/// Everything that enforces and everything that explains calls this function.
#[must_use]
pub fn decide(claim: &Claim, target: &Target<'_>, permission: Permission) -> Decision {
    if claim.is_absent() {
        return Decision {
            allowed: true,
            reason: Reason::ClaimAbsent,
            deciding: Deciding::default(),
        };
    }
    let deciding = deciding(claim, target);
    let allowed_by_all = deciding.allowed_by_all(claim).contains(permission);
    let reason = if allowed_by_all {
        Reason::Granted
    } else if deciding.allowed_by_any(claim).contains(permission) {
        Reason::Conflict
    } else {
        deciding.reason_to_deny(claim)
    };
    Decision {
        allowed: allowed_by_all,
        reason,
        deciding,
    }
}

/// Everything that is allowed on `target`: the permissions for which [`decide`] allows.
#[must_use]
pub fn permissions(claim: &Claim, target: &Target<'_>) -> PermissionSet {
    if claim.is_absent() {
        PermissionSet::ALL
    } else {
        deciding(claim, target).allowed_by_all(claim)
    }
}

/// All grants that match, the most specific first; the claim's own object last.
pub(crate) fn matching(claim: &Claim, target: &Target<'_>) -> Vec<GrantIndex> {
    let mut found = Vec::new();
    each_group(claim, target, |group| {
        found.extend_from_slice(group.as_slice());
        false
    });
    found.extend((!claim.is_absent()).then_some(0));
    found
}

fn deciding(claim: &Claim, target: &Target<'_>) -> Deciding {
    let mut root = Deciding::default();
    root.push(0);
    each_group(claim, target, |_| true).unwrap_or(root)
}

/// Calls `stop` with the matching grants of each specificity, from the most specific down, until it says so.
fn each_group(
    claim: &Claim,
    target: &Target<'_>,
    mut stop: impl FnMut(Deciding) -> bool,
) -> Option<Deciding> {
    let mut left = claim.specificities & reachable(target) & !1;
    if left == 0 {
        return None;
    }
    let keys = Keys::new(target, left);
    while left != 0 {
        let specificity = 31 - left.leading_zeros();
        left &= !(1 << specificity);
        let group = keys.group(claim, specificity);
        if group.count > 0 && stop(group) {
            return Some(group);
        }
    }
    None
}

/// The specificities that can match: a level that the target lacks must not be named, except by `integration:*`
/// alone.
fn reachable(target: &Target<'_>) -> u32 {
    let mut mask = (1 << 27) - 1;
    if target.configuration.is_none() {
        mask &= !CONFIGURATION_NAMED;
    }
    if target.credential.is_none() {
        mask &= !CREDENTIAL_NAMED;
    }
    if target.integration.is_none() {
        mask &= !INTEGRATION_NAMED | EVERY_INTEGRATION;
    }
    mask
}

const EVERY_INTEGRATION: u32 = 1 << 1;
const INTEGRATION_NAMED: u32 = specificities_with(1, 1) | specificities_with(1, 2);
const INTEGRATION_EXACT: u32 = specificities_with(1, 2);
const CREDENTIAL_NAMED: u32 = specificities_with(3, 1) | specificities_with(3, 2);
const CREDENTIAL_EXACT: u32 = specificities_with(3, 2);
const CONFIGURATION_NAMED: u32 = specificities_with(9, 1) | specificities_with(9, 2);
const CONFIGURATION_EXACT: u32 = specificities_with(9, 2);

const fn specificities_with(weight: u32, rank: u32) -> u32 {
    let mut mask = 0;
    let mut specificity = 0;
    while specificity < 27 {
        if specificity / weight % 3 == rank {
            mask |= 1 << specificity;
        }
        specificity += 1;
    }
    mask
}

/// A part of a path with its hash.
type Key<'a> = (Part<'a>, u64);

/// The parts that fit a target on each level.
struct Keys<'a> {
    integration: LevelKeys<'a>,
    credential: LevelKeys<'a>,
    configuration: LevelKeys<'a>,
}

/// Not named and `*` always fit; beside them at most two exact names, by id and by external id.
struct LevelKeys<'a> {
    any: Key<'a>,
    exact: [Key<'a>; 2],
    count: usize,
}

const UNNAMED: Key<'static> = (Part::Unnamed, 0);

impl<'a> Keys<'a> {
    /// Reads and hashes only what the claim's specificities in `wanted` can ask for.
    fn new(target: &Target<'a>, wanted: u32) -> Keys<'a> {
        let mut keys = Keys {
            integration: LevelKeys::wild(Level::Integration),
            credential: LevelKeys::wild(Level::Credential),
            configuration: LevelKeys::wild(Level::Configuration),
        };
        if let Some(name) = target.integration
            && wanted & INTEGRATION_EXACT != 0
        {
            keys.integration.push(Level::Integration, Part::Text(name));
        }
        if wanted & CREDENTIAL_EXACT != 0 {
            keys.credential
                .push_account(Level::Credential, target.credential);
        }
        if wanted & CONFIGURATION_EXACT != 0 {
            keys.configuration
                .push_account(Level::Configuration, target.configuration);
        }
        keys
    }

    fn group(&self, claim: &Claim, specificity: u32) -> Deciding {
        let mut group = Deciding::default();
        for &(configuration, configuration_hash) in self.configuration.of_rank(specificity / 9) {
            for &(credential, credential_hash) in self.credential.of_rank(specificity / 3 % 3) {
                for &(integration, integration_hash) in self.integration.of_rank(specificity % 3) {
                    let hash = configuration_hash
                        .wrapping_add(credential_hash)
                        .wrapping_add(integration_hash);
                    if let Some(index) = claim.find_hashed(
                        &Path {
                            configuration,
                            credential,
                            integration,
                        },
                        hash,
                    ) {
                        group.push(index);
                    }
                }
            }
        }
        group
    }
}

impl<'a> LevelKeys<'a> {
    const fn wild(level: Level) -> LevelKeys<'a> {
        LevelKeys {
            any: (Part::Any, any_hash(level)),
            exact: [UNNAMED; 2],
            count: 0,
        }
    }

    fn push_account(&mut self, level: Level, account: Option<Account<'a>>) {
        let Some(account) = account else { return };
        if let Some(id) = account.id.and_then(uuid_value) {
            self.push(level, Part::Id(id));
        }
        if let Some(external_id) = account.external_id {
            self.push(level, Part::Text(external_id));
        }
    }

    fn push(&mut self, level: Level, part: Part<'a>) {
        if let Some(slot) = self.exact.get_mut(self.count) {
            *slot = (part, part_hash(level, part));
            self.count += 1;
        }
    }

    fn of_rank(&self, rank: u32) -> &[Key<'a>] {
        match rank {
            0 => std::slice::from_ref(&UNNAMED),
            1 => std::slice::from_ref(&self.any),
            _ => self.exact.get(..self.count).unwrap_or_default(),
        }
    }
}

impl Deciding {
    /// The grants, to be looked up with [`Claim::find_grant`].
    #[must_use]
    pub fn as_slice(&self) -> &[GrantIndex] {
        self.grants
            .get(..usize::from(self.count))
            .unwrap_or_default()
    }

    fn push(&mut self, index: GrantIndex) {
        if let Some(slot) = self.grants.get_mut(usize::from(self.count)) {
            *slot = index;
            self.count += 1;
        }
    }

    fn allowed_by_all(&self, claim: &Claim) -> PermissionSet {
        self.as_slice()
            .iter()
            .fold(PermissionSet::ALL, |set, &index| {
                set.intersection(claim.allows(index))
            })
    }

    fn allowed_by_any(&self, claim: &Claim) -> PermissionSet {
        self.as_slice()
            .iter()
            .fold(PermissionSet::EMPTY, |set, &index| {
                set.union(claim.allows(index))
            })
    }

    /// Of several grants that deny, the most outspoken names the reason.
    fn reason_to_deny(&self, claim: &Claim) -> Reason {
        let any = |rule: Rule| {
            self.as_slice()
                .iter()
                .any(|&index| claim.rule(index) == rule)
        };
        if self.as_slice() == [0] {
            Reason::NoMatchingScope
        } else if any(Rule::False) {
            Reason::DeniedExplicitly
        } else if any(Rule::Array) {
            Reason::PermissionNotListed
        } else {
            Reason::Narrowed
        }
    }
}

impl fmt::Debug for Deciding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

impl Reason {
    /// The text that APIs answer with.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::ClaimAbsent => "claim_absent",
            Reason::Granted => "granted",
            Reason::DeniedExplicitly => "denied_explicitly",
            Reason::PermissionNotListed => "permission_not_listed",
            Reason::Narrowed => "narrowed",
            Reason::NoMatchingScope => "no_matching_scope",
            Reason::Conflict => "conflict",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
