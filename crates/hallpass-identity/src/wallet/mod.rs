//! Sign-in with an external wallet: a message that the server makes, the person's wallet signs, and we verify.
//!
//! All chains share the text layout of EIP-4361 ([`SignInMessage`]) and the list of what must hold ([`Expected`]); they
//! differ in addresses and signatures: [`evm`] (EIP-55, EIP-191), [`solana`] (Ed25519) and [`cosmos`] (ADR-36).
//!
//! ```
//! use hallpass_identity::{Timestamp, wallet::{Chain, MessageFields, MessageTime, SignInMessage}};
//!
//! let now = Timestamp::from_secs(1_795_341_600);
//! let message = SignInMessage::new(MessageFields {
//!     statement: Some("Sign in to the example app.".into()),
//!     expiration_time: Some(MessageTime::new(now.plus_secs(600))?),
//!     request_id: Some("session-1".into()),
//!     ..MessageFields::required(
//!         Chain::Ethereum,
//!         "app.example.com",
//!         "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
//!         "https://app.example.com/login",
//!         "1",
//!         "k3yS0meN0nce42",
//!         MessageTime::new(now)?,
//!     )
//! })?;
//! assert_eq!(SignInMessage::parse(Chain::Ethereum, &message.to_string())?, message);
//! # Ok::<(), hallpass_identity::wallet::MessageError>(())
//! ```

mod chain;
pub mod cosmos;
pub mod evm;
mod expected;
mod message;
mod page;
pub mod solana;

pub use chain::Chain;
pub use expected::{Expected, ISSUED_AT_LEEWAY_SECS, Unmet};
pub use message::{
    Field, MAX_MESSAGE_BYTES, MAX_NONCE_CHARS, MAX_URI_BYTES, MIN_NONCE_CHARS, MessageError,
    MessageFields, MessageTime, SignInMessage, authority_of, scheme_of,
};
pub use page::{PageUri, PageUriError};

/// The longest text of a signature or public key that is looked at, in bytes. Contract wallets sign at length, and
/// deserve an answer that says what they are.
pub const MAX_SIGNATURE_TEXT: usize = 16 * 1024;
