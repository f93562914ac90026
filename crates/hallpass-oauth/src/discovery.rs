//! What an issuer says about itself (OpenID Connect Discovery 1.0).

use hallpass_egress::{Egress, Limits};
use hallpass_model::OauthEndpoints;
use serde::Deserialize;

use crate::client::{DEADLINE, DOCUMENT_REDIRECTS};
use crate::error::OauthError;

const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Where an issuer's document is.
pub(crate) fn document_url(issuer: &str) -> String {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    format!("{base}/.well-known/openid-configuration")
}

pub(crate) async fn discover(egress: &Egress, issuer: &str) -> Result<OauthEndpoints, OauthError> {
    let limits = Limits {
        deadline: DEADLINE,
        body_bytes: MAX_DOCUMENT_BYTES,
        redirects: DOCUMENT_REDIRECTS,
    };
    let answer = egress.get(&document_url(issuer), limits).await?;
    if answer.status != 200 {
        return Err(OauthError::ProviderFailed {
            status: answer.status,
        });
    }
    let document: Document = serde_json::from_slice(&answer.body).map_err(|_| {
        OauthError::DiscoveryMalformed(
            "it is no JSON object with the endpoints of an OpenID provider",
        )
    })?;
    if document.issuer != issuer {
        return Err(OauthError::IssuerMismatch);
    }
    if let Some(methods) = &document.code_challenge_methods_supported
        && !methods.iter().any(|method| method == "S256")
    {
        return Err(OauthError::PkceUnsupported);
    }
    let fetched = [
        Some(&document.token_endpoint),
        Some(&document.jwks_uri),
        document.userinfo_endpoint.as_ref(),
    ];
    for url in fetched.into_iter().flatten() {
        egress.check_url(url)?;
        if !egress.may_lead_to(&answer.url, url) {
            return Err(OauthError::DiscoveryMalformed(
                "it leads from https to http, or from outside to an endpoint that is allowed for itself only",
            ));
        }
    }
    Ok(OauthEndpoints {
        authorize_url: document.authorization_endpoint,
        token_url: document.token_endpoint,
        userinfo_url: document.userinfo_endpoint,
        jwks_url: Some(document.jwks_uri),
        issuer: Some(document.issuer),
        iss_in_callback: document.authorization_response_iss_parameter_supported,
    })
}
