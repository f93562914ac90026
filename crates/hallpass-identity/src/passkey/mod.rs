//! Passkeys (WebAuthn level 3): reading and checking what a browser hands over when a passkey is made and when one is used.
//!
//! Only what signing in needs: passkeys that name their account themselves (discoverable ones), no attestation, a person
//! who is present *and* verified, and keys of three kinds. The order of the checks is that of the standard; what is not
//! covered by the signature is never believed before the signature.
//!
//! The challenge's single use is the caller's: consume it before verifying. So is the counter: store what
//! [`VerifiedSignIn::counter`] says.

mod authenticator_data;
mod cbor;
mod client_data;
mod error;
mod key;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

use authenticator_data::AuthenticatorData;
use cbor::Value;
use client_data::Kind;

pub use error::PasskeyError;
pub use key::PasskeyKey;

/// The longest id of a credential, in bytes, by the standard.
pub const MAX_CREDENTIAL_ID_BYTES: usize = 1023;
/// The longest attestation object that is looked at, in bytes.
const MAX_ATTESTATION_BYTES: usize = 8 * 1024;

/// What was asked of the browser.
#[derive(Debug, Clone, Copy)]
pub struct Ceremony<'a> {
    /// The random bytes of this ceremony.
    pub challenge: &'a [u8],
    /// The page that asks: scheme, host and port, exactly as browsers write it.
    pub origin: &'a str,
    /// The host name that passkeys are made for (the relying party's id).
    pub host: &'a str,
    /// The origin that may show the page in a frame; `None` if none may.
    pub framed_by: Option<&'a str>,
}

/// A new passkey, as the browser handed it over.
#[derive(Debug, Clone, Copy)]
pub struct UnverifiedRegistration<'a> {
    /// The id that the browser names.
    pub credential_id: &'a [u8],
    /// JSON, byte for byte.
    pub client_data: &'a [u8],
    /// CBOR, byte for byte.
    pub attestation_object: &'a [u8],
}

/// A passkey that was made for this ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasskey {
    /// How the authenticator names it.
    pub credential_id: Vec<u8>,
    /// Its public key.
    pub key: PasskeyKey,
    /// Its counter; 0 for those that do not count.
    pub counter: u32,
    /// The model of the authenticator; all zeros for those that do not say.
    pub model: [u8; 16],
    /// There is a copy, for example in the person's other devices.
    pub is_synced: bool,
}

/// A use of a passkey, as the browser handed it over.
#[derive(Debug, Clone, Copy)]
pub struct UnverifiedSignIn<'a> {
    /// The id that the browser names.
    pub credential_id: &'a [u8],
    /// JSON, byte for byte.
    pub client_data: &'a [u8],
    /// Byte for byte.
    pub authenticator_data: &'a [u8],
    /// Over both.
    pub signature: &'a [u8],
    /// Whom the passkey says it belongs to.
    pub user_handle: Option<&'a [u8]>,
}

/// What is known of the passkey that is said to have answered.
#[derive(Debug, Clone, Copy)]
pub struct KnownPasskey<'a> {
    /// How the authenticator names it.
    pub credential_id: &'a [u8],
    /// Its public key.
    pub key: &'a PasskeyKey,
    /// Its counter when it was last used.
    pub counter: u32,
    /// What was written into it for its account.
    pub user_handle: &'a [u8],
}

/// A sign-in that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedSignIn {
    /// To be stored: the next one must be higher, unless the authenticator does not count.
    pub counter: u32,
    /// There is a copy of the passkey now.
    pub is_synced: bool,
}

impl UnverifiedRegistration<'_> {
    /// Checks that the passkey was made for this ceremony.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify(&self, ceremony: &Ceremony<'_>) -> Result<NewPasskey, PasskeyError> {
        client_data::check(self.client_data, Kind::Registration, ceremony)?;
        let data = read_attestation(self.attestation_object)?;
        let data = AuthenticatorData::parse(data)?;
        data.check(ceremony.host)?;
        let is_synced = data.is_synced();
        let counter = data.counter;
        let credential = data
            .credential
            .ok_or(PasskeyError::AuthenticatorDataMalformed)?;
        if credential.id != self.credential_id {
            return Err(PasskeyError::WrongCredential);
        }
        Ok(NewPasskey {
            credential_id: credential.id.to_vec(),
            key: credential.key,
            counter,
            model: credential.model,
            is_synced,
        })
    }
}

impl UnverifiedSignIn<'_> {
    /// Checks that the known passkey answered this ceremony.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify(
        &self,
        ceremony: &Ceremony<'_>,
        known: &KnownPasskey<'_>,
    ) -> Result<VerifiedSignIn, PasskeyError> {
        if self.credential_id != known.credential_id {
            return Err(PasskeyError::WrongCredential);
        }
        let handle = self.user_handle.ok_or(PasskeyError::WrongUserHandle)?;
        verify_slices_are_equal(handle, known.user_handle)
            .map_err(|_| PasskeyError::WrongUserHandle)?;
        client_data::check(self.client_data, Kind::SignIn, ceremony)?;
        let data = AuthenticatorData::parse(self.authenticator_data)?;
        if data.credential.is_some() {
            return Err(PasskeyError::AuthenticatorDataMalformed);
        }
        data.check(ceremony.host)?;
        let client_hash = digest(&SHA256, self.client_data);
        let signed = [self.authenticator_data, client_hash.as_ref()].concat();
        known.key.verify(&signed, self.signature)?;
        // Those that do not count say 0 for ever; whoever has counted once must go on.
        let counts = data.counter != 0 || known.counter != 0;
        if counts && data.counter <= known.counter {
            return Err(PasskeyError::CounterWentBack);
        }
        Ok(VerifiedSignIn {
            counter: data.counter,
            is_synced: data.is_synced(),
        })
    }
}

/// The authenticator's data out of an attestation object without an attestation.
fn read_attestation(object: &[u8]) -> Result<&[u8], PasskeyError> {
    if object.len() > MAX_ATTESTATION_BYTES {
        return Err(PasskeyError::AuthenticatorDataMalformed);
    }
    let map = cbor::read_map(object).map_err(|_| PasskeyError::AuthenticatorDataMalformed)?;
    let members = (
        map.text_member("fmt"),
        map.text_member("attStmt"),
        map.text_member("authData"),
    );
    match members {
        (Some(Value::Text("none")), Some(Value::Map(statement)), Some(Value::Bytes(data)))
            if statement.len() == 0 && map.len() == 3 =>
        {
            Ok(data)
        }
        (Some(Value::Text(_)), Some(Value::Map(_)), Some(Value::Bytes(_))) => {
            Err(PasskeyError::AttestationNotAllowed)
        }
        _ => Err(PasskeyError::AuthenticatorDataMalformed),
    }
}
