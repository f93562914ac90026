//! The master key as operators see it: which keys there are, what is sealed with each, and the change to a new one.

mod check;
mod rotation;

use std::collections::BTreeMap;
use std::sync::Arc;

use hallpass_model::{Error, Result};
use hallpass_seal::{KeyId, KeyRing};
use hallpass_store::{Read, SEALED_COLUMNS};

use crate::Shared;
use crate::actor::OperatorCaller;
use crate::seal::has;

pub(crate) use check::{follow, learn};
pub use rotation::Rotation;

/// Tells about the master key and changes it.
pub struct Sealing {
    pub(crate) shared: Arc<Shared>,
}

/// What is sealed with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealStatus {
    /// The key that seals; `None` while this process has none.
    pub current: Option<KeyId>,
    /// Why it has none: a stable code.
    pub fault: Option<&'static str>,
    /// A rotation to this key has begun and has not ended.
    pub rotating_to: Option<KeyId>,
    /// Every key that this process has or that a value names: the current one first, then by id.
    pub keys: Vec<SealKey>,
}

/// A master key and what it sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealKey {
    /// Its public name.
    pub id: KeyId,
    /// What this process can do with it.
    pub state: SealKeyState,
    /// How many secrets are sealed with it.
    pub values: i64,
    /// It opens nothing that is left: it may be removed from its place.
    pub removable: bool,
}

/// What this process can do with a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealKeyState {
    /// Seals and opens.
    Current,
    /// Only opens.
    Former,
    /// Nothing: it was not given this key.
    Unknown,
}

impl SealKeyState {
    /// The word used in every surface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Former => "former",
            Self::Unknown => "unknown",
        }
    }
}

impl SealStatus {
    /// Secrets that the current key has not sealed.
    #[must_use]
    pub fn remaining(&self) -> i64 {
        let others = self
            .keys
            .iter()
            .filter(|key| key.state != SealKeyState::Current);
        others.map(|key| key.values).sum()
    }
}

impl Sealing {
    /// Which keys there are and how many secrets each has sealed. Answers without a master key too.
    ///
    /// # Errors
    /// `all_projects_needed`, `storage_unavailable`.
    pub async fn status(&self, caller: &OperatorCaller) -> Result<SealStatus> {
        caller.require_all_projects()?;
        // As the source has them now; what this process remembers, should it be gone.
        let seal = &self.shared.seal;
        let ring = seal.ask_now().or_else(|_| seal.ring());
        self.status_with(ring.as_deref()).await
    }

    async fn status_with(&self, ring: Result<&KeyRing, &Error>) -> Result<SealStatus> {
        let mut tx = self.shared.store.read().await?;
        let counts = count(&mut tx).await?;
        let check = tx.find_seal_check().await?;
        let check_key = check
            .as_ref()
            .and_then(|check| hallpass_seal::key_id_of(&check.sealed).ok());
        let rotating_to = check
            .and_then(|check| check.next_key)
            .map(KeyId::from_bytes);
        let known: Vec<KeyId> = ring.map(|ring| ring.ids().collect()).unwrap_or_default();
        let current = known.first().copied();
        let mut others: Vec<KeyId> = known
            .iter()
            .skip(1)
            .copied()
            .chain(counts.keys().copied())
            .chain(check_key)
            .collect();
        others.sort_unstable();
        others.dedup();
        others.retain(|id| Some(*id) != current);
        let keys = current.into_iter().chain(others).map(|id| {
            let state = if Some(id) == current {
                SealKeyState::Current
            } else if ring.is_ok_and(|ring| has(ring, id)) {
                SealKeyState::Former
            } else {
                SealKeyState::Unknown
            };
            let values = counts.get(&id).copied().unwrap_or_default();
            let removable = state == SealKeyState::Former
                && values == 0
                && check_key.is_some_and(|check| check != id);
            SealKey {
                id,
                state,
                values,
                removable,
            }
        });
        Ok(SealStatus {
            current,
            fault: ring.err().map(Error::code),
            rotating_to,
            keys: keys.collect(),
        })
    }
}

/// How many values each key has sealed. What does not even name a key is left out: it opens with none.
async fn count(tx: &mut Read) -> Result<BTreeMap<KeyId, i64>> {
    let mut counts = BTreeMap::new();
    for column in SEALED_COLUMNS {
        for (id, values) in tx.count_sealed(column).await? {
            if let Ok(id) = <[u8; KeyId::BYTES]>::try_from(id.as_slice()) {
                *counts.entry(KeyId::from_bytes(id)).or_default() += values;
            }
        }
    }
    Ok(counts)
}
