//! What one process changes, another one obeys within a second. The measured times are printed (`--nocapture`).

use std::path::Path;
use std::time::{Duration, Instant};

use hallpass_testkit::Database;
use serde_json::json;

use crate::support::{Provider, Ran, Run, Server, get, hallpass, run};

const LIMIT: Duration = Duration::from_secs(1);

/// A node, an environment with users, and a way to change things from elsewhere.
struct Scene<'a> {
    title: &'a str,
    url: String,
    environment: &'a str,
    key_file: &'a str,
    directory: &'a Path,
    provider: &'a Provider,
    elsewhere: Run<'a>,
}

impl Scene<'_> {
    fn token(&self, sub: &str) -> String {
        let minted = run(
            self.directory,
            &["token", "mint", "--key", self.key_file, "--sub", sub],
        )
        .ok();
        minted.stdout.trim().to_owned()
    }

    /// Changes something elsewhere, and asks until the answer is the expected one.
    fn refused_after(&self, change: &[&str], token: &str, expected: (u16, &str)) {
        assert_eq!(
            get(&self.url, token).status,
            200,
            "accepted before `{}`",
            change.join(" ")
        );
        let done = (self.elsewhere)(change).ok();
        let changed = Instant::now();
        drop(done);
        loop {
            let answer = get(&self.url, token);
            let took = changed.elapsed();
            if answer.status == 200 {
                assert!(
                    took < LIMIT,
                    "{}: still accepted {took:?} after `{}`",
                    self.title,
                    change.join(" ")
                );
                continue;
            }
            assert_eq!((answer.status, answer.code()), expected, "{answer:?}");
            println!(
                "{}: {} refused {:>4} ms after the change returned",
                self.title,
                change[..2].join(" "),
                took.as_millis()
            );
            return;
        }
    }

    fn everything(&self) {
        let environment = self.environment;
        let at = |verb: &'static str, sub: &'static str| {
            ["user", verb, "--environment", environment, sub]
        };
        self.refused_after(
            &at("freeze", "ana"),
            &self.token("ana"),
            (403, "user_frozen"),
        );
        self.refused_after(
            &at("revoke", "ben"),
            &self.token("ben"),
            (401, "token_revoked"),
        );
        self.refused_after(
            &at("delete", "cleo"),
            &self.token("cleo"),
            (401, "token_revoked"),
        );
        let lifetime = [
            "environment",
            "set",
            environment,
            "--max-token-lifetime",
            "10m",
        ];
        self.refused_after(&lifetime, &self.token("dan"), (401, "lifetime_too_long"));
        (self.elsewhere)(&[
            "environment",
            "set",
            environment,
            "--max-token-lifetime",
            "0s",
        ])
        .ok();
        std::thread::sleep(LIMIT);
        let kept = self.token("eve");
        let next = self
            .directory
            .join(format!("{}.pem", self.title.replace(' ', "-")));
        let rotate = [
            "key",
            "generate",
            "--environment",
            environment,
            "--out",
            next.to_str().unwrap(),
        ];
        (self.elsewhere)(
            &[
                &rotate[..2],
                &["--environment", environment, "--overlap", "1h"],
            ]
            .concat(),
        )
        .ok();
        std::thread::sleep(LIMIT);
        assert_eq!(
            get(&self.url, &kept).status,
            200,
            "with an overlap the old key still counts"
        );
        self.refused_after(&rotate, &kept, (401, "signature_invalid"));
        self.providers();
    }

    /// A token of an identity provider lives and dies with it.
    fn providers(&self) {
        let (url, issuer) = (self.provider.keys_url(), self.provider.fake.issuer());
        let source = ["--url", &url, "--issuer", &issuer, "--audience", "app"];
        let add = ["idp", "add", "jwks", "--environment", self.environment];
        let added = (self.elsewhere)(&[&add[..], &source, &["--json"]].concat()).ok();
        let id = added.json()["id"].as_str().unwrap().to_owned();
        let of = |verb: &'static str| ["idp", verb, "--environment", self.environment, &id];
        std::thread::sleep(LIMIT);
        let token = self.provider.token("gil");
        self.refused_after(&of("disable"), &token, (401, "issuer_disabled"));
        (self.elsewhere)(&of("enable")).ok();
        std::thread::sleep(LIMIT);
        // Without its provider the issuer means nothing, and the environment's own key did not make it.
        self.refused_after(&of("remove"), &token, (401, "signature_invalid"));
    }
}

