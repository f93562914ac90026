//! The mails and text messages that a demo caught instead of sending them, for whoever sits at the machine.
//!
//! What stands here opens accounts, so it is shown to this machine only: the connection comes from a loopback address, no proxy
//! passed it on, and the request names this machine, so that no page of a stranger reads it through a name that leads here.

use std::fmt::Write as _;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use hallpass_core::{Caught, Services, Trap};
use hallpass_model::Error;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue};
use serde::Serialize;

use crate::time::rfc3339;
use crate::{AppState, Failure};

/// Where the caught mails are.
const PATH: &str = "/demo/mail";
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// One mail or text message.
#[derive(Serialize)]
struct CaughtView {
    id: String,
    to: String,
    subject: String,
    text: String,
    code: Option<String>,
    sent_at: String,
}

/// The page, where mails are caught; nothing, where they are sent.
pub(crate) fn pages(services: &Services) -> Router<AppState> {
    match services.codes.trap() {
        Some(_) => Router::new().route(PATH, get(read_mails)),
        None => Router::new(),
    }
}

/// JSON for programs, a page for browsers; newest first.
async fn read_mails(State(app): State<AppState>, request: Request) -> Result<Response, Failure> {
    require_local(&request)?;
    let caught = app
        .services
        .codes
        .trap()
        .map(Trap::list)
        .unwrap_or_default();
    let is_browser = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let mut response = if is_browser {
        let page = page(&caught);
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CONTENT_SECURITY_POLICY, PAGE_POLICY),
        ];
        (headers, page).into_response()
    } else {
        let views: Vec<CaughtView> = caught.into_iter().map(view).collect();
        Json(views).into_response()
    };
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    Ok(response)
}

fn require_local(request: &Request) -> Result<(), Error> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let from_here = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    let passed_on = ["forwarded", "x-forwarded-for", "via"]
        .iter()
        .any(|name| request.headers().contains_key(*name));
    if from_here && !passed_on && names_this_machine(request.headers()) {
        return Ok(());
    }
    Err(Error::not_found("path"))
}

/// `localhost` or a loopback address, with or without a port.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn view(caught: Caught) -> CaughtView {
    CaughtView {
        id: caught.id.to_string(),
        to: caught.to,
        subject: caught.subject,
        text: caught.text,
        code: caught.code,
        sent_at: rfc3339(caught.sent_at),
    }
}

fn page(caught: &[Caught]) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Mails of the demo</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" content=\"3\">\n\
         <style>body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
         pre{white-space:pre-wrap;border-left:3px solid #8884;padding-left:1rem}b{font-size:1.5rem;letter-spacing:.1em}</style></head>\n\
         <body>\n<h1>Mails and text messages</h1>\n<p>The demo sends nothing; this is what it would have sent. The page reads anew every three seconds.</p>\n",
    );
    if caught.is_empty() {
        html.push_str("<p>Nothing yet: ask for a code.</p>\n");
    }
    for one in caught {
        let code = one.code.as_deref().unwrap_or_default();
        // Writing to a string does not fail.
        let _ = write!(
            html,
            "<article>\n<h2>{}</h2>\n<p>{} {}</p>\n<p><b>{}</b></p>\n<pre>{}</pre>\n</article>\n",
            escaped(&one.to),
            rfc3339(one.sent_at),
            escaped(&one.subject),
            escaped(code),
            escaped(&one.text)
        );
    }
    html.push_str("</body>\n</html>\n");
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
