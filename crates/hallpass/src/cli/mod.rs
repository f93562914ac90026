//! The command line: what can be typed, and what each word means.

mod account;
mod admin;
mod api_keys;
mod idp;
mod idp_set;
mod issuer_key;
#[cfg(test)]
mod reference;
mod seal;
mod sign_in_providers;
mod tips;
mod token;
mod webhooks;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use hallpass_egress::AllowedEndpoint;

pub use account::{AccountArgs, AccountVerb, SessionVerb, SessionsArgs};
pub use admin::{
    AuditVerb, EnvironmentVerb, KeyVerb, OperatorKeyVerb, OperatorVerb, PageArgs, ProjectVerb,
    SettingsArgs, UserArgs, UserVerb,
};
pub use api_keys::{ApiKeyArgs, ApiKeyVerb};
pub use idp::{
    Auth0Args, ClaimArgs, FirebaseArgs, IdpAddVerb, IdpArgs, IdpVerb, JwksArgs, NamedIdpArgs,
    OidcArgs, RoleArg, TrustArgs,
};
pub use idp_set::{Removable, SetArgs};
pub use issuer_key::IssuerKeyVerb;
pub use seal::SealVerb;
pub use sign_in_providers::{
    ProviderSecretArgs, ProviderSettingsArgs, SignInProviderArgs, SignInProviderVerb,
};
pub use tips::with_tip;
pub use token::{InspectArgs, MintArgs, TokenVerb, VerifyArgs, WhyArgs};
pub use webhooks::{DeliveryArgs, DeliveryVerb, WebhookArgs, WebhookVerb};

