//! Markup, marks that turn text around, and far too much of it, in every field.

use hallpass_model::Role;
use serde_json::json;

use super::seat;
use crate::dashboard::html::{text_of, value_of};
use crate::support::{Answer, Site};

const MARKUP: &str = "\n\"'></textarea></pre><script>alert(1)</script><b onclick=x>{{7*7}}&lt;";
const TURNED: &str = "a\u{202e}b\u{2066}c\u{200f}d\u{feff}";

/// Where each form goes, which fields it has, and which of them are text areas.
const FORMS: [(&str, &[&str], &[&str]); 7] = [
    ("/keys", &["keep_for"], &[]),
    ("/keys/import", &["keep_for"], &["public_key"]),
    ("/authentication/check", &[], &["token"]),
    (
        "/authentication/new/auth0",
        &[
            "domain",
            "custom_domain",
            "issuer",
            "url",
            "user_claim",
            "permissions_claim",
            "roles_claim",
        ],
        &["audiences", "role_permissions", "token_types", "algorithms"],
    ),
    (
        "/authentication/new/firebase",
        &["project_id", "url"],
        &["role_permissions"],
    ),
    (
        "/authentication/new/jwks",
        &["url", "issuer"],
        &["audiences", "algorithms"],
    ),
    ("/allowed", &[], &["audiences", "allowed_origins"]),
];

#[tokio::test]
async fn hostile_text_in_every_field_renders_harmlessly_and_stays_whole() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    let once = desk.hidden("", "once").await;
    let version = desk.hidden("/allowed", "version").await;
    let long = MARKUP.repeat(1024 * 1024 / MARKUP.len());
    for text in [MARKUP, TURNED, &long] {
        for (path, lines, areas) in FORMS {
            let fields = vec![
                ("once", &*once),
                ("version", &*version),
                ("bits", text),
                ("old_keys", "keep"),
            ];
            // Forms of four megabytes are read, so one long text at a time.
            let all: Vec<&&str> = lines.iter().chain(areas).collect();
            for group in all.chunks(if text.len() > 1000 { 1 } else { all.len() }) {
                let mut fields = fields.clone();
                if text.len() > 1000 {
                    fields[2].1 = "2048";
                }
                fields.extend(group.iter().map(|name| (**name, text)));
                let answer = desk.submit(path, &fields).await;
                let page = harmless(&answer, path);
                for name in group {
                    let is_area = areas.contains(*name);
                    let id = match (path, **name) {
                        ("/keys", name) => format!("generate-{}", name.replace('_', "-")),
                        ("/keys/import", "keep_for") => "import-keep-for".to_owned(),
                        ("/keys/import", _) => "public-key".to_owned(),
                        (_, name) => name.to_owned(),
                    };
                    let shown = if is_area {
                        text_of(&page, &id)
                    } else {
                        value_of(&page, &id)
                    };
                    assert!(shown == text, "{path}: {name} does not stay whole");
                }
            }
        }
    }
}

#[tokio::test]
async fn hostile_text_that_is_stored_is_shown_as_text() {
    let site = Site::on_sqlite().await;
    let desk = seat(&site, Role::Member).await;
    let markup = "</textarea><script>alert(1)</script>'\"$(x)";
    let patch = json!({ "settings": { "audiences": [markup, TURNED], "aud_mode": "only_configured", "issuer": markup } });
    site.environment("PATCH", "")
        .local()
        .json(&patch)
        .send()
        .await
        .ok(200);
    let provider = json!({
        "kind": "jwks", "url": "https://keys.acme.com/jwks", "issuer": "https://keys.acme.com/<script>alert(1)</script>",
        "audiences": [markup], "roles_claim": markup, "role_permissions": [{ "role": markup, "permissions": { "x<b>": true } }],
    });
    let made = site
        .environment("POST", "/identity-providers")
        .local()
        .json(&provider)
        .send()
        .await;
    let id = match made.status {
        201 => made.json()["id"].as_str().unwrap().to_owned(),
        // The permissions have an evaluator of their own with an opinion on names.
        _ => {
            let mut provider = provider;
            provider["role_permissions"][0]["permissions"] = json!({ "integration:*": true });
            let made = site
                .environment("POST", "/identity-providers")
                .local()
                .json(&provider)
                .send()
                .await
                .ok(201);
            made["id"].as_str().unwrap().to_owned()
        }
    };
    for path in [
        "",
        "/authentication",
        "/allowed",
        "/code",
        &format!("/authentication/{id}"),
    ] {
        let answer = desk.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        harmless(&answer, path);
    }
    let page = desk.get("/allowed").await.page(200);
    assert_eq!(text_of(&page, "audiences"), format!("{markup}\n{TURNED}"));
    let page = desk.get(&format!("/authentication/{id}")).await.page(200);
    assert_eq!(
        (text_of(&page, "audiences"), value_of(&page, "roles_claim")),
        (markup.to_owned(), markup.to_owned())
    );
}

fn harmless(answer: &Answer, path: &str) -> String {
    let text = answer.text();
    assert!(answer.status < 500, "{path}: {text}");
    assert!(
        answer.header("content-type").starts_with("text/html"),
        "{path}"
    );
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    for piece in [
        "<script>",
        "<b onclick",
        "</textarea></pre>",
        "</textarea><script",
    ] {
        assert!(!text.contains(piece), "{path}: {piece} got through");
    }
    text
}
