//! User tokens on the command line: made, read, verified, explained.

mod decision;
mod inspect;
mod mint;
mod tree;
mod verify;
mod why;

use std::path::Path;

use anyhow::{Context as _, Result};
use hallpass_core::{Clock as _, SystemClock};
use hallpass_jose::VerifyingKey;
use hallpass_model::Timestamp;

pub use mint::{Order, sign};
pub use verify::shown as shown_report;

use crate::cli::{Global, TokenVerb};
use crate::exit::Exit;
use crate::files;
use crate::ui::Ui;

pub fn run(global: &Global, verb: &TokenVerb, ui: &Ui) -> Result<()> {
    match verb {
        TokenVerb::Mint(args) => mint::run(args, ui),
        TokenVerb::Inspect(args) => inspect::run(args, ui),
        TokenVerb::Verify(args) => verify::run(global, args, ui),
        TokenVerb::Why(args) => why::run(global, args, ui),
    }
}

/// The token itself, or standard input for `-`. `Bearer ` in front, as copied from a header, is taken off.
pub fn token_text(argument: &str) -> Result<String> {
    let text = if argument == "-" {
        files::read_text(Path::new("-"))?
    } else {
        argument.to_owned()
    };
    let text = text.trim();
    let text = text.strip_prefix("Bearer ").map_or(text, str::trim_start);
    if text.is_empty() {
        return Err(Exit::usage("no token given"));
    }
    Ok(text.to_owned())
}

/// The reason that says nothing about the token: the provider's keys could not be fetched.
const NOT_JUDGED: &str = "keys_unavailable";

fn public_key(path: &Path) -> Result<VerifyingKey> {
    let pem = files::read_text(path)?;
    VerifyingKey::from_pem(&pem)
        .with_context(|| format!("{} is no usable public key", path.display()))
}

fn now() -> Timestamp {
    SystemClock::start().now()
}
