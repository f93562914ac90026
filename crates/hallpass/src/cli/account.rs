use clap::{Args, Subcommand};
use hallpass_model::{AccountId, EnvironmentId, SessionId};

use super::PageArgs;

#[derive(Subcommand)]
pub enum AccountVerb {
    /// List an environment's accounts, newest first
    List {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show an account and the ways to be it
    Show(AccountArgs),
    /// Shut an account out: its sessions end, nobody signs in to it until it is unfrozen
    Freeze(AccountArgs),
    /// Let a frozen account in again
    Unfreeze(AccountArgs),
    /// Change what an account's issued tokens may do
    Set {
        #[command(flatten)]
        account: AccountArgs,
        /// The role whose permissions they carry; empty: none
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// Their permission claim, which beats the role's: a JSON object, or a file with one; empty: none
        #[arg(long, value_name = "FILE|JSON")]
        permissions: Option<String>,
        /// Only if the account still has this version
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
    /// Erase an account with its identities, sessions, passkeys and wallets
    Delete(AccountArgs),
}

#[derive(Subcommand)]
pub enum SessionVerb {
    /// List an account's sessions, newest first
    List {
        #[command(flatten)]
        of: SessionsArgs,
        #[command(flatten)]
        page: PageArgs,
    },
    /// End a session, or all of an account's
    Revoke {
        #[command(flatten)]
        of: SessionsArgs,
        /// The session
        #[arg(required_unless_present = "all")]
        session: Option<SessionId>,
        /// Every session of the account
        #[arg(long, conflicts_with = "session")]
        all: bool,
    },
}

/// Which account.
#[derive(Args)]
pub struct AccountArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// The account's id
    pub account: AccountId,
}

/// Whose sessions.
#[derive(Args)]
pub struct SessionsArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// The account
    #[arg(long, value_name = "ID")]
    pub account: AccountId,
}
