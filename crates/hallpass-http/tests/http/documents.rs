//! The OpenAPI document and the pages made from it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hallpass_testkit::Database;
use hallpass_testkit::provider::{Behaviour, FakeKey, FakeProvider};
use serde_json::{Value, json};

use crate::support::Site;

/// A generated file of the repository.
pub fn committed(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name)
}

/// Set to write generated files instead of comparing them.
pub fn blessing() -> bool {
    std::env::var_os("HALLPASS_BLESS").is_some()
}

#[test]
fn the_committed_document_is_the_one_of_the_routes() {
    let path = committed("openapi.json");
    let made = hallpass_http::openapi();
    if blessing() {
        let text = serde_json::to_string_pretty(&made).expect("JSON") + "\n";
        std::fs::write(&path, text).expect("the file can be written");
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let committed: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(
        committed == made,
        "docs/openapi.json is stale: run HALLPASS_BLESS=1 cargo test -p hallpass-http"
    );
}

#[test]
fn operations_are_named_and_refer_to_shapes_that_exist() {
    let document = hallpass_http::openapi();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id.to_owned()), "{id} twice");
            let verb = id.split('_').next().unwrap_or_default();
            let verbs = [
                "create", "list", "read", "update", "replace", "delete", "generate", "import",
                "revoke", "freeze", "unfreeze", "explain", "check", "test", "open", "end", "renew",
                "record", "verify", "issue", "rotate", "send", "begin", "finish", "link", "retry",
                "track", "await", "register", "resend",
            ];
            assert!(verbs.contains(&verb), "{id} begins with a verb");
            assert!(operation["summary"].is_string(), "{id} has a summary");
            assert!(operation["tags"][0].is_string(), "{id} has a tag");
            let admin = path.starts_with("/admin/");
            assert_eq!(operation["x-role"].is_string(), admin, "{id}");
            let named: BTreeSet<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
            let documented: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            assert_eq!(named, documented, "{method} {path}");
        }
    }
    let mut references = vec![];
    collect_references(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                found.push(reference.to_owned());
            }
            members
                .values()
                .for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

/// Members of a real answer, and those that the document promises.
fn assert_described(document: &Value, name: &str, answer: &Value) {
    let schema = &document["components"]["schemas"][name];
    let parts: Vec<&Value> = match schema["allOf"].as_array() {
        Some(parts) => parts.iter().map(|part| resolved(document, part)).collect(),
        None => vec![schema],
    };
    let promised: BTreeSet<&String> = parts
        .iter()
        .filter_map(|part| part["properties"].as_object())
        .flat_map(serde_json::Map::keys)
        .collect();
    assert!(!promised.is_empty(), "{name}: {schema}");
    let seen: BTreeSet<&String> = answer.as_object().expect("an object").keys().collect();
    let required: BTreeSet<&str> = parts
        .iter()
        .filter_map(|part| part["required"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        seen.is_subset(&promised),
        "{name}: {seen:?} beyond {promised:?}"
    );
    assert!(
        required.iter().all(|member| answer.get(member).is_some()),
        "{name}: {required:?} not all in {seen:?}"
    );
}

fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let pointer = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'));
    pointer.map_or(schema, |pointer| {
        document.pointer(pointer).expect("a shape")
    })
}

