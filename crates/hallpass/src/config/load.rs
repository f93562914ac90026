use std::path::{Path, PathBuf};

use hallpass_egress::AllowedEndpoint;
use toml::{Table, Value};

use super::layer::{self, Setting};
use super::origin::Origin;
use super::{Config, DEFAULT_FILE, without_arguments, without_password};
use crate::exit::Exit;

/// What flags say; the strongest layer.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Not a flag: `HALLPASS_DATA_DIR`, where a verb takes it. Stronger than the default only.
    pub default_data_dir: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
    pub database_url: Option<String>,
    pub listen: Option<String>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub smtp_url: Option<String>,
    pub portal_listen: Option<String>,
    /// Added to the configured ones: what a file vouches for stays.
    pub allow_egress: Vec<AllowedEndpoint>,
}

/// The configuration in force, and where each value came from.
#[derive(Debug)]
pub struct Effective {
    pub config: Config,
    values: Table,
    origins: Vec<(Vec<String>, Origin)>,
}

/// Puts the layers together.
///
/// # Errors
/// Exit code 2 with the exact place of an unreadable file, an unknown key or a value of the wrong kind.
pub fn load(
    file: Option<&Path>,
    variables: impl Iterator<Item = (String, String)>,
    overrides: &Overrides,
) -> anyhow::Result<Effective> {
    let mut values: Table = DEFAULT_FILE.parse()?;
    let mut settings = Vec::new();
    settings.extend(overrides.default_data_dir.as_ref().map(|path| Setting {
        path: vec!["server".to_owned(), "data_dir".to_owned()],
        value: Value::String(path.to_string_lossy().into_owned()),
        origin: Origin::Variable(super::DATA_DIR_VARIABLE.to_owned()),
    }));
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Exit::usage(format!(
                "cannot read the configuration {}: {error}",
                path.display()
            ))
        })?;
        settings.extend(layer::of_file(path, &text)?);
    }
    settings.extend(layer::of_variables(variables, &values)?);
    settings.extend(of_flags(overrides));

    let mut origins = leaves(&values)
        .into_iter()
        .map(|path| (path, Origin::Default))
        .collect::<Vec<_>>();
    for setting in settings {
        apply(&mut values, &setting)?;
        if let Some(entry) = origins.iter_mut().find(|(path, _)| *path == setting.path) {
            entry.1 = setting.origin;
        }
    }
    let mut config: Config = serde_path_to_error::deserialize(Value::Table(values.clone()))
        .map_err(|error| {
            let path = error.path().to_string();
            let origin = origins
                .iter()
                .find(|(known, _)| path.starts_with(&known.join(".")));
            let place =
                origin.map_or_else(|| "default".to_owned(), |(_, origin)| origin.to_string());
            Exit::usage(format!("{place}: `{path}`: {}", error.inner().message()))
        })?;
    for endpoint in &overrides.allow_egress {
        if !config.egress.allow.contains(endpoint) {
            config.egress.allow.push(endpoint.clone());
        }
    }
    let effective = Effective {
        config,
        values,
        origins,
    };
    effective.check()?;
    Ok(effective)
}

impl Effective {
    /// Each key with its value (as TOML) and origin, in the order of the manual. No passwords.
    pub fn rows(&self) -> Vec<(String, String, String)> {
        let rows = self.origins.iter().map(|(path, origin)| {
            let value =
                layer::find(&self.values, path).map_or_else(String::new, |value| match value {
                    Value::String(text) => shown(&path.join("."), text),
                    other => other.to_string(),
                });
            (path.join("."), value, origin.to_string())
        });
        rows.collect()
    }

    /// Whether a key has a value of the operator's own.
    pub fn is_set(&self, key: &str) -> bool {
        self.origins
            .iter()
            .any(|(path, origin)| path.join(".") == key && *origin != Origin::Default)
    }

