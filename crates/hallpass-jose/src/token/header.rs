use super::{Part, TokenError, json_flaw};
use crate::algorithm::Algorithm;
use crate::json::{scan_object, string_value};

/// Longest accepted `kid`, in characters.
pub const MAX_KID_CHARS: usize = 256;

/// The protected header (RFC 7515 section 4), reduced to what may matter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The algorithm the token claims; compared with the key's, never obeyed.
    pub alg: Algorithm,
    /// A hint at the key: 1 to 256 characters U+0020 to U+007E.
    pub kid: Option<String>,
    /// The media type, as written.
    pub typ: Option<String>,
}

impl Header {
    /// Whether `typ` is absent or says JWT (RFC 7519 section 5.1): any case, with or without `application/`.
    #[must_use]
    pub fn is_jwt_type(&self) -> bool {
        self.typ.is_none() || self.is_type("JWT")
    }

    /// Whether `typ` is this type, compared without case and without the prefix `application/` on either side.
    #[must_use]
    pub fn is_type(&self, expected: &str) -> bool {
        self.typ
            .as_deref()
            .is_some_and(|typ| bare_type(typ).eq_ignore_ascii_case(bare_type(expected)))
    }

    pub(super) fn parse(text: &str) -> Result<Self, TokenError> {
        let members = scan_object(text).map_err(|flaw| json_flaw(flaw, Part::Header))?;
        let mut found = Found::default();
        for member in &members {
            found.note(&member.name(text), member.value(text));
        }
        let alg = found
            .alg
            .and_then(string_value)
            .and_then(|name| Algorithm::parse(&name))
            .ok_or(TokenError::AlgNotAllowed)?;
        if found.crit {
            return Err(TokenError::CritUnsupported);
        }
        if let Some(name) = found.not_allowed {
            return Err(TokenError::HeaderNotAllowed { name });
        }
        Ok(Self {
            alg,
            kid: found.kid.map(read_kid).transpose()?,
            typ: found.typ.map(read_typ).transpose()?,
        })
    }
}

/// The rule for `kid`, in tokens and in published keys.
pub(crate) fn is_acceptable_kid(kid: &str) -> bool {
    (1..=MAX_KID_CHARS).contains(&kid.len())
        && kid.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

#[derive(Default)]
struct Found<'t> {
    alg: Option<&'t str>,
    kid: Option<&'t str>,
    typ: Option<&'t str>,
    crit: bool,
    not_allowed: Option<&'static str>,
}

impl<'t> Found<'t> {
    fn note(&mut self, name: &str, value: &'t str) {
        match name {
            "alg" => self.alg = Some(value),
            "kid" => self.kid = Some(value),
            "typ" => self.typ = Some(value),
            "crit" => self.crit = true,
            // A key or a place to fetch one from: never used, so never tolerated either.
            "jwk" => self.not_allowed = Some("jwk"),
            "jku" => self.not_allowed = Some("jku"),
            "x5u" => self.not_allowed = Some("x5u"),
            "x5c" => self.not_allowed = Some("x5c"),
            // RFC 7797 changes what is signed; both of its values are refused.
            "b64" => self.not_allowed = Some("b64"),
            _ => {}
        }
    }
}

fn read_kid(value: &str) -> Result<String, TokenError> {
    match string_value(value) {
        Some(kid) if is_acceptable_kid(&kid) => Ok(kid.into_owned()),
        _ => Err(TokenError::KidMalformed),
    }
}

fn read_typ(value: &str) -> Result<String, TokenError> {
    string_value(value)
        .map(|typ| typ.into_owned())
        .ok_or(TokenError::TypMalformed)
}

fn bare_type(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, bare)) if prefix.eq_ignore_ascii_case(PREFIX) => bare,
        _ => typ,
    }
}
