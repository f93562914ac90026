//! What is in the database: schema, times, operators, environments and their keys.

use hallpass_core::{AuditQuery, OperatorCaller, Services};
use hallpass_model::{PageRequest, Result, limits};
use hallpass_store::SchemaState;

use super::{Finding, Level};
use crate::config::Config;
use crate::database;

/// More differ only in their names.
const SHOWN_ENVIRONMENTS: usize = 20;

pub async fn examine(config: &Config, findings: &mut Vec<Finding>) {
    let store = match database::open(config).await {
        Ok(store) => store,
        Err(error) => {
            findings.push(Finding::error("database", format!("{error:#}")));
            return;
        }
    };
    findings.push(Finding::ok(
        "database",
        format!(
            "{} answers ({})",
            database::shown(config),
            store.engine().as_str()
        ),
    ));
    let schema = match store.schema().await {
        Ok(SchemaState::Current) => Finding::ok("schema", "current"),
        Ok(SchemaState::Empty) => Finding::error("schema", "empty: run `hallpass migrate`"),
        Ok(SchemaState::Pending(count)) => Finding::error(
            "schema",
            format!("{count} migration(s) behind: run `hallpass migrate`"),
        ),
        Err(error) => Finding::error("schema", error.to_string()),
    };
    let current = schema.level == Level::Ok;
    findings.push(schema);
    if !current {
        return;
    }
    match database::start_services(store, config).await {
        Ok(services) => {
            if let Err(error) = look_inside(&services, findings).await {
                findings.push(Finding::error(
                    "database",
                    database::with_context(&error).to_string(),
                ));
            }
            services.stop().await;
        }
        Err(error) => findings.push(Finding::error("database", format!("{error:#}"))),
    }
}

async fn look_inside(services: &Services, findings: &mut Vec<Finding>) -> Result<()> {
    let caller = OperatorCaller::command_line();
    if services.operators.is_empty().await? {
        findings.push(Finding::warning(
            "operators",
            "none: run `hallpass operator create --name NAME --role admin`",
        ));
    }
    let latest = PageRequest {
        limit: 1,
        ..PageRequest::default()
    };
    let newest = services
        .audit
        .list(&caller, AuditQuery::default(), &latest)
        .await?;
    let now = services.clock.now();
    if newest
        .items
        .first()
        .is_some_and(|entry| entry.at > now.plus_secs(60))
    {
        findings.push(Finding::warning(
            "clock",
            "the newest entry of the audit trail lies in the future: was the clock set back?",
        ));
    }
    let missing = environments_without_key(services, &caller).await?;
    if missing.is_empty() {
        findings.push(Finding::ok("signing keys", "every environment has one"));
    }
    let more = missing.len().saturating_sub(SHOWN_ENVIRONMENTS);
    for (name, id) in missing.into_iter().take(SHOWN_ENVIRONMENTS) {
        let detail = format!(
            "{name} has none and refuses every token: `hallpass key generate --environment {id}`"
        );
        findings.push(Finding::warning("signing keys", detail));
    }
    if more > 0 {
        findings.push(Finding::warning(
            "signing keys",
            format!("and {more} more environments without one"),
        ));
    }
    Ok(())
}

/// Names (with their projects) and ids.
async fn environments_without_key(
    services: &Services,
    caller: &OperatorCaller,
) -> Result<Vec<(String, String)>> {
    let now = services.clock.now();
    let mut missing = Vec::new();
    let mut request = full_page();
    loop {
        let projects = services.projects.list(caller, &request).await?;
        for project in projects.items {
            let environments = services
                .environments
                .list(caller, project.id, &full_page())
                .await?;
            for environment in environments.items {
                let keys = services
                    .signing_keys
                    .list(caller, environment.id, &full_page())
                    .await?;
                if !keys.items.iter().any(|key| key.state_at(now).is_trusted()) {
                    missing.push((
                        format!("{}/{}", project.name, environment.name),
                        environment.id.to_string(),
                    ));
                }
            }
        }
        if projects.next.is_none() {
            return Ok(missing);
        }
        request.after = projects.next;
    }
}

fn full_page() -> PageRequest {
    PageRequest {
        limit: limits::PAGE_ROWS,
        ..PageRequest::default()
    }
}
