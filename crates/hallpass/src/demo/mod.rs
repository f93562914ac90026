//! `hallpass demo`: a server with something in it, and a tour to paste.

mod state;
mod tour;

use std::path::{Path, PathBuf};

use anyhow::Result;
use hallpass_core::SystemRng;

use crate::cli::{Global, ServeArgs};
use crate::config::DATA_DIR_VARIABLE;
use crate::database;
use crate::files;
use crate::logs;
use crate::master_key::{self, Source};
use crate::serve::{self, Door, Stop};
use crate::ui::Ui;
use state::Prepared;

const DATA_DIR: &str = "./hallpass-demo";

pub fn run(global: &Global, args: &ServeArgs, ui: &Ui) -> Result<()> {
    let effective = crate::load_config(global, &serve::overrides(args))?;
    let mut config = effective.config.clone();
    if !effective.is_set("server.data_dir") {
        config.server.data_dir = PathBuf::from(DATA_DIR);
    }
    if !effective.is_set("log.level") {
        // The tour is what shall be read.
        config.log.level = "warn".to_owned();
    }
    logs::start(&config.log)?;
    serve::check_settings(&config)?;
    serve::check_tls(&config)?;
    let door = Door::open(&config)?;
    config.server.data_dir = files::private_directory(&config.server.data_dir)?;
    let data_dir = config.server.data_dir.clone();
    if Source::named(&config)? == Source::Nowhere {
        master_key::make_if_missing(&data_dir.join(master_key::FILE_NAME), &SystemRng::new())?;
    }
    serve::runtime()?.block_on(async {
        let stop = Stop::listen()?;
        let store = database::open_migrated(&config).await?;
        let services = database::start_services(store, &config).await?;
        serve::check_master_key(&services).await?;
        let prepared = state::prepare(&services, &data_dir).await?;
        let env_file = args
            .env_file
            .clone()
            .unwrap_or_else(|| data_dir.join("env"));
        files::replace_secret(
            &env_file,
            &serve::variables(&variables(&prepared, &door.url, &data_dir)),
        )?;
        let tls_cert = config.tls().map(|(cert, _)| cert.clone());
        ui.announce(tour::text(&tour::Place {
            url: &door.url,
            env_file: &files::absolute(&env_file)?,
            prepared: &prepared,
            tls_cert: tls_cert.as_deref(),
        }));
        door.serve(&config, services, stop).await
    })
}

fn variables(prepared: &Prepared, url: &str, data_dir: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("HALLPASS_URL", url.to_owned()),
        ("HALLPASS_OPERATOR_KEY", prepared.operator_key.clone()),
        ("HALLPASS_PROJECT_ID", prepared.project.to_string()),
        ("HALLPASS_SANDBOX_ID", prepared.sandbox.to_string()),
        ("HALLPASS_BETA_ID", prepared.beta.to_string()),
        ("HALLPASS_PRODUCTION_ID", prepared.production.to_string()),
        (
            "HALLPASS_SIGNING_KEY_FILE",
            prepared.signing_key_file.display().to_string(),
        ),
        ("HALLPASS_USER_TOKEN", prepared.user_token.clone()),
        (DATA_DIR_VARIABLE, data_dir.display().to_string()),
    ]
}
