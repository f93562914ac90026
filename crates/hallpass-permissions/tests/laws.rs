//! The laws of `docs/PERMISSIONS.md` as properties.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod generate;
mod reference;

use generate::{Tree, claim, universe};
use hallpass_permissions::{
    Claim, Fault, Permission, PermissionSet, Reason, Target, TargetSpec, decide, permissions,
};
use proptest::prelude::*;
use reference::Reference;

fn parse(tree: &Tree) -> Claim {
    Claim::parse(&tree.to_json()).unwrap()
}

/// What the claim says everywhere, reasons included, deciding grants as pointers.
fn answers(claim: &Claim) -> Vec<(bool, Reason, Vec<String>)> {
    let mut answers = Vec::new();
    for target in universe() {
        for permission in [Permission::SettingsRead, Permission::Events] {
            let decision = decide(claim, &target.as_target(), permission);
            let mut deciding: Vec<String> = decision
                .deciding
                .as_slice()
                .iter()
                .map(|&index| claim.find_grant(index).unwrap().pointer)
                .collect();
            deciding.sort();
            answers.push((decision.allowed, decision.reason, deciding));
        }
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn law_1_member_order_white_space_and_escapes_do_not_matter(tree in claim(), seed in any::<u64>()) {
        let written = rewrite(&tree, &mut Dice(seed));
        let claim = Claim::parse(&written);
        prop_assert!(claim.is_ok(), "{claim:?} {written}");
        prop_assert_eq!(answers(&parse(&tree)), answers(&claim.unwrap()));
    }

    #[test]
    fn law_2_grants_that_do_not_match_change_nothing(tree in claim(), more in claim()) {
        let claim = parse(&tree);
        let merged = merge(&tree, &more);
        let merged_claim = parse(&merged);
        let brought: Vec<(String, Claim)> = new_paths(&tree, &merged);
        for target in universe() {
            let matched = brought.iter().any(|(_, alone)| !permissions(alone, &target.as_target()).is_empty());
            if !matched {
                let before = permissions(&claim, &target.as_target());
                prop_assert_eq!(before, permissions(&merged_claim, &target.as_target()), "{:?} {}", target, merged.to_json());
            }
        }
    }

    #[test]
    fn law_3_a_more_specific_grant_wins(tree in claim()) {
        let claim = parse(&tree);
        let grants: Vec<(hallpass_permissions::Grant, Claim)> = claim
            .indexes()
            .map(|index| claim.find_grant(index).unwrap())
            .map(|grant| (grant.clone(), alone(&grant.pointer)))
            .collect();
        for target in universe() {
            let target = target.as_target();
            let matching = grants.iter().filter(|(grant, alone)| {
                grant.pointer.is_empty() || !permissions(alone, &target).is_empty()
            });
            let highest = matching.clone().map(|(grant, _)| grant.specificity).max().unwrap();
            let winners = matching.filter(|(grant, _)| grant.specificity == highest);
            let expected = winners.fold(PermissionSet::ALL, |set, (grant, _)| set.intersection(grant.allows));
            prop_assert_eq!(permissions(&claim, &target), expected);
        }
    }

    #[test]
    fn law_4_an_absent_claim_allows_everything_and_an_empty_one_nothing(index in any::<prop::sample::Index>()) {
        let targets = universe();
        let target = index.get(&targets).as_target();
        for permission in Permission::ALL {
            let absent = decide(&Claim::absent(), &target, permission);
            prop_assert!(absent.allowed && absent.reason == Reason::ClaimAbsent && absent.deciding.as_slice().is_empty());
            let empty = decide(&Claim::parse("{}").unwrap(), &target, permission);
            prop_assert!(!empty.allowed && empty.reason == Reason::NoMatchingScope);
        }
    }

    #[test]
    fn law_5_true_is_all_nine_and_three_ways_say_nothing(tree in claim()) {
        let nine = Permission::ALL.map(Permission::as_str).to_vec();
        let claim = parse(&tree);
        let spelled = parse(&replace(&tree, &Tree::True, &Tree::Array(nine)));
        let empty_array = Tree::Array(vec![]);
        let silent = [Tree::Object(vec![]), empty_array, Tree::False];
        for target in universe() {
            let target = target.as_target();
            prop_assert_eq!(permissions(&claim, &target), permissions(&spelled, &target));
            for one in &silent {
                for two in &silent {
                    let swapped = parse(&replace_below_root(&tree, one, two));
                    prop_assert_eq!(permissions(&claim, &target), permissions(&swapped, &target));
                }
            }
        }
    }

    #[test]
    fn law_6_any_json_parses_to_grants_or_to_a_fault_with_a_pointer(text in any_json(), tail in "[ }\\]x]?") {
        let text = text + &tail;
        match Claim::parse(&text) {
            Ok(claim) => prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok() && !claim.is_absent()),
            Err(fault) => prop_assert!(fault.pointer.is_empty() || fault.pointer.starts_with('/')),
        }
    }

    #[test]
    fn law_6_broken_text_is_refused_where_json_refuses_it(tree in claim(), place in any::<prop::sample::Index>(), byte in 1_u8..127) {
        let mut bytes = tree.to_json().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let text = String::from_utf8(bytes).unwrap();
        let reference = Reference::read(Some(&text));
        let claim = Claim::parse(&text);
        prop_assert_eq!(claim.is_ok(), reference.is_ok(), "{}", text);
        if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
            prop_assert_eq!(claim.err().map(|fault| fault.pointer), reference.err(), "{}", text);
        }
    }
}

