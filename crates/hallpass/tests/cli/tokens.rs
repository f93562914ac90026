//! `token mint`, `inspect`, `verify` and `why`, offline and against an environment.

use std::path::Path;

use hallpass_jose::SigningKey;
use serde_json::{Value, json};

use crate::support::{Ran, Run, Server, hallpass, run};

const READER: &str = r#"{"integration:*":["metadata:read"]}"#;

fn keys(directory: &Path) {
    let key = SigningKey::generate_rsa(2048).unwrap();
    std::fs::write(
        directory.join("key.pem"),
        key.to_pkcs8_pem().unwrap().as_str(),
    )
    .unwrap();
    std::fs::write(
        directory.join("public.pem"),
        key.verifying_key().to_spki_pem(),
    )
    .unwrap();
    let other = SigningKey::generate_es256().unwrap();
    std::fs::write(
        directory.join("other.pem"),
        other.verifying_key().to_spki_pem(),
    )
    .unwrap();
}

fn mint(directory: &Path, more: &[&str]) -> Ran {
    run(
        directory,
        &[
            &["token", "mint", "--key", "key.pem", "--sub", "user-1"],
            more,
        ]
        .concat(),
    )
}

#[test]
fn mint_prints_only_the_token_and_verify_accepts_it() {
    let directory = tempfile::tempdir().unwrap();
    keys(directory.path());
    let minted = mint(
        directory.path(),
        &["--ttl", "15m", "--aud", "a", "--permissions", READER],
    )
    .ok();
    assert_eq!(
        (
            minted.stdout.matches('.').count(),
            minted.stdout.lines().count()
        ),
        (2, 1)
    );
    assert_eq!(minted.stderr, "");
    let token = minted.stdout.trim();
    let verified = run(
        directory.path(),
        &["token", "verify", token, "--key", "public.pem"],
    )
    .ok();
    assert!(
        verified.stdout.contains("ok  signature") && verified.stdout.contains("accepted"),
        "{verified:?}"
    );
    let foreign = run(
        directory.path(),
        &["token", "verify", token, "--key", "other.pem", "--json"],
    )
    .code(4)
    .json();
    assert_eq!(
        (&foreign["accepted"], &foreign["reason"]),
        (&json!(false), &json!("alg_key_mismatch"))
    );
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let changed = format!("{signed}.{other}{}", &signature[1..]);
    let refused = run(
        directory.path(),
        &["token", "verify", &changed, "--key", "public.pem"],
    )
    .code(4);
    assert!(refused.stdout.contains("refused: "), "{refused:?}");
    run(directory.path(), &["token", "verify", token]).code(2);
}

#[test]
fn mint_refuses_a_malformed_claim_and_remarks_on_a_strange_one() {
    let directory = tempfile::tempdir().unwrap();
    keys(directory.path());
    let refused = mint(
        directory.path(),
        &[
            "--permissions",
            r#"{"integration:slack":{"credential:X":true}}"#,
        ],
    )
    .code(1);
    assert_eq!(refused.stdout, "");
    assert!(
        refused.stderr.contains("/integration:slack/credential:X"),
        "{refused:?}"
    );
    std::fs::write(
        directory.path().join("claim.json"),
        r#"{"integration:*":true,"integration:slack":["eventz"]}"#,
    )
    .unwrap();
    let strange = mint(directory.path(), &["--permissions", "claim.json"]).ok();
    assert!(
        strange.stderr.contains("array_replaces_wider") && strange.stderr.contains("eventz"),
        "{strange:?}"
    );
    assert_eq!(strange.stdout.lines().count(), 1);
    for wrong in [
        &["--ttl", "0s"][..],
        &["--ttl", "soon"],
        &["--permissions", "missing.json"],
    ] {
        mint(directory.path(), wrong).code(2);
    }
    run(
        directory.path(),
        &["token", "mint", "--key", "public.pem", "--sub", "u"],
    )
    .code(1);
    run(
        directory.path(),
        &["token", "mint", "--key", "key.pem", "--sub", " u"],
    )
    .code(2);
}

