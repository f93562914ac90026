//! What an operator says about a provider, and what follows from it.

use hallpass_egress::Url;
use hallpass_model::{ClientAuth, OauthEndpoints, SignInProviderSettings};

use crate::preset::Preset;

const MAX_CLIENT_ID_BYTES: usize = 512;
const MAX_URL_BYTES: usize = 1024;
const MAX_SCOPES: usize = 32;
const MAX_SCOPE_BYTES: usize = 256;

/// What is wrong with the settings, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SettingsFault {
    /// A JSON pointer into the settings.
    pub pointer: &'static str,
    /// What to change.
    pub message: String,
}

/// A provider whose settings fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    preset: Preset,
    client_id: String,
    settings: SignInProviderSettings,
}

impl Provider {
    /// Takes settings that fit the preset.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn new(settings: SignInProviderSettings) -> Result<Self, SettingsFault> {
        let preset = Preset::of(settings.kind)
            .ok_or_else(|| fault("/kind", "this kind of provider speaks no OAuth"))?;
        let client_id = check_client(preset, &settings)?;
        check_issuer(preset, &settings)?;
        check_scopes(preset, &settings)?;
        check_apple(preset, &settings)?;
        if settings.trust_email && preset != Preset::Oidc {
            return Err(fault(
                "/trust_email",
                "this is for `oidc` only: what the other providers say about addresses is known",
            ));
        }
        Ok(Self {
            preset,
            client_id,
            settings,
        })
    }

    /// What it is like.
    #[must_use]
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// What the operator said.
    #[must_use]
    pub fn settings(&self) -> &SignInProviderSettings {
        &self.settings
    }

    /// How the client proves itself.
    #[must_use]
    pub fn client_auth(&self) -> ClientAuth {
        let usual = self.preset.facts().client_auth;
        self.settings.client_auth.unwrap_or(usual)
    }

    /// Whether an address that the provider calls verified counts as verified here.
    #[must_use]
    pub fn is_believed_about_emails(&self) -> bool {
        match self.preset {
            Preset::Oidc => self.settings.trust_email,
            preset => preset.verifies_emails(),
        }
    }

    /// What `iss` must say, as far as it is known without asking: the name under which people are kept.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        match &self.settings.endpoints {
            Some(endpoints) => endpoints.issuer.as_deref(),
            None => self
                .settings
                .issuer
                .as_deref()
                .or_else(|| self.preset.facts().issuer),
        }
    }

    /// Every address that Hallpass itself may have to ask, with where it stands in the settings.
    #[must_use]
    pub fn addresses(&self) -> Vec<(&'static str, &str)> {
        let mut addresses = Vec::new();
        match &self.settings.endpoints {
            Some(endpoints) => {
                addresses.push(("/endpoints/token_url", endpoints.token_url.as_str()));
                let more = [
                    ("/endpoints/userinfo_url", &endpoints.userinfo_url),
                    ("/endpoints/jwks_url", &endpoints.jwks_url),
                ];
                for (pointer, url) in more {
                    addresses.extend(url.as_deref().map(|url| (pointer, url)));
                }
            }
            None => addresses.extend(self.settings.issuer.as_deref().map(|url| ("/issuer", url))),
        }
        addresses
    }

    /// The endpoints, unless they have to be discovered.
    pub(crate) fn known_endpoints(&self) -> Option<OauthEndpoints> {
        let given = self.settings.endpoints.clone();
        given.or_else(|| self.preset.endpoints())
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) fn scope(&self) -> String {
        let facts = self.preset.facts();
        match &self.settings.scopes {
            Some(scopes) => scopes.join(facts.scope_separator),
            None => facts.scopes.join(facts.scope_separator),
        }
    }
}

fn check_client(
    preset: Preset,
    settings: &SignInProviderSettings,
) -> Result<String, SettingsFault> {
    let id = settings.client_id.as_deref().unwrap_or_default();
    if !(1..=MAX_CLIENT_ID_BYTES).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(fault(
            "/client_id",
            "give the client id as the provider shows it: 1 to 512 visible ASCII characters",
        ));
    }
    if preset == Preset::Apple
        && !matches!(
            settings.client_auth,
            None | Some(ClientAuth::ClientSecretPost)
        )
    {
        return Err(fault(
            "/client_auth",
            "Apple takes its client secret in the form only; leave this out",
        ));
    }
    Ok(id.to_owned())
}