    /// What one value alone cannot show.
    fn check(&self) -> anyhow::Result<()> {
        let server = &self.config.server;
        if server.tls_cert.as_os_str().is_empty() != server.tls_key.as_os_str().is_empty() {
            return self.wrong(
                "server.tls_cert",
                "tls_cert and tls_key go together: set both or none",
            );
        }
        if !(1..=1024 * 1024).contains(&self.config.tokens.cache_mib) {
            return self.wrong("tokens.cache_mib", "1 to 1048576 MiB");
        }
        if !["sqlite:", "postgres://", "postgresql://", ""]
            .iter()
            .any(|scheme| {
                let url = &self.config.database.url;
                if scheme.is_empty() {
                    url.is_empty()
                } else {
                    url.starts_with(scheme)
                }
            })
        {
            return self.wrong("database.url", "expected sqlite:PATH or postgres://...");
        }
        self.check_messengers()
    }

    /// The ways to people: mail and texts.
    fn check_messengers(&self) -> anyhow::Result<()> {
        let Config { mail, texts, .. } = &self.config;
        let schemes = ["smtp://", "smtps://"];
        if !mail.smtp_url.is_empty()
            && !schemes
                .iter()
                .any(|scheme| mail.smtp_url.starts_with(scheme))
        {
            return self.wrong(
                "mail.smtp_url",
                "expected smtps://USER:PASSWORD@HOST or smtp://...",
            );
        }
        if texts.webhook_url.is_empty() != texts.webhook_secret_file.as_os_str().is_empty() {
            return self.wrong(
                "texts.webhook_url",
                "webhook_url and webhook_secret_file go together: set both or none",
            );
        }
        Ok(())
    }

    fn wrong(&self, key: &str, why: &str) -> anyhow::Result<()> {
        let origin = self.origins.iter().find(|(path, _)| path.join(".") == key);
        let place = origin.map_or_else(String::new, |(_, origin)| format!("{origin}: "));
        Err(Exit::usage(format!("{place}`{key}`: {why}")))
    }
}

/// A text as TOML, without what nobody shall read over a shoulder.
fn shown(key: &str, text: &str) -> String {
    let text = match key {
        "database.url" | "mail.smtp_url" => without_password(text),
        "seal.master_key_command" => without_arguments(text),
        _ => text.to_owned(),
    };
    Value::from(text).to_string()
}

fn apply(values: &mut Table, setting: &Setting) -> anyhow::Result<()> {
    let key = setting.path.join(".");
    let Some(current) = find_mut(values, &setting.path) else {
        return Err(Exit::usage(format!(
            "{}: unknown key `{key}`{}",
            setting.origin,
            suggestion(values, &setting.path)
        )));
    };
    if current.type_str() != setting.value.type_str() {
        let (expected, found) = (current.type_str(), setting.value.type_str());
        return Err(Exit::usage(format!(
            "{}: `{key}` is a {expected}, not a {found}",
            setting.origin
        )));
    }
    *current = setting.value.clone();
    Ok(())
}

fn find_mut<'a>(table: &'a mut Table, path: &[String]) -> Option<&'a mut Value> {
    let (last, sections) = path.split_last()?;
    let mut table = table;
    for section in sections {
        table = table.get_mut(section)?.as_table_mut()?;
    }
    table.get_mut(last)
}

fn of_flags(overrides: &Overrides) -> Vec<Setting> {
    let path_text = |path: &PathBuf| path.to_string_lossy().into_owned();
    let flags = [
        (
            "server",
            "data_dir",
            "--data-dir",
            overrides.data_dir.as_ref().map(path_text),
        ),
        (
            "database",
            "url",
            "--database-url",
            overrides.database_url.clone(),
        ),
        ("server", "listen", "--listen", overrides.listen.clone()),
        (
            "server",
            "tls_cert",
            "--tls-cert",
            overrides.tls_cert.as_ref().map(path_text),
        ),
        (
            "server",
            "tls_key",
            "--tls-key",
            overrides.tls_key.as_ref().map(path_text),
        ),
        (
            "server",
            "portal_listen",
            "--portal-listen",
            overrides.portal_listen.clone(),
        ),
        ("mail", "smtp_url", "--smtp-url", overrides.smtp_url.clone()),
    ];
    let set = flags.into_iter().filter_map(|(section, key, flag, value)| {
        let path = vec![section.to_owned(), key.to_owned()];
        Some(Setting {
            path,
            value: Value::String(value?),
            origin: Origin::Flag(flag),
        })
    });
    set.collect()
}

