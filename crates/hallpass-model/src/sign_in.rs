use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, IdentityKind, Result, limits};

/// How people sign in at an environment, and what their sessions and tokens are like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInSettings {
    /// How long a session lasts after its last use, in seconds.
    pub session_secs: i64,
    /// How long it lasts after the sign-in however much it is used, in seconds.
    pub session_absolute_secs: i64,
    /// The longest life of an issued token, in seconds; left out, that of a session, at most a day.
    pub jwt_max_secs: Option<i64>,
    /// Origins whose pages may use a publishable key, as an `Origin` header spells them; empty: any.
    pub allowed_origins: Vec<String>,
    /// Host names under which the environment's key set is found.
    pub hosts: Vec<String>,
    /// Where the hosted pages are reached; left out, where this server is.
    pub portal_url: Option<String>,
    /// The app's name, for people.
    pub display_name: Option<String>,
    /// The address of the app's picture.
    pub logo_url: Option<String>,
    /// `light` or `dark`; left out, as the person's machine is.
    pub theme_mode: Option<ThemeMode>,
    /// `#rrggbb`.
    pub accent_color: Option<String>,
    /// `#rrggbb`.
    pub foreground_color: Option<String>,
    /// `#rrggbb`.
    pub background_color: Option<String>,
    /// The name of a font that the person's machine has.
    pub font: Option<String>,
    /// External wallets that people may sign in with.
    pub wallet_types: Vec<WalletType>,
    /// How Cosmos addresses begin.
    pub cosmos_prefix: String,
    /// Whether a code in a mail signs in.
    pub email: bool,
    /// Whether a code in a text signs in.
    pub phone: bool,
    /// Whether passkeys sign in, on the hosted page.
    pub passkeys: bool,
    /// Codes are typed on the hosted page instead of in the app.
    pub hosted_codes: bool,
    /// Whether issued tokens are user tokens of the Connect surface.
    pub trust_issued_tokens: bool,
    /// The permission claim of issued tokens where neither account nor role has one.
    pub issued_permissions: Option<Value>,
    /// Permission claims by the account's role.
    pub role_permissions: Vec<RolePermission>,
    /// How many rows of issuer keys there are.
    pub issuer_keys: u32,
    /// How long an issuer key signs before it is replaced, in seconds; left out, until somebody asks.
    pub rotate_after_secs: Option<i64>,
    /// How long others may keep the published key set, in seconds.
    pub jwks_max_age_secs: i64,
}

/// A role and the permission claim of its accounts' tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with role and permissions")]
pub struct RolePermission {
    /// The role, as the operator spells it on accounts.
    pub role: String,
    /// The permission claim.
    pub permissions: Value,
}

/// How pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeMode {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl ThemeMode {
    /// The word used in every surface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A family of external wallets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalletType {
    /// Ethereum and every chain with its accounts.
    Evm,
    /// Solana.
    Solana,
    /// Chains of the Cosmos SDK.
    Cosmos,
}

impl WalletType {
    /// Every family.
    pub const ALL: [Self; 3] = [Self::Evm, Self::Solana, Self::Cosmos];

    /// The word in settings and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evm => "evm",
            Self::Solana => "solana",
            Self::Cosmos => "cosmos",
        }
    }

    /// The reverse of [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// As public clients spell it.
    #[must_use]
    pub const fn as_wire(self) -> &'static str {
        match self {
            Self::Evm => "EVM",
            Self::Solana => "SOLANA",
            Self::Cosmos => "COSMOS",
        }
    }

    /// The identity that such a wallet proves.
    #[must_use]
    pub const fn identity_kind(self) -> IdentityKind {
        match self {
            Self::Evm => IdentityKind::Evm,
            Self::Solana => IdentityKind::Solana,
            Self::Cosmos => IdentityKind::Cosmos,
        }
    }
}

const DAY_SECS: i64 = 24 * 60 * 60;

