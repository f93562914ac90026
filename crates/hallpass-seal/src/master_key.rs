use std::fmt;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::MasterKeyError;
use crate::key_id::KeyId;
use crate::secret::SecretText;

const KEY_BYTES: usize = 32;
const HEX_CHARS: usize = 64;
const BASE64_CHARS: usize = 43;

/// The key under which everything else is sealed: 32 random bytes.
///
/// ```compile_fail
/// fn serialize(_: &impl serde::Serialize) {}
/// serialize(&hallpass_seal::MasterKey::from_bytes([7; 32]));
/// ```
pub struct MasterKey {
    // Boxed: moving the key moves a pointer and leaves no copy behind.
    bytes: Box<[u8; KEY_BYTES]>,
    id: KeyId,
}

impl MasterKey {
    /// A key that exists already.
    #[must_use]
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let key = Self {
            id: KeyId::of(&bytes),
            bytes: Box::new(bytes),
        };
        bytes.zeroize();
        key
    }

    /// A new key from 32 bytes that the caller has just drawn from a cryptographic source of randomness.
    #[must_use]
    pub fn generate(random: [u8; 32]) -> Self {
        Self::from_bytes(random)
    }

    /// Reads a key as people keep it: 64 hexadecimal digits, or base64 or base64url of 32 bytes with or without its
    /// final `=`. White space around it, such as the newline at the end of a file, does not count.
    ///
    /// # Errors
    ///
    /// [`MasterKeyError`] says what was expected and never repeats anything of the text.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        refuse_common_slips(text)?;
        let mut bytes = [0; KEY_BYTES];
        let key = decode(text, &mut bytes).map(|()| Self::from_bytes(bytes));
        bytes.zeroize();
        key
    }

    /// The key as 64 hexadecimal digits, which [`MasterKey::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        SecretText::new(HEXLOWER.encode(self.bytes.as_slice()))
    }

    /// Its public name.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MasterKey({})", self.id)
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for MasterKey {}

/// What people paste instead of the bare key, told before its letters are looked at.
fn refuse_common_slips(text: &str) -> Result<(), MasterKeyError> {
    if text.is_empty() {
        return Err(MasterKeyError::Empty);
    }
    if text.starts_with(['"', '\'']) || text.ends_with(['"', '\'']) {
        return Err(MasterKeyError::Quoted);
    }
    if text.contains(char::is_whitespace) {
        return Err(MasterKeyError::SeveralWords);
    }
    if text.contains(|letter: char| !letter.is_ascii_alphanumeric() && !"+/-_=".contains(letter)) {
        return Err(MasterKeyError::ForeignCharacter);
    }
    Ok(())
}

/// `text` is ASCII by now.
fn decode(text: &str, bytes: &mut [u8; KEY_BYTES]) -> Result<(), MasterKeyError> {
    let unpadded = match text.strip_suffix('=') {
        Some(unpadded) if unpadded.len() == BASE64_CHARS => unpadded,
        _ => text,
    };
    let encoding = match unpadded.len() {
        HEX_CHARS => HEXLOWER_PERMISSIVE,
        BASE64_CHARS if unpadded.contains(['-', '_']) => BASE64URL_NOPAD,
        BASE64_CHARS => BASE64_NOPAD,
        _ => {
            return Err(MasterKeyError::Length {
                characters: text.len(),
            });
        }
    };
    decode_exactly(&encoding, unpadded, bytes)?;
    if bytes.iter().all(|byte| bytes.first() == Some(byte)) {
        return Err(MasterKeyError::Placeholder);
    }
    Ok(())
}

fn decode_exactly(
    encoding: &Encoding,
    text: &str,
    bytes: &mut [u8; KEY_BYTES],
) -> Result<(), MasterKeyError> {
    // `decode_mut` panics on an output of another length than it announces.
    if encoding.decode_len(text.len()) != Ok(KEY_BYTES) {
        return Err(MasterKeyError::Spelling);
    }
    encoding
        .decode_mut(text.as_bytes(), bytes)
        .map(|_| ())
        .map_err(|_| MasterKeyError::Spelling)
}
