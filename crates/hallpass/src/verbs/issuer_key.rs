use anyhow::Result;
use serde_json::{Value, json};

use crate::backend::{Backend, Missing, query, segment};
use crate::cli::{Global, IssuerKeyVerb};
use crate::ui::{Column, Table, Tone, Ui};

const COLUMNS: [Column; 6] = [
    Column::id("KID", "/kid"),
    Column::text("INDEX", "/key_index"),
    Column::text("STATE", "/state").toned(tone_of_state),
    Column::ago("SINCE", "/since"),
    Column::ago("UNTIL", "/until"),
    Column::text("USES", "/use_count"),
];

const CARD: [Column; 11] = [
    Column::id("kid", "/kid"),
    Column::text("index", "/key_index"),
    Column::text("state", "/state").toned(tone_of_state),
    Column::text("bits", "/bits"),
    Column::time("published from", "/created_at"),
    Column::time("signs from", "/signs_from"),
    Column::time("signs until", "/signs_until"),
    Column::time("published until", "/published_until"),
    Column::time("revoked", "/revoked_at"),
    Column::time("last used", "/last_used_at"),
    Column::text("uses", "/use_count"),
];

const NONE: &str = "no issuer keys yet: the first token makes them, or `hallpass issuer-key rotate --environment ID`";

pub fn run(global: &Global, verb: &IssuerKeyVerb, ui: &Ui) -> Result<()> {
    let backend = Backend::open(global, Missing::Refuse)?;
    match verb {
        IssuerKeyVerb::List {
            environment,
            index,
            page,
        } => {
            let path = query(
                &format!("/admin/v1/environments/{environment}/issuer-keys"),
                &[
                    ("key_index", index.map(|index| index.to_string())),
                    ("after", page.after.clone()),
                    ("limit", page.limit.map(|limit| limit.to_string())),
                ],
            );
            ui.answer(&backend.get(&path)?, |keys| Table::of(keys, &COLUMNS, NONE));
        }
        IssuerKeyVerb::Rotate { environment, index } => {
            let made = backend.post(
                &format!("/admin/v1/environments/{environment}/issuer-keys/rotate"),
                json!({ "key_index": index }),
            )?;
            ui.answer(&made, |made| Table::of(made, &COLUMNS, NONE));
        }
        IssuerKeyVerb::Revoke { environment, kid } => {
            let path = format!(
                "/admin/v1/environments/{environment}/issuer-keys/{}",
                segment(kid)
            );
            let revoked = backend.delete(&path)?;
            if let Some(warning) = revoked.pointer("/warning").and_then(Value::as_str) {
                ui.note(format!("Note: {warning}."));
            }
            ui.answer(&revoked, |revoked| Table::card_of_present(revoked, &CARD));
        }
    }
    Ok(())
}

fn tone_of_state(state: &Value) -> Tone {
    match state.as_str() {
        Some("active") => Tone::Good,
        Some("revoked") => Tone::Bad,
        _ => Tone::Plain,
    }
}
