//! A file with master keys: read with suspicion, changed in one step.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result};
use hallpass_core::Rng;
use hallpass_seal::{KeyId, MasterKey, SecretText};
use zeroize::Zeroizing;

use super::ring;
use crate::exit::Exit;
use crate::files;

/// In the data directory; taken when nothing else is named.
pub const FILE_NAME: &str = "master-key";

/// Puts a fresh key in front of those in the file, which is made if it is not there. The file is replaced in one step and
/// reaches the disk before this returns, because what is sealed with a lost key is lost.
///
/// # Errors
/// Exit code 2 when the file cannot be trusted or read; otherwise what went wrong in writing. The file is as it was then.
pub fn prepend_new(path: &Path, rng: &dyn Rng) -> Result<KeyId> {
    let directory = files::directory_of(path);
    // Two at once would each keep only its own key: the second waits for the first.
    let turn =
        File::open(directory).with_context(|| format!("cannot open {}", directory.display()))?;
    turn.lock()
        .with_context(|| format!("cannot lock {}", directory.display()))?;
    let former = match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            SecretText::new(String::new())
        }
        _ => {
            let former = files::read_private(path).map_err(Exit::usage)?;
            ring::parse(former.expose())
                .map_err(|why| Exit::usage(format!("{}: {why}", path.display())))?;
            former
        }
    };
    let new = MasterKey::generate(rng.bytes());
    let text = Zeroizing::new(format!("{}\n{}", new.to_text().expose(), former.expose()));
    // A link stays a link: what it leads to is replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    files::replace_secret(&target, &text)?;
    File::open(files::directory_of(&target))
        .and_then(|directory| directory.sync_all())
        .with_context(|| format!("{} may not have reached the disk", target.display()))?;
    Ok(new.id())
}

/// The demo's key: made on its first start.
///
/// # Errors
/// As [`prepend_new`].
pub fn make_if_missing(path: &Path, rng: &dyn Rng) -> Result<()> {
    if path.symlink_metadata().is_err() {
        prepend_new(path, rng)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use hallpass_core::SystemRng;

    use super::super::{Source, ring};
    use super::{make_if_missing, prepend_new};
    use crate::files::read_private as read;
    use crate::{exit, files};

    fn chmod(path: &Path, mode: u32) -> std::io::Result<()> {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
    }

    #[test]
    fn a_new_key_stands_first_and_the_former_ones_stay() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("k");
        let rng = SystemRng::new();
        let first = prepend_new(&path, &rng)?;
        make_if_missing(&path, &rng)?;
        let second = prepend_new(&path, &rng)?;
        assert_eq!(files::mode(&path), Some(0o600));
        let ring = Source::File(path).read().map_err(anyhow::Error::msg)?;
        let ids: Vec<_> = ring.iter().flat_map(hallpass_seal::KeyRing::ids).collect();
        assert_eq!(ids, [second, first]);
        assert_eq!(std::fs::read_dir(directory.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_and_left_alone() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("k");
        prepend_new(&path, &SystemRng::new())?;
        let before = std::fs::read(&path)?;
        for mode in [0o640, 0o604, 0o660, 0o644] {
            chmod(&path, mode)?;
            let said = read(&path).err().unwrap_or_default();
            assert!(
                said.contains(&format!("mode {mode:o}")) && said.contains("chmod 600"),
                "{said}"
            );
            let refused = prepend_new(&path, &SystemRng::new()).err();
            assert_eq!(refused.as_ref().map(exit::code_of), Some(exit::USAGE));
        }
        assert_eq!(std::fs::read(&path)?, before);
        chmod(&path, 0o400)?;
        assert!(read(&path).is_ok());
        Ok(())
    }

    #[test]
    fn what_is_no_key_file_is_named_and_not_overwritten() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        assert!(
            read(directory.path())
                .err()
                .unwrap_or_default()
                .contains("is no file")
        );
        let path = directory.path().join("k");
        assert!(
            read(&path)
                .err()
                .unwrap_or_default()
                .contains("cannot read")
        );
        files::create_secret(&path, &"x".repeat(70_000))?;
        assert!(
            read(&path)
                .err()
                .unwrap_or_default()
                .contains("larger than 64 KiB")
        );
        files::replace_secret(&path, "not a key\n")?;
        assert!(prepend_new(&path, &SystemRng::new()).is_err());
        assert_eq!(std::fs::read_to_string(&path)?, "not a key\n");
        Ok(())
    }

    #[test]
    fn several_at_once_lose_no_key() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("k");
        std::thread::scope(|scope| {
            let made: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| prepend_new(&path, &SystemRng::new())))
                .collect();
            for made in made {
                assert!(made.join().is_ok_and(|made| made.is_ok()));
            }
        });
        let text = read(&path).map_err(anyhow::Error::msg)?;
        assert_eq!(
            ring::parse(text.expose())
                .map_err(anyhow::Error::msg)?
                .ids()
                .count(),
            8
        );
        Ok(())
    }
}
