use std::str::FromStr;

use clap::Args;
use hallpass_model::ClaimPath;

use super::idp::{IdpArgs, PROVIDER_URL, RoleArg, ServerArgs};

/// Only what is given changes. An empty text takes a setting away.
#[derive(Args)]
pub struct SetArgs {
    #[command(flatten)]
    pub provider: IdpArgs,
    /// Where its key set is; oidc: or its discovery document
    #[arg(id = PROVIDER_URL, long = "url", value_name = "URL")]
    pub url: Option<Removable<String>>,
    /// The `iss` of its tokens, to the letter
    #[arg(long)]
    pub issuer: Option<Removable<String>>,
    /// auth0: the tenant's domain
    #[arg(long)]
    pub domain: Option<Removable<String>>,
    /// auth0: the custom domain of the same tenant
    #[arg(long, value_name = "DOMAIN")]
    pub custom_domain: Option<Removable<String>>,
    /// firebase: the project's id
    #[arg(long, value_name = "ID")]
    pub project_id: Option<Removable<String>>,
    /// An `aud` to accept; repeat for several, which replace the present ones
    #[arg(long = "audience", value_name = "TEXT")]
    pub audiences: Option<Vec<Removable<String>>>,
    /// Whether to accept tokens that were made for any application; dangerous
    #[arg(long, value_name = "true|false")]
    pub any_audience: Option<bool>,
    /// The claim that names the user: a name, or a pointer such as /user/id
    #[arg(long, value_name = "CLAIM")]
    pub user_claim: Option<Removable<ClaimPath>>,
    /// The claim with the permissions: a name, or a pointer such as /app_metadata/permissions
    #[arg(long, value_name = "CLAIM")]
    pub permissions_claim: Option<Removable<ClaimPath>>,
    /// Or the claim with the user's roles: a name, or a pointer such as /realm_access/roles; empty takes the roles away too
    #[arg(long, value_name = "CLAIM")]
    pub roles_claim: Option<Removable<ClaimPath>>,
    /// A role and its permissions, such as admin=FILE or 'admin={"integration:*": true}'; repeat for several, which replace
    /// all present ones; the first that a token has counts
    #[arg(long = "role", value_name = "NAME=FILE|JSON")]
    pub roles: Option<Vec<RoleArg>>,
    /// A type of token (`typ`) to accept beside ID tokens and plain JWTs; repeat for several, which replace the present ones
    #[arg(long = "token-type", value_name = "TYPE")]
    pub token_types: Option<Vec<Removable<String>>>,
    /// The only algorithm to accept; repeat for several, which replace the present ones
    #[arg(long = "algorithm", value_name = "NAME")]
    pub algorithms: Option<Vec<Removable<String>>>,
    /// Only if the provider still has this version
    #[arg(long, value_name = "VERSION")]
    pub if_version: Option<i64>,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// A new value, or none any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removable<T>(pub Option<T>);

impl<T: FromStr> FromStr for Removable<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        text.parse().map(|value| Self(Some(value)))
    }
}