#[tokio::test]
async fn shapes_of_identity_providers_are_described_as_they_are() {
    let provider = FakeProvider::start().await;
    let cannot = FakeKey::rsa("for-encryption").with(json!({ "use": "enc" }));
    provider.publish(&[provider.key(), cannot]);
    let site = Site::beside(Database::sqlite().await, &[&provider]).await;
    let document = hallpass_http::openapi();
    // Every member that settings can have, in settings that fit.
    let mut members = BTreeSet::new();
    let path = "/identity-providers";
    for settings in [
        json!({ "kind": "auth0", "domain": "a.auth0.com", "custom_domain": "login.acme.test", "any_audience": true, "permissions_claim": "p" }),
        json!({ "kind": "firebase", "project_id": "acme", "roles_claim": "r", "role_permissions": [{ "role": "a", "permissions": {} }] }),
        json!({ "kind": "jwks", "url": provider.url("/jwks"), "issuer": provider.issuer(), "audiences": ["app"], "user_claim": "uid", "token_types": ["at+jwt"], "algorithms": ["RS256"] }),
    ] {
        let call = site.environment("POST", path).local().json(&settings);
        let made = call.send().await.ok(201);
        assert_described(&document, "IdentityProvider", &made);
        site.world.clock.advance(Duration::from_secs(1));
        members.extend(settings.as_object().expect("members").keys().cloned());
    }
    let described =
        document["components"]["schemas"]["IdentityProviderSettings"]["properties"].as_object();
    let described: BTreeSet<String> = described.expect("members").keys().cloned().collect();
    assert_eq!(described, members);

    let listed = site.environment("GET", path).local().send().await.ok(200);
    let id = |index: usize| listed["items"][index]["id"].as_str().expect("an id");
    let test = format!("{path}/{}/test", id(2));
    let token = json!({ "token": provider.id_token("u", json!({ "uid": "u" })) });
    let report = site
        .environment("POST", &test)
        .local()
        .json(&token)
        .send()
        .await
        .ok(200);
    assert_described(&document, "IdentityProviderTest", &report);
    assert_described(&document, "KeyFetch", &report["fetch"]);
    assert_described(&document, "PublishedKey", &report["keys"][0]);
    assert_described(&document, "PublishedKey", &report["keys"][1]);
    assert_described(&document, "TokenReport", &report["token"]);
    provider.behave(Behaviour::Status(500));
    site.world.clock.advance(Duration::from_secs(31));
    let failed = site.environment("POST", &test).local().send().await.ok(200);
    assert_described(&document, "KeyFetch", &failed["fetch"]);
    let shown = site.environment("GET", path).local().send().await.ok(200);
    let keys = &shown["items"][2]["keys"];
    assert_described(&document, "IdentityProviderKeys", keys);
    assert_described(&document, "IdentityProviderFailure", &keys["failure"]);
    assert_described(
        &document,
        "IdentityProviderWarning",
        &shown["items"][0]["warnings"][0],
    );
}

#[tokio::test]
async fn shapes_that_other_crates_write_are_described_as_they_are() {
    let site = Site::on_sqlite().await;
    let document = hallpass_http::openapi();
    let token = site.world.token("user-1");
    let question = json!({ "claim": { "integration:*": ["events", "Odd"] }, "question": { "permission": "metadata:read", "target": { "integration": "slack", "credential": "new" } } });
    let explanation = site
        .environment("POST", "/explain")
        .local()
        .json(&question)
        .send()
        .await
        .ok(200);
    assert_described(&document, "Explanation", &explanation);
    assert_described(&document, "Target", &explanation["target"]);
    assert_described(&document, "Grant", &explanation["deciding"][0]);
    let matrix = site
        .environment("POST", "/explain/matrix")
        .local()
        .json(&json!({ "claim": { "integration:*": ["events"] } }))
        .send()
        .await
        .ok(200);
    assert_described(&document, "Matrix", &matrix);
    assert_described(&document, "MatrixRow", &matrix["rows"][1]);
    assert_described(&document, "MatrixCell", &matrix["rows"][1]["decisions"][0]);
    assert!(
        explanation["change"].is_array() && explanation["unknown_permissions"][0] == "Odd",
        "{explanation}"
    );
    for token in [token.as_str(), "x"] {
        let report = site
            .environment("POST", "/tokens/check")
            .local()
            .json(&json!({ "token": token }))
            .send()
            .await
            .ok(200);
        assert_described(&document, "TokenReport", &report);
        assert_described(&document, "TokenStep", &report["steps"][0]);
    }
    let problem = site.call("GET", "/admin/v1/nothing").send().await.json();
    assert_described(&document, "Problem", &problem);
    let refusal = site.sdk("GET", "me").send().await.json();
    assert_described(&document, "Refusal", &refusal);
    let me = site.sdk("GET", "me").bearer(&token).send().await.ok(200);
    assert_described(&document, "ConnectUser", &me);
}

