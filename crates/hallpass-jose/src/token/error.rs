use std::fmt;

/// Why a token is refused. Never holds anything of the token's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than [`crate::MAX_TOKEN_BYTES`].
    #[error("the token is longer than 16 KiB; put less into it")]
    TooLarge,
    /// Not a compact JWS with a JSON object as payload.
    #[error("the token is malformed: {0}")]
    Malformed(Malformation),
    /// A member occurs twice in one JSON object of this part.
    #[error("a member occurs twice in one object of the token's {0}; each name may be used once")]
    DuplicateMember(Part),
    /// `alg` is missing, empty, not text, `none`, a MAC or unknown.
    #[error(
        "the token's algorithm is not allowed; sign with RS256 (or what the key was registered for)"
    )]
    AlgNotAllowed,
    /// `alg` is not the algorithm that the key is pinned to.
    #[error(
        "the token's algorithm is not the one this key is registered for; sign with the key's own algorithm"
    )]
    AlgKeyMismatch,
    /// The header carries a member by which a token could bring its own key or change what is signed.
    #[error("the header member `{name}` is not allowed; leave it out")]
    HeaderNotAllowed {
        /// The member, one of a fixed list.
        name: &'static str,
    },
    /// The header has `crit`; no extension is supported.
    #[error("the header member `crit` is not supported; leave it out")]
    CritUnsupported,
    /// `kid` is not a string of 1 to 256 printable ASCII characters.
    #[error("the header member `kid` must be a string of 1 to 256 printable ASCII characters")]
    KidMalformed,
    /// `typ` is not a string.
    #[error("the header member `typ` must be a string; use \"JWT\" or leave it out")]
    TypMalformed,
    /// The signature was not made by this key over this text.
    #[error("the signature does not match; the token was changed or signed with another key")]
    SignatureInvalid,
}

impl TokenError {
    /// The stable, machine-readable reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "token_too_large",
            Self::Malformed(_) => "malformed",
            Self::DuplicateMember(_) => "duplicate_member",
            Self::AlgNotAllowed => "alg_not_allowed",
            Self::AlgKeyMismatch => "alg_key_mismatch",
            Self::HeaderNotAllowed { .. } => "header_not_allowed",
            Self::CritUnsupported => "crit_unsupported",
            Self::KidMalformed => "kid_malformed",
            Self::TypMalformed => "wrong_type",
            Self::SignatureInvalid => "signature_invalid",
        }
    }
}

/// What is wrong with the text of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformation {
    /// Not three parts with two dots between them.
    #[error(
        "it must have exactly three parts separated by dots; encrypted tokens and the JSON form are not supported"
    )]
    PartCount,
    /// A part has no characters.
    #[error("the {0} is empty")]
    EmptyPart(Part),
    /// A part is not canonical base64url without padding.
    #[error("the {0} is not canonical base64url without padding")]
    NotBase64Url(Part),
    /// A decoded part is not UTF-8.
    #[error("the {0} is not UTF-8 text")]
    NotUtf8(Part),
    /// A decoded part is not one JSON object.
    #[error("the {0} is not a JSON object")]
    NotJsonObject(Part),
    /// Containers nest deeper than [`crate::MAX_NESTING`].
    #[error("the {0} nests deeper than 32 levels")]
    TooDeep(Part),
}

/// One of the three parts of a compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Before the first dot.
    Header,
    /// Between the dots.
    Payload,
    /// After the second dot.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}
