use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::backend::{Backend, Missing};
use crate::cli::{Global, OperatorKeyVerb, OperatorVerb};
use crate::duration::Seconds;
use crate::exit::Exit;
use crate::files;
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 5] = [
    Column::id("ID", "/id"),
    Column::text("NAME", "/name"),
    Column::text("ROLE", "/role"),
    Column::with("PROJECTS", "/projects", projects),
    Column::with("STATE", "/disabled_at", state),
];

const KEY_COLUMNS: [Column; 5] = [
    Column::id("ID", "/id"),
    Column::text("BEGINS", "/hint"),
    Column::time("LAST USED", "/last_used_at"),
    Column::time("EXPIRES", "/expires_at"),
    Column::time("REVOKED", "/revoked_at"),
];

pub fn run(global: &Global, verb: &OperatorVerb, ui: &Ui) -> Result<()> {
    refuse_existing(verb)?;
    // Whoever sets up an installation may make the first operator before the first start.
    let missing = if matches!(verb, OperatorVerb::Create { .. }) {
        Missing::Create
    } else {
        Missing::Refuse
    };
    let backend = Backend::open(global, missing)?;
    match verb {
        OperatorVerb::Create {
            name,
            role,
            projects,
            expires_in,
            out,
        } => {
            let projects = (!projects.is_empty()).then_some(projects);
            let body = json!({
                "name": name,
                "role": role.as_str(),
                "projects": projects,
                "expires_in_secs": expires_in.map(|Seconds(secs)| secs),
            });
            show_secret(
                &backend.post("/admin/v1/operators", body)?,
                out.as_deref(),
                ui,
            )
        }
        OperatorVerb::List(page) => {
            let operators = backend.get(&super::paged("/admin/v1/operators", page))?;
            ui.answer(&operators, |operators| {
                Table::of(
                    operators,
                    &COLUMNS,
                    "no operators yet: `hallpass operator create --name NAME --role admin`",
                )
            });
            Ok(())
        }
        OperatorVerb::Disable { id } => set_disabled(&backend, &id.to_string(), true, ui),
        OperatorVerb::Enable { id } => set_disabled(&backend, &id.to_string(), false, ui),
        OperatorVerb::Key(verb) => keys(&backend, verb, ui),
    }
}

fn keys(backend: &Backend, verb: &OperatorKeyVerb, ui: &Ui) -> Result<()> {
    match verb {
        OperatorKeyVerb::Create {
            operator,
            expires_in,
            out,
        } => {
            let body = json!({ "expires_in_secs": expires_in.map(|Seconds(secs)| secs) });
            show_secret(
                &backend.post(&format!("/admin/v1/operators/{operator}/keys"), body)?,
                out.as_deref(),
                ui,
            )
        }
        OperatorKeyVerb::List { operator, page } => {
            let keys = backend.get(&super::paged(
                &format!("/admin/v1/operators/{operator}/keys"),
                page,
            ))?;
            ui.answer(&keys, |keys| Table::of(keys, &KEY_COLUMNS, "no keys"));
            Ok(())
        }
        OperatorKeyVerb::Revoke { operator, key } => {
            let key = backend.delete(&format!("/admin/v1/operators/{operator}/keys/{key}"))?;
            ui.answer(&key, |_| {
                "revoked: the key stops working at once".to_owned()
            });
            Ok(())
        }
    }
}

fn set_disabled(backend: &Backend, id: &str, disabled: bool, ui: &Ui) -> Result<()> {
    let operator = backend.patch(
        &format!("/admin/v1/operators/{id}"),
        json!({ "disabled": disabled }),
    )?;
    ui.answer(&operator, |operator| Table::card(operator, &COLUMNS));
    Ok(())
}

/// A secret that could not be written would be lost: look before asking for it.
fn refuse_existing(verb: &OperatorVerb) -> Result<()> {
    let (OperatorVerb::Create { out, .. } | OperatorVerb::Key(OperatorKeyVerb::Create { out, .. })) =
        verb
    else {
        return Ok(());
    };
    match out {
        Some(out) if out.exists() => Err(Exit::usage(format!("{} exists already", out.display()))),
        _ => Ok(()),
    }
}

fn show_secret(created: &Value, out: Option<&Path>, ui: &Ui) -> Result<()> {
    let secret = created
        .pointer("/secret")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if let Some(out) = out {
        files::create_secret(out, &format!("{secret}\n"))?;
        let mut shown = created.clone();
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("secret");
            fields.insert("key_file".to_owned(), out.display().to_string().into());
        }
        ui.answer(&shown, |_| {
            format!("The operator key is in {} and nowhere else.", out.display())
        });
        return Ok(());
    }
    ui.answer(created, |_| {
        ui.note("The operator key follows on stdout. It is shown this one time; the database keeps only a digest.");
        secret.to_owned()
    });
    Ok(())
}

fn projects(value: &Value) -> String {
    value
        .as_array()
        .map_or_else(|| "all".to_owned(), |list| list.len().to_string())
}

fn state(disabled_at: &Value) -> String {
    if disabled_at.is_null() {
        "active"
    } else {
        "disabled"
    }
    .to_owned()
}
