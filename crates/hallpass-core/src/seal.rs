//! Secrets at rest: sealed for the place where they stand, with a master key that is never in the database.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use hallpass_model::{Error, Result};
use hallpass_seal::{KeyId, KeyRing, OpenError, Place, SecretBytes};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::{Clock, Rng};

/// How often a source is asked again, because of a key that is not known or because it could not be read.
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
    /// Whoever asks the source holds this, so that many who need the key ask once.
    asked: Mutex<Asked>,
    /// The key that every node must have: the check's, or that of a rotation which has begun.
    needed: RwLock<Option<KeyId>>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

#[derive(Default)]
struct Asked {
    at: Option<Duration>,
    failure: Option<Failure>,
}

#[derive(Clone)]
enum Failure {
    Missing,
    Unreadable(String),
}

impl Seal {
    pub(crate) fn new(keys: MasterKeys, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self {
            keys,
            ring: RwLock::default(),
            asked: Mutex::default(),
            needed: RwLock::default(),
            clock,
            rng,
        }
    }

    /// Seals a value for its place. Refused without the key that the other secrets are sealed with: a process with a wrong
    /// key must not add secrets that nobody else can open.
    ///
    /// # Errors
    /// `master_key_missing`, `master_key_unreadable`, `master_key_unknown` (503).
    pub(crate) fn seal(&self, place: &Place<'_>, plaintext: &[u8]) -> Result<Vec<u8>> {
        self.seal_with(&*self.ring_with_needed()?, place, plaintext)
    }

    /// Seals with the current key of this ring.
    pub(crate) fn seal_with(
        &self,
        ring: &KeyRing,
        place: &Place<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>> {
        let sealed = ring.seal(place, self.rng.bytes(), plaintext);
        Ok(sealed.map_err(Error::internal)?.into_bytes())
    }

    /// Opens a value that was sealed for this place. A key that is not known is looked for once more at the source.
    ///
    /// # Errors
    /// `master_key_missing`, `master_key_unreadable`, `master_key_unknown` (503), `internal` for a damaged value.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<SecretBytes> {
        let opened = match self.ring()?.open(place, sealed) {
            Err(OpenError::UnknownKey(_)) => self.ask_again()?.open(place, sealed),
            other => other,
        };
        opened.map_err(|error| match error {
            OpenError::UnknownKey(id) => unknown(id),
            other => Error::internal(other),
        })
    }

    /// The keys, asked for at first use.
    ///
    /// # Errors
    /// `master_key_missing`, `master_key_unreadable` (503).
    pub(crate) fn ring(&self) -> Result<Arc<KeyRing>> {
        match self.known() {
            Some(ring) => Ok(ring),
            None => self.ask_again(),
        }
    }

    /// The keys as the source has them now.
    ///
    /// # Errors
    /// As [`Self::ring`].
    pub(crate) fn ask_now(&self) -> Result<Arc<KeyRing>> {
        blocking(|| self.ask(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Learns which key every node must have. The source is asked again where this process lacks it.
    pub(crate) fn need(&self, id: Option<KeyId>) {
        *self.needed.write().unwrap_or_else(PoisonError::into_inner) = id;
    }

    /// Takes a key over that another node has begun to seal with.
    ///
    /// # Errors
    /// `master_key_unknown` and as [`Self::ring`].
    pub(crate) fn ring_with_needed(&self) -> Result<Arc<KeyRing>> {
        let needed = *self.needed.read().unwrap_or_else(PoisonError::into_inner);
        let ring = self.ring()?;
        let Some(id) = needed.filter(|id| !has(&ring, *id)) else {
            return Ok(ring);
        };
        let ring = self.ask_again()?;
        if has(&ring, id) {
            Ok(ring)
        } else {
            Err(unknown(id))
        }
    }

    /// The key that this process needs and does not have.
    pub(crate) fn lacking(&self) -> Option<KeyId> {
        let needed = *self.needed.read().unwrap_or_else(PoisonError::into_inner);
        let ring = self.known()?;
        needed.filter(|id| !has(&ring, *id))
    }

    /// The keys, if the source was ever asked with success.
    pub(crate) fn known(&self) -> Option<Arc<KeyRing>> {
        self.ring
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Asks the source, but not more often than every few seconds: what is not there now is not there at once.
    fn ask_again(&self) -> Result<Arc<KeyRing>> {
        blocking(|| {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.clock.monotonic();
            if asked.at.is_none_or(|at| now >= at + ASK_AGAIN_AFTER) {
                return self.ask(&mut asked);
            }
            match (self.known(), &asked.failure) {
                (Some(ring), _) => Ok(ring),
                (None, Some(failure)) => Err(failure.clone().into()),
                (None, None) => self.ask(&mut asked),
            }
        })
    }

    fn ask(&self, asked: &mut Asked) -> Result<Arc<KeyRing>> {
        asked.at = Some(self.clock.monotonic());
        let found = match (self.keys.source)() {
            Ok(Some(ring)) => Ok(Arc::new(ring)),
            Ok(None) => Err(Failure::Missing),
            Err(why) => Err(Failure::Unreadable(why)),
        };
        asked.failure = found.as_ref().err().cloned();
        let ring = found?;
        let mut known = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Arc::clone(&ring));
        Ok(ring)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Missing => Self::unavailable(
                "master_key_missing",
                "this needs a master key: `hallpass seal new-key` makes one; see [seal] in the configuration",
            ),
            Failure::Unreadable(why) => Self::unavailable(
                "master_key_unreadable",
                "the master key cannot be read; the log says why",
            )
            .because(why),
        }
    }
}

pub(crate) fn has(ring: &KeyRing, id: KeyId) -> bool {
    ring.ids().any(|known| known == id)
}

fn unknown(id: KeyId) -> Error {
    Error::unavailable(
        "master_key_unknown",
        format!("secrets are sealed with the master key {id}, which this server was not given"),
    )
}

/// A source may be a command that takes seconds; other requests go on meanwhile, where the runtime has more threads.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use hallpass_model::Timestamp;
    use hallpass_seal::{KeyRing, MasterKey, Place};

    use super::{MasterKeys, Seal};
    use crate::{SettableClock, SystemRng};

    const PLACE: Place<'_> = Place {
        table: "t",
        row: "r",
        environment: "e",
        field: "f",
    };

