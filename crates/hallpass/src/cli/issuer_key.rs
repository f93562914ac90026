use clap::Subcommand;
use hallpass_model::EnvironmentId;

use super::PageArgs;

#[derive(Subcommand)]
pub enum IssuerKeyVerb {
    /// List the keys that sign issued tokens, newest first
    List {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        /// Only this index
        #[arg(long, value_name = "N")]
        index: Option<u32>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Make successors: published at once, they sign when every verifier knows them
    Rotate {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        /// Only this index [default: every one]
        #[arg(long, value_name = "N")]
        index: Option<u32>,
    },
    /// Withdraw a key at once, with every token that it signed
    Revoke {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        /// The key's `kid`
        kid: String,
    },
}
