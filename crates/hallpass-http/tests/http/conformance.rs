//! Every conformance case, asked over HTTP; and every denial's smallest change, applied and asked again.

use std::fs;
use std::path::Path;

use hallpass_permissions::PatchOp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::support::{Answer, Site};

#[derive(Deserialize)]
struct Case {
    name: String,
    /// The exact text: a malformed case may repeat a member. `null` is a claim, not its absence.
    #[serde(default, deserialize_with = "even_null")]
    claim: Option<Box<RawValue>>,
    target: Value,
    permission: String,
    expect: Expect,
}

#[derive(Deserialize)]
struct Expect {
    decision: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    pointer: Option<String>,
}

fn even_null<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/permissions");
    let mut cases = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        cases.extend(serde_json::from_str::<Vec<Case>>(&text).unwrap());
    }
    cases
}

async fn ask(site: &Site, key: &str, claim: Option<&str>, case: &Case) -> Answer {
    let question = json!({ "permission": case.permission, "target": case.target });
    let body = match claim {
        Some(claim) => format!(r#"{{"question":{question},"claim":{claim}}}"#),
        None => format!(r#"{{"question":{question}}}"#),
    };
    site.environment("POST", "/explain")
        .bearer(key)
        .text("application/json", &body)
        .send()
        .await
}

#[tokio::test]
async fn every_case_is_answered_as_it_says() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let (mut seen, mut mended) = (0, 0);
    for case in cases() {
        let claim = case.claim.as_deref().map(RawValue::get);
        let answer = ask(&site, &key, claim, &case).await;
        seen += 1;
        if case.expect.decision == "malformed" {
            assert_eq!(answer.status, 422, "{}: {}", case.name, answer.text());
            continue;
        }
        let explained = answer.ok(200);
        assert_eq!(
            explained["decision"],
            json!(case.expect.decision),
            "{}",
            case.name
        );
        if let Some(reason) = &case.expect.reason {
            assert_eq!(explained["reason"], json!(reason), "{}", case.name);
        }
        if let Some(pointer) = &case.expect.pointer {
            let deciding = explained["deciding"].as_array().unwrap();
            assert!(
                deciding
                    .iter()
                    .any(|grant| grant["pointer"] == json!(pointer)),
                "{}: {explained}",
                case.name
            );
        }
        if case.expect.decision == "deny" {
            let change: Vec<PatchOp> = serde_json::from_value(explained["change"].clone()).unwrap();
            let changed =
                hallpass_permissions::apply_change_to_text(claim.unwrap(), &change).unwrap();
            let explained = ask(&site, &key, Some(&changed), &case).await.ok(200);
            assert_eq!(
                explained["decision"],
                json!("allow"),
                "{} after {change:?}",
                case.name
            );
            mended += 1;
        }
    }
    assert!(
        seen > 1000 && mended > 300,
        "{seen} cases, {mended} of them mended"
    );
}
