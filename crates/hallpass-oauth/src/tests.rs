//! Settings, the way out, and id tokens that must not be believed.

use std::collections::BTreeMap;

use hallpass_egress::{Egress, EgressOptions};
use hallpass_jose::{JwkSet, ProtectedHeader, SigningKey};
use hallpass_model::{ClientAuth, SignInProviderSettings, Timestamp};
use hallpass_seal::SecretText;
use serde_json::{Value, json};

use crate::authorize::{Flow, authorize_url};
use crate::id_token::{Expected, verify};
use crate::{Client, Credentials, Preset, Provider, Verifier};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn settings(preset: Preset, mut value: Value) -> Result<SignInProviderSettings, serde_json::Error> {
    let kind = match preset {
        Preset::Google => "google",
        Preset::X => "x",
        Preset::Discord => "discord",
        Preset::Facebook => "facebook",
        Preset::Apple => "apple",
        Preset::Oidc => "oidc",
    };
    if let Value::Object(value) = &mut value {
        value.insert("kind".to_owned(), json!(kind));
    }
    serde_json::from_value(value)
}

fn provider(preset: Preset, value: Value) -> Result<Provider, Box<dyn std::error::Error>> {
    Ok(Provider::new(settings(preset, value)?)?)
}

fn apple() -> Value {
    json!({"client_id": "com.example.web", "team_id": "TEAM123456", "key_id": "KEY1234567"})
}

#[test]
fn settings_that_fit() -> Outcome {
    for preset in [Preset::Google, Preset::X, Preset::Discord, Preset::Facebook] {
        provider(preset, json!({"client_id": "id"}))?;
    }
    provider(Preset::Apple, apple())?;
    let oidc = json!({"client_id": "id", "issuer": "https://login.example.com", "trust_email": true, "client_auth": "client_secret_basic", "scopes": ["openid"]});
    let oidc = provider(Preset::Oidc, oidc)?;
    assert!(oidc.is_believed_about_emails());
    assert_eq!(oidc.client_auth(), ClientAuth::ClientSecretBasic);
    Ok(())
}

#[test]
fn settings_that_do_not_fit_say_where() -> Outcome {
    let with = |preset: Preset, more: Value| {
        let mut value = match preset {
            Preset::Apple => apple(),
            Preset::Oidc => json!({"client_id": "id", "issuer": "https://one.test"}),
            _ => json!({"client_id": "id"}),
        };
        if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
            value.extend(more);
        }
        value
    };
    let endpoints = |more: Value| {
        let mut value =
            json!({"authorize_url": "https://one.test/a", "token_url": "https://one.test/t"});
        if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
            value.extend(more);
        }
        json!({"endpoints": value})
    };
    for (preset, more, pointer) in [
        (Preset::Google, json!({"client_id": ""}), "/client_id"),
        (Preset::Google, json!({"client_id": "a b"}), "/client_id"),
        (Preset::Google, json!({"client_id": "\u{e9}"}), "/client_id"),
        (
            Preset::Google,
            json!({"issuer": "https://one.test"}),
            "/issuer",
        ),
        (Preset::Google, json!({"trust_email": true}), "/trust_email"),
        (Preset::X, json!({"trust_email": true}), "/trust_email"),
        (
            Preset::Facebook,
            json!({"trust_email": true}),
            "/trust_email",
        ),
        (Preset::Google, json!({"scopes": ["email"]}), "/scopes"),
        (
            Preset::X,
            json!({"scopes": ["users.read tweet.read"]}),
            "/scopes",
        ),
        (Preset::X, json!({"scopes": [""]}), "/scopes"),
        (
            Preset::Discord,
            json!({"team_id": "TEAM123456"}),
            "/team_id",
        ),
        (Preset::Apple, json!({"team_id": null}), "/team_id"),
        (Preset::Apple, json!({"key_id": "short"}), "/key_id"),
        (
            Preset::Apple,
            json!({"client_auth": "none"}),
            "/client_auth",
        ),
        (Preset::Oidc, json!({"issuer": null}), "/issuer"),
        (
            Preset::Oidc,
            json!({"issuer": "login.example.com"}),
            "/issuer",
        ),
        (Preset::Oidc, json!({"issuer": "ftp://one.test"}), "/issuer"),
        (
            Preset::Oidc,
            json!({"issuer": "https://one.test?a"}),
            "/issuer",
        ),
        (
            Preset::Oidc,
            json!({"issuer": "https://one.test/\\a"}),
            "/issuer",
        ),
        (Preset::X, endpoints(json!({})), "/endpoints/userinfo_url"),
        (
            Preset::X,
            endpoints(
                json!({"userinfo_url": "https://one.test/u", "jwks_url": "https://one.test/k"}),
            ),
            "/endpoints/jwks_url",
        ),
        (Preset::Google, endpoints(json!({})), "/endpoints/jwks_url"),
        (
            Preset::Google,
            endpoints(json!({"jwks_url": "https://one.test/k"})),
            "/endpoints/issuer",
        ),
        (
            Preset::Google,
            endpoints(json!({"token_url": "/t"})),
            "/endpoints/token_url",
        ),
    ] {
        let value = with(preset, more);
        let outcome = Provider::new(settings(preset, value.clone())?);
        let found = outcome.err().map(|fault| fault.pointer);
        assert_eq!(found, Some(pointer), "{preset:?} {value}");
    }
    Ok(())
}

