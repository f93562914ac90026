//! What is refused, what is warned about, and with which exit code.

use hallpass_testkit::provider::{Behaviour, FakeKey};
use serde_json::{Value, json};

use super::{House, add, allowing, keeps_quiet};
use crate::support::{Provider, Ran, hallpass, run};

#[test]
fn a_test_ends_with_3_without_keys_and_with_4_for_a_refused_token() {
    let good = Provider::jwks();
    let html = Provider::behaving(Behaviour::Html);
    let down = Provider::behaving(Behaviour::Reset);
    for house in House::both(&[&good, &html, &down]) {
        for (broken, code) in [(&html, "jwks"), (&down, "egress")] {
            let environment = house.environment(&broken.endpoint());
            add(&house, &environment, broken);
            let token = broken.token("ana");
            let test = [
                "idp",
                "test",
                "--environment",
                &environment,
                "--token",
                &token,
            ];
            let ran = house.out(&test).code(3);
            assert!(
                ran.stdout.contains("NO  no keys from") && ran.stdout.contains(code),
                "{ran:?}"
            );
            keeps_quiet(&ran, &token);
            let raw = house.out(&[&test[..], &["--json"]].concat()).code(3).json();
            assert_eq!(raw["fetch"]["ok"], json!(false), "{raw}");
            assert!(
                raw["fetch"]["code"].as_str().unwrap().contains(code),
                "{raw}"
            );
        }
        let environment = house.environment("Good");
        let id = add(&house, &environment, &good);
        let stranger = FakeKey::rsa("first");
        for (token, step, reason) in [
            (
                good.token_with("ana", json!({ "aud": "other" })),
                "audience",
                "aud_mismatch",
            ),
            (
                good.token_with("ana", json!({ "iat": 1, "exp": 2 })),
                "times",
                "token_expired",
            ),
            (
                stranger.sign(json!({}), &good.fake.id_claims("ana")),
                "signature",
                "signature_invalid",
            ),
            (
                FakeKey::rsa("x").sign(json!({}), &good.fake.id_claims("ana")),
                "signature",
                "unknown_key",
            ),
            ("a.b".to_owned(), "form", "malformed"),
        ] {
            let test = [
                "idp",
                "test",
                "--environment",
                &environment,
                &id,
                "--token",
                &token,
            ];
            let ran = house.out(&test).code(4);
            let verdict = format!("refused: {reason}");
            assert!(
                ran.stdout.contains(&verdict) && ran.stdout.contains(&format!("NO  {step}")),
                "{ran:?}"
            );
            let raw = house.out(&[&test[..], &["--json"]].concat()).code(4).json();
            assert_eq!(raw["token"]["accepted"], json!(false));
            assert!(
                raw["keys"][0]["usable"] == json!(true) && raw["warnings"].is_array(),
                "{raw}"
            );
        }
    }
}

#[test]
fn a_token_may_come_by_standard_input_and_with_bearer() {
    let provider = Provider::jwks();
    let house = House::database(&[&provider]);
    let environment = house.environment("Piped");
    add(&house, &environment, &provider);
    let file = house.directory.path().join("token");
    std::fs::write(&file, format!("Bearer {}\n", provider.token("ana"))).unwrap();
    let mut command = hallpass();
    command
        .current_dir(house.directory.path())
        .args(["idp", "test", "--environment", &environment, "--token", "-"])
        .args(allowing(&[&provider]))
        .stdin(std::fs::File::open(file).unwrap());
    let ran = Ran::of(command.output().unwrap()).ok();
    assert!(ran.stdout.ends_with("accepted\n"), "{ran:?}");
}

#[test]
fn what_is_dangerous_is_refused_or_warned_about() {
    let provider = Provider::jwks();
    let (url, issuer) = (provider.keys_url(), provider.fake.issuer());
    for house in House::both(&[&provider]) {
        let environment = house.environment("Warned");
        let place = ["--environment", &environment];
        let auth0 = ["idp", "add", "auth0", "--domain", "acme.eu.auth0.com"];
        let refused = house.run(&[&auth0[..], &place].concat()).code(1);
        for said in [
            "invalid_provider",
            "/audiences",
            "--audience",
            "--any-audience",
        ] {
            assert!(refused.stderr.contains(said), "{refused:?}");
        }
        let as_json = house
            .run(&[&auth0[..], &place, &["--json"]].concat())
            .code(1);
        let problem: Value = serde_json::from_str(&as_json.stderr).unwrap();
        assert_eq!(
            (&problem["code"], &problem["pointer"]),
            (&json!("invalid_provider"), &json!("/audiences"))
        );

        let any = house
            .run(&[&auth0[..], &place, &["--any-audience"]].concat())
            .ok();
        assert!(
            any.stderr.contains("warning:") && any.stderr.contains("(any_audience)"),
            "{any:?}"
        );
        let jwks = ["idp", "add", "jwks", "--url", &url, "--issuer", &issuer];
        let without = house.out(&[&jwks[..], &place].concat()).ok();
        for said in ["(no_audience)", "(plain_http)"] {
            assert!(without.stderr.contains(said), "{without:?}");
        }
        let quiet = house
            .run(&[&["idp", "list", "--json"][..], &place].concat())
            .ok();
        assert_eq!(
            (
                quiet.stderr.as_str(),
                quiet.json()["items"].as_array().unwrap().len()
            ),
            ("", 2)
        );
        let listed = house
            .run(&[&["idp", "list"][..], &place].concat())
            .ok()
            .stdout;
        assert!(
            listed.contains("ANY") && listed.contains("any_audience"),
            "{listed}"
        );
        let twice = house.out(&[&jwks[..], &place].concat()).code(1);
        assert!(
            twice.stderr.contains("issuer_taken") && twice.stderr.contains("idp list"),
            "{twice:?}"
        );
        let trail = house
            .run(&[&["audit", "list"][..], &place].concat())
            .ok()
            .stdout;
        assert_eq!(trail.matches("identity_provider.add").count(), 2, "{trail}");
    }
}

