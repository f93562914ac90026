//! Every verb, on a database of its own and through a running server: the same lines, the same answers.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Run, Server, run};

fn on_both(scenario: fn(Run<'_>, &Path)) {
    let local = tempfile::tempdir().unwrap();
    run(local.path(), &["migrate"]).ok();
    scenario(&|arguments| run(local.path(), arguments), local.path());

    let remote = tempfile::tempdir().unwrap();
    let server = Server::demo(remote.path());
    scenario(&|arguments| server.remote(arguments), remote.path());
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

/// A project with one environment: its id.
fn environment(run: Run<'_>, project: &str) -> (String, String) {
    let project = run(&["project", "create", "--name", project, "--json"])
        .ok()
        .json();
    let project = text(&project, "/id").to_owned();
    let environment = run(&[
        "environment",
        "create",
        "--project",
        &project,
        "--name",
        "sandbox",
        "--json",
    ])
    .ok()
    .json();
    (project, text(&environment, "/id").to_owned())
}

#[test]
fn projects_and_environments() {
    on_both(|run, _| {
        let (project, environment) = environment(run, "Acme");
        let listed = run(&["project", "list"]).ok().stdout;
        assert!(
            listed.contains(&project) && listed.contains("Acme"),
            "{listed}"
        );
        assert!(listed.starts_with("ID"), "{listed}");
        run(&["project", "rename", &project, "--name", "Acme 2"]).ok();
        let shown = run(&["project", "show", &project]).ok().stdout;
        assert!(
            shown.contains("Acme 2") && shown.contains(&environment),
            "{shown}"
        );
        let taken = run(&["project", "create", "--name", "Acme 2"]).code(1);
        assert!(
            taken.stderr.contains("name_taken") && taken.stderr.contains("to do:"),
            "{taken:?}"
        );

        let set = [
            "environment",
            "set",
            &environment,
            "--require-audience",
            "true",
            "--audience",
            "a",
            "--audience",
            "b",
        ];
        run(&[
            &set[..],
            &[
                "--leeway",
                "2m",
                "--max-token-lifetime",
                "1h",
                "--issuer",
                "me",
            ],
        ]
        .concat())
        .ok();
        let shown = run(&["environment", "show", &environment, "--json"])
            .ok()
            .json();
        let settings = &shown["settings"];
        assert_eq!(settings["audiences"], json!(["a", "b"]));
        assert_eq!(
            (
                &settings["leeway_secs"],
                &settings["max_token_lifetime_secs"]
            ),
            (&json!(120), &json!(3600))
        );
        assert_eq!(
            (&settings["issuer"], &settings["require_audience"]),
            (&json!("me"), &json!(true))
        );
        run(&[
            "environment",
            "set",
            &environment,
            "--issuer",
            "",
            "--max-token-lifetime",
            "0s",
            "--audience",
            "",
        ])
        .ok();
        let settings = run(&["environment", "show", &environment, "--json"])
            .ok()
            .json()["settings"]
            .clone();
        assert_eq!(
            (&settings["issuer"], &settings["audiences"]),
            (&Value::Null, &json!([]))
        );
        assert_eq!(settings["max_token_lifetime_secs"], Value::Null);

        let version = shown["version"].to_string();
        let stale = run(&[
            "environment",
            "set",
            &environment,
            "--name",
            "beta",
            "--if-version",
            &version,
        ])
        .code(1);
        assert!(stale.stderr.contains("to do:"), "{stale:?}");
        let wrong = run(&["environment", "set", &environment, "--leeway", "1h"]).code(1);
        assert!(
            wrong.stderr.contains("where: /settings/leeway_secs"),
            "{wrong:?}"
        );
        run(&["environment", "set", &environment]).code(2);
        let listed = run(&["environment", "list", "--project", &project])
            .ok()
            .stdout;
        assert!(
            listed.contains(&environment) && listed.contains("sandbox"),
            "{listed}"
        );
    });
}

#[test]
fn signing_keys() {
    on_both(|run, directory| {
        let (_, environment) = environment(run, "Keys");
        let printed = run(&["key", "generate", "--environment", &environment]).ok();
        assert!(
            printed.stdout.starts_with("-----BEGIN PRIVATE KEY-----"),
            "{}",
            printed.stdout
        );
        assert!(printed.stderr.contains("kid"), "{printed:?}");
        let out = directory.join("second.pem");
        let out = out.to_str().unwrap();
        let second = [
            "key",
            "generate",
            "--environment",
            &environment,
            "--overlap",
            "7d",
            "--bits",
            "3072",
            "--out",
            out,
        ];
        let second = run(&[&second[..], &["--json"]].concat()).ok();
        assert!(
            !second.stdout.contains("PRIVATE KEY"),
            "the private half is in the file only"
        );
        let again = run(&[
            "key",
            "generate",
            "--environment",
            &environment,
            "--out",
            out,
        ])
        .code(2);
        assert!(again.stderr.contains("exists already"), "{again:?}");
        let listed = run(&["key", "list", "--environment", &environment, "--json"])
            .ok()
            .json();
        let states: Vec<_> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| text(key, "/state"))
            .collect();
        assert_eq!(states, ["active", "retiring"]);
        let kid = text(&listed, "/items/0/kid");
        let table = run(&["key", "list", "--environment", &environment])
            .ok()
            .stdout;
        assert!(
            table.contains(kid) && !table.contains("PUBLIC KEY"),
            "{table}"
        );

        let private = run(&["key", "import", "--environment", &environment, out]).code(1);
        assert!(
            private.stderr.contains("private_key_given") && !private.stderr.contains("MI"),
            "{private:?}"
        );
        let public = directory.join("public.pem");
        std::fs::write(&public, text(&listed, "/items/1/public_key_pem")).unwrap();
        let used = run(&[
            "key",
            "import",
            "--environment",
            &environment,
            public.to_str().unwrap(),
        ])
        .code(1);
        assert!(used.stderr.contains("key_already_used"), "{used:?}");
        let mine = hallpass_jose::SigningKey::generate_rsa(2048).unwrap();
        std::fs::write(&public, mine.verifying_key().to_spki_pem()).unwrap();
        let imported = run(&[
            "key",
            "import",
            "--environment",
            &environment,
            public.to_str().unwrap(),
            "--json",
        ])
        .ok()
        .json();
        assert_eq!(
            (text(&imported, "/origin"), text(&imported, "/state")),
            ("imported", "active")
        );
        let revoked = run(&[
            "key",
            "revoke",
            "--environment",
            &environment,
            text(&imported, "/kid"),
            "--json",
        ])
        .ok()
        .json();
        assert_eq!(text(&revoked, "/state"), "revoked");
    });
}

#[test]
fn users() {
    // Users come from tokens, so both runs ask a server; the local one opens its file beside it.
    let directory = tempfile::tempdir().unwrap();
    let server = Server::demo(directory.path());
    let environment = server.variable("SANDBOX_ID").to_owned();
    let url = server.me(&environment);
    let local = |arguments: &[&str]| {
        run(
            directory.path(),
            &[arguments, &["--data-dir", "data"]].concat(),
        )
    };
    let remote = |arguments: &[&str]| server.remote(arguments);
    let runs: [(&str, Run<'_>); 2] = [("org:1/ü", &local), ("user-9", &remote)];
    for (sub, run) in runs {
        let minted = crate::support::run(
            directory.path(),
            &[
                "token",
                "mint",
                "--key",
                server.variable("SIGNING_KEY_FILE"),
                "--sub",
                sub,
            ],
        );
        assert_eq!(
            crate::support::get(&url, minted.ok().stdout.trim()).status,
            200
        );
        let at = ["--environment", environment.as_str(), sub];
        let user = |verb: &str, more: &[&str]| run(&[&["user", verb][..], &at, more].concat());
        assert_eq!(user("show", &["--json"]).ok().json()["sub"], json!(sub));
        let frozen = user("freeze", &["--json"]).ok().json();
        assert!(frozen["frozen_at"].is_string(), "{frozen}");
        assert!(user("show", &[]).ok().stdout.contains("frozen"));
        assert!(user("unfreeze", &["--json"]).ok().json()["frozen_at"].is_null());
        let set = user("metadata", &["--set", r#"{"plan":"pro"}"#, "--json"])
            .ok()
            .json();
        assert_eq!(set["metadata"], json!({"plan": "pro"}));
        user("metadata", &["--set", r#"{"__proto__":1}"#]).code(1);
        user("metadata", &["--set", "{"]).code(2);
        assert!(user("revoke", &["--json"]).ok().json()["not_before"].is_string());
        let listed = run(&["user", "list", "--environment", &environment])
            .ok()
            .stdout;
        assert!(listed.contains(sub), "{listed}");
        user("delete", &[]).ok();
        let gone = user("show", &[]).code(1);
        assert!(gone.stderr.contains("not_found"), "{gone:?}");
    }
}

#[test]
fn operators_and_audit() {
    on_both(|run, directory| {
        let (project, environment) = environment(run, "Ops");
        let made = run(&[
            "operator",
            "create",
            "--name",
            "ana",
            "--role",
            "Member",
            "--project",
            &project,
            "--json",
        ])
        .ok()
        .json();
        let (id, secret) = (text(&made, "/operator/id"), text(&made, "/secret"));
        assert!(secret.starts_with("hpo_"), "{made}");
        let out = directory.join("ana.key");
        let further = [
            "operator",
            "key",
            "create",
            "--operator",
            id,
            "--expires-in",
            "90d",
            "--out",
            out.to_str().unwrap(),
        ];
        let further = run(&further).ok();
        assert!(!further.stdout.contains("hpo_"), "{further:?}");
        assert!(std::fs::read_to_string(&out).unwrap().starts_with("hpo_"));
        let keys = run(&["operator", "key", "list", "--operator", id, "--json"])
            .ok()
            .json();
        assert_eq!(keys["items"].as_array().unwrap().len(), 2);
        run(&[
            "operator",
            "key",
            "revoke",
            "--operator",
            id,
            text(&keys, "/items/0/id"),
        ])
        .ok();
        let listed = run(&["operator", "list"]).ok().stdout;
        assert!(
            listed.contains("ana") && listed.contains("member"),
            "{listed}"
        );
        assert!(
            run(&["operator", "disable", id])
                .ok()
                .stdout
                .contains("disabled")
        );
        assert!(
            run(&["operator", "enable", id])
                .ok()
                .stdout
                .contains("active")
        );
        run(&["operator", "create", "--name", "x", "--role", "king"]).code(2);

        let trail = run(&[
            "audit", "list", "--kind", "change", "--last", "1h", "--json",
        ])
        .ok()
        .json();
        let actions: Vec<_> = trail["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| text(row, "/action"))
            .collect();
        assert!(
            actions.contains(&"operator.create") && actions.contains(&"project.create"),
            "{actions:?}"
        );
        assert!(
            !trail.to_string().contains(secret),
            "the trail holds no key"
        );
        let nobody = run(&[
            "audit",
            "list",
            "--actor",
            "nobody",
            "--action",
            "operator.create",
            "--json",
        ])
        .ok()
        .json();
        assert_eq!(nobody["items"], json!([]));
        let here = run(&["audit", "list", "--environment", &environment])
            .ok()
            .stdout;
        assert!(
            here.contains("environment.create") && !here.contains("operator.create"),
            "{here}"
        );
    });
}

#[test]
fn lists_go_on_after_a_cursor() {
    on_both(|run, _| {
        for name in ["a", "b", "c"] {
            run(&["project", "create", "--name", name]).ok();
        }
        let first = run(&["project", "list", "--limit", "1"]).ok().stdout;
        let cursor = first
            .lines()
            .find_map(|line| line.strip_prefix("more: --after "))
            .expect("more rows");
        let second = run(&["project", "list", "--limit", "1", "--after", cursor])
            .ok()
            .stdout;
        assert_ne!(first.lines().nth(1), second.lines().nth(1));
        let wrong = run(&["project", "list", "--after", "nonsense"]).code(1);
        assert!(wrong.stderr.contains("invalid_cursor"), "{wrong:?}");
    });
}
