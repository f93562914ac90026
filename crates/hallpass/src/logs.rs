//! Structured logs on stderr. Stdout belongs to answers.

use std::io::IsTerminal as _;

use anyhow::Result;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::exit::Exit;

/// Starts logging for this process.
///
/// # Errors
/// Exit code 2 for a filter that cannot be read.
pub fn start(log: &Log) -> Result<()> {
    let filter = filter(&log.level)?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let text = match log.format {
        LogFormat::Text => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    let colours = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let started = if text {
        subscriber.with_ansi(colours).with_target(false).try_init()
    } else {
        subscriber
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}

/// Reads a level or filter.
///
/// # Errors
/// Exit code 2.
pub fn filter(level: &str) -> Result<EnvFilter> {
    EnvFilter::try_new(level)
        .map_err(|error| Exit::usage(format!("`log.level`: `{level}` is no filter: {error}")))
}
