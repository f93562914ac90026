//! Issuer keys and the tokens that they sign.

mod claims;
mod keys;
mod rotation;
mod support;
mod user_tokens;