#[tokio::test]
async fn the_reference_page_shows_every_operation_and_needs_nothing_from_elsewhere() {
    let site = Site::on_sqlite().await;
    let document = site.call("GET", "/openapi.json").send().await;
    assert_eq!(document.ok(200), hallpass_http::openapi());
    let page = site.call("GET", "/docs").send().await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let html = page.text();
    for (path, item) in hallpass_http::openapi()["paths"]
        .as_object()
        .expect("paths")
    {
        assert!(html.contains(&format!("<code>{path}</code>")), "{path}");
        for operation in item.as_object().expect("operations").values() {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(html.contains(&format!("<article id=\"{id}\">")), "{id}");
        }
    }
    assert!(!html.contains("<script") && !html.contains("style=\"") && !html.contains("//cdn"));
    for link in html
        .split("href=\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(
            html.contains(&format!("id=\"{link}\"")),
            "#{link} leads nowhere"
        );
    }
    for other in html
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| !link.starts_with('#'))
    {
        let status = site.call("GET", other).send().await.status;
        assert_eq!(status, 200, "{other}");
    }
    let style = site.call("GET", "/docs/style.css").send().await;
    assert_eq!(
        (style.status, style.header("content-type")),
        (200, "text/css; charset=utf-8")
    );
    assert!(!style.text().contains("url(") && !style.text().contains("@import"));
    let welcome = site.call("GET", "/").send().await;
    assert!(welcome.text().contains("href=\"/docs\""));
}

/// The sources without their tests.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    for krate in [
        "hallpass-core",
        "hallpass-egress",
        "hallpass-http",
        "hallpass-jose",
        "hallpass-model",
        "hallpass-store",
    ] {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(krate)
            .join("src");
        for_each_source(&folder, &mut |path, text| {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            found.push((path.to_owned(), code.to_owned()));
        });
    }
    found
}

#[test]
fn the_list_of_codes_is_the_one_of_the_source() {
    const KINDS: [&str; 9] = [
        "invalid_request",
        "unauthenticated",
        "forbidden",
        "conflict",
        "precondition_failed",
        "too_large",
        "unprocessable",
        "too_many_requests",
        "unavailable",
    ];
    let document = hallpass_http::openapi();
    let listed: BTreeSet<&str> = document["x-codes"]
        .as_array()
        .expect("codes")
        .iter()
        .filter_map(|entry| entry["code"].as_str())
        .collect();
    let sources = sources();
    let mut answered = BTreeSet::new();
    for (_, text) in &sources {
        for kind in KINDS {
            for call in text.split(&format!("::{kind}(")).skip(1) {
                let code = call
                    .trim_start()
                    .strip_prefix('"')
                    .and_then(|rest| rest.split('"').next());
                answered.extend(code);
            }
        }
    }
    assert!(answered.len() > 25, "{answered:?}");
    answered.remove("insufficient_permission");
    let missing: Vec<_> = answered.difference(&listed).collect();
    assert!(missing.is_empty(), "not in the list of codes: {missing:?}");
    let unused: Vec<_> = listed
        .iter()
        .filter(|code| {
            let word = format!("\"{code}\"");
            **code != "-"
                && !sources
                    .iter()
                    .any(|(path, text)| !path.ends_with("docs/codes.rs") && text.contains(&word))
        })
        .collect();
    assert!(unused.is_empty(), "listed, but never answered: {unused:?}");
}

fn for_each_source(folder: &Path, read: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            for_each_source(&path, read);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            read(
                &path,
                &std::fs::read_to_string(&path).expect("a source file"),
            );
        }
    }
}
