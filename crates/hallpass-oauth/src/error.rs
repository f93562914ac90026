//! Why nobody was signed in.

use hallpass_egress::EgressError;
use hallpass_model::{Error, ErrorKind};

/// Why a provider could not say who it was. Nothing that a provider sent is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OauthError {
    /// No complete answer, or none is allowed.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// The discovery document is not one.
    #[error(
        "the issuer's discovery document is malformed: {0}; is the issuer the one that the provider documents?"
    )]
    DiscoveryMalformed(&'static str),
    /// The discovery document is another issuer's.
    #[error(
        "the discovery document is of another issuer than the one that is set; the two must be equal to the last slash"
    )]
    IssuerMismatch,
    /// The provider takes no S256 challenge.
    #[error("the provider does not support PKCE with S256, without which no sign-in is begun")]
    PkceUnsupported,
    /// `iss` of the callback is not the provider's, or is missing where it must be.
    #[error("the answer did not come from the provider at which this sign-in was begun")]
    CallbackIssuer,
    /// The provider knows neither client nor secret.
    #[error(
        "the provider refused Hallpass as a client; check client id, client secret and how the client proves itself"
    )]
    ClientRefused,
    /// The provider does not exchange this code.
    #[error(
        "the provider did not accept the code; it may have been used already or be too old, so begin again"
    )]
    CodeRefused,
    /// The provider answered with a status that means that it is not well.
    #[error("the provider answered with status {status}; try again later")]
    ProviderFailed {
        /// The status.
        status: u16,
    },
    /// An answer of the provider is not what the standard promises.
    #[error("the provider's answer is malformed: {0}")]
    AnswerMalformed(&'static str),
    /// The id token is not to be believed.
    #[error("the provider's id token is not acceptable: {0}")]
    IdToken(&'static str),
    /// The provider's keys are not to be believed.
    #[error("the provider's published keys are not acceptable: {0}")]
    Keys(&'static str),
    /// The stored credentials cannot be used.
    #[error("the provider's client secret cannot be used: {0}")]
    Credentials(&'static str),
}

impl OauthError {
    /// The stable machine-readable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Egress(error) => error.code(),
            Self::DiscoveryMalformed(_) => "discovery_malformed",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::PkceUnsupported => "pkce_unsupported",
            Self::CallbackIssuer => "oauth_issuer_mismatch",
            Self::ClientRefused => "oauth_client_refused",
            Self::CodeRefused => "oauth_code_refused",
            Self::ProviderFailed { .. } => "oauth_provider_failed",
            Self::AnswerMalformed(_) => "oauth_answer_malformed",
            Self::IdToken(_) => "id_token_invalid",
            Self::Keys(_) => "oauth_keys_invalid",
            Self::Credentials(_) => "oauth_credentials_unusable",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::CallbackIssuer | Self::CodeRefused => ErrorKind::InvalidRequest,
            _ => ErrorKind::Unavailable,
        }
    }
}

impl From<OauthError> for Error {
    fn from(error: OauthError) -> Self {
        match error {
            OauthError::Egress(error) => error.into(),
            error => Self::new(error.kind(), error.code(), error.to_string()),
        }
    }
}
