//! Shapes of sign-in providers that other crates read and write, written down for the document.

use utoipa::ToSchema;

/// A service outside that vouches for people, and how its word is taken.
///
/// `google`, `x`, `discord` and `facebook` need `client_id`; `apple` needs `team_id` and `key_id` too; `oidc` needs `client_id` and
/// `issuer` (or `endpoints`); `telegram` needs `bot_username`. Unknown members, and those of another kind, are refused.
#[derive(ToSchema)]
#[schema(as = SignInProviderSettings, example = json!({ "kind": "google", "client_id": "1234.apps.googleusercontent.com" }))]
#[expect(dead_code, reason = "describes what model reads and writes")]
pub(crate) struct SignInProviderSettingsSchema {
    /// `google`, `x`, `discord`, `facebook`, `apple`, `oidc` or `telegram`.
    #[schema(example = "google")]
    kind: String,
    /// What its button says; left out, the service's own name.
    #[schema(example = "Acme staff")]
    label: Option<String>,
    /// The client id that the service gave out.
    #[schema(example = "1234.apps.googleusercontent.com")]
    client_id: Option<String>,
    /// OIDC: the issuer whose discovery document says the rest. It stays.
    #[schema(example = "https://login.example.com")]
    issuer: Option<String>,
    /// `client_secret_post`, `client_secret_basic` or `none`; left out, as the service documents.
    #[schema(example = "client_secret_basic")]
    client_auth: Option<String>,
    /// What is asked for; left out, what signing in needs.
    scopes: Option<Vec<String>>,
    /// OIDC: whether an e-mail address that this issuer calls verified makes, or joins, the account of that address.
    #[schema(required = false)]
    trust_email: bool,
    /// Apple: the team's id, ten characters.
    team_id: Option<String>,
    /// Apple: the id of the private key, ten characters.
    key_id: Option<String>,
    /// Telegram: the bot's name without the `@`.
    bot_username: Option<String>,
    endpoints: Option<OauthEndpointsSchema>,
}

/// Addresses in place of the documented or discovered ones: for an issuer without discovery, or a stand-in.
#[derive(ToSchema)]
#[schema(as = OauthEndpoints)]
#[expect(dead_code, reason = "describes what model reads and writes")]
pub(crate) struct OauthEndpointsSchema {
    /// Where the browser goes.
    authorize_url: String,
    /// Where the code is exchanged.
    token_url: String,
    /// Where the profile is read.
    userinfo_url: Option<String>,
    /// Where the keys of id tokens are published.
    jwks_url: Option<String>,
    /// What `iss` says in id tokens and in the callback.
    issuer: Option<String>,
    /// Whether every callback carries `iss` (RFC 9207).
    #[schema(required = false)]
    iss_in_callback: bool,
}

/// Something that works and is dangerous.
#[derive(ToSchema)]
#[schema(as = SignInProviderWarning)]
#[expect(dead_code, reason = "describes what core writes")]
pub(crate) struct SignInProviderWarningSchema {
    /// `trusts_email` or `other_endpoints`.
    #[schema(example = "trusts_email")]
    code: String,
    /// What can happen.
    message: String,
}
