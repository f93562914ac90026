//! What is valid and yet looks like a mistake.

use serde::Serialize;

use crate::claim::{Claim, GrantIndex, Rule};
use crate::path::{LEVELS, Part, Path};
use crate::permission::Permission;

/// A remark on a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// `false_overridden_by_wildcard` or `array_replaces_wider`.
    pub code: &'static str,
    /// RFC 6901 pointer to the grant in question.
    pub pointer: String,
    /// What happens there, in a sentence.
    pub message: String,
    /// The permissions that the array takes away; empty for other codes.
    pub permissions_lost: Vec<Permission>,
}

/// More remarks than anyone reads are cut off.
const MAX_LINTS: usize = 100;

impl Claim {
    /// Remarks on the whole claim, in the order of the text; 100 at most.
    #[must_use]
    pub fn lints(&self) -> Vec<Lint> {
        let wildcards: Vec<(GrantIndex, Path<'_>)> = self
            .indexes()
            .filter(|&index| !self.allows(index).is_empty())
            .map(|index| (index, self.path(index)))
            .filter(|(_, path)| LEVELS.iter().any(|&level| path.part(level) == Part::Any))
            .collect();
        self.indexes()
            .filter_map(|index| match self.rule(index) {
                Rule::False => self.lint_overridden(index, &wildcards),
                Rule::Array => self.lint_replaced(index),
                Rule::True | Rule::Object => None,
            })
            .take(MAX_LINTS)
            .collect()
    }

    fn lint_overridden(
        &self,
        index: GrantIndex,
        wildcards: &[(GrantIndex, Path<'_>)],
    ) -> Option<Lint> {
        let path = self.path(index);
        let (winner, _) = wildcards
            .iter()
            .find(|(_, other)| overrides_by_wildcard(other, &path))?;
        let pointer = path.pointer();
        let winner = self.path(*winner).pointer();
        Some(Lint {
            code: "false_overridden_by_wildcard",
            message: format!(
                "the wildcard at {winner:?} is more specific than this false and allows what it denies; to deny for \
                 good, write the false at the wildcard's level, below this scope"
            ),
            pointer,
            permissions_lost: Vec::new(),
        })
    }

    fn lint_replaced(&self, index: GrantIndex) -> Option<Lint> {
        let path = self.path(index);
        let wider = self.find_wider(index, &path)?;
        let lost = self.allows(wider).without(self.allows(index));
        if lost.is_empty() {
            return None;
        }
        let names: Vec<&str> = lost.iter().map(Permission::as_str).collect();
        Some(Lint {
            code: "array_replaces_wider",
            pointer: path.pointer(),
            message: format!(
                "this array replaces the wider grant at {:?} instead of adding to it; here the token loses {}",
                self.path(wider).pointer(),
                names.join(", ")
            ),
            permissions_lost: lost.iter().collect(),
        })
    }

    /// The most specific grant that is wider than the one at `path` and would decide there, had the latter and the
    /// objects around it not been written.
    fn find_wider(&self, index: GrantIndex, path: &Path<'_>) -> Option<GrantIndex> {
        let mut wider: Vec<Path<'_>> = Vec::with_capacity(27);
        for configuration in widenings(path.configuration) {
            for credential in widenings(path.credential) {
                for integration in widenings(path.integration) {
                    wider.push(Path {
                        configuration,
                        credential,
                        integration,
                    });
                }
            }
        }
        wider.push(Path {
            integration: Part::Any,
            ..Path::ROOT
        });
        wider.retain(|other| other.specificity() < path.specificity());
        wider.sort_by_key(|other| std::cmp::Reverse(other.specificity()));
        let around = |found: &GrantIndex| self.has_ancestor(index, *found);
        wider
            .iter()
            .filter_map(|other| self.find(other))
            .find(|found| !around(found))
    }
}

/// Whether `winner` beats `loser` because it says `*` on the deepest level on which they differ in rank.
fn overrides_by_wildcard(winner: &Path<'_>, loser: &Path<'_>) -> bool {
    let differs = LEVELS
        .into_iter()
        .rev()
        .find(|&level| winner.part(level).rank() != loser.part(level).rank());
    let by_wildcard = differs
        .is_some_and(|level| winner.part(level) == Part::Any && !loser.part(level).is_named());
    by_wildcard && surely_meet(winner, loser)
}

/// Overlap without guessing that an id and an external id are of one thing.
fn surely_meet(one: &Path<'_>, two: &Path<'_>) -> bool {
    LEVELS
        .iter()
        .all(|&level| match (one.part(level), two.part(level)) {
            (Part::Id(_) | Part::Text(_), Part::Id(_) | Part::Text(_)) => {
                one.part(level) == two.part(level)
            }
            _ => true,
        })
}

fn widenings(part: Part<'_>) -> Vec<Part<'_>> {
    match part {
        Part::Unnamed => vec![Part::Unnamed],
        Part::Any => vec![Part::Any, Part::Unnamed],
        exact => vec![exact, Part::Any, Part::Unnamed],
    }
}
