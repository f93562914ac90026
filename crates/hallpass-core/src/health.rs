//! Whether this process can do its work right now.

use std::sync::Arc;

use hallpass_store::SchemaState;
use serde::Serialize;

use crate::Shared;

/// Answers readiness probes.
pub struct Health {
    pub(crate) shared: Arc<Shared>,
}

/// The answer to a probe.
#[derive(Debug, Clone, Serialize)]
pub struct Readiness {
    /// Whether requests can be served.
    pub ok: bool,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// Whether it is good.
    pub ok: bool,
    /// What was found.
    pub detail: String,
}

impl Health {
    /// Looks at database, schema and trust state.
    pub async fn ready(&self) -> Readiness {
        let checks = vec![self.database().await, self.schema().await, self.trust()];
        Readiness {
            ok: checks.iter().all(|check| check.ok),
            checks,
        }
    }

    async fn database(&self) -> Check {
        let answer = self.shared.store.ping().await;
        let engine = self.shared.store.engine().as_str();
        Check {
            name: "database",
            ok: answer.is_ok(),
            detail: match answer {
                Ok(()) => format!("{engine} answers"),
                Err(_) => format!("{engine} does not answer"),
            },
        }
    }

    async fn schema(&self) -> Check {
        let (ok, detail) = match self.shared.store.schema().await {
            Ok(SchemaState::Current) => (true, "current".to_owned()),
            Ok(_) => (
                false,
                "migrations are pending; run hallpass migrate".to_owned(),
            ),
            Err(error) => (
                false,
                hallpass_model::Error::from(error).message().to_owned(),
            ),
        };
        Check {
            name: "schema",
            ok,
            detail,
        }
    }

    fn trust(&self) -> Check {
        let ok = self.shared.trust.is_confirmed();
        let detail = if ok {
            "confirmed"
        } else {
            "not confirmed for 5 seconds; tokens are refused with 503"
        };
        Check {
            name: "trust_state",
            ok,
            detail: detail.to_owned(),
        }
    }
}
