use serde::{Deserialize, Serialize};

use crate::limits;
use crate::{EnvironmentId, Error, ProjectId, Result, SignInSettings, Timestamp};

/// `sandbox`, `beta`, `production` or a name of the operator's own; owns keys and users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its id; what the Connect SDK calls the project id.
    pub id: EnvironmentId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// Unique within the project.
    pub name: String,
    /// How tokens are judged here.
    pub settings: EnvironmentSettings,
    /// How people sign in here, and what their sessions and tokens are like.
    pub sign_in: SignInSettings,
    /// Raised by every change of keys, settings, or frozen and revoked users; verified tokens are cached for one epoch only.
    pub trust_epoch: i64,
    /// Raised by every change of name or settings; the `ETag` of the admin API.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When name or settings last changed.
    pub updated_at: Timestamp,
}

/// How an environment judges user tokens. Every default is the vendor-compatible one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentSettings {
    /// Refuse tokens without a permission claim (401) instead of treating them as unrestricted.
    pub require_permission_claim: bool,
    /// Parse a permission claim that is a string holding a JSON object.
    pub accept_stringified_permissions: bool,
    /// Refuse tokens without `aud`.
    pub require_audience: bool,
    /// Audiences accepted, compared byte for byte.
    pub audiences: Vec<String>,
    /// Whether `useparagon.com/<environment id>` is accepted too.
    pub aud_mode: AudienceMode,
    /// When set, `iss` of own-key tokens must equal it.
    pub issuer: Option<String>,
    /// Clock leeway in seconds, 0-300.
    pub leeway_secs: u32,
    /// When set, `exp - iat` may not exceed it.
    pub max_token_lifetime_secs: Option<u32>,
}

/// Which audiences count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudienceMode {
    /// The environment's own audience and the configured ones.
    #[default]
    OwnAndConfigured,
    /// The configured ones only.
    OnlyConfigured,
}

impl Default for EnvironmentSettings {
    fn default() -> Self {
        Self {
            require_permission_claim: false,
            accept_stringified_permissions: false,
            require_audience: false,
            audiences: Vec::new(),
            aud_mode: AudienceMode::OwnAndConfigured,
            issuer: None,
            leeway_secs: 60,
            max_token_lifetime_secs: None,
        }
    }
}

impl EnvironmentSettings {
    /// Checks the bounds of every field.
    ///
    /// # Errors
    /// `invalid_settings` with the pointer of the first field out of bounds.
    pub fn validate(&self) -> Result<()> {
        let invalid = |pointer: String, why: &str| {
            Err(Error::unprocessable("invalid_settings", why).at(pointer))
        };
        if self.audiences.len() > limits::AUDIENCES {
            return invalid("/audiences".into(), "at most 16 audiences");
        }
        for (index, audience) in self.audiences.iter().enumerate() {
            if audience.is_empty() || audience.len() > limits::AUDIENCE_BYTES {
                return invalid(
                    format!("/audiences/{index}"),
                    "an audience has 1 to 512 bytes",
                );
            }
        }
        if self.aud_mode == AudienceMode::OnlyConfigured && self.audiences.is_empty() {
            return invalid(
                "/aud_mode".into(),
                "only_configured needs at least one audience",
            );
        }
        if self
            .issuer
            .as_ref()
            .is_some_and(|issuer| issuer.is_empty() || issuer.len() > limits::AUDIENCE_BYTES)
        {
            return invalid(
                "/issuer".into(),
                "an issuer has 1 to 512 bytes; null accepts any",
            );
        }
        if self.leeway_secs > limits::LEEWAY_SECS {
            return invalid("/leeway_secs".into(), "leeway is 0 to 300 seconds");
        }
        if self.max_token_lifetime_secs == Some(0) {
            return invalid(
                "/max_token_lifetime_secs".into(),
                "a lifetime is at least 1 second; null sets no limit",
            );
        }
        Ok(())
    }
}
