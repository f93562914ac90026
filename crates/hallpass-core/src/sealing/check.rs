//! The check: one sealed constant, by which a lost or wrong master key is known before a secret is needed.

use std::sync::Arc;
use std::time::Duration;

use hallpass_model::{Error, Result};
use hallpass_seal::{KeyId, KeyRing, OpenError, Place, key_id_of};
use hallpass_store::SealCheck;

use super::Sealing;
use crate::Shared;

/// How often a node looks whether a rotation has begun elsewhere.
const LOOK_EVERY: Duration = Duration::from_secs(1);

const CONSTANT: &[u8] = b"hallpass";

/// Belongs to no environment.
pub(super) const PLACE: Place<'_> = Place {
    table: "seal_check",
    row: "1",
    environment: "",
    field: "sealed",
};

impl Sealing {
    /// Compares the master key with the one that the database's secrets are sealed with. The first start with a key notes it.
    ///
    /// # Errors
    /// As [`Self::compare`].
    pub async fn check(&self) -> Result<()> {
        let check = self.shared.store.read().await?.find_seal_check().await?;
        match self.compared(check.as_ref())? {
            Some(ring) if check.is_none() => self.note(&ring).await,
            _ => Ok(()),
        }
    }

    /// The same, and notes nothing.
    ///
    /// # Errors
    /// `master_key_missing`, `master_key_unreadable`, `master_key_unknown`, `master_key_check_damaged`, each with what to
    /// do; `storage_unavailable`.
    pub async fn compare(&self) -> Result<()> {
        let check = self.shared.store.read().await?.find_seal_check().await?;
        self.compared(check.as_ref()).map(drop)
    }

    /// The keys, where there are any.
    fn compared(&self, check: Option<&SealCheck>) -> Result<Option<Arc<KeyRing>>> {
        match (self.shared.seal.ask_now(), check) {
            (Ok(ring), check) => {
                check.map(|check| examine(&ring, check)).transpose()?;
                Ok(Some(ring))
            }
            (Err(error), check) if error.code() == "master_key_missing" => match check {
                Some(check) => Err(lost(check)),
                None => Ok(None),
            },
            (Err(error), _) => Err(error),
        }
    }

    /// Adds the check, sealed with the current key.
    pub(super) async fn note(&self, ring: &KeyRing) -> Result<()> {
        let sealed = self.shared.seal.seal_with(ring, &PLACE, CONSTANT)?;
        let mut tx = self.shared.store.write().await?;
        tx.insert_seal_check_if_absent(&sealed).await?;
        tx.commit().await?;
        self.shared.seal.need(Some(ring.current_id()));
        Ok(())
    }
}

/// Whether the keys are those of the database.
pub(super) fn examine(ring: &KeyRing, check: &SealCheck) -> Result<()> {
    match ring.open(&PLACE, &check.sealed) {
        Ok(constant) if constant.expose() == CONSTANT => {}
        Err(OpenError::UnknownKey(id)) => return Err(wrong(ring, id)),
        Ok(_) | Err(_) => {
            return Err(Error::unavailable(
                "master_key_check_damaged",
                "the row of seal_check was changed by other hands: bring it back from a backup of the database",
            ));
        }
    }
    match check
        .next_key
        .map(KeyId::from_bytes)
        .filter(|id| !crate::seal::has(ring, *id))
    {
        // Some secrets are sealed with it already.
        Some(id) => Err(wrong(ring, id)),
        None => Ok(()),
    }
}

fn lost(check: &SealCheck) -> Error {
    let id = key_id_of(&check.sealed)
        .map_or_else(|_| "of another version".to_owned(), |id| id.to_string());
    Error::unavailable(
        "master_key_missing",
        format!(
            "the secrets in this database are sealed with the master key {id}, and no master key is configured: give it as \
             a file, a command or the variable HALLPASS_MASTER_KEY, see [seal] in the configuration. Without it nobody can \
             read them"
        ),
    )
}

fn wrong(ring: &KeyRing, id: KeyId) -> Error {
    let given: Vec<_> = ring.ids().map(|id| id.to_string()).collect();
    Error::unavailable(
        "master_key_unknown",
        format!(
            "the secrets in this database are sealed with the master key {id}, and the configured one is {}: put back the \
             key {id}, or add it on a line of its own after a new one",
            given.join(", ")
        ),
    )
}

/// Which key every node must have.
fn needed(check: &SealCheck) -> Option<KeyId> {
    check
        .next_key
        .map(KeyId::from_bytes)
        .or_else(|| key_id_of(&check.sealed).ok())
}

/// Reads which key the database's secrets need, before anything can be sealed.
pub(crate) async fn learn(shared: &Shared) -> Result<()> {
    let check = shared.store.read().await?.find_seal_check().await?;
    shared.seal.need(check.as_ref().and_then(needed));
    Ok(())
}

/// Looks for rotations of other nodes, and takes the new key before they seal with it.
pub(crate) async fn follow(shared: Arc<Shared>) {
    let mut asked_for = None;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        // A database that does not answer is told of elsewhere.
        let Ok(()) = learn(&shared).await else {
            continue;
        };
        let Some(id) = shared.seal.lacking() else {
            asked_for = None;
            continue;
        };
        if asked_for == Some(id) {
            // Seldom from now on.
            drop(shared.seal.ring_with_needed());
            continue;
        }
        // At once the first time: whoever announced the key waits only a moment before sealing with it.
        asked_for = Some(id);
        let fault = shared.seal.ask_now().err();
        if shared.seal.lacking().is_some() {
            let code = fault.as_ref().map_or("master_key_unknown", Error::code);
            tracing::error!(code, key = %id, "a master key that secrets are sealed with is not to be had");
        }
    }
}