fn leaves(table: &Table) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                found.extend(
                    leaves(inner)
                        .into_iter()
                        .map(|path| [vec![key.clone()], path].concat()),
                );
            }
            _ => found.push(vec![key.clone()]),
        }
    }
    found
}

/// The known key that was probably meant.
fn suggestion(known: &Table, path: &[String]) -> String {
    let wanted = path.join(".");
    let nearest = leaves(known)
        .into_iter()
        .map(|path| path.join("."))
        .min_by_key(|known| {
            let same_name = known.rsplit('.').next() == wanted.rsplit('.').next();
            if same_name {
                0
            } else {
                distance(known, &wanted)
            }
        });
    let near = nearest.filter(|known| {
        known.rsplit('.').next() == wanted.rsplit('.').next() || distance(known, &wanted) <= 4
    });
    near.map_or_else(
        || "; `hallpass config default` prints every key".to_owned(),
        |known| format!("; did you mean `{known}`?"),
    )
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replace = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Overrides, load};

    fn with_file(
        text: &str,
        variables: &[(&str, &str)],
    ) -> Result<Vec<(String, String, String)>, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = directory.path().join("h.toml");
        std::fs::write(&path, text).map_err(|error| error.to_string())?;
        let variables = variables
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        let loaded = load(Some(&path), variables, &Overrides::default());
        let rename = |text: String| text.replace(&path.display().to_string(), "h.toml");
        loaded
            .map(|effective| {
                effective
                    .rows()
                    .into_iter()
                    .map(|(k, v, o)| (k, v, rename(o)))
                    .collect()
            })
            .map_err(|error| rename(error.to_string()))
    }

    fn refusal(text: &str, variables: &[(&str, &str)]) -> String {
        with_file(text, variables).err().unwrap_or_default()
    }

    #[test]
    fn each_value_has_its_origin_and_the_stronger_layer_wins() {
        let rows = with_file(
            "[server]\nlisten = \"127.0.0.1:1\"\ndrain_secs = 3\n",
            &[
                ("HALLPASS__SERVER__LISTEN", "127.0.0.1:2"),
                ("HALLPASS__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
                ("HALLPASS_URL", "x"),
            ],
        )
        .unwrap_or_default();
        let row = |key: &str| {
            rows.iter()
                .find(|row| row.0 == key)
                .cloned()
                .unwrap_or_default()
        };
        assert_eq!(row("server.listen").1, "\"127.0.0.1:2\"");
        assert_eq!(row("server.listen").2, "variable HALLPASS__SERVER__LISTEN");
        assert_eq!(
            row("server.drain_secs"),
            ("server.drain_secs".into(), "3".into(), "h.toml:3:1".into())
        );
        assert_eq!(row("server.trusted_proxies").1, "[\"10.0.0.0/8\", \"::1\"]");
        assert_eq!(row("log.level").2, "default");
    }

    #[test]
    fn an_unknown_key_is_fatal_with_its_place() {
        assert_eq!(
            refusal("[server]\n  listn = \"x\"\n", &[]),
            "h.toml:2:3: unknown key `server.listn`; did you mean `server.listen`?"
        );
        assert_eq!(
            refusal("listen = \"x\"\n", &[]),
            "h.toml:1:1: unknown key `listen`; did you mean `server.listen`?"
        );
        assert_eq!(
            refusal("[zzzzzzzz]\nqqqqqq = 1\n", &[]),
            "h.toml:2:1: unknown key `zzzzzzzz.qqqqqq`; `hallpass config default` prints every key"
        );
        assert!(
            refusal("", &[("HALLPASS__LOG__LEVVEL", "x")])
                .starts_with("variable HALLPASS__LOG__LEVVEL: unknown key `log.levvel`")
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_names_its_place() {
        assert_eq!(
            refusal("[server]\ndrain_secs = \"3\"\n", &[]),
            "h.toml:2:1: `server.drain_secs` is a integer, not a string"
        );
        assert!(refusal("[server]\nlisten = \n", &[]).starts_with("h.toml:2:"));
        assert!(
            refusal("[log]\nformat = \"xml\"\n", &[])
                .starts_with("h.toml:2:1: `log.format`: unknown variant `xml`")
        );
        assert!(
            refusal("[server]\ndrain_secs = -1\n", &[])
                .starts_with("h.toml:2:1: `server.drain_secs`")
        );
        assert_eq!(
            refusal("", &[("HALLPASS__SERVER__DRAIN_SECS", "x")]),
            "variable HALLPASS__SERVER__DRAIN_SECS: `server.drain_secs` wants a whole number"
        );
        assert!(refusal("[server]\ntls_cert = \"a.pem\"\n", &[]).contains("go together"));
        assert!(
            refusal("[database]\nurl = \"mysql://x\"\n", &[])
                .starts_with("h.toml:2:1: `database.url`")
        );
    }

    #[test]
    fn sign_in_settings_are_checked_where_they_stand() {
        for (text, said) in [
            (
                "[mail]\nsmtp_url = \"http://h\"\n",
                "h.toml:2:1: `mail.smtp_url`: expected smtps://",
            ),
            (
                "[texts]\nwebhook_url = \"https://h\"\n",
                "h.toml:2:1: `texts.webhook_url`: webhook_url and webhook_secret_file go together",
            ),
            (
                "[server]\ndefault_environment = \"sandbox\"\n",
                "h.toml:2:1: `server.default_environment`: expected the id of an environment",
            ),
            (
                "[server]\nportal_listen = \"\"\n",
                "h.toml:2:1: `server.portal_listen`: expected an address such as 127.0.0.1:3003, or none",
            ),
        ] {
            let refused = refusal(text, &[]);
            assert!(refused.starts_with(said), "{refused}");
        }
    }

    #[test]
    fn passwords_and_arguments_are_not_among_the_rows() {
        let rows = with_file(
            "[mail]\nsmtp_url = \"smtps://u:hunter2@h\"\n[seal]\nmaster_key_command = \"vault hunter2\"\n",
            &[],
        );
        let rows = rows.unwrap_or_default();
        let value = |key: &str| rows.iter().find(|row| row.0 == key).map(|row| &*row.1);
        assert_eq!(value("mail.smtp_url"), Some("\"smtps://u:***@h\""));
        assert_eq!(value("seal.master_key_command"), Some("\"vault ***\""));
    }

    #[test]
    fn outbound_exceptions_are_read_where_they_stand_and_a_flag_adds_to_them() {
        assert!(
            refusal(
                "[egress]\nallow = [\"127.0.0.1:4000\", \"http://h:1\"]\n",
                &[]
            )
            .starts_with("h.toml:2:1: `egress.allow`: `http://h:1`: expected HOST:PORT")
        );
        assert!(
            refusal("", &[("HALLPASS__EGRESS__ALLOW", "a:1, b")]).starts_with(
                "variable HALLPASS__EGRESS__ALLOW: `egress.allow`: `b`: expected HOST:PORT"
            )
        );
        let flags = Overrides {
            allow_egress: ["[::1]:4000", "a:1"]
                .map(|entry| entry.parse().unwrap())
                .into(),
            ..Overrides::default()
        };
        let variables = [("HALLPASS__EGRESS__ALLOW".to_owned(), "a:1,b:2".to_owned())];
        let loaded = load(None, variables.into_iter(), &flags).unwrap();
        let allowed: Vec<_> = loaded
            .config
            .egress
            .allow
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(allowed, ["a:1", "b:2", "[::1]:4000"]);
    }

    #[test]
    fn a_missing_file_is_wrong_use() {
        let loaded = load(
            Some(Path::new("/nonexistent/h.toml")),
            std::iter::empty(),
            &Overrides::default(),
        );
        assert!(loaded.is_err_and(|error| crate::exit::code_of(&error) == crate::exit::USAGE));
    }
}