proptest! {
    // 500 claims of 400 targets in two permissions: 400,000 comparisons.
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn law_7_the_fast_and_the_slow_evaluator_agree(tree in claim(), permissions in prop::sample::subsequence(Permission::ALL.to_vec(), 2)) {
        let text = tree.to_json();
        let claim = Claim::parse(&text).unwrap();
        let reference = Reference::read(Some(&text)).unwrap();
        for target in universe() {
            for &permission in &permissions {
                agree(&claim, &reference, &target, permission)?;
            }
        }
    }

    #[test]
    fn law_7_both_point_at_the_same_fault(text in any_json()) {
        let fast = Claim::parse(&text).err().map(|fault: Fault| fault.pointer);
        prop_assert_eq!(fast, Reference::read(Some(&text)).err());
    }
}

fn agree(
    claim: &Claim,
    reference: &Reference,
    target: &TargetSpec,
    permission: Permission,
) -> Result<(), TestCaseError> {
    let decision = decide(claim, &target.as_target(), permission);
    let mut deciding: Vec<String> = decision
        .deciding
        .as_slice()
        .iter()
        .map(|&index| claim.find_grant(index).unwrap().pointer)
        .collect();
    deciding.sort();
    let slow = reference.decide(&serde_json::to_value(target).unwrap(), permission.as_str());
    prop_assert_eq!(
        (decision.allowed, decision.reason.as_str(), deciding),
        (slow.allowed, slow.reason, slow.deciding)
    );
    Ok(())
}

/// Values that are nearly claims: real scopes and rules beside whatever else JSON can hold, in any place.
fn any_json() -> impl Strategy<Value = String> {
    let scope = prop::sample::select(vec![
        "integration:slack",
        "integration:*",
        "credential:*",
        "credential:11111111-1111-4111-8111-111111111111",
        "credential:ext:a/b~c",
        "configuration:ext:Team A",
        "configuration:*",
        "integration:slack",
        "Integration:slack",
        "configuration:ext: x",
        "credential:x",
        "__proto__",
        "",
    ]);
    let leaf = prop::sample::select(vec![
        "true",
        "false",
        "null",
        "1",
        "-1.5e3",
        "\"true\"",
        "[]",
        "{}",
        "[\"events\"]",
        "[\"x\",1]",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            6 => prop::collection::vec((scope.clone(), inner), 0..4).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("{name:?} : {value}")).collect();
                format!("{{{}}}", members.join(" , "))
            }),
        ]
    })
}

/// The claim that allows everything on one path and has nothing else.
fn alone(pointer: &str) -> Claim {
    if pointer.is_empty() {
        return Claim::absent();
    }
    let inside_out = pointer.rsplit('/').filter(|token| !token.is_empty());
    let scopes = inside_out.map(|token| token.replace("~1", "/").replace("~0", "~"));
    let nested = scopes.fold("true".to_owned(), |inner, scope| {
        format!("{{{scope:?}:{inner}}}")
    });
    Claim::parse(&nested).unwrap()
}

