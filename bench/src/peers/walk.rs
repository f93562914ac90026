//! The obvious evaluator: look at every member of the parsed JSON, follow those that fit, keep the most specific.

use hallpass_permissions::{Account, Permission, Target};
use serde_json::Value;

/// Whether the claim allows it. The claim must be well formed.
pub fn is_allowed(claim: &Value, target: &Target<'_>, permission: Permission) -> bool {
    let mut best = Best {
        specificity: 0,
        allowed: true,
    };
    visit(claim, 0, target, permission, &mut best);
    best.allowed
}

struct Best {
    specificity: u8,
    allowed: bool,
}

fn visit(
    rule: &Value,
    specificity: u8,
    target: &Target<'_>,
    permission: Permission,
    best: &mut Best,
) {
    if specificity >= best.specificity {
        let tie = specificity == best.specificity;
        let allowed = allows(rule, permission);
        *best = Best {
            specificity,
            allowed: allowed && (best.allowed || !tie),
        };
    }
    let Value::Object(members) = rule else { return };
    for (scope, inner) in members {
        if let Some(weight) = weight_if_fitting(scope, target) {
            visit(inner, specificity + weight, target, permission, best);
        }
    }
}

fn allows(rule: &Value, permission: Permission) -> bool {
    match rule {
        Value::Bool(allowed) => *allowed,
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(|name| {
            name == permission.as_str()
                || (name == "settings:write" && permission == Permission::SettingsRead)
                || (name == "metadata:write" && permission == Permission::MetadataRead)
        }),
        _ => false,
    }
}

/// What the scope adds to the specificity: 1 or 2 on its level, levels counted 1, 3 and 9.
fn weight_if_fitting(scope: &str, target: &Target<'_>) -> Option<u8> {
    let (level, value) = scope.split_once(':')?;
    match level {
        "integration" => match target.integration {
            _ if value == "*" => Some(1),
            Some(name) => (name == value).then_some(2),
            None => None,
        },
        "credential" => thing_weight(value, target.credential).map(|rank| rank * 3),
        "configuration" => thing_weight(value, target.configuration).map(|rank| rank * 9),
        _ => None,
    }
}

fn thing_weight(value: &str, thing: Option<Account<'_>>) -> Option<u8> {
    let thing = thing?;
    if value == "*" {
        return Some(1);
    }
    let fits = match value.strip_prefix("ext:") {
        Some(external_id) => thing.external_id == Some(external_id),
        None => thing.id == Some(value),
    };
    fits.then_some(2)
}
