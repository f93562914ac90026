use crate::key_id::KeyId;

/// Why a value is not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The text is longer than [`crate::MAX_PLAINTEXT_BYTES`].
    #[error("the value has {bytes} bytes; at most 1048576 can be sealed")]
    TooLong {
        /// Bytes of the text.
        bytes: usize,
    },
    /// The cipher refused. It does not for texts within the bound.
    #[error("the value could not be encrypted")]
    Cipher,
}

impl SealError {
    /// The stable, machine-readable reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "value_too_long",
            Self::Cipher => "cipher_failed",
        }
    }
}

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Sealed in a format that this program does not know, most likely by a newer one.
    #[error("the value is sealed in format {0}, which this version does not know")]
    UnknownVersion(u8),
    /// Its key is not on the ring: the wrong master key is configured, or a former one was dropped too early.
    #[error("the value is sealed with the master key {0}, which is not configured")]
    UnknownKey(KeyId),
    /// Altered, cut, extended or brought from another place; the key that it names is on the ring.
    #[error("the sealed value is damaged or does not belong where it was found")]
    Damaged,
}

impl OpenError {
    /// The stable, machine-readable reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownVersion(_) => "seal_version_unknown",
            Self::UnknownKey(_) => "master_key_unknown",
            Self::Damaged => "sealed_value_damaged",
        }
    }
}

/// Why a text is no master key. Never holds anything of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// Nothing but white space.
    #[error("the master key is empty; make one with: openssl rand -hex 32")]
    Empty,
    /// Quotation marks around it, as env files keep them.
    #[error("the master key stands in quotation marks; give the bare key")]
    Quoted,
    /// White space within it.
    #[error("there is white space inside the master key; give one key on one line")]
    SeveralWords,
    /// A character of neither hexadecimal nor base64.
    #[error(
        "the master key holds a character that neither hexadecimal nor base64 has; give 64 hexadecimal digits or the base64 of 32 bytes and nothing else"
    )]
    ForeignCharacter,
    /// Neither 64 hexadecimal digits nor 43 or 44 characters of base64.
    #[error(
        "the master key has {characters} characters; expected are 64 hexadecimal digits or the 43 or 44 characters of 32 bytes in base64 (openssl rand -hex 32 makes one)"
    )]
    Length {
        /// Characters of the text, without white space around it.
        characters: usize,
    },
    /// The right length, but not spelled as hexadecimal or base64 is.
    #[error(
        "the master key has the right length but is mistyped; expected are 64 hexadecimal digits, or 32 bytes in base64 or base64url"
    )]
    Spelling,
    /// All its bytes are the same, as in an example file.
    #[error("the master key is a placeholder; make a random one with: openssl rand -hex 32")]
    Placeholder,
}

impl MasterKeyError {
    /// The stable, machine-readable reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "master_key_empty",
            Self::Quoted => "master_key_quoted",
            Self::SeveralWords => "master_key_white_space",
            Self::ForeignCharacter => "master_key_character",
            Self::Length { .. } => "master_key_length",
            Self::Spelling => "master_key_spelling",
            Self::Placeholder => "master_key_placeholder",
        }
    }
}
