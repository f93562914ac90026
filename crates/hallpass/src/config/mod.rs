//! The configuration: embedded defaults, a file, the environment and flags, each value with its origin.
//!
//! `config.default.toml` names every key, so the set of known keys and their types is read from it: an overlay can
//! only replace what is there. What the values mean is checked by deserialising the result into [`Config`].

mod layer;
mod load;
mod origin;

use std::path::PathBuf;

use hallpass_egress::AllowedEndpoint;
use hallpass_model::EnvironmentId;
use serde::{Deserialize, Deserializer, de};

pub use load::{Effective, Overrides, load};

/// Written into env files; names the data directory to verbs that start no server.
pub const DATA_DIR_VARIABLE: &str = "HALLPASS_DATA_DIR";

/// Says that there shall be no portal.
pub const NO_PORTAL: &str = "none";

/// The manual, and the defaults.
pub const DEFAULT_FILE: &str = include_str!("../../../../config.default.toml");

/// Everything that can be configured; the comments of `config.default.toml` explain each field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub seal: Seal,
    pub mail: Mail,
    pub texts: Texts,
    pub tokens: Tokens,
    pub limits: Limits,
    pub egress: Egress,
    pub audit: Audit,
    pub log: Log,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: String,
    pub data_dir: PathBuf,
    pub tls_cert: PathBuf,
    pub tls_key: PathBuf,
    pub trusted_proxies: Vec<String>,
    #[serde(deserialize_with = "environment_id")]
    pub default_environment: Option<EnvironmentId>,
    #[serde(deserialize_with = "portal_address")]
    pub portal_listen: Option<String>,
    pub drain_secs: u64,
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: String,
    pub migrate: bool,
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    pub master_key_file: PathBuf,
    pub master_key_command: String,
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub smtp_url: String,
    pub from: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    pub webhook_url: String,
    pub webhook_secret_file: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    pub cache_mib: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub failed_verifications_per_minute: u32,
    pub new_sessions_per_minute: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    #[serde(deserialize_with = "endpoints")]
    pub allow: Vec<AllowedEndpoint>,
    pub ca_certs: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    pub decisions: Decisions,
    pub keep_decisions_days: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decisions {
    None,
    Denied,
    All,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Auto,
    Text,
    Json,
}

impl Config {
    /// The database to open: the configured one, or the file in the data directory.
    pub fn database_url(&self) -> String {
        if self.database.url.is_empty() {
            format!(
                "sqlite:{}",
                self.server.data_dir.join("hallpass.db").display()
            )
        } else {
            self.database.url.clone()
        }
    }

    /// The SQLite file, if that is where the data is.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        self.database_url()
            .strip_prefix("sqlite:")
            .map(PathBuf::from)
    }

    /// Certificate and key, if TLS is on.
    pub fn tls(&self) -> Option<(&PathBuf, &PathBuf)> {
        let on = !self.server.tls_cert.as_os_str().is_empty();
        on.then_some((&self.server.tls_cert, &self.server.tls_key))
    }
}

/// Each entry as it will be compared with addresses; a malformed one is named.
fn endpoints<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AllowedEndpoint>, D::Error> {
    let entries = Vec::<String>::deserialize(deserializer)?;
    let parsed = entries.iter().map(|entry| {
        entry
            .parse()
            .map_err(|error| de::Error::custom(format_args!("`{entry}`: {error}")))
    });
    parsed.collect()
}

/// "none" is no address.
fn portal_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let address = String::deserialize(deserializer)?;
    if address.is_empty() {
        return Err(de::Error::custom(
            "expected an address such as 127.0.0.1:3003, or none",
        ));
    }
    Ok((address != NO_PORTAL).then_some(address))
}

/// Empty is none.
fn environment_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<EnvironmentId>, D::Error> {
    let id = String::deserialize(deserializer)?;
    if id.is_empty() {
        return Ok(None);
    }
    id.parse()
        .map(Some)
        .map_err(|_| de::Error::custom("expected the id of an environment"))
}

/// A command without its arguments, which may hold what lets the program in.
pub fn without_arguments(command: &str) -> String {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default();
    let more = if words.next().is_some() { " ***" } else { "" };
    format!("{program}{more}")
}

/// The address of a server without the password in it.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let authority_ends = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_ends);
    let Some((user, host)) = authority.rsplit_once('@') else {
        return url.to_owned();
    };
    let user = user.split(':').next().unwrap_or_default();
    // A query can carry a password too (`?password=...`), so it is not shown at all.
    let path = tail.split('?').next().unwrap_or_default();
    format!("{scheme}://{user}:***@{host}{path}")
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = without_password(&self.url);
        f.debug_struct("Database")
            .field("url", &url)
            .field("migrate", &self.migrate)
            .finish()
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let command = without_arguments(&self.master_key_command);
        f.debug_struct("Seal")
            .field("master_key_file", &self.master_key_file)
            .field("master_key_command", &command)
            .finish()
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail")
            .field("smtp_url", &without_password(&self.smtp_url))
            .field("from", &self.from)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, DEFAULT_FILE, without_arguments, without_password};

    #[test]
    fn the_manual_is_complete() {
        // Unknown and missing fields are both errors, so this pins the file to the struct.
        let config: Result<Config, _> = toml::from_str(DEFAULT_FILE);
        assert!(config.is_ok(), "{config:?}");
    }

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            (
                "postgres://u:secret@h:5432/n?password=secret",
                "postgres://u:***@h:5432/n",
            ),
            ("postgres://u:se@cret@h/n", "postgres://u:***@h/n"),
            (
                "postgres:///n?host=/run/postgresql",
                "postgres:///n?host=/run/postgresql",
            ),
            ("sqlite:/var/lib/hallpass.db", "sqlite:/var/lib/hallpass.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn arguments_are_not_shown() {
        for (command, shown) in [
            ("", ""),
            ("key-of-hallpass", "key-of-hallpass"),
            (" vault -token=secret x", "vault ***"),
        ] {
            assert_eq!(without_arguments(command), shown);
        }
    }
}
