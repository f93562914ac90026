//! `cargo xtask test`: the stages in order, their times, and what to do about the first one that fails.

mod choice;
mod steps;
mod table;

pub use choice::Usage;

use anyhow::{Result, bail};
use choice::Choice;
use steps::Session;
use table::Table;

use crate::install::{self, Need};
use crate::workspace::Workspace;

struct Stage {
    name: &'static str,
    run: fn(&mut Session) -> Result<()>,
    needs: &'static [Need],
    if_it_fails: &'static str,
}

/// Quick ones first.
const STAGES: &[Stage] = &[
    Stage {
        name: "format",
        run: steps::format,
        needs: &[Need::RustComponents],
        if_it_fails: "run `cargo fmt --all` (and once more with `--manifest-path fuzz/Cargo.toml`)",
    },
    Stage {
        name: "files",
        run: steps::files,
        needs: &[],
        if_it_fails: "each line above names a file and the rule that it breaks",
    },
    Stage {
        name: "deny",
        run: steps::deny,
        needs: &[Need::CargoDeny],
        if_it_fails: "a dependency brought in a banned crate, a licence or a source: deny.toml has the reasons",
    },
    Stage {
        name: "clippy",
        run: steps::clippy,
        needs: &[Need::RustComponents],
        if_it_fails: "mend the lint; `#[expect(..., reason = \"...\")]` only where the code is right and the lint is not",
    },
    Stage {
        name: "doc",
        run: steps::doc,
        needs: &[],
        if_it_fails: "mend the documentation comment",
    },
    Stage {
        name: "architecture",
        run: steps::architecture,
        needs: &[],
        if_it_fails: "a crate depends on what it must not; docs/ARCHITECTURE.md shows which way the arrows point",
    },
    Stage {
        name: "scripts",
        run: steps::scripts,
        needs: &[Need::Node],
        if_it_fails: "mend the script; its types stand in comments, and `npm run scripts` in e2e/ checks them alone",
    },
    Stage {
        name: "postgres",
        run: steps::postgres,
        needs: &[Need::Postgres],
        if_it_fails: "the temporary cluster did not start; its log is above",
    },
    Stage {
        name: "tests",
        run: steps::tests,
        needs: &[Need::Postgres, Need::Node, Need::Python],
        if_it_fails: "run the failing test alone: `cargo test -p CRATE NAME`",
    },
    Stage {
        name: "fuzz",
        run: steps::fuzz,
        needs: &[],
        if_it_fails: "the input is kept in fuzz/artifacts; replay it with `cargo run --manifest-path fuzz/Cargo.toml -- replay TARGET FILE`",
    },
    Stage {
        name: "e2e",
        run: steps::end_to_end,
        needs: &[
            Need::Postgres,
            Need::Node,
            Need::Chromium,
            Need::Python,
            Need::OpenSsl,
            Need::Java,
        ],
        if_it_fails: "the FAIL lines show what differed, the server's log follows them",
    },
    Stage {
        name: "demo",
        run: steps::demo,
        needs: &[Need::Curl],
        if_it_fails: "start it by hand: `cargo run --release -- demo`",
    },
];

const SETUP: &str = "setup";

pub fn test(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let names: Vec<&str> = std::iter::once(SETUP)
        .chain(STAGES.iter().map(|stage| stage.name))
        .collect();
    if arguments == ["--list"] {
        println!("{}", names.join("\n"));
        return Ok(());
    }
    let choice = Choice::parse(arguments, &names, std::env::var_os("CI").is_some())?;
    let stages: Vec<&Stage> = STAGES
        .iter()
        .filter(|stage| choice.wants(stage.name))
        .collect();
    let mut table = Table::default();
    if !choice.skips(SETUP) {
        // `--only setup` prepares the machine for everything.
        let served: Vec<&Stage> = if stages.is_empty() {
            STAGES.iter().collect()
        } else {
            stages.clone()
        };
        let needs: Vec<Need> = served
            .iter()
            .flat_map(|stage| stage.needs)
            .copied()
            .collect();
        table.time(SETUP, || install::provide(workspace, &needs))?;
    }
    let mut session = Session::new(workspace);
    for stage in stages {
        if let Err(error) = table.time(stage.name, || (stage.run)(&mut session)) {
            println!("\n{error:#}");
            println!("What to do: {}.", stage.if_it_fails);
            println!("This stage alone: cargo xtask test --only {}", stage.name);
            println!("\n{table}");
            bail!("stage `{}` failed", stage.name);
        }
    }
    println!("\n{table}");
    Ok(())
}
