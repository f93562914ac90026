use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;

use crate::support::{Server, get, hallpass, patch, run};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_env_file_is_complete_private_and_absolute() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Server::demo(directory.path());
    assert_eq!(mode(&directory.path().join("demo.env")), 0o600);
    assert_eq!(mode(&directory.path().join("data")), 0o700);
    for name in [
        "URL",
        "OPERATOR_KEY",
        "PROJECT_ID",
        "SANDBOX_ID",
        "BETA_ID",
        "PRODUCTION_ID",
        "USER_TOKEN",
        "DATA_DIR",
        "PUBLISHABLE_KEY",
        "SECRET_KEY",
        "MAIL_URL",
        "PORTAL_URL",
    ] {
        assert!(!demo.variable(name).is_empty(), "{name}");
    }
    let key = Path::new(demo.variable("SIGNING_KEY_FILE"));
    assert!(key.is_absolute() && Path::new(demo.variable("DATA_DIR")).is_absolute());
    assert!(key.starts_with(demo.variable("DATA_DIR")));
    assert_eq!(mode(key), 0o600);
    assert!(
        fs::read_to_string(key)
            .unwrap()
            .starts_with("-----BEGIN PRIVATE KEY-----")
    );
    let files = fs::read_dir(demo.variable("DATA_DIR"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for file in files.filter(|path| path.is_file()) {
        assert_eq!(mode(&file) & 0o077, 0, "{}", file.display());
    }
}

#[test]
fn the_token_the_key_and_the_operator_key_work() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Server::demo(directory.path());
    let me = demo.me(demo.variable("SANDBOX_ID"));
    let answer = get(&me, demo.variable("USER_TOKEN"));
    assert_eq!(
        (answer.status, &answer.body["userId"]),
        (200, &json!("user-1")),
        "{answer:?}"
    );
    let written = patch(
        &me,
        demo.variable("USER_TOKEN"),
        &json!({"meta": {"plan": "pro"}}),
    );
    assert_eq!(
        (written.status, &written.body["meta"]["plan"]),
        (200, &json!("pro")),
        "{written:?}"
    );
    let listed = get(&demo.admin("/projects"), demo.variable("OPERATOR_KEY"));
    assert_eq!(
        listed.body["items"][0]["id"],
        json!(demo.variable("PROJECT_ID")),
        "{listed:?}"
    );
    let minted = run(
        directory.path(),
        &[
            "token",
            "mint",
            "--key",
            demo.variable("SIGNING_KEY_FILE"),
            "--sub",
            "user-2",
        ],
    )
    .ok();
    let answer = get(&me, minted.stdout.trim());
    assert_eq!(
        (answer.status, &answer.body["userId"]),
        (200, &json!("user-2")),
        "{answer:?}"
    );
}

#[test]
fn a_second_start_finds_the_same_ids_and_makes_a_new_token() {
    let directory = tempfile::tempdir().unwrap();
    let first = Server::demo(directory.path());
    let before = first.variables.clone();
    assert_eq!(first.end("TERM").0, Some(0));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let second = Server::demo(directory.path());
    for name in [
        "PROJECT_ID",
        "SANDBOX_ID",
        "BETA_ID",
        "PRODUCTION_ID",
        "OPERATOR_KEY",
        "SIGNING_KEY_FILE",
        "DATA_DIR",
        "PUBLISHABLE_KEY",
        "SECRET_KEY",
    ] {
        assert_eq!(
            before[&format!("HALLPASS_{name}")],
            second.variable(name),
            "{name}"
        );
    }
    assert_ne!(before["HALLPASS_USER_TOKEN"], second.variable("USER_TOKEN"));
    let me = second.me(second.variable("SANDBOX_ID"));
    assert_eq!(get(&me, second.variable("USER_TOKEN")).status, 200);
    assert_eq!(
        get(&me, &before["HALLPASS_USER_TOKEN"]).status,
        200,
        "the key is the same, so the old token still works"
    );
}

