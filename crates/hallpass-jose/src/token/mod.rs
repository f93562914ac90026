//! A token's way: text, [`UnverifiedToken`], [`VerifiedToken`], [`Claims`].

mod claims;
mod error;
mod header;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use claims::{Audience, ClaimError, Claims, MAX_AUDIENCES, RawMembers};
pub use error::{Malformation, Part, TokenError};
pub(crate) use header::is_acceptable_kid;
pub use header::{Header, MAX_KID_CHARS};

use crate::base64url;
pub use crate::json::MAX_NESTING;
use crate::json::{Flaw, Member, scan_object, string_value};
use crate::key::VerifyingKey;

/// Longest accepted token text, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A token whose text is well formed and whose signature nobody has checked yet.
///
/// What it says may steer which key is tried, and may be shown to whoever presented it. It proves nothing.
#[derive(Clone)]
pub struct UnverifiedToken<'a> {
    /// The first two parts with the dot between them, as received: what the signature covers.
    signing_input: &'a str,
    signature: Vec<u8>,
    content: Arc<Content>,
}

/// A token whose signature was made by the key that it was verified with.
///
/// Nothing is said about time, audience or subject: the caller decides those from [`VerifiedToken::claims`].
#[derive(Clone)]
pub struct VerifiedToken {
    content: Arc<Content>,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads a compact JWS (RFC 7515 section 7.1) of at most [`MAX_TOKEN_BYTES`] whose payload is a JSON object.
    ///
    /// # Errors
    /// The first flaw in this order: size, number of parts, header text, `alg`, the other header members, payload,
    /// signature text. So a token with an algorithm that is not allowed says so even if it has no signature.
    pub fn parse(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLarge);
        }
        let (header_text, payload_text, signature_text) = split(text)?;
        let header = Header::parse(&decode_text(header_text, Part::Header)?)?;
        let payload = decode_text(payload_text, Part::Payload)?;
        let members = scan_object(&payload).map_err(|flaw| json_flaw(flaw, Part::Payload))?;
        let signature = decode_part(signature_text, Part::Signature)?;
        let signing_input = text
            .get(..header_text.len() + 1 + payload_text.len())
            .unwrap_or_default();
        Ok(Self {
            signing_input,
            signature,
            content: Arc::new(Content {
                header,
                payload,
                members,
            }),
        })
    }

    /// The protected header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.content.header
    }

    /// The claims as the token states them, with nothing proven: for inspection and for routing by issuer only.
    ///
    /// # Errors
    /// A registered claim has the wrong type.
    pub fn unverified_claims(&self) -> Result<Claims<'_>, ClaimError> {
        self.content.claims()
    }

    /// A claim that is text, with nothing proven and the others not looked at: for routing by issuer only.
    #[must_use]
    pub fn unverified_text(&self, claim: &str) -> Option<Cow<'_, str>> {
        let Content {
            payload, members, ..
        } = &*self.content;
        let found = members
            .iter()
            .find(|member| member.name(payload) == claim)?;
        string_value(found.value(payload))
    }

    /// The payload's JSON text, exactly as signed, with nothing proven.
    #[must_use]
    pub fn unverified_payload(&self) -> &str {
        &self.content.payload
    }

    /// The signature, decoded.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Checks the signature with a key. May be called again with another key after a failure.
    ///
    /// # Errors
    /// [`TokenError::AlgKeyMismatch`] if the token names another algorithm than the key is pinned to,
    /// [`TokenError::SignatureInvalid`] if the key did not sign this text.
    pub fn verify(&self, key: &VerifyingKey) -> Result<VerifiedToken, TokenError> {
        if self.header().alg != key.algorithm() {
            return Err(TokenError::AlgKeyMismatch);
        }
        key.verify_signature(self.signing_input.as_bytes(), &self.signature)
            .map_err(|_| TokenError::SignatureInvalid)?;
        Ok(VerifiedToken {
            content: Arc::clone(&self.content),
        })
    }
}

impl VerifiedToken {
    /// The protected header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.content.header
    }

    /// The claims that the key's holder signed.
    ///
    /// # Errors
    /// A registered claim has the wrong type.
    pub fn claims(&self) -> Result<Claims<'_>, ClaimError> {
        self.content.claims()
    }

    /// The payload's JSON text, exactly as signed.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.content.payload
    }
}

// Tokens are bearer secrets: what they hold must not reach a log by way of `{:?}`.
impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedToken")
            .field("alg", &self.header().alg)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("alg", &self.header().alg)
            .finish_non_exhaustive()
    }
}

struct Content {
    header: Header,
    payload: String,
    /// The payload's members, found while it was checked, so that nothing is scanned twice.
    members: Vec<Member>,
}

impl Content {
    fn claims(&self) -> Result<Claims<'_>, ClaimError> {
        Claims::read(&self.payload, &self.members)
    }
}

/// The three parts. An empty payload or signature is reported later, after the header had its say.
fn split(text: &str) -> Result<(&str, &str, &str), TokenError> {
    const MALFORMED: TokenError = TokenError::Malformed(Malformation::PartCount);
    let (header, rest) = text.split_once('.').ok_or(MALFORMED)?;
    let (payload, signature) = rest.split_once('.').ok_or(MALFORMED)?;
    if signature.contains('.') {
        return Err(MALFORMED);
    }
    Ok((header, payload, signature))
}

fn decode_part(text: &str, part: Part) -> Result<Vec<u8>, TokenError> {
    if text.is_empty() {
        return Err(TokenError::Malformed(Malformation::EmptyPart(part)));
    }
    base64url::decode(text).map_err(|_| TokenError::Malformed(Malformation::NotBase64Url(part)))
}

fn decode_text(text: &str, part: Part) -> Result<String, TokenError> {
    String::from_utf8(decode_part(text, part)?)
        .map_err(|_| TokenError::Malformed(Malformation::NotUtf8(part)))
}

fn json_flaw(flaw: Flaw, part: Part) -> TokenError {
    match flaw {
        Flaw::Syntax => TokenError::Malformed(Malformation::NotJsonObject(part)),
        Flaw::TooDeep => TokenError::Malformed(Malformation::TooDeep(part)),
        Flaw::DuplicateMember => TokenError::DuplicateMember(part),
    }
}
