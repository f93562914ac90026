//! Writes `conformance/permissions/generated.json` and checks that it is current.
//!
//! After a deliberate change: `HALLPASS_UPDATE=1 cargo test -p hallpass-permissions --test generated`.
//! The expectations are the reference evaluator's; `tests/conformance.rs` holds the crate against them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod reference;

use std::collections::BTreeMap;
use std::path::Path;

use reference::Reference;
use serde_json::{Value, json};

const CASES: usize = 2_000;
const SEED: u64 = 0x4841_4c4c_5041_5353;

const IDS: [&str; 3] = [
    "5f0c2a3e-8d41-4b6f-9c27-1e5a7b9d3f60",
    "c81d9e47-2b3a-4f05-a6d8-90e4b7c2135f",
    "3b7e6a90-14c5-4d82-8f9b-d2a1c0e5f847",
];
const SLUGS: [&str; 3] = ["slack", "googleCalendar", "custom.acme"];
const EXTERNAL_IDS: [&str; 3] = ["Team A", "org:1/eu", "é~"];
const PERMISSIONS: [&str; 9] = [
    "credential:write",
    "config:write",
    "settings:read",
    "settings:write",
    "metadata:read",
    "metadata:write",
    "proxy-api",
    "events",
    "workflows",
];

#[test]
fn the_generated_cases_are_current() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/permissions/generated.json");
    let fresh = render();
    if std::env::var_os("HALLPASS_UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "{} is stale; the top of this file says how to write it",
        path.display()
    );
}

#[test]
fn the_generated_cases_cover_every_outcome() {
    let cases: Vec<Value> = serde_json::from_str(&render()).unwrap();
    assert_eq!(cases.len(), CASES);
    let mut outcomes = BTreeMap::<String, usize>::new();
    for case in &cases {
        let outcome = case["expect"]["reason"].as_str().unwrap_or("malformed");
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
    }
    let rarest = outcomes.values().min().unwrap();
    assert!(outcomes.len() == 8 && *rarest >= 20, "{outcomes:?}");
}

fn render() -> String {
    let mut dice = Dice(SEED);
    let cases: Vec<String> = (1..=CASES)
        .map(|number| render_case(number, &mut dice))
        .collect();
    format!("[\n{}\n]\n", cases.join(",\n"))
}

fn render_case(number: usize, dice: &mut Dice) -> String {
    let claim = (dice.roll(60) > 0).then(|| claim(dice));
    let target = target(dice);
    let permission = PERMISSIONS[dice.roll(9)];
    let expect = match Reference::read(claim.as_deref()) {
        Err(pointer) => json!({"decision": "malformed", "pointer": pointer}),
        Ok(reference) => {
            let answer = reference.decide(&target, permission);
            let decision = if answer.allowed { "allow" } else { "deny" };
            match answer.deciding.first() {
                Some(pointer) => {
                    json!({"decision": decision, "reason": answer.reason, "pointer": pointer})
                }
                None => json!({"decision": decision, "reason": answer.reason}),
            }
        }
    };
    let claim = claim
        .map(|claim| format!("\"claim\": {claim}, "))
        .unwrap_or_default();
    format!(
        "  {{\"name\": \"generated {number:04}\", {claim}\"target\": {target}, \"permission\": \"{permission}\", \
         \"expect\": {expect}}}"
    )
}

fn claim(dice: &mut Dice) -> String {
    if dice.roll(40) == 0 {
        return odd_value(dice).to_owned();
    }
    object(dice, 0, 3)
}

/// An object whose scopes begin at `level` or deeper; one in many is wrong in some way.
fn object(dice: &mut Dice, level: usize, most: usize) -> String {
    let mut members: Vec<(String, String)> = Vec::new();
    let count = if dice.roll(12) == 0 {
        0
    } else {
        1 + dice.roll(most)
    };
    for _ in 0..count {
        let own = if dice.roll(100) == 0 {
            dice.roll(3)
        } else {
            level + dice.roll(3 - level)
        };
        let scope = scope(dice, own);
        let repeats = members.iter().any(|(taken, _)| *taken == scope);
        if !repeats || dice.roll(40) == 0 {
            let rule = rule(dice, own);
            members.push((scope, rule));
        }
        // The first id beside the first external id: most targets that have both have these two.
        if own > 0 && dice.roll(3) == 0 {
            let name = ["credential", "configuration"][own - 1];
            for scope in [
                format!("{name}:{}", IDS[0]),
                format!("{name}:ext:{}", EXTERNAL_IDS[0]),
            ] {
                if members.iter().all(|(taken, _)| *taken != scope) {
                    let rule = self::rule(dice, own);
                    members.push((scope, rule));
                }
            }
        }
    }
    let members: Vec<String> = members
        .iter()
        .map(|(scope, rule)| format!("{}: {rule}", json!(scope)))
        .collect();
    format!("{{{}}}", members.join(", "))
}

fn scope(dice: &mut Dice, level: usize) -> String {
    let name = ["integration", "credential", "configuration"][level];
    let value = match (dice.roll(8), level) {
        (0..3, _) => "*".to_owned(),
        (_, 0) => SLUGS[dice.roll(2)].to_owned(),
        (3..6, _) => IDS[dice.roll(2)].to_owned(),
        _ => format!("ext:{}", EXTERNAL_IDS[dice.roll(2)]),
    };
    match dice.roll(150) {
        0 => format!("{name}:{}", value.to_uppercase()),
        1 => format!("{name}: {value}"),
        2 => value,
        _ => format!("{name}:{value}"),
    }
}

fn rule(dice: &mut Dice, level: usize) -> String {
    match dice.roll(10) {
        0..2 => "true".to_owned(),
        2..4 => "false".to_owned(),
        4..7 if level < 2 => object(dice, level + 1, 2),
        7 if dice.roll(4) == 0 => "{}".to_owned(),
        8 if dice.roll(20) == 0 => odd_value(dice).to_owned(),
        _ => {
            let mut names: Vec<&str> = (0..dice.roll(5))
                .map(|_| PERMISSIONS[dice.roll(9)])
                .collect();
            names.extend((dice.roll(20) == 0).then_some("Events"));
            json!(names).to_string()
        }
    }
}

fn odd_value(dice: &mut Dice) -> &'static str {
    [
        "null",
        "0",
        "-1.5e3",
        "\"true\"",
        "\"{}\"",
        "[[]]",
        "[\"events\", null]",
        "[{}]",
    ][dice.roll(8)]
}

fn target(dice: &mut Dice) -> Value {
    let mut target = serde_json::Map::new();
    if dice.roll(8) > 0 {
        target.insert(
            "integration".to_owned(),
            json!(SLUGS[[0, 0, 1, 2][dice.roll(4)]]),
        );
    }
    if dice.roll(6) > 0 {
        target.insert("credential".to_owned(), account(dice));
        if dice.roll(2) == 0 {
            target.insert("configuration".to_owned(), account(dice));
        }
    }
    Value::Object(target)
}

fn account(dice: &mut Dice) -> Value {
    let (id, external_id) = (IDS[dice.roll(3)], EXTERNAL_IDS[dice.roll(3)]);
    match dice.roll(8) {
        0 => json!("new"),
        1 | 2 => json!({"id": id}),
        3 => json!({"ext": external_id}),
        4 => json!({"id": id, "ext": external_id}),
        _ => json!({"id": IDS[0], "ext": EXTERNAL_IDS[0]}),
    }
}

/// SplitMix64: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap() % sides
    }
}
