//! What is in the database: schema, times, operators, environments, their keys and identity providers.

use std::sync::Arc;

use hallpass_core::{AuditQuery, OperatorCaller, Services};
use hallpass_egress::{Egress, EgressOptions};
use hallpass_model::{EnvironmentId, PageRequest, Result, limits};
use hallpass_store::SchemaState;

use super::providers::{self, Found};
use super::{Finding, Level, seal, sign_in};
use crate::config::Config;
use crate::{database, egress};

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
    // A fault of the configured way out was found already, and does not hide what is in the database.
    let Ok(egress) = egress::open(config).or_else(|_| Egress::new(EgressOptions::default())) else {
        return;
    };
    match database::start_services_with(store, config, egress).await {
        Ok(services) => {
            if let Err(error) = look_inside(&services, config, findings).await {
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

async fn look_inside(
    services: &Arc<Services>,
    config: &Config,
    findings: &mut Vec<Finding>,
) -> Result<()> {
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
    seal::examine(services, config, findings).await?;
    let environments = every_environment(services, &caller).await?;
    sign_in::examine(services, config, &environments, findings).await?;
    let (missing, found) = sort(services, &caller, environments).await?;
    if missing.is_empty() {
        findings.push(Finding::ok(
            "signing keys",
            "every environment has one, or an identity provider",
        ));
    }
    let more = missing.len().saturating_sub(SHOWN_ENVIRONMENTS);
    for (name, id) in missing.into_iter().take(SHOWN_ENVIRONMENTS) {
        let detail = format!(
            "{name} has none, nor an identity provider, and refuses every token: `hallpass key generate --environment {id}`"
        );
        findings.push(Finding::warning("signing keys", detail));
    }
    if more > 0 {
        findings.push(Finding::warning(
            "signing keys",
            format!("and {more} more environments without one"),
        ));
    }
    providers::examine(services, found, findings).await;
    Ok(())
}

/// An environment's name, with its project's, and id.
type Named = (String, EnvironmentId);

async fn every_environment(services: &Services, caller: &OperatorCaller) -> Result<Vec<Named>> {
    let mut every = Vec::new();
    let mut request = full_page();
    loop {
        let projects = services.projects.list(caller, &request).await?;
        for project in projects.items {
            let environments = services
                .environments
                .list(caller, project.id, &full_page())
                .await?;
            every.extend(environments.items.into_iter().map(|environment| {
                let name = format!("{}/{}", project.name, environment.name);
                (name, environment.id)
            }));
        }
        if projects.next.is_none() {
            return Ok(every);
        }
        request.after = projects.next;
    }
}

/// The environments that nothing speaks for, and the identity providers of all.
async fn sort(
    services: &Services,
    caller: &OperatorCaller,
    environments: Vec<Named>,
) -> Result<(Vec<Named>, Vec<Found>)> {
    let now = services.clock.now();
    let (mut missing, mut found) = (Vec::new(), Vec::new());
    for (name, id) in environments {
        let providers = services.identity_providers.list(caller, id).await?;
        let keys = services.signing_keys.list(caller, id, &full_page()).await?;
        let has_key = keys.items.iter().any(|key| key.state_at(now).is_trusted());
        let mut enabled = providers
            .iter()
            .filter(|view| view.provider.disabled_at.is_none());
        if !has_key && enabled.next().is_none() {
            missing.push((name.clone(), id));
        }
        found.extend(providers.into_iter().map(|view| Found {
            environment: name.clone(),
            view,
        }));
    }
    Ok((missing, found))
}

pub fn full_page() -> PageRequest {
    PageRequest {
        limit: limits::PAGE_ROWS,
        ..PageRequest::default()
    }
}
