//! Keeping secrets: values sealed for the database, digests of tokens and codes, types that do not leak by accident.
//!
//! Four rules shape the whole crate:
//!
//! * **A sealed value belongs to one place.** Table, row, environment and field are authenticated with it
//!   ([`Place`]), so nobody who can write to the database makes a value count elsewhere by copying it.
//! * **Every value names its key.** A [`KeyRing`] seals with one key and opens with several, so keys change while
//!   the server runs, and "the key is missing" ([`OpenError::UnknownKey`]) is never mistaken for "the value is
//!   damaged" ([`OpenError::Damaged`]).
//! * **Secrets are shy.** [`MasterKey`], [`SecretText`] and [`SecretBytes`] have no `Display`, no `Serialize`, no
//!   `Clone` and a `Debug` without content; their memory is wiped when they go. Reading one takes the word `expose`.
//! * **Digests have a purpose.** [`token_hash`] and [`code_hash`] separate domains and lengths, so a digest made
//!   for one use is worthless for another. [`same`] compares without telling where two values differ.
//!
//! There is no clock, no I/O and no source of randomness here: keys and nonces are parameters.
//!
//! ```
//! use hallpass_seal::{KeyRing, MasterKey, OpenError, Place};
//!
//! # let (random_key, random_nonce) = ([7; 32], [9; 24]);
//! let ring = KeyRing::new(MasterKey::generate(random_key));
//! let place = Place {
//!     table: "issuer_keys",
//!     row: "5c0c0b1e-8a5b-4c39-8a44-0d8c6f6c9f10",
//!     environment: "b0a2f6b4-2c6e-4a8e-9b1c-5f1f3c0e7d21",
//!     field: "private_key",
//! };
//! let sealed = ring.seal(&place, random_nonce, b"very secret")?;
//! assert_eq!(ring.open(&place, sealed.as_bytes())?.expose(), b"very secret");
//!
//! let elsewhere = Place { environment: "another", ..place };
//! assert_eq!(ring.open(&elsewhere, sealed.as_bytes()).err(), Some(OpenError::Damaged));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aead;
mod digest;
mod error;
mod key_id;
mod key_ring;
mod master_key;
mod place;
mod sealed;
mod secret;

pub use digest::{code_hash, same, token_hash};
pub use error::{MasterKeyError, OpenError, SealError};
pub use key_id::KeyId;
pub use key_ring::KeyRing;
pub use master_key::MasterKey;
pub use place::Place;
pub use sealed::{MAX_PLAINTEXT_BYTES, SEALED_OVERHEAD_BYTES, Sealed, key_id_of};
pub use secret::{NotText, SecretBytes, SecretText};
