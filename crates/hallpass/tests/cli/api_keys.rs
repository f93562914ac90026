//! `hallpass api-key`, on a database of its own.

use serde_json::Value;

use crate::support::run;

#[test]
fn api_keys_are_made_shown_replaced_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    run(&["migrate"]).ok();
    let id_of = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let project = run(&["project", "create", "--name", "Acme", "--json"]).ok();
    let project = id_of(&project.json());
    let make = [
        "environment",
        "create",
        "--project",
        &project,
        "--name",
        "beta",
        "--json",
    ];
    let environment = id_of(&run(&make).ok().json());
    let api_key = |rest: &[&str]| {
        let verb = ["api-key", rest[0], "--environment", &environment];
        run(&[&verb[..], &rest[1..]].concat())
    };

    let made = api_key(&["create", "--kind", "publishable", "--name", "web"]).ok();
    assert!(made.stdout.trim().starts_with("beta_"), "{made:?}");
    let dev = [
        "create",
        "--kind",
        "publishable",
        "--name",
        "web",
        "--prefix",
        "dev",
    ];
    assert!(api_key(&dev).ok().stdout.starts_with("dev_"));

    let out = folder.path().join("secret-key");
    let out = out.to_str().unwrap();
    let secret = [
        "create", "--kind", "secret", "--name", "backend", "--out", out, "--json",
    ];
    let secret = api_key(&secret).ok().json();
    assert!(secret.get("secret").is_none(), "in the file only: {secret}");
    let text = std::fs::read_to_string(out).unwrap();
    assert!(text.starts_with("sk_"));
    api_key(&["create", "--kind", "secret", "--name", "b", "--out", out]).code(2);

    let listed = api_key(&["list"]).ok().stdout;
    assert!(
        listed.contains("backend") && !listed.contains(text.trim()),
        "{listed}"
    );
    let id = id_of(&secret);
    let rotated = api_key(&["rotate", &id, "--overlap", "7d"]).ok().stdout;
    assert!(rotated.starts_with("sk_") && rotated.trim() != text.trim());
    assert!(api_key(&["show", &id]).ok().stdout.contains("ending"));
    assert!(api_key(&["revoke", &id]).ok().stdout.contains("revoked"));
    let refused = api_key(&["rotate", &id]).code(1);
    assert!(refused.stderr.contains("api_key_ended"), "{refused:?}");
}