#[test]
fn only_those_who_vouch_for_addresses_are_believed() -> Outcome {
    let oidc = json!({"client_id": "id", "issuer": "https://one.test"});
    for (preset, value, believed) in [
        (Preset::Google, json!({"client_id": "id"}), true),
        (Preset::Discord, json!({"client_id": "id"}), true),
        (Preset::Apple, apple(), true),
        (Preset::X, json!({"client_id": "id"}), false),
        (Preset::Facebook, json!({"client_id": "id"}), false),
        (Preset::Oidc, oidc, false),
    ] {
        assert_eq!(
            provider(preset, value)?.is_believed_about_emails(),
            believed,
            "{preset:?}"
        );
    }
    Ok(())
}

fn query_of(
    preset: Preset,
    value: Value,
) -> Result<BTreeMap<String, String>, Box<dyn std::error::Error>> {
    let provider = provider(preset, value)?;
    let endpoints = provider.known_endpoints().ok_or("no endpoints")?;
    let verifier = Verifier::from_random([7; 32]);
    let flow = Flow {
        redirect_uri: "https://auth.example.com/auth/google/callback",
        nonce: "n",
        verifier: &verifier,
    };
    let url = authorize_url(&provider, &endpoints, flow, "s&t").ok_or("no URL")?;
    Ok(url.query_pairs().into_owned().collect())
}

#[test]
fn row_40_every_request_has_an_s256_challenge() -> Outcome {
    for (preset, value) in [
        (Preset::Google, json!({"client_id": "id"})),
        (Preset::X, json!({"client_id": "id"})),
        (Preset::Discord, json!({"client_id": "id"})),
        (Preset::Facebook, json!({"client_id": "id"})),
        (Preset::Apple, apple()),
    ] {
        let query = query_of(preset, value)?;
        let challenge = Verifier::from_random([7; 32]).challenge();
        assert_eq!(query.get("code_challenge"), Some(&challenge));
        assert_eq!(
            query.get("code_challenge_method").map(String::as_str),
            Some("S256")
        );
        assert_eq!(query.get("state").map(String::as_str), Some("s&t"));
        assert_eq!(query.get("response_type").map(String::as_str), Some("code"));
        let has_id_tokens = matches!(preset, Preset::Google | Preset::Apple);
        assert_eq!(query.contains_key("nonce"), has_id_tokens, "{preset:?}");
    }
    let facebook = query_of(Preset::Facebook, json!({"client_id": "id"}))?;
    assert_eq!(
        facebook.get("scope").map(String::as_str),
        Some("public_profile,email")
    );
    let apple = query_of(Preset::Apple, apple())?;
    assert_eq!(
        apple.get("response_mode").map(String::as_str),
        Some("form_post")
    );
    Ok(())
}

#[test]
fn credentials_are_what_they_should_be() -> Outcome {
    let google = provider(Preset::Google, json!({"client_id": "id"}))?;
    let apple = provider(Preset::Apple, apple())?;
    let public = provider(
        Preset::Oidc,
        json!({"client_id": "id", "issuer": "https://one.test", "client_auth": "none"}),
    )?;
    let pem = |key: SigningKey| key.to_pkcs8_pem().map(|pem| pem.to_string());
    let es256 = pem(SigningKey::generate_es256()?)?;
    let ed25519 = pem(SigningKey::generate_ed25519()?)?;
    for (provider, secret, fits) in [
        (&google, Some("GOCSPX-secret"), true),
        (&google, Some("two\nlines"), false),
        (&google, Some(""), false),
        (&google, None, false),
        (&apple, Some(es256.as_str()), true),
        (&apple, Some(ed25519.as_str()), false),
        (&apple, Some("secret"), false),
        (&apple, None, false),
        (&public, None, true),
        (&public, Some("secret"), false),
    ] {
        let given = secret.map(|text| SecretText::new(text.to_owned()));
        let read = Credentials::read(provider, given);
        assert_eq!(read.is_ok(), fits, "{:?}", provider.preset());
        let shown = format!("{read:?}");
        assert!(!secret.is_some_and(|secret| secret.len() > 1 && shown.contains(secret)));
    }
    Ok(())
}

