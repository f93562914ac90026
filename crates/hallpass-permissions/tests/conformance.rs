//! Replays every file of `conformance/permissions` with the crate and with the reference evaluator.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod case;
mod reference;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use case::{Case, read_cases};
use reference::Reference;

fn files() -> Vec<(PathBuf, Vec<Case>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/permissions");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let cases = read_cases(&text)
            .unwrap()
            .into_iter()
            .map(Result::unwrap)
            .collect();
        (path, cases)
    };
    paths.into_iter().map(read).collect()
}

fn is_generated(path: &Path) -> bool {
    path.file_name().unwrap() == "generated.json"
}

#[test]
fn both_evaluators_answer_every_case_as_expected() {
    let mut differences = Vec::new();
    for (path, cases) in files() {
        for case in &cases {
            for (evaluator, outcome) in [
                ("crate", case.check()),
                ("reference", check_reference(case)),
            ] {
                if let Err(difference) = outcome {
                    differences.push(format!(
                        "{}: {}: {evaluator}: {difference}",
                        path.display(),
                        case.name
                    ));
                }
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
}

fn check_reference(case: &Case) -> Result<(), String> {
    match Reference::read(case.claim_text()) {
        Err(pointer) => case.expect.check("malformed", None, &[&pointer]),
        Ok(reference) => {
            let target = serde_json::to_value(&case.target).unwrap();
            let answer = reference.decide(&target, &case.permission);
            let pointers: Vec<&str> = answer.deciding.iter().map(String::as_str).collect();
            let decision = if answer.allowed { "allow" } else { "deny" };
            case.expect.check(decision, Some(answer.reason), &pointers)
        }
    }
}

#[test]
fn the_hand_written_cases_are_many_complete_and_named_apart() {
    let mut names = HashSet::new();
    let mut reasons = HashSet::new();
    let mut by_hand = 0;
    for (path, cases) in files().iter().filter(|(path, _)| !is_generated(path)) {
        for case in cases {
            by_hand += 1;
            assert!(
                !case.name.is_empty() && names.insert(case.name.clone()),
                "{}: {:?}",
                path.display(),
                case.name
            );
            assert!(
                case.expect.pointer.is_some() || case.claim.is_none(),
                "{}: no pointer",
                case.name
            );
            assert!(
                case.expect.reason.is_some() || case.expect.decision == "malformed",
                "{}: no reason",
                case.name
            );
            reasons.insert(case.expect.reason.clone());
        }
    }
    assert!(by_hand >= 150, "{by_hand} cases by hand");
    // The seven reasons, and none for malformed claims.
    assert_eq!(reasons.len(), 8, "{reasons:?}");
}

#[test]
fn a_wrong_expectation_is_noticed() {
    let case = |expect: &str| {
        let text = format!(
            r#"[{{"name": "x", "claim": {{"integration:slack": ["events"]}}, "target": {{"integration": "slack"}},
                "permission": "events", "expect": {expect}}}]"#
        );
        read_cases(&text).unwrap().remove(0).unwrap()
    };
    let right = r#"{"decision": "allow", "reason": "granted", "pointer": "/integration:slack"}"#;
    assert_eq!(
        (case(right).check(), check_reference(&case(right))),
        (Ok(()), Ok(()))
    );
    for wrong in [
        r#"{"decision": "deny"}"#,
        r#"{"decision": "malformed"}"#,
        r#"{"decision": "allow", "reason": "claim_absent"}"#,
        r#"{"decision": "allow", "reason": "granted", "pointer": ""}"#,
    ] {
        assert!(
            case(wrong).check().is_err() && check_reference(&case(wrong)).is_err(),
            "{wrong}"
        );
    }
}
