//! What a claim speaks of: for every path of scopes in it, a target that one can ask about.

use crate::claim::Claim;
use crate::path::{Part, Path};
use crate::target_spec::{AccountSpec, TargetSpec};

/// A path of the claim, and what to ask about to see what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTarget {
    /// The path's member names from the outside in; empty for the claim itself.
    pub scopes: Vec<String>,
    /// A target that the path matches and that no exact name of the claim matches where the path says `*`: a new
    /// account, an integration with a slug that the claim does not have.
    pub target: TargetSpec,
}

impl Claim {
    /// One target for each path, in the order of the text; the first is the user as such, also without a claim.
    pub fn named_targets(&self) -> impl Iterator<Item = NamedTarget> {
        let other = self.other_integration();
        let user = NamedTarget {
            scopes: Vec::new(),
            target: TargetSpec::default(),
        };
        let below = self.indexes().skip(1).map(move |index| {
            let path = self.path(index);
            NamedTarget {
                scopes: path.scopes(),
                target: target_of(&path, &other),
            }
        });
        std::iter::once(user).chain(below)
    }

    /// How many targets [`Claim::named_targets`] gives.
    #[must_use]
    pub fn named_targets_count(&self) -> usize {
        self.nodes.len().max(1)
    }

    /// Names in lists that are no permissions, sorted, each once.
    #[must_use]
    pub fn unknown_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .unknown_permissions()
            .map(|unknown| unknown.name().to_owned())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// A slug that stands nowhere in the claim.
    fn other_integration(&self) -> String {
        const BASE: &str = "any-other";
        let taken: Vec<&str> = self
            .indexes()
            .filter_map(|index| match self.path(index).integration {
                Part::Text(name) if name.starts_with(BASE) => Some(name),
                _ => None,
            })
            .collect();
        let mut name = BASE.to_owned();
        // Each round leaves one of the taken names behind.
        for number in 2..taken.len().saturating_add(2) {
            if !taken.contains(&name.as_str()) {
                break;
            }
            name = format!("{BASE}-{number}");
        }
        name
    }
}

fn target_of(path: &Path<'_>, other: &str) -> TargetSpec {
    TargetSpec {
        integration: match path.integration {
            Part::Unnamed => None,
            Part::Text(name) => Some(name.to_owned()),
            Part::Any | Part::Id(_) => Some(other.to_owned()),
        },
        credential: account_of(path.credential),
        configuration: account_of(path.configuration),
    }
}

fn account_of(part: Part<'_>) -> Option<AccountSpec> {
    match part {
        Part::Unnamed => None,
        Part::Any => Some(AccountSpec::new_thing()),
        Part::Id(id) => Some(AccountSpec {
            id: Some(crate::scope::uuid_text(id)),
            ext: None,
        }),
        Part::Text(external_id) => Some(AccountSpec {
            id: None,
            ext: Some(external_id.to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn named(claim: &str) -> Vec<(String, String)> {
        let claim = Claim::parse(claim).unwrap();
        let found: Vec<NamedTarget> = claim.named_targets().collect();
        assert_eq!(found.len(), claim.named_targets_count());
        found
            .into_iter()
            .map(|one| {
                let target = serde_json::to_string(&one.target).unwrap();
                (one.scopes.join(" "), target)
            })
            .collect()
    }

    #[test]
    fn every_path_has_a_target_in_the_order_of_the_text() {
        let claim = r#"{"integration:*": ["events"], "integration:slack": {"credential:*":
            {"configuration:ext:A": true}}, "credential:5f0c2a3e-8d41-4b6f-9c27-1e5a7b9d3f60": false}"#;
        let expected = [
            ("", "{}"),
            ("integration:*", r#"{"integration":"any-other"}"#),
            ("integration:slack", r#"{"integration":"slack"}"#),
            (
                "integration:slack credential:*",
                r#"{"integration":"slack","credential":"new"}"#,
            ),
            (
                "integration:slack credential:* configuration:ext:A",
                r#"{"integration":"slack","credential":"new","configuration":{"ext":"A"}}"#,
            ),
            (
                "credential:5f0c2a3e-8d41-4b6f-9c27-1e5a7b9d3f60",
                r#"{"credential":{"id":"5f0c2a3e-8d41-4b6f-9c27-1e5a7b9d3f60"}}"#,
            ),
        ];
        let expected = expected.map(|(scopes, target)| (scopes.to_owned(), target.to_owned()));
        assert_eq!(named(claim), expected);
    }

    #[test]
    fn the_other_integration_is_none_of_the_claim() {
        let claim = r#"{"integration:any-other": true, "integration:any-other-2": true, "integration:*": []}"#;
        assert_eq!(
            named(claim).last().unwrap().1,
            r#"{"integration":"any-other-3"}"#
        );
    }

    #[test]
    fn without_a_claim_there_is_the_user() {
        let found: Vec<NamedTarget> = Claim::absent().named_targets().collect();
        assert_eq!(found.len(), 1);
        assert_eq!(Claim::absent().named_targets_count(), 1);
    }
}
