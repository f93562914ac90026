use serde::{Deserialize, Serialize};

use crate::{EnvironmentId, IdentityKind, SignInProviderId, Timestamp};

/// A service outside that vouches for people who sign in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInProvider {
    /// Its id.
    pub id: SignInProviderId,
    /// The environment whose people it vouches for.
    pub environment_id: EnvironmentId,
    /// Its name in addresses and, for an OIDC issuer, in identities. Never given to another issuer.
    pub handle: String,
    /// What is registered there, and how its word is taken.
    pub settings: SignInProviderSettings,
    /// The client secret, or the bot's token, sealed.
    pub sealed_secret: Option<Vec<u8>>,
    /// Set while nobody signs in with it.
    pub disabled_at: Option<Timestamp>,
    /// Set when it was removed: the row keeps its handle from being given to another issuer.
    pub removed_at: Option<Timestamp>,
    /// Raised by every change.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl SignInProvider {
    /// The kind of the identities that it proves.
    #[must_use]
    pub fn identity_kind(&self) -> IdentityKind {
        match self.settings.kind {
            SignInProviderKind::Google => IdentityKind::Google,
            SignInProviderKind::X => IdentityKind::X,
            SignInProviderKind::Discord => IdentityKind::Discord,
            SignInProviderKind::Facebook => IdentityKind::Facebook,
            SignInProviderKind::Apple => IdentityKind::Apple,
            SignInProviderKind::Oidc => IdentityKind::Oidc(self.handle.clone()),
            SignInProviderKind::Telegram => IdentityKind::Telegram,
        }
    }

    /// Whether people may sign in with it.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.disabled_at.is_none() && self.removed_at.is_none()
    }
}

/// What an operator says of a provider; stored as JSON, and the body of the admin API. The secret is kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with the settings of a sign-in provider"
)]
pub struct SignInProviderSettings {
    /// What sort of service it is.
    pub kind: SignInProviderKind,
    /// What its button says; left out, the service's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The client id that the service gave out; for all but Telegram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// OIDC: the issuer whose discovery document says the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// How the client proves itself; left out, as the service documents, and for OIDC with the secret in the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_auth: Option<ClientAuth>,
    /// What is asked for; left out, what signing in needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// OIDC: whether an e-mail address counts that this issuer calls verified.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trust_email: bool,
    /// Apple: the team's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// Apple: the id of the private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Telegram: the bot's name, without the `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_username: Option<String>,
    /// Addresses in place of the documented or discovered ones: for an issuer without discovery, or a stand-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<OauthEndpoints>,
}

impl SignInProviderSettings {
    /// Settings of this kind that say nothing else.
    #[must_use]
    pub const fn new(kind: SignInProviderKind) -> Self {
        Self {
            kind,
            label: None,
            client_id: None,
            issuer: None,
            client_auth: None,
            scopes: None,
            trust_email: false,
            team_id: None,
            key_id: None,
            bot_username: None,
            endpoints: None,
        }
    }
}

/// The sorts of services that vouch for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInProviderKind {
    /// Google.
    Google,
    /// X, once Twitter.
    X,
    /// Discord.
    Discord,
    /// Facebook.
    Facebook,
    /// Apple.
    Apple,
    /// Any OpenID issuer.
    Oidc,
    /// A bot at Telegram.
    Telegram,
}

impl SignInProviderKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Google,
        Self::X,
        Self::Discord,
        Self::Facebook,
        Self::Apple,
        Self::Oidc,
        Self::Telegram,
    ];

    /// The word used in every surface.
    #[must_use]
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

    /// The service's name, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::X => "X",
            Self::Discord => "Discord",
            Self::Facebook => "Facebook",
            Self::Apple => "Apple",
            Self::Oidc => "Single sign-on",
            Self::Telegram => "Telegram",
        }
    }
}

/// How a client proves itself where codes are exchanged (OpenID Connect Core section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// The secret in the form.
    ClientSecretPost,
    /// The secret in an `Authorization: Basic` header.
    ClientSecretBasic,
    /// A public client without a secret: PKCE alone protects the code.
    None,
}

/// Where a provider is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with authorize_url, token_url and, as the kind needs, userinfo_url, jwks_url and issuer"
)]
pub struct OauthEndpoints {
    /// Where the browser goes.
    pub authorize_url: String,
    /// Where the code is exchanged.
    pub token_url: String,
    /// Where the profile is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_url: Option<String>,
    /// Where the keys of id tokens are published; without it there are no id tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// What `iss` says in id tokens and in the callback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Whether every callback carries `iss` (RFC 9207); one without is refused then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub iss_in_callback: bool,
}
