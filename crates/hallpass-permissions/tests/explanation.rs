//! Explanations as they are answered: their JSON, the change for each reason, lints, targets in words.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use hallpass_permissions::{
    AccountSpec, Claim, ParseOptions, Permission, TargetSpec, apply_change, explain, explain_text,
};
use serde_json::{Value, json};

const X: &str = "5f0c2a3e-8d41-4b6f-9c27-1e5a7b9d3f60";

fn target(value: Value) -> TargetSpec {
    serde_json::from_value(value).unwrap()
}

fn answer(claim: &Value, asked: Value, permission: Permission) -> Value {
    let claim = Claim::parse(&claim.to_string()).unwrap();
    serde_json::to_value(explain(&claim, &target(asked), permission)).unwrap()
}

/// The change and what it also allows.
fn change(claim: Value, asked: Value, permission: Permission) -> (Value, Value) {
    let answer = answer(&claim, asked, permission);
    (answer["change"].clone(), answer["also_allows"].clone())
}

#[test]
fn the_answer_has_the_members_of_the_contract() {
    let claim = json!({"integration:*": true, "integration:slack": {format!("credential:{X}"): ["events", "Events"]}});
    let asked = json!({"integration": "slack", "credential": {"id": X}});
    assert_eq!(
        answer(&claim, asked.clone(), Permission::ProxyApi),
        json!({
            "decision": "deny",
            "reason": "permission_not_listed",
            "permission": "proxy-api",
            "target": asked,
            "deciding": [{"pointer": format!("/integration:slack/credential:{X}"), "specificity": [0, 2, 2]}],
            "considered": [
                {"pointer": "/integration:slack", "specificity": [0, 0, 2]},
                {"pointer": "/integration:*", "specificity": [0, 0, 1]},
                {"pointer": "", "specificity": [0, 0, 0]},
            ],
            "change": [{"op": "add", "path": format!("/integration:slack/credential:{X}/-"), "value": "proxy-api"}],
            "also_allows": [{
                "scopes": ["integration:slack", format!("credential:{X}"), "configuration:*"],
                "permission": "proxy-api",
            }],
            "unknown_permissions": ["Events"],
            "lints": [{
                "code": "array_replaces_wider",
                "pointer": format!("/integration:slack/credential:{X}"),
                "message": "this array replaces the wider grant at \"/integration:*\" instead of adding to it; here the token \
                            loses credential:write, config:write, settings:read, settings:write, metadata:read, \
                            metadata:write, proxy-api, workflows",
                "permissions_lost": [
                    "credential:write", "config:write", "settings:read", "settings:write", "metadata:read",
                    "metadata:write", "proxy-api", "workflows",
                ],
            }],
        })
    );
}

#[test]
fn an_allowed_answer_has_no_change() {
    let explanation = explain_text(
        None,
        ParseOptions::default(),
        &TargetSpec::default(),
        Permission::MetadataRead,
    )
    .unwrap();
    assert_eq!(
        serde_json::to_value(explanation).unwrap(),
        json!({
            "decision": "allow", "reason": "claim_absent", "permission": "metadata:read", "target": {}, "deciding": [],
            "considered": [], "change": null, "also_allows": [], "unknown_permissions": [], "lints": [],
        })
    );
}

#[test]
fn a_list_gets_one_more_name() {
    let (change, also) = change(
        json!({"integration:slack": []}),
        json!({"integration": "slack"}),
        Permission::Events,
    );
    assert_eq!(
        change,
        json!([{"op": "add", "path": "/integration:slack/-", "value": "events"}])
    );
    let below =
        |scope: &str| json!({"scopes": ["integration:slack", scope], "permission": "events"});
    assert_eq!(
        also,
        json!([below("configuration:*"), below("credential:*")])
    );
}

#[test]
fn a_false_becomes_a_list_of_one() {
    let asked = json!({"integration": "slack", "credential": {"id": X}});
    let (change, also) = change(
        json!({"integration:slack": false}),
        asked,
        Permission::Events,
    );
    assert_eq!(
        change,
        json!([{"op": "replace", "path": "/integration:slack", "value": ["events"]}])
    );
    assert_eq!(
        also,
        json!([{"scopes": ["integration:slack"], "permission": "events"}])
    );
}

#[test]
fn an_object_gets_the_target_s_own_scope() {
    let claim =
        json!({"integration:slack": {"credential:ext:acme": true}, "integration:github": true});
    let asked = json!({"integration": "slack", "credential": {"ext": "sales/eu"}});
    let (change, also) = change(claim, asked, Permission::ProxyApi);
    let path = "/integration:slack/credential:ext:sales~1eu";
    assert_eq!(
        change,
        json!([{"op": "add", "path": path, "value": ["proxy-api"]}])
    );
    let scopes = [
        "integration:slack",
        "credential:ext:sales/eu",
        "configuration:*",
    ];
    assert_eq!(also, json!([{"scopes": scopes, "permission": "proxy-api"}]));
}

