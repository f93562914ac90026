//! What the tools say of a provider's tokens when they cannot know, and of keys that did not come.

use hallpass_testkit::provider::Behaviour;
use serde_json::json;

use super::{House, add};
use crate::support::Provider;

#[test]
fn without_the_environment_a_foreign_issuer_is_said_to_matter() {
    let provider = Provider::jwks();
    let house = House::database(&[&provider]);
    let environment = house.environment("Mapped");
    let id = add(&house, &environment, &provider);
    let roles = ["--roles-claim", "roles", "--role", "admin={}"];
    let set = ["idp", "set", "--environment", &environment, &id];
    house.out(&[&set[..], &roles].concat()).ok();
    let token = provider.token_with("ana", json!({ "roles": ["nobody"] }));
    let why = ["token", "why", "PATCH", "/sdk/me", "--token", &token];
    let guessed = house.run(&why).ok();
    assert!(
        guessed.stderr.contains("identity provider") && guessed.stderr.contains("--environment ID"),
        "{guessed:?}"
    );
    let known = house.out(&[&why[..], &["--environment", &environment]].concat());
    assert!(!known.code(3).stderr.contains("names its issuer"));
    let inspected = house.run(&["token", "inspect", &token]).ok().stdout;
    for said in [
        "picks the identity provider",
        "an app that the identity provider's settings name",
        "unless `iss` is an identity provider",
    ] {
        assert!(inspected.contains(said), "{inspected}");
    }
    let own = provider.token_with("ana", json!({ "iss": null }));
    let own_why = ["token", "why", "PATCH", "/sdk/me", "--token", &own];
    assert!(!house.run(&own_why).ok().stderr.contains("issuer"));
    let own = house.run(&["token", "inspect", &own]).ok().stdout;
    assert!(!own.contains("identity provider"), "{own}");
}

#[test]
fn a_token_whose_keys_do_not_come_is_not_called_refused() {
    let provider = Provider::behaving(Behaviour::Status(500));
    for house in House::both(&[&provider]) {
        let environment = house.environment("Down");
        add(&house, &environment, &provider);
        let token = provider.token("ana");
        let place = ["--environment", environment.as_str()];
        let why = ["token", "why", "GET", "/sdk/me", "--token", &token];
        let said = house.out(&[&why[..], &place].concat()).code(1);
        assert!(
            said.stdout.starts_with("UNKNOWN  keys_unavailable") && said.stdout.contains("503"),
            "{said:?}"
        );
        assert!(!said.stdout.contains("401"), "{said:?}");
        let raw = house.out(&[&why[..], &place, &["--json"]].concat());
        let raw = raw.code(1).json();
        assert_eq!(
            (&raw["decision"], &raw["reason"]),
            (&json!("unknown"), &json!("keys_unavailable"))
        );
        let verify = [&["token", "verify", &token][..], &place].concat();
        let verified = house.out(&verify).code(1);
        assert!(
            verified.stdout.contains("not judged: keys_unavailable"),
            "{verified:?}"
        );
    }
}

#[test]
fn a_disabled_provider_is_no_success() {
    let provider = Provider::jwks();
    for house in House::both(&[&provider]) {
        let environment = house.environment("Off");
        let id = add(&house, &environment, &provider);
        let place = ["--environment", environment.as_str(), &id];
        house.run(&[&["idp", "disable"][..], &place].concat()).ok();
        let test = [&["idp", "test"][..], &place].concat();
        let keys = house.out(&test).ok();
        assert!(keys.stderr.contains("is disabled"), "{keys:?}");
        let token = provider.token("ana");
        let tested = house.out(&[&test[..], &["--token", &token]].concat());
        let tested = tested.code(4);
        assert!(
            tested.stdout.ends_with("refused: issuer_disabled\n"),
            "{tested:?}"
        );
    }
}

#[test]
fn keys_of_the_last_good_set_are_called_so() {
    let provider = Provider::jwks();
    let house = House::server(&[&provider]);
    let environment = house.environment("Failing");
    let id = add(&house, &environment, &provider);
    let place = ["--environment", environment.as_str(), &id];
    let test = [&["idp", "test"][..], &place].concat();
    let good = house.out(&test).ok();
    assert!(!good.stdout.contains("last good set"), "{good:?}");
    provider.fake.behave(Behaviour::Status(500));
    let failing = house.out(&test).code(3);
    let kid = provider.fake.key().kid().unwrap().to_owned();
    for said in ["NO  no keys from", "of the last good set", &kid] {
        assert!(failing.stdout.contains(said), "{failing:?}");
    }
    let listed = house.run(&["idp", "list", "--environment", &environment]);
    let listed = listed.ok().stdout;
    assert!(listed.contains("stale (1): unexpected_status"), "{listed}");
}

#[test]
fn a_set_without_a_usable_key_is_no_success() {
    let provider = Provider::behaving(Behaviour::body(r#"{"keys":[]}"#));
    let house = House::database(&[&provider]);
    let environment = house.environment("Empty");
    add(&house, &environment, &provider);
    let test = ["idp", "test", "--environment", &environment];
    let empty = house.out(&test).code(3);
    assert!(
        empty.stdout.starts_with("NO  ") && empty.stdout.contains("no_usable_key"),
        "{empty:?}"
    );
    let doctor = house.out(&["doctor"]).ok().stdout;
    assert!(
        doctor.contains("(no_usable_key)") && !doctor.contains("cannot be fetched"),
        "{doctor}"
    );
    let apart = house.run(&["doctor"]).ok().stdout;
    assert!(
        apart.contains("(egress_blocked); a doctor beside a server"),
        "{apart}"
    );
}

#[test]
fn an_issuer_without_https_is_asked_for_it() {
    let house = House::database(&[]);
    let environment = house.environment("Short");
    let without_scheme = [
        "idp",
        "add",
        "oidc",
        "--environment",
        &environment,
        "--issuer",
        "acme.okta.com",
    ];
    let refused = house.run(&without_scheme).code(1);
    assert!(
        refused.stderr.contains("begins with https://"),
        "{refused:?}"
    );
}
