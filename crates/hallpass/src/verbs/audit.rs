use anyhow::Result;
use hallpass_core::{Clock as _, SystemClock};
use hallpass_model::Timestamp;
use serde_json::Value;

use crate::backend::{Backend, Missing, query};
use crate::cli::{AuditVerb, Global};
use crate::duration::Seconds;
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 5] = [
    Column::time("AT", "/at"),
    Column::text("ACTION", "/action"),
    Column::with("BY", "/actor", actor),
    Column::text("TARGET", "/target"),
    Column::with("DETAIL", "/detail", detail),
];

pub fn run(global: &Global, verb: &AuditVerb, ui: &Ui) -> Result<()> {
    let AuditVerb::List {
        environment,
        kind,
        action,
        actor,
        last,
        page,
    } = verb;
    let from = last.map(|Seconds(secs)| rfc3339(SystemClock::start().now().plus_secs(-secs)));
    let list = environment.map_or_else(
        || "/admin/v1/audit".to_owned(),
        |id| format!("/admin/v1/environments/{id}/audit"),
    );
    let path = query(
        &list,
        &[
            ("kind", kind.clone()),
            ("action", action.clone()),
            ("actor", actor.clone()),
            ("from", from),
            ("after", page.after.clone()),
            ("limit", page.limit.map(|limit| limit.to_string())),
        ],
    );
    let entries = Backend::open(global, Missing::Refuse)?.get(&path)?;
    ui.answer(&entries, |entries| {
        Table::of(entries, &COLUMNS, "nothing happened")
    });
    Ok(())
}

fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros())
        .unwrap_or_default()
        .to_string()
}

fn actor(actor: &Value) -> String {
    let text = |pointer: &str| actor.pointer(pointer).and_then(Value::as_str);
    text("/name")
        .or_else(|| text("/id"))
        .or_else(|| text("/kind"))
        .unwrap_or("-")
        .replace('_', " ")
}

fn detail(detail: &Value) -> String {
    match detail {
        Value::Object(fields) if fields.is_empty() => "-".to_owned(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}
