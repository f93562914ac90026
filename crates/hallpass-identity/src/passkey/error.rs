/// Why a passkey ceremony is refused. None of the sentences repeats what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// Not the JSON that browsers make, or too long.
    #[error("the client data of the passkey is malformed")]
    ClientDataMalformed,
    /// Made for the other ceremony.
    #[error("the passkey answered another kind of question")]
    WrongType,
    /// Not the challenge of this ceremony.
    #[error("the passkey answered another challenge")]
    WrongChallenge,
    /// Another page asked.
    #[error("the passkey was used on another page")]
    WrongOrigin,
    /// The page stood in a frame of a page that may not show it.
    #[error("the passkey was used in a frame of a page that may not show this one")]
    WrongFrame,
    /// Not what authenticators make.
    #[error("the authenticator's data is malformed")]
    AuthenticatorDataMalformed,
    /// Made for another host name.
    #[error("the passkey is for another host name")]
    WrongHost,
    /// Nobody touched the authenticator.
    #[error("the authenticator did not see a person")]
    NotPresent,
    /// No PIN, finger or face was checked.
    #[error("the authenticator did not check who the person is")]
    NotVerified,
    /// An attestation that nobody asked for.
    #[error("the authenticator attests itself; a passkey without attestation is asked for")]
    AttestationNotAllowed,
    /// A public key of another kind, or one that must not be trusted.
    #[error("the passkey's public key is not one of ES256, EdDSA or RS256, or too weak")]
    KeyNotAllowed,
    /// The answer is another passkey's.
    #[error("another passkey answered")]
    WrongCredential,
    /// The passkey says that it belongs to another account, or does not say.
    #[error("the passkey belongs to another account")]
    WrongUserHandle,
    /// Not signed with the passkey's key.
    #[error("the passkey's signature does not match")]
    WrongSignature,
    /// A copy of the passkey may be in use.
    #[error("the passkey's counter went back: there may be a copy of it")]
    CounterWentBack,
}

impl PasskeyError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ClientDataMalformed => "passkey_client_data_malformed",
            Self::WrongType => "passkey_wrong_type",
            Self::WrongChallenge => "passkey_wrong_challenge",
            Self::WrongOrigin => "passkey_wrong_origin",
            Self::WrongFrame => "passkey_wrong_frame",
            Self::AuthenticatorDataMalformed => "passkey_authenticator_data_malformed",
            Self::WrongHost => "passkey_wrong_host",
            Self::NotPresent => "passkey_not_present",
            Self::NotVerified => "passkey_not_verified",
            Self::AttestationNotAllowed => "passkey_attestation_not_allowed",
            Self::KeyNotAllowed => "passkey_key_not_allowed",
            Self::WrongCredential => "passkey_wrong_credential",
            Self::WrongUserHandle => "passkey_wrong_user_handle",
            Self::WrongSignature => "passkey_wrong_signature",
            Self::CounterWentBack => "passkey_counter_went_back",
        }
    }
}
