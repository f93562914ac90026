//! What the command line shows: tables and trees for people, `--json` for programs.

mod paint;
mod table;
mod time;

use std::io::Write as _;

use serde_json::Value;

pub use paint::Paint;
pub use table::{Column, Table, Tone};
pub use time::{ago, moment, span};

/// Where answers go.
#[derive(Clone, Copy)]
pub struct Ui {
    /// Print the raw answer instead of a rendering.
    pub json: bool,
    /// Colours, if the terminal shows them.
    pub paint: Paint,
}

impl Ui {
    /// For this run: colours only on a terminal and without `NO_COLOR`.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            paint: Paint::new(Paint::wanted()),
        }
    }

    /// One line (or several) on stdout. A reader that left (`| head`) ends the run quietly.
    pub fn line(&self, text: impl AsRef<str>) {
        let mut stdout = std::io::stdout().lock();
        let written = writeln!(stdout, "{}", text.as_ref()).and_then(|()| stdout.flush());
        if written.is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
            std::process::exit(0);
        }
    }

    /// One line (or several) from a server, which goes on when nobody reads.
    pub fn announce(&self, text: impl AsRef<str>) {
        let mut stdout = std::io::stdout().lock();
        drop(writeln!(stdout, "{}", text.as_ref()).and_then(|()| stdout.flush()));
    }

    /// A remark that must not disturb a program that reads stdout.
    pub fn note(&self, text: impl AsRef<str>) {
        drop(writeln!(std::io::stderr().lock(), "{}", text.as_ref()));
    }

    /// The raw answer.
    pub fn raw(&self, answer: &Value) {
        self.line(format!("{answer:#}"));
    }

    /// The raw answer with `--json`, otherwise what `render` makes of it.
    pub fn answer(&self, answer: &Value, render: impl FnOnce(&Value) -> String) {
        if self.json {
            self.raw(answer);
        } else {
            self.line(render(answer));
        }
    }
}

/// Text from outside must not steer the terminal.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