#[test]
fn inspect_says_that_it_verifies_nothing() {
    let directory = tempfile::tempdir().unwrap();
    keys(directory.path());
    let claim = r#"{"integration:*":true,"integration:slack":{"credential:*":["events","x"]}}"#;
    // Half a minute more than it says, so that a slow machine says the same.
    let flags = ["--permissions", claim, "--ttl", "3630s"];
    let token = mint(directory.path(), &flags).ok().stdout;
    let mut child = hallpass()
        .args(["token", "inspect"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(
        &mut child.stdin.take().unwrap(),
        format!("Bearer {token}").as_bytes(),
    )
    .unwrap();
    let shown = Ran::of(child.wait_with_output().unwrap()).ok().stdout;
    for part in [
        "not checked",
        "user-1",
        "in 60 min",
        "integration:slack",
        "credential:*",
        "events",
        "`x` is no permission",
        "array_replaces_wider",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    assert!(!shown.to_lowercase().contains(" verified"), "{shown}");
    let raw = run(
        directory.path(),
        &["token", "inspect", token.trim(), "--json"],
    )
    .ok()
    .json();
    assert_eq!(
        (&raw["verified"], &raw["claims"]["sub"]),
        (&json!(false), &json!("user-1"))
    );
    let narrow = mint(directory.path(), &["--permissions", READER]).ok();
    let narrow = run(
        directory.path(),
        &["token", "inspect", narrow.stdout.trim()],
    )
    .ok();
    assert!(
        narrow.stdout.contains("permissions (1 grant)"),
        "{narrow:?}"
    );
    let broken = run(directory.path(), &["token", "inspect", "a.b"]).code(4);
    assert!(broken.stderr.contains("malformed"), "{broken:?}");
}

#[test]
fn why_ends_with_0_3_or_4() {
    let directory = tempfile::tempdir().unwrap();
    keys(directory.path());
    let token = mint(directory.path(), &["--permissions", READER])
        .ok()
        .stdout;
    let why = |arguments: &[&str]| {
        run(
            directory.path(),
            &[&["token", "why"], arguments, &["--token", token.trim()]].concat(),
        )
    };
    let allowed = why(&["GET", "/sdk/me"]).ok();
    assert!(
        allowed.stdout.starts_with("ALLOW  metadata:read"),
        "{allowed:?}"
    );
    assert!(
        allowed.stderr.contains("signature was not checked"),
        "{allowed:?}"
    );
    let denied = why(&[
        "PATCH",
        "/projects/0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a/sdk/me",
        "--key",
        "public.pem",
    ])
    .code(3);
    assert!(
        denied.stdout.starts_with("DENY  metadata:write") && denied.stdout.contains("to allow it"),
        "{denied:?}"
    );
    assert!(!denied.stderr.contains("not checked"), "{denied:?}");
    let refused = why(&["GET", "/sdk/me", "--key", "other.pem"]).code(4);
    assert!(
        refused.stdout.starts_with("REFUSED  alg_key_mismatch"),
        "{refused:?}"
    );
    let answer = why(&[
        "--permission",
        "proxy-api",
        "--integration",
        "slack",
        "--credential",
        "new",
        "--json",
    ])
    .code(3)
    .json();
    assert_eq!(
        answer["target"],
        json!({"integration": "slack", "credential": "new"})
    );
    let members: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        members,
        [
            "also_allows",
            "change",
            "considered",
            "deciding",
            "decision",
            "lints",
            "permission",
            "reason",
            "target",
            "unknown_permissions"
        ]
    );
    for wrong in [
        &["POST", "/projects/x/sdk/proxy/slack/x"][..],
        &["GET", "/nowhere"],
        &["GET"],
        &["--permission", "everything"],
        &["--permission", "events", "--credential", "x"],
        &["--integration", "slack"],
    ] {
        why(wrong).code(2);
    }
}

#[test]
fn why_allows_a_call_that_needs_only_a_valid_token() {
    let directory = tempfile::tempdir().unwrap();
    keys(directory.path());
    let minted = mint(directory.path(), &["--permissions", "{}"]).ok();
    let token = minted.stdout.trim();
    let call = ["token", "why", "get", "/sdk/integrations"];
    let why = |more: &[&str]| run(directory.path(), &[&call[..], more].concat());
    let allowed = why(&["--token", token, "--key", "public.pem"]).ok();
    assert_eq!(
        allowed.stdout,
        "ALLOW: every valid token may; what it must not see is left out\n"
    );
    assert_eq!(allowed.stderr, "");
    let unchecked = why(&["--token", token, "--json"]).ok();
    assert!(unchecked.stderr.contains("signature was not checked"));
    let answer = unchecked.json();
    assert_eq!(
        (&answer["decision"], &answer["reason"]),
        (&json!("allow"), &json!("no_permission_needed"))
    );
    assert_eq!(answer.get("permission"), Some(&Value::Null));
    let refused = why(&["--token", token, "--key", "other.pem"]).code(4);
    assert!(refused.stdout.starts_with("REFUSED"), "{refused:?}");
    why(&["--token", "a.b.c"]).code(4);
    std::fs::write(directory.path().join("claim.json"), "[]").unwrap();
    why(&["--claim", "claim.json"]).code(4);

    let server = Server::demo(directory.path());
    let judged = |environment: &str| {
        let token = ["--token", server.variable("USER_TOKEN")];
        why(&[
            &token[..],
            &["--environment", environment, "--data-dir", "data"],
        ]
        .concat())
    };
    judged(server.variable("SANDBOX_ID")).ok();
    judged(server.variable("BETA_ID")).code(4);
}

#[test]
fn a_key_that_is_too_short_is_called_so() {
    let directory = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("openssl")
        .current_dir(directory.path())
        .args(["genpkey", "-algorithm", "RSA", "-out", "key.pem"])
        .args(["-pkeyopt", "rsa_keygen_bits:1024"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let refused = mint(directory.path(), &[]).code(1);
    assert!(
        refused
            .stderr
            .contains("RSA of 2048 to 8192 bits is needed"),
        "{refused:?}"
    );
}

#[test]
fn why_reads_a_claim_from_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let why = |claim: &str| {
        std::fs::write(directory.path().join("claim.json"), claim).unwrap();
        run(
            directory.path(),
            &[
                "token",
                "why",
                "--permission",
                "events",
                "--integration",
                "slack",
                "--claim",
                "claim.json",
                "--json",
            ],
        )
    };
    assert_eq!(
        why(r#"{"integration:slack":["events"]}"#).ok().json()["reason"],
        json!("granted")
    );
    assert_eq!(
        why("{}").code(3).json()["reason"],
        json!("no_matching_scope")
    );
    let malformed = why(r#"{"integration:slack":{"integration:x":true}}"#)
        .code(4)
        .json();
    assert_eq!(malformed["reason"], json!("permission_claim_malformed"));
    assert_eq!(
        malformed["pointer"],
        json!("/integration:slack/integration:x")
    );
    why("null").code(4);
    why("{").code(4);
}

#[test]
fn an_environment_judges_with_its_settings_and_users() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::demo(directory.path());
    let sandbox = server.variable("SANDBOX_ID");
    let local = |arguments: &[&str]| {
        run(
            directory.path(),
            &[arguments, &["--data-dir", "data"]].concat(),
        )
    };
    let remote = |arguments: &[&str]| server.remote(arguments);
    let runs: [(&str, Run<'_>); 2] = [("ana", &local), ("ben", &remote)];
    for (sub, run) in runs {
        let key = server.variable("SIGNING_KEY_FILE");
        let minted = crate::support::run(
            directory.path(),
            &["token", "mint", "--key", key, "--sub", sub],
        )
        .ok();
        let token = minted.stdout.trim();
        let verify = ["token", "verify", token, "--environment", sandbox];
        let report = run(&[&verify[..], &["--json"]].concat()).ok().json();
        assert_eq!(report["accepted"], json!(true), "{report}");
        let why = [
            "token",
            "why",
            "PATCH",
            "/sdk/me",
            "--token",
            token,
            "--environment",
            sandbox,
            "--json",
        ];
        assert_eq!(run(&why).ok().json()["reason"], json!("claim_absent"));
        run(&["user", "revoke", "--environment", sandbox, sub]).ok();
        assert!(
            run(&verify)
                .code(4)
                .stdout
                .contains("refused: token_revoked")
        );
        let refused = run(&why).code(4).json();
        assert_eq!(refused["reason"], json!("token_revoked"), "{refused}");
        let beta = [
            "token",
            "verify",
            token,
            "--environment",
            server.variable("BETA_ID"),
            "--json",
        ];
        assert_eq!(
            run(&beta).code(4).json()["reason"],
            json!("signature_invalid")
        );
    }
    let users = server
        .remote(&["user", "list", "--environment", sandbox, "--json"])
        .ok()
        .json();
    assert_eq!(
        users["items"],
        Value::Array(Vec::new()),
        "checking makes no user"
    );
}
