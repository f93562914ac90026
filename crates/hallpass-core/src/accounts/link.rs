//! A further identity for an account that is signed in.

use hallpass_model::{AccountId, EnvironmentId, Error, Identity, Result};
use hallpass_store::Write;

use super::{Accounts, Proof};

/// What became of a further proof.
#[derive(Debug)]
pub(crate) enum LinkOutcome {
    /// It belongs to the account now, or did before.
    Linked(Identity),
    /// It belongs to another account; nothing was changed.
    Conflict,
}

impl Accounts {
    /// Adds what was proven to an account that is signed in: not more than was proven, so a mailbox that a service names
    /// stays what it is. The caller commits.
    ///
    /// # Errors
    /// `not_signed_in` (403).
    pub(crate) async fn link(
        &self,
        tx: &mut Write,
        environment: EnvironmentId,
        id: AccountId,
        proof: &Proof,
    ) -> Result<LinkOutcome> {
        let signed_out = || Error::forbidden("not_signed_in", "sign in first");
        tx.lock_account(environment, id).await?;
        let account = tx
            .find_account(environment, id)
            .await?
            .filter(|account| account.frozen_at.is_none())
            .ok_or_else(signed_out)?;
        let now = self.shared.clock.now();
        self.add(tx, &account, proof, false, now).await?;
        let identity = tx
            .find_identity(environment, &proof.kind, &proof.identifier)
            .await?
            .ok_or_else(|| Error::internal("an identity that was just added is there"))?;
        Ok(if identity.account_id == id {
            LinkOutcome::Linked(identity)
        } else {
            LinkOutcome::Conflict
        })
    }
}
