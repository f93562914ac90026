//! The way out: exceptions for outbound requests, and authorities that are trusted beside the public ones.

use hallpass_core::{Clock as _, SystemClock};

use super::{Finding, SOON_SECS};
use crate::certificate;
use crate::config::Config;
use crate::egress;
use crate::ui::{ago, moment};

const ABOUT: &str = "outbound requests";

/// The public addresses need no word; every exception is named.
pub fn examine(config: &Config) -> Vec<Finding> {
    let allowed = &config.egress.allow;
    let mut findings = vec![if allowed.is_empty() {
        Finding::ok(ABOUT, "to public addresses, over https")
    } else {
        let each: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        Finding::ok(
            ABOUT,
            format!(
                "to public addresses over https, and in any way to {}",
                each.join(", ")
            ),
        )
    }];
    if let Err(error) = egress::open(config) {
        findings.push(Finding::error(ABOUT, format!("{error:#}")));
    } else if !config.egress.ca_certs.as_os_str().is_empty() {
        findings.push(authorities(config));
    }
    findings
}

fn authorities(config: &Config) -> Finding {
    const ABOUT: &str = "trusted authorities";
    let file = &config.egress.ca_certs;
    let now = SystemClock::start().now();
    match certificate::authorities(file).map(|ends| (ends.len(), ends.into_iter().min())) {
        Ok((count, Some(first))) => {
            let said = format!(
                "{count} in {}; the first to expire does so {}, {}",
                file.display(),
                moment(first),
                ago(first, now)
            );
            if first <= now.plus_secs(SOON_SECS) {
                Finding::warning(ABOUT, said)
            } else {
                Finding::ok(ABOUT, said)
            }
        }
        Ok((_, None)) => Finding::error(ABOUT, format!("{} holds none", file.display())),
        Err(why) => Finding::error(ABOUT, why),
    }
}
