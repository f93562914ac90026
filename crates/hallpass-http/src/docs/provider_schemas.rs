//! Shapes of identity providers that other crates read and write, written down for the document. A test holds them
//! against real answers.

use utoipa::ToSchema;

use super::schemas::TokenReport;

/// A service outside, and how its tokens are read.
///
/// `auth0` needs `domain` (or `url`) and `audiences` (or `any_audience`); `firebase` needs `project_id`; `oidc` needs
/// `issuer`, where discovery starts (or `url`); `jwks` needs `url`. Unknown members, and those of another kind, are refused.
#[derive(ToSchema)]
#[schema(example = json!({ "kind": "auth0", "domain": "acme.eu.auth0.com", "audiences": ["YOUR_CLIENT_ID"] }))]
#[expect(dead_code, reason = "describes what model reads and writes")]
pub(crate) struct IdentityProviderSettings {
    /// `auth0`, `firebase`, `oidc` or `jwks`.
    #[schema(example = "auth0")]
    kind: String,
    /// Auth0: the tenant's domain.
    #[schema(example = "acme.eu.auth0.com")]
    domain: Option<String>,
    /// Auth0: the custom domain that stands for the same tenant.
    #[schema(example = "login.acme.com")]
    custom_domain: Option<String>,
    /// Firebase: the project's id, which is also the audience.
    #[schema(example = "acme-prod")]
    project_id: Option<String>,
    /// The key set's address; for `oidc` the base of the discovery document's. Where it follows from the rest, it can
    /// be left out.
    url: Option<String>,
    /// `iss` of its tokens, compared byte for byte. Derived for `auth0` and `firebase`.
    issuer: Option<String>,
    /// Accepted `aud` values, compared byte for byte; at most 16.
    #[schema(required = false)]
    audiences: Vec<String>,
    /// Accept tokens made for any app, instead of `audiences`. Dangerous. Where the environment requires an audience, one
    /// has to be there.
    #[schema(required = false)]
    any_audience: bool,
    /// The claim that names the user, or a JSON pointer to it; left out: `sub`.
    #[schema(example = "/app_metadata/user_id")]
    user_claim: Option<String>,
    /// Where the permission claim stands if it cannot have its own name. A token without it may do nothing.
    #[schema(example = "https://acme.example/permissions")]
    permissions_claim: Option<String>,
    /// Where the roles stand that `role_permissions` maps. A token without a mapped one may do nothing.
    #[schema(example = "/realm_access/roles")]
    roles_claim: Option<String>,
    /// Roles and what they may do, at most 64; of several, the first one counts.
    #[schema(required = false)]
    role_permissions: Vec<RolePermissions>,
    /// Types of token to accept beside ID tokens, such as `at+jwt`; they need `audiences`.
    #[schema(required = false)]
    token_types: Vec<String>,
    /// The only algorithms to accept; none: what each key is for.
    #[schema(required = false)]
    algorithms: Vec<String>,
}

/// A role and what it may do.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what model reads and writes")]
pub(crate) struct RolePermissions {
    /// The role, as tokens spell it.
    #[schema(example = "admin")]
    role: String,
    /// A permission claim.
    #[schema(value_type = Object)]
    permissions: (),
}

/// Something that works and is dangerous.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core writes")]
pub(crate) struct IdentityProviderWarning {
    /// `any_audience`, `no_audience`, `no_issuer`, `odd_claim_path`, `unknown_permission` or `plain_http`.
    #[schema(example = "no_audience")]
    code: String,
    /// What can happen, and what to do.
    message: String,
}

/// What a test of a provider found.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core writes")]
pub(crate) struct IdentityProviderTest {
    fetch: KeyFetch,
    /// The keys that verify its tokens now, and those of the set that cannot.
    keys: Vec<PublishedKey>,
    /// Left out when no token was given.
    token: Option<TokenReport>,
    /// What works and is dangerous.
    warnings: Vec<IdentityProviderWarning>,
}

/// How fetching a provider's keys went.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core writes")]
pub(crate) struct KeyFetch {
    /// The document that was asked for first.
    url: String,
    /// Whether there is a key that verifies tokens of this provider.
    ok: bool,
    /// What was wrong, for programs; left out after a good fetch.
    #[schema(example = "egress_connect_failed")]
    code: Option<String>,
    /// What was found, or what was wrong.
    detail: String,
    /// HTTP status of the last answer, if there was one.
    status: Option<u16>,
    millis: u64,
    /// For how many seconds the set counts as fresh.
    fresh_for_secs: Option<u64>,
}

/// One key of a published set.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core writes")]
pub(crate) struct PublishedKey {
    /// By which tokens name it.
    kid: Option<String>,
    /// The `alg` values of tokens that it verifies.
    algorithms: Vec<String>,
    /// `RSA`, `EC` or `OKP`.
    #[schema(example = "RSA")]
    kty: Option<String>,
    bits: Option<u32>,
    /// RFC 7638.
    thumbprint: Option<String>,
    /// Whether it can verify a token of this provider.
    usable: bool,
    /// Why not.
    note: Option<String>,
}
