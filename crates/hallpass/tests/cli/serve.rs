use hallpass_testkit::Database;
use serde_json::json;

use crate::support::{Ran, Server, get, hallpass, run};

#[test]
fn an_empty_database_asks_for_the_first_operator_and_the_line_works() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::serve(directory.path(), "node", &["--data-dir", "data"]);
    let printed = server.stdout();
    let line = printed
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("hallpass operator create --name NAME --role admin"));
    let line = line.unwrap_or_else(|| panic!("{printed}"));
    let arguments = line.replace("NAME", "ana").replace('\'', "");
    let arguments: Vec<&str> = arguments.split_whitespace().skip(1).collect();
    // As in a shell that sourced this server's env file: another directory, and no operator key.
    let elsewhere = tempfile::tempdir().unwrap();
    let output = hallpass()
        .current_dir(elsewhere.path())
        .envs(&server.variables)
        .args(&arguments)
        .output();
    let made = Ran::of(output.unwrap()).ok();
    let key = made.stdout.trim();
    let me = get(&server.admin("/me"), key);
    assert_eq!(
        (me.status, &me.body["role"]),
        (200, &json!("admin")),
        "{me:?}"
    );
    assert!(!server.output().contains(key));
    assert_eq!(server.end("TERM").0, Some(0));
    let again = Server::serve(directory.path(), "node", &["--data-dir", "data"]);
    assert!(
        !again.stdout().contains("operator create"),
        "{}",
        again.stdout()
    );
}

#[test]
fn both_signals_end_with_0() {
    let directory = tempfile::tempdir().unwrap();
    for signal in ["TERM", "INT"] {
        let server = Server::serve(directory.path(), "node", &["--data-dir", "data"]);
        assert_eq!(
            get(&format!("{}/healthz", server.variable("URL")), "").status,
            200
        );
        let (code, output) = server.end(signal);
        assert_eq!(code, Some(0), "{output}");
    }
}

#[test]
fn without_migration_a_new_database_is_refused_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("h.toml"),
        "[database]\nmigrate = false\n",
    )
    .unwrap();
    let arguments = ["serve", "--config", "h.toml", "--listen", "127.0.0.1:0"];
    let refused = run(directory.path(), &arguments).code(2);
    assert!(refused.stderr.contains("no database"), "{refused:?}");
    run(directory.path(), &["migrate", "--config", "h.toml"]).ok();
    let server = Server::serve(directory.path(), "node", &["--config", "h.toml"]);
    assert_eq!(
        get(&format!("{}/readyz", server.variable("URL")), "").status,
        200
    );
}

#[test]
fn a_database_of_a_newer_release_is_a_clear_error() {
    hallpass_testkit::block_on(async {
        let database = Database::sqlite().await;
        database
            .tamper(
                "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
                 VALUES (99999999, 'of tomorrow', '2030-01-01', TRUE, x'00', 0)",
            )
            .await;
        let directory = tempfile::tempdir().unwrap();
        let at = ["--database-url", database.url()];
        for verb in [
            &["migrate"][..],
            &["serve", "--listen", "127.0.0.1:0"],
            &["project", "list"],
        ] {
            let ran = run(directory.path(), &[verb, &at].concat()).code(1);
            assert!(
                ran.stderr.contains("newer") && ran.stderr.contains("99999999"),
                "{ran:?}"
            );
        }
        let doctor = run(directory.path(), &[&["doctor"][..], &at].concat()).code(1);
        assert!(doctor.stdout.contains("newer"), "{doctor:?}");
    });
}
