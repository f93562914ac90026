//! Signing in at somebody else: OAuth 2.0 (RFC 6749) and OpenID Connect, seen from the relying party.
//!
//! 1. [`Client::authorize_url`] sends the browser to the provider, with `state`, PKCE (S256, always) and, where there are id tokens, a nonce.
//! 2. The browser comes back with [`Callback`] parameters; its `iss` (RFC 9207) must be the provider's.
//! 3. [`Client::complete`] exchanges the code, verifies the id token against the published keys or asks for the profile,
//!    and says who it was: an [`UpstreamIdentity`].
//!
//! What a provider is like is data: a [`Preset`] with its [`hallpass_model::OauthEndpoints`], or a discovery document. What an operator may say about one is
//! [`hallpass_model::SignInProviderSettings`]. Answers are read strictly: an answer that is not exactly what the standard promises is refused, and nothing of
//! it is repeated to anybody.
//!
//! There is no clock, no randomness and no database here: the caller hands in the time and the secrets of a flow, keeps `state`, and decides
//! what an identity is worth. Every request leaves through `hallpass-egress`.

mod apple;
mod authorize;
mod callback;
mod claims;
mod client;
mod discovery;
mod error;
mod exchange;
mod form;
mod id_token;
mod identity;
mod keys;
mod pkce;
mod preset;
mod settings;
mod userinfo;

#[cfg(test)]
mod tests;

pub use authorize::Flow;
pub use callback::{Callback, ProviderRefusal};
pub use client::Client;
pub use error::OauthError;
pub use exchange::Credentials;
pub use identity::UpstreamIdentity;
pub use pkce::Verifier;
pub use preset::Preset;
pub use settings::{Provider, SettingsFault};
