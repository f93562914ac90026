use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::backend::{Backend, Missing, segment};
use crate::cli::{Global, KeyVerb};
use crate::duration::Seconds;
use crate::exit::Exit;
use crate::files;
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 5] = [
    Column::id("KID", "/kid"),
    Column::text("STATE", "/state"),
    Column::text("USES", "/use_count"),
    Column::ago("LAST USED", "/last_used_at"),
    Column::ago("CREATED", "/created_at"),
];

const CARD: [Column; 10] = [
    Column::id("kid", "/kid"),
    Column::id("fingerprint", "/fingerprint"),
    Column::text("state", "/state"),
    Column::text("bits", "/bits"),
    Column::text("origin", "/origin"),
    Column::time("created", "/created_at"),
    Column::time("retires", "/retires_at"),
    Column::time("revoked", "/revoked_at"),
    Column::time("last used", "/last_used_at"),
    Column::text("uses", "/use_count"),
];

pub fn run(global: &Global, verb: &KeyVerb, ui: &Ui) -> Result<()> {
    let backend = Backend::open(global, Missing::Refuse)?;
    match verb {
        KeyVerb::Generate {
            environment,
            bits,
            overlap,
            out,
        } => {
            if out.as_ref().is_some_and(|out| out.exists()) {
                // Looked at first: the private half is shown once, and a refused write would lose it.
                return Err(Exit::usage(format!(
                    "{} exists already",
                    out.as_deref().unwrap_or(Path::new("")).display()
                )));
            }
            let body = json!({ "bits": bits, "overlap_secs": overlap_secs(*overlap) });
            let key = backend.post(
                &format!("/admin/v1/environments/{environment}/signing-keys"),
                body,
            )?;
            show_generated(&key, out.as_deref(), ui)
        }
        KeyVerb::Import {
            environment,
            overlap,
            file,
        } => {
            let body = json!({ "public_key_pem": files::read_text(file)?, "overlap_secs": overlap_secs(*overlap) });
            let key = backend.post(
                &format!("/admin/v1/environments/{environment}/signing-keys/import"),
                body,
            )?;
            ui.answer(&key, card);
            Ok(())
        }
        KeyVerb::List { environment, page } => {
            let path = super::paged(
                &format!("/admin/v1/environments/{environment}/signing-keys"),
                page,
            );
            ui.answer(&backend.get(&path)?, |keys| {
                Table::of(
                    keys,
                    &COLUMNS,
                    "no signing keys yet: `hallpass key generate --environment ID`",
                )
            });
            Ok(())
        }
        KeyVerb::Revoke { environment, kid } => {
            let path = format!(
                "/admin/v1/environments/{environment}/signing-keys/{}",
                segment(kid)
            );
            ui.answer(&backend.delete(&path)?, card);
            Ok(())
        }
    }
}

fn overlap_secs(overlap: Option<Seconds>) -> i64 {
    overlap.map_or(0, |Seconds(secs)| secs)
}

fn card(key: &Value) -> String {
    Table::card(key, &CARD)
}

/// The private half goes to the file or to stdout, and nowhere else.
fn show_generated(key: &Value, out: Option<&Path>, ui: &Ui) -> Result<()> {
    let pem = key
        .pointer("/private_key_pem")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if let Some(out) = out {
        if let Err(error) = files::create_secret(out, pem) {
            ui.note("The private key could not be written to the file; here it is, this one time:");
            ui.line(pem);
            return Err(error);
        }
        let mut shown = key.clone();
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("private_key_pem");
            fields.insert(
                "private_key_file".to_owned(),
                out.display().to_string().into(),
            );
        }
        ui.answer(&shown, |key| {
            format!(
                "{}\n\nThe private key is in {} and nowhere else.",
                card(key),
                out.display()
            )
        });
        return Ok(());
    }
    ui.answer(key, |key| {
        ui.note(format!(
            "{}\n\nThe private key follows on stdout. It is shown this one time and kept nowhere.",
            card(key)
        ));
        pem.trim_end().to_owned()
    });
    Ok(())
}