/// Paths of `merged` that `tree` lacks, each as the claim that holds only it.
fn new_paths(tree: &Tree, merged: &Tree) -> Vec<(String, Claim)> {
    let old = pointers(&parse(tree));
    pointers(&parse(merged))
        .into_iter()
        .filter(|pointer| !old.contains(pointer))
        .map(|p| (p.clone(), alone(&p)))
        .collect()
}

fn pointers(claim: &Claim) -> Vec<String> {
    claim
        .indexes()
        .map(|index| claim.find_grant(index).unwrap().pointer)
        .collect()
}

/// Members of `more` that `tree` lacks, at any depth where both have an object.
fn merge(tree: &Tree, more: &Tree) -> Tree {
    let (Tree::Object(members), Tree::Object(others)) = (tree, more) else {
        return tree.clone();
    };
    let mut merged = members.clone();
    for (scope, other) in others {
        match merged.iter_mut().find(|(taken, _)| taken == scope) {
            Some((_, existing)) => *existing = merge(existing, other),
            None => merged.push((scope.clone(), other.clone())),
        }
    }
    Tree::Object(merged)
}

fn replace_below_root(tree: &Tree, from: &Tree, to: &Tree) -> Tree {
    let Tree::Object(members) = tree else {
        return tree.clone();
    };
    Tree::Object(
        members
            .iter()
            .map(|(scope, rule)| (scope.clone(), replace(rule, from, to)))
            .collect(),
    )
}

fn replace(tree: &Tree, from: &Tree, to: &Tree) -> Tree {
    if tree == from {
        to.clone()
    } else {
        replace_below_root(tree, from, to)
    }
}

/// A tiny generator for layout, so that one number reproduces it.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn space(&mut self) -> &'static str {
        ["", " ", "\n\t", "\r\n  "][self.roll(4)]
    }

    fn string(&mut self, text: &str) -> String {
        let escaped: String = text
            .chars()
            .map(|c| match (self.roll(4), c) {
                (0, c) => format!("\\u{:04x}", u32::from(c)),
                (1, c) => format!("\\u{:04X}", u32::from(c)),
                (_, '/') => "\\/".to_owned(),
                (_, c) => c.to_string(),
            })
            .collect();
        format!("\"{escaped}\"")
    }
}

fn rewrite(tree: &Tree, dice: &mut Dice) -> String {
    let mut items: Vec<String> = match tree {
        Tree::True | Tree::False => return tree.to_json(),
        Tree::Array(names) => names
            .iter()
            .map(|name| format!("{}{}", dice.space(), dice.string(name)))
            .collect(),
        Tree::Object(members) => members
            .iter()
            .map(|(scope, rule)| {
                let name = dice.string(scope);
                let rule = rewrite(rule, dice);
                format!(
                    "{}{name}{}:{}{rule}{}",
                    dice.space(),
                    dice.space(),
                    dice.space(),
                    dice.space()
                )
            })
            .collect(),
    };
    for place in (1..items.len()).rev() {
        let other = dice.roll(place + 1);
        items.swap(place, other);
    }
    let items = items.join(",");
    if matches!(tree, Tree::Array(_)) {
        format!("[{items}{}]", dice.space())
    } else {
        format!("{{{items}{}}}", dice.space())
    }
}

#[test]
fn a_claim_of_5000_grants_finds_each_of_them() {
    // All 5,000 names of one length under one parent, beside the same below wildcards: no path may be lost or doubled.
    let members: Vec<String> = (0..5_000)
        .map(|n| format!("\"credential:ext:account-{n:05}\":[\"events\"]"))
        .collect();
    let claim = Claim::parse(&format!("{{{}}}", members.join(","))).unwrap();
    assert_eq!(claim.grants_count(), 5_000);
    for n in 0..5_000 {
        let name = format!("account-{n:05}");
        let credential = Some(hallpass_permissions::Account::with_external_id(&name));
        let target = Target {
            credential,
            ..Target::default()
        };
        assert!(
            decide(&claim, &target, Permission::Events).allowed,
            "{name}"
        );
        assert!(
            !decide(&claim, &target, Permission::Workflows).allowed,
            "{name}"
        );
    }
}
