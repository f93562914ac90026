//! Bodies that pretend to be something else: names that our JSON library keeps for itself, and arrays in place of objects.

use serde_json::{Value, json};

use crate::support::{Call, Site};

const RESERVED: &str = "$serde_json::private::RawValue";

/// Bodies that used to be stored as something else than they say, and where their fault is.
fn pretenders() -> Vec<(String, String)> {
    let inside = |value: &str, name: &str| format!(r#"{{"{name}":{value}}}"#);
    vec![
        (
            format!(r#"{{"x":{{"a":1,"{RESERVED}":"["}}}}"#),
            format!("/x/{RESERVED}"),
        ),
        (
            format!(r#"{{"d":{}}}"#, inside(r#""{\"x\":1,\"x\":2}""#, RESERVED)),
            format!("/d/{RESERVED}"),
        ),
        (
            format!(r#"{{"l":[0,{}]}}"#, inside("\"1\"", RESERVED)),
            format!("/l/1/{RESERVED}"),
        ),
        (
            inside("\"1\"", "\\u0024serde_json::private::Number"),
            "/$serde_json::private::Number".into(),
        ),
        (
            inside("{}", "$serde_json::private::"),
            "/$serde_json::private::".into(),
        ),
    ]
}

async fn is_refused_at(call: Call, body: &str, pointer: &str) {
    let refused = call.text("application/json", body).send().await;
    refused.refused(422, "invalid_body");
    let answer = refused.json();
    let found = answer.get("pointer").unwrap_or(&answer["meta"]["pointer"]);
    assert_eq!(found, pointer, "{body}: {}", refused.text());
}

#[tokio::test]
async fn row_59_names_that_the_json_library_keeps_for_itself_are_refused() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    let key = site.admin_key().await;
    site.sdk("GET", "me").bearer(&token).send().await.ok(200);
    for (metadata, pointer) in pretenders() {
        let patch = format!(r#"{{"meta":{metadata}}}"#);
        let call = site.sdk("PATCH", "me").bearer(&token);
        is_refused_at(call, &patch, &format!("/meta{pointer}")).await;
        let call = site
            .environment("PUT", "/users/user-1/metadata")
            .bearer(&key);
        is_refused_at(call, &metadata, &pointer).await;
        let settings = format!(r#"{{"settings":{metadata}}}"#);
        let call = site.environment("PATCH", "").bearer(&key);
        is_refused_at(call, &settings, &format!("/settings{pointer}")).await;
        let call = site.environment("PATCH", "").bearer(&key);
        is_refused_at(call, &metadata, &pointer).await;
    }
    // The user is as before, for everybody who looks.
    let me = site.sdk("GET", "me").bearer(&token).send().await.ok(200);
    assert_eq!(me["meta"], json!({}));
    let listed = site.environment("GET", "/users").bearer(&key).send().await;
    assert_eq!(listed.ok(200)["items"][0]["metadata"], json!({}));
    let frozen = site
        .environment("POST", "/users/user-1/freeze")
        .bearer(&key)
        .send()
        .await;
    assert_eq!(frozen.ok(200)["frozen"], true);
}

#[tokio::test]
async fn row_59_a_name_that_only_resembles_a_reserved_one_is_stored() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    let meta =
        json!({ "$serde_json": 1, "serde_json::private::RawValue": "2", "$private::RawValue": 3 });
    let patch = json!({ "meta": meta });
    let merged = site.sdk("PATCH", "me").bearer(&token).json(&patch).send();
    assert_eq!(merged.await.ok(200)["meta"], meta);
}

#[tokio::test]
async fn row_59_a_claim_with_a_reserved_name_is_judged_by_its_own_rules() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let body = format!(
        r#"{{"question":{{"permission":"events"}},"claim":{{"{RESERVED}":"{{\"events\":true}}"}}}}"#
    );
    let call = site.environment("POST", "/explain").bearer(&key);
    let refused = call.text("application/json", &body).send().await;
    refused.refused(422, "permission_claim_malformed");
}

#[tokio::test]
async fn row_59_an_array_is_no_object() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    let key = site.admin_key().await;
    let (admin, sdk) = (
        |method: &str, path: &str| site.call(method, path).bearer(&key),
        |method: &str, path: &str| site.sdk(method, path).bearer(&token),
    );
    let below = |method: &str, path: &str| site.environment(method, path).bearer(&key);
    let project = format!("/admin/v1/projects/{}", site.world.project);
    let of_projects = |body: Value| (admin("POST", "/admin/v1/projects"), body, "");
    for (call, body, pointer) in [
        of_projects(json!(["x"])),
        of_projects(json!([{ "name": "x" }])),
        of_projects(json!("x")),
        of_projects(json!(1)),
        of_projects(json!(null)),
        (admin("PATCH", &project), json!(["x"]), ""),
        (
            admin("POST", &format!("{project}/environments")),
            json!(["x"]),
            "",
        ),
        (below("PATCH", ""), json!(["x", {}]), ""),
        (
            admin("POST", "/admin/v1/operators"),
            json!(["x", "admin", null, null]),
            "",
        ),
        (below("POST", "/signing-keys"), json!([2048, 0]), ""),
        (below("POST", "/signing-keys/import"), json!(["x", 0]), ""),
        (below("POST", "/tokens/check"), json!([token]), ""),
        (below("PUT", "/users/user-1/metadata"), json!([]), ""),
        (sdk("PATCH", "me"), json!([{ "via": "array" }]), ""),
        (
            sdk("PATCH", "me"),
            json!({ "meta": [["via", "array"]] }),
            "/meta",
        ),
        (
            sdk("POST", "explain"),
            json!([null, null, null, { "permission": "events" }]),
            "",
        ),
        (
            sdk("POST", "explain"),
            json!({ "call": ["GET", "/x"] }),
            "/call",
        ),
        (
            sdk("POST", "explain"),
            json!({ "question": ["events", {}] }),
            "/question",
        ),
        (
            sdk("POST", "explain"),
            json!({ "question": { "permission": "events", "target": ["slug"] } }),
            "/question/target",
        ),
        (
            below("POST", "/explain"),
            json!({ "question": ["events", {}] }),
            "/question",
        ),
    ] {
        let refused = call.json(&body).send().await;
        refused.refused(422, "invalid_body");
        let answer = refused.json();
        let found = answer.get("pointer").unwrap_or(&answer["meta"]["pointer"]);
        assert_eq!(found, pointer, "{body}");
        let said = answer.get("detail").unwrap_or(&answer["message"]);
        assert_eq!(said, "expected an object", "{body}");
    }
    let listed = admin("GET", "/admin/v1/projects").send().await.ok(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    let me = sdk("GET", "me").send().await.ok(200);
    assert_eq!(me["meta"], json!({}));
}

#[tokio::test]
async fn row_59_a_refusal_names_no_type_of_ours() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("user-1");
    for (body, status) in [
        (json!({ "question": { "permission": ["events"] } }), 422),
        (json!({ "question": { "permission": 7 } }), 422),
        (
            json!({ "question": { "permission": { "events": 1 } } }),
            422,
        ),
        (json!({ "question": { "permission": "nonsense" } }), 422),
        (json!({ "question": 7 }), 422),
        (json!({ "call": {} }), 422),
    ] {
        let call = site.sdk("POST", "explain").bearer(&token).json(&body);
        let refused = call.send().await;
        let text = refused.text();
        assert_eq!(refused.status, status, "{body}: {text}");
        for word in [
            "struct",
            "enum",
            "variant",
            "Permission",
            "Question",
            "Call",
        ] {
            assert!(!text.contains(word), "{body}: {text}");
        }
    }
}
