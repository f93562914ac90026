//! From the HTTP client's errors to ours: the chain of causes decides, never a message.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::EgressError;
use crate::resolver::{BlockedAnswer, NoAnswer};
use crate::tls;

/// Where it happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) listed: bool,
    pub(crate) connect_within: Duration,
}

/// What a failed exchange means.
pub(crate) fn explain(error: &reqwest::Error, place: Place<'_>) -> EgressError {
    let endpoint = place.endpoint.to_owned();
    let named = causes(error).find_map(|cause| explain_cause(cause, place));
    if let Some(named) = named {
        return named;
    }
    if error.is_timeout() {
        let within = place.connect_within;
        return EgressError::Timeout { endpoint, within };
    }
    if !error.is_connect() {
        return EgressError::BrokenOff { endpoint };
    }
    if causes(error).any(is_hang_up) {
        let reason = "it hung up during the handshake";
        return EgressError::TlsFailed { endpoint, reason };
    }
    EgressError::ConnectFailed { endpoint }
}

fn explain_cause(cause: &(dyn Error + 'static), place: Place<'_>) -> Option<EgressError> {
    let endpoint = place.endpoint.to_owned();
    if let Some(BlockedAnswer(range)) = cause.downcast_ref() {
        return Some(EgressError::Blocked {
            endpoint,
            what: range.what,
            listable: range.behind_listed_name && !place.listed,
        });
    }
    if cause.is::<NoAnswer>() {
        return Some(EgressError::Unresolvable { endpoint });
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        let reason = tls::reason(error);
        return Some(EgressError::TlsFailed { endpoint, reason });
    }
    let error = cause.downcast_ref::<hyper::Error>()?;
    error.is_parse_too_large().then(|| EgressError::TooLarge {
        endpoint,
        what: "its headers are larger than any that are read".to_owned(),
    })
}

/// TCP meets these only once it is connected, so what was going on is TLS.
fn is_hang_up(cause: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    cause
        .downcast_ref::<io::Error>()
        .is_some_and(|error| matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof))
}

/// An error and everything beneath it.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |cause| beneath(*cause))
}

/// `io::Error` hides what it wraps from `source`, hence the question.
fn beneath<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = cause
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    }
}
