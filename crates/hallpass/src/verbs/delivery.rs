use anyhow::Result;
use hallpass_model::EnvironmentId;
use serde_json::{Value, json};

use crate::backend::{Backend, Missing, query};
use crate::cli::{DeliveryArgs, DeliveryVerb, Global};
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 7] = [
    Column::id("ID", "/id"),
    Column::text("EVENT", "/event_type"),
    Column::text("STATE", "/state"),
    Column::text("ATTEMPTS", "/attempts"),
    Column::text("STATUS", "/last_status"),
    Column::text("ERROR", "/last_error"),
    Column::ago("CREATED", "/created_at"),
];

const CARD: [Column; 12] = [
    Column::id("id", "/id"),
    Column::id("webhook", "/webhook"),
    Column::id("event id", "/event_id"),
    Column::text("event", "/event_type"),
    Column::text("state", "/state"),
    Column::text("attempts", "/attempts"),
    Column::time("next attempt", "/next_attempt_at"),
    Column::text("last status", "/last_status"),
    Column::text("last error", "/last_error"),
    Column::text("milliseconds", "/last_took_ms"),
    Column::time("created", "/created_at"),
    Column::time("finished", "/finished_at"),
];

pub fn run(global: &Global, verb: &DeliveryVerb, ui: &Ui) -> Result<()> {
    let backend = Backend::open(global, Missing::Refuse)?;
    match verb {
        DeliveryVerb::List {
            environment,
            webhook,
            state,
            page,
        } => {
            let path = query(
                &path(*environment),
                &[
                    ("webhook", webhook.map(|id| id.to_string())),
                    ("state", state.clone()),
                    ("after", page.after.clone()),
                    ("limit", page.limit.map(|limit| limit.to_string())),
                ],
            );
            ui.answer(&backend.get(&path)?, |deliveries| {
                Table::of(deliveries, &COLUMNS, "no deliveries")
            });
            Ok(())
        }
        DeliveryVerb::Show(args) => {
            ui.answer(&backend.get(&path_of(args))?, card);
            Ok(())
        }
        DeliveryVerb::Retry(args) => {
            let path = format!("{}/retry", path_of(args));
            ui.answer(&backend.post(&path, json!({}))?, card);
            Ok(())
        }
    }
}

fn card(delivery: &Value) -> String {
    let event = delivery.pointer("/event").cloned().unwrap_or_default();
    let event = serde_json::to_string_pretty(&event).unwrap_or_default();
    format!("{}\n\n{event}", Table::card(delivery, &CARD))
}

fn path(environment: EnvironmentId) -> String {
    format!("/admin/v1/environments/{environment}/deliveries")
}

fn path_of(args: &DeliveryArgs) -> String {
    format!("{}/{}", path(args.environment), args.delivery)
}
