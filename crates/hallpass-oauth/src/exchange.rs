//! The code for tokens (RFC 6749 section 4.1.3), and the strict reading of the answer.

use data_encoding::BASE64;
use hallpass_egress::{Egress, Fetched, Limits, Request};
use hallpass_jose::{Algorithm, SigningKey};
use hallpass_model::{ClientAuth, OauthEndpoints, Timestamp};
use hallpass_seal::SecretText;
use serde::Deserialize;

use crate::authorize::Flow;
use crate::client::DEADLINE;
use crate::error::OauthError;
use crate::preset::Preset;
use crate::settings::Provider;
use crate::{apple, form};

const MAX_ANSWER_BYTES: usize = 64 * 1024;
const MAX_SECRET_BYTES: usize = 2048;
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// Ten years: whatever says more is not a lifetime.
const MAX_LIFETIME_SECS: u64 = 10 * 366 * 24 * 3600;

/// What proves that we are the client.
pub enum Credentials {
    /// Nothing but the client id.
    Public,
    /// The client secret.
    Secret(SecretText),
    /// Apple's private key, with which each client secret is made.
    AppleKey(Box<SigningKey>),
}

/// What an exchange gives.
pub(crate) struct Tokens {
    pub(crate) access_token: SecretText,
    pub(crate) id_token: Option<SecretText>,
}

impl Credentials {
    /// Reads what the operator gave for this provider.
    ///
    /// # Errors
    /// When something is missing, superfluous, or cannot be what it should be.
    pub fn read(provider: &Provider, secret: Option<SecretText>) -> Result<Self, OauthError> {
        let unusable = OauthError::Credentials;
        match (provider.preset(), provider.client_auth(), secret) {
            (Preset::Apple, _, Some(pem)) => {
                let key = SigningKey::from_pem(pem.expose())
                    .ok()
                    .filter(|key| key.algorithm() == Algorithm::ES256)
                    .ok_or(unusable("it must be the private key that Apple offers as AuthKey_....p8, a PEM text"))?;
                Ok(Self::AppleKey(Box::new(key)))
            }
            (_, ClientAuth::None, None) => Ok(Self::Public),
            (_, ClientAuth::None, Some(_)) => {
                Err(unusable("this client has none (client_auth is none)"))
            }
            (_, _, Some(secret)) => {
                let text = secret.expose();
                let is_secret = (1..=MAX_SECRET_BYTES).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_graphic());
                if is_secret {
                    Ok(Self::Secret(secret))
                } else {
                    Err(unusable("it must be one line of visible ASCII characters"))
                }
            }
            (_, _, None) => Err(unusable("there is none; set one")),
        }
    }

    /// The client secret, where it is an unchanging text.
    pub(crate) fn secret(&self) -> Option<&str> {
        match self {
            Self::Secret(secret) => Some(secret.expose()),
            Self::Public | Self::AppleKey(_) => None,
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Public => "Public",
            Self::Secret(_) => "Secret(hidden)",
            Self::AppleKey(_) => "AppleKey(hidden)",
        })
    }
}

/// One exchange. A code is good once, so it is not tried again.
pub(crate) async fn exchange(
    egress: &Egress,
    (provider, endpoints): (&Provider, &OauthEndpoints),
    credentials: &Credentials,
    flow: Flow<'_>,
    code: &SecretText,
    now: Timestamp,
) -> Result<Tokens, OauthError> {
    let request = token_request((provider, endpoints), credentials, flow, code, now)?;
    let limits = Limits {
        deadline: DEADLINE,
        body_bytes: MAX_ANSWER_BYTES,
        redirects: 0,
    };
    let answer = egress.send(request, limits).await?;
    read_answer(&answer)
}

