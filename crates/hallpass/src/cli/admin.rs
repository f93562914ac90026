use std::path::PathBuf;

use clap::{Args, Subcommand};
use hallpass_model::{EnvironmentId, OperatorId, OperatorKeyId, ProjectId, Role, Subject};

use crate::duration::Seconds;

/// Which page of a list.
#[derive(Args, Clone, Default)]
pub struct PageArgs {
    /// Continue after the cursor that the page before ended with
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
    /// Rows per page, 1-200 [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    pub limit: Option<u32>,
}

#[derive(Subcommand)]
pub enum ProjectVerb {
    /// Make a project
    Create {
        /// What to call it; 1-100 bytes, unique
        #[arg(long)]
        name: String,
    },
    /// List projects
    List(PageArgs),
    /// Show a project and its environments
    Show { id: ProjectId },
    /// Give a project another name
    Rename {
        id: ProjectId,
        /// What to call it
        #[arg(long)]
        name: String,
    },
}

#[derive(Subcommand)]
pub enum EnvironmentVerb {
    /// Make an environment in a project
    Create {
        /// The project
        #[arg(long, value_name = "ID")]
        project: ProjectId,
        /// What to call it, such as sandbox, beta or production
        #[arg(long)]
        name: String,
    },
    /// List a project's environments
    List {
        /// The project
        #[arg(long, value_name = "ID")]
        project: ProjectId,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show an environment and its settings
    Show { id: EnvironmentId },
    /// Change how an environment judges tokens; takes effect with the next request
    Set {
        id: EnvironmentId,
        #[command(flatten)]
        settings: SettingsArgs,
    },
}

/// Only what is given changes. An empty text removes a limit.
#[derive(Args)]
pub struct SettingsArgs {
    /// Another name
    #[arg(long)]
    pub name: Option<String>,
    /// Refuse tokens without a permission claim
    #[arg(long, value_name = "true|false")]
    pub require_permission_claim: Option<bool>,
    /// Parse a permission claim that is a string holding a JSON object
    #[arg(long, value_name = "true|false")]
    pub accept_stringified_permissions: Option<bool>,
    /// Refuse tokens without `aud`
    #[arg(long, value_name = "true|false")]
    pub require_audience: Option<bool>,
    /// Audience to accept; repeat for several, empty for none of your own
    #[arg(long = "audience", value_name = "TEXT")]
    pub audiences: Option<Vec<String>>,
    /// Whether the environment's own audience counts beside yours
    #[arg(long, value_parser = ["own_and_configured", "only_configured"])]
    pub aud_mode: Option<String>,
    /// The only `iss` to accept; empty accepts any
    #[arg(long, value_name = "TEXT")]
    pub issuer: Option<String>,
    /// Clock leeway, at most 5m
    #[arg(long, value_name = "DURATION")]
    pub leeway: Option<Seconds>,
    /// Longest lifetime (`exp` minus `iat`) of a token; 0s sets no limit
    #[arg(long, value_name = "DURATION")]
    pub max_token_lifetime: Option<Seconds>,
    /// How people sign in: a JSON object, or a file with one. What it names changes, `null` puts back to the default;
    /// `hallpass environment show` lists the settings
    #[arg(long, value_name = "FILE|JSON")]
    pub sign_in: Option<String>,
    /// Only if the environment still has this version
    #[arg(long, value_name = "VERSION")]
    pub if_version: Option<i64>,
}

#[derive(Subcommand)]
pub enum KeyVerb {
    /// Make an RSA key pair; the private half is shown once and kept nowhere
    Generate {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        /// 2048, 3072, 4096 or 8192
        #[arg(long, value_name = "N", default_value_t = 2048)]
        bits: u32,
        /// Keep accepting the present key this long, such as 7d; without it every other key is revoked at once
        #[arg(long, value_name = "DURATION")]
        overlap: Option<Seconds>,
        /// Write the private half to this new file (mode 0600) instead of the terminal
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Register the public half of your own RSA key
    Import {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        /// Keep accepting the present key this long, such as 7d; without it every other key is revoked at once
        #[arg(long, value_name = "DURATION")]
        overlap: Option<Seconds>,
        /// PEM file with the public key, or - for standard input
        file: PathBuf,
    },
    /// List an environment's keys, newest first
    List {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Stop trusting a key at once
    Revoke {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        /// The key's `kid`
        kid: String,
    },
}

#[derive(Subcommand)]
pub enum UserVerb {
    /// List an environment's users, newest first
    List {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show a user and its metadata
    Show(UserArgs),
    /// Refuse this user's tokens (403) until unfrozen
    Freeze(UserArgs),
    /// Accept this user's tokens again
    Unfreeze(UserArgs),
    /// Refuse every token issued up to now; newer ones are accepted
    Revoke(UserArgs),
    /// Erase a user; tokens issued up to now stay refused
    Delete(UserArgs),
    /// Replace a user's metadata
    Metadata {
        #[command(flatten)]
        user: UserArgs,
        /// The new metadata: a JSON object, or a file with one
        #[arg(long, value_name = "FILE|JSON")]
        set: String,
        /// Only if the user still has this version
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
}

/// Which user.
#[derive(Args)]
pub struct UserArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// The user's `sub`
    pub sub: Subject,
}

#[derive(Subcommand)]
pub enum OperatorVerb {
    /// Make an operator and print its key, once
    Create {
        /// What to call it; unique
        #[arg(long)]
        name: String,
        /// admin, member or support
        #[arg(long, value_parser = role)]
        role: Role,
        /// A project to see; repeat for several [default: all]
        #[arg(long = "project", value_name = "ID")]
        projects: Vec<ProjectId>,
        /// How long the key works, such as 90d [default: until revoked]
        #[arg(long, value_name = "DURATION")]
        expires_in: Option<Seconds>,
        /// Write the key to this new file (mode 0600) instead of the terminal
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List operators
    List(PageArgs),
    /// Shut an operator out; its keys stop working
    Disable { id: OperatorId },
    /// Let a disabled operator in again
    Enable { id: OperatorId },
    /// Keys of an operator
    #[command(subcommand)]
    Key(OperatorKeyVerb),
}

#[derive(Subcommand)]
pub enum OperatorKeyVerb {
    /// Make a further key and print it, once
    Create {
        /// Whose
        #[arg(long, value_name = "ID")]
        operator: OperatorId,
        /// How long the key works, such as 90d [default: until revoked]
        #[arg(long, value_name = "DURATION")]
        expires_in: Option<Seconds>,
        /// Write the key to this new file (mode 0600) instead of the terminal
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List an operator's keys
    List {
        /// Whose
        #[arg(long, value_name = "ID")]
        operator: OperatorId,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Withdraw a key
    Revoke {
        /// Whose
        #[arg(long, value_name = "ID")]
        operator: OperatorId,
        /// The key's id
        key: OperatorKeyId,
    },
}

#[derive(Subcommand)]
pub enum AuditVerb {
    /// List the trail, newest first
    List {
        /// Only this environment
        #[arg(long, value_name = "ID")]
        environment: Option<EnvironmentId>,
        /// Only changes, or only decisions
        #[arg(long, value_parser = ["change", "decision"])]
        kind: Option<String>,
        /// Only this action, such as signing_key.generate
        #[arg(long)]
        action: Option<String>,
        /// Only this actor: an operator's id or a user's sub
        #[arg(long, value_name = "ID")]
        actor: Option<String>,
        /// Only the last while, such as 1h
        #[arg(long, value_name = "DURATION")]
        last: Option<Seconds>,
        #[command(flatten)]
        page: PageArgs,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_word(text).ok_or_else(|| "a role is admin, member or support".to_owned())
}
