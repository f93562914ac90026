//! Which crate may depend on which: arrows point down, and each dangerous dependency has one home.
//!
//! The pictures in `docs/ARCHITECTURE.md` show the same. Moving a wall means changing both.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// What a crate may use of this workspace, in its normal and build dependencies.
const ALLOWED: &[(&str, &[&str])] = &[
    ("hallpass-jose", &[]),
    ("hallpass-permissions", &[]),
    ("hallpass-model", &[]),
    ("hallpass-seal", &[]),
    ("hallpass-egress", &["hallpass-model"]),
    ("hallpass-identity", &["hallpass-jose", "hallpass-model"]),
    ("hallpass-mail", &["hallpass-identity", "hallpass-model"]),
    (
        "hallpass-oauth",
        &[
            "hallpass-egress",
            "hallpass-identity",
            "hallpass-jose",
            "hallpass-model",
            "hallpass-seal",
        ],
    ),
    ("hallpass-store", &["hallpass-model"]),
    (
        "hallpass-core",
        &[
            "hallpass-egress",
            "hallpass-identity",
            "hallpass-jose",
            "hallpass-mail",
            "hallpass-model",
            "hallpass-oauth",
            "hallpass-permissions",
            "hallpass-seal",
            "hallpass-store",
        ],
    ),
    (
        "hallpass-http",
        &[
            "hallpass-core",
            "hallpass-jose",
            "hallpass-model",
            "hallpass-permissions",
        ],
    ),
    (
        "hallpass",
        &[
            "hallpass-core",
            "hallpass-egress",
            "hallpass-http",
            "hallpass-jose",
            "hallpass-mail",
            "hallpass-model",
            "hallpass-permissions",
            "hallpass-seal",
            "hallpass-store",
        ],
    ),
    ("hallpass-testkit", ANY),
    ("xtask", &[]),
];

/// The testkit runs the whole application; nothing but tests may use the testkit (below).
const ANY: &[&str] = &["*"];

/// An outside crate and the only members that may use it directly, tests included.
const FENCED: &[(&str, &[&str])] = &[
    ("sqlx", &["hallpass-store", "hallpass-testkit"]),
    ("axum", &["hallpass-http", "hallpass", "hallpass-testkit"]),
    ("reqwest", &["hallpass-egress"]),
    ("ureq", &["hallpass", "hallpass-testkit"]),
    // For tests only: a peer, and the code that the dashboard shows.
    ("jsonwebtoken", &["hallpass-jose", "hallpass-http"]),
    ("anyhow", &["hallpass", "xtask"]),
    ("chacha20poly1305", &["hallpass-seal"]),
    ("k256", &["hallpass-identity", "hallpass-testkit"]),
    ("clap", &["hallpass"]),
    ("lettre", &["hallpass-mail"]),
];

/// The leaves decide without I/O, clock or database, also by way of what they use.
const LEAVES: &[&str] = &[
    "hallpass-jose",
    "hallpass-permissions",
    "hallpass-model",
    "hallpass-seal",
];
const NOT_IN_LEAVES: &[&str] = &[
    "tokio", "sqlx", "axum", "hyper", "reqwest", "ureq", "jiff", "rand",
];

#[test]
fn every_member_is_on_the_list() {
    let metadata = metadata();
    let members: BTreeSet<&str> = members(&metadata)
        .map(|package| package.name.as_str())
        .collect();
    let listed: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    assert_eq!(members, listed);
}

#[test]
fn arrows_point_down() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut faults = Vec::new();
    for package in members(&metadata) {
        let may_use = allowed
            .get(package.name.as_str())
            .copied()
            .unwrap_or_default();
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_some())
        {
            let name = dependency.name.as_str();
            let test_only =
                dependency.kind == DependencyKind::Development && name == "hallpass-testkit";
            if !test_only && may_use != ANY && !may_use.contains(&name) {
                faults.push(format!(
                    "{} -> {name} ({:?})",
                    package.name, dependency.kind
                ));
            }
        }
    }
    assert_eq!(
        faults,
        Vec::<String>::new(),
        "edges that are not on the list"
    );
}

#[test]
fn the_testkit_is_for_tests() {
    let metadata = metadata();
    let shipped: Vec<&str> = members(&metadata)
        .filter(|package| {
            let mut uses = package
                .dependencies
                .iter()
                .filter(|used| used.name == "hallpass-testkit");
            uses.any(|used| used.kind != DependencyKind::Development)
        })
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(shipped, Vec::<&str>::new());
}

#[test]
fn dangerous_dependencies_stay_behind_their_fence() {
    let metadata = metadata();
    for (dependency, homes) in FENCED {
        let users: Vec<&str> = members(&metadata)
            .filter(|package| {
                package
                    .dependencies
                    .iter()
                    .any(|used| used.name == *dependency)
            })
            .map(|package| package.name.as_str())
            .filter(|user| !homes.contains(user))
            .collect();
        assert_eq!(
            users,
            Vec::<&str>::new(),
            "{dependency} belongs in {homes:?} only"
        );
    }
}

#[test]
fn leaves_reach_no_io_and_no_clock() {
    let metadata = metadata();
    for leaf in LEAVES {
        let reached = reached_by(&metadata, leaf);
        assert!(
            !reached.is_empty(),
            "{leaf}: the walk over its dependencies found nothing"
        );
        let forbidden: Vec<&&str> = NOT_IN_LEAVES
            .iter()
            .filter(|name| reached.contains(**name))
            .collect();
        assert_eq!(
            forbidden,
            Vec::<&&str>::new(),
            "{leaf} reaches what a leaf must not"
        );
    }
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .unwrap()
}

fn members(metadata: &Metadata) -> impl Iterator<Item = &Package> {
    metadata.workspace_packages().into_iter()
}

/// Every crate that a member's normal and build dependencies lead to.
fn reached_by(metadata: &Metadata, member: &str) -> BTreeSet<String> {
    let nodes = &metadata.resolve.as_ref().unwrap().nodes;
    let nodes: BTreeMap<_, _> = nodes.iter().map(|node| (&node.id, node)).collect();
    let start = members(metadata)
        .find(|package| package.name.as_str() == member)
        .unwrap();
    let mut reached = BTreeSet::new();
    let mut open = vec![&start.id];
    while let Some(id) = open.pop() {
        for edge in &nodes[id].deps {
            let shipped = edge
                .dep_kinds
                .iter()
                .any(|kind| kind.kind != DependencyKind::Development);
            if shipped && reached.insert(&edge.pkg) {
                open.push(&edge.pkg);
            }
        }
    }
    reached
        .into_iter()
        .map(|id| metadata[id].name.to_string())
        .collect()
}
