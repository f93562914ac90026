//! The way to the provider.

use hallpass_egress::Url;
use hallpass_model::OauthEndpoints;

use crate::pkce::Verifier;
use crate::settings::Provider;

/// What one sign-in keeps from its beginning to its end.
#[derive(Debug, Clone, Copy)]
pub struct Flow<'a> {
    /// Where the provider sends the browser back to; registered there, letter by letter.
    pub redirect_uri: &'a str,
    /// What only an id token made for this sign-in can repeat.
    pub nonce: &'a str,
    /// What only we can show when the code is exchanged.
    pub verifier: &'a Verifier,
}

/// The authorization request; `None` if the endpoint is not a URL for browsers.
pub(crate) fn authorize_url(
    provider: &Provider,
    endpoints: &OauthEndpoints,
    flow: Flow<'_>,
    state: &str,
) -> Option<Url> {
    let mut url = Url::parse(&endpoints.authorize_url).ok()?;
    if !matches!(url.scheme(), "https" | "http") {
        return None;
    }
    url.set_fragment(None);
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", provider.client_id())
            .append_pair("redirect_uri", flow.redirect_uri)
            .append_pair("scope", &provider.scope())
            .append_pair("state", state)
            .append_pair("code_challenge", &flow.verifier.challenge())
            .append_pair("code_challenge_method", "S256");
        if endpoints.jwks_url.is_some() {
            query.append_pair("nonce", flow.nonce);
        }
        for (name, value) in provider.preset().facts().authorize_with {
            query.append_pair(name, value);
        }
    }
    Some(url)
}
