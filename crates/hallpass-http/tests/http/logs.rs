//! What is written down about requests, and what never is.

use crate::paper;
use crate::support::Site;
use serde_json::json;

#[tokio::test]
async fn a_line_per_request_and_no_secret_in_any() {
    let site = Site::on_sqlite().await;
    let claim = "urn:useparagon:connect:permissions";
    let claims = site.world.claims_with(
        "user-1",
        json!({ claim: { "integration:my-secret-slug": true } }),
    );
    let token = site.world.sign(&claims);
    let key = site.admin_key().await;
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    let secret = json!({ "meta": { "note": "my-secret-note" } });

    let mut secrets = vec![
        token.clone(),
        forged.clone(),
        key.clone(),
        "my-secret".into(),
        "hpo_wrong".into(),
    ];
    site.sdk("GET", "me?userToken=my-secret-query")
        .bearer(&token)
        .header("x-request-id", "seen-1")
        .send()
        .await
        .ok(200);
    for call in [
        site.sdk("GET", "me").bearer(&forged),
        site.sdk("GET", &format!("me?access_token={token}")),
        site.sdk("GET", &format!("me/{token}")),
        site.sdk("PATCH", "me").bearer(&token).json(&secret),
        site.sdk("PATCH", "me")
            .bearer(&token)
            .json(&json!({ "meta": "my-secret-value" })),
        site.sdk("GET", "me")
            .header("authorization", "my-secret-word"),
        site.call("GET", "/admin/v1/me").bearer("hpo_wrong"),
        site.call("GET", "/admin/v1/me").bearer(&key),
        site.environment("POST", "/tokens/check")
            .bearer(&key)
            .json(&json!({ "token": forged })),
        site.environment("POST", "/explain")
            .bearer(&key)
            .json(&json!({ "token": forged, "question": { "permission": "events" } })),
        site.environment("POST", "/signing-keys/import")
            .bearer(&key)
            .json(&json!({ "public_key_pem": "-----BEGIN PRIVATE KEY-----my-secret-pem" })),
    ] {
        let _ = call.send().await;
    }
    let made = site
        .call("POST", "/admin/v1/operators")
        .bearer(&key)
        .json(&json!({ "name": "x", "role": "support" }))
        .send()
        .await;
    secrets.push(made.ok(201)["secret"].as_str().expect("a key").to_owned());
    let generated = site
        .environment("POST", "/signing-keys")
        .bearer(&key)
        .send()
        .await
        .ok(201);
    secrets.push(
        generated["private_key_pem"]
            .as_str()
            .expect("a PEM")
            .lines()
            .nth(1)
            .expect("a line")
            .to_owned(),
    );

    let text = paper::text();
    let line = text
        .lines()
        .find(|line| line.contains("seen-1"))
        .expect("a line for the request");
    for part in [
        "surface=\"connect\"",
        "method=\"GET\"",
        "route=\"/projects/{environment}/sdk/me\"",
        "status=200",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(
        text.contains("code=\"signature_invalid\""),
        "refusals are logged with their code"
    );
    assert!(
        text.lines()
            .filter(|line| line.contains("request{"))
            .count()
            >= 14
    );
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} was logged:\n{text}");
    }
}

#[tokio::test]
async fn whose_user_a_request_was_about_is_not_written_down() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let sub = "telling.sub+tag@example.test";
    let token = site.world.token(sub);
    site.sdk("GET", "me").bearer(&token).send().await.ok(200);
    for encoded in [sub, "telling.sub%2Btag%40example.test"] {
        let path = format!("/users/{encoded}");
        for (method, path) in [
            ("GET", path.clone()),
            ("PUT", format!("{path}/metadata")),
            ("POST", format!("{path}/freeze")),
            ("POST", format!("{path}/unfreeze")),
            ("POST", format!("{path}/revoke-tokens")),
            ("PATCH", path.clone()),
            ("GET", format!("{path}/nothing-there")),
            ("DELETE", path.clone()),
            ("GET", path.clone()),
        ] {
            let call = site.environment(method, &path).bearer(&key);
            let _ = call.header("x-request-id", "telling").send().await;
        }
        // Where an id is expected, too.
        for path in [
            format!("/admin/v1/environments/{encoded}"),
            format!("/admin/v1/projects/{encoded}"),
            format!("/projects/{encoded}/sdk/me"),
        ] {
            let call = site.call("GET", &path).bearer(&key);
            let _ = call.header("x-request-id", "telling").send().await;
        }
    }
    let text = paper::text();
    let about: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("id=\"telling\""))
        .collect();
    assert!(about.len() >= 24, "{}", about.len());
    let template = "route=\"/admin/v1/environments/{environment}/users/{sub}\"";
    let environment = format!("environment={}", site.world.environment);
    assert!(
        about
            .iter()
            .any(|line| line.contains(template) && line.contains(&environment)),
        "{about:?}"
    );
    assert!(!text.contains("telling.sub"), "the user's name was logged");
}

#[tokio::test]
async fn the_project_of_a_request_is_written_down() {
    let site = Site::on_sqlite().await;
    let key = site.admin_key().await;
    let path = format!("/admin/v1/projects/{}", site.world.project);
    let call = site.call("GET", &path).bearer(&key);
    call.header("x-request-id", "of-a-project")
        .send()
        .await
        .ok(200);
    let text = paper::text();
    let line = text.lines().find(|line| line.contains("of-a-project"));
    let project = format!("project={}", site.world.project);
    assert!(line.expect("a line").contains(&project), "{line:?}");
}
