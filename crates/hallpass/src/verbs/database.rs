use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::{EgressArgs, Global};
use crate::database;
use crate::files;
use crate::ui::Ui;

pub fn migrate(global: &Global, ui: &Ui) -> Result<()> {
    let effective = crate::load_config_of_database(global, &EgressArgs::default())?;
    let config = &effective.config;
    if config.database.url.is_empty() {
        files::private_directory(&config.server.data_dir)?;
    }
    let applied = runtime()?.block_on(async {
        let store = database::open(config).await?;
        anyhow::Ok(store.migrate().await?.applied)
    })?;
    ui.answer(
        &json!({ "database": database::shown(config), "applied": applied }),
        |_| {
            if applied.is_empty() {
                format!("{} is up to date", database::shown(config))
            } else {
                format!(
                    "{}: applied {}",
                    database::shown(config),
                    applied.join(", ")
                )
            }
        },
    );
    Ok(())
}

pub fn backup(global: &Global, file: &Path, ui: &Ui) -> Result<()> {
    let effective = crate::load_config_of_database(global, &EgressArgs::default())?;
    let config = &effective.config;
    database::require_file(config, database::NAME_IT)?;
    if file.symlink_metadata().is_ok() {
        anyhow::bail!(
            "{} exists already and stays as it is: choose another file",
            file.display()
        );
    }
    let bytes = runtime()?.block_on(async {
        let store = database::open(config).await?;
        store
            .backup(file)
            .await
            .with_context(|| format!("cannot back up to {}", file.display()))
    })?;
    let file = files::absolute(file)?;
    ui.answer(&json!({ "file": file, "bytes": bytes }), |_| {
        format!(
            "{} holds all of {} ({bytes} bytes)",
            file.display(),
            database::shown(config)
        )
    });
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}
