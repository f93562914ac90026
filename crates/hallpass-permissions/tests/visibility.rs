//! What may be shown: the rule for lists and for answers by id.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use hallpass_permissions::{Account, Claim, Permission, Target, permissions, visible};

const X: &str = "5f0c2a3e-8d41-4b6f-9c27-1e5a7b9d3f60";
const Y: &str = "c81d9e47-2b3a-4f05-a6d8-90e4b7c2135f";
const P: &str = "3b7e6a90-14c5-4d82-8f9b-d2a1c0e5f847";
const SLACK: Target<'static> = Target {
    integration: Some("slack"),
    credential: None,
    configuration: None,
};

fn parse(claim: &str) -> Claim {
    Claim::parse(&claim.replace("$X", X).replace("$P", P)).unwrap()
}

fn credential(id: &str) -> Target<'_> {
    Target {
        credential: Some(Account::with_id(id)),
        ..SLACK
    }
}

fn configuration<'a>(id: &'a str, part: &'a str) -> Target<'a> {
    Target {
        configuration: Some(Account::with_id(part)),
        ..credential(id)
    }
}

#[test]
fn without_a_claim_everything_is_visible() {
    assert!(visible(&Claim::absent(), SLACK, []));
}

#[test]
fn with_an_empty_claim_nothing_is() {
    assert!(!visible(
        &parse("{}"),
        SLACK,
        [credential(X), configuration(X, P)]
    ));
}

#[test]
fn an_integration_is_visible_by_an_existing_credential_only_if_that_exists() {
    let claim = parse(r#"{"credential:$X":["proxy-api"]}"#);
    assert!(visible(&claim, SLACK, [credential(X)]));
    assert!(!visible(&claim, SLACK, [credential(Y)]));
    assert!(!visible(&claim, SLACK, []));
}

#[test]
fn a_credential_is_visible_by_one_configuration_below_it() {
    let claim =
        parse(r#"{"integration:slack":{"credential:$X":{"configuration:$P":["settings:read"]}}}"#);
    assert!(visible(&claim, credential(X), [configuration(X, P)]));
    assert!(!visible(&claim, credential(X), []));
    assert!(!visible(&claim, credential(Y), [configuration(Y, P)]));
}

#[test]
fn a_connect_only_token_sees_the_integration_and_its_credentials() {
    let claim = parse(r#"{"integration:slack":{"credential:*":["credential:write"]}}"#);
    assert!(visible(&claim, SLACK, []));
    assert!(visible(&claim, credential(X), []));
    assert!(!visible(
        &claim,
        Target {
            integration: Some("github"),
            ..SLACK
        },
        []
    ));
}

#[test]
fn a_hypothetical_configuration_makes_its_credential_visible() {
    let claim = parse(r#"{"integration:slack":{"configuration:*":["config:write"]}}"#);
    assert!(visible(&claim, credential(X), []));
    assert!(visible(&claim, SLACK, []));
}

#[test]
fn things_that_may_be_created_by_name_count_too() {
    let by_credential =
        parse(r#"{"integration:slack":{"credential:ext:acme":["credential:write"]}}"#);
    assert!(visible(&by_credential, SLACK, []));
    assert!(!visible(
        &by_credential,
        Target {
            integration: Some("github"),
            ..SLACK
        },
        []
    ));
    let by_configuration =
        parse(r#"{"credential:$X":{"configuration:ext:Team A":["config:write"]}}"#);
    assert!(visible(&by_configuration, credential(X), []));
    assert!(!visible(&by_configuration, credential(Y), []));
    let shadowed =
        parse(r#"{"credential:ext:acme":true,"integration:slack":{"credential:ext:acme":false}}"#);
    assert!(!visible(&shadowed, SLACK, []));
}

#[test]
fn what_is_denied_on_the_thing_may_still_be_allowed_below() {
    let claim = parse(r#"{"integration:slack":false,"configuration:$P":["settings:read"]}"#);
    assert!(visible(&claim, SLACK, [configuration(X, P)]));
    assert!(!visible(&claim, credential(X), []));
}

#[test]
fn a_configuration_has_nothing_below() {
    let claim = parse(r#"{"configuration:*":[],"credential:*":true}"#);
    assert!(!visible(&claim, configuration(X, P), []));
    assert!(visible(&claim, credential(X), [configuration(X, P)]));
}

#[test]
fn all_permissions_of_a_target_at_once() {
    let claim = parse(r#"{"credential:$X":["settings:write","events"]}"#);
    let allowed: Vec<Permission> = permissions(&claim, &credential(X)).iter().collect();
    assert_eq!(
        allowed,
        [
            Permission::SettingsRead,
            Permission::SettingsWrite,
            Permission::Events
        ]
    );
    assert!(permissions(&claim, &credential(Y)).is_empty());
    assert_eq!(permissions(&Claim::absent(), &SLACK).len(), 9);
}
