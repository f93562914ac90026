//! Replays conformance files: `cargo run -p hallpass-permissions --example conformance FILE...`
//!
//! Prints each disagreement and a count. Exit code 0: all agree; 1: some do not; 2: a file cannot be read.

use std::io::{self, Write};
use std::process::ExitCode;

#[path = "../tests/case/mod.rs"]
mod case;

fn main() -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        writeln!(out, "usage: conformance FILE...")?;
        return Ok(ExitCode::from(2));
    }
    let (mut total, mut disagreements) = (0, 0);
    for file in &files {
        let text = std::fs::read_to_string(file).map_err(|fault| fault.to_string());
        let cases = match text.and_then(|text| case::read_cases(&text)) {
            Ok(cases) => cases,
            Err(fault) => {
                writeln!(out, "{file}: {fault}")?;
                return Ok(ExitCode::from(2));
            }
        };
        for (position, case) in cases.iter().enumerate() {
            total += 1;
            let (name, outcome) = match case {
                Ok(case) => (case.name.as_str(), case.check()),
                Err(fault) => ("", Err(fault.clone())),
            };
            if let Err(difference) = outcome {
                disagreements += 1;
                writeln!(out, "{file}: case {position} {name:?}: {difference}")?;
            }
        }
    }
    writeln!(out, "{total} cases, {disagreements} disagreements")?;
    Ok(if disagreements == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
