//! The command line.

use std::path::PathBuf;

use crate::claims::Size;

const HELP: &str = "\
usage: bench [--quick] [--json] [--only SECTION]... [--tokens N] [--binary FILE]

  --quick         fewer rounds and fewer cached tokens, about a quarter of the time
  --json          the same rows as JSON
  --only SECTION  cold, warm, decision, linear, memory, issuing or demo; may be repeated
  --tokens N      cached tokens in the memory section (20000; with --quick 5000)
  --binary FILE   the server for the demo section; else $HALLPASS_BINARY, else the release build beside bench/";

pub struct Arguments {
    pub task: Task,
    pub quick: bool,
    pub json: bool,
    pub binary: Option<PathBuf>,
    pub tokens: Option<usize>,
    only: Vec<String>,
}

pub enum Task {
    /// Measure and print.
    Table,
    /// In a process of its own: fill the cache and tell how much memory that took.
    FillCache { size: Size, tokens: usize },
}

impl Arguments {
    /// Reads the arguments after the program's name; the error is what to tell the user.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            task: Task::Table,
            quick: false,
            json: false,
            binary: std::env::var_os("HALLPASS_BINARY").map(PathBuf::from),
            tokens: None,
            only: Vec::new(),
        };
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| format!("{word} needs a value\n\n{HELP}"))
            };
            match word.as_str() {
                "--quick" => arguments.quick = true,
                "--json" => arguments.json = true,
                "--only" => arguments.only.push(section(value()?)?),
                "--tokens" => arguments.tokens = Some(number(&value()?)?),
                "--binary" => arguments.binary = Some(value()?.into()),
                "--fill-cache" => {
                    let size = Size::from_name(&value()?).ok_or("the sizes are small and large")?;
                    let tokens = number(&value()?)?;
                    arguments.task = Task::FillCache { size, tokens };
                }
                _ => return Err(HELP.to_owned()),
            }
        }
        Ok(arguments)
    }

    pub fn wants(&self, section: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == section)
    }

    /// Rounds of an interleaved comparison; odd, so that the median is one of them.
    pub fn rounds(&self) -> usize {
        if self.quick { 21 } else { 101 }
    }
}

fn section(name: String) -> Result<String, String> {
    const SECTIONS: [&str; 7] = [
        "cold", "warm", "decision", "linear", "memory", "issuing", "demo",
    ];
    if SECTIONS.contains(&name.as_str()) {
        return Ok(name);
    }
    Err(format!("{name} is no section\n\n{HELP}"))
}

fn number(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| format!("{text} is not a number\n\n{HELP}"))
}
