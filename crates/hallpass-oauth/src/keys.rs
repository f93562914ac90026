//! The keys that a provider publishes for its id tokens.

use hallpass_egress::{Egress, Limits};
use hallpass_jose::{JwkSet, MAX_JWKS_BYTES};

use crate::client::{DEADLINE, DOCUMENT_REDIRECTS};
use crate::error::OauthError;

pub(crate) async fn fetch(egress: &Egress, url: &str) -> Result<JwkSet, OauthError> {
    let limits = Limits {
        deadline: DEADLINE,
        body_bytes: MAX_JWKS_BYTES,
        redirects: DOCUMENT_REDIRECTS,
    };
    let answer = egress.get(url, limits).await?;
    if answer.status != 200 {
        return Err(OauthError::ProviderFailed {
            status: answer.status,
        });
    }
    let text =
        std::str::from_utf8(&answer.body).map_err(|_| OauthError::Keys("they are not JSON"))?;
    JwkSet::from_json(text)
        .map_err(|_| OauthError::Keys("they are no key set, or one that holds what it must not"))
}