fn token_request(
    (provider, endpoints): (&Provider, &OauthEndpoints),
    credentials: &Credentials,
    flow: Flow<'_>,
    code: &SecretText,
    now: Timestamp,
) -> Result<Request, OauthError> {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.expose()),
        ("redirect_uri", flow.redirect_uri),
        ("code_verifier", flow.verifier.expose()),
    ];
    let made;
    let secret = match credentials {
        Credentials::Public => None,
        Credentials::Secret(secret) => Some(secret.expose()),
        Credentials::AppleKey(key) => {
            made = apple::client_secret(provider, endpoints, key, now)?;
            Some(made.expose())
        }
    };
    let mut basic = None;
    match (secret, provider.client_auth()) {
        (Some(secret), ClientAuth::ClientSecretBasic) => {
            let pair = format!(
                "{}:{}",
                form::escape(provider.client_id()),
                form::escape(secret)
            );
            basic = Some(SecretText::new(format!(
                "Basic {}",
                BASE64.encode(pair.as_bytes())
            )));
        }
        (Some(secret), _) => {
            form.push(("client_id", provider.client_id()));
            form.push(("client_secret", secret));
        }
        (None, _) => form.push(("client_id", provider.client_id())),
    }
    let mut request = Request::post(&endpoints.token_url, form::encode(&form))
        .with_header("content-type", "application/x-www-form-urlencoded")?
        .with_header("accept", "application/json")?;
    if let Some(basic) = basic {
        request = request.with_header("authorization", basic.expose())?;
    }
    Ok(request)
}

#[derive(Deserialize)]
struct RawTokens {
    access_token: Option<String>,
    token_type: Option<String>,
    #[serde(default, deserialize_with = "present")]
    expires_in: Option<serde_json::Value>,
    id_token: Option<String>,
    #[serde(default, deserialize_with = "present")]
    error: Option<serde_json::Value>,
}

/// `null` is a value too, and not an absent one.
fn present<'de, D: serde::Deserializer<'de>>(
    value: D,
) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(value).map(Some)
}

