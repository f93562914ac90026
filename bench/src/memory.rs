//! Resident memory of remembered tokens, in processes of their own, so that nothing else is counted.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::arguments::Arguments;
use crate::claims::Size;
use crate::house::House;
use crate::report::{Amount, Report, Row};

/// No token is pushed out.
const CACHE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Tokens before the first look, so that what the process needs anyhow is there already.
const BEFORE: usize = 500;
/// Part of the answer's line.
const ANSWER: &str = "bytes per token";

pub fn measure(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let tokens = arguments
        .tokens
        .unwrap_or(if arguments.quick { 5_000 } else { 20_000 });
    for size in Size::BOTH {
        let output = Command::new(std::env::current_exe()?)
            .args(["--fill-cache", size.name(), &tokens.to_string()])
            .output()?;
        let said = String::from_utf8(output.stdout)?;
        let bytes: f64 = said
            .strip_prefix(ANSWER)
            .and_then(|number| number.trim().parse().ok())
            .with_context(|| {
                format!(
                    "the filling process said: {}",
                    String::from_utf8_lossy(&output.stderr)
                )
            })?;
        report.push(Row {
            what: format!(
                "memory per cached token, {} grants, {tokens} tokens",
                size.grants()
            ),
            measured: Amount::Bytes(bytes),
            peer: None,
            ratio: None,
            goal: None,
        });
        report.note(format!(
            "memory: 100000 tokens of {} grants would take {:.0} MB",
            size.grants(),
            bytes * 100_000.0 / 1e6
        ));
    }
    Ok(())
}

/// The other process: prints the bytes per token.
pub fn fill_and_tell(size: Size, tokens: usize) -> Result<()> {
    ensure!(tokens > BEFORE, "at least {} tokens", BEFORE + 1);
    let house = House::build(CACHE_BYTES)?;
    let mut admitted = 0;
    let mut before = 0;
    house.mint.each_token(size, tokens, |token| {
        house.admit(&token)?;
        admitted += 1;
        if admitted == BEFORE {
            before = resident_bytes("self")?;
        }
        Ok(())
    })?;
    let after = resident_bytes("self")?;
    ensure!(
        house.services.tokens.remembered_count() == tokens,
        "the cache did not keep every token"
    );
    println!("{ANSWER} {}", (after - before) / (tokens - BEFORE) as u64);
    Ok(())
}

/// Resident memory of a process.
pub fn resident_bytes(process: &str) -> Result<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm"))?;
    let pages: u64 = statm.split(' ').nth(1).context("a second field")?.parse()?;
    Ok(pages * rustix::param::page_size() as u64)
}
