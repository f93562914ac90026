//! The HTTP surfaces of Hallpass: the Connect surface that browsers and backends call with a user token, the admin API that
//! operators call with a key, and the pages and probes beside them.
//!
//! A request passes the router's doors (request id, log line, body and time limits, CORS), an extractor that knows who
//! asks, and a handler that calls one service method and shapes the answer. There are no rules of the product in here.
//!
//! Failures travel as [`Failure`]; the outermost door renders them in the envelope of the surface that was called, so that
//! a panic, a deadline and an unknown path read like every other refusal there.

mod admin;
mod budget;
mod ceremony;
mod connect;
mod dashboard;
mod docs;
mod door;
mod extract;
mod failure;
mod form;
mod measure;
mod ops;
mod portal;
mod post;
mod router;
mod serve;
mod session;
mod state;
mod surface;
mod time;
mod tls;

pub use docs::openapi;
pub use extract::{AddressRange, LocalOperator, MalformedRange};
pub use failure::Failure;
pub use portal::{portal, serve_portal};
pub use router::app;
pub use serve::{ServeOptions, serve};
pub use state::{AppState, HttpSettings};
pub use tls::{TlsConfig, TlsError};