#[test]
fn a_second_process_on_the_same_file() {
    let directory = tempfile::tempdir().unwrap();
    let provider = Provider::jwks();
    let endpoint = provider.endpoint();
    let allow = ["--allow-egress", &endpoint];
    let demo = [&["demo", "--data-dir", "data"][..], &allow].concat();
    let server = Server::start(directory.path(), "demo", &demo);
    let environment = server.variable("SANDBOX_ID").to_owned();
    Scene {
        title: "second process on SQLite",
        url: server.me(&environment),
        environment: &environment,
        key_file: server.variable("SIGNING_KEY_FILE"),
        directory: directory.path(),
        provider: &provider,
        elsewhere: &|arguments| {
            let allow = if arguments[0] == "idp" {
                &allow[..]
            } else {
                &[]
            };
            run(
                directory.path(),
                &[arguments, &["--data-dir", "data"], allow].concat(),
            )
        },
    }
    .everything();
}

#[test]
fn the_process_that_changes_obeys_with_the_next_request() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::demo(directory.path());
    let environment = server.variable("SANDBOX_ID").to_owned();
    let me = server.me(&environment);
    let token = server.variable("USER_TOKEN");
    assert_eq!(get(&me, token).status, 200);
    server
        .remote(&["user", "freeze", "--environment", &environment, "user-1"])
        .ok();
    assert_eq!(get(&me, token).code(), "user_frozen");
    server
        .remote(&["user", "unfreeze", "--environment", &environment, "user-1"])
        .ok();
    assert_eq!(get(&me, token).status, 200);
    server
        .remote(&["key", "generate", "--environment", &environment])
        .ok();
    assert_eq!(get(&me, token).code(), "signature_invalid");
}

#[test]
fn two_nodes_on_postgresql() {
    // Made outside: it brings a runtime of its own.
    let provider = Provider::jwks();
    hallpass_testkit::block_on(async {
        let database = Database::empty_postgres().await;
        let directory = tempfile::tempdir().unwrap();
        let at = ["--database-url", database.url()];
        let operator = run(
            directory.path(),
            &[
                &["operator", "create", "--name", "a", "--role", "admin"][..],
                &at,
            ]
            .concat(),
        )
        .ok();
        let endpoint = provider.endpoint();
        let node = [&at[..], &["--allow-egress", &endpoint]].concat();
        let one = Server::serve(directory.path(), "one", &node);
        let two = Server::serve(directory.path(), "two", &node);
        let through_one = |arguments: &[&str]| {
            let mut command = hallpass();
            command
                .env("HALLPASS_URL", one.variable("URL"))
                .env("HALLPASS_OPERATOR_KEY", operator.stdout.trim());
            Ran::of(
                command
                    .current_dir(directory.path())
                    .args(arguments)
                    .output()
                    .unwrap(),
            )
        };
        let project = through_one(&["project", "create", "--name", "P", "--json"])
            .ok()
            .json();
        let project = project["id"].as_str().unwrap();
        let made = through_one(&[
            "environment",
            "create",
            "--project",
            project,
            "--name",
            "sandbox",
            "--json",
        ])
        .ok()
        .json();
        let environment = made["id"].as_str().unwrap();
        through_one(&[
            "key",
            "generate",
            "--environment",
            environment,
            "--out",
            "first.pem",
        ])
        .ok();
        std::thread::sleep(LIMIT);
        Scene {
            title: "second node on PostgreSQL",
            url: two.me(environment),
            environment,
            key_file: "first.pem",
            directory: directory.path(),
            provider: &provider,
            elsewhere: &through_one,
        }
        .everything();
        let seen = get(
            &two.admin(&format!("/environments/{environment}")),
            operator.stdout.trim(),
        );
        assert_eq!(seen.body["id"], json!(environment));
        for server in [one, two] {
            let (code, output) = server.end("TERM");
            assert_eq!(code, Some(0), "{output}");
        }
    });
}