/// Verifies user tokens, enforces their permission claim, and explains every decision.
#[derive(Parser)]
#[command(
    name = "hallpass",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(
    after_help = "Start with `hallpass demo`. Every setting is explained by `hallpass config default`."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// Flags that every verb takes.
#[derive(Args)]
pub struct Global {
    /// Print the raw JSON answer instead of a table
    #[arg(long, global = true)]
    pub json: bool,
    /// Configuration file; unknown keys are fatal
    #[arg(long, global = true, value_name = "FILE", env = "HALLPASS_CONFIG")]
    pub config: Option<PathBuf>,
    /// Directory of the SQLite database [default: ./hallpass-data; demo: ./hallpass-demo; verbs that start no server
    /// take the variable HALLPASS_DATA_DIR first]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// sqlite:PATH or postgres://...; instead of the file in the data directory
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Work through the admin API of a running server instead of opening the database; with `idp add` and `idp set`
    /// this is --server-url [default: the variable HALLPASS_URL, unless --data-dir or --database-url names a database]
    // Not `env`: a flag that names a database must be told from a variable that names a server.
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// File with the operator key for --url [default: the variable HALLPASS_OPERATOR_KEY]
    #[arg(long, global = true, value_name = "FILE")]
    pub operator_key_file: Option<PathBuf>,
    /// PEM file of the certificate authority to trust for --url [default: the public ones]
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
}

impl Global {
    /// The server to work through: the flag, else the variable unless a flag names a database.
    pub fn server_url(&self) -> Option<String> {
        let url = match &self.url {
            Some(url) => Some(url.clone()),
            None if self.names_database() => None,
            None => std::env::var("HALLPASS_URL").ok(),
        };
        url.filter(|url| !url.is_empty())
    }

    /// A server and a database at once.
    pub fn contradicts_itself(&self) -> bool {
        self.url.as_ref().is_some_and(|url| !url.is_empty()) && self.names_database()
    }

    const fn names_database(&self) -> bool {
        self.data_dir.is_some() || self.database_url.is_some()
    }
}

#[derive(Subcommand)]
pub enum Verb {
    /// Start a server with a project, keys and a user token ready to try
    Demo(DemoArgs),
    /// Start the server
    Serve(ServeArgs),
    /// Bring the database schema up to date
    Migrate,
    /// Copy the SQLite database into a new file, while servers run
    Backup {
        /// The file to make
        file: PathBuf,
    },
    /// Look for what is wrong or will be
    Doctor(EgressArgs),
    /// Check, show and explain the configuration
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Products; each has environments
    #[command(subcommand)]
    Project(ProjectVerb),
    /// Environments and how they judge tokens
    #[command(subcommand)]
    Environment(EnvironmentVerb),
    /// Signing keys: the public halves that verify user tokens
    #[command(subcommand)]
    Key(KeyVerb),
    /// Identity providers: services outside whose tokens count as user tokens
    #[command(subcommand)]
    Idp(IdpVerb),
    /// Sign-in providers: services outside that vouch for people who sign in here
    #[command(subcommand)]
    SignInProvider(Box<SignInProviderVerb>),
    /// Issuer keys: ours, which sign the tokens of people who sign in here
    #[command(subcommand)]
    IssuerKey(IssuerKeyVerb),
    /// API keys: by which apps and their backends name an environment
    #[command(subcommand)]
    ApiKey(ApiKeyVerb),
    /// Webhooks: addresses that are told of events
    #[command(subcommand)]
    Webhook(Box<WebhookVerb>),
    /// What webhooks were told
    #[command(subcommand)]
    Delivery(DeliveryVerb),
    /// Connected users
    #[command(subcommand)]
    User(UserVerb),
    /// People who sign in here
    #[command(subcommand)]
    Account(AccountVerb),
    /// Their sessions
    #[command(subcommand)]
    Session(SessionVerb),
    /// Who administers this installation
    #[command(subcommand)]
    Operator(OperatorVerb),
    /// The master key, and the secrets that are sealed with it
    #[command(subcommand)]
    Seal(SealVerb),
    /// Make, read, verify and explain user tokens
    #[command(subcommand)]
    Token(Box<TokenVerb>),
    /// What was changed and decided
    #[command(subcommand)]
    Audit(AuditVerb),
    /// Print the OpenAPI document of the admin API
    Openapi,
}

#[derive(Args, Clone, Default)]
pub struct ServeArgs {
    /// Address and port [default: 127.0.0.1:8080]; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// PEM file of the certificate chain; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's private key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Write the server's address here (demo: ids, key and token too) as shell variables, once it is ready
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    #[command(flatten)]
    pub egress: EgressArgs,
    /// Mail server for sign-in codes: smtps://USER:PASSWORD@HOST or smtp://...; the demo keeps mail and shows it
    /// without one. A password is better given as HALLPASS__MAIL__SMTP_URL
    #[arg(long, value_name = "URL")]
    pub smtp_url: Option<String>,
    /// Where the developer portal listens, for browser SDKs in development, or `none` [default: none; demo:
    /// 127.0.0.1:3003]
    #[arg(long, value_name = "ADDRESS|none")]
    pub portal_listen: Option<String>,
}

/// Exceptions for outbound requests.
#[derive(Args, Clone, Default)]
pub struct EgressArgs {
    /// Where outbound requests may go beside public addresses, over plain http too; repeat for several. Added to
    /// `egress.allow` of the configuration; counts for this process, so a server needs it at its own start
    #[arg(long = "allow-egress", value_name = "HOST:PORT")]
    pub allow: Vec<AllowedEndpoint>,
}

#[derive(Args, Clone, Default)]
pub struct DemoArgs {
    #[command(flatten)]
    pub serve: ServeArgs,
}

#[derive(Subcommand)]
pub enum ConfigVerb {
    /// Read a configuration without starting; exit code 2 names what is wrong and where
    Check {
        /// The file [default: --config]
        file: Option<PathBuf>,
    },
    /// Print what is in force and where each value came from
    Show,
    /// Print the default configuration file, which is the manual
    Default,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::{Cli, Verb};

    #[test]
    fn an_exception_for_outbound_requests_is_read_with_the_command_line() {
        let parse =
            |endpoint| Cli::try_parse_from(["hallpass", "serve", "--allow-egress", endpoint]);
        let Ok(Verb::Serve(args)) = parse("LOCALHOST:4000").map(|cli| cli.verb) else {
            panic!("serve")
        };
        assert_eq!(args.egress.allow[0].to_string(), "localhost:4000");
        for malformed in ["localhost", "http://localhost:4000", "localhost:0", ":4000"] {
            let refused = parse(malformed).err().unwrap().to_string();
            assert!(refused.contains("expected HOST:PORT"), "{refused}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
