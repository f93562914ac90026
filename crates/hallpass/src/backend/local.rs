use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hallpass_core::Services;
use hallpass_http::{AppState, HttpSettings, LocalOperator};
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use super::{Call, Missing, Reply};
use crate::config::Config;
use crate::database;

/// The admin API in this process, on the opened database.
pub struct Local {
    runtime: Runtime,
    services: Arc<Services>,
    app: Router,
}

impl Local {
    /// Opens the configured database.
    pub fn open(config: &Config, missing: Missing) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let services = runtime.block_on(async {
            let store = match missing {
                Missing::Refuse => {
                    database::open_existing(config, database::NAME_IT_OR_SERVER).await?
                }
                Missing::Create => database::open_migrated(config).await?,
            };
            database::start_services_with(store, config, crate::egress::open(config)?).await
        })?;
        let app = hallpass_http::app(AppState::new(services.clone(), HttpSettings::default()));
        Ok(Self {
            runtime,
            services,
            app,
        })
    }

    /// Hands a request to the router.
    pub fn send(&self, call: &Call<'_>) -> Result<Reply> {
        let mut request = Request::builder().method(call.method).uri(call.path);
        for (name, value) in call.headers() {
            request = request.header(name, value);
        }
        let mut request = request
            .body(Body::from(call.body_text()))
            .context("this cannot be a request")?;
        request.extensions_mut().insert(LocalOperator);
        self.runtime.block_on(async {
            let Ok(answer) = self.app.clone().oneshot(request).await;
            let status = answer.status().as_u16();
            let body = answer
                .into_body()
                .collect()
                .await
                .context("the answer broke off")?;
            Ok(Reply {
                status,
                body: body.to_bytes().to_vec(),
            })
        })
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.runtime.block_on(self.services.stop());
    }
}
