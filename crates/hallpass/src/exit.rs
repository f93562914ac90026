//! How a run ends: 0 done, 1 failed, 2 wrong use; `token why` adds 3 (deny) and 4 (refused token), `idp test` 3 (no
//! keys) and 4.

use std::fmt;

/// The verb failed; `token why` and `token verify`: nothing can be known about the token now.
pub const FAILED: u8 = 1;
/// The command line, the configuration or the address cannot be used as given.
pub const USAGE: u8 = 2;
/// `token why`: the answer is no.
pub const DENIED: u8 = 3;
/// `idp test`: the provider's keys could not be fetched, or none of them is usable.
pub const NO_KEYS: u8 = 3;
/// `token why` and `token verify`: the token is refused, or the claim cannot be read; `idp test`:
/// the token is refused.
pub const REFUSED: u8 = 4;

/// An end with a code of its own. An empty message ends silently: everything was said on stdout.
#[derive(Debug)]
pub struct Exit {
    /// The process's exit code.
    pub code: u8,
    /// What to print on stderr.
    pub message: String,
}

impl Exit {
    /// Wrong use: exit code 2.
    pub fn usage(message: impl Into<String>) -> anyhow::Error {
        Self {
            code: USAGE,
            message: message.into(),
        }
        .into()
    }

    /// Everything was said already.
    pub fn silent(code: u8) -> anyhow::Error {
        Self {
            code,
            message: String::new(),
        }
        .into()
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Exit {}

/// The exit code that an error asks for.
pub fn code_of(error: &anyhow::Error) -> u8 {
    error
        .downcast_ref::<Exit>()
        .map_or(FAILED, |exit| exit.code)
}
