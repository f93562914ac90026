//! Laws of explanations: the decision is the enforced one, and a denial's change keeps its promises.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod generate;

use generate::{Tree, claim, universe};
use hallpass_permissions::{
    Claim, Explanation, Permission, PermissionSet, Reason, TargetSpec, Verdict,
    apply_change_to_text, decide, explain, permissions,
};
use proptest::prelude::*;
use serde_json::json;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_change_of_a_denial_keeps_its_promises(
        tree in claim(),
        questions in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(Permission::ALL.to_vec())), 4),
    ) {
        let text = tree.to_json();
        let claim = Claim::parse(&text).unwrap();
        let universe = universe();
        for (index, permission) in questions {
            let target = index.get(&universe);
            let explanation = explain(&claim, target, permission);
            let decision = decide(&claim, &target.as_target(), permission);
            prop_assert_eq!(explanation.decision == Verdict::Allow, decision.allowed);
            prop_assert_eq!(explanation.reason, decision.reason);
            prop_assert_eq!(explanation.change.is_some(), !decision.allowed);
            if let Some(broken) = broken_promise(&text, &claim, &universe, &explanation) {
                return Err(TestCaseError::fail(format!("{broken}\nclaim {text}\n{explanation:#?}")));
            }
        }
    }

    #[test]
    fn everything_that_matches_is_mentioned_once(tree in claim(), index in any::<prop::sample::Index>()) {
        let claim = Claim::parse(&tree.to_json()).unwrap();
        let universe = universe();
        let explanation = explain(&claim, index.get(&universe), Permission::Events);
        let mentioned: Vec<&str> =
            explanation.deciding.iter().chain(&explanation.considered).map(|grant| grant.pointer.as_str()).collect();
        let mut unique = mentioned.clone();
        unique.sort_unstable();
        unique.dedup();
        prop_assert_eq!(unique.len(), mentioned.len());
        prop_assert!(mentioned.contains(&""), "the claim's own object always matches");
        let falls = explanation.considered.windows(2).all(|pair| pair[0].specificity >= pair[1].specificity);
        prop_assert!(falls);
        let least_deciding = explanation.deciding.iter().map(|grant| grant.specificity).min().unwrap();
        prop_assert!(explanation.considered.iter().all(|other| other.specificity < least_deciding));
    }
}

fn broken_promise(
    text: &str,
    before: &Claim,
    universe: &[TargetSpec],
    explanation: &Explanation,
) -> Option<String> {
    let change = explanation.change.as_ref()?;
    let most = if explanation.reason == Reason::Conflict {
        2
    } else {
        1
    };
    if change.is_empty() || change.len() > most {
        return Some(format!("{} operations", change.len()));
    }
    let changed = apply_change_to_text(text, change).unwrap();
    let after = match Claim::parse(&changed) {
        Ok(after) => after,
        Err(fault) => return Some(format!("{fault}: {changed}")),
    };
    if !decide(
        &after,
        &explanation.target.as_target(),
        explanation.permission,
    )
    .allowed
    {
        return Some(format!("still denied after {changed}"));
    }
    for target in universe {
        let allowed_before = permissions(before, &target.as_target());
        let allowed_after = permissions(&after, &target.as_target());
        if allowed_before.without(allowed_after) != PermissionSet::EMPTY {
            return Some(format!(
                "{target:?} loses {:?} by {changed}",
                allowed_before.without(allowed_after)
            ));
        }
        for gained in allowed_after.without(allowed_before).iter() {
            if !is_announced(explanation, target, gained) {
                return Some(format!(
                    "{target:?} gains {gained} unannounced by {changed}"
                ));
            }
        }
    }
    None
}

/// Announced by an entry that matches as a grant would, or the asked thing itself.
fn is_announced(explanation: &Explanation, target: &TargetSpec, gained: Permission) -> bool {
    explanation
        .also_allows
        .iter()
        .any(|entry| entry.permission == gained && entry_matches(&entry.scopes, target))
        || (gained == explanation.permission && is_same_thing(&explanation.target, target))
}

/// Asks a claim that holds nothing but this one grant.
fn entry_matches(scopes: &[String], target: &TargetSpec) -> bool {
    let nested = scopes
        .iter()
        .rev()
        .fold(json!(true), |inner, scope| json!({ scope.as_str(): inner }));
    let claim = Claim::parse(&nested.to_string()).unwrap();
    !permissions(&claim, &target.as_target()).is_empty()
}

/// The same integration, and on each level a shared id or external id.
fn is_same_thing(asked: &TargetSpec, other: &TargetSpec) -> bool {
    let same = |one: &Option<hallpass_permissions::AccountSpec>,
                two: &Option<hallpass_permissions::AccountSpec>| match (one, two) {
        (None, None) => true,
        (Some(one), Some(two)) => {
            one == two
                || (one.id.is_some() && one.id == two.id)
                || (one.ext.is_some() && one.ext == two.ext)
        }
        _ => false,
    };
    asked.integration == other.integration
        && same(&asked.credential, &other.credential)
        && same(&asked.configuration, &other.configuration)
}

#[test]
fn the_generator_makes_every_reason_and_every_kind_of_change() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut reasons = std::collections::BTreeSet::new();
    let mut operations = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let tree: Tree = claim().new_tree(&mut runner).unwrap().current();
        let claim = Claim::parse(&tree.to_json()).unwrap();
        for target in universe() {
            let explanation = explain(&claim, &target, Permission::SettingsWrite);
            reasons.insert(explanation.reason);
            for operation in explanation.change.iter().flatten() {
                operations.insert(serde_json::to_value(operation).unwrap()["op"].to_string());
            }
        }
    }
    // Only an absent claim gives the seventh reason.
    assert_eq!(reasons.len(), 6, "{reasons:?}");
    assert_eq!(operations.len(), 2);
}