#[test]
fn a_start_after_a_foreign_rotation_brings_a_working_token_and_keeps_the_new_key() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Server::demo(directory.path());
    let sandbox = demo.variable("SANDBOX_ID").to_owned();
    let key = directory.path().join("mine.pem");
    demo.remote(&[
        "key",
        "generate",
        "--environment",
        &sandbox,
        "--out",
        key.to_str().unwrap(),
    ])
    .ok();
    demo.end("TERM");
    let demo = Server::demo(directory.path());
    assert_eq!(
        get(&demo.me(&sandbox), demo.variable("USER_TOKEN")).status,
        200
    );
    let mine = run(
        directory.path(),
        &[
            "token",
            "mint",
            "--key",
            key.to_str().unwrap(),
            "--sub",
            "u",
        ],
    )
    .ok();
    assert_eq!(get(&demo.me(&sandbox), mine.stdout.trim()).status, 200);
}

#[test]
fn a_taken_port_is_named_and_ends_with_2_before_anything_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for verb in ["demo", "serve"] {
        let ran = run(directory.path(), &[verb, "--listen", &address]).code(2);
        assert!(
            ran.stderr.contains(&address) && ran.stderr.contains("taken"),
            "{ran:?}"
        );
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn the_default_directory_is_hallpass_demo_with_the_env_file_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = hallpass()
        .current_dir(directory.path())
        .args(["demo", "--listen", "127.0.0.1:0"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let env_file = directory.path().join("hallpass-demo/env");
    while !env_file.exists() {
        assert!(child.try_wait().unwrap().is_none(), "demo ended");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(mode(&env_file), 0o600);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Every line answers as the text says; a second start prints a tour that works again.
#[test]
fn the_tour_answers_as_it_says() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let demo = Server::demo(directory.path());
        let mut tour = String::new();
        while !tour.contains("Tokens of your own") {
            std::thread::sleep(std::time::Duration::from_millis(20));
            tour = demo.stdout();
        }
        let lines: Vec<&str> = tour.lines().collect();
        let mut walked = 0;
        for pair in lines.windows(2).filter(|pair| pair[0].starts_with("curl ")) {
            let promise = pair[1]
                .strip_prefix("# answers ")
                .expect("every line says what it answers");
            let (status, fragment) = promise.split_once(' ').unwrap();
            let script = format!(
                "curl() {{ command curl -w '\\n%{{http_code}}' \"$@\"; }}\n{}",
                pair[0]
            );
            let output = std::process::Command::new("bash")
                .args(["-c", &script])
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let squeezed: String = said.chars().filter(|c| !c.is_whitespace()).collect();
            assert!(
                said.ends_with(status) && squeezed.contains(fragment),
                "{}\n  promised {promise}\n  answered {said}",
                pair[0]
            );
            walked += 1;
        }
        assert!(walked >= 8, "{tour}");
        assert!(!tour.contains("eyJ"), "the tour needs no token in sight");
        assert_eq!(demo.end("INT").0, Some(0));
    }
}

#[test]
fn the_ids_may_live_in_postgresql() {
    hallpass_testkit::block_on(async {
        let database = hallpass_testkit::Database::empty_postgres().await;
        let directory = tempfile::tempdir().unwrap();
        let start = || {
            Server::start(
                directory.path(),
                "demo",
                &[
                    "demo",
                    "--data-dir",
                    "data",
                    "--database-url",
                    database.url(),
                ],
            )
        };
        let first = start();
        let before = first.variables.clone();
        assert_eq!(
            get(
                &first.me(first.variable("SANDBOX_ID")),
                first.variable("USER_TOKEN")
            )
            .status,
            200
        );
        assert_eq!(first.end("TERM").0, Some(0));
        assert!(!directory.path().join("data/hallpass.db").exists());
        let second = start();
        assert_eq!(before["HALLPASS_SANDBOX_ID"], second.variable("SANDBOX_ID"));
        assert_eq!(
            before["HALLPASS_OPERATOR_KEY"],
            second.variable("OPERATOR_KEY")
        );
        assert_eq!(
            get(
                &second.me(second.variable("SANDBOX_ID")),
                second.variable("USER_TOKEN")
            )
            .status,
            200
        );
    });
}
