//! The code in `docs/WEBHOOKS.md` is taken from the page and has to tell real deliveries from forged ones.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hallpass_core::{Clock as _, SystemClock};
use hallpass_testkit::Database;
use serde_json::{Value, json};

use crate::support::{Told, told};

const NODE: &str = r#"
import { readFileSync } from "node:fs";
import { verify } from "./verify.mjs";
const messages = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(messages.map((it) => verify(it.secret, it.headers, Buffer.from(it.body)))));
"#;

const PYTHON: &str = r#"
import json, sys
from verify import verify
messages = json.load(sys.stdin)
print(json.dumps([verify(it["secret"], it["headers"], it["body"].encode()) for it in messages]))
"#;

/// Messages, and whether they are to be believed.
async fn messages() -> Vec<(&'static str, Value, bool)> {
    let told = told(Database::sqlite().await).await;
    // The code asks the machine for the time.
    let now = SystemClock::start().now().as_secs();
    told.world
        .clock
        .jump_secs(now - told.world.clock.now().as_secs());
    let webhooks = &told.services().webhooks;
    let rotated = webhooks
        .rotate_secret(&told.admin, told.environment(), told.webhook, 3600)
        .await
        .expect("rotated")
        .into_inner();
    let new = rotated.secret.expect("shown once").to_string();
    let (headers, body) = one(&told).await;
    let with = |name: &str, value: &str| {
        let mut headers = headers.clone();
        headers.insert(name.to_owned(), value.to_owned());
        headers
    };
    let signatures = headers["webhook-signature"].clone();
    let first = signatures.split(' ').next().expect("a signature");
    let message = |secret: &str, headers: &HashMap<String, String>, body: &str| json!({ "secret": secret, "headers": headers, "body": body });
    let old_time = (now - 301).to_string();
    let mut found = vec![
        ("as it came", message(&new, &headers, &body), true),
        (
            "the secret before",
            message(&told.secret, &headers, &body),
            true,
        ),
        (
            "another secret",
            message(&other_secret(), &headers, &body),
            false,
        ),
        (
            "another body",
            message(&new, &headers, &format!("{body} ")),
            false,
        ),
        (
            "another id",
            message(&new, &with("webhook-id", "evt_x"), &body),
            false,
        ),
        (
            "another time",
            message(
                &new,
                &with("webhook-timestamp", &(now - 60).to_string()),
                &body,
            ),
            false,
        ),
        (
            "too old",
            message(&new, &with("webhook-timestamp", &old_time), &body),
            false,
        ),
        (
            "no time",
            message(&new, &with("webhook-timestamp", "soon"), &body),
            false,
        ),
        (
            "no signature",
            message(&new, &with("webhook-signature", ""), &body),
            false,
        ),
        (
            "an empty one",
            message(&new, &with("webhook-signature", "v1,"), &body),
            false,
        ),
        (
            "a shorter one",
            message(&new, &with("webhook-signature", &first[..20]), &body),
            false,
        ),
        (
            "another version",
            message(
                &new,
                &with("webhook-signature", &first.replace("v1", "v2")),
                &body,
            ),
            false,
        ),
    ];
    told.world.clock.jump_secs(-301);
    let (headers, body) = one(&told).await;
    found.push(("signed 301 s ago", message(&new, &headers, &body), false));
    told.world.clock.jump_secs(301 + 900);
    let (headers, body) = one(&told).await;
    found.push((
        "signed in a quarter of an hour",
        message(&new, &headers, &body),
        false,
    ));
    found
}

/// Headers and body of one delivery.
async fn one(told: &Told) -> (HashMap<String, String>, String) {
    told.enqueue(1).await;
    assert_eq!(told.turn().await, 1);
    let received = told.hook.received().pop().expect("a message");
    (received.headers, received.body)
}

fn other_secret() -> String {
    format!("whsec_{}", data_encoding::BASE64.encode(&[7; 32]))
}

/// What stands between the fences of a language, the first time.
fn code(language: &str) -> String {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/WEBHOOKS.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let begin = format!("```{language}\n");
    let (_, rest) = page.split_once(&begin).expect("a fence");
    let (code, _) = rest.split_once("```\n").expect("its end");
    code.to_owned()
}

fn run(folder: &Path, program: &str, script: &str, input: &Value) -> Vec<bool> {
    let mut child = Command::new(program)
        .arg(script)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{program} is needed: {error}; `cargo xtask test --only setup` installs it")
        });
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(input.to_string().as_bytes()).expect("read");
    drop(stdin);
    let output = child.wait_with_output().expect("its output");
    serde_json::from_slice(&output.stdout).expect("a list of answers")
}

fn judged_by(program: &str, verify: &str, code: &str, script: &str, main: &str) {
    let messages = hallpass_testkit::block_on(messages());
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(verify), code).expect("written");
    std::fs::write(folder.path().join(script), main).expect("written");
    let input: Vec<&Value> = messages.iter().map(|(_, message, _)| message).collect();
    let answers = run(folder.path(), program, script, &json!(input));
    let wrong: Vec<_> = messages
        .iter()
        .zip(&answers)
        .filter(|((_, _, expected), answer)| expected != *answer)
        .map(|((name, ..), _)| name)
        .collect();
    assert_eq!(answers.len(), messages.len());
    assert!(wrong.is_empty(), "{program} is wrong about: {wrong:?}");
}

#[test]
fn the_code_for_node_tells_deliveries_from_forgeries() {
    judged_by("node", "verify.mjs", &code("js"), "main.mjs", NODE);
}

#[test]
fn the_code_for_python_tells_deliveries_from_forgeries() {
    judged_by("python3", "verify.py", &code("python"), "main.py", PYTHON);
}
