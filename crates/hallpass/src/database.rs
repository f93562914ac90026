//! From a configuration to an opened store and running services.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use hallpass_core::{DecisionLog, Options, Services, Surroundings, SystemClock, SystemRng};
use hallpass_egress::Egress;
use hallpass_store::{SchemaState, Store};

use crate::config::{Config, Decisions, without_password};
use crate::egress;
use crate::exit::Exit;
use crate::files;
use crate::master_key;
use crate::messengers::Messengers;

/// What helps a verb that only opens databases.
pub const NAME_IT: &str =
    "name its directory with --data-dir or HALLPASS_DATA_DIR, or the database with --database-url";
/// What helps a verb that also works through a server.
pub const NAME_IT_OR_SERVER: &str =
    "name its directory with --data-dir or HALLPASS_DATA_DIR, or a server with --url";
/// What helps a server that may not make its database.
pub const MAKE_IT: &str =
    "name its directory with --data-dir, or make it there with `hallpass migrate`";

/// Opens a database that must be there and up to date; `advice` is for when it is not there.
pub async fn open_existing(config: &Config, advice: &str) -> Result<Store> {
    require_file(config, advice)?;
    let store = open(config).await?;
    match store.schema().await.map_err(explained)? {
        SchemaState::Current => Ok(store),
        SchemaState::Empty => Err(Exit::usage(format!(
            "the database {} is empty: run `hallpass migrate` or start `hallpass serve` once",
            shown(config)
        ))),
        SchemaState::Pending(count) => Err(Exit::usage(format!(
            "the schema of {} is {count} migration(s) behind this version: run `hallpass migrate`",
            shown(config)
        ))),
    }
}

/// Opens a database, made and brought up to date if need be.
pub async fn open_migrated(config: &Config) -> Result<Store> {
    if config.sqlite_file().is_some() && config.database.url.is_empty() {
        files::private_directory(&config.server.data_dir)?;
    }
    let store = open(config).await?;
    store.migrate().await.map_err(explained)?;
    Ok(store)
}

/// Opens a database as it is.
pub async fn open(config: &Config) -> Result<Store> {
    let opened = Store::open(&config.database_url()).await;
    opened
        .map_err(explained)
        .with_context(|| format!("cannot open the database {}", shown(config)))
}

/// Starts the services of a server on a store, with the machine's clock and randomness and the configured way out.
pub async fn start_services(
    store: Store,
    config: &Config,
    messengers: Messengers,
) -> Result<Arc<Services>> {
    start(store, config, egress::open(config)?, Some(messengers)).await
}

/// Starts the services for a moment, with this way out: what waits to be delivered is left to the servers.
pub async fn start_services_with(
    store: Store,
    config: &Config,
    egress: Egress,
) -> Result<Arc<Services>> {
    start(store, config, egress, None).await
}

async fn start(
    store: Store,
    config: &Config,
    egress: Egress,
    messengers: Option<Messengers>,
) -> Result<Arc<Services>> {
    let options = Options {
        token_cache_bytes: config.tokens.cache_mib * 1024 * 1024,
        record_decisions: match config.audit.decisions {
            Decisions::None => DecisionLog::None,
            Decisions::Denied => DecisionLog::Denied,
            Decisions::All => DecisionLog::All,
        },
        keep_decisions_days: config.audit.keep_decisions_days,
        deliver: messengers.is_some(),
    };
    let clock = Arc::new(SystemClock::start());
    let mut surroundings = Surroundings {
        master_keys: master_key::keys(config),
        ..Surroundings::new(egress)
    };
    if let Some(Messengers { mailer, texts }) = messengers {
        surroundings.mailer = mailer;
        surroundings.texts = texts;
    }
    let services = Services::start(
        store,
        clock,
        Arc::new(SystemRng::new()),
        surroundings,
        options,
    )
    .await;
    services
        .map_err(|error| with_context(&error))
        .context("cannot start the services")
}

/// A misspelt directory must not pass as an empty installation.
pub fn require_file(config: &Config, advice: &str) -> Result<()> {
    match config.sqlite_file() {
        Some(file) if !file.exists() => Err(Exit::usage(format!(
            "there is no database at {}: {advice}",
            file.display()
        ))),
        _ => Ok(()),
    }
}

/// The database without its password.
pub fn shown(config: &Config) -> String {
    without_password(&config.database_url())
}

/// The public message and, for the person at the terminal, what happened inside.
pub fn with_context(error: &hallpass_model::Error) -> anyhow::Error {
    match error.context() {
        Some(context) => anyhow::anyhow!("{error}: {context}"),
        None => anyhow::anyhow!("{error}"),
    }
}

/// What the store's failure means for whoever runs the binary.
pub fn explained(error: hallpass_store::StoreError) -> anyhow::Error {
    anyhow::Error::new(error)
}
