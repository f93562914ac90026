//! The second listener that unmodified browser SDKs expect beside a server on the user's own machine.
//!
//! Before they open a sign-in page they make an RSA key pair, with a worker script that they fetch from a fixed host, not
//! from the API's. So this answers exactly one path, with a worker of our own. Everything else is a plain 404: an SDK that
//! runs on a server evaluates what it is given for other paths, and there is nothing that we would want it to run.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use tokio::net::TcpListener;

use crate::serve::{ServeOptions, serve};

const WORKER: &str = include_str!("../assets/portal/prime.worker.js");

/// What one answer needs: any page may read it, and no browser takes it for anything but what it says it is.
const SHARED: [(HeaderName, HeaderValue); 2] = [
    (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// The prime-search worker, and nothing else.
pub fn portal() -> Router {
    Router::new()
        .route("/static/js/prime.worker.min.js", get(read_worker))
        .fallback(no_such_file)
        .method_not_allowed_fallback(no_such_file)
}

/// Serves [`portal`] until `shutdown` completes.
///
/// # Errors
/// None today; failures of single connections are logged.
pub async fn serve_portal(
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let options = ServeOptions {
        tls: None,
        drain: Duration::from_secs(1),
    };
    serve(listener, portal(), options, shutdown).await
}

async fn read_worker() -> impl IntoResponse {
    let of_the_file = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    (SHARED, of_the_file, WORKER)
}

async fn no_such_file() -> impl IntoResponse {
    let of_the_text = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    (
        StatusCode::NOT_FOUND,
        SHARED,
        of_the_text,
        "there is nothing here",
    )
}
