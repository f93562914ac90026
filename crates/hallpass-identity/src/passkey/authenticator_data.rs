//! What the authenticator says and signs: the host name's hash, flags, a counter and, for a new passkey, its key.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

use super::cbor::{self, Value};
use super::key::PasskeyKey;
use super::{MAX_CREDENTIAL_ID_BYTES, PasskeyError};

/// The longest data that is looked at: a key, an id and some extensions.
const MAX_BYTES: usize = 4 * 1024;

const PRESENT: u8 = 1 << 0;
const VERIFIED: u8 = 1 << 2;
const MAY_BE_COPIED: u8 = 1 << 3;
const IS_COPIED: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

#[derive(Debug)]
pub(super) struct AuthenticatorData<'a> {
    host_hash: &'a [u8],
    flags: u8,
    pub(super) counter: u32,
    pub(super) credential: Option<NewCredential<'a>>,
}

#[derive(Debug)]
pub(super) struct NewCredential<'a> {
    /// The model of the authenticator; all zeros for those who do not say.
    pub(super) model: [u8; 16],
    pub(super) id: &'a [u8],
    pub(super) key: PasskeyKey,
}

impl<'a> AuthenticatorData<'a> {
    /// Every byte has its place; none may be left over.
    pub(super) fn parse(input: &'a [u8]) -> Result<Self, PasskeyError> {
        if input.len() > MAX_BYTES {
            return Err(PasskeyError::AuthenticatorDataMalformed);
        }
        let (host_hash, rest) = take(input, 32)?;
        let ([flags], rest) = take_array::<1>(rest)?;
        let (counter, mut rest) = take_array::<4>(rest)?;
        let mut credential = None;
        if flags & HAS_CREDENTIAL != 0 {
            let (parsed, behind) = NewCredential::parse(rest)?;
            (credential, rest) = (Some(parsed), behind);
        }
        if flags & HAS_EXTENSIONS != 0 {
            let extensions =
                cbor::read(rest).map_err(|_| PasskeyError::AuthenticatorDataMalformed)?;
            let (Value::Map(_), behind) = extensions else {
                return Err(PasskeyError::AuthenticatorDataMalformed);
            };
            rest = behind;
        }
        let is_copy_of_nothing = flags & IS_COPIED != 0 && flags & MAY_BE_COPIED == 0;
        if !rest.is_empty() || is_copy_of_nothing {
            return Err(PasskeyError::AuthenticatorDataMalformed);
        }
        Ok(Self {
            host_hash,
            flags,
            counter: u32::from_be_bytes(counter),
            credential,
        })
    }

    /// Checks whom it was made for, and that the authenticator saw and recognised the person.
    pub(super) fn check(&self, host: &str) -> Result<(), PasskeyError> {
        let expected = digest(&SHA256, host.as_bytes());
        verify_slices_are_equal(self.host_hash, expected.as_ref())
            .map_err(|_| PasskeyError::WrongHost)?;
        if self.flags & PRESENT == 0 {
            return Err(PasskeyError::NotPresent);
        }
        if self.flags & VERIFIED == 0 {
            return Err(PasskeyError::NotVerified);
        }
        Ok(())
    }

    pub(super) fn is_synced(&self) -> bool {
        self.flags & IS_COPIED != 0
    }
}

impl<'a> NewCredential<'a> {
    fn parse(input: &'a [u8]) -> Result<(Self, &'a [u8]), PasskeyError> {
        let (model, rest) = take_array::<16>(input)?;
        let (length, rest) = take_array::<2>(rest)?;
        let length = usize::from(u16::from_be_bytes(length));
        if length == 0 || length > MAX_CREDENTIAL_ID_BYTES {
            return Err(PasskeyError::AuthenticatorDataMalformed);
        }
        let (id, rest) = take(rest, length)?;
        let (_, behind) = cbor::read(rest).map_err(|_| PasskeyError::AuthenticatorDataMalformed)?;
        let (key, behind) = take(rest, rest.len().saturating_sub(behind.len()))?;
        let key = PasskeyKey::from_cose(key)?;
        Ok((Self { model, id, key }, behind))
    }
}

fn take(input: &[u8], length: usize) -> Result<(&[u8], &[u8]), PasskeyError> {
    input
        .split_at_checked(length)
        .ok_or(PasskeyError::AuthenticatorDataMalformed)
}

fn take_array<const N: usize>(input: &[u8]) -> Result<([u8; N], &[u8]), PasskeyError> {
    let (array, rest) = input
        .split_first_chunk::<N>()
        .ok_or(PasskeyError::AuthenticatorDataMalformed)?;
    Ok((*array, rest))
}
