use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{EnvironmentId, IdentityProviderId, Timestamp, limits};

/// A service outside whose tokens an environment takes for user tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityProvider {
    /// Its id.
    pub id: IdentityProviderId,
    /// The environment that trusts it.
    pub environment_id: EnvironmentId,
    /// Where its keys are and how its tokens are read.
    pub settings: ProviderSettings,
    /// Set while its tokens are refused.
    pub disabled_at: Option<Timestamp>,
    /// Raised by every change.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What an operator says of a provider; stored as JSON, and the body of the admin API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with the settings of an identity provider"
)]
pub struct ProviderSettings {
    /// What sort of service it is.
    pub kind: ProviderKind,
    /// Auth0: the tenant's domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Auth0: the custom domain that stands for the same tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_domain: Option<String>,
    /// Firebase: the project's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Where the key set is; Auth0, Firebase: instead of the derived place; OIDC: where discovery starts, if not at the
    /// issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The `iss` of its tokens, byte for byte; derived for Auth0 and Firebase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Accepted `aud` values, byte for byte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// Accept every `aud`, or none: dangerous, and warned about wherever it shows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_audience: bool,
    /// The claim that names the user; `sub` where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_claim: Option<ClaimPath>,
    /// Where the permissions stand, for services that cannot write the claim's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions_claim: Option<ClaimPath>,
    /// Where the roles stand that `role_permissions` maps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles_claim: Option<ClaimPath>,
    /// The first of these whose role the token has gives its permissions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_permissions: Vec<RolePermissions>,
    /// Types of token (`typ`) accepted beside plain JWTs and ID tokens, such as `at+jwt`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_types: Vec<String>,
    /// The only algorithms to accept; left out, what each key is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<String>,
}

/// A role and what it may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with role and permissions")]
pub struct RolePermissions {
    /// The role, as the token spells it.
    pub role: String,
    /// The permission claim of tokens with this role.
    pub permissions: Value,
}

/// The sorts of services; each derives what it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// An Auth0 tenant.
    Auth0,
    /// A Firebase project (Identity Platform).
    Firebase,
    /// Any issuer with OpenID Connect Discovery.
    Oidc,
    /// A key set at an address.
    Jwks,
}

impl ProviderKind {
    /// The word used in every surface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth0 => "auth0",
            Self::Firebase => "firebase",
            Self::Oidc => "oidc",
            Self::Jwks => "jwks",
        }
    }
}

impl ProviderSettings {
    /// Settings of this kind that say nothing else.
    #[must_use]
    pub const fn new(kind: ProviderKind) -> Self {
        Self {
            kind,
            domain: None,
            custom_domain: None,
            project_id: None,
            url: None,
            issuer: None,
            audiences: Vec::new(),
            any_audience: false,
            user_claim: None,
            permissions_claim: None,
            roles_claim: None,
            role_permissions: Vec::new(),
            token_types: Vec::new(),
            algorithms: Vec::new(),
        }
    }
}

/// Where in a token's payload something stands: the name of a claim, or, when it begins with `/`, a JSON pointer
/// (RFC 6901) through objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath {
    text: String,
    segments: Vec<String>,
}

/// Not a claim's name and not a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the name of a claim, or a JSON pointer such as /app_metadata/permissions, of at most 512 bytes and 8 steps"
)]
pub struct MalformedClaimPath;

impl ClaimPath {
    const STEPS: usize = 8;

    /// The path as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Names of members from the payload inwards; at least one.
    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// As a pointer into the payload.
    #[must_use]
    pub fn pointer(&self) -> String {
        let escaped = |name: &String| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        self.segments.iter().map(escaped).collect()
    }
}

impl FromStr for ClaimPath {
    type Err = MalformedClaimPath;

    fn from_str(text: &str) -> Result<Self, MalformedClaimPath> {
        if text.is_empty() || text.len() > limits::PROVIDER_TEXT_BYTES {
            return Err(MalformedClaimPath);
        }
        let segments = match text.strip_prefix('/') {
            None => vec![text.to_owned()],
            Some(rest) => rest.split('/').map(unescaped).collect::<Result<_, _>>()?,
        };
        if segments.len() > Self::STEPS {
            return Err(MalformedClaimPath);
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
        })
    }
}

/// One step of a pointer: `~1` is a slash, `~0` a tilde, any other tilde a mistake.
fn unescaped(step: &str) -> Result<String, MalformedClaimPath> {
    let mut name = String::with_capacity(step.len());
    let mut chars = step.chars();
    while let Some(next) = chars.next() {
        match next {
            '~' => match chars.next() {
                Some('0') => name.push('~'),
                Some('1') => name.push('/'),
                _ => return Err(MalformedClaimPath),
            },
            other => name.push(other),
        }
    }
    Ok(name)
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for ClaimPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for ClaimPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_name_or_a_pointer() -> Result<(), MalformedClaimPath> {
        for (text, segments, pointer) in [
            ("roles", vec!["roles"], "/roles"),
            (
                "https://a.example/p",
                vec!["https://a.example/p"],
                "/https:~1~1a.example~1p",
            ),
            ("cognito:groups", vec!["cognito:groups"], "/cognito:groups"),
            (
                "/realm_access/roles",
                vec!["realm_access", "roles"],
                "/realm_access/roles",
            ),
            ("/a~1b/c~0d", vec!["a/b", "c~d"], "/a~1b/c~0d"),
            ("/", vec![""], "/"),
        ] {
            let path: ClaimPath = text.parse()?;
            assert_eq!(path.segments(), segments, "{text}");
            assert_eq!(path.pointer(), pointer, "{text}");
            assert_eq!(path.to_string(), text);
        }
        for text in ["", "/a~", "/a~2b", "/1/2/3/4/5/6/7/8/9", &"a".repeat(513)] {
            assert_eq!(text.parse::<ClaimPath>(), Err(MalformedClaimPath), "{text}");
        }
        Ok(())
    }

    #[test]
    fn settings_survive_storage_and_know_their_members() -> serde_json::Result<()> {
        let text = r#"{"kind":"jwks","url":"https://a.example/jwks","roles_claim":"/realm_access/roles","role_permissions":[{"role":"admin","permissions":{"*":true}}]}"#;
        let settings: ProviderSettings = serde_json::from_str(text)?;
        assert_eq!(serde_json::to_string(&settings)?, text);
        assert!(
            serde_json::from_str::<ProviderSettings>(r#"{"kind":"jwks","audience":"a"}"#).is_err()
        );
        Ok(())
    }
}
