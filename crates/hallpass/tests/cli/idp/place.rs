//! Which server, database and provider a verb is about.

use std::path::Path;

use serde_json::{Value, json};

use super::guides::paste;
use super::{House, Place, add};
use crate::support::{Provider, get, run};

#[test]
fn the_next_step_leads_to_the_same_place() {
    let provider = Provider::jwks();
    let house = House::database(&[&provider]);
    let environment = house.environment("Next");
    let (url, issuer) = (provider.keys_url(), provider.fake.issuer());
    let elsewhere = tempfile::tempdir().unwrap();
    let data = house.directory.path().join("hallpass-data");
    let add = [
        "idp",
        "add",
        "jwks",
        "--environment",
        &environment,
        "--url",
        &url,
        "--issuer",
        &issuer,
    ];
    let place = [
        "--data-dir",
        data.to_str().unwrap(),
        "--allow-egress",
        &provider.endpoint(),
    ];
    let added = run(
        elsewhere.path(),
        &[&add[..], &place, &["--audience", "app"]].concat(),
    )
    .ok();
    let line = added
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("  hallpass "))
        .unwrap();
    let file = elsewhere.path().join("TOKEN_FILE");
    std::fs::write(file, provider.token("ana")).unwrap();
    let tested = paste(elsewhere.path(), &format!("hallpass {line}"), &[]).ok();
    assert!(tested.stdout.ends_with("accepted\n"), "{tested:?}");
}

#[test]
fn a_server_is_named_beside_a_providers_address() {
    let provider = Provider::jwks();
    let house = House::server(&[&provider]);
    let Place::Server(server) = &house.place else {
        unreachable!()
    };
    let environment = server.variable("SANDBOX_ID");
    let key = house.directory.path().join("key");
    std::fs::write(&key, server.variable("OPERATOR_KEY")).unwrap();
    let (url, issuer) = (provider.keys_url(), provider.fake.issuer());
    let add = [
        "idp",
        "add",
        "jwks",
        "--environment",
        environment,
        "--url",
        &url,
        "--issuer",
        &issuer,
    ];
    let to = [
        "--server-url",
        server.variable("URL"),
        "--operator-key-file",
        key.to_str().unwrap(),
    ];
    let elsewhere = tempfile::tempdir().unwrap();
    let added = run(elsewhere.path(), &[&add[..], &to].concat()).ok();
    assert!(
        added
            .stderr
            .contains(&format!("--url '{}'", server.variable("URL"))),
        "{added:?}"
    );
    assert_eq!(
        get(
            &server.me(environment),
            &provider.token_with("ana", json!({ "aud": null }))
        )
        .status,
        200
    );
    // The demo's own tokens go on.
    assert_eq!(
        get(&server.me(environment), server.variable("USER_TOKEN")).status,
        200
    );
}

#[test]
fn a_provider_is_named_unless_there_is_only_one() {
    let (one, two) = (Provider::jwks(), Provider::jwks());
    let house = House::database(&[&one, &two]);
    let environment = house.environment("Several");
    let show = ["idp", "show", "--environment", &environment];
    let none = house.run(&show).code(2);
    assert!(none.stderr.contains("hallpass idp add"), "{none:?}");
    let first = add(&house, &environment, &one);
    assert!(house.run(&show).ok().stdout.contains(&first));
    let second = add(&house, &environment, &two);
    let several = house.run(&show).code(2);
    for said in [&first, &second, &one.fake.issuer()] {
        assert!(several.stderr.contains(said), "{several:?}");
    }
    let shown = house.run(&[&show[..], &[&second]].concat()).ok();
    assert!(shown.stdout.contains(&two.fake.issuer()), "{shown:?}");
    let foreign = house.environment("Foreign");
    let elsewhere = house
        .run(&["idp", "show", "--environment", &foreign, &first])
        .code(1);
    assert!(elsewhere.stderr.contains("not_found"), "{elsewhere:?}");
    let unknown = house.run(&[&show[..], &["nonsense"]].concat()).code(2);
    assert!(unknown.stderr.contains("PROVIDER"), "{unknown:?}");
}

#[test]
fn wrong_use_is_said_before_anything_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    const ID: &str = "11111111-1111-4111-8111-111111111111";
    for (arguments, said) in [
        (&["jwks"][..], "--url"),
        (&["auth0", "--audience", "c"], "--domain"),
        (
            &["auth0", "--domain", "http://a.auth0.com", "--audience", "c"],
            "--url",
        ),
        (&["firebase"], "--project-id"),
        (
            &["firebase", "--project-id", "a", "--audience", "b"],
            "--audience names b",
        ),
        (&["oidc"], "--issuer"),
        (&["keycloak"], "idp add oidc"),
        (&["oidc", "--url", "https://a.example/jwks"], "idp add jwks"),
        (
            &["auth0", "--domain", "a.example/login", "--audience", "c"],
            "has a path",
        ),
        (
            &[
                "oidc",
                "--issuer",
                "https://a.example",
                "--roles-claim",
                "r",
            ],
            "--role",
        ),
        (
            &[
                "jwks",
                "--url",
                "https://a.example/.well-known/openid-configuration",
            ],
            "idp add oidc",
        ),
    ] {
        let line = [&["idp", "add"][..], arguments, &["--environment", ID]].concat();
        let ran = run(directory.path(), &line).code(2);
        assert!(ran.stderr.contains(said), "{ran:?}");
        let object = run(directory.path(), &[&line[..], &["--json"]].concat()).code(2);
        let object: Value = serde_json::from_str(&object.stderr).unwrap();
        assert_eq!(object["code"], json!("usage"));
    }
    assert_eq!(
        std::fs::read_dir(Path::new(directory.path()))
            .unwrap()
            .count(),
        0
    );
}
