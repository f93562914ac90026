//! Secrets at rest: sealed for the place where they stand, with a master key that is never in the database.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hallpass_model::{Error, Result};
use hallpass_seal::{KeyRing, OpenError, Place, SecretBytes};

use crate::{Clock, Rng};

/// How often a source is asked again because of a value whose key is not known.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Where the master keys come from.
#[derive(Clone)]
pub struct MasterKeys {
    source: Arc<Source>,
}

/// Reads the keys anew; `None` where none is configured, an error text without the key otherwise.
type Source = dyn Fn() -> std::result::Result<Option<KeyRing>, String> + Send + Sync;

impl MasterKeys {
    /// No master key: nothing can be sealed.
    #[must_use]
    pub fn none() -> Self {
        Self::from_source(|| Ok(None))
    }

    /// A source that may be asked again, such as a file.
    #[must_use]
    pub fn from_source(
        source: impl Fn() -> std::result::Result<Option<KeyRing>, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            source: Arc::new(source),
        }
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKeys(..)")
    }
}

/// Seals and opens with the keys of this process.
pub(crate) struct Seal {
    keys: MasterKeys,
    ring: RwLock<Option<Arc<KeyRing>>>,
    asked_at: RwLock<Option<Duration>>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl Seal {
    pub(crate) fn new(keys: MasterKeys, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self {
            keys,
            ring: RwLock::default(),
            asked_at: RwLock::default(),
            clock,
            rng,
        }
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    /// `master_key_missing`, `master_key_unreadable` (503).
    pub(crate) fn seal(&self, place: &Place<'_>, plaintext: &[u8]) -> Result<Vec<u8>> {
        let ring = self.ring()?;
        let sealed = ring
            .seal(place, self.rng.bytes(), plaintext)
            .map_err(Error::internal)?;
        Ok(sealed.as_bytes().to_vec())
    }

    /// Opens a value that was sealed for this place. A key that is not known is looked for once more at the source.
    ///
    /// # Errors
    /// `master_key_missing`, `master_key_unreadable`, `master_key_unknown` (503), `internal` for a damaged value.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<SecretBytes> {
        let opened = self.ring()?.open(place, sealed);
        let opened = match opened {
            Err(OpenError::UnknownKey(_)) if self.may_ask_again() => {
                self.ask()?;
                self.ring()?.open(place, sealed)
            }
            other => other,
        };
        opened.map_err(|error| match error {
            OpenError::UnknownKey(id) => Error::unavailable(
                "master_key_unknown",
                format!(
                    "a secret is sealed with the master key {id}, which this server was not given"
                ),
            ),
            other => Error::internal(other),
        })
    }

    /// The keys, asked for at first use.
    pub(crate) fn ring(&self) -> Result<Arc<KeyRing>> {
        let known = self
            .ring
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match known {
            Some(ring) => Ok(ring),
            None => self.ask(),
        }
    }

    /// Asks the source, whatever is known.
    pub(crate) fn ask(&self) -> Result<Arc<KeyRing>> {
        let found = (self.keys.source)().map_err(|why| {
            Error::unavailable(
                "master_key_unreadable",
                "the master key cannot be read; the log says why",
            )
            .because(why)
        })?;
        let ring = Arc::new(found.ok_or_else(|| {
            Error::unavailable(
                "master_key_missing",
                "this needs a master key: make one with `hallpass seal new-key` and name it in [seal] of the configuration",
            )
        })?);
        let mut known = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Arc::clone(&ring));
        Ok(ring)
    }

    fn may_ask_again(&self) -> bool {
        let now = self.clock.monotonic();
        let mut asked_at = self
            .asked_at
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let due = asked_at.is_none_or(|at| now >= at + ASK_AGAIN_AFTER);
        if due {
            *asked_at = Some(now);
        }
        due
    }
}
