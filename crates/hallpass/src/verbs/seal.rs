use std::path::{Path, PathBuf};

use anyhow::Result;
use hallpass_core::SystemRng;
use serde_json::{Value, json};

use crate::backend::{Backend, Call, Missing};
use crate::cli::{EgressArgs, Global, SealVerb};
use crate::config::Config;
use crate::exit::Exit;
use crate::files;
use crate::master_key::{self, Source};
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 4] = [
    Column::id("KEY", "/id"),
    Column::text("STATE", "/state"),
    Column::text("SECRETS", "/values"),
    Column::with("MAY BE REMOVED", "/removable", yes_or_nothing),
];

/// A rotation that seals nothing any more and yet has not ended has lost its way.
const IDLE_CALLS: u32 = 5;

pub fn run(global: &Global, verb: &SealVerb, ui: &Ui) -> Result<()> {
    match verb {
        SealVerb::NewKey { file } => new_key(global, file.as_deref(), ui),
        SealVerb::Status => status(global, ui),
        SealVerb::Rotate => rotate(global, ui),
    }
}

/// The secrets that are sealed already stay under their key until `seal rotate`.
fn new_key(global: &Global, file: Option<&Path>, ui: &Ui) -> Result<()> {
    let file = match file {
        Some(file) => file.to_owned(),
        None => file_in_force(global)?,
    };
    let id = master_key::prepend_new(&file, &SystemRng::new())?;
    let file = files::absolute(&file)?;
    ui.answer(
        &json!({ "key_id": id.to_string(), "file": file }),
        |_| {
            format!(
                "{} now begins with the new master key {id}. Keep a copy of the file apart from backups of the database.\n\
                 Next: `hallpass seal rotate` seals what there is with it; a running server takes the new key by itself.",
                file.display()
            )
        },
    );
    Ok(())
}

fn file_in_force(global: &Global) -> Result<PathBuf> {
    let effective = crate::load_config_of_database(global, &EgressArgs::default())?;
    match Source::named(&effective.config)? {
        Source::File(file) => Ok(file),
        Source::Nowhere => in_data_directory(&effective.config),
        source => Err(Exit::usage(format!(
            "the master key comes from {source}, which cannot be written from here: make a key with `openssl rand -hex 32` \
             and put it there on a line before the present one; or name a file with --file"
        ))),
    }
}

/// The key may be made before the database.
fn in_data_directory(config: &Config) -> Result<PathBuf> {
    let directory = files::private_directory(&config.server.data_dir)?;
    Ok(directory.join(master_key::FILE_NAME))
}

fn status(global: &Global, ui: &Ui) -> Result<()> {
    let backend = Backend::open(global, Missing::Refuse)?;
    ui.answer(&backend.get("/admin/v1/seal")?, |seal| {
        format!("{}\n\n{}", keys(seal), advice(seal).join("\n"))
    });
    Ok(())
}

fn rotate(global: &Global, ui: &Ui) -> Result<()> {
    let backend = Backend::open(global, Missing::Refuse)?;
    let (mut resealed, mut idle) = (0, 0);
    loop {
        let mut step = backend.send(Call::new("POST", "/admin/v1/seal/rotate"))?;
        let now = step["resealed"].as_u64().unwrap_or_default();
        resealed += now;
        if step["done"] == true {
            step["resealed"] = resealed.into();
            ui.answer(&step, |step| {
                let seal = &step["seal"];
                format!(
                    "sealed again: {resealed}\n\n{}\n\n{}",
                    keys(seal),
                    advice(seal).join("\n")
                )
            });
            return Ok(());
        }
        idle = if now == 0 { idle + 1 } else { 0 };
        if idle == IDLE_CALLS {
            anyhow::bail!(
                "nothing was sealed in {IDLE_CALLS} attempts, though {} secrets are left: others keep changing them, or the \
                 database is too slow; what was sealed stays so, try again",
                step["seal"]["remaining"]
            );
        }
        ui.note(format!(
            "sealed again: {resealed}, left: {}",
            step["seal"]["remaining"]
        ));
    }
}

fn keys(seal: &Value) -> String {
    Table::of(
        &seal["keys"],
        &COLUMNS,
        "no secret is sealed, and there is no master key",
    )
}

fn yes_or_nothing(value: &Value) -> String {
    if *value == true { "yes" } else { "" }.to_owned()
}

/// What to do next, most urgent first.
fn advice(seal: &Value) -> Vec<String> {
    let keys = || seal["keys"].as_array().into_iter().flatten();
    let id = |key: &Value| key["id"].as_str().unwrap_or_default().to_owned();
    let mut said = Vec::new();
    match seal["fault"].as_str() {
        Some("master_key_missing") if keys().next().is_none() => {
            said.push(
                "Make a master key before anything has to be sealed: `hallpass seal new-key`"
                    .to_owned(),
            );
        }
        Some("master_key_missing") => {
            said.push("No master key is configured: see [seal] in the configuration".to_owned())
        }
        Some(_) => said.push(
            "The configured master key cannot be read: `hallpass doctor` says why".to_owned(),
        ),
        None => {}
    }
    for key in keys().filter(|key| key["state"] == "unknown" && key["values"] != 0) {
        said.push(format!(
            "Give the key {} too, on a line after the current one: nobody can open what it sealed",
            id(key)
        ));
    }
    let former = keys().any(|key| key["state"] == "former" && key["values"] != 0);
    if seal["fault"].is_null() && (former || !seal["rotating_to"].is_null()) {
        said.push("Seal everything with the current key: `hallpass seal rotate`".to_owned());
    }
    for key in keys().filter(|key| key["removable"] == true) {
        said.push(format!("Remove the key {} from its place when no backup needs it: nothing else is sealed with it", id(key)));
    }
    if said.is_empty() {
        said.push("Nothing to do.".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::advice;

    #[test]
    fn the_advice_is_what_comes_next() {
        let key = |id: &str, state: &str, values: i64, removable: bool| json!({ "id": id, "state": state, "values": values, "removable": removable });
        let seal = |fault: Option<&str>, keys: &[serde_json::Value]| json!({ "fault": fault, "rotating_to": null, "keys": keys });
        for (seal, words) in [
            (seal(Some("master_key_missing"), &[]), &["seal new-key"][..]),
            (
                seal(Some("master_key_missing"), &[key("a", "unknown", 2, false)]),
                &["No master key", "Give the key a"],
            ),
            (
                seal(None, &[key("a", "current", 2, false)]),
                &["Nothing to do"],
            ),
            (
                seal(
                    None,
                    &[key("a", "current", 0, false), key("b", "former", 2, false)],
                ),
                &["seal rotate"],
            ),
            (
                seal(
                    None,
                    &[key("a", "current", 2, false), key("b", "former", 0, true)],
                ),
                &["Remove the key b"],
            ),
        ] {
            let said = advice(&seal);
            assert_eq!(said.len(), words.len(), "{said:?}");
            for (said, word) in said.iter().zip(words) {
                assert!(said.contains(word), "{said}");
            }
        }
    }
}
