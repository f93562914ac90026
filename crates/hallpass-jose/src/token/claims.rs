use std::borrow::Cow;
use std::fmt;

use crate::json::{Member, elements, string_value, whole_seconds};

/// Most values in an `aud` array.
pub const MAX_AUDIENCES: usize = 16;

/// The registered claims (RFC 7519 section 4.1, and `sid` of OpenID Connect), each of the right type or absent.
///
/// `null` is a value of the wrong type, not an absent claim.
#[derive(Clone)]
#[non_exhaustive]
pub struct Claims<'a> {
    /// Whom the token is about; any text, the caller judges its characters.
    pub sub: Option<Cow<'a, str>>,
    /// Who issued it; any text.
    pub iss: Option<Cow<'a, str>>,
    /// Whom it is meant for.
    pub aud: Option<Audience<'a>>,
    /// Expiry, in seconds since 1970 UTC, fraction cut off, `0 <= t < 2^53`.
    pub exp: Option<i64>,
    /// Not valid before, in the same measure.
    pub nbf: Option<i64>,
    /// Issued at, in the same measure.
    pub iat: Option<i64>,
    /// The token's own id.
    pub jti: Option<Cow<'a, str>>,
    /// The session's id.
    pub sid: Option<Cow<'a, str>>,
    payload: &'a str,
    members: &'a [Member],
}

impl<'a> Claims<'a> {
    /// The exact JSON text of a top-level claim, without surrounding white space.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.members
            .iter()
            .find(|member| member.name(self.payload) == name)
            .map(|member| member.value(self.payload))
    }

    /// Every top-level claim in the token's order: decoded name and exact JSON text.
    #[must_use]
    pub fn raw_members(&self) -> RawMembers<'a> {
        RawMembers {
            payload: self.payload,
            members: self.members.iter(),
        }
    }

    pub(super) fn read(payload: &'a str, members: &'a [Member]) -> Result<Self, ClaimError> {
        let mut claims = Self {
            sub: None,
            iss: None,
            aud: None,
            exp: None,
            nbf: None,
            iat: None,
            jti: None,
            sid: None,
            payload,
            members,
        };
        for member in members {
            let value = member.value(payload);
            match &*member.name(payload) {
                "sub" => claims.sub = Some(text("sub", value)?),
                "iss" => claims.iss = Some(text("iss", value)?),
                "aud" => claims.aud = Some(Audience::read(value)?),
                "exp" => claims.exp = Some(time("exp", value)?),
                "nbf" => claims.nbf = Some(time("nbf", value)?),
                "iat" => claims.iat = Some(time("iat", value)?),
                "jti" => claims.jti = Some(text("jti", value)?),
                "sid" => claims.sid = Some(text("sid", value)?),
                _ => {}
            }
        }
        Ok(claims)
    }
}

// Claims are personal data: `{:?}` must not put them into a log.
impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}

/// The value of `aud` (RFC 7519 section 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience<'a> {
    /// A single string.
    One(Cow<'a, str>),
    /// An array of 1 to [`MAX_AUDIENCES`] strings.
    Many(Vec<Cow<'a, str>>),
}

impl Audience<'_> {
    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values.as_slice(),
        }
        .iter()
        .map(|value| &**value)
    }

    /// Whether one value equals `expected`, byte for byte.
    #[must_use]
    pub fn contains(&self, expected: &str) -> bool {
        self.iter().any(|value| value == expected)
    }
}

impl<'a> Audience<'a> {
    fn read(value: &'a str) -> Result<Self, ClaimError> {
        const MALFORMED: ClaimError = ClaimError::Malformed { claim: "aud" };
        if !value.starts_with('[') {
            return text("aud", value).map(Self::One);
        }
        let values = elements(value, MAX_AUDIENCES).map_err(|_| MALFORMED)?;
        if values.is_empty() {
            return Err(MALFORMED);
        }
        if values.len() > MAX_AUDIENCES {
            return Err(ClaimError::TooManyAudiences);
        }
        values
            .into_iter()
            .map(|value| text("aud", value))
            .collect::<Result<_, _>>()
            .map(Self::Many)
    }
}

/// The members of the payload; see [`Claims::raw_members`].
#[derive(Clone)]
pub struct RawMembers<'a> {
    payload: &'a str,
    members: std::slice::Iter<'a, Member>,
}

impl<'a> Iterator for RawMembers<'a> {
    type Item = (Cow<'a, str>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.members.next()?;
        Some((member.name(self.payload), member.value(self.payload)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.members.size_hint()
    }
}

impl ExactSizeIterator for RawMembers<'_> {}

/// Why the claims are refused. Never holds a value of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The claim is present with a value of the wrong type or out of range.
    #[error("the claim `{claim}` is malformed: {}", expectation(claim))]
    Malformed {
        /// The claim, one of a fixed list.
        claim: &'static str,
    },
    /// `aud` lists more than [`MAX_AUDIENCES`] values; none of them is looked at.
    #[error("the claim `aud` lists more than 16 audiences; name the one that is meant")]
    TooManyAudiences,
}

impl ClaimError {
    /// The stable, machine-readable reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "claim_malformed",
            Self::TooManyAudiences => "aud_mismatch",
        }
    }

    /// The claim that is meant.
    #[must_use]
    pub const fn claim(&self) -> &'static str {
        match self {
            Self::Malformed { claim } => claim,
            Self::TooManyAudiences => "aud",
        }
    }
}

fn expectation(claim: &str) -> &'static str {
    match claim {
        "exp" | "nbf" | "iat" => {
            "it must be a JSON number of seconds since 1970, from 0 to below 2^53"
        }
        "aud" => "it must be a string or an array of 1 to 16 strings",
        _ => "it must be a string",
    }
}

fn text<'a>(claim: &'static str, value: &'a str) -> Result<Cow<'a, str>, ClaimError> {
    string_value(value).ok_or(ClaimError::Malformed { claim })
}

fn time(claim: &'static str, value: &str) -> Result<i64, ClaimError> {
    whole_seconds(value).ok_or(ClaimError::Malformed { claim })
}
