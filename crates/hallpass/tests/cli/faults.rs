//! A killed process, a locked database, and what must never be in a log.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hallpass_store::Store;
use serde_json::json;

use crate::support::{Server, get, patch, run};

#[test]
fn kill_9_loses_no_acknowledged_user() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<String> = Vec::new();
    let mut environment = String::new();
    for round in 0..3 {
        let server = Server::demo(directory.path());
        environment = server.variable("SANDBOX_ID").to_owned();
        let me = server.me(&environment);
        let tokens: Vec<_> = (0..60)
            .map(|index| {
                let sub = format!("user-{round}-{index}");
                (sub.clone(), mint(&server, &sub))
            })
            .collect();
        let answered = AtomicUsize::new(0);
        thread::scope(|scope| {
            let writers: Vec<_> = tokens
                .chunks(15)
                .map(|share| scope.spawn(|| acknowledged_before_the_end(share, &me, &answered)))
                .collect();
            // In the middle of the writes, wherever that is.
            wait_for(
                || answered.load(Ordering::Relaxed) >= 10,
                "ten users are acknowledged",
            );
            std::process::Command::new("kill")
                .args(["-KILL", &server.pid().to_string()])
                .status()
                .unwrap();
            acknowledged.extend(
                writers
                    .into_iter()
                    .flat_map(|writer| writer.join().unwrap()),
            );
        });
    }
    assert!(
        acknowledged.len() >= 30,
        "{} acknowledged",
        acknowledged.len()
    );
    let mut after = String::new();
    let mut kept = Vec::new();
    loop {
        let list = [
            "user",
            "list",
            "--environment",
            &environment,
            "--limit",
            "200",
            "--data-dir",
            "data",
            "--json",
        ];
        let more: &[&str] = if after.is_empty() {
            &[]
        } else {
            &["--after", &after]
        };
        let page = run(directory.path(), &[&list[..], more].concat())
            .ok()
            .json();
        kept.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|user| user["sub"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    println!(
        "{} users acknowledged before three kills, {} kept",
        acknowledged.len(),
        kept.len()
    );
    for sub in &acknowledged {
        assert!(kept.contains(sub), "{sub} was answered 200 and is lost");
    }
}

/// The subs whose first request was answered 200.
fn acknowledged_before_the_end(
    share: &[(String, String)],
    me: &str,
    count: &AtomicUsize,
) -> Vec<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let mut answered = Vec::new();
    for (sub, token) in share {
        let answer = agent
            .get(me)
            .header("authorization", format!("Bearer {token}"))
            .call();
        if answer.is_ok_and(|answer| answer.status() == 200) {
            answered.push(sub.clone());
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
    answered
}

fn mint(server: &Server, sub: &str) -> String {
    let pem = std::fs::read_to_string(server.variable("SIGNING_KEY_FILE")).unwrap();
    let key = hallpass_jose::SigningKey::from_pem(&pem).unwrap();
    let now = std::fs::metadata("/proc/self")
        .unwrap()
        .modified()
        .unwrap()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let payload = json!({"sub": sub, "iat": now, "exp": now + 3600}).to_string();
    key.sign(
        &hallpass_jose::ProtectedHeader::default(),
        payload.as_bytes(),
    )
    .unwrap()
}

#[test]
fn a_locked_database_refuses_new_users_and_keeps_answering_known_ones() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::demo(directory.path());
    let me = server.me(server.variable("SANDBOX_ID"));
    assert_eq!(get(&me, server.variable("USER_TOKEN")).status, 200);
    let url = format!("sqlite:{}/hallpass.db", server.variable("DATA_DIR"));
    let stranger = mint(&server, "stranger");
    hallpass_testkit::block_on(async {
        let store = Store::open(&url).await.unwrap();
        let lock = store.write().await.unwrap();
        let refused = get(&me, &stranger);
        assert_eq!(
            (refused.status, refused.code()),
            (503, "storage_unavailable"),
            "{refused:?}"
        );
        let known = get(&me, server.variable("USER_TOKEN"));
        assert_eq!(
            (known.status, &known.body["userId"]),
            (200, &json!("user-1")),
            "{known:?}"
        );
        let unwritten = patch(
            &me,
            server.variable("USER_TOKEN"),
            &json!({"meta": {"a": 1}}),
        );
        assert_eq!(
            (unwritten.status, unwritten.code()),
            (503, "storage_unavailable"),
            "{unwritten:?}"
        );
        drop(lock);
    });
    assert_eq!(
        get(&me, &stranger).status,
        200,
        "as soon as the lock is gone"
    );
}

/// Full logging, every way to hand over a secret, and nothing of it in what the servers wrote.
#[test]
fn logs_hold_no_token_key_or_claim() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("h.toml"),
        "[log]\nlevel = \"trace\"\nformat = \"json\"\n[audit]\ndecisions = \"all\"\n",
    )
    .unwrap();
    let prepared = Server::demo(directory.path());
    let variables = prepared.variables.clone();
    prepared.end("TERM");
    let server = Server::serve(
        directory.path(),
        "node",
        &["--config", "h.toml", "--data-dir", "data"],
    );
    let variable = |name: &str| variables[&format!("HALLPASS_{name}")].as_str();
    let (token, key) = (variable("USER_TOKEN"), variable("OPERATOR_KEY"));
    let me = server.me(variable("SANDBOX_ID"));
    assert_eq!(get(&me, token).status, 200);
    get(
        &format!("{me}?userToken={token}&access_token={token}"),
        token,
    );
    get(&me, &format!("{token}x"));
    get(
        &format!(
            "{}/admin/v1/projects?userToken={token}",
            server.variable("URL")
        ),
        key,
    );
    get(&server.admin("/projects"), &format!("{key}x"));
    patch(&me, token, &json!({"meta": {"secret-note": "of the user"}}));
    let explain =
        json!({"token": token, "call": {"method": "PATCH", "path": "/projects/x/sdk/me"}});
    crate::support::post(
        &server.admin(&format!("/environments/{}/explain", variable("SANDBOX_ID"))),
        key,
        &explain,
    );
    let rotated = crate::support::post(
        &server.admin(&format!(
            "/environments/{}/signing-keys",
            variable("BETA_ID")
        )),
        key,
        &json!({"bits": 2048}),
    );
    let pem = rotated.body["private_key_pem"]
        .as_str()
        .expect("the private half")
        .to_owned();
    wait_for(
        || server.output().contains("signing-keys"),
        "the requests are logged",
    );
    let (_, output) = server.end("TERM");
    let signature = token.rsplit('.').next().unwrap();
    let payload = token.split('.').nth(1).unwrap();
    let pem_line = pem.lines().nth(1).unwrap();
    for (what, secret) in [
        ("the token", token),
        ("its signature", signature),
        ("its payload", payload),
        ("the operator key", key),
        ("a private key", pem_line),
        ("metadata", "secret-note"),
    ] {
        assert!(!output.contains(secret), "{what} is in the log");
    }
}

fn wait_for(condition: impl Fn() -> bool, what: &str) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(20), "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
