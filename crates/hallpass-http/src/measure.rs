//! Numbers for Prometheus. Labels come from small closed sets: route templates, methods, statuses; never an id.

use std::sync::OnceLock;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "hallpass_http_requests_total";
const SECONDS: &str = "hallpass_http_request_duration_seconds";

/// Upper bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// How often samples are folded into their buckets when nobody scrapes.
const FOLD_EVERY: Duration = Duration::from_secs(5);

/// The process's recorder. The `metrics` facade knows one per process, so every listener of a process shares it.
pub(crate) fn exposition() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = builder
            .set_buckets_for_metric(Matcher::Full(SECONDS.to_owned()), &BOUNDS)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; /metrics stays empty");
        }
        describe();
        handle
    })
}

/// Folds samples for as long as it is polled; without it a histogram nobody scrapes would grow.
pub(crate) async fn fold() {
    loop {
        tokio::time::sleep(FOLD_EVERY).await;
        exposition().run_upkeep();
    }
}

/// Counts one answered request.
pub(crate) fn request(route: &str, method: &Method, status: StatusCode, elapsed: Duration) {
    let method = method_label(method);
    let status = status.as_str().to_owned();
    metrics::counter!(REQUESTS, "route" => route.to_owned(), "method" => method, "status" => status)
        .increment(1);
    metrics::histogram!(SECONDS, "route" => route.to_owned(), "method" => method)
        .record(elapsed.as_secs_f64());
}

/// The method as a label; whatever else a client makes up is `other`.
pub(crate) fn method_label(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
    ];
    const WORDS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN
        .iter()
        .zip(WORDS)
        .find(|(known, _)| *known == method)
        .map_or("other", |(_, word)| word)
}

fn describe() {
    metrics::describe_counter!(
        REQUESTS,
        "Requests answered, by route template, method and status."
    );
    metrics::describe_histogram!(
        SECONDS,
        metrics::Unit::Seconds,
        "Time from the first byte of the request's head to the answer's head."
    );
    metrics::describe_counter!(
        "hallpass_tokens_accepted_total",
        "User tokens that were accepted, remembered ones included."
    );
    metrics::describe_counter!(
        "hallpass_tokens_refused_total",
        "User tokens that were refused, by reason."
    );
    metrics::describe_counter!(
        "hallpass_decisions_total",
        "Permission decisions that were enforced, by permission and outcome."
    );
    metrics::describe_counter!(
        "hallpass_decisions_not_recorded_total",
        "Decisions that did not fit into the batch waiting for the audit trail."
    );
    metrics::describe_counter!(
        "hallpass_identity_provider_fetches_total",
        "Fetches of identity providers' keys, by outcome."
    );
    metrics::describe_gauge!(
        "hallpass_identity_provider_key_sets_degraded",
        "Key sets of identity providers whose last fetch failed."
    );
    metrics::describe_counter!(
        "hallpass_egress_requests_total",
        "Requests to servers outside, by outcome."
    );
    metrics::describe_counter!(
        "hallpass_clock_set_back_total",
        "Times that the wall clock was set back by more than 5 seconds."
    );
}
