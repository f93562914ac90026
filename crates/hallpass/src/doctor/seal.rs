//! The master key: whether it is the database's, and what is sealed with which.

use hallpass_core::{OperatorCaller, SealKeyState, Services};
use hallpass_model::Result;

use super::Finding;
use crate::config::Config;
use crate::database;
use crate::master_key::Source;

const ABOUT: &str = "master key";

pub async fn examine(
    services: &Services,
    config: &Config,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    if let Err(error) = services.sealing.compare().await {
        let detail = format!("{:#}", database::with_context(&error));
        findings.push(Finding::error(ABOUT, detail));
        return Ok(());
    }
    let status = services
        .sealing
        .status(&OperatorCaller::command_line())
        .await?;
    let Some(current) = status.current else {
        findings.push(Finding::ok(
            ABOUT,
            "none, and nothing is sealed; `hallpass seal new-key` makes one",
        ));
        return Ok(());
    };
    let before = findings.len();
    for key in &status.keys {
        let id = key.id;
        match key.state {
            SealKeyState::Unknown if key.values > 0 => findings.push(Finding::error(
                ABOUT,
                format!("{} secrets are sealed with the key {id}, which is not configured: nobody can read them", key.values),
            )),
            SealKeyState::Former if key.values > 0 => findings.push(Finding::warning(
                ABOUT,
                format!("{} secrets are still sealed with the former key {id}: run `hallpass seal rotate`", key.values),
            )),
            SealKeyState::Former if key.removable => findings.push(Finding::warning(
                ABOUT,
                format!("the former key {id} has sealed nothing that is left: remove it when no backup needs it"),
            )),
            SealKeyState::Former => findings.push(Finding::warning(
                ABOUT,
                format!("the change from the key {id} has not ended: run `hallpass seal rotate`"),
            )),
            SealKeyState::Current | SealKeyState::Unknown => {}
        }
    }
    if findings.len() == before {
        let place = Source::named(config)
            .map_or_else(|_| String::new(), |source| format!(", from {source}"));
        findings.push(Finding::ok(ABOUT, format!("{current}{place}")));
    }
    Ok(())
}
