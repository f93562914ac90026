//! Signed tokens and the keys that verify them: JWS compact (RFC 7515), JWK and JWKS (RFC 7517, 7518, 8037),
//! thumbprints (RFC 7638) and strict JWT claims (RFC 7519), on one crypto backend.
//!
//! Three rules shape the whole crate:
//!
//! * **The key fixes the algorithm.** A [`VerifyingKey`] is pinned to exactly one [`Algorithm`]; the token's `alg` is
//!   compared with it and never chooses anything.
//! * **One spelling.** A token is accepted in its canonical form only: no padding, no stray bits, no repeated members,
//!   no value of the wrong type read as "absent".
//! * **Total and linear.** Arbitrary text is answered with a precise error, without a panic, in time and memory
//!   proportional to its (capped) length.
//!
//! There is no clock and no I/O here: whether a token is *current* and whom it may speak for is decided by the caller.
//!
//! ```
//! use hallpass_jose::{ProtectedHeader, SigningKey, UnverifiedToken};
//!
//! let key = SigningKey::generate_es256()?;
//! let text = key.sign(&ProtectedHeader::default(), br#"{"sub":"user-1","exp":1800000000}"#)?;
//! let token = UnverifiedToken::parse(&text)?.verify(&key.verifying_key())?;
//! let claims = token.claims()?;
//! assert_eq!(claims.sub.as_deref(), Some("user-1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod base64url;
mod json;
mod key;
pub mod raw;
mod sign;
mod token;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use key::{
    Jwk, JwkSet, JwkSetKey, JwksError, KeyError, MAX_JWK_BYTES, MAX_JWKS_BYTES, MAX_JWKS_KEYS,
    MAX_PEM_BYTES, MAX_RSA_BITS, MIN_RSA_BITS, PemFlaw, SignatureMismatch, SkippedKey,
    VerifyingKey,
};
pub use sign::{ProtectedHeader, SignError, SigningKey};
pub use token::{
    Audience, ClaimError, Claims, Header, MAX_AUDIENCES, MAX_KID_CHARS, MAX_NESTING,
    MAX_TOKEN_BYTES, Malformation, Part, RawMembers, TokenError, UnverifiedToken, VerifiedToken,
};
