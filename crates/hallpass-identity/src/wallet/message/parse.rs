//! From text to fields: line by line, in the one order that the grammar knows.

use std::iter::Peekable;
use std::str::Split;

use super::write::FIRST_LINE;
use super::{Chain, Field, MessageError, MessageFields, MessageTime};

type Lines<'a> = Peekable<Split<'a, char>>;

/// Splits the text; the fields' own grammar is checked afterwards.
pub(super) fn fields(chain: Chain, text: &str) -> Result<MessageFields, MessageError> {
    if text.contains('\r') {
        return Err(MessageError::CarriageReturn);
    }
    let mut lines = text.split('\n').peekable();
    let (scheme, domain) = first_line(&mut lines, chain)?;
    let address = lines.next().ok_or(MessageError::Missing(Field::Address))?;
    empty_line(&mut lines, Field::Statement)?;
    let statement = statement(&mut lines)?;
    let uri = labelled(&mut lines, Field::Uri)?;
    if labelled(&mut lines, Field::Version)? != "1" {
        return Err(MessageError::Version);
    }
    let fields = MessageFields {
        chain,
        scheme,
        domain: domain.to_owned(),
        address: address.to_owned(),
        statement,
        uri: uri.to_owned(),
        chain_id: labelled(&mut lines, Field::ChainId)?.to_owned(),
        nonce: labelled(&mut lines, Field::Nonce)?.to_owned(),
        issued_at: time(labelled(&mut lines, Field::IssuedAt)?, Field::IssuedAt)?,
        expiration_time: optional_time(&mut lines, Field::ExpirationTime)?,
        not_before: optional_time(&mut lines, Field::NotBefore)?,
        request_id: optional(&mut lines, Field::RequestId).map(str::to_owned),
        resources: resources(&mut lines)?,
    };
    match lines.next() {
        None => Ok(fields),
        Some(_) => Err(MessageError::Trailing),
    }
}

fn first_line<'a>(
    lines: &mut Lines<'a>,
    chain: Chain,
) -> Result<(Option<String>, &'a str), MessageError> {
    let (before, after) = FIRST_LINE;
    let origin = lines
        .next()
        .and_then(|line| line.strip_suffix(after))
        .and_then(|line| line.strip_suffix(chain.name()))
        .and_then(|line| line.strip_suffix(before))
        .ok_or(MessageError::FirstLine)?;
    Ok(match origin.split_once("://") {
        Some((scheme, domain)) => (Some(scheme.to_owned()), domain),
        None => (None, origin),
    })
}

/// An empty line, or a statement and an empty line.
fn statement(lines: &mut Lines<'_>) -> Result<Option<String>, MessageError> {
    let line = lines.next().ok_or(MessageError::Missing(Field::Uri))?;
    if line.is_empty() {
        return Ok(None);
    }
    empty_line(lines, Field::Uri)?;
    Ok(Some(line.to_owned()))
}

fn empty_line(lines: &mut Lines<'_>, before: Field) -> Result<(), MessageError> {
    match lines.next() {
        Some("") => Ok(()),
        _ => Err(MessageError::MissingEmptyLine(before)),
    }
}

fn labelled<'a>(lines: &mut Lines<'a>, field: Field) -> Result<&'a str, MessageError> {
    optional(lines, field).ok_or(MessageError::Missing(field))
}

/// Takes the line only if it carries the label.
fn optional<'a>(lines: &mut Lines<'a>, field: Field) -> Option<&'a str> {
    let value = lines
        .peek()?
        .strip_prefix(field.name())?
        .strip_prefix(": ")?;
    lines.next();
    Some(value)
}

fn optional_time(lines: &mut Lines<'_>, field: Field) -> Result<Option<MessageTime>, MessageError> {
    optional(lines, field)
        .map(|text| time(text, field))
        .transpose()
}

fn time(text: &str, field: Field) -> Result<MessageTime, MessageError> {
    MessageTime::parse(text).ok_or(MessageError::Malformed(field))
}

fn resources(lines: &mut Lines<'_>) -> Result<Option<Vec<String>>, MessageError> {
    if lines.next_if_eq(&"Resources:").is_none() {
        return Ok(None);
    }
    lines
        .map(|line| line.strip_prefix("- ").map(str::to_owned))
        .collect::<Option<_>>()
        .map(Some)
        .ok_or(MessageError::Malformed(Field::Resources))
}
