//! Where the master key comes from. Exactly one place: whoever names two has one key too many or a wrong one.

mod command;
mod file;
mod ring;

use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use hallpass_core::MasterKeys;
use hallpass_seal::{KeyRing, SecretText};

use crate::config::Config;
use crate::exit::Exit;
use crate::files;

pub use file::{FILE_NAME, make_if_missing, prepend_new};

/// Holds the key itself; the two settings name a file and a command that do.
pub const VARIABLE: &str = "HALLPASS_MASTER_KEY";

/// The one place that gives the master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nothing is named, and the data directory has no `master-key`.
    Nowhere,
    File(PathBuf),
    Variable,
    Command(Vec<String>),
}

impl Source {
    /// What the configuration, the variable and the data directory name.
    ///
    /// # Errors
    /// Exit code 2 when two places are named, or the command cannot be read.
    pub fn named(config: &Config) -> Result<Self> {
        let variable = std::env::var_os(VARIABLE).is_some_and(|value| !value.is_empty());
        Self::chosen(config, variable)
    }

    fn chosen(config: &Config, variable: bool) -> Result<Self> {
        let seal = &config.seal;
        let named = [
            (
                "seal.master_key_file",
                !seal.master_key_file.as_os_str().is_empty(),
            ),
            (
                "seal.master_key_command",
                !seal.master_key_command.is_empty(),
            ),
            (VARIABLE, variable),
        ];
        let mut named = named.iter().filter(|(_, is_named)| *is_named);
        match (named.next(), named.next()) {
            (None, _) => {
                let kept = config.server.data_dir.join(FILE_NAME);
                Ok(if kept.exists() {
                    Self::File(kept)
                } else {
                    Self::Nowhere
                })
            }
            (Some((VARIABLE, _)), None) => Ok(Self::Variable),
            (Some(("seal.master_key_file", _)), None) => {
                Ok(Self::File(seal.master_key_file.clone()))
            }
            (Some(_), None) => command::words(&seal.master_key_command)
                .map(Self::Command)
                .map_err(|why| Exit::usage(format!("`seal.master_key_command`: {why}"))),
            (Some((one, _)), Some((other, _))) => Err(Exit::usage(format!(
                "`{one}` and `{other}` both give a master key: keep one of them. To change the key, put both keys into one \
                 place, the new one first, see `hallpass seal new-key --help`"
            ))),
        }
    }

    /// The keys as they are there now; `None` when no place is named.
    ///
    /// # Errors
    /// What is wrong with the place or its content, without anything of the content.
    pub fn read(&self) -> Result<Option<KeyRing>, String> {
        let text = match self {
            Self::Nowhere => return Ok(None),
            Self::File(path) => files::read_private(path)?,
            Self::Variable => {
                SecretText::new(std::env::var(VARIABLE).map_err(|_| format!("{self} is not text"))?)
            }
            Self::Command(words) => {
                command::output(words).map_err(|why| format!("{self}: {why}"))?
            }
        };
        ring::parse(text.expose())
            .map(Some)
            .map_err(|why| format!("{self}: {why}"))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => formatter.write_str("no place"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Variable => write!(formatter, "the variable {VARIABLE}"),
            // Arguments may hold what lets the program in.
            Self::Command(words) => write!(
                formatter,
                "`seal.master_key_command` ({})",
                words.first().map_or("", String::as_str)
            ),
        }
    }
}

/// The master key for services. Its place is asked when a secret is needed, and again when a secret names an unknown key;
/// a file that is made meanwhile counts then.
pub fn keys(config: &Config) -> MasterKeys {
    let config = config.clone();
    MasterKeys::from_source(move || {
        Source::named(&config)
            .map_err(|error| error.to_string())?
            .read()
    })
}

#[cfg(test)]
mod tests {
    use super::{FILE_NAME, Source};
    use crate::config::{self, Config};
    use crate::exit;

    fn config(data_dir: &std::path::Path) -> anyhow::Result<Config> {
        let mut config = config::load(None, std::iter::empty(), &<_>::default())?.config;
        config.server.data_dir = data_dir.to_owned();
        Ok(config)
    }

    #[test]
    fn two_places_are_refused_and_both_are_named() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        for (file, command, variable, names) in [
            (
                "k",
                "pass key",
                false,
                ["seal.master_key_file", "seal.master_key_command"],
            ),
            ("k", "", true, ["seal.master_key_file", super::VARIABLE]),
            (
                "",
                "pass key",
                true,
                ["seal.master_key_command", super::VARIABLE],
            ),
        ] {
            let mut config = config(directory.path())?;
            config.seal.master_key_file = file.into();
            config.seal.master_key_command = command.to_owned();
            let refused = Source::chosen(&config, variable).err();
            assert_eq!(refused.as_ref().map(exit::code_of), Some(exit::USAGE));
            let said = refused.map(|error| error.to_string()).unwrap_or_default();
            assert!(names.iter().all(|name| said.contains(name)), "{said}");
        }
        Ok(())
    }

    #[test]
    fn the_file_in_the_data_directory_counts_when_nothing_is_named() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        let mut config = config(directory.path())?;
        assert_eq!(Source::chosen(&config, false)?, Source::Nowhere);
        let kept = directory.path().join(FILE_NAME);
        std::fs::write(&kept, "")?;
        assert_eq!(Source::chosen(&config, false)?, Source::File(kept));
        assert_eq!(Source::chosen(&config, true)?, Source::Variable);
        config.seal.master_key_command = "vault 'read it' ".to_owned();
        let source = Source::chosen(&config, false)?;
        assert_eq!(
            source,
            Source::Command(vec!["vault".to_owned(), "read it".to_owned()])
        );
        assert_eq!(source.to_string(), "`seal.master_key_command` (vault)");
        Ok(())
    }
}
