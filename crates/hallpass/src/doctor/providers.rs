//! Identity providers: what is dangerous about them, and whether their keys can be fetched from here.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hallpass_core::{OperatorCaller, ProviderTest, ProviderView, Services};
use hallpass_model::Result;
use tokio::task::JoinSet;

use super::Finding;

const ABOUT: &str = "identity providers";
/// For all fetches together; they run at once.
const DEADLINE: Duration = Duration::from_secs(8);
/// A doctor is no load test: key sets beyond these are not fetched.
const FETCHED: usize = 32;

/// A provider and the name of its environment.
pub struct Found {
    pub environment: String,
    pub view: ProviderView,
}

/// Judges providers; disabled ones are left alone.
pub async fn examine(services: &Arc<Services>, found: Vec<Found>, findings: &mut Vec<Finding>) {
    let enabled = found
        .into_iter()
        .filter(|found| found.view.provider.disabled_at.is_none());
    let enabled: Vec<_> = enabled.collect();
    if enabled.is_empty() {
        return;
    }
    let before = findings.len();
    for found in &enabled {
        for warning in &found.view.warnings {
            let detail = format!("{}: {} ({})", name(found), warning.message, warning.code);
            findings.push(Finding::warning(ABOUT, detail));
        }
    }
    fetch_all(services, &enabled, findings).await;
    if findings.len() == before {
        let detail = format!("{}, and the keys of each can be fetched", enabled.len());
        findings.push(Finding::ok(ABOUT, detail));
    }
}

async fn fetch_all(services: &Arc<Services>, enabled: &[Found], findings: &mut Vec<Finding>) {
    let mut places = BTreeSet::new();
    let distinct = enabled
        .iter()
        .filter(|found| places.insert((&found.view.keys_url, &found.view.issuers)));
    let distinct: Vec<_> = distinct.collect();
    let (asked, left) = distinct.split_at(distinct.len().min(FETCHED));
    let mut running = JoinSet::new();
    for (index, found) in asked.iter().enumerate() {
        let (services, provider) = (Arc::clone(services), &found.view.provider);
        let (environment, id) = (provider.environment_id, provider.id);
        running.spawn(async move {
            let caller = OperatorCaller::command_line();
            let tested = services
                .identity_providers
                .test(&caller, environment, id, None);
            (index, tested.await)
        });
    }
    let mut unheard: BTreeSet<usize> = (0..asked.len()).collect();
    let gather = async {
        while let Some(Ok((index, tested))) = running.join_next().await {
            unheard.remove(&index);
            findings.extend(fault(asked[index], tested));
        }
    };
    // What has not answered by then is named below.
    drop(tokio::time::timeout(DEADLINE, gather).await);
    for index in unheard {
        let detail = format!("{}: its keys did not come in time", name(asked[index]));
        findings.push(Finding::warning(ABOUT, detail));
    }
    if !left.is_empty() {
        let detail = format!("the keys of {} more were not fetched", left.len());
        findings.push(Finding::warning(ABOUT, detail));
    }
}

fn fault(found: &Found, tested: Result<ProviderTest>) -> Option<Finding> {
    let name = name(found);
    let detail = match tested {
        Ok(test) if test.fetch.ok => return None,
        Ok(test) => {
            let code = test.fetch.code.unwrap_or("no code");
            let what = if code == "no_usable_key" {
                ""
            } else {
                "its keys cannot be fetched from here: "
            };
            let exceptions = if code == "egress_blocked" {
                "; a doctor beside a server with such exceptions needs the same ones"
            } else {
                ""
            };
            format!("{name}: {what}{} ({code}){exceptions}", test.fetch.detail)
        }
        Err(error) => format!("{name}: {}", crate::database::with_context(&error)),
    };
    Some(Finding::warning(ABOUT, detail))
}

fn name(found: &Found) -> String {
    let issuer = found.view.issuers.first().unwrap_or(&found.view.keys_url);
    let kind = found.view.provider.settings.kind.as_str();
    crate::ui::printable(&format!("{}: {kind} {issuer}", found.environment))
}
