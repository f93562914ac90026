use data_encoding::BASE64URL_NOPAD;
use hallpass_model::{EnvironmentId, ErrorKind, Result, Timestamp};

use super::{IssuerKeys, KeySet};

/// The key set that an environment publishes (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKeys {
    /// The set as JSON; the same keys give the same text.
    pub json: String,
    /// A validator for the text, quotes included.
    pub etag: String,
    /// How long it may be kept; 0 for a set that is empty because nothing can be signed.
    pub max_age_secs: i64,
}

impl IssuerKeys {
    /// What an environment publishes now. The first fetch makes the first keys, so that nobody keeps a set that lacks
    /// them; without a master key the set is empty and not to be kept.
    ///
    /// # Errors
    /// `not_found`, `trust_state_unknown`, `storage_unavailable`.
    pub async fn published(&self, environment: EnvironmentId) -> Result<PublishedKeys> {
        self.shared.trust.require_confirmed()?;
        let mut snapshot = self.shared.snapshot(environment).await?;
        if !snapshot.issuer_keys.has_any {
            match self.ensured(snapshot).await {
                Ok(with_keys) => snapshot = with_keys,
                Err(error)
                    if error.kind() == ErrorKind::Unavailable
                        && error.code().starts_with("master_key") =>
                {
                    return Ok(PublishedKeys::of(&[], 0));
                }
                Err(error) => return Err(error),
            }
        }
        let now = self.shared.clock.now();
        let max_age_secs = snapshot.sign_in.jwks_max_age_secs;
        Ok(PublishedKeys::at(&snapshot.issuer_keys, now, max_age_secs))
    }

    /// The environment whose key set is asked for under a host name.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn environment_of_host(&self, host: &str) -> Result<Option<EnvironmentId>> {
        let mut tx = self.shared.store.read().await?;
        let found = tx.find_environment_by_host(host).await?;
        Ok(found.map(|environment| environment.id))
    }
}

impl PublishedKeys {
    fn at(set: &KeySet, now: Timestamp, max_age_secs: i64) -> Self {
        let members: Vec<_> = set.published(now).map(|key| key.jwk.as_str()).collect();
        Self::of(&members, max_age_secs)
    }

    fn of(members: &[&str], max_age_secs: i64) -> Self {
        let json = format!("{{\"keys\":[{}]}}", members.join(","));
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, json.as_bytes());
        let etag = BASE64URL_NOPAD.encode(digest.as_ref());
        Self {
            etag: format!("\"{etag}\""),
            json,
            max_age_secs,
        }
    }
}
