use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hallpass_model::{EnvironmentId, SignInProviderId};

use super::EgressArgs;

#[derive(Subcommand)]
pub enum SignInProviderVerb {
    /// Let people sign in with a service; register the callback path that it prints there
    Add {
        /// What sort of service it is
        #[arg(value_name = "KIND")]
        kind: ProviderKindArg,
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        /// Its name in addresses and identities, for oidc only; it stays [default: oidc]
        #[arg(long, value_name = "NAME")]
        handle: Option<String>,
        #[command(flatten)]
        settings: ProviderSettingsArgs,
        #[command(flatten)]
        secret: ProviderSecretArgs,
        #[command(flatten)]
        egress: EgressArgs,
    },
    /// List an environment's sign-in providers
    List {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
    },
    /// Show a sign-in provider; its secret is never shown
    Show(SignInProviderArgs),
    /// Change a sign-in provider, only what is given; an empty text takes a setting away
    Set {
        #[command(flatten)]
        provider: SignInProviderArgs,
        #[command(flatten)]
        settings: ProviderSettingsArgs,
        #[command(flatten)]
        secret: ProviderSecretArgs,
        /// Only if the provider still has this version
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
        #[command(flatten)]
        egress: EgressArgs,
    },
    /// End signing in with a provider until it is enabled again; who did stays signed in
    Disable(SignInProviderArgs),
    /// Let people sign in with a disabled provider again
    Enable(SignInProviderArgs),
    /// Remove a provider and forget its secret; accounts stay whose they are
    Remove(SignInProviderArgs),
}

/// Which provider.
#[derive(Args)]
pub struct SignInProviderArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// The provider's id
    pub provider: SignInProviderId,
}

/// The sorts of services.
#[derive(Clone, Copy, ValueEnum)]
pub enum ProviderKindArg {
    /// Google
    Google,
    /// X, once Twitter
    X,
    /// Discord
    Discord,
    /// Facebook
    Facebook,
    /// Apple
    Apple,
    /// Any issuer with OpenID Connect Discovery
    Oidc,
    /// A bot at Telegram
    Telegram,
}

impl ProviderKindArg {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::X => "x",
            Self::Discord => "discord",
            Self::Facebook => "facebook",
            Self::Apple => "apple",
            Self::Oidc => "oidc",
            Self::Telegram => "telegram",
        }
    }
}

/// What is said of a provider.
#[derive(Args)]
pub struct ProviderSettingsArgs {
    /// What its button says [default: the service's own name]
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// The client id that the service gave out; for all but telegram
    #[arg(long, value_name = "TEXT")]
    pub client_id: Option<String>,
    /// oidc: the issuer, whose discovery document says the rest; it stays
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// How the client proves itself: `client_secret_post`, `client_secret_basic` or `none` [default: as the service documents]
    #[arg(long, value_name = "METHOD")]
    pub client_auth: Option<String>,
    /// What is asked for, instead of what signing in needs; repeat for several
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// oidc: whether an address that the issuer calls verified makes, or joins, the account of that address
    #[arg(long, value_name = "true|false")]
    pub trust_email: Option<bool>,
    /// apple: the team's id
    #[arg(long, value_name = "TEXT")]
    pub team_id: Option<String>,
    /// apple: the id of the private key
    #[arg(long, value_name = "TEXT")]
    pub key_id: Option<String>,
    /// telegram: the bot's name without the @
    #[arg(long, value_name = "NAME")]
    pub bot_username: Option<String>,
    /// Addresses in place of the documented or discovered ones, as JSON or a file
    #[arg(long, value_name = "JSON|FILE")]
    pub endpoints: Option<String>,
}

/// Its secret, never on the command line.
#[derive(Args)]
pub struct ProviderSecretArgs {
    /// A file with the client secret (apple: the private key as PEM; telegram: the bot's token), or - for standard input
    #[arg(long, value_name = "FILE", visible_aliases = ["private-key-file", "bot-token-file"])]
    pub client_secret_file: Option<PathBuf>,
}
