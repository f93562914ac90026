//! Where outbound requests may go: the flag, the configuration, the refusals.

use serde_json::json;

use super::{House, Place, add, id_in};
use crate::support::{Provider, Ran, Server, get, hallpass, run};
use crate::tls::certificate;

#[test]
fn an_address_on_loopback_needs_the_flag_which_the_refusal_names() {
    let provider = Provider::jwks();
    let allow = format!("--allow-egress {}", provider.endpoint());
    let (url, endpoint) = (provider.keys_url(), provider.endpoint());
    for house in [House::database(&[]), House::server(&[])] {
        let environment = house.environment("Closed");
        let add = [
            "idp",
            "add",
            "jwks",
            "--environment",
            &environment,
            "--url",
            &url,
        ];
        let refused = house.run(&add).code(1);
        assert!(
            refused.stderr.contains(&allow) && refused.stderr.contains("where: /url"),
            "{refused:?}"
        );
        let none = house
            .run(&["idp", "list", "--environment", &environment, "--json"])
            .ok();
        assert_eq!(none.json()["items"], json!([]));
        if matches!(house.place, Place::Server(_)) {
            let flag = [&add[..], &["--allow-egress", &endpoint]].concat();
            let still = house.run(&flag).code(1);
            assert!(
                still.stderr.contains("no effect through a server"),
                "{still:?}"
            );
        }
    }
    assert_eq!(provider.fake.requests().len(), 0);
}

#[test]
fn the_configuration_and_a_variable_name_exceptions_too() {
    let provider = Provider::jwks();
    let house = House::database(&[&provider]);
    let environment = house.environment("Open");
    add(&house, &environment, &provider);
    let at = house.directory.path();
    let test = ["idp", "test", "--environment", &environment];
    // A stored provider is not reached by a process that nobody allowed to.
    let blocked = run(at, &test).code(3);
    assert!(blocked.stdout.contains("--allow-egress"), "{blocked:?}");
    std::fs::write(
        at.join("h.toml"),
        format!("[egress]\nallow = [\"{}\"]\n", provider.endpoint()),
    )
    .unwrap();
    run(at, &[&test[..], &["--config", "h.toml"]].concat()).ok();
    let mut command = hallpass();
    command.env(
        "HALLPASS__EGRESS__ALLOW",
        format!("localhost:1, {}", provider.endpoint()),
    );
    Ran::of(command.current_dir(at).args(test).output().unwrap()).ok();
    let shown = run(at, &["config", "show", "--config", "h.toml"])
        .ok()
        .stdout;
    let row = shown.lines().find(|line| line.starts_with("egress.allow"));
    assert!(
        row.is_some_and(|row| row.contains(&provider.endpoint()) && row.contains("h.toml:2:1")),
        "{shown}"
    );
    let served = Server::serve(at, "node", &["--config", "h.toml"]);
    let token = provider.token("ana");
    assert_eq!(get(&served.me(&environment), &token).status, 200);
}

#[test]
fn a_malformed_exception_or_certificate_ends_the_start_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let listen = ["--listen", "127.0.0.1:0"];
    for malformed in [
        "localhost",
        "http://127.0.0.1:4000",
        "127.0.0.1:0",
        "127.0.0.1:99999",
        "a b:1",
    ] {
        for verb in ["serve", "demo"] {
            let ran = run(
                at,
                &[&[verb, "--allow-egress", malformed][..], &listen].concat(),
            )
            .code(2);
            assert!(ran.stderr.contains("expected HOST:PORT"), "{ran:?}");
        }
        std::fs::write(
            at.join("h.toml"),
            format!("[egress]\n# mine\nallow = [\"a:1\", \"{malformed}\"]\n"),
        )
        .unwrap();
        for verb in [&["serve"][..], &["config", "check"], &["config", "show"]] {
            let ran = run(at, &[verb, &["--config", "h.toml"]].concat()).code(2);
            let place = format!("h.toml:3:1: `egress.allow`: `{malformed}`: expected HOST:PORT");
            assert!(ran.stderr.contains(&place), "{ran:?}");
        }
        let doctor = run(at, &["doctor", "--config", "h.toml"]).code(1);
        assert!(doctor.stdout.contains("`egress.allow`"), "{doctor:?}");
    }
    std::fs::write(at.join("words.pem"), "no certificate").unwrap();
    std::fs::write(
        at.join("broken.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    for file in ["missing.pem", "words.pem", "broken.pem"] {
        std::fs::write(
            at.join("h.toml"),
            format!("[egress]\nca_certs = \"{file}\"\n"),
        )
        .unwrap();
        for verb in [&["serve"][..], &["config", "check"]] {
            let ran = run(at, &[verb, &["--config", "h.toml"]].concat()).code(2);
            assert!(
                ran.stderr.contains("`egress.ca_certs`") && ran.stderr.contains(file),
                "{ran:?}"
            );
        }
        run(at, &["migrate"]).ok();
        let doctor = run(at, &["doctor", "--config", "h.toml"]).code(1);
        // The database is looked at all the same.
        assert!(
            doctor.stdout.contains(file) && doctor.stdout.contains("operators"),
            "{doctor:?}"
        );
    }
}

#[test]
fn an_authority_of_ones_own_is_trusted_when_configured() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    certificate(at, "tls", "365");
    // Any server with that certificate: this one publishes no key set, which is said once TLS is through.
    let tls = [
        "--data-dir",
        "other",
        "--tls-cert",
        "tls.pem",
        "--tls-key",
        "tls.key",
    ];
    let other = Server::serve(at, "other", &tls);
    let url = other.variable("URL");
    let endpoint = url.strip_prefix("https://").unwrap();
    std::fs::write(
        at.join("without.toml"),
        format!("[egress]\nallow = [\"{endpoint}\"]\n"),
    )
    .unwrap();
    let with = format!("[egress]\nallow = [\"{endpoint}\"]\nca_certs = \"tls.pem\"\n");
    std::fs::write(at.join("with.toml"), with).unwrap();
    run(at, &["migrate"]).ok();
    let project = id_in(&run(at, &["project", "create", "--name", "Acme", "--json"]));
    let environment = [
        "environment",
        "create",
        "--project",
        &project,
        "--name",
        "sandbox",
        "--json",
    ];
    let environment = id_in(&run(at, &environment));
    let keys = format!("{url}/openapi.json");
    let add = [
        "idp",
        "add",
        "jwks",
        "--environment",
        &environment,
        "--url",
        &keys,
        "--issuer",
        "https://acme.example",
    ];
    run(at, &[&add[..], &["--config", "with.toml"]].concat()).ok();
    let code = |config: &str| {
        let test = [
            "idp",
            "test",
            "--environment",
            &environment,
            "--json",
            "--config",
            config,
        ];
        let tested = run(at, &test).code(3).json();
        tested["fetch"]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(code("without.toml"), "egress_tls_failed");
    assert!(
        code("with.toml").starts_with("jwks_"),
        "{}",
        code("with.toml")
    );
    let doctor = run(at, &["doctor", "--config", "with.toml"]).ok().stdout;
    assert!(
        doctor.contains("trusted authorities") && doctor.contains("1 in tls.pem"),
        "{doctor}"
    );
    drop(std::fs::remove_file(at.join("tls.key")));
    certificate(at, "tls", "1");
    let soon = run(at, &["doctor", "--config", "with.toml", "--json"])
        .ok()
        .json();
    let items = soon["items"].as_array().unwrap();
    let found = items
        .iter()
        .find(|item| item["about"] == "trusted authorities")
        .unwrap();
    assert_eq!(found["level"], json!("warning"), "{soon:#}");
}
