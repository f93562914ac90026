//! What explain says about the two metadata calls is what the calls do.

use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::support::Site;

const CLAIM: &str = "urn:useparagon:connect:permissions";

fn claims() -> Vec<Option<Value>> {
    let mut claims = vec![None];
    claims.extend(
        [
            json!({}),
            json!({ "integration:*": true }),
            json!({ "integration:*": false }),
            json!({ "integration:*": [] }),
            json!({ "integration:*": ["metadata:read"] }),
            json!({ "integration:*": ["metadata:write"] }),
            json!({ "integration:*": ["metadata:read", "metadata:write"] }),
            json!({ "integration:*": ["Metadata:Write", "proxy-api"] }),
            json!({ "integration:slack": true }),
            json!({ "integration:*": { "credential:*": true } }),
            json!({ "integration:*": {} }),
            json!({ "integration:*": ["metadata:read"], "integration:slack": true }),
            json!({ "credential:*": ["metadata:write"] }),
            json!({ "configuration:*": true, "integration:*": ["events", "metadata:write"] }),
        ]
        .map(Some),
    );
    claims
}

on_both_engines! {
    async fn the_metadata_calls_do_what_explain_says(database: Database) {
        let site = Site::new(database).await;
        let world = &site.world;
        let key = site.admin_key().await;
        let owner = world.token("user-1");
        let meta = json!({ "Plan": "pro" });
        site.sdk("PATCH", "me").bearer(&owner).json(&json!({ "meta": meta })).send().await.ok(200);
        let path = format!("/projects/{}/sdk/me", world.environment);
        let (mut allowed, mut denied) = (0, 0);
        for claim in claims() {
            let more = claim.clone().map_or(json!({}), |claim| json!({ CLAIM: claim }));
            let token = world.sign(&world.claims_with("user-1", more));
            for (method, call) in [
                ("GET", site.sdk("GET", "me").bearer(&token)),
                ("PATCH", site.sdk("PATCH", "me").bearer(&token).json(&json!({ "meta": {} }))),
            ] {
                let call = call.send().await;
                let question = json!({ "call": { "method": method, "path": path } });
                let own = site.sdk("POST", "explain").bearer(&token).json(&question).send().await.ok(200);
                let mut asked = question.clone();
                asked["token"] = json!(token);
                let by_operator = site.environment("POST", "/explain").bearer(&key).json(&asked).send().await.ok(200);
                assert_eq!(own, by_operator);
                if let Some(claim) = &claim {
                    let mut asked = question.clone();
                    asked["claim"] = claim.clone();
                    let bare = site.environment("POST", "/explain").bearer(&key).json(&asked).send().await.ok(200);
                    assert_eq!(own, bare);
                }
                let allows = own["decision"] == "allow";
                *(if allows { &mut allowed } else { &mut denied }) += 1;
                if method == "GET" {
                    let expected = if allows { meta.clone() } else { json!({}) };
                    assert_eq!(call.ok(200)["meta"], expected, "{claim:?}");
                } else if allows {
                    call.ok(200);
                } else {
                    let refusal = call.refused(403, "7210").json();
                    assert_eq!(refusal["meta"]["decision"], own, "{claim:?}");
                }
            }
        }
        assert!(allowed >= 10 && denied >= 10, "{allowed} allowed, {denied} denied");
    }
}

#[tokio::test]
async fn explain_has_no_effect_and_reads_claims_as_tokens_do() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let explain = |body: String| {
        site.environment("POST", "/explain")
            .bearer(&key)
            .text("application/json", &body)
    };
    let question = r#""question":{"permission":"metadata:read"}"#;
    let token = site.world.token("never-seen");
    explain(format!(r#"{{"token":"{token}",{question}}}"#))
        .send()
        .await
        .ok(200);
    let users = site
        .environment("GET", "/users")
        .bearer(&key)
        .send()
        .await
        .ok(200);
    assert_eq!(users["items"], json!([]), "explaining makes no user");

    let twice = r#"{"integration:*":true,"integration:*":false}"#;
    let refused = explain(format!(r#"{{"claim":{twice},{question}}}"#))
        .send()
        .await;
    refused.refused(422, "permission_claim_malformed");
    assert!(
        refused.json()["pointer"]
            .as_str()
            .expect("a pointer")
            .starts_with("/claim")
    );
    explain(format!(r#"{{"claim":null,{question}}}"#))
        .send()
        .await
        .refused(422, "permission_claim_malformed");
    explain(format!(r#"{{"token":"x",{question}}}"#))
        .send()
        .await
        .refused(422, "token_refused");
    let outside = explain(format!(r#"{{{question},{question}}}"#))
        .send()
        .await;
    outside.refused(422, "duplicate_member");

    let grants: Vec<String> = (0..5000)
        .map(|n| format!(r#""integration:i{n}":["metadata:read"]"#))
        .collect();
    let wide = format!("{{{}}}", grants.join(","));
    let padded = format!("{wide}{}", " ".repeat(900 * 1024));
    explain(format!(r#"{{"claim":{padded},{question}}}"#))
        .send()
        .await
        .ok(200);
    let too_wide = " ".repeat(1200 * 1024);
    explain(format!(r#"{{"claim":{too_wide}{{}},{question}}}"#))
        .send()
        .await
        .refused(413, "body_too_large");
}

#[tokio::test]
async fn a_check_tells_each_step_and_has_no_effect() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let check = |token: String| {
        site.environment("POST", "/tokens/check")
            .bearer(&key)
            .json(&json!({ "token": token }))
    };
    let good = check(site.world.token("never-seen")).send().await.ok(200);
    assert_eq!(good["accepted"], true);
    let names: Vec<&str> = good["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .filter_map(|step| step["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "form",
            "signature",
            "subject",
            "times",
            "audience",
            "permissions",
            "user"
        ]
    );
    let bad = check("a.b".into()).send().await.ok(200);
    assert_eq!(
        (&bad["accepted"], &bad["reason"]),
        (&json!(false), &json!("malformed"))
    );
    assert_eq!(
        site.environment("GET", "/users")
            .bearer(&key)
            .send()
            .await
            .ok(200)["items"],
        json!([])
    );
}
