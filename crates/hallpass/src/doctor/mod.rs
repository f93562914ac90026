//! `hallpass doctor`: looks at the configuration, the files, the database and what is in it. Changes nothing.

mod contents;
mod egress;
mod machine;
mod providers;
mod seal;
mod sign_in;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::{EgressArgs, Global};
use crate::database;
use crate::exit::{Exit, FAILED};
use crate::ui::{Table, Ui};

/// One thing that was looked at.
struct Finding {
    about: String,
    level: Level,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Ok,
    Warning,
    Error,
}

/// Time enough to renew a certificate.
const SOON_SECS: i64 = 21 * 24 * 60 * 60;

pub fn run(global: &Global, egress: &EgressArgs, ui: &Ui) -> Result<()> {
    let findings = examine(global, egress)?;
    let count = |level| {
        findings
            .iter()
            .filter(|finding| finding.level == level)
            .count()
    };
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    let items = findings.iter().map(|finding| {
        json!({ "about": finding.about, "level": finding.level.word(), "detail": finding.detail })
    });
    let answer = json!({ "ok": errors == 0, "items": items.collect::<Vec<Value>>() });
    ui.answer(&answer, |_| {
        let mut table = Table::new(&["", "ABOUT", "FOUND"]);
        for finding in &findings {
            table.row([
                finding.level.word().to_owned(),
                finding.about.clone(),
                finding.detail.clone(),
            ]);
        }
        format!("{table}\n\nerrors: {errors}, warnings: {warnings}")
    });
    if errors > 0 {
        Err(Exit::silent(FAILED))
    } else {
        Ok(())
    }
}

fn examine(global: &Global, egress: &EgressArgs) -> Result<Vec<Finding>> {
    let effective = match crate::load_config_of_database(global, egress) {
        Ok(effective) => effective,
        Err(error) => return Ok(vec![Finding::error("configuration", format!("{error:#}"))]),
    };
    let config = &effective.config;
    let mut findings = vec![match crate::serve::check_settings(config) {
        Ok(_) => Finding::ok("configuration", "every key is known"),
        Err(error) => Finding::error("configuration", format!("{error:#}")),
    }];
    findings.extend(machine::examine(config));
    findings.extend(egress::examine(config));
    if let Err(error) = database::require_file(config, database::NAME_IT) {
        findings.push(Finding::error("database", format!("{error:#}")));
        return Ok(findings);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(contents::examine(config, &mut findings));
    Ok(findings)
}

impl Finding {
    fn ok(about: &str, detail: impl Into<String>) -> Self {
        Self {
            about: about.to_owned(),
            level: Level::Ok,
            detail: detail.into(),
        }
    }

    fn warning(about: &str, detail: impl Into<String>) -> Self {
        Self {
            about: about.to_owned(),
            level: Level::Warning,
            detail: detail.into(),
        }
    }

    fn error(about: &str, detail: impl Into<String>) -> Self {
        Self {
            about: about.to_owned(),
            level: Level::Error,
            detail: detail.into(),
        }
    }
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "ERROR",
        }
    }
}
