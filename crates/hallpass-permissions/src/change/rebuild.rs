//! Parts of the claim written as JSON again, with some grants saying more than before.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::claim::{Claim, GrantIndex, Rule};
use crate::path::LEVELS;
use crate::permission::PermissionSet;

/// Grants that become rules, with all that they allow from then on.
pub(super) type Raised = BTreeMap<GrantIndex, PermissionSet>;

/// The rule that allows this set; names that are no permissions are kept.
pub(super) fn rule_for(allows: PermissionSet, unknown: &[&str]) -> Value {
    if allows == PermissionSet::ALL && unknown.is_empty() {
        return Value::Bool(true);
    }
    let names = allows.names();
    json!(names.iter().chain(unknown).collect::<Vec<_>>())
}

/// The rule or object at `index`.
pub(super) fn value_at(claim: &Claim, index: GrantIndex, raised: &Raised) -> Value {
    if let Some(&allows) = raised.get(&index) {
        return rule_for(allows, &unknown_names(claim, index));
    }
    match claim.rule(index) {
        Rule::True => Value::Bool(true),
        Rule::False => Value::Bool(false),
        Rule::Array => json!(
            claim
                .allows(index)
                .names()
                .into_iter()
                .chain(unknown_names(claim, index))
                .collect::<Vec<_>>()
        ),
        Rule::Object => Value::Object(members(claim, index, raised)),
    }
}

/// They are kept in the order of the text, so a grant's stand together.
pub(super) fn unknown_names(claim: &Claim, index: GrantIndex) -> Vec<&str> {
    let from = claim
        .unknown
        .partition_point(|unknown| unknown.node < index);
    let rest = claim.unknown.get(from..).unwrap_or_default();
    rest.iter()
        .take_while(|unknown| unknown.node == index)
        .map(|unknown| unknown.name())
        .collect()
}

fn members(claim: &Claim, object: GrantIndex, raised: &Raised) -> Map<String, Value> {
    let children = claim
        .descendants(object)
        .filter(|&index| claim.node(index).is_some_and(|node| node.parent == object));
    children
        .filter_map(|child| Some((own_scope(claim, child)?, value_at(claim, child, raised))))
        .collect()
}

/// The last scope of the path: the member name.
fn own_scope(claim: &Claim, index: GrantIndex) -> Option<String> {
    let path = claim.path(index);
    LEVELS
        .into_iter()
        .rev()
        .find_map(|level| path.part(level).scope_text(level))
}
