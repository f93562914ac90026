//! What every request passes on its way in, and every answer on its way out.

mod cors;
mod credentials_in_form;
mod headers;
mod own_deliveries;
mod request_id;

use std::any::Any;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hallpass_model::{EnvironmentId, Error, ProjectId};
use http::Method;
use tracing::Instrument;
use tracing::field::{DisplayValue, display};

pub(crate) use credentials_in_form::{FORM_BYTES, refuse_credentials_in_form};
pub(crate) use own_deliveries::refuse_own_deliveries;

use crate::extract::{PathId, RequestId, find_in_path};
use crate::surface::Surface;
use crate::{AppState, Failure, admin, connect, dashboard, measure, session};

/// How long a request may take before it is given up.
const DEADLINE: Duration = Duration::from_secs(30);

/// The outermost door: names the request, writes its log line and numbers, and gives failures their body.
///
/// The line holds the route and the environment or project that its path names; never the path itself, in which a user's
/// `sub` may stand, nor a query, a header or a body.
pub(crate) async fn attend(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = app.services.clock.monotonic();
    let surface = Surface::of(request.uri().path());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    let path = request.uri().path().to_owned();
    let id = request_id::of(request.headers(), &*app.services.rng);
    let span = tracing::info_span!(
        "request",
        id = &*id,
        surface = surface.as_str(),
        method = measure::method_label(&method),
        environment = id_in_path::<EnvironmentId>(route, &path),
        project = id_in_path::<ProjectId>(route, &path),
    );
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));

    let asked = cors::Asked::of(request.headers());
    let wants_json = asks_for_json(request.headers());
    let structured = session::compat::wants_structure(request.headers());
    let outgoing = session::Outgoing::default();
    request.extensions_mut().insert(outgoing.clone());
    let preflight = method == Method::OPTIONS
        && matches!(
            surface,
            Surface::Connect | Surface::Session | Surface::Published
        );
    let mut response = if preflight {
        let mut answer = asked.answer();
        if surface == Surface::Session {
            asked.allow_credentials(answer.headers_mut());
        }
        answer
    } else {
        next.run(request).instrument(span.clone()).await
    };
    let failure = response.extensions_mut().remove::<Arc<Failure>>();
    if let Some(failure) = &failure {
        let allow = response.headers_mut().remove(http::header::ALLOW);
        response = match surface {
            Surface::Connect => connect::render(failure),
            // Pages write their own refusals; what is left comes from a page's script, or is no page at all.
            Surface::Session | Surface::Page | Surface::Published => {
                session::render(failure, structured)
            }
            Surface::Dashboard if !wants_json => dashboard::render(failure, &id),
            Surface::Admin | Surface::Dashboard | Surface::Own => {
                admin::render(failure, &id, &path)
            }
        };
        if let Some(allow) = allow {
            response.headers_mut().insert(http::header::ALLOW, allow);
        }
    }
    match surface {
        Surface::Connect if !preflight => asked.expose(response.headers_mut()),
        Surface::Session if !preflight => asked.expose_session(response.headers_mut()),
        Surface::Published => open_to_all(response.headers_mut()),
        _ => {}
    }
    if let Some(value) = outgoing.take() {
        session::compat::hand_out(response.headers_mut(), value);
    }
    headers::finish(&mut response, surface, &id);

    let elapsed = app.services.clock.monotonic().saturating_sub(started);
    let route = route.unwrap_or("unmatched");
    measure::request(route, &method, response.status(), elapsed);
    span.in_scope(|| log(&response, route, elapsed, failure.as_deref()));
    response
}

/// Scripts of the dashboard do; browsers that load a page do not.
fn asks_for_json(headers: &http::HeaderMap) -> bool {
    let accept = headers.get(http::header::ACCEPT);
    accept
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"))
}

/// A key set is no secret, and no cookie comes with it.
fn open_to_all(headers: &mut http::HeaderMap) {
    headers.insert(
        http::header::ACCESS_CONTROL_ALLOW_ORIGIN,
        http::HeaderValue::from_static("*"),
    );
}

/// Gives up on requests that take too long.
pub(crate) async fn keep_deadline(request: Request, next: Next) -> Response {
    match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::from(Error::unavailable(
            "deadline_exceeded",
            "the request took too long and was given up",
        ))
        .into_response(),
    }
}

/// A handler that panicked fails its own request only.
pub(crate) fn answer_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without text");
    Failure::from(Error::internal(format!("panicked: {text}"))).into_response()
}

fn id_in_path<T: PathId + Display>(route: Option<&str>, path: &str) -> Option<DisplayValue<T>> {
    find_in_path(route?, path).map(display)
}

fn log(response: &Response, route: &str, elapsed: Duration, failure: Option<&Failure>) {
    let status = response.status().as_u16();
    let ms = elapsed.as_millis();
    let Some(failure) = failure else {
        tracing::info!(status, route, ms, "answered");
        return;
    };
    let code = failure.error().code();
    match failure.error().context() {
        Some(context) if response.status().is_server_error() => {
            tracing::error!(status, route, ms, code, context = %context, "failed");
        }
        Some(context) => tracing::info!(status, route, ms, code, context = %context, "refused"),
        None => tracing::info!(status, route, ms, code, "refused"),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    async fn failure_of(app: Router) -> Arc<Failure> {
        let request = Request::builder().uri("/").body(Body::empty());
        let response = app.oneshot(request.expect("a request")).await;
        let mut response = response.expect("an answer");
        let failure = response.extensions_mut().remove::<Arc<Failure>>();
        failure.expect("a failure to be rendered")
    }

    #[tokio::test]
    async fn a_panic_fails_one_request_and_its_text_stays_inside() {
        async fn panics() -> &'static str {
            panic!("the private text")
        }
        let app = Router::new()
            .route("/", get(panics))
            .layer(CatchPanicLayer::custom(answer_panic));
        let failure = failure_of(app).await;
        assert_eq!(failure.status(), 500);
        assert!(!failure.error().message().contains("private"));
        let context = failure.error().context().expect("a context").to_string();
        assert_eq!(context, "panicked: the private text");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_given_up() {
        let app = Router::new()
            .route("/", get(std::future::pending::<&'static str>))
            .layer(from_fn(keep_deadline));
        let failure = failure_of(app).await;
        assert_eq!(failure.status(), 503);
        assert_eq!(failure.error().code(), "deadline_exceeded");
    }
}
