//! Proofs of who someone is, as pure functions: wallet signatures over a sign-in message, Telegram's login hash, one-time
//! codes, and the strict reading of e-mail addresses and phone numbers.
//!
//! * **No clock, no randomness, no I/O.** The time, random bytes and what is expected of a proof are parameters; so every
//!   expiry can be tested to the microsecond.
//! * **One use is the caller's.** A proof that verifies here can be shown again: the caller stores each nonce or code and
//!   consumes it *before* it verifies, whatever the outcome.
//! * **Total.** Arbitrary text is answered with an error that names what is wrong, without a panic, in bounded time, and
//!   without repeating a signature, a code or an address.
//!
//! Every error has a `code()`: a stable word for logs and answers, beside the sentence for people.

pub mod code;
pub mod contact;
mod hex;
pub mod passkey;
pub mod telegram;
pub mod wallet;

/// The clock of everything here: microseconds since the epoch.
pub use hallpass_model::Timestamp;
