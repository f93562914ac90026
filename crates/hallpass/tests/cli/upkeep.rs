//! Credentials and addresses, backups, the doctor, the API's document.

use serde_json::{Value, json};

use crate::support::{Server, get, run};

#[test]
fn a_wrong_key_or_address_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::demo(directory.path());
    let url = server.variable("URL").to_owned();
    let without = run(directory.path(), &["project", "list", "--url", &url]).code(2);
    assert!(
        without.stderr.contains("HALLPASS_OPERATOR_KEY"),
        "{without:?}"
    );
    let key = directory.path().join("key");
    std::fs::write(&key, "hpo_wrong").unwrap();
    let file = ["--operator-key-file", key.to_str().unwrap()];
    let wrong = run(
        directory.path(),
        &[&["project", "list", "--url", &url][..], &file].concat(),
    )
    .code(1);
    assert!(
        wrong.stderr.contains("operator_key_invalid") && wrong.stderr.contains("to do:"),
        "{wrong:?}"
    );
    let json = run(
        directory.path(),
        &[&["project", "list", "--json", "--url", &url][..], &file].concat(),
    )
    .code(1);
    assert_eq!(
        serde_json::from_str::<Value>(&json.stderr).unwrap()["code"],
        json!("operator_key_invalid")
    );
    std::fs::write(&key, server.variable("OPERATOR_KEY")).unwrap();
    run(
        directory.path(),
        &[&["project", "list", "--url", &url][..], &file].concat(),
    )
    .ok();
    let away = run(
        directory.path(),
        &[
            &["project", "list", "--url", "http://127.0.0.1:1"][..],
            &file,
        ]
        .concat(),
    )
    .code(1);
    assert!(
        away.stderr.contains("cannot reach http://127.0.0.1:1"),
        "{away:?}"
    );
    run(
        directory.path(),
        &[&["project", "list", "--url", "ftp://x"][..], &file].concat(),
    )
    .code(2);
    let nowhere = run(
        directory.path(),
        &["project", "list", "--data-dir", "nowhere"],
    )
    .code(2);
    assert!(nowhere.stderr.contains("no database at"), "{nowhere:?}");
    assert!(!directory.path().join("nowhere").exists());
}

#[test]
fn a_backup_opens_and_holds_everything() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::demo(directory.path());
    get(
        &server.me(server.variable("SANDBOX_ID")),
        server.variable("USER_TOKEN"),
    );
    let backup = ["backup", "copy.db", "--data-dir", "data", "--json"];
    let made = run(directory.path(), &backup).ok().json();
    assert!(made["bytes"].as_u64().unwrap() > 0);
    let before = std::fs::read(directory.path().join("copy.db")).unwrap();
    let again = run(directory.path(), &backup).code(1);
    assert!(
        again.stderr.contains("copy.db exists already") && again.stderr.contains("choose another"),
        "{again:?}"
    );
    assert_eq!(
        std::fs::read(directory.path().join("copy.db")).unwrap(),
        before
    );
    let users = [
        "user",
        "list",
        "--environment",
        server.variable("SANDBOX_ID"),
        "--database-url",
        "sqlite:copy.db",
    ];
    assert!(run(directory.path(), &users).ok().stdout.contains("user-1"));
}

#[test]
fn doctor_tells_good_from_bad() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Server::demo(directory.path());
    let good = run(
        directory.path(),
        &["doctor", "--data-dir", "data", "--json"],
    )
    .ok()
    .json();
    let found = |level: &str| {
        good["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["level"] == level)
            .count()
    };
    // Production has no key yet; the sandbox signs people in, and a server of its own could send neither mail nor texts.
    assert_eq!((found("ERROR"), found("warning")), (0, 3), "{good:#}");
    assert!(
        good.to_string().contains("Demo/production has none"),
        "{good:#}"
    );
    drop(demo);
    let nothing = run(directory.path(), &["doctor", "--data-dir", "elsewhere"]).code(1);
    assert!(nothing.stdout.contains("no database at"), "{nothing:?}");
    std::fs::write(directory.path().join("data/hallpass.db"), "not a database").unwrap();
    drop(std::fs::remove_file(
        directory.path().join("data/hallpass.db-wal"),
    ));
    let broken = run(directory.path(), &["doctor", "--data-dir", "data"]).code(1);
    assert!(broken.stdout.contains("ERROR"), "{broken:?}");
}

#[test]
fn openapi_prints_the_document() {
    let directory = tempfile::tempdir().unwrap();
    let document = run(directory.path(), &["openapi"]).ok().json();
    assert!(document["paths"]["/admin/v1/projects"].is_object());
}
