//! The project's chores, run as `cargo xtask <verb>`.
//!
//! Exit codes: 0 done, 1 a stage failed, 2 the command line is wrong or this machine lacks something that xtask will not install.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks through its terminal"
)]

mod demo;
mod files;
mod install;
mod node;
mod postgres;
mod shell;
mod stages;
mod tour;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask <verb>

  test [--only STAGE,...] [--skip STAGE,...]   everything that CI checks; `--list` names the stages
  bench                                        the table of ratios (bench/)
  openapi                                      writes docs/openapi.json from the routes";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((verb, rest)) = arguments.split_first() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(verb, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            let wrong_use = error.is::<install::Missing>() || error.is::<stages::Usage>();
            ExitCode::from(if wrong_use { 2 } else { 1 })
        }
    }
}

fn run(verb: &str, rest: &[String]) -> anyhow::Result<()> {
    let workspace = Workspace::locate()?;
    match verb {
        "test" => stages::test(&workspace, rest),
        "bench" => {
            let mut bench = workspace.cargo(&[
                "run",
                "--release",
                "--manifest-path",
                "bench/Cargo.toml",
                "--",
            ]);
            shell::run(bench.args(rest))
        }
        "openapi" => {
            let document = shell::capture(
                &mut workspace.cargo(&["run", "--quiet", "-p", "hallpass", "--", "openapi"]),
            )?;
            std::fs::create_dir_all(workspace.path("docs"))?;
            std::fs::write(workspace.path("docs/openapi.json"), document)?;
            println!("wrote docs/openapi.json");
            Ok(())
        }
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(stages::Usage(format!("no verb `{other}`\n{USAGE}")).into()),
    }
}
