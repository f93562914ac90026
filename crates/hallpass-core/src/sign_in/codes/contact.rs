use hallpass_identity::contact::{EmailAddress, PhoneNumber};
use hallpass_model::{Challenge, Error, IdentityKind, Result};

use crate::accounts::Proof;

/// Where a code goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    /// A mailbox.
    Email(EmailAddress),
    /// A phone.
    Phone(PhoneNumber),
}

impl Contact {
    /// Reads an e-mail address.
    ///
    /// # Errors
    /// `INVALID_EMAIL_FORMAT` (400).
    pub fn email(text: &str) -> Result<Self> {
        EmailAddress::parse(text).map(Self::Email).map_err(|error| {
            Error::invalid_request("INVALID_EMAIL_FORMAT", error.to_string()).at("/email")
        })
    }

    /// Reads a phone number.
    ///
    /// # Errors
    /// `INVALID_PHONE_FORMAT` (400).
    pub fn phone(text: &str) -> Result<Self> {
        PhoneNumber::parse(text).map(Self::Phone).map_err(|error| {
            Error::invalid_request("INVALID_PHONE_FORMAT", error.to_string()).at("/phone")
        })
    }

    /// The identity that it is.
    #[must_use]
    pub const fn kind(&self) -> IdentityKind {
        match self {
            Self::Email(_) => IdentityKind::Email,
            Self::Phone(_) => IdentityKind::Phone,
        }
    }

    /// The one spelling under which the identity is kept.
    #[must_use]
    pub fn identifier(&self) -> String {
        match self {
            Self::Email(address) => address.account_key(),
            Self::Phone(number) => number.as_str().to_owned(),
        }
    }

    /// As the person wrote it, and as it is written to.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::Email(address) => address.as_str(),
            Self::Phone(number) => number.as_str(),
        }
    }

    /// What a challenge was sent to.
    pub(super) fn kept(challenge: &Challenge) -> Option<Self> {
        match challenge.identity_kind {
            IdentityKind::Email => EmailAddress::parse(&challenge.shown).ok().map(Self::Email),
            IdentityKind::Phone => PhoneNumber::parse(&challenge.shown).ok().map(Self::Phone),
            _ => None,
        }
    }

    pub(super) fn proof(&self) -> Proof {
        Proof::of(self.kind(), self.identifier(), self.shown().to_owned())
    }
}
