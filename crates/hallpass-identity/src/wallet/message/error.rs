use super::super::{cosmos, evm, solana};

/// A part of the message, under its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// In front of the domain.
    Scheme,
    /// In the first line.
    Domain,
    /// The second line.
    Address,
    /// The line between two empty ones.
    Statement,
    /// `URI`.
    Uri,
    /// `Version`.
    Version,
    /// `Chain ID`.
    ChainId,
    /// `Nonce`.
    Nonce,
    /// `Issued At`.
    IssuedAt,
    /// `Expiration Time`.
    ExpirationTime,
    /// `Not Before`.
    NotBefore,
    /// `Request ID`.
    RequestId,
    /// `Resources`.
    Resources,
}

impl Field {
    /// The label in the message, or the word for the parts that have none.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Domain => "domain",
            Self::Address => "address",
            Self::Statement => "statement",
            Self::Uri => "URI",
            Self::Version => "Version",
            Self::ChainId => "Chain ID",
            Self::Nonce => "Nonce",
            Self::IssuedAt => "Issued At",
            Self::ExpirationTime => "Expiration Time",
            Self::NotBefore => "Not Before",
            Self::RequestId => "Request ID",
            Self::Resources => "Resources",
        }
    }
}

/// Why a text is no sign-in message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// More than [`super::MAX_MESSAGE_BYTES`].
    #[error("the message is too long")]
    TooLong,
    /// A carriage return somewhere: lines end in a line feed alone.
    #[error("the message contains a carriage return; its lines end in a line feed alone")]
    CarriageReturn,
    /// The first line asks for no sign-in with this chain.
    #[error("the first line is not a request to sign in with an account of this chain")]
    FirstLine,
    /// A part is absent or not at its place.
    #[error("the message lacks its {} where it belongs", .0.name())]
    Missing(Field),
    /// An empty line is absent.
    #[error("the message lacks the empty line before its {}", .0.name())]
    MissingEmptyLine(Field),
    /// A part does not follow its grammar.
    #[error("the {} of the message is malformed", .0.name())]
    Malformed(Field),
    /// Only version 1 exists.
    #[error("the version of the message is not 1")]
    Version,
    /// Fewer than eight characters.
    #[error("the nonce has fewer than 8 characters")]
    ShortNonce,
    /// Mixed-case digits that are not the EIP-55 checksum.
    #[error("the address does not carry its EIP-55 checksum")]
    Checksum,
    /// Lines that belong to nothing, or stand at the wrong place.
    #[error("the message goes on where it should end, or its lines are out of order")]
    Trailing,
}

impl MessageError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "message_too_long",
            Self::CarriageReturn => "message_carriage_return",
            Self::FirstLine => "message_first_line",
            Self::Missing(_) => "message_field_missing",
            Self::MissingEmptyLine(_) => "message_empty_line_missing",
            Self::Malformed(_) => "message_field_malformed",
            Self::Version => "message_version",
            Self::ShortNonce => "nonce_short",
            Self::Checksum => "address_checksum",
            Self::Trailing => "message_trailing_text",
        }
    }
}

impl From<evm::AddressError> for MessageError {
    fn from(error: evm::AddressError) -> Self {
        match error {
            evm::AddressError::Checksum => Self::Checksum,
            evm::AddressError::Malformed => Self::Malformed(Field::Address),
        }
    }
}

impl From<solana::AddressError> for MessageError {
    fn from(_: solana::AddressError) -> Self {
        Self::Malformed(Field::Address)
    }
}

impl From<cosmos::AddressError> for MessageError {
    fn from(_: cosmos::AddressError) -> Self {
        Self::Malformed(Field::Address)
    }
}