impl Default for SignInSettings {
    fn default() -> Self {
        Self {
            session_secs: 30 * 60,
            session_absolute_secs: 30 * DAY_SECS,
            jwt_max_secs: None,
            allowed_origins: Vec::new(),
            hosts: Vec::new(),
            portal_url: None,
            display_name: None,
            logo_url: None,
            theme_mode: None,
            accent_color: None,
            foreground_color: None,
            background_color: None,
            font: None,
            wallet_types: Vec::new(),
            cosmos_prefix: "cosmos".to_owned(),
            email: true,
            phone: false,
            passkeys: true,
            hosted_codes: false,
            trust_issued_tokens: false,
            issued_permissions: None,
            role_permissions: Vec::new(),
            issuer_keys: 2,
            rotate_after_secs: Some(90 * DAY_SECS),
            jwks_max_age_secs: 300,
        }
    }
}

impl SignInSettings {
    /// The longest life of an issued token, in seconds.
    #[must_use]
    pub fn token_secs(&self) -> i64 {
        self.jwt_max_secs
            .unwrap_or_else(|| self.session_secs.min(DAY_SECS))
            .min(self.session_secs)
    }

    /// Whether a page of this origin may use a publishable key.
    #[must_use]
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_origins.is_empty() || self.allowed_origins.iter().any(|own| own == origin)
    }

    /// Checks the bounds of every field.
    ///
    /// # Errors
    /// `invalid_settings` with the pointer of the first field out of bounds.
    pub fn validate(&self) -> Result<()> {
        self.validate_times()?;
        self.validate_places()?;
        self.validate_looks()?;
        self.validate_permissions()
    }

    fn validate_times(&self) -> Result<()> {
        let month = 30 * DAY_SECS;
        between(self.session_secs, 1, month, "/session_secs")?;
        let absolute = self.session_absolute_secs;
        between(
            absolute,
            self.session_secs,
            366 * DAY_SECS,
            "/session_absolute_secs",
        )?;
        if let Some(secs) = self.jwt_max_secs {
            between(secs, 1, month, "/jwt_max_secs")?;
        }
        if let Some(secs) = self.rotate_after_secs {
            between(secs, 3600, 3650 * DAY_SECS, "/rotate_after_secs")?;
        }
        between(self.jwks_max_age_secs, 1, DAY_SECS, "/jwks_max_age_secs")?;
        between(
            i64::from(self.issuer_keys),
            1,
            i64::from(limits::ISSUER_KEY_INDEXES),
            "/issuer_keys",
        )
    }

    fn validate_places(&self) -> Result<()> {
        if self.allowed_origins.len() > limits::ALLOWED_ORIGINS {
            return invalid("/allowed_origins", "at most 64 origins");
        }
        for (index, origin) in self.allowed_origins.iter().enumerate() {
            if !is_origin(origin) {
                return invalid(
                    &format!("/allowed_origins/{index}"),
                    "an origin is written as a browser does: https://app.example or http://localhost:3000, in small letters, without a default port or a slash at the end",
                );
            }
        }
        if self.hosts.len() > limits::HOSTS {
            return invalid("/hosts", "at most 16 host names");
        }
        for (index, host) in self.hosts.iter().enumerate() {
            if !is_host(host) {
                return invalid(
                    &format!("/hosts/{index}"),
                    "a host is written in small letters, without scheme and port: auth.example.com",
                );
            }
        }
        if self
            .portal_url
            .as_deref()
            .is_some_and(|url| !is_origin(url))
        {
            return invalid(
                "/portal_url",
                "where the pages are reached, without a path: https://auth.example.com",
            );
        }
        Ok(())
    }

    fn validate_looks(&self) -> Result<()> {
        let texts = [
            (&self.display_name, "/display_name"),
            (&self.logo_url, "/logo_url"),
            (&self.font, "/font"),
        ];
        for (text, pointer) in texts {
            let unfit = |text: &String| {
                text.is_empty()
                    || text.len() > limits::PROVIDER_TEXT_BYTES
                    || text.chars().any(char::is_control)
            };
            if text.as_ref().is_some_and(unfit) {
                return invalid(pointer, "1 to 512 bytes without control characters");
            }
        }
        let https = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if self.logo_url.as_ref().is_some_and(|url| !https(url)) {
            return invalid("/logo_url", "an http or https address");
        }
        let font_letter = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-');
        if self
            .font
            .as_ref()
            .is_some_and(|font| !font.chars().all(font_letter))
        {
            return invalid("/font", "letters, digits, blanks and hyphens");
        }
        let colors = [
            (&self.accent_color, "/accent_color"),
            (&self.foreground_color, "/foreground_color"),
            (&self.background_color, "/background_color"),
        ];
        for (color, pointer) in colors {
            if color.as_ref().is_some_and(|color| !is_color(color)) {
                return invalid(pointer, "a color is #rrggbb");
            }
        }
        let prefix = &self.cosmos_prefix;
        let fits = (1..=32).contains(&prefix.len())
            && prefix.bytes().all(|byte| byte.is_ascii_lowercase());
        if !fits {
            return invalid("/cosmos_prefix", "1 to 32 small letters, such as cosmos");
        }
        Ok(())
    }

    fn validate_permissions(&self) -> Result<()> {
        if self.role_permissions.len() > limits::PROVIDER_ROLES {
            return invalid("/role_permissions", "at most 64 roles");
        }
        for (index, entry) in self.role_permissions.iter().enumerate() {
            let mut before = self.role_permissions.iter().take(index);
            let repeated = before.any(|before| before.role == entry.role);
            if entry.role.is_empty() || entry.role.len() > limits::NAME_BYTES || repeated {
                return invalid(
                    &format!("/role_permissions/{index}/role"),
                    "a role has 1 to 100 bytes and stands once",
                );
            }
        }
        Ok(())
    }
}

