use std::fmt;

use crate::aead;
use crate::error::{OpenError, SealError};
use crate::key_id::KeyId;
use crate::master_key::MasterKey;
use crate::place::Place;
use crate::sealed::{MAX_PLAINTEXT_BYTES, Sealed, UnverifiedSealed, VERSION};
use crate::secret::SecretBytes;

/// One key that seals, and any number of former ones that only open.
///
/// Keys change in three steps, and nothing is lost if the second one stops half-way: start with the new key as
/// current and the old one as former, seal every value again that [`KeyRing::needs_resealing`], drop the old key.
pub struct KeyRing {
    current: MasterKey,
    former: Vec<MasterKey>,
}

impl KeyRing {
    /// A ring with one key, which seals and opens.
    #[must_use]
    pub const fn new(current: MasterKey) -> Self {
        Self {
            current,
            former: Vec::new(),
        }
    }

    /// Adds a key that only opens. A key that is already on the ring is not added again.
    #[must_use]
    pub fn with_former(mut self, key: MasterKey) -> Self {
        if self.find_key(key.id()).is_none() {
            self.former.push(key);
        }
        self
    }

    /// The key that seals.
    #[must_use]
    pub fn current_id(&self) -> KeyId {
        self.current.id()
    }

    /// Every key that opens: the current one first, then the former ones in the order of their adding.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.keys().map(MasterKey::id)
    }

    /// Seals `plaintext` for `place` with the current key.
    ///
    /// `nonce` must be 24 bytes fresh from a cryptographic source of randomness, never a counter or a copy: two
    /// texts under one key and nonce give each other away.
    ///
    /// # Errors
    ///
    /// [`SealError::TooLong`] beyond [`MAX_PLAINTEXT_BYTES`].
    pub fn seal(
        &self,
        place: &Place<'_>,
        nonce: [u8; 24],
        plaintext: &[u8],
    ) -> Result<Sealed, SealError> {
        if plaintext.len() > MAX_PLAINTEXT_BYTES {
            return Err(SealError::TooLong {
                bytes: plaintext.len(),
            });
        }
        let key = self.current.id();
        let mut bytes = Sealed::header(key, &nonce, plaintext.len());
        let text_at = bytes.len();
        bytes.extend_from_slice(plaintext);
        let text = bytes.get_mut(text_at..).unwrap_or_default();
        let associated_data = place.associated_data(VERSION, key);
        let tag = aead::encrypt(self.current.expose(), &nonce, &associated_data, text)
            .map_err(|aead::Refused| SealError::Cipher)?;
        bytes.extend_from_slice(&tag);
        Ok(Sealed::from_parts(key, bytes))
    }

    /// Opens a value that was sealed for `place` with any key of the ring.
    ///
    /// # Errors
    ///
    /// [`OpenError::UnknownVersion`] for a format of another time, [`OpenError::UnknownKey`] if its key is not on
    /// the ring, [`OpenError::Damaged`] for everything else: altered, cut, extended, or brought from another place.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<SecretBytes, OpenError> {
        let sealed = UnverifiedSealed::parse(sealed)?;
        let key = self
            .find_key(sealed.key)
            .ok_or(OpenError::UnknownKey(sealed.key))?;
        aead::decrypt(
            key.expose(),
            sealed.nonce,
            &place.associated_data(VERSION, sealed.key),
            sealed.ciphertext,
            sealed.tag,
        )
        .map(SecretBytes::new)
        .map_err(|aead::Refused| OpenError::Damaged)
    }

    /// Whether a value should be opened and sealed again, because its key is a former one.
    ///
    /// Looks at the header only, so it needs no place and proves nothing about the rest.
    ///
    /// # Errors
    ///
    /// As [`KeyRing::open`], as far as the header shows it.
    pub fn needs_resealing(&self, sealed: &[u8]) -> Result<bool, OpenError> {
        let sealed = UnverifiedSealed::parse(sealed)?;
        if self.find_key(sealed.key).is_none() {
            return Err(OpenError::UnknownKey(sealed.key));
        }
        Ok(sealed.key != self.current.id())
    }

    fn find_key(&self, id: KeyId) -> Option<&MasterKey> {
        self.keys().find(|key| key.id() == id)
    }

    fn keys(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(&self.former)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let former: Vec<KeyId> = self.former.iter().map(MasterKey::id).collect();
        formatter
            .debug_struct("KeyRing")
            .field("current", &self.current.id())
            .field("former", &former)
            .finish()
    }
}
