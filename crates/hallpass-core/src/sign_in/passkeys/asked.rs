//! A question of a ceremony as it waits in the database, and the answer to it.

use data_encoding::BASE64URL_NOPAD;
use hallpass_identity::passkey::{
    Ceremony, KnownPasskey, NewPasskey, PasskeyError, PasskeyKey, UnverifiedRegistration,
    UnverifiedSignIn,
};
use hallpass_jose::raw;
use hallpass_model::{AccountId, Error, Passkey, PasskeyCredential, Result};
use serde::{Deserialize, Serialize};

use super::PagePlace;

/// A sign-in as the browser handed it over, every part as base64url.
#[derive(Debug, Clone)]
pub struct PasskeyAnswer {
    /// Which passkey.
    pub credential_id: String,
    /// JSON inside.
    pub client_data: String,
    /// What the device signed along.
    pub authenticator_data: String,
    /// Over both.
    pub signature: String,
    /// Whom the passkey says it is for.
    pub user_handle: Option<String>,
}

/// A new passkey as the browser handed it over, every part as base64url.
#[derive(Debug, Clone)]
pub struct MadePasskey {
    /// Which passkey.
    pub credential_id: String,
    /// JSON inside.
    pub client_data: String,
    /// The passkey itself.
    pub attestation_object: String,
}

/// What stands in the database about a question. The challenge is no secret: it is worth nothing without the passkey.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) challenge: String,
    pub(super) place: PagePlace,
    pub(super) account: Option<AccountId>,
}

impl Asked {
    /// What of the passkey has changed with its use.
    pub(super) fn verify(
        &self,
        answer: &PasskeyAnswer,
        passkey: &Passkey,
    ) -> Result<PasskeyCredential> {
        let challenge = decode(&self.challenge)?;
        let handle = passkey.account_id.as_uuid().as_bytes();
        let ceremony = self.ceremony(&challenge);
        verify_answer(
            answer,
            &ceremony,
            &passkey.credential_id,
            &passkey.credential,
            handle,
        )
    }

    pub(super) fn verify_new(&self, made: &MadePasskey) -> Result<NewPasskey> {
        let challenge = decode(&self.challenge)?;
        verify_made(made, &self.ceremony(&challenge))
    }

    fn ceremony<'a>(&'a self, challenge: &'a [u8]) -> Ceremony<'a> {
        Ceremony {
            challenge,
            origin: &self.place.origin,
            host: &self.place.host,
            framed_by: self.place.framed_by.as_deref(),
        }
    }
}

/// What of a passkey has changed with a use that is as it should be.
pub(crate) fn verify_answer(
    answer: &PasskeyAnswer,
    ceremony: &Ceremony<'_>,
    credential_id: &str,
    credential: &PasskeyCredential,
    user_handle: &[u8],
) -> Result<PasskeyCredential> {
    let stored = BASE64URL_NOPAD
        .decode(credential.public_key.as_bytes())
        .map_err(Error::internal)?;
    let key = PasskeyKey::from_cose(&stored).map_err(Error::internal)?;
    let answered_handle = answer.user_handle.as_deref().map(decode).transpose()?;
    let unverified = UnverifiedSignIn {
        credential_id: &decode(&answer.credential_id)?,
        client_data: &decode(&answer.client_data)?,
        authenticator_data: &decode(&answer.authenticator_data)?,
        signature: &decode(&answer.signature)?,
        user_handle: answered_handle.as_deref(),
    };
    let known = KnownPasskey {
        credential_id: &decode(credential_id)?,
        key: &key,
        counter: credential.counter,
        user_handle,
    };
    let verified = unverified.verify(ceremony, &known).map_err(refused)?;
    Ok(PasskeyCredential {
        public_key: credential.public_key.clone(),
        counter: verified.counter,
        is_synced: verified.is_synced,
    })
}

/// A new passkey that is as it should be.
pub(crate) fn verify_made(made: &MadePasskey, ceremony: &Ceremony<'_>) -> Result<NewPasskey> {
    let unverified = UnverifiedRegistration {
        credential_id: &decode(&made.credential_id)?,
        client_data: &decode(&made.client_data)?,
        attestation_object: &decode(&made.attestation_object)?,
    };
    unverified.verify(ceremony).map_err(refused)
}

/// Which question an answer says that it is for. Nothing is believed of it before the question itself was found.
pub(crate) fn challenge_in(client_data: &str) -> Result<String> {
    let malformed = || refused(PasskeyError::ClientDataMalformed);
    let json = String::from_utf8(decode(client_data)?).map_err(|_| malformed())?;
    let challenge = raw::member(&json, "challenge").and_then(raw::text);
    Ok(challenge.ok_or_else(malformed)?.into_owned())
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| {
        Error::unprocessable(
            "invalid_body",
            "every part of a passkey's answer is base64url without padding",
        )
    })
}

pub(crate) fn refused(error: PasskeyError) -> Error {
    Error::forbidden("passkey_refused", error.to_string()).because(error)
}
