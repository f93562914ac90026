//! What each kind of service puts into its ID tokens and key sets, after the services' own documentation.

use hallpass_model::{ProviderKind, ProviderSettings};
use serde_json::{Value, json};

use super::FakeProvider;

/// Where Google publishes the keys of Firebase's ID tokens as a JWK set.
pub const FIREBASE_PATH: &str = "/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
/// Where Auth0, and most others, publish theirs.
pub const JWKS_PATH: &str = "/.well-known/jwks.json";
/// OpenID Connect Discovery 1.0 section 4.
pub const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// Every kind of provider there is.
pub const KINDS: [ProviderKind; 4] = [
    ProviderKind::Auth0,
    ProviderKind::Firebase,
    ProviderKind::Oidc,
    ProviderKind::Jwks,
];

/// An issuer other than the fake's own origin.
pub(super) fn issuer_of(kind: ProviderKind, name: &str) -> Option<String> {
    match kind {
        ProviderKind::Auth0 => Some(format!("https://{name}/")),
        ProviderKind::Firebase => Some(format!("https://securetoken.google.com/{name}")),
        ProviderKind::Oidc | ProviderKind::Jwks => None,
    }
}

impl FakeProvider {
    /// What an operator says to have its tokens accepted.
    #[must_use]
    pub fn settings(&self) -> ProviderSettings {
        let mut settings = ProviderSettings::new(self.kind());
        let issuer = self.issuer();
        match self.kind() {
            ProviderKind::Auth0 => {
                settings.domain = Some(issuer_host(&issuer));
                settings.audiences = vec![self.audience()];
                settings.url = Some(self.url(JWKS_PATH));
            }
            ProviderKind::Firebase => {
                settings.project_id = Some(self.audience());
                settings.url = Some(self.url(FIREBASE_PATH));
            }
            ProviderKind::Oidc => {
                settings.issuer = Some(issuer);
                settings.audiences = vec![self.audience()];
            }
            ProviderKind::Jwks => {
                settings.url = Some(self.url(JWKS_PATH));
                settings.issuer = Some(issuer);
                settings.audiences = vec![self.audience()];
            }
        }
        settings
    }

    /// The path of the document that holds its keys.
    #[must_use]
    pub fn keys_path(&self) -> &'static str {
        match self.kind() {
            ProviderKind::Firebase => FIREBASE_PATH,
            _ => JWKS_PATH,
        }
    }

    /// The claims that a service of its kind puts into an ID token issued now for an hour.
    #[must_use]
    pub fn id_claims(&self, sub: &str) -> Value {
        let now = self.now_secs();
        let (iss, aud) = (self.issuer(), self.audience());
        match self.kind() {
            ProviderKind::Auth0 => json!({
                "nickname": "ana", "name": "ana@acme.test", "picture": "https://s.gravatar.com/avatar/0.png",
                "updated_at": "2026-01-01T00:00:00.000Z", "email": "ana@acme.test", "email_verified": true,
                "iss": iss, "aud": aud, "sub": sub, "iat": now, "exp": now + 3600,
                "sid": "sX1a9mJ4Zk3", "nonce": "Tk9OQ0U",
            }),
            ProviderKind::Firebase => json!({
                "name": "Ana", "iss": iss, "aud": aud, "auth_time": now, "user_id": sub, "sub": sub,
                "iat": now, "exp": now + 3600, "email": "ana@acme.test", "email_verified": true,
                "firebase": { "identities": { "email": ["ana@acme.test"] }, "sign_in_provider": "password" },
            }),
            ProviderKind::Oidc | ProviderKind::Jwks => json!({
                "iss": iss, "aud": aud, "sub": sub, "iat": now, "exp": now + 3600,
            }),
        }
    }
}

fn issuer_host(issuer: &str) -> String {
    issuer
        .trim_start_matches("https://")
        .trim_end_matches('/')
        .to_owned()
}
