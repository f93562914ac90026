//! What ran, for how long, and how it ended.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;

#[derive(Default)]
pub struct Table {
    rows: Vec<(&'static str, Duration, bool)>,
}

impl Table {
    /// Runs one stage under its heading.
    pub fn time(&mut self, stage: &'static str, run: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n==== {stage} ====");
        #[expect(
            clippy::disallowed_methods,
            reason = "the durations of the stages are what this table is about"
        )]
        let started = Instant::now();
        let result = run();
        let elapsed = started.elapsed();
        println!(
            "---- {stage}: {} in {:.1} s",
            verdict(result.is_ok()),
            elapsed.as_secs_f64()
        );
        self.rows.push((stage, elapsed, result.is_ok()));
        result
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<14}{:>9}  result", "stage", "time")?;
        for (stage, elapsed, passed) in &self.rows {
            writeln!(
                f,
                "{stage:<14}{:>7.1} s  {}",
                elapsed.as_secs_f64(),
                verdict(*passed)
            )?;
        }
        let total: Duration = self.rows.iter().map(|(_, elapsed, _)| *elapsed).sum();
        writeln!(f, "{:<14}{:>7.1} s", "total", total.as_secs_f64())?;
        let failed = self.rows.iter().filter(|(_, _, passed)| !passed).count();
        write!(
            f,
            "\nstages: {} passed, {failed} failed",
            self.rows.len() - failed
        )
    }
}

fn verdict(passed: bool) -> &'static str {
    if passed { "passed" } else { "FAILED" }
}
