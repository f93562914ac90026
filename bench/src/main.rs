//! Ratios, measured side by side in one run: what Hallpass costs against the raw operation underneath, against other
//! ways to do the same, and against itself. `docs/BENCHMARKS.md` says what each row means.

mod arguments;
mod claims;
mod cold;
mod decision;
mod demo;
mod house;
mod issuing;
mod linear;
mod memory;
mod minted;
mod peers;
mod questions;
mod report;
mod timing;
mod warm;

use std::process::ExitCode;

use arguments::{Arguments, Task};
use report::Report;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    match arguments.task {
        Task::Table => table(&arguments),
        Task::FillCache { size, tokens } => match memory::fill_and_tell(size, tokens) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error:#}");
                ExitCode::FAILURE
            }
        },
    }
}

/// One part of the table.
type Section = fn(&Arguments, &mut Report) -> anyhow::Result<()>;

/// A section that fails is a line of the report: numbers are shown, never a reason to fail a build.
fn table(arguments: &Arguments) -> ExitCode {
    const SECTIONS: [(&str, Section); 7] = [
        ("cold", cold::measure),
        ("warm", warm::measure),
        ("decision", decision::measure),
        ("linear", linear::measure),
        ("memory", memory::measure),
        ("issuing", issuing::measure),
        ("demo", demo::measure),
    ];
    let mut report = Report::default();
    for (name, measure) in SECTIONS {
        if !arguments.wants(name) {
            continue;
        }
        eprintln!("measuring: {name}");
        if let Err(error) = measure(arguments, &mut report) {
            report.note(format!("{name}: not measured: {error:#}"));
        }
    }
    if arguments.json {
        println!("{}", report.to_json());
    } else {
        print!("{report}");
    }
    ExitCode::SUCCESS
}
