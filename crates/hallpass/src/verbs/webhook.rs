use anyhow::Result;
use hallpass_model::EnvironmentId;
use serde_json::{Map, Value, json};

use super::secret;
use crate::backend::{Backend, Call, Missing};
use crate::cli::{Global, WebhookArgs, WebhookVerb};
use crate::duration::Seconds;
use crate::exit::Exit;
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 5] = [
    Column::id("ID", "/id"),
    Column::text("URL", "/url"),
    Column::text("EVENTS", "/events"),
    Column::with("STATE", "", state),
    Column::ago("FAILING SINCE", "/failing_since"),
];

const CARD: [Column; 9] = [
    Column::id("id", "/id"),
    Column::text("url", "/url"),
    Column::text("events", "/events"),
    Column::with("state", "", state),
    Column::text("signature header", "/signature_header"),
    Column::time("failing since", "/failing_since"),
    Column::time("old secret until", "/former_secret_until"),
    Column::text("version", "/version"),
    Column::time("created", "/created_at"),
];

const TEST: [Column; 5] = [
    Column::text("delivered", "/delivered"),
    Column::text("status", "/status"),
    Column::text("code", "/code"),
    Column::text("detail", "/detail"),
    Column::text("milliseconds", "/took_ms"),
];

pub fn run(global: &Global, verb: &WebhookVerb, ui: &Ui) -> Result<()> {
    let open = || Backend::open(global, Missing::Refuse);
    match verb {
        WebhookVerb::Add { .. } => add(global, verb, ui),
        WebhookVerb::List { environment } => {
            ui.answer(&open()?.get(&path(*environment))?, |webhooks| {
                Table::of(
                    webhooks,
                    &COLUMNS,
                    "no webhooks yet: `hallpass webhook add --environment ID --endpoint URL --event user.created`",
                )
            });
            Ok(())
        }
        WebhookVerb::Show(args) => {
            ui.answer(&open()?.get(&path_of(args))?, card);
            Ok(())
        }
        WebhookVerb::Set { .. } => set(global, verb, ui),
        WebhookVerb::RotateSecret {
            webhook,
            overlap,
            out,
        } => {
            secret::refuse_existing(out.as_deref())?;
            let body = match overlap {
                Some(Seconds(secs)) => json!({ "overlap_secs": secs }),
                None => json!({}),
            };
            let rotated = open()?.post(&format!("{}/rotate-secret", path_of(webhook)), body)?;
            secret::show(&rotated, "secret", "secret", out.as_deref(), ui, card)
        }
        WebhookVerb::Test { webhook, egress } => {
            let backend = Backend::open_with(global, Missing::Refuse, egress)?;
            let test = backend.post(&format!("{}/test", path_of(webhook)), json!({}))?;
            ui.answer(&test, |test| Table::card(test, &TEST));
            if test.pointer("/delivered") == Some(&Value::Bool(true)) {
                Ok(())
            } else {
                Err(Exit::silent(1))
            }
        }
        WebhookVerb::Remove(args) => {
            open()?.delete(&path_of(args))?;
            let id = args.webhook.to_string();
            ui.answer(&json!({ "id": id, "removed": true }), |_| {
                format!("{id} is removed, and what waited for it is dropped")
            });
            Ok(())
        }
    }
}

fn add(global: &Global, verb: &WebhookVerb, ui: &Ui) -> Result<()> {
    let WebhookVerb::Add {
        environment,
        endpoint,
        events,
        signature_header,
        disabled,
        out,
        egress,
    } = verb
    else {
        return Ok(());
    };
    secret::refuse_existing(out.as_deref())?;
    let backend = Backend::open_with(global, Missing::Refuse, egress)?;
    let body = json!({
        "url": endpoint,
        "events": events,
        "enabled": !disabled,
        "signature_header": signature_header,
    });
    let added = backend.post(&path(*environment), body)?;
    secret::show(&added, "secret", "secret", out.as_deref(), ui, card)
}

fn set(global: &Global, verb: &WebhookVerb, ui: &Ui) -> Result<()> {
    let WebhookVerb::Set {
        webhook,
        endpoint,
        events,
        signature_header,
        enabled,
        if_version,
        egress,
    } = verb
    else {
        return Ok(());
    };
    let mut body = Map::new();
    if let Some(url) = endpoint {
        body.insert("url".to_owned(), json!(url));
    }
    if !events.is_empty() {
        body.insert("events".to_owned(), json!(events));
    }
    if let Some(header) = signature_header {
        let header = (!header.is_empty()).then_some(header);
        body.insert("signature_header".to_owned(), json!(header));
    }
    if let Some(enabled) = enabled {
        body.insert("enabled".to_owned(), json!(enabled));
    }
    let backend = Backend::open_with(global, Missing::Refuse, egress)?;
    let path = path_of(webhook);
    let call = Call::new("PATCH", &path)
        .with(Value::Object(body))
        .if_version(*if_version);
    ui.answer(&backend.send(call)?, card);
    Ok(())
}

fn card(webhook: &Value) -> String {
    Table::card(webhook, &CARD)
}

fn state(webhook: &Value) -> String {
    match webhook.pointer("/disabled_reason").and_then(Value::as_str) {
        None => "enabled".to_owned(),
        Some(reason) => format!("disabled: {reason}"),
    }
}

fn path(environment: EnvironmentId) -> String {
    format!("/admin/v1/environments/{environment}/webhooks")
}

fn path_of(args: &WebhookArgs) -> String {
    format!("{}/{}", path(args.environment), args.webhook)
}
