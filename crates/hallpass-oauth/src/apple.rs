//! Apple's client secret: a token that we sign anew for every exchange.

use hallpass_jose::{ProtectedHeader, SigningKey};
use hallpass_model::{OauthEndpoints, Timestamp};
use hallpass_seal::SecretText;
use serde::Serialize;

use crate::error::OauthError;
use crate::settings::Provider;

/// Apple allows half a year; it is needed for the moment.
const LIFETIME_SECS: i64 = 300;

#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    iat: i64,
    exp: i64,
    aud: &'a str,
    sub: &'a str,
}

/// <https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret>
pub(crate) fn client_secret(
    provider: &Provider,
    endpoints: &OauthEndpoints,
    key: &SigningKey,
    now: Timestamp,
) -> Result<SecretText, OauthError> {
    let unusable =
        || OauthError::Credentials("the token that proves the client could not be signed");
    let settings = provider.settings();
    let payload = Payload {
        iss: settings.team_id.as_deref().ok_or_else(unusable)?,
        iat: now.as_secs(),
        exp: now.plus_secs(LIFETIME_SECS).as_secs(),
        aud: endpoints.issuer.as_deref().ok_or_else(unusable)?,
        sub: provider.client_id(),
    };
    let header = ProtectedHeader {
        kid: settings.key_id.as_deref(),
        typ: None,
    };
    let payload = serde_json::to_vec(&payload).map_err(|_| unusable())?;
    let token = key.sign(&header, &payload).map_err(|_| unusable())?;
    Ok(SecretText::new(token))
}
