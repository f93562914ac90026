//! The master key at the command line: where it comes from, how it is lost, and how it is changed under a server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;

use crate::support::{Ran, Server, get, hallpass, post, run};

const DATA: [&str; 2] = ["--data-dir", "data"];

fn on(directory: &Path, verb: &[&str]) -> Ran {
    run(directory, &[verb, &DATA].concat())
}

fn new_key(directory: &Path) -> String {
    let made = on(directory, &["seal", "new-key", "--json"]).ok().json();
    made["key_id"].as_str().unwrap().to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_key_is_made_for_its_owner_and_a_second_one_goes_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let first = new_key(at);
    let file = at.join("data/master-key");
    assert_eq!(mode(&file), 0o600);
    let second = new_key(at);
    assert_ne!(first, second);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2);
    let elsewhere = run(at, &["seal", "new-key", "--file", "other"]).ok();
    assert!(
        elsewhere.stdout.contains("hallpass seal rotate"),
        "{elsewhere:?}"
    );
    let key = fs::read_to_string(at.join("other")).unwrap();
    assert!(!elsewhere.stdout.contains(key.trim()) && !elsewhere.stderr.contains(key.trim()));
    run(at, &["migrate", "--data-dir", "data"]).ok();
    let status = on(at, &["seal", "status", "--json"]).ok().json();
    assert_eq!(status["current"], json!(second));
    assert_eq!(status["keys"][1]["state"], "former");
}

#[test]
fn a_server_starts_without_a_key_but_not_with_a_lost_or_wrong_one() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let serve = |arguments: &[&str]| {
        on(
            at,
            &[&["serve", "--listen", "127.0.0.1:0"], arguments].concat(),
        )
    };
    assert_eq!(Server::serve(at, "none", &DATA).end("TERM").0, Some(0));
    let first = new_key(at);
    assert_eq!(Server::serve(at, "first", &DATA).end("TERM").0, Some(0));

    let file = at.join("data/master-key");
    let kept = at.join("kept");
    fs::rename(&file, &kept).unwrap();
    let lost = serve(&[]).code(2);
    assert!(
        lost.stderr.contains(&first) && lost.stderr.contains("no master key is configured"),
        "{lost:?}"
    );
    let second = new_key(at);
    let wrong = serve(&[]).code(2);
    assert!(
        wrong.stderr.contains(&first) && wrong.stderr.contains(&second),
        "{wrong:?}"
    );
    let doctor = on(at, &["doctor"]).code(1);
    assert!(doctor.stdout.contains(&first), "{doctor:?}");
    // What needs no secret goes on.
    on(at, &["project", "list"]).ok();
    on(
        at,
        &["operator", "create", "--name", "ana", "--role", "admin"],
    )
    .ok();

    fs::set_permissions(&kept, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(at.join("h.toml"), "[seal]\nmaster_key_file = \"kept\"\n").unwrap();
    let open = serve(&["--config", "h.toml"]).code(2);
    assert!(
        open.stderr.contains("mode 644") && open.stderr.contains("chmod 600"),
        "{open:?}"
    );
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o600)).unwrap();
    let named = [&DATA[..], &["--config", "h.toml"]].concat();
    assert_eq!(Server::serve(at, "named", &named).end("TERM").0, Some(0));
}

#[test]
fn two_places_are_refused_by_name_and_a_command_or_variable_will_do() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    run(at, &["seal", "new-key", "--file", "key"]).ok();
    let key = fs::read_to_string(at.join("key")).unwrap();
    let with = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = hallpass();
        command.envs(variables.iter().copied()).current_dir(at);
        Ran::of(command.args(arguments).args(DATA).output().unwrap())
    };
    let (variable, command) = (
        ("HALLPASS_MASTER_KEY", key.trim()),
        ("HALLPASS__SEAL__MASTER_KEY_COMMAND", "cat key"),
    );
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let both = with(&[variable, command], &serve).code(2);
    assert!(
        both.stderr.contains("seal.master_key_command")
            && both.stderr.contains("HALLPASS_MASTER_KEY"),
        "{both:?}"
    );
    assert!(!both.stderr.contains(key.trim()));
    with(&[], &["migrate"]).ok();
    for place in [variable, command] {
        let status = with(&[place], &["seal", "status"]).ok();
        assert!(
            status.stdout.contains("current") && !status.stdout.contains(key.trim()),
            "{status:?}"
        );
    }
    let failing = (
        "HALLPASS__SEAL__MASTER_KEY_COMMAND",
        "sh -c 'echo hunter2; exit 1'",
    );
    let failed = with(&[failing], &serve).code(2);
    assert!(
        failed.stderr.contains("exit status: 1") && !failed.stderr.contains("hunter2"),
        "{failed:?}"
    );
    let checked = with(&[variable, command], &["config", "check"]).code(2);
    assert!(
        checked.stderr.contains("both give a master key"),
        "{checked:?}"
    );
}

#[test]
fn the_key_is_changed_under_a_running_server() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Server::demo(directory.path());
    let operator = demo.variable("OPERATOR_KEY");
    let before = get(&demo.admin("/seal"), operator);
    assert_eq!(before.status, 200, "{before:?}");
    let first = before.body["current"].as_str().unwrap().to_owned();
    let doctor = || on(directory.path(), &["doctor"]).ok().stdout;
    assert!(
        doctor().contains(&format!("{first}, from ")),
        "{}",
        doctor()
    );
    let second = new_key(directory.path());
    assert!(doctor().contains(&format!("the change from the key {first} has not ended")));
    let rotated = on(directory.path(), &["seal", "rotate", "--json"])
        .ok()
        .json();
    assert_eq!(
        (&rotated["done"], &rotated["seal"]["current"]),
        (&json!(true), &json!(second))
    );
    let after = get(&demo.admin("/seal"), operator);
    assert_eq!(after.body["current"], json!(second), "{after:?}");
    let removable =
        |key: &serde_json::Value| key["id"] == json!(first) && key["removable"] == json!(true);
    assert!(
        after.body["keys"].as_array().unwrap().iter().any(removable),
        "{after:?}"
    );
    let status = on(directory.path(), &["seal", "status"]).ok();
    assert!(
        status.stdout.contains(&format!("Remove the key {first}")),
        "{status:?}"
    );

    let third = new_key(directory.path());
    let through = post(&demo.admin("/seal/rotate"), operator, &json!({}));
    assert_eq!(
        (through.status, &through.body["seal"]["current"]),
        (200, &json!(third)),
        "{through:?}"
    );
    // With the newest key alone it starts again.
    let file = directory.path().join("data/master-key");
    let newest = fs::read_to_string(&file)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(demo.end("TERM").0, Some(0));
    fs::write(&file, newest).unwrap();
    let again = Server::demo(directory.path());
    assert_eq!(
        get(&again.admin("/seal"), again.variable("OPERATOR_KEY")).body["current"],
        json!(third)
    );
}
