//! The grammar of each field: RFC 3986 for what EIP-4361 borrows from it, with our bounds on length.

use std::net::Ipv6Addr;

use super::{Field, MAX_NONCE_CHARS, MAX_URI_BYTES, MIN_NONCE_CHARS, MessageError, MessageFields};

/// The host, port and user information of a URI with `//`; `None` without one. The URI is not checked otherwise.
#[must_use]
pub fn authority_of(uri: &str) -> Option<&str> {
    let rest = uri.split_once(':')?.1.strip_prefix("//")?;
    rest.split(['/', '?', '#']).next()
}

/// What stands before the first colon of a URI.
#[must_use]
pub fn scheme_of(uri: &str) -> Option<&str> {
    uri.split_once(':').map(|(scheme, _)| scheme)
}

/// Checks every field that a type does not hold to its form already.
pub(super) fn check(fields: &MessageFields) -> Result<(), MessageError> {
    if let Some(scheme) = &fields.scheme {
        ensure(is_scheme(scheme), Field::Scheme)?;
    }
    let domain = &fields.domain;
    ensure(!domain.is_empty() && is_authority(domain), Field::Domain)?;
    fields.chain.check_address(&fields.address)?;
    if let Some(statement) = &fields.statement {
        ensure(is_statement(statement), Field::Statement)?;
    }
    ensure(is_uri(&fields.uri), Field::Uri)?;
    ensure(fields.chain.is_chain_id(&fields.chain_id), Field::ChainId)?;
    check_nonce(&fields.nonce)?;
    if let Some(id) = &fields.request_id {
        ensure(only(id, is_pchar), Field::RequestId)?;
    }
    let mut resources = fields.resources.iter().flatten();
    ensure(resources.all(|uri| is_uri(uri)), Field::Resources)
}

fn ensure(holds: bool, field: Field) -> Result<(), MessageError> {
    if holds {
        Ok(())
    } else {
        Err(MessageError::Malformed(field))
    }
}

fn check_nonce(nonce: &str) -> Result<(), MessageError> {
    let is_plain = nonce.bytes().all(|byte| byte.is_ascii_alphanumeric());
    ensure(is_plain && nonce.len() <= MAX_NONCE_CHARS, Field::Nonce)?;
    if nonce.len() < MIN_NONCE_CHARS {
        return Err(MessageError::ShortNonce);
    }
    Ok(())
}

fn is_statement(text: &str) -> bool {
    let allowed =
        |byte| is_unreserved(byte) || is_sub_delimiter(byte) || b":/?#[]@ ".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// RFC 3986 `URI`: an absolute one, fragment allowed; at most [`MAX_URI_BYTES`].
pub(in super::super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_tail = |tail| only(tail, |byte| is_pchar(byte) || matches!(byte, b'/' | b'?'));
    text.len() <= MAX_URI_BYTES
        && is_scheme(scheme)
        && is_place(place)
        && is_tail(query)
        && is_tail(fragment)
}

/// `hier-part`: an authority with a path, or a path alone.
fn is_place(text: &str) -> bool {
    let path = match text.strip_prefix("//") {
        None => text,
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
            if !is_authority(authority) {
                return false;
            }
            path
        }
    };
    only(path, |byte| is_pchar(byte) || byte == b'/')
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_authority(text: &str) -> bool {
    let (user, place) = match text.rsplit_once('@') {
        Some((user, place)) => (user, place),
        None => ("", text),
    };
    only(user, |byte| is_reg_name(byte) || byte == b':') && is_host_and_port(place)
}

fn is_host_and_port(text: &str) -> bool {
    let (host_is_good, after) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((literal, after)) => (literal.parse::<Ipv6Addr>().is_ok(), after),
            None => return false,
        },
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let (host, after) = text.split_at_checked(end).unwrap_or((text, ""));
            (only(host, is_reg_name), after)
        }
    };
    let port = after.strip_prefix(':').unwrap_or("");
    let has_port = after.is_empty() || after.starts_with(':');
    host_is_good && has_port && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text consists of allowed bytes and whole percent-encoded ones.
fn only(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                let mut is_digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
                is_digit() && is_digit()
            }
            _ => allowed(byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_reg_name(byte: u8) -> bool {
    is_unreserved(byte) || is_sub_delimiter(byte)
}

fn is_pchar(byte: u8) -> bool {
    is_reg_name(byte) || matches!(byte, b':' | b'@')
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn is_sub_delimiter(byte: u8) -> bool {
    b"!$&'()*+,;=".contains(&byte)
}
