//! A decision as a tree: the verdict, then its reason, its grants and what would change it.

use serde_json::Value;

use super::tree::place;
use crate::ui::{Ui, printable};

/// The answer of an explain call, for people.
pub fn tree(explanation: &Value, ui: &Ui) -> String {
    let text = |pointer: &str| {
        explanation
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let list = |pointer: &str| {
        explanation
            .pointer(pointer)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let allowed = text("/decision") == "allow";
    let verdict = if allowed {
        ui.paint.good("ALLOW")
    } else {
        ui.paint.bad("DENY")
    };
    let target = explanation
        .pointer("/target")
        .map_or_else(String::new, target_words);
    let mut branches = vec![vec![format!(
        "because     {}: {}",
        text("/reason"),
        meaning(text("/reason"))
    )]];
    let grants = |title: &str, grants: Vec<Value>| {
        let lines = grants.iter().enumerate().map(|(index, grant)| {
            let title = if index == 0 { title } else { "" };
            format!(
                "{title:12}{}{}",
                grant_words(grant),
                specificity_words(grant)
            )
        });
        lines.collect::<Vec<_>>()
    };
    branches.push(grants("decided by", list("/deciding")));
    branches.push(grants("outranked", list("/considered")));
    branches.push(change_lines(&list("/change"), &list("/also_allows")));
    branches.push(
        list("/unknown_permissions")
            .iter()
            .filter_map(Value::as_str)
            .map(|name| {
                format!(
                    "{:12}`{}` is no permission and grants nothing",
                    "unknown",
                    printable(name)
                )
            })
            .collect(),
    );
    branches.push(
        list("/lints")
            .iter()
            .map(|lint| {
                let part = |name: &str| {
                    lint.get(name)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                format!(
                    "{:12}{} at {}: {}",
                    "remark",
                    part("code"),
                    place(&part("pointer")),
                    part("message")
                )
            })
            .collect(),
    );
    branches.retain(|lines| !lines.is_empty());
    let mut lines = vec![format!(
        "{verdict}  {} on {target}",
        ui.paint.strong(text("/permission"))
    )];
    let last = branches.len().saturating_sub(1);
    for (position, branch) in branches.iter().enumerate() {
        for (index, line) in branch.iter().enumerate() {
            let rail = match (index, position == last) {
                (0, false) => "├─ ",
                (0, true) => "└─ ",
                (_, false) => "│  ",
                (_, true) => "   ",
            };
            lines.push(format!("{}{line}", ui.paint.faint(rail)));
        }
    }
    lines.join("\n")
}

fn change_lines(change: &[Value], also_allows: &[Value]) -> Vec<String> {
    let mut lines: Vec<String> = change
        .iter()
        .enumerate()
        .map(|(index, operation)| {
            let part = |name: &str| {
                operation
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            let value = operation
                .get("value")
                .map_or_else(String::new, Value::to_string);
            let title = if index == 0 { "to allow it" } else { "" };
            format!("{title:12}{} {} {value}", part("op"), part("path"))
        })
        .collect();
    for also in also_allows {
        let scopes: Vec<_> = also
            .get("scopes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let scopes = if scopes.is_empty() {
            "the user".to_owned()
        } else {
            scopes.join(" > ")
        };
        let permission = also
            .get("permission")
            .and_then(Value::as_str)
            .unwrap_or_default();
        lines.push(format!(
            "{:12}that also allows {permission} on {scopes}",
            ""
        ));
    }
    lines
}

fn grant_words(grant: &Value) -> String {
    place(
        grant
            .get("pointer")
            .and_then(Value::as_str)
            .unwrap_or_default(),
    )
}

/// `[configuration, credential, integration]` in words: what made it win.
fn specificity_words(grant: &Value) -> String {
    let ranks: Vec<u64> = grant
        .get("specificity")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .collect();
    let [configuration, credential, integration] = ranks.as_slice() else {
        return String::new();
    };
    let level = |name: &str, rank: u64| match rank {
        2 => Some(format!("{name} exact")),
        1 => Some(format!("{name} *")),
        _ => None,
    };
    let named = [
        level("configuration", *configuration),
        level("credential", *credential),
        level("integration", *integration),
    ];
    let named: Vec<_> = named.into_iter().flatten().collect();
    if named.is_empty() {
        String::new()
    } else {
        format!("  ({})", named.join(", "))
    }
}

fn target_words(target: &Value) -> String {
    let account = |name: &str| {
        let value = target.get(name)?;
        let part = |key: &str| value.get(key).and_then(Value::as_str);
        Some(match (part("id"), part("ext")) {
            (Some(id), Some(ext)) => format!("{name} {id} (ext:{ext})"),
            (Some(id), None) => format!("{name} {id}"),
            (None, Some(ext)) => format!("{name} ext:{ext}"),
            (None, None) => format!("a new {name}"),
        })
    };
    let integration = target
        .get("integration")
        .and_then(Value::as_str)
        .map(|name| format!("integration {name}"));
    let parts: Vec<_> = [integration, account("credential"), account("configuration")]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() {
        "the user as such (no integration)".to_owned()
    } else {
        parts.join(", ")
    }
}

fn meaning(reason: &str) -> &'static str {
    match reason {
        "claim_absent" => "the token has no permission claim, so it may do everything of its user",
        "granted" => "the most specific grant that matches allows it",
        "denied_explicitly" => "the most specific grant that matches is `false`",
        "permission_not_listed" => {
            "the most specific grant that matches is a list without this permission"
        }
        "narrowed" => "an object around narrower grants decides; what it does not list is denied",
        "no_matching_scope" => "no scope of the claim matches; what is not listed is denied",
        "conflict" => "equally specific grants disagree; then the answer is no",
        _ => "a reason that this version does not know",
    }
}
