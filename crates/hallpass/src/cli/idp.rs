use std::str::FromStr;

use clap::{Args, Subcommand};
use hallpass_model::{ClaimPath, EnvironmentId, IdentityProviderId};

use super::EgressArgs;
use super::idp_set::SetArgs;

/// Told from the global flag that names a server.
pub(super) const PROVIDER_URL: &str = "provider_url";

#[derive(Subcommand)]
pub enum IdpVerb {
    /// Trust the tokens of an identity provider
    #[command(subcommand)]
    Add(Box<IdpAddVerb>),
    /// List an environment's identity providers and how their keys are
    List {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        #[command(flatten)]
        egress: EgressArgs,
    },
    /// Show an identity provider
    Show(IdpArgs),
    /// Fetch a provider's keys now and verify a token step by step; exit code 3 no usable keys, 4 token refused
    Test {
        #[command(flatten)]
        provider: IdpArgs,
        /// A token of the provider, or - for standard input [default: only the keys are looked at]
        #[arg(long, value_name = "TOKEN")]
        token: Option<String>,
    },
    /// Change settings of a provider, only those given; an empty text takes one away. Takes effect with the next request
    Set(Box<SetArgs>),
    /// Refuse a provider's tokens until it is enabled again
    Disable(NamedIdpArgs),
    /// Accept a disabled provider's tokens again
    Enable(IdpArgs),
    /// Forget an identity provider; its tokens are refused from then on
    Remove(NamedIdpArgs),
}

/// Which provider.
#[derive(Args)]
pub struct IdpArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// The provider's id [default: the only one that the environment has]
    pub provider: Option<IdentityProviderId>,
    #[command(flatten)]
    pub egress: EgressArgs,
}

/// Which provider, for verbs that lock users out: never guessed.
#[derive(Args)]
pub struct NamedIdpArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// The provider's id
    pub provider: IdentityProviderId,
    #[command(flatten)]
    pub egress: EgressArgs,
}

#[derive(Subcommand)]
pub enum IdpAddVerb {
    /// Trust the tokens that a published key set (JWKS) verifies
    Jwks(JwksArgs),
    /// Trust the ID tokens of an Auth0 tenant
    Auth0(Auth0Args),
    /// Trust the ID tokens of a Firebase project
    Firebase(FirebaseArgs),
    /// Trust the ID tokens of an issuer with OpenID Connect Discovery: Keycloak, Entra, Cognito, Clerk and others
    Oidc(OidcArgs),
}

#[derive(Args)]
pub struct JwksArgs {
    /// Where the key set is, such as `https://id.example.com/.well-known/jwks.json`
    #[arg(id = PROVIDER_URL, long = "url", value_name = "URL")]
    pub url: String,
    /// The `iss` of its tokens, to the letter; without it any issuer of its keys is taken
    #[arg(long)]
    pub issuer: Option<String>,
    #[command(flatten)]
    pub trust: TrustArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Args)]
pub struct Auth0Args {
    /// The tenant's domain, such as acme.eu.auth0.com
    #[arg(long, required_unless_present_any = [PROVIDER_URL, "issuer"])]
    pub domain: Option<String>,
    /// The custom domain of the same tenant, such as login.acme.com
    #[arg(long, value_name = "DOMAIN")]
    pub custom_domain: Option<String>,
    /// Where the keys are, if not at the domain: a base address or that of the key set
    #[arg(id = PROVIDER_URL, long = "url", value_name = "URL")]
    pub url: Option<String>,
    /// The `iss` of its tokens, to the letter [default: https://DOMAIN/, or the base of --url]
    #[arg(long)]
    pub issuer: Option<String>,
    #[command(flatten)]
    pub trust: TrustArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Args)]
pub struct FirebaseArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// The Firebase project's id, such as acme-prod
    #[arg(long, value_name = "ID", required_unless_present_any = ["audience", "issuer"])]
    pub project_id: Option<String>,
    /// The same as the project's id
    #[arg(long, value_name = "ID")]
    pub audience: Option<String>,
    /// Or the issuer that it is the end of: `https://securetoken.google.com/PROJECT_ID`
    #[arg(long)]
    pub issuer: Option<String>,
    /// Where the keys are [default: Google's]
    #[arg(id = PROVIDER_URL, long = "url", value_name = "URL")]
    pub url: Option<String>,
    #[command(flatten)]
    pub claims: ClaimArgs,
    #[command(flatten)]
    pub egress: EgressArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Args)]
