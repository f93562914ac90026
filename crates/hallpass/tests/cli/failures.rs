//! `--json`: a failure is one object on stderr, with the exit code that it has without.

use serde_json::Value;

use crate::support::run;

#[test]
fn every_failure_is_an_object_if_json_was_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("there.db"), "").unwrap();
    run(directory.path(), &["migrate", "--data-dir", "data"]).ok();
    for (arguments, code, name, word) in [
        (&["project", "list"][..], 2, "usage", "no database at"),
        (
            &["project", "list", "--frobnicate"],
            2,
            "usage",
            "--frobnicate",
        ),
        (
            &["operator", "create", "--role", "admin"],
            2,
            "usage",
            "--name",
        ),
        (&["project"], 2, "usage", "requires a subcommand"),
        (
            &["project", "list", "--url", "ftp://x"],
            2,
            "usage",
            "ftp://x",
        ),
        (
            &["backup", "there.db", "--data-dir", "data"],
            1,
            "failed",
            "exists already",
        ),
        (&["token", "inspect", "a.b"], 4, "refused", "malformed"),
        (&["serve", "--listen", "nowhere"], 2, "usage", "nowhere"),
    ] {
        let ran = run(directory.path(), &[arguments, &["--json"]].concat()).code(code);
        let said: Value = serde_json::from_str(&ran.stderr).unwrap_or_else(|_| panic!("{ran:?}"));
        assert_eq!(said["code"], name, "{said}");
        assert!(said["title"].is_string(), "{said}");
        let detail = said["detail"].as_str().unwrap();
        assert!(
            detail.contains(word) && !detail.contains("Usage:"),
            "{said}"
        );
        assert_eq!(ran.stdout, "", "{ran:?}");
        let plain = run(directory.path(), arguments).code(code);
        assert!(serde_json::from_str::<Value>(&plain.stderr).is_err());
    }
    let first = run(directory.path(), &["--json", "project"]).code(2);
    let said: Value = serde_json::from_str(&first.stderr).unwrap_or_else(|_| panic!("{first:?}"));
    assert!(
        said["detail"].as_str().unwrap().contains("--help"),
        "{said}"
    );
    let help = run(directory.path(), &["project", "--json", "--help"]).ok();
    assert!(help.stdout.contains("Usage:"), "{help:?}");
}