    fn key(byte: u8) -> MasterKey {
        MasterKey::from_bytes(std::array::from_fn(|place| byte.wrapping_add(place as u8)))
    }

    /// A source whose keys change when a test says so, and how often it was asked.
    struct Turning {
        keys: AtomicUsize,
        asked: AtomicUsize,
    }

    fn seal(turning: &Arc<Turning>) -> (Seal, Arc<SettableClock>) {
        let clock = Arc::new(SettableClock::at(Timestamp::from_secs(1_800_000_000)));
        let source = Arc::clone(turning);
        let keys = MasterKeys::from_source(move || {
            source.asked.fetch_add(1, Ordering::SeqCst);
            Ok(match source.keys.load(Ordering::SeqCst) {
                0 => None,
                1 => Some(KeyRing::new(key(1))),
                _ => Some(KeyRing::new(key(2)).with_former(key(1))),
            })
        });
        (
            Seal::new(keys, clock.clone(), Arc::new(SystemRng::new())),
            clock,
        )
    }

    fn turning(keys: usize) -> Arc<Turning> {
        Arc::new(Turning {
            keys: AtomicUsize::new(keys),
            asked: AtomicUsize::new(0),
        })
    }

    fn code<T>(result: hallpass_model::Result<T>) -> &'static str {
        result.err().map_or("", |error| error.code())
    }

    #[test]
    fn an_unknown_key_is_looked_for_again_but_not_all_the_time() {
        let ahead = turning(2);
        let (other, _) = seal(&ahead);
        let sealed = other.seal(&PLACE, b"x").unwrap_or_default();
        let behind = turning(1);
        let (seal, clock) = seal(&behind);
        assert_eq!(code(seal.open(&PLACE, &sealed)), "master_key_unknown");
        behind.keys.store(2, Ordering::SeqCst);
        assert_eq!(code(seal.open(&PLACE, &sealed)), "master_key_unknown");
        assert_eq!(behind.asked.load(Ordering::SeqCst), 1);
        clock.advance(Duration::from_secs(6));
        assert!(
            seal.open(&PLACE, &sealed)
                .is_ok_and(|text| text.expose() == b"x")
        );
        assert!(seal.open(&PLACE, &sealed).is_ok());
        assert_eq!(behind.asked.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_missing_key_is_asked_for_again_later() {
        let turning = turning(0);
        let (seal, clock) = seal(&turning);
        for _ in 0..3 {
            assert_eq!(code(seal.seal(&PLACE, b"x")), "master_key_missing");
        }
        assert_eq!(turning.asked.load(Ordering::SeqCst), 1);
        turning.keys.store(1, Ordering::SeqCst);
        clock.advance(Duration::from_secs(6));
        assert!(seal.seal(&PLACE, b"x").is_ok());
    }

    #[test]
    fn nothing_is_sealed_without_the_key_that_every_node_needs() {
        let turning = turning(1);
        let (seal, clock) = seal(&turning);
        seal.need(Some(key(2).id()));
        assert_eq!(code(seal.seal(&PLACE, b"x")), "master_key_unknown");
        turning.keys.store(2, Ordering::SeqCst);
        clock.advance(Duration::from_secs(6));
        assert!(seal.seal(&PLACE, b"x").is_ok());
        seal.need(Some(key(1).id()));
        assert!(seal.seal(&PLACE, b"x").is_ok());
    }
}
