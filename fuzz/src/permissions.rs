//! Permission claims: an accepted one means the same in every spelling, a refused one names a place.

use hallpass_permissions::{
    Account, Claim, Permission, PermissionSet, Target, TargetSpec, Verdict, apply_change_to_text,
    decide, explain, permissions,
};
use serde_json::Value;

/// Answers whether the text is a well-formed claim.
///
/// # Panics
/// When a law is broken.
pub fn check_permissions(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    match Claim::parse(text) {
        Ok(claim) => {
            let value: Value = serde_json::from_str(text).expect("an accepted claim is JSON");
            let mut scopes = Scopes::default();
            scopes.collect(&value);
            means_the_same_respelled(&value, &claim, &scopes);
            explains_what_is_enforced(text, &claim, &scopes);
            true
        }
        Err(fault) => {
            assert!(
                fault.pointer.is_empty() || fault.pointer.starts_with('/'),
                "not a pointer: {}",
                fault.pointer
            );
            points_into(text, &fault.pointer);
            false
        }
    }
}

/// Only where no member is repeated: serde_json keeps the last of two, the pointer may lead into the first.
fn points_into(text: &str, pointer: &str) {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return;
    };
    if count_members(&value) == count_colons(text) {
        assert!(
            value.pointer(pointer).is_some(),
            "the pointer {pointer} leads nowhere"
        );
    }
}

fn count_members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(count_members).sum(),
        Value::Object(members) => {
            members.len() + members.values().map(count_members).sum::<usize>()
        }
        _ => 0,
    }
}

/// Those outside strings: one for each member that the text spells.
fn count_colons(json: &str) -> usize {
    let mut colons = 0;
    let mut in_string = false;
    let mut letters = json.bytes();
    while let Some(letter) = letters.next() {
        match letter {
            b'\\' => drop(letters.next()),
            b'"' => in_string = !in_string,
            b':' if !in_string => colons += 1,
            _ => {}
        }
    }
    colons
}

/// serde_json sorts members, drops white space and unneeded escapes: none of that may matter.
fn means_the_same_respelled(value: &Value, claim: &Claim, scopes: &Scopes<'_>) {
    let respelled = Claim::parse(&value.to_string()).expect("a respelled claim is accepted");
    assert_eq!(respelled.grants_count(), claim.grants_count());
    scopes.each_target(|target| {
        let allowed = permissions(claim, target);
        for permission in Permission::ALL {
            let decision = decide(claim, target, permission);
            let again = decide(&respelled, target, permission);
            assert_eq!(
                (decision.allowed, decision.reason),
                (again.allowed, again.reason),
                "{target:?} {permission:?}"
            );
            assert_eq!(
                allowed.contains(permission),
                decision.allowed,
                "{target:?} {permission:?}"
            );
        }
    });
}

/// The explanation agrees with the decision, and a denial's smallest change allows without taking anything away.
fn explains_what_is_enforced(text: &str, claim: &Claim, scopes: &Scopes<'_>) {
    let mut number = text.len();
    scopes.each_target(|target| {
        // One permission for each target: nine would make the fuzzer slow and find the same.
        number += 1;
        let permission = Permission::ALL[number % Permission::ALL.len()];
        let decision = decide(claim, target, permission);
        let explanation = explain(claim, &TargetSpec::from(*target), permission);
        assert_eq!(explanation.decision == Verdict::Allow, decision.allowed);
        assert_eq!(explanation.reason, decision.reason);
        assert_eq!(
            explanation.change.is_some(),
            !decision.allowed,
            "a denial has a change"
        );
        let Some(change) = explanation.change else {
            return;
        };
        let changed = apply_change_to_text(text, &change).expect("the change applies to the claim");
        let changed = Claim::parse(&changed).expect("a changed claim is accepted");
        assert!(
            decide(&changed, target, permission).allowed,
            "{change:?} does not allow {permission:?} on {target:?}"
        );
        scopes.each_target(|other| {
            let (before, after) = (permissions(claim, other), permissions(&changed, other));
            assert!(
                includes(after, before),
                "{change:?} for {permission:?} on {target:?} takes something away on {other:?}"
            );
        });
    });
}

fn includes(larger: PermissionSet, smaller: PermissionSet) -> bool {
    smaller.iter().all(|permission| larger.contains(permission))
}

/// The names that the claim speaks of, and one of each kind that it does not.
struct Scopes<'a> {
    integrations: Vec<&'a str>,
    credentials: Vec<Account<'a>>,
    configurations: Vec<Account<'a>>,
}

const STRANGER: Account<'static> = Account::with_id("00000000-0000-4000-8000-00000000dead");

/// Enough to meet every kind of scope; a claim of thousands would make one check take seconds.
const MOST_NAMES: usize = 4;

impl Default for Scopes<'_> {
    fn default() -> Self {
        Scopes {
            integrations: vec!["stranger"],
            credentials: vec![STRANGER, Account::NEW],
            configurations: vec![STRANGER],
        }
    }
}

impl<'a> Scopes<'a> {
    fn collect(&mut self, value: &'a Value) {
        for (scope, below) in value.as_object().into_iter().flatten() {
            match scope.split_once(':') {
                Some(("integration", name)) => push_some(&mut self.integrations, name),
                Some(("credential", name)) => push_some(&mut self.credentials, account(name)),
                Some(("configuration", name)) => push_some(&mut self.configurations, account(name)),
                _ => {}
            }
            self.collect(below);
        }
    }

    fn each_target(&self, mut visit: impl FnMut(&Target<'_>)) {
        visit(&Target::default());
        for integration in &self.integrations {
            let target = Target {
                integration: Some(integration),
                ..Target::default()
            };
            visit(&target);
            for credential in &self.credentials {
                let target = Target {
                    credential: Some(*credential),
                    ..target
                };
                visit(&target);
                for configuration in &self.configurations {
                    visit(&Target {
                        configuration: Some(*configuration),
                        ..target
                    });
                }
            }
        }
    }
}

fn push_some<T: PartialEq>(names: &mut Vec<T>, name: T) {
    if names.len() < MOST_NAMES && !names.contains(&name) {
        names.push(name);
    }
}

fn account(name: &str) -> Account<'_> {
    name.strip_prefix("ext:")
        .map_or_else(|| Account::with_id(name), Account::with_external_id)
}