pub struct OidcArgs {
    /// The issuer, to the letter, such as `https://id.example.com/realms/main`
    #[arg(long, required_unless_present = PROVIDER_URL)]
    pub issuer: Option<String>,
    /// Or the address of its discovery document
    #[arg(id = PROVIDER_URL, long = "url", value_name = "URL")]
    pub url: Option<String>,
    #[command(flatten)]
    pub trust: TrustArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `--url` is the provider's here, so the global flag of that name goes by another one. It keeps the global one's id,
/// by which its value gets there.
#[derive(Args)]
pub struct ServerArgs {
    /// Work through the admin API of a running server; what --url is for every other verb
    #[arg(id = "url", long = "server-url", value_name = "URL")]
    server_url: Option<String>,
}

/// Which of a provider's tokens count, and for whom.
#[derive(Args)]
pub struct TrustArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// An `aud` to accept, such as the client id of your app; repeat for several
    #[arg(long = "audience", value_name = "TEXT")]
    pub audiences: Vec<String>,
    /// Accept tokens that were made for any application; dangerous
    #[arg(long)]
    pub any_audience: bool,
    /// The claim that names the user: a name, or a pointer such as /user/id [default: sub]
    #[arg(long, value_name = "CLAIM")]
    pub user_claim: Option<ClaimPath>,
    #[command(flatten)]
    pub claims: ClaimArgs,
    /// A type of token (`typ`) to accept beside ID tokens and plain JWTs, such as at+jwt; needs an audience
    #[arg(long = "token-type", value_name = "TYPE")]
    pub token_types: Vec<String>,
    /// The only algorithm to accept, such as ES256; repeat for several [default: what each key is for]
    #[arg(long = "algorithm", value_name = "NAME")]
    pub algorithms: Vec<String>,
    #[command(flatten)]
    pub egress: EgressArgs,
}

/// Where the permissions stand in a provider's tokens.
#[derive(Args)]
pub struct ClaimArgs {
    /// The claim with the permissions: a name, or a pointer such as /app_metadata/permissions
    #[arg(long, value_name = "CLAIM", conflicts_with_all = ["roles_claim", "roles"])]
    pub permissions_claim: Option<ClaimPath>,
    /// Or the claim with the user's roles: a name, or a pointer such as /realm_access/roles
    #[arg(long, value_name = "CLAIM", requires = "roles")]
    pub roles_claim: Option<ClaimPath>,
    /// A role and its permissions, such as admin=FILE or 'admin={"integration:*": true}'; repeat for several, the first that a
    /// token has counts
    #[arg(long = "role", value_name = "NAME=FILE|JSON", requires = "roles_claim")]
    pub roles: Vec<RoleArg>,
}

/// A role's name and where its permissions are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArg {
    pub role: String,
    pub permissions: String,
}

impl FromStr for RoleArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((role, permissions)) if !role.is_empty() && !permissions.is_empty() => Ok(Self {
                role: role.to_owned(),
                permissions: permissions.to_owned(),
            }),
            _ => Err("expected NAME=FILE, or NAME={...} with the permissions as a JSON object"),
        }
    }
}

impl IdpAddVerb {
    /// The environment that shall trust the provider, and the exceptions for reaching it.
    pub const fn place(&self) -> (EnvironmentId, &EgressArgs) {
        let trust = match self {
            Self::Firebase(args) => return (args.environment, &args.egress),
            Self::Jwks(args) => &args.trust,
            Self::Auth0(args) => &args.trust,
            Self::Oidc(args) => &args.trust,
        };
        (trust.environment, &trust.egress)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{IdpAddVerb, IdpVerb};
    use crate::cli::{Cli, Verb};

    /// The server's address and the provider's.
    fn urls(line: &str) -> (Option<String>, String) {
        let place = "--environment 11111111-1111-4111-8111-111111111111";
        let line = format!("hallpass {line} {place}");
        let cli = Cli::parse_from(line.split_whitespace());
        let Verb::Idp(IdpVerb::Add(verb)) = cli.verb else {
            panic!("{line}")
        };
        let IdpAddVerb::Jwks(args) = *verb else {
            panic!("{line}")
        };
        (cli.global.url, args.url)
    }

    #[test]
    fn the_providers_address_is_not_the_servers() {
        let server = Some("http://s".to_owned());
        for (line, expected) in [
            ("idp add jwks --url http://p", None),
            ("--url http://s idp add jwks --url http://p", server.clone()),
            ("idp --url http://s add jwks --url http://p", server.clone()),
            ("idp add jwks --server-url http://s --url http://p", server),
        ] {
            assert_eq!(urls(line), (expected, "http://p".to_owned()), "{line}");
        }
    }
}
