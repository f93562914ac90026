//! One PEM block (RFC 7468), nothing around it.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::der;
use super::error::{KeyError, PemFlaw};

/// Longest accepted PEM text, in bytes.
pub const MAX_PEM_BYTES: usize = 64 * 1024;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// Bytes per line of 64 characters.
const LINE_BYTES: usize = 48;

/// The content of a block, by its label.
pub(crate) enum PemBlock {
    /// `PUBLIC KEY`
    PublicKey(Vec<u8>),
    /// `RSA PUBLIC KEY`
    RsaPublicKey(Vec<u8>),
    /// `PRIVATE KEY`
    Pkcs8(Zeroizing<Vec<u8>>),
    /// `RSA PRIVATE KEY`
    Pkcs1(Zeroizing<Vec<u8>>),
    /// Another private key, or one in the wrong wrapping.
    OtherPrivate,
}

/// Reads the one block of `text`.
///
/// A private block anywhere, however damaged the rest, is reported as [`PemBlock::OtherPrivate`]: the caller must
/// not hide behind a syntax error that somebody just pasted a secret.
pub(crate) fn parse(text: &str) -> Result<PemBlock, KeyError> {
    if text.len() > MAX_PEM_BYTES {
        return Err(KeyError::TooLarge);
    }
    match parse_strictly(text) {
        Err(_) if mentions_private_key(text) => Ok(PemBlock::OtherPrivate),
        result => result,
    }
}

/// Writes a block with lines of 64 characters. The text is wiped on drop, the intermediate pieces too.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    // Reserved in full, so that no half-written copy is left behind by growing.
    let mut text = Zeroizing::new(String::with_capacity(
        der.len() * 3 / 2 + 2 * label.len() + 64,
    ));
    text.push_str(BEGIN);
    text.push_str(label);
    text.push_str("-----\n");
    for line in der.chunks(LINE_BYTES) {
        BASE64.encode_append(line, &mut text);
        text.push('\n');
    }
    text.push_str(END);
    text.push_str(label);
    text.push_str("-----\n");
    text
}

fn parse_strictly(text: &str) -> Result<PemBlock, KeyError> {
    let flaw = |flaw| Err(KeyError::MalformedPem(flaw));
    let Some((before, rest)) = text.split_once(BEGIN) else {
        return flaw(PemFlaw::NoBlock);
    };
    if rest.contains(BEGIN) {
        return flaw(PemFlaw::SeveralBlocks);
    }
    let Some((label, rest)) = rest.split_once(DASHES) else {
        return flaw(PemFlaw::NoEnd);
    };
    let Some((body, rest)) = rest.split_once(END) else {
        return flaw(PemFlaw::NoEnd);
    };
    let Some(after) = rest
        .strip_prefix(label)
        .and_then(|rest| rest.strip_prefix(DASHES))
    else {
        return flaw(PemFlaw::NoEnd);
    };
    if !is_blank(before) || !is_blank(after) {
        return flaw(PemFlaw::TextAround);
    }
    let der = decode(body);
    let is_private = der.as_ref().is_some_and(|der| der::looks_private(der));
    let der = der.ok_or(KeyError::MalformedPem(PemFlaw::NotBase64));
    match label {
        "PRIVATE KEY" => der.map(PemBlock::Pkcs8),
        "RSA PRIVATE KEY" => der.map(PemBlock::Pkcs1),
        _ if is_private || label.contains("PRIVATE") => Ok(PemBlock::OtherPrivate),
        "PUBLIC KEY" => der.map(|der| PemBlock::PublicKey(der.to_vec())),
        "RSA PUBLIC KEY" => der.map(|der| PemBlock::RsaPublicKey(der.to_vec())),
        "CERTIFICATE" => flaw(PemFlaw::Certificate),
        _ => flaw(PemFlaw::UnsupportedLabel),
    }
}

/// Canonical base64 in lines; only line ends and the spaces beside them are skipped.
fn decode(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    if !body.starts_with(['\n', '\r']) {
        return None;
    }
    let mut joined = Zeroizing::new(String::with_capacity(body.len()));
    for line in body.lines() {
        joined.push_str(line.trim_matches([' ', '\t', '\r']));
    }
    BASE64.decode(joined.as_bytes()).ok().map(Zeroizing::new)
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_whitespace())
}

fn mentions_private_key(text: &str) -> bool {
    text.split(BEGIN).skip(1).any(|rest| {
        rest.lines()
            .next()
            .is_some_and(|line| line.contains("PRIVATE"))
    })
}
