//! What the providers that everybody knows are like. Each entry names the vendor's page on which it rests.

use hallpass_model::{ClientAuth, OauthEndpoints, SignInProviderKind};

/// A provider that is known, or one that describes itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Preset {
    /// Google, with id tokens.
    Google,
    /// X, formerly Twitter, with a profile endpoint.
    X,
    /// Discord, with a profile endpoint.
    Discord,
    /// Facebook, with a profile endpoint.
    Facebook,
    /// Apple, with id tokens and a client secret that is a signed token.
    Apple,
    /// Any OpenID provider.
    Oidc,
}

impl Preset {
    /// What a kind of provider is like; `None` for what is no OAuth.
    #[must_use]
    pub const fn of(kind: SignInProviderKind) -> Option<Self> {
        Some(match kind {
            SignInProviderKind::Google => Self::Google,
            SignInProviderKind::X => Self::X,
            SignInProviderKind::Discord => Self::Discord,
            SignInProviderKind::Facebook => Self::Facebook,
            SignInProviderKind::Apple => Self::Apple,
            SignInProviderKind::Oidc => Self::Oidc,
            SignInProviderKind::Telegram => return None,
        })
    }

    /// Its endpoints, unless it describes itself.
    #[must_use]
    pub fn endpoints(self) -> Option<OauthEndpoints> {
        let facts = self.facts();
        let (authorize_url, token_url) = facts.endpoints?;
        Some(OauthEndpoints {
            authorize_url: authorize_url.to_owned(),
            token_url: token_url.to_owned(),
            userinfo_url: facts.userinfo_url.map(str::to_owned),
            jwks_url: facts.jwks_url.map(str::to_owned),
            issuer: facts.issuer.map(str::to_owned),
            iss_in_callback: false,
        })
    }

    /// Whether a person's e-mail address as this provider tells it may count as verified at all. X tells none, and Facebook does not
    /// say whether it is.
    #[must_use]
    pub const fn verifies_emails(self) -> bool {
        matches!(
            self,
            Self::Google | Self::Discord | Self::Apple | Self::Oidc
        )
    }

    /// Whether the provider answers the browser with a form that it posts, and not with a redirect.
    #[must_use]
    pub const fn posts_its_callback(self) -> bool {
        matches!(self, Self::Apple)
    }

    pub(crate) const fn facts(self) -> &'static Facts {
        match self {
            Self::Google => &GOOGLE,
            Self::X => &X,
            Self::Discord => &DISCORD,
            Self::Facebook => &FACEBOOK,
            Self::Apple => &APPLE,
            Self::Oidc => &OIDC,
        }
    }
}

/// What cannot be set, because it is so.
pub(crate) struct Facts {
    /// The authorization and the token endpoint.
    endpoints: Option<(&'static str, &'static str)>,
    userinfo_url: Option<&'static str>,
    jwks_url: Option<&'static str>,
    pub(crate) issuer: Option<&'static str>,
    /// Another spelling of `iss` that the vendor documents for its id tokens.
    pub(crate) other_issuer: Option<&'static str>,
    pub(crate) scopes: &'static [&'static str],
    pub(crate) scope_separator: &'static str,
    pub(crate) client_auth: ClientAuth,
    /// Parameters of the authorization request beside the standard ones.
    pub(crate) authorize_with: &'static [(&'static str, &'static str)],
}

/// <https://developers.google.com/identity/openid-connect/openid-connect>
const GOOGLE: Facts = Facts {
    endpoints: Some((
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
    )),
    userinfo_url: Some("https://openidconnect.googleapis.com/v1/userinfo"),
    jwks_url: Some("https://www.googleapis.com/oauth2/v3/certs"),
    issuer: Some("https://accounts.google.com"),
    other_issuer: Some("accounts.google.com"),
    scopes: &["openid", "email", "profile"],
    scope_separator: " ",
    client_auth: ClientAuth::ClientSecretPost,
    authorize_with: &[("prompt", "select_account")],
};

/// <https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code>;
/// both scopes are needed to read who the user is.
const X: Facts = Facts {
    endpoints: Some((
        "https://x.com/i/oauth2/authorize",
        "https://api.x.com/2/oauth2/token",
    )),
    userinfo_url: Some("https://api.x.com/2/users/me?user.fields=profile_image_url"),
    jwks_url: None,
    issuer: None,
    other_issuer: None,
    scopes: &["users.read", "tweet.read"],
    scope_separator: " ",
    client_auth: ClientAuth::ClientSecretBasic,
    authorize_with: &[],
};

/// <https://docs.discord.com/developers/topics/oauth2>
const DISCORD: Facts = Facts {
    endpoints: Some((
        "https://discord.com/oauth2/authorize",
        "https://discord.com/api/oauth2/token",
    )),
    userinfo_url: Some("https://discord.com/api/users/@me"),
    jwks_url: None,
    issuer: None,
    other_issuer: None,
    scopes: &["identify", "email"],
    scope_separator: " ",
    client_auth: ClientAuth::ClientSecretPost,
    authorize_with: &[],
};

/// <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow>; addresses without a version mean the oldest one that
/// the app may use, so none of them ends with a version.
const FACEBOOK: Facts = Facts {
    endpoints: Some((
        "https://www.facebook.com/dialog/oauth",
        "https://graph.facebook.com/oauth/access_token",
    )),
    userinfo_url: Some("https://graph.facebook.com/me?fields=id,name,email,picture"),
    jwks_url: None,
    issuer: None,
    other_issuer: None,
    scopes: &["public_profile", "email"],
    scope_separator: ",",
    client_auth: ClientAuth::ClientSecretPost,
    authorize_with: &[],
};

/// <https://developer.apple.com/documentation/signinwithapple/request-an-authorization-to-the-sign-in-with-apple-server>; with scopes,
/// the answer must be a posted form.
const APPLE: Facts = Facts {
    endpoints: Some((
        "https://appleid.apple.com/auth/authorize",
        "https://appleid.apple.com/auth/token",
    )),
    userinfo_url: None,
    jwks_url: Some("https://appleid.apple.com/auth/keys"),
    issuer: Some("https://appleid.apple.com"),
    other_issuer: None,
    scopes: &["name", "email"],
    scope_separator: " ",
    client_auth: ClientAuth::ClientSecretPost,
    authorize_with: &[("response_mode", "form_post")],
};

/// <https://openid.net/specs/openid-connect-core-1_0.html>
const OIDC: Facts = Facts {
    endpoints: None,
    userinfo_url: None,
    jwks_url: None,
    issuer: None,
    other_issuer: None,
    scopes: &["openid", "email", "profile"],
    scope_separator: " ",
    client_auth: ClientAuth::ClientSecretPost,
    authorize_with: &[],
};
