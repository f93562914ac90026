use std::path::PathBuf;

use clap::{Args, Subcommand};
use hallpass_model::{EnvironmentId, Subject};

use super::EgressArgs;
use crate::duration::Seconds;

#[derive(Subcommand)]
pub enum TokenVerb {
    /// Sign a user token with a private key; prints only the token
    Mint(MintArgs),
    /// Decode a token and say what each claim means; offline, verifies nothing
    Inspect(InspectArgs),
    /// Check a token step by step, against an environment or a public key
    Verify(VerifyArgs),
    /// Show what a token or claim may do and why; exit code 0 allow, 3 deny, 4 refused token
    Why(WhyArgs),
}

#[derive(Args)]
pub struct MintArgs {
    /// PEM file of the private key (RSA signs RS256)
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The user
    #[arg(long)]
    pub sub: Subject,
    /// How long it is valid
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub ttl: Seconds,
    /// The audience, such as useparagon.com/ENVIRONMENT_ID
    #[arg(long)]
    pub aud: Option<String>,
    /// The permission claim: a JSON object, or a file with one [default: none, which allows everything]
    #[arg(long, value_name = "FILE|JSON")]
    pub permissions: Option<String>,
}

#[derive(Args)]
pub struct InspectArgs {
    /// The token, or - for standard input
    #[arg(default_value = "-", hide_default_value = true)]
    pub token: String,
}

#[derive(Args)]
pub struct VerifyArgs {
    /// The token, or - for standard input
    #[arg(default_value = "-", hide_default_value = true)]
    pub token: String,
    /// Verify as this environment would
    #[arg(
        long,
        value_name = "ID",
        conflicts_with = "key",
        required_unless_present = "key"
    )]
    pub environment: Option<EnvironmentId>,
    /// Verify offline with this public key (PEM); the environment's settings are not known then
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    #[command(flatten)]
    pub egress: EgressArgs,
}

#[derive(Args)]
pub struct WhyArgs {
    /// The call: its method
    #[arg(
        value_name = "METHOD",
        requires = "path",
        conflicts_with = "permission"
    )]
    pub method: Option<String>,
    /// The call: its path, such as /sdk/me
    #[arg(value_name = "PATH")]
    pub path: Option<String>,
    /// Or the question: a permission, such as proxy-api
    #[arg(long, value_name = "PERMISSION", required_unless_present = "method")]
    pub permission: Option<String>,
    /// ... on this integration
    #[arg(long, value_name = "NAME", requires = "permission")]
    pub integration: Option<String>,
    /// ... and this credential: an id, ext:EXTERNAL_ID, or new; twice for one with both ids
    #[arg(long, value_name = "ID|ext:X|new", requires = "permission")]
    pub credential: Vec<String>,
    /// ... and this configuration: an id, ext:EXTERNAL_ID, or new; twice for one with both ids
    #[arg(long, value_name = "ID|ext:X|new", requires = "permission")]
    pub configuration: Vec<String>,
    /// The token that asks, or - for standard input
    #[arg(
        long,
        value_name = "TOKEN",
        conflicts_with = "claim",
        required_unless_present = "claim"
    )]
    pub token: Option<String>,
    /// Or a file with a permission claim, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub claim: Option<PathBuf>,
    /// Judge the token as this environment would, settings and keys included
    #[arg(long, value_name = "ID", requires = "token", conflicts_with = "key")]
    pub environment: Option<EnvironmentId>,
    /// Check the token's signature with this public key (PEM)
    #[arg(long, value_name = "FILE", requires = "token")]
    pub key: Option<PathBuf>,
    #[command(flatten)]
    pub egress: EgressArgs,
}