#[test]
fn roles_are_mapped_in_the_order_given() {
    let provider = Provider::jwks();
    let (url, issuer) = (provider.keys_url(), provider.fake.issuer());
    let house = House::database(&[&provider]);
    let environment = house.environment("Roles");
    std::fs::write(
        house.directory.path().join("reader.json"),
        r#"{"integration:*": ["metadata:read"]}"#,
    )
    .unwrap();
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
        "--audience",
        "app",
        "--user-claim",
        "/user/id",
        "--roles-claim",
        "/realm_access/roles",
        "--role",
        "reader=reader.json",
        "--role",
        r#"admin={"integration:*": true}"#,
    ];
    let added = house.out(&add).ok();
    for said in ["reader, then admin", "/realm_access/roles", "/user/id"] {
        assert!(added.stdout.contains(said), "{added:?}");
    }
    let token = |roles: Value| {
        provider.token_with(
            "x",
            json!({ "user": { "id": "ana" }, "realm_access": { "roles": roles } }),
        )
    };
    let why = |roles: Value, permission: &str, code: i32| {
        let token = token(roles);
        let why = [
            "token",
            "why",
            "--environment",
            &environment,
            "--token",
            &token,
        ];
        let question = ["--permission", permission];
        house.out(&[&why[..], &question].concat()).code(code)
    };
    why(json!(["admin"]), "metadata:write", 0);
    // The first that is listed counts, not the first that the token names.
    why(json!(["admin", "reader"]), "metadata:write", 3);
    why(json!(["admin", "reader"]), "metadata:read", 0);
    why(json!(["guest"]), "metadata:read", 3);
    let tested = house.out(&[
        "idp",
        "test",
        "--environment",
        &environment,
        "--token",
        &token(json!(["reader"])),
    ]);
    assert!(tested.ok().stdout.contains("ana"));
    let wrong = [&add[..], &["--role", r#"bad={"slack": true}"#]].concat();
    let wrong = house.out(&wrong).code(2);
    assert!(
        wrong.stderr.contains("role `bad`") && wrong.stderr.contains("/slack"),
        "{wrong:?}"
    );
}

#[test]
fn doctor_names_warnings_and_keys_that_do_not_come() {
    let (good, broken) = (Provider::jwks(), Provider::behaving(Behaviour::Status(500)));
    let house = House::database(&[&good, &broken]);
    let environment = house.environment("Acme");
    let doctor = |more: &[&str]| -> Vec<(String, String)> {
        let allow = allowing(&[&good, &broken]);
        let allow: Vec<&str> = allow.iter().map(String::as_str).collect();
        let arguments = [&["doctor", "--json"][..], more, &allow].concat();
        let found = run(house.directory.path(), &arguments).ok().json();
        let items = found["items"].as_array().unwrap().iter();
        let ours = items.filter(|item| {
            item["about"] == "identity providers" || item["about"] == "signing keys"
        });
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        ours.map(|item| (text(&item["level"]), text(&item["detail"])))
            .collect()
    };
    let bare = doctor(&[]);
    assert!(
        bare.len() == 1 && bare[0].1.contains("Acme/sandbox has none"),
        "{bare:?}"
    );
    let id = add(&house, &environment, &good);
    let one = doctor(&[]);
    let http: Vec<_> = one.iter().filter(|(level, _)| level == "warning").collect();
    assert!(
        http.len() == 1 && http[0].1.contains("(plain_http)"),
        "{one:?}"
    );
    assert_eq!(good.fake.fetches(), 1);
    let unsafe_one = [
        "idp",
        "add",
        "jwks",
        "--environment",
        &environment,
        "--url",
        &broken.keys_url(),
        "--issuer",
        "x",
        "--any-audience",
    ]
    .map(str::to_owned);
    house.out(&unsafe_one.each_ref().map(String::as_str)).ok();
    let two = doctor(&[]);
    let has = |word: &str| {
        two.iter()
            .any(|(level, detail)| level == "warning" && detail.contains(word))
    };
    assert!(
        has("Acme/sandbox: jwks x: every token") && has("(any_audience)"),
        "{two:?}"
    );
    assert!(
        has("cannot be fetched from here") && !two.iter().any(|(_, detail)| detail.contains(&id)),
        "{two:?}"
    );
    let providers = house
        .run(&["idp", "list", "--environment", &environment, "--json"])
        .json();
    for provider in providers["items"].as_array().unwrap() {
        house
            .run(&[
                "idp",
                "disable",
                "--environment",
                &environment,
                provider["id"].as_str().unwrap(),
            ])
            .ok();
    }
    let fetched = good.fake.fetches();
    let disabled = doctor(&[]);
    assert!(
        disabled.len() == 1 && disabled[0].1.contains("Acme/sandbox has none"),
        "{disabled:?}"
    );
    assert_eq!(good.fake.fetches(), fetched);
}
