use anyhow::Result;
use hallpass_model::EnvironmentId;
use serde_json::{Value, json};

use super::secret;
use crate::backend::{Backend, Missing};
use crate::cli::{ApiKeyArgs, ApiKeyVerb, Global};
use crate::duration::Seconds;
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 6] = [
    Column::id("ID", "/id"),
    Column::text("KIND", "/kind"),
    Column::text("NAME", "/name"),
    Column::id("BEGINS", "/hint"),
    Column::text("STATE", "/state"),
    Column::ago("LAST USED", "/last_used_at"),
];

const CARD: [Column; 9] = [
    Column::id("id", "/id"),
    Column::text("kind", "/kind"),
    Column::text("name", "/name"),
    Column::id("key", "/publishable_key"),
    Column::id("begins", "/hint"),
    Column::text("state", "/state"),
    Column::time("created", "/created_at"),
    Column::time("ends", "/ends_at"),
    Column::time("last used", "/last_used_at"),
];

pub fn run(global: &Global, verb: &ApiKeyVerb, ui: &Ui) -> Result<()> {
    if let ApiKeyVerb::Create { out, .. } | ApiKeyVerb::Rotate { out, .. } = verb {
        secret::refuse_existing(out.as_deref())?;
    }
    let backend = Backend::open(global, Missing::Refuse)?;
    match verb {
        ApiKeyVerb::Create {
            environment,
            kind,
            name,
            prefix,
            expires_in,
            out,
        } => {
            let body = json!({
                "kind": kind,
                "name": name,
                "prefix": prefix,
                "expires_in_secs": expires_in.map(|Seconds(secs)| secs),
            });
            let made = backend.post(&path(*environment), body)?;
            show(&made, out.as_deref(), ui)
        }
        ApiKeyVerb::List { environment, page } => {
            let keys = backend.get(&super::paged(&path(*environment), page))?;
            ui.answer(&keys, |keys| {
                Table::of(
                    keys,
                    &COLUMNS,
                    "no API keys yet: `hallpass api-key create --kind publishable --name NAME --environment ID`",
                )
            });
            Ok(())
        }
        ApiKeyVerb::Show(args) => {
            ui.answer(&backend.get(&path_of(args))?, card);
            Ok(())
        }
        ApiKeyVerb::Rotate { key, overlap, out } => {
            let body = json!({ "overlap_secs": overlap.map_or(0, |Seconds(secs)| secs) });
            let made = backend.post(&format!("{}/rotate", path_of(key)), body)?;
            show(&made, out.as_deref(), ui)
        }
        ApiKeyVerb::Revoke(args) => {
            ui.answer(&backend.delete(&path_of(args))?, card);
            Ok(())
        }
    }
}

/// A publishable key is no secret, but whoever made it wants to copy it all the same.
fn show(made: &Value, out: Option<&std::path::Path>, ui: &Ui) -> Result<()> {
    let member = match made.pointer("/publishable_key") {
        Some(Value::String(_)) => "publishable_key",
        _ => "secret",
    };
    secret::show(made, member, "key", out, ui, card)
}

fn card(key: &Value) -> String {
    Table::card(key, &CARD)
}

fn path(environment: EnvironmentId) -> String {
    format!("/admin/v1/environments/{environment}/api-keys")
}

fn path_of(args: &ApiKeyArgs) -> String {
    format!("{}/{}", path(args.environment), args.key)
}
