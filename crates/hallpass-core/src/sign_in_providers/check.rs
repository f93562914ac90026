//! What an operator may say of a sign-in provider.

use hallpass_egress::Egress;
use hallpass_model::{
    ClientAuth, Error, Result, SignInProviderKind, SignInProviderSettings, limits,
};
use hallpass_oauth::{Credentials, Provider};
use hallpass_seal::SecretText;

use super::NewSignInProvider;

const MAX_HANDLE_BYTES: usize = 32;
const MAX_LABEL_BYTES: usize = 64;

/// Settings that fit together.
pub(super) enum Checked {
    Oauth(Box<Provider>),
    Telegram,
}

impl Checked {
    pub(super) fn takes_secret(&self) -> bool {
        match self {
            Self::Oauth(provider) => provider.client_auth() != ClientAuth::None,
            Self::Telegram => true,
        }
    }
}

/// Checks settings.
///
/// # Errors
/// `invalid_provider`, or the gate's refusal of an address, with the pointer of the first member at fault.
pub(super) fn check(settings: &SignInProviderSettings, egress: &Egress) -> Result<Checked> {
    if let Some(label) = &settings.label {
        let fits = !label.is_empty()
            && label.len() <= MAX_LABEL_BYTES
            && label.trim() == label
            && !label.chars().any(char::is_control);
        if !fits {
            return Err(invalid(
                "/label",
                "a label has 1 to 64 bytes, no control characters and no white space at its ends",
            ));
        }
    }
    if settings.kind == SignInProviderKind::Telegram {
        check_telegram(settings)?;
        return Ok(Checked::Telegram);
    }
    if settings.bot_username.is_some() {
        return Err(invalid(
            "/bot_username",
            "this is for telegram only; leave it out",
        ));
    }
    let provider =
        Provider::new(settings.clone()).map_err(|fault| invalid(fault.pointer, fault.message))?;
    for (pointer, url) in provider.addresses() {
        egress
            .check_url(url)
            .map_err(|error| Error::from(error).at(pointer))?;
    }
    Ok(Checked::Oauth(Box::new(provider)))
}

/// Checks that the secret is what the provider gives out, and that there is one if it needs one.
pub(super) fn check_secret(
    checked: &Checked,
    secret: Option<SecretText>,
) -> Result<Option<SecretText>> {
    let refused =
        |message: String| Error::unprocessable("invalid_provider_secret", message).at("/secret");
    let Checked::Oauth(provider) = checked else {
        return match secret {
            Some(token) if is_bot_token(token.expose()) => Ok(Some(token)),
            _ => Err(refused(
                "give the bot's token as Telegram shows it: digits, a colon, and 35 characters or so".to_owned(),
            )),
        };
    };
    let copy = secret
        .as_ref()
        .map(|secret| SecretText::new(secret.expose().to_owned()));
    Credentials::read(provider, copy).map_err(|error| refused(error.to_string()))?;
    Ok(secret)
}

/// The handle: an OIDC provider's own, or the word of the kind.
pub(super) fn handle(new: &NewSignInProvider) -> Result<String> {
    let word = new.settings.kind.as_str();
    let Some(handle) = &new.handle else {
        return Ok(word.to_owned());
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_handle = (1..=MAX_HANDLE_BYTES).contains(&handle.len())
        && handle.bytes().all(plain)
        && !handle.starts_with('-')
        && !handle.ends_with('-');
    let is_other_kind = SignInProviderKind::ALL
        .iter()
        .any(|kind| kind.as_str() == handle && *kind != new.settings.kind);
    let refused = |message: &str| {
        Err(Error::unprocessable("invalid_provider", message.to_owned()).at("/handle"))
    };
    if new.settings.kind != SignInProviderKind::Oidc && handle != word {
        return refused("only OIDC providers have handles of their own; leave it out");
    }
    if !is_handle || is_other_kind {
        return refused(
            "a handle has 1 to 32 small letters, digits and hyphens between them, and is not the word of another kind",
        );
    }
    Ok(handle.clone())
}

/// Under whose name people are kept; it never changes for a handle.
pub(super) fn issuer_of(settings: &SignInProviderSettings) -> Option<&str> {
    let own = settings.issuer.as_deref();
    match (settings.kind, &settings.endpoints) {
        (SignInProviderKind::Oidc, Some(endpoints)) => endpoints.issuer.as_deref(),
        (SignInProviderKind::Oidc, None) => own,
        _ => None,
    }
}

pub(super) fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Error {
    Error::unprocessable("invalid_provider", message).at(pointer)
}

fn check_telegram(settings: &SignInProviderSettings) -> Result<()> {
    let SignInProviderSettings {
        kind: _,
        label: _,
        client_id,
        issuer,
        client_auth,
        scopes,
        trust_email,
        team_id,
        key_id,
        bot_username,
        endpoints,
    } = settings;
    let foreign = [
        ("/client_id", client_id.is_some()),
        ("/issuer", issuer.is_some()),
        ("/client_auth", client_auth.is_some()),
        ("/scopes", scopes.is_some()),
        ("/trust_email", *trust_email),
        ("/team_id", team_id.is_some()),
        ("/key_id", key_id.is_some()),
        ("/endpoints", endpoints.is_some()),
    ];
    if let Some((pointer, _)) = foreign.iter().find(|(_, given)| *given) {
        return Err(invalid(
            *pointer,
            "a Telegram bot has no such setting; leave it out",
        ));
    }
    let is_name = |name: &String| {
        (5..=32).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if !bot_username.as_ref().is_some_and(is_name) {
        return Err(invalid(
            "/bot_username",
            "give the bot's name without the @: 5 to 32 letters, digits and underscores",
        ));
    }
    Ok(())
}

fn is_bot_token(token: &str) -> bool {
    let Some((id, key)) = token.split_once(':') else {
        return false;
    };
    let is_id = (3..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    is_id && (20..=limits::NAME_BYTES).contains(&key.len()) && key.bytes().all(plain)
}