#[test]
fn the_claim_s_own_object_gets_the_whole_path() {
    let asked = json!({"integration": "slack", "credential": {"id": X}, "configuration": {"ext": "Team A"}});
    let (change, also) = change(
        json!({"integration:github": true}),
        asked,
        Permission::SettingsRead,
    );
    let value = json!({format!("credential:{X}"): {"configuration:ext:Team A": ["settings:read"]}});
    assert_eq!(
        change,
        json!([{"op": "add", "path": "/integration:slack", "value": value}])
    );
    assert_eq!(also, json!([]));
}

#[test]
fn something_new_without_a_name_needs_the_wildcard_and_keeps_what_was_allowed() {
    let claim = json!({"credential:*": ["proxy-api"], "integration:slack": {"credential:*": {}}});
    let asked = json!({"integration": "slack", "credential": "new"});
    let (change, _) = change(claim, asked, Permission::CredentialWrite);
    assert_eq!(
        change,
        json!([{"op": "replace", "path": "/integration:slack/credential:*", "value": ["credential:write"]}])
    );
    let claim = json!({"integration:slack": {"credential:ext:acme": true}});
    let asked = json!({"integration": "slack", "credential": "new"});
    let (change, also) = self::change(claim, asked, Permission::CredentialWrite);
    assert_eq!(
        change,
        json!([{"op": "add", "path": "/integration:slack/credential:*", "value": ["credential:write"]}])
    );
    assert_eq!(
        also,
        json!([{"scopes": ["integration:slack", "credential:*"], "permission": "credential:write"}])
    );
}

#[test]
fn metadata_needs_every_integration() {
    let (change, also) = change(
        json!({"integration:slack": true}),
        json!({}),
        Permission::MetadataRead,
    );
    assert_eq!(
        change,
        json!([{"op": "add", "path": "/integration:*", "value": ["metadata:read"]}])
    );
    assert_eq!(
        also,
        json!([{"scopes": ["integration:*"], "permission": "metadata:read"}])
    );
}

#[test]
fn an_object_that_the_target_stops_at_becomes_a_list_that_keeps_what_was_below() {
    let claim = json!({"integration:slack": {format!("credential:{X}"): {"configuration:ext:Team A": ["settings:write"]}}});
    let asked = json!({"integration": "slack", "credential": {"id": X}});
    let (change, _) = change(claim, asked, Permission::ProxyApi);
    let path = format!("/integration:slack/credential:{X}");
    assert_eq!(
        change,
        json!([{"op": "replace", "path": path, "value": ["settings:write", "proxy-api"]}])
    );
}

#[test]
fn another_account_s_grant_is_not_taken_over() {
    let other = "c81d9e47-2b3a-4f05-a6d8-90e4b7c2135f";
    let claim = json!({"integration:slack": {format!("credential:{other}"): true}});
    let asked = json!({"integration": "slack", "credential": {"id": X}});
    let (change, _) = change(claim, asked, Permission::Events);
    let path = format!("/integration:slack/credential:{X}");
    assert_eq!(
        change,
        json!([{"op": "add", "path": path, "value": ["events"]}])
    );
}

#[test]
fn a_denial_that_vanishes_with_its_object_is_announced() {
    let part = format!("configuration:{X}");
    let claim = json!({"integration:*": {&part: true}, "integration:github": {&part: false}});
    let (change, also) = change(claim, json!({"integration": "github"}), Permission::Events);
    assert_eq!(
        change,
        json!([{"op": "replace", "path": "/integration:github", "value": ["events"]}])
    );
    let uncovered = json!({"scopes": ["integration:github", part], "permission": "proxy-api"});
    assert!(also.as_array().unwrap().contains(&uncovered), "{also}");
}

#[test]
fn a_conflict_is_settled_by_the_grant_that_denied() {
    let claim = json!({format!("credential:{X}"): ["events"], "credential:ext:acme": false});
    let asked = json!({"credential": {"id": X, "ext": "acme"}});
    let (change, _) = change(claim, asked, Permission::Events);
    assert_eq!(
        change,
        json!([{"op": "replace", "path": "/credential:ext:acme", "value": ["events"]}])
    );
}

#[test]
fn a_change_that_does_not_fit_is_an_error() {
    let claim = json!({"integration:slack": false});
    let asked = target(json!({"integration": "slack"}));
    let change = explain(
        &Claim::parse(&claim.to_string()).unwrap(),
        &asked,
        Permission::Events,
    )
    .change
    .unwrap();
    assert_eq!(
        apply_change(&claim, &change).unwrap(),
        json!({"integration:slack": ["events"]})
    );
    assert!(apply_change(&json!({}), &change).is_err());
    assert!(apply_change(&json!([]), &change).is_err());
}