fn invalid(pointer: &str, why: &str) -> Result<()> {
    Err(Error::unprocessable("invalid_settings", why).at(pointer))
}

fn between(value: i64, least: i64, most: i64, pointer: &str) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    invalid(pointer, &format!("{least} to {most}"))
}

/// Scheme, host and, if not the default one, port; as browsers write it.
fn is_origin(text: &str) -> bool {
    let (host, default_port) = match text.split_once("://") {
        Some(("https", host)) => (host, "443"),
        Some(("http", host)) => (host, "80"),
        _ => return false,
    };
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (host, None),
    };
    let plain_port =
        |port: &str| !port.starts_with('0') && port != default_port && port.parse::<u16>().is_ok();
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok());
    (bracketed || is_host(host)) && port.is_none_or(plain_port)
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_good_and_say_what_is_promised() {
        let settings = SignInSettings::default();
        assert!(settings.validate().is_ok());
        assert_eq!((settings.session_secs, settings.token_secs()), (1800, 1800));
        let long = SignInSettings {
            session_secs: 30 * DAY_SECS,
            ..SignInSettings::default()
        };
        assert_eq!(long.token_secs(), DAY_SECS);
    }

    #[test]
    fn origins_are_compared_as_browsers_write_them() {
        for good in [
            "https://app.example",
            "http://localhost:3000",
            "https://[::1]:8443",
            "http://127.0.0.1:5173",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "null",
            "*",
            "app.example",
            "https://App.example",
            "https://app.example/",
            "https://app.example:443",
            "http://a:80",
            "https://user@a",
            "https://a?b",
            "ftp://a",
            "https://*.example",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn faults_point_at_the_setting() {
        let with = |change: fn(&mut SignInSettings)| {
            let mut settings = SignInSettings::default();
            change(&mut settings);
            settings
                .validate()
                .err()
                .and_then(|error| error.pointer().map(str::to_owned))
        };
        assert_eq!(
            with(|s| s.session_secs = 0).as_deref(),
            Some("/session_secs")
        );
        assert_eq!(
            with(|s| s.session_absolute_secs = 5).as_deref(),
            Some("/session_absolute_secs")
        );
        assert_eq!(with(|s| s.issuer_keys = 0).as_deref(), Some("/issuer_keys"));
        assert_eq!(
            with(|s| s.hosts = vec!["A".into()]).as_deref(),
            Some("/hosts/0")
        );
        assert_eq!(
            with(|s| s.accent_color = Some("red".into())).as_deref(),
            Some("/accent_color")
        );
        assert_eq!(
            with(|s| s.font = Some("a;b".into())).as_deref(),
            Some("/font")
        );
    }
}
