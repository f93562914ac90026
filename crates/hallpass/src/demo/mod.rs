//! `hallpass demo`: a server with something in it, and a tour to paste.

mod sign_in;
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
use crate::portal::{self, Portal};
use crate::serve::{self, Door, Stop};
use crate::ui::Ui;
use state::Prepared;

const DATA_DIR: &str = "./hallpass-demo";
/// Where the mail is that the demo did not send.
const MAIL_PATH: &str = "/demo/mail";

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
    if !effective.is_set("server.portal_listen") {
        config.server.portal_listen = Some(portal::USUAL.to_owned());
    }
    logs::start(&config.log)?;
    let messengers = serve::check_settings(&config)?.or_shown(*ui);
    serve::check_tls(&config)?;
    let door = Door::open(&config)?;
    let portal = Portal::open(&config, ui)?;
    config.server.data_dir = files::private_directory(&config.server.data_dir)?;
    let data_dir = config.server.data_dir.clone();
    if Source::named(&config)? == Source::Nowhere {
        master_key::make_if_missing(&data_dir.join(master_key::FILE_NAME), &SystemRng::new())?;
    }
    serve::runtime()?.block_on(async {
        let stop = Stop::listen()?;
        let store = database::open_migrated(&config).await?;
        let services = database::start_services(store, &config, messengers).await?;
        serve::check_master_key(&services).await?;
        let prepared = state::prepare(&services, &data_dir).await?;
        config
            .server
            .default_environment
            .get_or_insert(prepared.sandbox);
        let portal_url = portal.as_ref().map_or("", |portal| &portal.url);
        let env_file = args
            .env_file
            .clone()
            .unwrap_or_else(|| data_dir.join("env"));
        files::replace_secret(
            &env_file,
            &serve::variables(&variables(&prepared, &door.url, portal_url, &data_dir)),
        )?;
        let tls_cert = config.tls().map(|(cert, _)| cert.clone());
        ui.announce(tour::text(&tour::Place {
            url: &door.url,
            env_file: &files::absolute(&env_file)?,
            prepared: &prepared,
            tls_cert: tls_cert.as_deref(),
        }));
        door.serve(&config, services, portal, stop).await
    })
}

fn variables(
    prepared: &Prepared,
    url: &str,
    portal_url: &str,
    data_dir: &Path,
) -> Vec<(&'static str, String)> {
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
        (
            "HALLPASS_PUBLISHABLE_KEY",
            prepared.keys.publishable.clone(),
        ),
        ("HALLPASS_SECRET_KEY", prepared.keys.secret.clone()),
        ("HALLPASS_MAIL_URL", format!("{url}{MAIL_PATH}")),
        ("HALLPASS_PORTAL_URL", portal_url.to_owned()),
        (DATA_DIR_VARIABLE, data_dir.display().to_string()),
    ]
}
