use anyhow::Result;
use serde_json::Value;

use crate::backend::{Backend, Missing};
use crate::cli::{Global, SessionVerb, SessionsArgs};
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 6] = [
    Column::id("SESSION", "/id"),
    Column::with("STATE", "/live", state),
    Column::text("SIGNED IN BY", "/method"),
    Column::text("ORIGIN", "/origin"),
    Column::ago("LAST USED", "/renewed_at"),
    Column::time("EXPIRES", "/expires_at"),
];

pub fn run(global: &Global, verb: &SessionVerb, ui: &Ui) -> Result<()> {
    let backend = Backend::open(global, Missing::Refuse)?;
    match verb {
        SessionVerb::List { of, page } => {
            let sessions = backend.get(&super::paged(&path_of(of), page))?;
            ui.answer(&sessions, |sessions| {
                Table::of(sessions, &COLUMNS, "no sessions")
            });
        }
        SessionVerb::Revoke {
            of,
            session: Some(session),
            ..
        } => {
            let ended = backend.delete(&format!("{}/{session}", path_of(of)))?;
            ui.answer(&ended, |_| format!("{session} is over"));
        }
        SessionVerb::Revoke { of, .. } => {
            let ended = backend.delete(&path_of(of))?;
            ui.answer(&ended, |ended| {
                format!("sessions ended: {}", ended["ended"])
            });
        }
    }
    Ok(())
}

fn path_of(of: &SessionsArgs) -> String {
    format!(
        "/admin/v1/environments/{}/accounts/{}/sessions",
        of.environment, of.account
    )
}

fn state(live: &Value) -> String {
    if *live == true { "live" } else { "over" }.to_owned()
}
