use std::path::PathBuf;

use clap::{Args, Subcommand};
use hallpass_model::{ApiKeyId, EnvironmentId};

use super::PageArgs;
use crate::duration::Seconds;

#[derive(Subcommand)]
pub enum ApiKeyVerb {
    /// Make a key; a secret one is printed, once
    Create {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        /// publishable: ships in apps and names the environment; secret: stays in backends
        #[arg(long, value_parser = ["publishable", "secret"])]
        kind: String,
        /// What to call it
        #[arg(long)]
        name: String,
        /// How a publishable key begins; unmodified browser clients look for the server at localhost:8080 if it is dev
        /// [default: by the environment's name]
        #[arg(long, value_parser = ["dev", "sandbox", "beta", "prod"])]
        prefix: Option<String>,
        /// How long it works, such as 90d [default: until revoked]
        #[arg(long, value_name = "DURATION")]
        expires_in: Option<Seconds>,
        /// Write the key to this new file (mode 0600) instead of the terminal
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List an environment's keys, newest first
    List {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show a key
    Show(ApiKeyArgs),
    /// Replace a key by a new one of the same kind and name
    Rotate {
        #[command(flatten)]
        key: ApiKeyArgs,
        /// Keep accepting the old key this long, such as 7d; without it the old key is revoked at once
        #[arg(long, value_name = "DURATION")]
        overlap: Option<Seconds>,
        /// Write the key to this new file (mode 0600) instead of the terminal
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Stop accepting a key at once
    Revoke(ApiKeyArgs),
}

/// Which key.
#[derive(Args)]
pub struct ApiKeyArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// The key's id
    pub key: ApiKeyId,
}
