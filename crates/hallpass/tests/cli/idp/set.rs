//! `idp set`: what it changes, what it leaves, and what the tokens of the provider are worth afterwards.

use serde_json::{Value, json};

use super::{House, add};
use crate::support::{Provider, Ran};

/// A house, an environment and its provider.
struct At<'a> {
    house: &'a House,
    environment: String,
    provider: String,
}

impl<'a> At<'a> {
    fn of(house: &'a House, provider: &Provider) -> Self {
        let environment = house.environment(provider.fake.kind().as_str());
        let provider = add(house, &environment, provider);
        Self {
            house,
            environment,
            provider,
        }
    }

    fn set(&self, flags: &[&str]) -> Ran {
        let place = ["--environment", &self.environment, &self.provider];
        self.house
            .out(&[&["idp", "set"][..], &place, flags].concat())
    }

    /// The provider after a change.
    fn after(&self, flags: &[&str]) -> Value {
        self.set(&[flags, &["--json"]].concat()).ok().json()
    }

    fn verify(&self, token: &str) -> Ran {
        let verify = ["token", "verify", token, "--environment"];
        self.house
            .out(&[&verify[..], &[&self.environment]].concat())
    }
}

#[test]
fn an_audience_is_added_while_the_provider_stays() {
    let provider = Provider::jwks();
    for house in House::both(&[&provider]) {
        let at = At::of(&house, &provider);
        let other = provider.token_with("ana", json!({ "aud": "second" }));
        at.verify(&other).code(4);
        let changed = at.set(&["--audience", "app", "--audience", "second"]).ok();
        for said in ["app, second", &at.provider] {
            assert!(changed.stdout.contains(said), "{changed:?}");
        }
        // A change shows what it leaves dangerous.
        assert!(changed.stderr.contains("(plain_http)"), "{changed:?}");
        at.verify(&other).ok();
        at.verify(&provider.token("ana")).ok();
        let none = at.set(&["--audience", ""]).ok();
        let remedy = format!(
            "to do: hallpass idp set --environment {} {} --audience CLIENT_ID",
            at.environment, at.provider
        );
        assert!(
            none.stderr.contains("(no_audience)") && none.stderr.contains(&remedy),
            "{none:?}"
        );
        at.verify(&other).code(4);
        let both = at
            .set(&["--audience", "app", "--any-audience", "true"])
            .code(1);
        assert!(both.stderr.contains("--any-audience false"), "{both:?}");
        at.set(&["--any-audience", "true"]).ok();
        at.verify(&other).ok();
        at.set(&["--any-audience", "false", "--audience", "app"])
            .ok();
        at.verify(&other).code(4);
    }
}

#[test]
fn every_setting_changes_alone_and_goes_again() {
    let provider = Provider::jwks();
    let house = House::database(&[&provider]);
    let at = At::of(&house, &provider);
    let before = at.after(&["--audience", "app"]);
    for (flag, value, member, expected) in [
        ("--user-claim", "/user/id", "user_claim", json!("/user/id")),
        ("--permissions-claim", "p", "permissions_claim", json!("p")),
        ("--token-type", "at+jwt", "token_types", json!(["at+jwt"])),
        ("--algorithm", "RS256", "algorithms", json!(["RS256"])),
        (
            "--issuer",
            "https://b.example",
            "issuer",
            json!("https://b.example"),
        ),
    ] {
        let with = at.after(&[flag, value]);
        assert_eq!(with[member], expected, "{flag}");
        let without = at.after(&[flag, ""]);
        assert_eq!(without.get(member), None, "{flag}");
        assert_eq!(without["audiences"], before["audiences"], "{flag}");
    }
    let (was, url) = (provider.keys_url(), format!("{}?v=2", provider.keys_url()));
    assert_eq!(at.after(&["--url", &url])["keys_url"], json!(url));
    assert_eq!(at.after(&["--url", &was])["keys_url"], json!(was));
    let needed = at.set(&["--url", ""]).code(1);
    assert!(needed.stderr.contains("where: /settings/url"), "{needed:?}");
    let foreign = at.set(&["--domain", "acme.eu.auth0.com"]).code(1);
    assert!(foreign.stderr.contains("/settings/domain"), "{foreign:?}");

    let auth0 = [
        "idp",
        "add",
        "auth0",
        "--domain",
        "a.example",
        "--audience",
        "c",
    ];
    let environment = house.environment("Tenant");
    let place = ["--environment", environment.as_str()];
    house.run(&[&auth0[..], &place].concat()).ok();
    let set = |flags: &[&str]| {
        let set = [&["idp", "set", "--json"][..], &place, flags].concat();
        house.run(&set).ok().json()
    };
    // The only provider need not be named.
    let custom = set(&["--custom-domain", "https://login.a.example/"]);
    assert_eq!(
        custom["issuers"],
        json!(["https://a.example/", "https://login.a.example/"])
    );
    let renamed = set(&["--domain", "b.example", "--custom-domain", ""]);
    assert_eq!(renamed["issuers"], json!(["https://b.example/"]));
}

