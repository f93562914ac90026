//! What must hold for any bytes that a stranger sends, for three kinds of untrusted text.
//!
//! A check panics when its law is broken. cargo-fuzz (nightly, coverage-guided, by hand) and the stable runner (in CI)
//! call the same three functions.

mod generate;
mod jwk;
mod permissions;
mod token;

pub use generate::generate;
pub use jwk::check_jwk;
pub use permissions::check_permissions;
pub use token::check_token;

/// A kind of untrusted text: its corpus and artifacts lie in directories of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Token,
    Jwk,
    Permissions,
}

impl Target {
    pub const ALL: [Target; 3] = [Target::Token, Target::Jwk, Target::Permissions];

    pub fn parse(name: &str) -> Option<Target> {
        Target::ALL.into_iter().find(|target| target.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Target::Token => "token",
            Target::Jwk => "jwk",
            Target::Permissions => "permissions",
        }
    }

    /// Panics when the input breaks one of the target's laws. Answers whether the input was accepted.
    pub fn check(self, data: &[u8]) -> bool {
        match self {
            Target::Token => check_token(data),
            Target::Jwk => check_jwk(data),
            Target::Permissions => check_permissions(data),
        }
    }
}
