//! The table, and the same as JSON.

use std::fmt;

use serde_json::{Value, json};

use crate::timing::Spread;

/// What was measured so far.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// One line of the table.
pub struct Row {
    pub what: String,
    pub measured: Amount,
    pub peer: Option<(&'static str, Amount)>,
    pub ratio: Option<Spread>,
    pub goal: Option<Goal>,
}

/// A number with its unit.
#[derive(Debug, Clone, Copy)]
pub enum Amount {
    Nanos(f64),
    Millis(f64),
    Bytes(f64),
    MegaBytes(f64),
    PerSecond(f64),
    /// The exponent of a power law.
    Exponent(f64),
}

/// What is wanted of the ratio, or of the amount where there is no ratio.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Report {
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// A line below the table.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub fn to_json(&self) -> Value {
        let (met, missed) = self.count();
        json!({
            "rows": self.rows.iter().map(Row::to_json).collect::<Vec<_>>(),
            "notes": self.notes,
            "goals_met": met,
            "goals_missed": missed,
        })
    }

    fn count(&self) -> (usize, usize) {
        let with = |answer| {
            self.rows
                .iter()
                .filter(|row| row.is_met() == Some(answer))
                .count()
        };
        (with(true), with(false))
    }
}

impl Row {
    fn is_met(&self) -> Option<bool> {
        let value = self
            .ratio
            .map_or(self.measured.number(), |ratio| ratio.median);
        Some(match self.goal? {
            Goal::AtMost(limit) => value <= limit,
            Goal::AtLeast(limit) => value >= limit,
        })
    }

    fn to_json(&self) -> Value {
        let amount = |amount: Amount| json!({ "value": amount.number(), "unit": amount.unit() });
        json!({
            "what": self.what,
            "measured": amount(self.measured),
            "peer": self.peer.map(|(name, cost)| json!({ "name": name, "value": cost.number(), "unit": cost.unit() })),
            "ratio": self.ratio.map(|ratio| json!({ "median": ratio.median, "p10": ratio.low, "p90": ratio.high })),
            "goal": self.goal.map(|goal| goal.to_string()),
            "met": self.is_met(),
        })
    }

    fn cells(&self) -> [String; 6] {
        let dash = || "-".to_owned();
        [
            self.what.clone(),
            self.measured.to_string(),
            self.peer
                .map_or_else(dash, |(name, cost)| format!("{name} {cost}")),
            self.ratio.map_or_else(dash, ratio_text),
            self.goal.map_or_else(dash, |goal| goal.to_string()),
            self.is_met()
                .map_or_else(dash, |met| if met { "yes" } else { "NO" }.to_owned()),
        ]
    }
}

impl Amount {
    fn number(self) -> f64 {
        match self {
            Self::Nanos(number)
            | Self::Millis(number)
            | Self::Bytes(number)
            | Self::MegaBytes(number)
            | Self::PerSecond(number)
            | Self::Exponent(number) => number,
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Nanos(_) => "ns",
            Self::Millis(_) => "ms",
            Self::Bytes(_) => "bytes",
            Self::MegaBytes(_) => "MB",
            Self::PerSecond(_) => "per second",
            Self::Exponent(_) => "exponent",
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Nanos(nanos) if nanos >= 10_000.0 => write!(f, "{:.1} us", nanos / 1000.0),
            Self::Nanos(nanos) if nanos >= 1000.0 => write!(f, "{:.2} us", nanos / 1000.0),
            Self::Nanos(nanos) => write!(f, "{nanos:.0} ns"),
            Self::Millis(millis) => write!(f, "{millis:.0} ms"),
            Self::Bytes(bytes) => write!(f, "{bytes:.0} bytes"),
            Self::MegaBytes(mega) => write!(f, "{mega:.1} MB"),
            Self::PerSecond(number) => write!(f, "{number:.0}/s"),
            Self::Exponent(exponent) => write!(f, "n^{exponent:.2}"),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "<= {limit}"),
            Self::AtLeast(limit) => write!(f, ">= {limit}"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            "what",
            "measured",
            "peer",
            "ratio (middle 80 %)",
            "goal",
            "met?",
        ]
        .map(str::to_owned);
        let lines: Vec<_> = std::iter::once(head)
            .chain(self.rows.iter().map(Row::cells))
            .collect();
        let width = |column: usize| {
            lines
                .iter()
                .map(|cells| cells[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: [usize; 6] = std::array::from_fn(width);
        for (number, cells) in lines.iter().enumerate() {
            let padded: Vec<_> = cells
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            writeln!(f, "{}", padded.join("  ").trim_end())?;
            if number == 0 {
                writeln!(f, "{}", widths.map(|width| "-".repeat(width)).join("  "))?;
            }
        }
        if !self.notes.is_empty() {
            writeln!(f)?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        let (met, missed) = self.count();
        writeln!(f, "\ngoals: {met} met, {missed} missed")
    }
}

fn ratio_text(ratio: Spread) -> String {
    let digits = if ratio.median < 10.0 { 2 } else { 0 };
    format!(
        "{:.digits$}x ({:.digits$}..{:.digits$})",
        ratio.median, ratio.low, ratio.high
    )
}
