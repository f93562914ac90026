//! One decision on the large claim, against a policy engine and against a walk over parsed JSON.

use std::hint::black_box;

use anyhow::{Context as _, Result, ensure};
use hallpass_permissions::{Claim, decide};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::claims::Size;
use crate::peers::cedar::{self, Style};
use crate::peers::walk;
use crate::questions::{QUESTIONS, questions};
use crate::report::{Amount, Goal, Report, Row};
use crate::timing::{Side, interleaved};

pub fn measure(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let text = Size::Large.claim();
    let claim = Claim::parse(&text).ok().context("a malformed claim")?;
    let json: Value = serde_json::from_str(&text)?;
    let questions = questions();
    let per_grant = cedar::Peer::new(Style::PolicyPerGrant, &claim, &questions)?;
    let one_policy = cedar::Peer::new(Style::OnePolicy, &claim, &questions)?;

    let mut allowed = 0;
    for (number, question) in questions.iter().enumerate() {
        let (target, permission) = (question.target(), question.permission);
        let ours = decide(&claim, &target, permission).allowed;
        let theirs = [
            per_grant.is_allowed(number),
            one_policy.is_allowed(number),
            walk::is_allowed(&json, &target, permission),
        ];
        ensure!(
            theirs == [ours; 3],
            "question {number}: we say {ours}, the peers {theirs:?}"
        );
        allowed += usize::from(ours);
    }

    let [ours, per_grant_times, one_policy_times, walked] = interleaved(
        arguments.rounds(),
        [
            Side::each(|number| {
                let question = &questions[number % QUESTIONS];
                black_box(decide(
                    black_box(&claim),
                    &question.target(),
                    question.permission,
                ));
            }),
            Side::each(|number| {
                black_box(per_grant.is_allowed(number % QUESTIONS));
            }),
            Side::each(|number| {
                black_box(one_policy.is_allowed(number % QUESTIONS));
            }),
            Side::each(|number| {
                let question = &questions[number % QUESTIONS];
                black_box(walk::is_allowed(
                    black_box(&json),
                    &question.target(),
                    question.permission,
                ));
            }),
        ],
    );
    let goal = Some(Goal::AtLeast(100.0));
    for (what, name, times, goal) in [
        (
            "faster than Cedar, a policy per grant",
            "cedar-policy",
            per_grant_times,
            goal,
        ),
        (
            "faster than Cedar, one policy",
            "cedar-policy",
            one_policy_times,
            goal,
        ),
        ("faster than a walk over JSON", "walk", walked, None),
    ] {
        report.push(Row {
            what: format!("one decision, {} grants: {what}", claim.grants_count()),
            measured: Amount::Nanos(ours.nanos().median),
            peer: Some((name, Amount::Nanos(times.nanos().median))),
            ratio: Some(times.over(&ours)),
            goal,
        });
    }
    report.note(format!(
        "decision: all agreed on {QUESTIONS} questions before ({allowed} allowed, {} denied); {} Cedar policies, or 1",
        QUESTIONS - allowed,
        per_grant.policies_count()
    ));
    Ok(())
}
