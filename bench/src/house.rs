//! The real core over a temporary SQLite file, with one environment and its signing key.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use hallpass_core::{OperatorCaller, Options, Services, Surroundings, SystemClock, SystemRng};
use hallpass_egress::{Egress, EgressOptions};
use hallpass_jose::SigningKey;
use hallpass_model::EnvironmentId;
use hallpass_store::Store;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::minted::Mint;

pub struct House {
    pub runtime: Runtime,
    pub services: Arc<Services>,
    pub environment: EnvironmentId,
    pub mint: Mint,
    // Removed last, after whoever uses it.
    _directory: TempDir,
}

impl House {
    /// A house whose cache may grow to this many bytes.
    pub fn build(token_cache_bytes: u64) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let url = format!("sqlite:{}", directory.path().join("bench.db").display());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let (services, environment, pem) = runtime.block_on(async {
            let store = Store::open(&url).await?;
            store.migrate().await?;
            let options = Options {
                token_cache_bytes,
                ..Options::default()
            };
            let services = Services::start(
                store,
                Arc::new(SystemClock::start()),
                Arc::new(SystemRng::new()),
                // Nothing that is measured goes out.
                Surroundings::new(Egress::new(EgressOptions::default())?),
                options,
            )
            .await?;
            let caller = OperatorCaller::command_line();
            let project = services
                .projects
                .create(&caller, "Bench")
                .await?
                .into_inner();
            let environment = services
                .environments
                .create(&caller, project.id, "bench")
                .await?
                .into_inner()
                .id;
            let key = services
                .signing_keys
                .generate(&caller, environment, 2048, 0)
                .await?
                .into_inner();
            anyhow::Ok((
                services,
                environment,
                key.private_key_pem
                    .context("a new key comes with its private half")?,
            ))
        })?;
        let mint = Mint::new(SigningKey::from_pem(&pem)?)?;
        Ok(Self {
            runtime,
            services,
            environment,
            mint,
            _directory: directory,
        })
    }

    /// Authenticates once, as a first request does: afterwards the token is remembered.
    pub fn admit(&self, token: &str) -> Result<()> {
        self.runtime
            .block_on(self.services.tokens.authenticate(self.environment, token))?;
        Ok(())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.runtime.block_on(self.services.stop());
    }
}
