//! TLS with a certificate of the operator's own, as `openssl` makes it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Server, run};

pub fn certificate(directory: &Path, name: &str, days: &str) {
    certificate_with(directory, name, days, "basicConstraints=critical,CA:FALSE");
}

fn certificate_with(directory: &Path, name: &str, days: &str, constraints: &str) {
    let made = Command::new("openssl")
        .current_dir(directory)
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=localhost",
        ])
        .args([
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            constraints,
            "-days",
            days,
        ])
        .args([
            "-keyout",
            &format!("{name}.key"),
            "-out",
            &format!("{name}.pem"),
        ])
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{made:?}");
}

#[test]
fn a_server_with_tls_is_reached_with_its_certificate_only() {
    let directory = tempfile::tempdir().unwrap();
    certificate(directory.path(), "tls", "365");
    let tls = ["--tls-cert", "tls.pem", "--tls-key", "tls.key"];
    let server = Server::serve(
        directory.path(),
        "node",
        &[&["--data-dir", "data"][..], &tls].concat(),
    );
    assert!(server.variable("URL").starts_with("https://127.0.0.1:"));
    let create = [
        "operator",
        "create",
        "--name",
        "a",
        "--role",
        "admin",
        "--out",
        "key",
        "--data-dir",
        "data",
    ];
    run(directory.path(), &create).ok();
    let list = [
        "project",
        "list",
        "--url",
        server.variable("URL"),
        "--operator-key-file",
        "key",
    ];
    run(
        directory.path(),
        &[&list[..], &["--ca-cert", "tls.pem"]].concat(),
    )
    .ok();
    let stranger = run(directory.path(), &list).code(1);
    assert!(
        stranger.stderr.contains("cannot reach https://"),
        "{stranger:?}"
    );
    certificate_with(
        directory.path(),
        "ca",
        "365",
        "basicConstraints=critical,CA:TRUE",
    );
    let authority = ["--tls-cert", "ca.pem", "--tls-key", "ca.key"];
    let authority = Server::serve(
        directory.path(),
        "authority",
        &[&["--data-dir", "data"][..], &authority].concat(),
    );
    let list = [
        &["project", "list", "--url", authority.variable("URL")][..],
        &["--operator-key-file", "key", "--ca-cert", "ca.pem"],
    ];
    let refused = run(directory.path(), &list.concat()).code(1);
    assert!(
        refused
            .stderr
            .contains("basicConstraints=critical,CA:FALSE"),
        "{refused:?}"
    );
    run(directory.path(), &["serve", "--tls-cert", "tls.pem"]).code(2);
    let missing = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--tls-cert",
        "tls.pem",
        "--tls-key",
        "missing.key",
    ];
    let missing = run(directory.path(), &missing).code(2);
    assert!(
        missing.stderr.contains("missing.key") && missing.stdout.is_empty(),
        "{missing:?}"
    );
}

#[test]
fn doctor_looks_at_the_certificate() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), &["migrate"]).ok();
    certificate(directory.path(), "good", "365");
    certificate(directory.path(), "soon", "10");
    for (cert, key, level, word) in [
        ("good.pem", "good.key", "ok", "expires"),
        ("soon.pem", "soon.key", "warning", "renew"),
        ("good.pem", "soon.key", "ERROR", "do not go together"),
        ("good.key", "good.key", "ERROR", "no certificate"),
        ("missing.pem", "good.key", "ERROR", "missing.pem"),
    ] {
        let config = format!("[server]\ntls_cert = \"{cert}\"\ntls_key = \"{key}\"\n");
        std::fs::write(directory.path().join("h.toml"), config).unwrap();
        let ran = run(
            directory.path(),
            &["doctor", "--config", "h.toml", "--json"],
        );
        let answer = ran.json();
        let found = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["about"] == "certificate")
            .unwrap();
        assert_eq!(found["level"], level, "{found}");
        assert!(found["detail"].as_str().unwrap().contains(word), "{found}");
        assert_eq!(answer["ok"], Value::Bool(level != "ERROR"));
        assert_eq!(ran.code, Some(i32::from(level == "ERROR")));
    }
}
