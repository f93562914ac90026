//! Random claims and targets over small pools of names, so that they overlap, shadow and contradict each other.

use hallpass_permissions::{AccountSpec, TargetSpec};
use proptest::prelude::*;

pub const IDS: [&str; 2] = [
    "11111111-1111-4111-8111-111111111111",
    "22222222-2222-4222-8222-222222222222",
];
const STRANGER: &str = "99999999-9999-4999-8999-999999999999";
const PERMISSIONS: [&str; 10] = [
    "credential:write",
    "config:write",
    "settings:read",
    "settings:write",
    "metadata:read",
    "metadata:write",
    "proxy-api",
    "events",
    "workflows",
    "Proxy-API",
];

/// A claim before it is written down.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    True,
    False,
    Array(Vec<&'static str>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// The plain text.
    pub fn to_json(&self) -> String {
        match self {
            Tree::True => "true".to_owned(),
            Tree::False => "false".to_owned(),
            Tree::Array(names) => format!("{names:?}"),
            Tree::Object(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(scope, tree)| format!("{scope:?}:{}", tree.to_json()))
                    .collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }
}

/// A whole claim.
pub fn claim() -> impl Strategy<Value = Tree> {
    object(
        prop_oneof![3 => integration_member(), 2 => credential_member(), 2 => configuration_member()],
        5,
    )
}

/// Every target over the pools: each level absent, new, known by id, by external id and by both.
pub fn universe() -> Vec<TargetSpec> {
    let mut targets = Vec::new();
    for integration in [None, Some("slack"), Some("github"), Some("other")] {
        for credential in accounts("team") {
            for configuration in accounts("part") {
                targets.push(TargetSpec {
                    integration: integration.map(str::to_owned),
                    credential: credential.clone(),
                    configuration,
                });
            }
        }
    }
    targets
}

fn accounts(prefix: &str) -> Vec<Option<AccountSpec>> {
    let account = |id: Option<&str>, ext: Option<&str>| {
        Some(AccountSpec {
            id: id.map(str::to_owned),
            ext: ext.map(|ext| format!("{prefix} {ext}")),
        })
    };
    let [one, two] = IDS;
    vec![
        None,
        account(None, None),
        account(Some(one), None),
        account(Some(STRANGER), None),
        account(None, Some("A")),
        account(None, Some("other")),
        account(Some(one), Some("A")),
        account(Some(two), Some("B")),
        account(Some(one), Some("B")),
        account(Some(two), Some("other")),
    ]
}

fn rule() -> impl Strategy<Value = Tree> {
    prop_oneof![
        3 => Just(Tree::True),
        3 => Just(Tree::False),
        5 => prop::sample::subsequence(PERMISSIONS.to_vec(), 0..5).prop_map(Tree::Array),
        2 => Just(Tree::Object(vec![])),
    ]
}

fn integration_member() -> impl Strategy<Value = (String, Tree)> {
    let scope = prop::sample::select(vec![
        "integration:*",
        "integration:slack",
        "integration:github",
    ]);
    let below = object(
        prop_oneof![3 => credential_member(), 2 => configuration_member()],
        4,
    );
    (scope.prop_map(str::to_owned), prop_oneof![rule(), below])
}

fn credential_member() -> impl Strategy<Value = (String, Tree)> {
    (
        thing("credential", "team"),
        prop_oneof![3 => rule(), 2 => object(configuration_member(), 3)],
    )
}

fn configuration_member() -> impl Strategy<Value = (String, Tree)> {
    (thing("configuration", "part"), rule())
}

fn thing(level: &'static str, prefix: &'static str) -> impl Strategy<Value = String> {
    let [one, two] = IDS;
    prop::sample::select(vec![
        format!("{level}:*"),
        format!("{level}:{one}"),
        format!("{level}:{two}"),
        format!("{level}:ext:{prefix} A"),
        format!("{level}:ext:{prefix} B"),
    ])
}

fn object(
    member: impl Strategy<Value = (String, Tree)>,
    most: usize,
) -> impl Strategy<Value = Tree> {
    prop::collection::vec(member, 0..=most).prop_map(|members| {
        let mut unique: Vec<(String, Tree)> = Vec::new();
        for (scope, tree) in members {
            if unique.iter().all(|(taken, _)| *taken != scope) {
                unique.push((scope, tree));
            }
        }
        Tree::Object(unique)
    })
}