fn read_answer(answer: &Fetched) -> Result<Tokens, OauthError> {
    let raw = serde_json::from_slice::<RawTokens>(&answer.body);
    let error = raw.as_ref().ok().and_then(|raw| raw.error.as_ref());
    if answer.status != 200 || error.is_some() {
        return Err(refusal(answer.status, error));
    }
    let malformed = OauthError::AnswerMalformed;
    let raw = raw
        .map_err(|_| malformed("the token endpoint did not answer with a JSON object of tokens"))?;
    if !raw
        .token_type
        .is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"))
    {
        return Err(malformed(
            "the token endpoint names no token type, or another one than Bearer",
        ));
    }
    if let Some(lifetime) = &raw.expires_in
        && lifetime
            .as_u64()
            .is_none_or(|secs| secs > MAX_LIFETIME_SECS)
    {
        return Err(malformed(
            "the lifetime of the access token is no number of seconds",
        ));
    }
    let access_token = raw.access_token.map(SecretText::new);
    let id_token = raw.id_token.map(SecretText::new);
    // What may stand in a header (RFC 6750 section 2.1), less strictly: several providers use more than its alphabet.
    let is_token = |token: &SecretText| {
        let text = token.expose();
        (1..=MAX_TOKEN_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    let access_token = access_token
        .filter(is_token)
        .ok_or(malformed("the access token is missing or is no token"))?;
    if !id_token.as_ref().is_none_or(is_token) {
        return Err(malformed("the id token is no token"));
    }
    Ok(Tokens {
        access_token,
        id_token,
    })
}

/// What the provider means. Its word is from a short list or counts as nothing.
fn refusal(status: u16, error: Option<&serde_json::Value>) -> OauthError {
    match (error.and_then(serde_json::Value::as_str), status) {
        (Some("invalid_grant"), _) => OauthError::CodeRefused,
        (Some("invalid_client" | "unauthorized_client"), _) | (None, 401 | 403) => {
            OauthError::ClientRefused
        }
        // Facebook says what is wrong in an object; most often it is the code or the address to return to.
        (_, 400 | 401) => OauthError::CodeRefused,
        (_, 200) => OauthError::AnswerMalformed("the token endpoint answered 200 with an error"),
        (_, status) => OauthError::ProviderFailed { status },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hallpass_egress::Url;

    fn read(status: u16, body: &str) -> Result<String, &'static str> {
        let url = Url::parse("https://one.test/").map_err(|_| "url")?;
        let answer = Fetched {
            status,
            url,
            headers: hallpass_egress::HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        };
        match read_answer(&answer) {
            Ok(tokens) => Ok(tokens.access_token.expose().to_owned()),
            Err(error) => Err(error.code()),
        }
    }

    #[test]
    fn a_good_answer() {
        for body in [
            r#"{"access_token":"a","token_type":"Bearer"}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":3600,"scope":"x","refresh_token":"r"}"#,
            r#"{"access_token":"a","token_type":"BEARER","expires_in":0,"id_token":"h.p.s"}"#,
        ] {
            assert_eq!(read(200, body), Ok("a".to_owned()), "{body}");
        }
    }

    #[test]
    fn row_44_an_answer_that_is_none_is_refused() {
        let long = format!(
            r#"{{"access_token":"{}","token_type":"bearer"}}"#,
            "x".repeat(16 * 1024 + 1)
        );
        for body in [
            "<html><body>Sign in</body></html>",
            "",
            "null",
            "[]",
            r#""token""#,
            "access_token=a&token_type=bearer",
            "{}",
            r#"{"access_token":"a"}"#,
            r#"{"token_type":"bearer"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
            r#"{"access_token":"a","token_type":null}"#,
            r#"{"access_token":"","token_type":"bearer"}"#,
            r#"{"access_token":1,"token_type":"bearer"}"#,
            r#"{"access_token":["a"],"token_type":"bearer"}"#,
            r#"{"access_token":"a\nb","token_type":"bearer"}"#,
            r#"{"access_token":"a b","token_type":"bearer"}"#,
            r#"{"access_token":"\u00e9","token_type":"bearer"}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":"3600"}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":-1}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":1.5}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":1e400}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":99999999999}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":null}"#,
            r#"{"access_token":"a","token_type":"bearer","id_token":{}}"#,
            r#"{"access_token":"a","token_type":"bearer","id_token":"h.p\n.s"}"#,
            r#"{"access_token":"a","access_token":"b","token_type":"bearer"}"#,
            r#"{"error":"server_error","access_token":"a","token_type":"bearer"}"#,
            r#"{"ok":false,"error":{"message":"no"}}"#,
            r#"{"error":null,"access_token":"a","token_type":"bearer"}"#,
            &long,
        ] {
            assert_eq!(read(200, body), Err("oauth_answer_malformed"), "{body}");
        }
    }

    #[test]
    fn a_refusal_says_whose_fault_it_is() {
        for (status, body, code) in [
            (400, r#"{"error":"invalid_grant"}"#, "oauth_code_refused"),
            (200, r#"{"error":"invalid_grant"}"#, "oauth_code_refused"),
            (400, r#"{"error":"invalid_client"}"#, "oauth_client_refused"),
            (401, r#"{"error":"invalid_client"}"#, "oauth_client_refused"),
            (401, "nothing", "oauth_client_refused"),
            (403, "", "oauth_client_refused"),
            (
                400,
                r#"{"error":{"message":"secret","code":100}}"#,
                "oauth_code_refused",
            ),
            (400, "<html>", "oauth_code_refused"),
            (429, "{}", "oauth_provider_failed"),
            (500, "", "oauth_provider_failed"),
            (302, "", "oauth_provider_failed"),
            (
                201,
                r#"{"access_token":"a","token_type":"bearer"}"#,
                "oauth_provider_failed",
            ),
        ] {
            assert_eq!(read(status, body), Err(code), "{status} {body}");
        }
    }
}
