//! Files with secrets, and files that people name on the command line.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use hallpass_seal::SecretText;
use zeroize::Zeroizing;

use crate::exit::Exit;

/// No secret that is read from a file is larger.
const SECRET_BYTES: u64 = 64 * 1024;

/// Reads a text file, or standard input for `-`.
pub fn read_text(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .lock()
            .read_to_string(&mut text)
            .context("cannot read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(path)
        .map_err(|error| Exit::usage(format!("cannot read {}: {error}", path.display())))
}

/// A JSON text given as it is, or the file that holds it.
pub fn json_or_file(text: &str) -> Result<String> {
    if text.trim_start().starts_with(['{', '[', '"']) {
        return Ok(text.to_owned());
    }
    read_text(Path::new(text))
}

/// Reads a secret from a file, if nobody else on this machine can read or change it.
///
/// # Errors
/// What is wrong with the file, without anything of its content.
pub fn read_private(path: &Path) -> std::result::Result<SecretText, String> {
    let shown = path.display();
    let cannot = |error: std::io::Error| format!("cannot read {shown}: {error}");
    // Asked before it is opened: opening a pipe would wait for its writer.
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(format!("{shown} is no file"));
    }
    let file = File::open(path).map_err(cannot)?;
    let mode = file.metadata().map_err(cannot)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "{shown} has mode {mode:o}: others on this machine could read or change what is secret in it; chmod 600 {}",
            quoted(&path.to_string_lossy())
        ));
    }
    let mut text = Zeroizing::new(String::with_capacity(SECRET_BYTES as usize + 1));
    file.take(SECRET_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(cannot)?;
    if text.len() as u64 > SECRET_BYTES {
        return Err(format!(
            "{shown} is larger than {} KiB",
            SECRET_BYTES / 1024
        ));
    }
    Ok(SecretText::new(text))
}

/// Writes a secret to a file that must not exist yet, readable by its owner only.
pub fn create_secret(path: &Path, content: &str) -> Result<()> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| {
            file.write_all(content.as_bytes())?;
            file.sync_all()
        });
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Replaces a file in one step: readers see the old content or the new one. Mode 0600.
pub fn replace_secret(path: &Path, content: &str) -> Result<()> {
    let directory = directory_of(path);
    let name = path
        .file_name()
        .with_context(|| format!("{} names no file", path.display()))?;
    let temporary = directory.join(format!(
        ".{}.{}.new",
        name.to_string_lossy(),
        std::process::id()
    ));
    // Left over from a killed process that had our process id.
    drop(std::fs::remove_file(&temporary));
    create_secret(&temporary, content)?;
    let renamed = std::fs::rename(&temporary, path);
    if renamed.is_err() {
        drop(std::fs::remove_file(&temporary));
    }
    renamed.with_context(|| format!("cannot write {}", path.display()))
}

/// The directory that a file is in, or would be.
pub fn directory_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Makes a directory for its owner only, and answers its absolute path. An existing one keeps its mode.
pub fn private_directory(path: &Path) -> Result<PathBuf> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the directory {}", path.display()))?;
    absolute(path)
}

/// The absolute path of something that exists.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("cannot resolve {}", path.display()))
}

/// The permission bits, if the file exists.
pub fn mode(path: &Path) -> Option<u32> {
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o777)
}

/// A text in single quotes for a POSIX shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn secrets_are_for_their_owner_and_never_overwrite() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("key");
        super::create_secret(&path, "one")?;
        assert_eq!(super::mode(&path), Some(0o600));
        assert!(super::create_secret(&path, "two").is_err());
        assert_eq!(std::fs::read_to_string(&path)?, "one");
        super::replace_secret(&path, "three")?;
        assert_eq!(
            (std::fs::read_to_string(&path)?.as_str(), super::mode(&path)),
            ("three", Some(0o600))
        );
        assert_eq!(std::fs::read_dir(directory.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn quotes_survive_a_shell() {
        assert_eq!(super::quoted("it's"), r"'it'\''s'");
        assert_eq!(super::quoted("$HOME"), "'$HOME'");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = super::read_text(Path::new("/nonexistent/x"))
            .err()
            .map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("/nonexistent/x")));
    }
}