fn check_issuer(preset: Preset, settings: &SignInProviderSettings) -> Result<(), SettingsFault> {
    match (&settings.issuer, preset) {
        (Some(issuer), Preset::Oidc) => {
            check_url("/issuer", issuer)?;
            if issuer.contains(['?', '#']) {
                return Err(fault("/issuer", "an issuer has neither query nor fragment"));
            }
        }
        (Some(_), _) => {
            return Err(fault("/issuer", "this is for `oidc` only; leave it out"));
        }
        (None, Preset::Oidc) if settings.endpoints.is_none() => {
            return Err(fault(
                "/issuer",
                "give the issuer, such as https://login.example.com; its discovery document says the rest",
            ));
        }
        (None, _) => {}
    }
    let Some(endpoints) = &settings.endpoints else {
        return Ok(());
    };
    if settings.issuer.is_some() && settings.issuer != endpoints.issuer {
        return Err(fault(
            "/endpoints/issuer",
            "it must be the issuer that is given; with endpoints, the issuer may be given here alone",
        ));
    }
    check_url("/endpoints/authorize_url", &endpoints.authorize_url)?;
    check_url("/endpoints/token_url", &endpoints.token_url)?;
    for (pointer, url) in [
        ("/endpoints/userinfo_url", &endpoints.userinfo_url),
        ("/endpoints/jwks_url", &endpoints.jwks_url),
    ] {
        if let Some(url) = url {
            check_url(pointer, url)?;
        }
    }
    check_given_endpoints(preset, endpoints)
}

/// OauthEndpoints that say nobody's name, or whose id tokens could be anybody's.
fn check_given_endpoints(preset: Preset, endpoints: &OauthEndpoints) -> Result<(), SettingsFault> {
    let reads_profiles = matches!(preset, Preset::X | Preset::Discord | Preset::Facebook);
    if reads_profiles && endpoints.userinfo_url.is_none() {
        return Err(fault(
            "/endpoints/userinfo_url",
            "this provider tells who somebody is at its profile endpoint only; give it",
        ));
    }
    if reads_profiles && endpoints.jwks_url.is_some() {
        return Err(fault(
            "/endpoints/jwks_url",
            "this provider has no id tokens; leave it out",
        ));
    }
    if !reads_profiles && endpoints.jwks_url.is_none() {
        return Err(fault(
            "/endpoints/jwks_url",
            "give the address of the keys with which the id tokens are signed",
        ));
    }
    if endpoints.jwks_url.is_some() && endpoints.issuer.as_deref().is_none_or(str::is_empty) {
        return Err(fault(
            "/endpoints/issuer",
            "give the issuer that the id tokens name",
        ));
    }
    if endpoints.iss_in_callback && endpoints.issuer.is_none() {
        return Err(fault(
            "/endpoints/issuer",
            "give the issuer that every callback names",
        ));
    }
    Ok(())
}

fn check_scopes(preset: Preset, settings: &SignInProviderSettings) -> Result<(), SettingsFault> {
    let Some(scopes) = &settings.scopes else {
        return Ok(());
    };
    // RFC 6749 section 3.3, less the comma, with which some providers separate them.
    let is_scope = |scope: &String| {
        let fits = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b',');
        (1..=MAX_SCOPE_BYTES).contains(&scope.len()) && scope.bytes().all(fits)
    };
    if scopes.len() > MAX_SCOPES || !scopes.iter().all(is_scope) {
        return Err(fault(
            "/scopes",
            "give at most 32 scopes of visible ASCII characters, each an element of its own",
        ));
    }
    let wants_openid = matches!(preset, Preset::Google | Preset::Oidc);
    if wants_openid && !scopes.iter().any(|scope| scope == "openid") {
        return Err(fault(
            "/scopes",
            "the scope openid is needed: without it there is no id token",
        ));
    }
    Ok(())
}

fn check_apple(preset: Preset, settings: &SignInProviderSettings) -> Result<(), SettingsFault> {
    let is_id = |id: &str| id.len() == 10 && id.bytes().all(|b| b.is_ascii_alphanumeric());
    for (pointer, value, what) in [
        (
            "/team_id",
            &settings.team_id,
            "the team id of the Apple developer account",
        ),
        (
            "/key_id",
            &settings.key_id,
            "the id of the private key for Sign in with Apple",
        ),
    ] {
        match value {
            Some(value) if preset == Preset::Apple && is_id(value) => {}
            None if preset != Preset::Apple => {}
            Some(_) if preset != Preset::Apple => {
                return Err(fault(pointer, "this is for `apple` only; leave it out"));
            }
            _ => {
                return Err(fault(
                    pointer,
                    &format!("give {what}: ten letters and digits"),
                ));
            }
        }
    }
    Ok(())
}

fn check_url(pointer: &'static str, text: &str) -> Result<(), SettingsFault> {
    let is_web = Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.host_str().is_some());
    let fits =
        text.len() <= MAX_URL_BYTES && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if is_web && fits {
        Ok(())
    } else {
        Err(fault(
            pointer,
            "give a complete URL that begins with https://",
        ))
    }
}

fn fault(pointer: &'static str, message: &str) -> SettingsFault {
    SettingsFault {
        pointer,
        message: message.to_owned(),
    }
}
