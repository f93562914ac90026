//! Probes and numbers.

use std::time::Duration;

use hallpass_testkit::Database;
use serde_json::json;

use crate::support::Site;

#[tokio::test]
async fn probes_tell_the_process_from_its_database() {
    let site = Site::on_sqlite().await;
    assert_eq!(
        site.call("GET", "/healthz").send().await.ok(200),
        json!({ "ok": true })
    );
    let ready = site.call("GET", "/readyz").send().await.ok(200);
    let names: Vec<&str> = ready["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter_map(|check| check["name"].as_str())
        .collect();
    assert_eq!(
        (ready["ok"].as_bool(), names),
        (Some(true), vec!["database", "schema", "trust_state"])
    );
}

#[test]
fn without_a_database_a_node_is_not_ready_and_says_so() {
    hallpass_testkit::block_on(async {
        let database = Database::postgres().await;
        let site = Site::new(database).await;
        site.database().shut_out().await;
        let down = site.call("GET", "/readyz").send().await;
        assert_eq!(down.status, 503, "{}", down.text());
        let database = &down.json()["checks"][0];
        assert_eq!(
            (&database["name"], &database["ok"]),
            (&json!("database"), &json!(false))
        );
        site.call("GET", "/healthz").send().await.ok(200);
        site.database().let_in().await;
        // A connection that the server ended may still be found in the pool once or twice.
        for _ in 0..50 {
            if site.call("GET", "/readyz").send().await.status == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the node stays not ready although the database is back");
    });
}

#[tokio::test]
async fn metrics_count_requests_tokens_and_reasons_without_ids() {
    let site = Site::on_sqlite().await;
    let token = site.world.token("metrics-user");
    site.sdk("GET", "me").bearer(&token).send().await.ok(200);
    site.sdk("GET", "me")
        .bearer("x")
        .send()
        .await
        .refused(401, "malformed");
    site.call("BREW", "/projects/a/b/c")
        .send()
        .await
        .refused(404, "not_found");
    let answer = site.call("GET", "/metrics").send().await;
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = answer.text();
    for line in [
        r#"hallpass_http_requests_total{route="/projects/{environment}/sdk/me",method="GET",status="200"} "#,
        r#"hallpass_http_requests_total{route="/projects/{environment}/sdk/me",method="GET",status="401"} "#,
        r#"hallpass_http_requests_total{route="unmatched",method="other",status="404"} "#,
        r#"hallpass_http_request_duration_seconds_bucket{route="/projects/{environment}/sdk/me",method="GET",le="0.001"} "#,
        r#"hallpass_http_request_duration_seconds_bucket{route="/projects/{environment}/sdk/me",method="GET",le="+Inf"} "#,
        r#"hallpass_tokens_refused_total{reason="malformed"} "#,
        "hallpass_tokens_accepted_total ",
        "# TYPE hallpass_http_requests_total counter",
        "# TYPE hallpass_http_request_duration_seconds histogram",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    for id in [
        site.world.environment.to_string(),
        "metrics-user".into(),
        "BREW".into(),
        "/projects/a".into(),
    ] {
        assert!(!text.contains(&id), "{id} in\n{text}");
    }
    // Every line is a comment, or a name with labels and a number.
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        assert!(series.starts_with("hallpass_"), "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}
