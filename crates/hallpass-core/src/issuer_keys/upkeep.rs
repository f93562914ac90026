//! What happens to issuer keys by themselves: successors in time, indexes that the settings add or take away, and the
//! erasure of private halves that sign no more.

use std::time::Duration;

use hallpass_model::{EnvironmentId, Result};

use super::plan::{self, LEEWAY_SECS, Terms};
use super::{IssuerKeys, Occasion};
use crate::actor::OperatorCaller;

/// How often it is looked after.
const EVERY: Duration = Duration::from_secs(10);

/// Looks after the keys of every environment for as long as the task lives.
pub(crate) async fn keep_up_for_ever(keys: IssuerKeys) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = keys.keep_up().await {
            tracing::warn!(code = error.code(), "issuer keys could not be looked after");
        }
    }
}

impl IssuerKeys {
    /// Does now what otherwise waits up to ten seconds. Any number of nodes may do it at once.
    ///
    /// # Errors
    /// `storage_unavailable`; one environment's trouble does not keep the others waiting.
    pub async fn keep_up(&self) -> Result<()> {
        let environments = {
            let mut tx = self.shared.store.read().await?;
            tx.list_environments_with_issuer_keys().await?
        };
        for environment in environments {
            if let Err(error) = self.keep_up_environment(environment).await {
                tracing::warn!(%environment, code = error.code(), "an environment's issuer keys could not be looked after");
            }
        }
        self.erase().await
    }

    async fn keep_up_environment(&self, environment: EnvironmentId) -> Result<()> {
        let snapshot = self.shared.snapshot(environment).await?;
        let now = self.shared.clock.now();
        let terms = Terms::from(&snapshot.sign_in);
        if plan::due(&snapshot.issuer_keys.keys, &terms, now).is_empty() {
            return Ok(());
        }
        let server = OperatorCaller::server();
        self.carry_out(&server, environment, Occasion::Due)
            .await
            .map(drop)
    }

    /// A private half that nobody can need any more is no secret to lose. The leeway is for nodes whose clocks differ.
    async fn erase(&self) -> Result<()> {
        let before = self.shared.clock.now().plus_secs(-LEEWAY_SECS);
        let mut tx = self.shared.store.write().await?;
        if tx.erase_issuer_private_keys(before).await? > 0 {
            tx.commit().await?;
        }
        Ok(())
    }
}
