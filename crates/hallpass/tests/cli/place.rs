//! Which database or server a verb works on: flags, variables of a sourced env file, defaults.

use std::path::Path;

use crate::support::{Ran, hallpass, run};

/// Nothing listens there.
const ELSEWHERE: (&str, &str) = ("HALLPASS_URL", "http://127.0.0.1:1");
const CREATE: [&str; 6] = ["operator", "create", "--name", "ana", "--role", "admin"];

fn run_with(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = hallpass();
    command.envs(variables.iter().copied());
    let output = command.current_dir(directory).args(arguments).output();
    Ran::of(output.unwrap())
}

#[test]
fn a_flag_that_names_a_database_beats_the_variable_that_names_a_server() {
    let directory = tempfile::tempdir().unwrap();
    let sourced = [ELSEWHERE, ("HALLPASS_OPERATOR_KEY", "hpo_x")];
    let on = |arguments: &[&str]| run_with(directory.path(), &sourced, arguments);
    on(&[&CREATE[..], &["--data-dir", "own"]].concat()).ok();
    for place in [
        ["--data-dir", "own"],
        ["--database-url", "sqlite:own/hallpass.db"],
    ] {
        let list = on(&[&["operator", "list"][..], &place].concat()).ok();
        assert!(list.stdout.contains("ana"), "{list:?}");
        let both = [
            &["operator", "list", "--url", "http://127.0.0.1:1"],
            &place[..],
        ]
        .concat();
        let both = on(&both).code(2);
        assert!(both.stderr.contains("give one of them"), "{both:?}");
    }
    let server = on(&["operator", "list"]).code(1);
    assert!(
        server.stderr.contains("cannot reach http://127.0.0.1:1"),
        "{server:?}"
    );
}

#[test]
fn the_variable_of_an_env_file_is_the_default_of_verbs_that_start_no_server() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let sourced = [("HALLPASS_DATA_DIR", "served")];
    let on = |arguments: &[&str]| run_with(at, &sourced, arguments);
    let nothing = on(&["doctor"]).code(1);
    assert!(
        nothing.stdout.contains(
            "served/hallpass.db: name its directory with --data-dir or HALLPASS_DATA_DIR"
        ) && !nothing.stdout.contains("--url"),
        "{nothing:?}"
    );
    on(&["migrate"]).ok();
    assert!(at.join("served/hallpass.db").exists());
    on(&["doctor"]).ok();
    on(&["backup", "copy.db"]).ok();
    on(&CREATE).ok();
    on(&["operator", "list"]).ok();
    assert!(!at.join("hallpass-data").exists());

    // The configuration is stronger, and a flag strongest.
    let configured = [sourced[0], ("HALLPASS__SERVER__DATA_DIR", "configured")];
    run_with(at, &configured, &["migrate"]).ok();
    assert!(at.join("configured/hallpass.db").exists());
    std::fs::write(at.join("h.toml"), "[server]\ndata_dir = \"filed\"\n").unwrap();
    on(&["migrate", "--config", "h.toml"]).ok();
    assert!(at.join("filed/hallpass.db").exists());
    run_with(at, &configured, &["migrate", "--data-dir", "flagged"]).ok();
    assert!(at.join("flagged/hallpass.db").exists());
}

#[test]
fn a_server_does_not_take_the_variable() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), &["migrate", "--data-dir", "served"]).ok();
    std::fs::write(
        directory.path().join("h.toml"),
        "[database]\nmigrate = false\n",
    )
    .unwrap();
    let sourced = [("HALLPASS_DATA_DIR", "served")];
    let serve = ["serve", "--config", "h.toml", "--listen", "127.0.0.1:0"];
    let refused = run_with(directory.path(), &sourced, &serve).code(2);
    assert!(
        refused.stderr.contains("./hallpass-data/hallpass.db"),
        "{refused:?}"
    );
    let shown = run_with(directory.path(), &sourced, &["config", "show"]).ok();
    assert!(!shown.stdout.contains("served"), "{shown:?}");
}
