//! Whether an id token is to be believed (OpenID Connect Core section 3.1.3.7).

use aws_lc_rs::digest::{Algorithm as Hash, SHA256, SHA384, SHA512, digest};
use data_encoding::BASE64URL_NOPAD;
use hallpass_jose::{Algorithm, Claims, JwkSet, JwkSetKey, UnverifiedToken, VerifiedToken, raw};
use hallpass_model::Timestamp;
use hallpass_seal::SecretText;

use crate::error::OauthError;

/// How far clocks may differ.
const LEEWAY_SECS: i64 = 60;

/// What the token must say.
pub(crate) struct Expected<'a> {
    pub(crate) issuers: &'a [&'a str],
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) access_token: &'a SecretText,
    pub(crate) now: Timestamp,
}

/// Whether the set has the key that the token names; if not, a newer one may.
pub(crate) fn names_key_of(token: &SecretText, keys: &JwkSet) -> bool {
    UnverifiedToken::parse(token.expose()).is_ok_and(|token| find_key(&token, keys).is_some())
}

/// Verifies signature and claims.
pub(crate) fn verify(
    token: &SecretText,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<VerifiedToken, OauthError> {
    let refused = OauthError::IdToken;
    let token = UnverifiedToken::parse(token.expose())
        .map_err(|_| refused("it is not a compact JWS with an allowed algorithm"))?;
    if !token.header().is_jwt_type() {
        return Err(refused("its type is not JWT"));
    }
    let key =
        find_key(&token, keys).ok_or(refused("the provider publishes no key of that name"))?;
    let token = token
        .verify(key.key())
        .map_err(|_| refused("its signature is not the provider's"))?;
    check_claims(&token, expected)?;
    Ok(token)
}

/// By name; without one, the only key there is.
fn find_key<'k>(token: &UnverifiedToken<'_>, keys: &'k JwkSet) -> Option<&'k JwkSetKey> {
    match (&token.header().kid, keys.keys()) {
        (Some(kid), _) => keys.find(kid),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

fn check_claims(token: &VerifiedToken, expected: &Expected<'_>) -> Result<(), OauthError> {
    let refused = OauthError::IdToken;
    let claims = token
        .claims()
        .map_err(|_| refused("one of its registered claims has the wrong type"))?;
    let iss = claims.iss.as_deref().unwrap_or_default();
    if !expected.issuers.contains(&iss) {
        return Err(refused("it names another issuer"));
    }
    check_audience(&claims, expected.client_id)?;
    let now = expected.now.as_secs();
    let (Some(exp), Some(iat)) = (claims.exp, claims.iat) else {
        return Err(refused(
            "it does not say when it was issued and when it expires",
        ));
    };
    if now >= exp.saturating_add(LEEWAY_SECS) {
        return Err(refused("it has expired; check the clocks"));
    }
    let earliest = claims.nbf.unwrap_or(iat).max(iat);
    if now < earliest.saturating_sub(LEEWAY_SECS) {
        return Err(refused("it is not valid yet; check the clocks"));
    }
    let nonce = claims.raw("nonce").and_then(raw::text);
    if nonce.as_deref() != Some(expected.nonce) {
        return Err(refused("it was made for another sign-in (nonce)"));
    }
    if let Some(at_hash) = claims.raw("at_hash") {
        let computed = at_hash_of(token.header().alg, expected.access_token);
        if raw::text(at_hash).as_deref() != Some(&*computed) {
            return Err(refused("it belongs to another access token (at_hash)"));
        }
    }
    Ok(())
}

/// Meant for us; and where it is meant for others too, handed out to us.
fn check_audience(claims: &Claims<'_>, client_id: &str) -> Result<(), OauthError> {
    let refused = OauthError::IdToken;
    let audience = claims
        .aud
        .as_ref()
        .ok_or(refused("it does not say for whom it is"))?;
    if !audience.iter().any(|one| one == client_id) {
        return Err(refused("it is for another client"));
    }
    let azp = claims.raw("azp");
    let is_ours = azp.and_then(raw::text).as_deref() == Some(client_id);
    if azp.is_some() && !is_ours {
        return Err(refused("it was handed out to another client (azp)"));
    }
    if audience.iter().count() > 1 && !is_ours {
        return Err(refused(
            "it is for several clients and does not say to which it was handed out",
        ));
    }
    Ok(())
}

/// The left half of the hash that belongs to the algorithm (section 3.1.3.6).
fn at_hash_of(algorithm: Algorithm, access_token: &SecretText) -> String {
    let hash: &'static Hash = match algorithm {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => &SHA256,
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => &SHA384,
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => &SHA512,
    };
    let whole = digest(hash, access_token.expose().as_bytes());
    let half = whole.as_ref().len() / 2;
    BASE64URL_NOPAD.encode(whole.as_ref().get(..half).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenID Connect Core 1.0, appendix A.3.
    #[test]
    fn the_standards_at_hash() {
        let token = SecretText::new("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y".to_owned());
        assert_eq!(
            at_hash_of(Algorithm::RS256, &token),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }
}