#[test]
fn roles_take_the_place_of_a_claim_and_give_it_back() {
    let provider = Provider::jwks();
    let house = House::database(&[&provider]);
    let at = At::of(&house, &provider);
    let token = provider.token_with("ana", json!({ "roles": ["reader"] }));
    let why = |code: i32| {
        let why = ["token", "why", "PATCH", "/sdk/me", "--token", &token];
        let place = ["--environment", &at.environment];
        house.out(&[&why[..], &place].concat()).code(code)
    };
    why(0);
    at.set(&["--permissions-claim", "p"]).ok();
    let roles = [
        "--roles-claim",
        "roles",
        "--role",
        r#"reader={"integration:*": ["metadata:read"]}"#,
        "--role",
        "guest={}",
    ];
    let both = at.set(&roles).code(1);
    assert!(both.stderr.contains("--permissions-claim ''"), "{both:?}");
    let mapped = at.set(&[&roles[..], &["--permissions-claim", ""]].concat());
    assert!(mapped.ok().stdout.contains("reader, then guest"));
    why(3);
    let wider = at.after(&["--role", r#"reader={"integration:*": true}"#]);
    assert_eq!(wider["role_permissions"].as_array().unwrap().len(), 1);
    why(0);
    let without = at.after(&["--roles-claim", ""]);
    assert_eq!(without.get("role_permissions"), None);
    why(0);
}

#[test]
fn a_change_may_insist_on_the_version_it_was_made_for() {
    let provider = Provider::jwks();
    for house in House::both(&[&provider]) {
        let at = At::of(&house, &provider);
        let version = at.after(&["--audience", "a"])["version"].to_string();
        let changed = at.after(&["--audience", "b", "--if-version", &version]);
        assert_eq!(changed["audiences"], json!(["b"]));
        let late = at
            .set(&["--audience", "c", "--if-version", &version])
            .code(1);
        assert!(late.stderr.contains("version_changed"), "{late:?}");
        let nothing = at.set(&[]).code(2);
        assert!(nothing.stderr.contains("nothing to set"), "{nothing:?}");
    }
}

#[test]
fn the_server_is_named_beside_the_providers_address() {
    let provider = Provider::jwks();
    let house = House::server(&[&provider]);
    let super::Place::Server(server) = &house.place else {
        unreachable!()
    };
    let at = At::of(&house, &provider);
    let key = house.directory.path().join("key");
    std::fs::write(&key, server.variable("OPERATOR_KEY")).unwrap();
    let url = format!("{}?v=2", provider.keys_url());
    let elsewhere = tempfile::tempdir().unwrap();
    let set = [
        "idp",
        "set",
        "--environment",
        &at.environment,
        "--url",
        &url,
        "--server-url",
        server.variable("URL"),
        "--operator-key-file",
        key.to_str().unwrap(),
        "--json",
    ];
    let changed = crate::support::run(elsewhere.path(), &set).ok().json();
    assert_eq!(changed["keys_url"], json!(url));
}
