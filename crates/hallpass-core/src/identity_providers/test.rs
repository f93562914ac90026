use hallpass_jose::{Algorithm, VerifyingKey};
use hallpass_model::{EnvironmentId, IdentityProviderId, Result};
use serde::Serialize;

use super::{IdentityProviders, ProviderWarning, TrustedProvider};
use crate::actor::OperatorCaller;
use crate::keys::{FetchReport, KeySet};
use crate::tokens::{TokenReport, Tokens};

/// What a test of a provider found. Nothing that is stored was changed.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderTest {
    /// How fetching the keys went.
    pub fetch: FetchReport,
    /// The keys that verify its tokens now, and those of the set that cannot.
    pub keys: Vec<KeyReport>,
    /// How the given token fares with this provider, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenReport>,
    /// What is dangerous about the provider.
    pub warnings: Vec<ProviderWarning>,
}

/// One key of a fetched set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyReport {
    /// The name by which tokens refer to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The algorithms of tokens that it verifies here.
    pub algorithms: Vec<&'static str>,
    /// `RSA`, `EC` or `OKP`; left out for keys that cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kty: Option<String>,
    /// Bits of the modulus or the curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// RFC 7638 SHA-256 thumbprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbprint: Option<String>,
    /// Whether it verifies tokens of this provider.
    pub usable: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl IdentityProviders {
    /// Fetches the provider's keys now and judges a token with them, by this provider's rules alone. A disabled
    /// provider is tested like any other.
    ///
    /// # Errors
    /// `not_found`, `too_many_tests` (429); with a token also `trust_state_unknown` (503). Keys that cannot be fetched and
    /// refused tokens are no errors.
    pub async fn test(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        id: IdentityProviderId,
        token: Option<&str>,
    ) -> Result<ProviderTest> {
        let (project, stored) = self.load_stored(caller, environment, id).await?;
        let warnings = self.view(project, stored.clone())?.warnings;
        let provider = TrustedProvider::new(project, stored, &self.shared.remote)?;
        let remote = &self.shared.remote;
        let (mut fetch, set) = remote.fetch_now(project, &provider.source).await?;
        let keys = key_reports(&set, &provider.algorithms);
        if fetch.ok {
            judge(&mut fetch, &keys);
        }
        let tokens = Tokens {
            shared: std::sync::Arc::clone(&self.shared),
        };
        let token = match token {
            Some(token) => Some(tokens.check_with(environment, &provider, token).await?),
            None => None,
        };
        Ok(ProviderTest {
            fetch,
            keys,
            token,
            warnings,
        })
    }
}

/// A set that verifies no token of this provider is no success, however well it was fetched.
fn judge(fetch: &mut FetchReport, keys: &[KeyReport]) {
    fetch.detail = match keys.iter().filter(|key| key.usable).count() {
        0 => {
            fetch.ok = false;
            fetch.code = Some("no_usable_key");
            "no key of the set verifies tokens of this provider, so all of them are refused"
                .to_owned()
        }
        1 => "1 usable key".to_owned(),
        usable => format!("{usable} usable keys"),
    };
}

fn key_reports(set: &KeySet, listed: &[Algorithm]) -> Vec<KeyReport> {
    let usable = set.keys.iter().map(|remote| {
        let algorithms: Vec<&'static str> = Algorithm::ALL
            .into_iter()
            .filter(|alg| remote.pinned_to(*alg, listed).is_some())
            .map(Algorithm::as_str)
            .collect();
        KeyReport {
            kid: remote.kid.clone(),
            kty: Some(kty(&remote.key)),
            bits: Some(remote.key.bits()),
            thumbprint: Some(remote.key.thumbprint()),
            usable: !algorithms.is_empty(),
            note: algorithms.is_empty().then(|| {
                format!(
                    "it is for {}, which this provider does not list",
                    remote.key.algorithm()
                )
            }),
            algorithms,
        }
    });
    let skipped = set.skipped.iter().map(|skipped| KeyReport {
        kid: skipped.kid.clone(),
        algorithms: Vec::new(),
        kty: None,
        bits: None,
        thumbprint: None,
        usable: false,
        note: Some(skipped.reason.to_string()),
    });
    usable.chain(skipped).collect()
}

fn kty(key: &VerifyingKey) -> String {
    key.to_jwk().kty
}
