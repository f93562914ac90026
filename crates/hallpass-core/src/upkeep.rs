//! What has run out is removed, beside the requests. Every node does it; one that finds nothing has lost nothing.

use std::sync::Arc;
use std::time::Duration;

use hallpass_model::Result;

use crate::Shared;

const EVERY: Duration = Duration::from_secs(5 * 60);
/// A session in which nobody was ever signed in is worth nothing once it is over.
const STRANGERS_KEPT_SECS: i64 = 60 * 60;
/// A client that comes back after so long is still known as the one that signed in before.
const KNOWN_KEPT_SECS: i64 = 30 * 24 * 60 * 60;
/// Limits count what was asked for in the last hour; a challenge outlives that.
const CHALLENGES_KEPT_SECS: i64 = 2 * 60 * 60;

pub(crate) async fn sweep_again_and_again(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = sweep(&shared).await {
            tracing::warn!(
                code = error.code(),
                "what has run out could not be removed and waits"
            );
        }
    }
}

/// # Errors
/// `storage_unavailable`.
pub(crate) async fn sweep(shared: &Shared) -> Result<()> {
    let now = shared.clock.now();
    let mut tx = shared.store.write().await?;
    let sessions = tx
        .sweep_sessions(
            now.plus_secs(-STRANGERS_KEPT_SECS),
            now.plus_secs(-KNOWN_KEPT_SECS),
        )
        .await?;
    let challenges = tx
        .sweep_challenges(now.plus_secs(-CHALLENGES_KEPT_SECS))
        .await?;
    let seats = tx.sweep_operator_sessions(now).await? + tx.sweep_operator_challenges(now).await?;
    tx.commit().await?;
    if sessions + challenges + seats > 0 {
        tracing::debug!(sessions, challenges, seats, "removed what had run out");
    }
    Ok(())
}