struct Issuer {
    key: SigningKey,
    keys: JwkSet,
}

impl Issuer {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let key = SigningKey::generate_es256()?;
        let mut jwk = serde_json::to_value(key.verifying_key().to_jwk())?;
        if let Value::Object(jwk) = &mut jwk {
            jwk.insert("kid".to_owned(), json!("k1"));
        }
        let keys = JwkSet::from_json(&json!({"keys": [jwk]}).to_string())?;
        Ok(Self { key, keys })
    }

    fn token(
        &self,
        kid: Option<&str>,
        change: Value,
    ) -> Result<SecretText, Box<dyn std::error::Error>> {
        let mut claims = json!({
            "iss": "https://one.test", "aud": "client", "sub": "1", "nonce": "n",
            "iat": NOW.as_secs(), "exp": NOW.as_secs() + 300
        });
        if let (Value::Object(claims), Value::Object(change)) = (&mut claims, change) {
            for (name, value) in change {
                match value {
                    Value::Null => claims.remove(&name),
                    value => claims.insert(name, value),
                };
            }
        }
        let header = ProtectedHeader { kid, typ: None };
        Ok(SecretText::new(
            self.key.sign(&header, claims.to_string().as_bytes())?,
        ))
    }

    fn accepts(&self, token: &SecretText) -> bool {
        let access_token = SecretText::new("access".to_owned());
        let expected = Expected {
            issuers: &["https://one.test"],
            client_id: "client",
            nonce: "n",
            access_token: &access_token,
            now: NOW,
        };
        verify(token, &self.keys, &expected).is_ok()
    }
}

#[test]
fn an_id_token_is_believed_only_if_all_of_it_fits() -> Outcome {
    let issuer = Issuer::new()?;
    let now = NOW.as_secs();
    for (change, accepted) in [
        (json!({}), true),
        (json!({"aud": ["client"]}), true),
        (json!({"aud": ["client", "other"], "azp": "client"}), true),
        (json!({"azp": "client"}), true),
        (json!({"exp": now - 59}), true),
        (json!({"iat": now + 60}), true),
        // base64url of the left half of SHA-256("access")
        (json!({"at_hash": "P2V5JabMaPmMebtIu5N2dQ"}), false),
        (json!({"iss": "https://one.test/"}), false),
        (json!({"iss": "https://two.test"}), false),
        (json!({"iss": null}), false),
        (json!({"aud": "other"}), false),
        (json!({"aud": "client2"}), false),
        (json!({"aud": null}), false),
        (json!({"aud": ["client", "other"]}), false),
        (json!({"azp": "other"}), false),
        (json!({"azp": 1}), false),
        (json!({"exp": now - 60}), false),
        (json!({"exp": null}), false),
        (json!({"exp": "1900000000"}), false),
        (json!({"iat": null}), false),
        (json!({"iat": now + 61}), false),
        (json!({"nbf": now + 61}), false),
        (json!({"nonce": null}), false),
        (json!({"nonce": "m"}), false),
        (json!({"nonce": ["n"]}), false),
        (json!({"at_hash": "x"}), false),
        (json!({"at_hash": 1}), false),
    ] {
        let token = issuer.token(Some("k1"), change.clone())?;
        assert_eq!(issuer.accepts(&token), accepted, "{change}");
    }
    Ok(())
}

#[test]
fn an_id_token_is_believed_only_with_the_providers_key() -> Outcome {
    let issuer = Issuer::new()?;
    let stranger = Issuer::new()?;
    assert!(issuer.accepts(&issuer.token(None, json!({}))?));
    assert!(!issuer.accepts(&issuer.token(Some("k2"), json!({}))?));
    assert!(!issuer.accepts(&stranger.token(Some("k1"), json!({}))?));
    let good = issuer.token(Some("k1"), json!({}))?;
    let cut = good
        .expose()
        .rsplit_once('.')
        .map(|(start, _)| format!("{start}."));
    assert!(!issuer.accepts(&SecretText::new(cut.unwrap_or_default())));
    // {"alg":"none"}
    let none = good
        .expose()
        .split_once('.')
        .map(|(_, rest)| format!("eyJhbGciOiJub25lIn0.{rest}"));
    assert!(!issuer.accepts(&SecretText::new(none.unwrap_or_default())));
    Ok(())
}

#[test]
fn a_client_can_be_made_and_shows_nothing() -> Outcome {
    let client = Client::new(Egress::new(EgressOptions::default())?);
    assert_eq!(format!("{client:?}"), "Client { .. }");
    Ok(())
}