#[test]
fn lints_name_the_wildcard_that_undoes_a_false() {
    let claim = json!({"integration:slack": false, "credential:*": true});
    let lints = Claim::parse(&claim.to_string()).unwrap().lints();
    let found: Vec<(&str, &str)> = lints
        .iter()
        .map(|lint| (lint.code, lint.pointer.as_str()))
        .collect();
    assert_eq!(
        found,
        [("false_overridden_by_wildcard", "/integration:slack")]
    );
    assert!(lints[0].message.contains("/credential:*") && lints[0].permissions_lost.is_empty());
}

#[test]
fn lints_are_silent_about_intended_exceptions() {
    for claim in [
        json!({}),
        json!({"integration:slack": false, format!("credential:{X}"): true}),
        json!({"integration:slack": {"credential:*": false}, "credential:*": true}),
        json!({"integration:slack": false, "integration:github": {"credential:*": true}}),
        json!({"integration:slack": false, "credential:*": false}),
        json!({"integration:*": ["events"], "integration:slack": ["events", "proxy-api"]}),
        json!({"integration:*": false, "integration:slack": ["events"]}),
    ] {
        let lints = Claim::parse(&claim.to_string()).unwrap().lints();
        assert!(lints.is_empty(), "{claim}: {lints:?}");
    }
}

#[test]
fn lints_find_an_array_below_a_wider_grant_of_the_same_credential() {
    let claim = json!({format!("credential:{X}"): ["events", "proxy-api"], "integration:slack": {format!("credential:{X}"): ["events"]}});
    let lints = Claim::parse(&claim.to_string()).unwrap().lints();
    assert_eq!(lints.len(), 1);
    assert_eq!(
        (lints[0].code, &lints[0].permissions_lost),
        ("array_replaces_wider", &vec![Permission::ProxyApi])
    );
}

#[test]
fn targets_are_read_and_written_as_in_the_contract() {
    let both = json!({"integration": "slack", "credential": {"id": X, "ext": "acme"}, "configuration": "new"});
    assert_eq!(serde_json::to_value(target(both.clone())).unwrap(), both);
    assert_eq!(
        serde_json::to_value(target(json!({"credential": {}}))).unwrap(),
        json!({"credential": "new"})
    );
    for wrong in [
        json!({"integrations": "slack"}),
        json!({"credential": "old"}),
        json!({"credential": {"uuid": X}}),
        json!({"credential": [X]}),
        json!({"integration": 7}),
    ] {
        assert!(
            serde_json::from_value::<TargetSpec>(wrong.clone()).is_err(),
            "{wrong}"
        );
    }
    assert!(serde_json::from_str::<TargetSpec>(r#"{"credential":{"ext":"a","ext":"b"}}"#).is_err());
}

#[test]
fn accounts_are_read_from_words() {
    let id = |text: &str| AccountSpec {
        id: Some(text.to_owned()),
        ext: None,
    };
    assert_eq!(X.parse(), Ok(id(X)));
    assert_eq!(X.to_uppercase().parse(), Ok(id(X)));
    assert_eq!(
        "ext:Team A".parse(),
        Ok(AccountSpec {
            id: None,
            ext: Some("Team A".to_owned())
        })
    );
    assert_eq!("new".parse(), Ok(AccountSpec::new_thing()));
    for wrong in [
        "", "Team A", "ext:", "ext:*", "ext: a", "New", "*", "5f0c2a3e",
    ] {
        assert!(wrong.parse::<AccountSpec>().is_err(), "{wrong}");
    }
}

#[test]
fn the_manual_s_examples_are_true() {
    let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PERMISSIONS.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let blocks = manual
        .split("```json\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap());
    let values: Vec<Value> = blocks
        .map(|block| {
            serde_json::from_str(&block.replace("credential:X", &format!("credential:{X}")))
                .unwrap()
        })
        .collect();
    let (mut claims, mut answers) = (0, 0);
    for value in values {
        if value.get("decision").is_some() {
            answers += 1;
            let claim = json!({"integration:*": [], "integration:slack": ["proxy-api"]});
            assert_eq!(
                answer(&claim, json!({"integration": "slack"}), Permission::Events),
                value
            );
        } else {
            claims += 1;
            let claim = value.get(hallpass_permissions::CLAIM).unwrap_or(&value);
            assert!(
                Claim::parse(&claim.to_string()).unwrap().grants_count() > 0,
                "{claim}"
            );
        }
    }
    assert_eq!((claims, answers), (8, 1));
}
