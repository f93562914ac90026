//! Many decisions at once: each is the one that explain gives.

use std::fs;
use std::path::Path;

use hallpass_model::Role;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::support::{Answer, Site};

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default, deserialize_with = "even_null")]
    claim: Option<Box<RawValue>>,
    target: Value,
    permission: String,
    expect: Value,
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

async fn ask(site: &Site, body: &str) -> Answer {
    site.environment("POST", "/explain/matrix")
        .local()
        .text("application/json", body)
        .send()
        .await
}

fn found(row: &Value, permission: &str) -> (String, String) {
    let cells = row["decisions"].as_array().unwrap();
    let cell = cells.iter().find(|cell| cell["permission"] == permission);
    let text = |name: &str| cell.unwrap()[name].as_str().unwrap().to_owned();
    (text("decision"), text("reason"))
}

#[tokio::test]
async fn every_conformance_case_is_decided_as_it_says() {
    let site = Site::on_sqlite().await;
    let mut seen = 0;
    for case in cases() {
        let claim = case.claim.as_deref().map(RawValue::get);
        let claim = claim.map_or(String::new(), |claim| format!(r#","claim":{claim}"#));
        // The target itself, and once more among others.
        let body = format!(
            r#"{{"targets":[{{}},{}]{claim}}}"#,
            serde_json::to_string(&case.target).unwrap()
        );
        let answer = ask(&site, &body).await;
        seen += 1;
        if case.expect["decision"] == "malformed" {
            answer.refused(422, "permission_claim_malformed");
            continue;
        }
        let matrix = answer.ok(200);
        let (decision, reason) = found(&matrix["rows"][1], &case.permission);
        assert_eq!(json!(decision), case.expect["decision"], "{}", case.name);
        if case.expect["reason"].is_string() {
            assert_eq!(json!(reason), case.expect["reason"], "{}", case.name);
        }
        assert_eq!(matrix["rows"][1]["target"], case.target, "{}", case.name);
    }
    assert!(seen > 1000, "{seen} cases");
}

#[tokio::test]
async fn without_targets_it_is_what_the_claim_speaks_of() {
    let site = Site::on_sqlite().await;
    let claim = json!({ "integration:*": ["events", "Odd"], "integration:slack": { "credential:*": false } });
    let token = site.world.sign(&site.world.claims_with(
        "user-1",
        json!({ "urn:useparagon:connect:permissions": claim }),
    ));
    let of_claim = ask(&site, &json!({ "claim": claim }).to_string())
        .await
        .ok(200);
    let of_token = ask(&site, &json!({ "token": token }).to_string())
        .await
        .ok(200);
    assert_eq!(of_claim, of_token);
    let rows = of_claim["rows"].as_array().unwrap();
    let scopes: Vec<&Value> = rows.iter().map(|row| &row["scopes"]).collect();
    assert_eq!(
        scopes,
        [
            &json!([]),
            &json!(["integration:*"]),
            &json!(["integration:slack"]),
            &json!(["integration:slack", "credential:*"]),
        ]
    );
    for row in rows {
        for cell in row["decisions"].as_array().unwrap() {
            let question = json!({ "permission": cell["permission"], "target": row["target"] });
            let explained = site
                .environment("POST", "/explain")
                .local()
                .json(&json!({ "claim": claim, "question": question }))
                .send()
                .await
                .ok(200);
            assert_eq!(explained["decision"], cell["decision"]);
            assert_eq!(explained["reason"], cell["reason"]);
            assert_eq!(explained["lints"], of_claim["lints"]);
        }
    }
    assert_eq!(of_claim["unknown_permissions"], json!(["Odd"]));
    let nothing = ask(&site, "{}").await.ok(200);
    assert_eq!(found(&nothing["rows"][0], "events").1, "claim_absent");
}

#[tokio::test]
async fn it_is_bounded_and_says_what_is_wrong() {
    let site = Site::on_sqlite().await;
    let targets = |count: usize| json!({ "claim": {}, "targets": vec![json!({}); count] });
    ask(&site, &targets(64).to_string()).await.ok(200);
    let refused = ask(&site, &targets(65).to_string()).await;
    refused.refused(422, "too_many_targets");
    assert_eq!(refused.json()["pointer"], "/targets");
    let grants: Vec<String> = (0..5000)
        .map(|n| format!(r#""integration:i{n}":["metadata:read"]"#))
        .collect();
    let wide = ask(&site, &format!(r#"{{"claim":{{{}}}}}"#, grants.join(","))).await;
    let wide = wide.ok(200);
    assert_eq!(wide["rows"].as_array().unwrap().len(), 64);
    assert_eq!(wide["left_out"], 5001 - 64);
    for (body, code, pointer) in [
        (
            r#"{"claim":{},"targets":[{},{"credential":{"id":"X"}}]}"#,
            "invalid_target",
            "/targets/1/credential/id",
        ),
        (r#"{"claim":{},"token":"x"}"#, "one_of_two", "/claim"),
        (
            r#"{"claim":{"integration:a":1}}"#,
            "permission_claim_malformed",
            "/claim/integration:a",
        ),
        (r#"{"claim":null}"#, "permission_claim_malformed", "/claim"),
        (
            r#"{"claim":{},"targets":[{"credential":"newer"}]}"#,
            "invalid_body",
            "/targets/0/credential",
        ),
        (r#"{"token":"x"}"#, "token_refused", "/token"),
    ] {
        let refused = ask(&site, body).await;
        refused.refused(422, code);
        assert_eq!(refused.json()["pointer"], pointer, "{body}");
    }
    let key = site.operator("elsewhere", Role::Admin, Some(vec![])).await;
    site.environment("POST", "/explain/matrix")
        .bearer(&key)
        .json(&json!({ "claim": {} }))
        .send()
        .await
        .refused(404, "not_found");
}
