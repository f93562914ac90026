//! The standard claims about a person (OpenID Connect Core section 5.1), from an id token or a profile answer.

use serde::Deserialize;
use serde_json::Value;

use crate::error::OauthError;
use crate::identity::{Told, UpstreamIdentity};

/// Members of another type than the standard's are as good as absent, except for `sub`.
#[derive(Deserialize)]
pub(crate) struct StandardClaims {
    sub: String,
    #[serde(default)]
    email: Value,
    #[serde(default)]
    email_verified: Value,
    #[serde(default)]
    name: Value,
    #[serde(default)]
    preferred_username: Value,
    #[serde(default)]
    picture: Value,
}

impl StandardClaims {
    pub(crate) fn read(json: &[u8]) -> Result<Self, OauthError> {
        serde_json::from_slice(json).map_err(|_| {
            OauthError::AnswerMalformed("the profile is no JSON object with a text `sub`")
        })
    }

    pub(crate) fn subject(&self) -> &str {
        &self.sub
    }

    /// Whether there may be more to learn from a profile endpoint.
    pub(crate) fn is_bare(&self) -> bool {
        self.email.is_null() || self.name.is_null()
    }

    /// The same, with what only the profile says. An address and whether it is verified are from one source.
    pub(crate) fn or(mut self, profile: Self) -> Self {
        if self.email.is_null() {
            self.email = profile.email;
            self.email_verified = profile.email_verified;
        }
        for (own, theirs) in [
            (&mut self.name, profile.name),
            (&mut self.preferred_username, profile.preferred_username),
            (&mut self.picture, profile.picture),
        ] {
            if own.is_null() {
                *own = theirs;
            }
        }
        self
    }

    pub(crate) fn identity(&self) -> Result<UpstreamIdentity, OauthError> {
        let told = Told {
            subject: &self.sub,
            email: self.email.as_str(),
            // Apple and Amazon Cognito are among those who write it as a text.
            email_verified: self.email_verified == Value::Bool(true)
                || self.email_verified == "true",
            display_name: self.name.as_str(),
            username: self.preferred_username.as_str(),
            picture_url: self.picture.as_str(),
        };
        UpstreamIdentity::from_told(&told).ok_or(SUBJECT_MALFORMED)
    }
}

pub(crate) const SUBJECT_MALFORMED: OauthError = OauthError::AnswerMalformed(
    "its name for the person is empty, too long or holds control characters",
);
